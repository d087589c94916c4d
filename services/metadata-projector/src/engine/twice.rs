//! What is done twice: tasks with the same job, pipelines with the same plan, tasks that build the same asset or copy the same source.

use std::collections::BTreeSet;

use downbeat_domain::{
    Event, PipelineApplied,
    metadata::{Collected, EdgeKind},
    plan::PlanTask,
};
use downbeat_proto::convert::object_text;

use super::{
    batch::Batch,
    candidates::{self, Kind},
    graph::{aliases, reporter::Reporter},
    keys::{graph::node, savings as keys},
    plans::Plans,
    projection::{Fact, Projection},
    told::{self, Told},
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Twice;

/// Those who do the same.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SameRow {
    /// Key of the asset that they build or copy; empty: they have the same job.
    #[prost(string, tag = "1")]
    pub asset: String,
    /// Who, in the order in which they became known.
    #[prost(message, repeated, tag = "2")]
    pub members: Vec<Member>,
}

/// One of those who do the same.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Member {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub pipeline: Vec<u8>,
    /// Id of the task; empty = the pipeline as a whole.
    #[prost(string, tag = "2")]
    pub task: String,
    /// Version of the pipeline that has it; 0 = it was seen at work.
    #[prost(uint32, tag = "3")]
    pub version: u32,
    /// When it was seen at work last, microseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub at: i64,
    /// In which run: 16 bytes; empty = none.
    #[prost(bytes = "vec", tag = "5")]
    pub run: Vec<u8>,
    /// Record that says so.
    #[prost(uint64, tag = "6")]
    pub sequence: u64,
    /// Of those who copy: key of the asset that they copy to.
    #[prost(string, tag = "7")]
    pub to: String,
}

impl Projection for Twice {
    const NAME: &'static str = "twice";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines", "task_runs", "graph"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        if let Event::PipelineApplied(applied) = fact.event {
            return self::applied(applied, fact.sequence, batch);
        }
        let Some(Told { collected, reporter, .. }) = told::of(fact, plans, batch)? else { return Ok(()) };
        // What another system says of a run of its own may be what a task of ours did there: only ours are told apart for sure.
        if reporter.is_unknown() || reporter.pipeline.is_empty() {
            return Ok(());
        }
        worked(&reporter, collected, fact, batch)
    }
}

fn applied(applied: &PipelineApplied, sequence: u64, batch: &mut Batch<'_>) -> Result<(), Error> {
    let member = |task: &str| Member {
        pipeline: applied.pipeline.0.to_vec(),
        task: task.to_owned(),
        version: applied.version,
        sequence,
        ..Member::default()
    };
    let tasks = &applied.plan.tasks;
    let mut whole = blake3::Hasher::new_derive_key("downbeat same plan v1");
    let mut comparable = !tasks.is_empty() && tasks.len() <= limits::TASKS_COMPARED_MAX;
    for task in tasks.iter().take(limits::TASKS_COMPARED_MAX) {
        match job_of(task, &applied.source_root) {
            Some(job) => {
                whole.update(&job);
                join((Kind::SameJob, job), member(&task.id), batch)?;
            }
            // A step without a job of its own makes no difference; one whose job depends on the run does.
            None => comparable &= task.core_job().is_some(),
        }
    }
    if comparable {
        let mut plan = [0; 16];
        whole.finalize_xof().fill(&mut plan);
        join((Kind::SameJob, plan), member(""), batch)?;
    }
    Ok(())
}

/// What tells jobs apart: integration, job, connection, parameters, and for what runs code from a folder the folder. `None`: it does no work, or
/// what it does depends on the run.
fn job_of(task: &PlanTask, source_root: &str) -> Option<[u8; 16]> {
    let parameters = object_text(&task.parameters);
    if task.core_job().is_some() || task.parameters.is_empty() || parameters.contains("${{") {
        return None;
    }
    // A statement stands in the file; whatever else runs may lie in the folder of the pipeline.
    let in_the_file = ["statement", "query"].iter().any(|name| task.parameters.contains_key(*name));
    let root = if in_the_file { "" } else { source_root };
    let mut hasher = blake3::Hasher::new_derive_key("downbeat same job v1");
    for part in [task.integration.as_str(), &task.integration_job, &task.connection, &parameters, root] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut job = [0; 16];
    hasher.finalize_xof().fill(&mut job);
    Some(job)
}

