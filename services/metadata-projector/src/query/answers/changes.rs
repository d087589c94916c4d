//! What changed between the last good and the first bad run of a task: its pipeline, its own definition, columns of what it reads.

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;

use super::{evidence, instant, say};
use crate::{
    engine::{
        batch::ReadRows,
        failing::rows::{FailingTask, Lane},
        keys::{self, audit, quality},
        rows::{self, PlanTask},
    },
    limits,
    published::View,
    query::Refusal,
};

/// Changes, the last one first.
pub(super) fn before(
    view: &View<'_>,
    pipeline: PipelineId,
    lane: &Lane,
    task: &FailingTask,
) -> Result<Vec<wire::Statement>, Refusal> {
    let Some(first) = &task.first else { return Ok(Vec::new()) };
    let mut changes = Vec::new();
    if let Some(good) = lane.good.as_ref().filter(|good| good.version < first.version) {
        changes.extend(version(view, pipeline, first.version)?);
        changes.extend(definition(view, pipeline, (good.version, first.version), &task.task)?);
    }
    let from = lane.good.as_ref().map_or(i64::MIN, |good| good.at);
    let mut columns = Vec::new();
    for input in &task.inputs {
        let Ok(asset) = input.as_slice().try_into() else { continue };
        for row in view.store.scan(&quality::schema_changes_of(asset), None) {
            let (key, bytes) = row?;
            let change: wire::SchemaChange = rows::read(&key, &bytes)?;
            if change.at <= from || columns.len() >= limits::CHANGES_MAX {
                break;
            }
            if change.at <= first.at {
                columns.push(change);
            }
        }
    }
    columns.sort_by(|a, b| (b.at, &a.asset).cmp(&(a.at, &b.asset)));
    changes.extend(columns.iter().map(schema));
    changes.truncate(limits::CHANGES_MAX);
    Ok(changes)
}

/// Who applied a version, and why.
fn version(view: &View<'_>, pipeline: PipelineId, version: u32) -> Result<Option<wire::Statement>, Refusal> {
    let Some(bytes) = view.store.get(&keys::applied_in(pipeline, version))? else { return Ok(None) };
    let Ok(sequence) = bytes.try_into().map(u64::from_be_bytes) else { return Ok(None) };
    let id = pipeline.to_string();
    let mut prefix = audit::ENTRIES.to_vec();
    prefix.extend(sequence.to_be_bytes());
    let mut told = None;
    for row in view.store.scan(&prefix, None) {
        let (key, bytes) = row?;
        let entry: wire::AuditEntry = rows::read(&key, &bytes)?;
        if entry.command == "APPLY_PIPELINE" && entry.targets.iter().any(|target| target.id == id) {
            told = Some(entry);
            break;
        }
    }
    let entry = told.unwrap_or_default();
    let by = if entry.actor.is_empty() { String::new() } else { format!(" by {}", entry.actor) };
    let why = if entry.reason.is_empty() { String::new() } else { format!(" ({})", entry.reason) };
    let when = if entry.at == 0 { String::new() } else { format!(" at {}", instant(entry.at)) };
    let text = format!("version {version} of the pipeline was applied{by}{when}{why}");
    Ok(Some(say("VERSION_APPLIED", text, vec![evidence("RECORD", sequence.to_string(), sequence, entry.at)])))
}

/// How the task itself differs between two versions.
fn definition(
    view: &View<'_>,
    pipeline: PipelineId,
    (before, after): (u32, u32),
    task: &str,
) -> Result<Option<wire::Statement>, Refusal> {
    let id = task.split_once('[').map_or(task, |(id, _)| id);
    let of = |version: u32| -> Result<Option<PlanTask>, Refusal> {
        let Some(bytes) = view.store.get(&keys::plan(pipeline, version))? else { return Ok(None) };
        Ok(rows::unpack_plan(&bytes)?.tasks.into_iter().find(|task| task.id == id))
    };
    let (Some(was), is) = (of(before)?, of(after)?) else { return Ok(None) };
    let Some(is) = is else { return Ok(None) };
    let mut parts = Vec::new();
    if was.connection != is.connection {
        let named = |name: &str| if name.is_empty() { "the default one".to_owned() } else { name.to_owned() };
        parts.push(format!("its connection ({} before, {} now)", named(&was.connection), named(&is.connection)));
    }
    if (&was.integration, &was.integration_job) != (&is.integration, &is.integration_job) {
        parts.push(format!("its job ({} before, {} now)", was.integration_job, is.integration_job));
    }
    let names = parameters(&was.parameters, &is.parameters);
    if !names.is_empty() {
        parts.push(format!("its parameters {}", super::now::list(&names)));
    }
    if was.depends_on != is.depends_on {
        parts.push("what it depends on".to_owned());
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let text = format!("between version {before} and {after} the task {id} changed {}", parts.join(", "));
    let alone = evidence("PIPELINE", pipeline.to_string(), 0, 0);
    Ok(Some(say("TASK_CHANGED", text, vec![alone])))
}

/// Names of parameters that differ.
fn parameters(was: &str, is: &str) -> Vec<String> {
    let read =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let (was, is) = (read(was), read(is));
    let names: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    names.into_iter().filter(|name| was.get(*name) != is.get(*name)).cloned().collect()
}

fn schema(change: &wire::SchemaChange) -> wire::Statement {
    let column = |column: &wire::ColumnChange| match column.change.as_str() {
        "ADDED" => format!("{} was added", column.name),
        "REMOVED" => format!("{} was removed", column.name),
        _ => format!("{} became {} (it was {})", column.name, column.type_after, column.type_before),
    };
    let columns: Vec<String> = change.columns.iter().map(column).collect();
    let text = format!("columns of {} changed at {}: {}", change.asset, instant(change.at), super::now::list(&columns));
    say("COLUMNS_CHANGED", text, vec![evidence("SCHEMA_CHANGE", &change.asset, 0, change.at)])
}
