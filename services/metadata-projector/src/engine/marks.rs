//! What rows are filtered by in lists, small enough to be looked at by the hundred thousand: a list reads these and none of the rows that are not
//! shown.
//!
//! Each stands in one row per thing (or per many of them), which is written again when it changes, and not under keys that would have to change:
//! rows are never removed.

use downbeat_domain::{RunId, TaskRunId, TaskStatus};
use downbeat_lineage::naming;
use downbeat_proto::metadata::v1 as wire;

use super::{batch::Batch, keys::lists as keys, rows::TaskRow};
use crate::error::Error;

/// Task runs whose statuses stand in one row.
pub const STATUSES_PER_ROW: u32 = 256;

/// What runs are filtered by.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RunMark {
    /// In the spelling of the public API.
    #[prost(string, tag = "1")]
    pub status: String,
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub pipeline: Vec<u8>,
    /// Version of the pipeline.
    #[prost(uint32, tag = "3")]
    pub version: u32,
    /// Task runs, those of iterations included.
    #[prost(uint32, tag = "4")]
    pub tasks: u32,
    /// Name of its environment; empty = none.
    #[prost(string, tag = "5")]
    pub environment: String,
}

impl RunMark {
    /// That of a run.
    pub fn of(run: &wire::Run) -> Self {
        let pipeline: Option<downbeat_domain::PipelineId> = run.pipeline_id.parse().ok();
        Self {
            status: run.status.clone(),
            pipeline: pipeline.map(|id| id.0.to_vec()).unwrap_or_default(),
            version: run.pipeline_version,
            tasks: run.tasks,
            environment: run.environment.clone(),
        }
    }
}

/// Integrations of the tasks of a plan.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PlanIntegrations {
    /// In the order in which the plan names them first.
    #[prost(message, repeated, tag = "1")]
    pub integrations: Vec<PlanIntegration>,
}

/// Tasks of one integration.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PlanIntegration {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Their places in the plan, ascending.
    #[prost(uint32, repeated, tag = "2")]
    pub tasks: Vec<u32>,
}

impl PlanIntegrations {
    /// Those of tasks in the order of their plan.
    pub fn of<'a>(integrations: impl Iterator<Item = &'a str>) -> Self {
        let mut found: Vec<PlanIntegration> = Vec::new();
        for (place, name) in (0u32..).zip(integrations) {
            match found.iter_mut().find(|known| known.name == name) {
                Some(known) => known.tasks.push(place),
                None => found.push(PlanIntegration { name: name.to_owned(), tasks: vec![place] }),
            }
        }
        Self { integrations: found }
    }
}

/// What the operations of one report are filtered by.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ReportMark {
    /// Of the task that reported them; empty = not known.
    #[prost(string, tag = "1")]
    pub integration: String,
    /// In their order.
    #[prost(message, repeated, tag = "2")]
    pub operations: Vec<OperationMark>,
}

/// What an operation is filtered by.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OperationMark {
    /// Its type.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Its status.
    #[prost(string, tag = "2")]
    pub status: String,
    /// See [`external_digest`].
    #[prost(bytes = "vec", tag = "3")]
    pub external: Vec<u8>,
}

impl OperationMark {
    /// That of an operation.
    pub fn of(kind: &str, status: &str, external_id: &str) -> Self {
        let external = external_digest(external_id).to_vec();
        Self { kind: kind.to_owned(), status: status.to_owned(), external }
    }
}

/// As long for every id of another system.
pub fn external_digest(external_id: &str) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&blake3::derive_key("downbeat external id v1", external_id.as_bytes())[..16]);
    digest
}

/// What assets are filtered and sorted by, besides when they were seen first, which stands in the key.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AssetMark {
    /// Its key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// What people call it.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Its type; empty = nobody said.
    #[prost(string, tag = "3")]
    pub kind: String,
    /// Its integration; empty = nobody said.
    #[prost(string, tag = "4")]
    pub integration: String,
    /// How good it is.
    #[prost(string, tag = "5")]
    pub status: String,
    /// When it was told of last, microseconds since the epoch.
    #[prost(int64, tag = "6")]
    pub updated_at: i64,
    /// As people declare, like all that follows; empty = nobody does.
    #[prost(string, tag = "7")]
    pub integration_account: String,
    /// Id of its workspace.
    #[prost(string, tag = "8")]
    pub workspace: String,
    /// Its database.
    #[prost(string, tag = "9")]
    pub database: String,
    /// Its schema.
    #[prost(string, tag = "10")]
    pub schema: String,
    /// When its system made it, microseconds since the epoch; 0 = nobody says.
    #[prost(int64, tag = "11")]
    pub made_at: i64,
    /// When its system changed it last.
    #[prost(int64, tag = "12")]
    pub changed_at: i64,
}