fn join((kind, job): (Kind, [u8; 16]), member: Member, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::job(job);
    let mut row: SameRow = batch.get(&key)?.unwrap_or_default();
    if row.members.iter().any(|known| known.is(&member) && known.version > member.version) {
        return Ok(());
    }
    row.take(member);
    candidates::note((kind, ""), several(&row), &job, batch)?;
    batch.put(key, &row);
    Ok(())
}

fn worked(reporter: &Reporter, collected: &Collected, fact: &Fact<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let member = |to: &str| Member {
        pipeline: reporter.pipeline.clone(),
        // Iterations of one task share its work out.
        task: reporter.task.split_once('[').map_or(reporter.task.as_str(), |(task, _)| task).to_owned(),
        version: 0,
        at: fact.decided_at,
        run: reporter.run.clone(),
        sequence: fact.sequence,
        to: to.to_owned(),
    };
    let read = |asset: &str, batch: &Batch<'_>| aliases::meant(asset, |row| batch.bytes(row));
    let mut built = BTreeSet::new();
    for done in collected.operations.iter().filter(|done| done.materialises()) {
        built.insert(read(&done.asset, batch)?);
    }
    for asset in built {
        at_work((Kind::WrittenTwice, keys::builders(node(&asset))), asset, member(""), batch)?;
    }
    let syncs = collected.operations.iter().filter(|done| done.kind == "SYNC" && done.status == "SUCCEEDED");
    let syncs: BTreeSet<&str> = syncs.map(|done| done.external_id.as_str()).collect();
    let mut copied = BTreeSet::new();
    for edge in &collected.edges {
        let copies = edge.kind == EdgeKind::Derives && !edge.from.is_empty() && edge.from != edge.to;
        if copies && syncs.contains(edge.operation.as_str()) {
            copied.insert((read(&edge.from, batch)?, read(&edge.to, batch)?));
        }
    }
    for (from, to) in copied {
        at_work((Kind::SameSource, keys::copies(node(&from))), from, member(&to), batch)?;
    }
    Ok(())
}

fn at_work((kind, key): (Kind, Vec<u8>), asset: String, member: Member, batch: &mut Batch<'_>) -> Result<(), Error> {
    let mut row: SameRow = batch.get(&key)?.unwrap_or_default();
    let at = node(&asset);
    row.asset = asset;
    row.take(member);
    candidates::note((kind, ""), several(&row), &at, batch)?;
    batch.put(key, &row);
    Ok(())
}

/// How many, once there are two; before, it is nothing.
fn several(row: &SameRow) -> u64 {
    if row.members.len() < 2 { 0 } else { row.members.len() as u64 }
}

impl Member {
    fn is(&self, other: &Self) -> bool {
        self.pipeline == other.pipeline && self.task == other.task && self.to == other.to
    }
}

impl SameRow {
    /// Whoever was seen before is seen again; of too many, the one goes that was seen longest ago.
    fn take(&mut self, member: Member) {
        self.members.retain(|known| !known.is(&member));
        if self.members.len() >= limits::SAME_KEPT {
            self.members.remove(0);
        }
        self.members.push(member);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn jobs_are_the_same_when_they_do_the_same_work() {
        let task = |job: &str, parameters: serde_json::Value| PlanTask {
            id: "any".into(),
            integration: "SNOWFLAKE".into(),
            integration_job: job.into(),
            parameters: parameters.as_object().unwrap().clone(),
            ..PlanTask::default()
        };
        let sql = |text: &str| task("SNOWFLAKE_RUN_QUERY", json!({ "statement": text }));
        let script = || task("PYTHON_EXECUTE_SCRIPT", json!({"command": "python load.py"}));
        let one = job_of(&sql("select 1"), "/a");
        assert!(one.is_some());
        assert_eq!(one, job_of(&sql("select 1"), "/b"), "a statement stands in the file");
        assert_ne!(one, job_of(&sql("select 2"), "/a"));
        assert_ne!(one, job_of(&PlanTask { connection: "other".into(), ..sql("select 1") }, "/a"));
        assert_ne!(job_of(&script(), "/a"), job_of(&script(), "/b"), "the script lies in another folder");
        assert_eq!(job_of(&sql("select ${{ inputs.day }}"), "/a"), None, "it depends on the run");
        assert_eq!(job_of(&task("SNOWFLAKE_RUN_QUERY", json!({})), "/a"), None, "nothing says what it does");
        let wait = PlanTask { integration: "ORCHESTRA".into(), ..task("WAIT", json!({"seconds": 1})) };
        assert_eq!(job_of(&wait, "/a"), None);
    }
}