impl AssetMark {
    /// That of an asset.
    pub fn of(row: &wire::Asset) -> Self {
        let known = row.asset.as_ref();
        let declared = row.declared.as_ref();
        let said = |field: fn(&downbeat_proto::events::v1::AssetDetails) -> &Option<String>| {
            declared.and_then(|declared| field(declared).clone()).unwrap_or_default()
        };
        let text = |field: fn(&downbeat_proto::events::v1::Asset) -> &String| known.map(field).cloned();
        Self {
            key: text(|asset| &asset.key).unwrap_or_default(),
            name: text(|asset| &asset.name).unwrap_or_default(),
            kind: text(|asset| &asset.r#type).unwrap_or_default(),
            integration: text(|asset| &asset.integration).unwrap_or_default(),
            status: row.status.clone(),
            updated_at: row.updated_at,
            integration_account: said(|declared| &declared.integration_account_id),
            workspace: said(|declared| &declared.workspace_id),
            database: said(|declared| &declared.database_name),
            schema: said(|declared| &declared.schema_name),
            made_at: declared.and_then(|declared| declared.created_in_integration_at).unwrap_or_default(),
            changed_at: declared.and_then(|declared| declared.updated_in_integration_at).unwrap_or_default(),
        }
    }

    /// Its database and its schema: as people declare, else as its key says.
    pub fn place(&self) -> (Option<String>, Option<String>) {
        let (database, schema) = place_of(&self.key).unzip();
        let or =
            |declared: &String, named: Option<String>| Some(declared.clone()).filter(|it| !it.is_empty()).or(named);
        (or(&self.database, database), or(&self.schema, schema))
    }
}

/// Database and schema of the table that a key names. A name of two parts has its first as both: systems with one level call it by either
/// word. `None`: it is no name of that kind.
pub fn place_of(key: &str) -> Option<(String, String)> {
    let (namespace, name) = naming::split(key);
    // Files and dashboards have dots in their names for other reasons.
    if namespace.is_empty() || name.contains('/') {
        return None;
    }
    match naming::parts(name).as_slice() {
        [only, _] => Some((only.clone(), only.clone())),
        [.., database, schema, _] => Some((database.clone(), schema.clone())),
        _ => None,
    }
}

/// The byte by which a status of a task run stands in rows; 0 = CREATED.
pub fn status_code(status: TaskStatus) -> u8 {
    match status {
        TaskStatus::Created => 0,
        TaskStatus::Queued => 1,
        TaskStatus::Running => 2,
        TaskStatus::Succeeded => 3,
        TaskStatus::Warning => 4,
        TaskStatus::Failed => 5,
        TaskStatus::Skipped => 6,
        TaskStatus::Cancelling => 7,
        TaskStatus::Cancelled => 8,
    }
}

fn code_of(row: &TaskRow) -> u8 {
    status_code(TaskStatus::from_word(&row.shown.status).unwrap_or(TaskStatus::Created))
}

/// Notes what a task run has become; `before` is its row as it was, `None` = it had none.
///
/// # Errors
/// `Damaged`.
pub(super) fn note_task(
    (run, created_at): (RunId, i64),
    place: u32,
    before: Option<u8>,
    row: &TaskRow,
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    if before.is_none() {
        let mut of = run.0.to_vec();
        of.extend(place.to_be_bytes());
        batch.put_bytes(keys::task_run(TaskRunId::derive(run, place)), of);
    }
    let code = code_of(row);
    if before.unwrap_or_default() == code {
        return Ok(());
    }
    let key = keys::task_statuses(created_at, run, place / STATUSES_PER_ROW);
    let mut statuses = batch.bytes(&key)?.unwrap_or_default();
    let at = (place % STATUSES_PER_ROW) as usize;
    if statuses.len() <= at {
        statuses.resize(at + 1, 0);
    }
    statuses[at] = code;
    batch.put_bytes(key, statuses);
    Ok(())
}

/// What [`note_task`] takes as what was before.
pub(super) fn noted(before: Option<&TaskRow>) -> Option<u8> {
    before.map(code_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables_have_a_database_and_a_schema() {
        for (key, expected) in [
            ("postgres://db:5432/shop.public.orders", Some(("shop", "public"))),
            ("snowflake://org-account/SHOP.PUBLIC.ORDERS", Some(("SHOP", "PUBLIC"))),
            ("mysql://db:3306/shop.orders", Some(("shop", "shop"))),
            ("db/main.orders", Some(("main", "main"))),
            ("postgres://db:5432/orders", None),
            ("file/data/2026.01.orders.csv", None),
            ("orders", None),
        ] {
            let expected = expected.map(|(database, schema)| (database.to_owned(), schema.to_owned()));
            assert_eq!(place_of(key), expected, "{key}");
        }
    }

    #[test]
    fn every_status_has_a_byte_of_its_own() {
        let codes: std::collections::BTreeSet<u8> = TaskStatus::ALL.iter().map(|status| status_code(*status)).collect();
        assert_eq!(codes.len(), TaskStatus::ALL.len());
        assert_eq!(status_code(TaskStatus::Created), 0);
    }

    #[test]
    fn places_are_gathered_by_integration() {
        let found = PlanIntegrations::of(["DBT_CORE", "PYTHON", "DBT_CORE"].into_iter());
        let shown: Vec<_> = found.integrations.iter().map(|one| (one.name.as_str(), one.tasks.as_slice())).collect();
        assert_eq!(shown, [("DBT_CORE", &[0, 2][..]), ("PYTHON", &[1])]);
    }
}
