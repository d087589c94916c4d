//! Pipelines: the current version of each, its alias, and the plan and the text of every version, drafts included.

use std::collections::BTreeSet;

use downbeat_domain::{
    Event, PipelineApplied, PipelineId,
    plan::{Node, Plan, PlanGroup, PlanTask},
};
use downbeat_proto::{
    convert,
    event::{self, encode_schedule},
    metadata::v1 as wire,
};
use serde_json::Value;

use super::{
    batch::Batch,
    keys,
    marks::PlanIntegrations,
    plans::Plans,
    projection::{Fact, Projection},
    rows,
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Pipelines;

impl Projection for Pipelines {
    const NAME: &'static str = "pipelines";
    const VERSION: u32 = 8;
    const READS: &'static [&'static str] = &[];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::PipelineApplied(applied) => apply(applied, fact, batch),
            Event::PipelineDrafted(drafted) => draft(drafted, fact, batch),
            Event::PipelineStorageSet { pipeline, storage, .. } => {
                change(*pipeline, batch, |row| row.storage = Some(event::pipeline_storage(storage)))
            }
            Event::PipelinePaused { pipeline, reason, .. } => change(*pipeline, batch, |row| {
                row.paused = true;
                row.paused_reason.clone_from(reason);
            }),
            Event::PipelineResumed { pipeline, .. } => change(*pipeline, batch, resume),
            Event::PipelineDeleted { pipeline, .. } => change(*pipeline, batch, |row| {
                resume(row);
                row.deleted = true;
            }),
            // What was read back was stored before, and nothing of it has changed.
            _ => Ok(()),
        }
    }
}

fn apply(applied: &PipelineApplied, fact: &Fact<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::pipeline(applied.pipeline);
    let before: Option<wire::Pipeline> = batch.get(&key)?;
    if before.as_ref().is_some_and(|before| before.latest_version >= applied.version) {
        return Ok(());
    }
    let mut row = pipeline_row(applied, fact.decided_at);
    // What is gone comes back; what is paused stays so.
    if let Some(before) = before {
        row.created_at = before.created_at;
        (row.paused, row.paused_reason) = (before.paused, before.paused_reason);
        row.storage = row.storage.or(before.storage);
    }
    keep(applied, false, fact, batch)?;
    batch.put(key, &row);
    Ok(())
}

/// The row of the current version stays. Where there is none, the newest draft says what the pipeline is called and how large it is.
fn draft(drafted: &PipelineApplied, fact: &Fact<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::pipeline(drafted.pipeline);
    let before: Option<wire::Pipeline> = batch.get(&key)?;
    if before.as_ref().is_some_and(|before| before.latest_version >= drafted.version) {
        return Ok(());
    }
    let of_draft = pipeline_row(drafted, fact.decided_at);
    // Labels decide who may do what: like all else they count once it is applied, as in the core.
    let of_draft = wire::Pipeline { version: 0, schedules: Vec::new(), labels: Vec::new(), ..of_draft };
    let row = match before {
        None => of_draft,
        Some(before) if before.deleted || before.version == 0 => wire::Pipeline {
            created_at: before.created_at,
            paused: before.paused,
            paused_reason: before.paused_reason,
            storage: of_draft.storage.clone().or(before.storage),
            ..of_draft
        },
        Some(before) => wire::Pipeline {
            latest_version: drafted.version,
            updated_at: fact.decided_at,
            storage: of_draft.storage.or(before.storage),
            ..before
        },
    };
    keep(drafted, true, fact, batch)?;
    batch.put(key, &row);
    Ok(())
}

/// What is kept of every version.
fn keep(stored: &PipelineApplied, draft: bool, fact: &Fact<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let (id, version) = (stored.pipeline, stored.version);
    batch.put_bytes(keys::applied_in(id, version), fact.sequence.to_be_bytes().to_vec());
    batch.put_bytes(keys::plan(id, version), rows::pack_plan(&plan_row(&stored.plan))?);
    let integrations = stored.plan.tasks.iter().map(|task| task.integration.as_str());
    batch.put(keys::lists::integrations(id, version), &PlanIntegrations::of(integrations));
    batch.put_bytes(keys::source(id, version), rows::pack_source(&stored.source)?);
    let row = rows::VersionRow {
        name: stored.name.clone(),
        tasks: tasks(stored),
        origin: stored.origin.as_ref().map(event::git_origin),
        created_at: fact.decided_at,
        created_by: fact.within.map(|within| within.decision.actor.clone()).unwrap_or_default(),
        draft,
    };
    batch.put(keys::version(id, version), &row);
    batch.put_bytes(keys::alias(&stored.alias), id.0.to_vec());
    Ok(())
}

fn tasks(stored: &PipelineApplied) -> u32 {
    u32::try_from(stored.plan.tasks.len()).unwrap_or(u32::MAX)
}

fn change(pipeline: PipelineId, batch: &mut Batch<'_>, change: impl FnOnce(&mut wire::Pipeline)) -> Result<(), Error> {
    let key = keys::pipeline(pipeline);
    if let Some(mut row) = batch.get::<wire::Pipeline>(&key)? {
        change(&mut row);
        batch.put(key, &row);
    }
    Ok(())
}

fn resume(row: &mut wire::Pipeline) {
    row.paused = false;
    row.paused_reason.clear();
}

fn pipeline_row(applied: &PipelineApplied, at: i64) -> wire::Pipeline {
    wire::Pipeline {
        id: applied.pipeline.to_string(),
        alias: applied.alias.clone(),
        name: applied.name.clone(),
        version: applied.version,
        created_at: at,
        updated_at: at,
        latest_version: applied.version,
        storage: applied.storage.as_ref().map(event::pipeline_storage),
        tasks: tasks(applied),
        source_root: applied.source_root.clone(),
        schedules: applied.plan.schedules.iter().map(encode_schedule).collect(),
        labels: applied.plan.labels.clone(),
        owner: applied.plan.owner.clone(),
        task_owners: some(applied.plan.tasks.iter().map(|task| task.owner.as_str()).filter(|owner| !owner.is_empty())),
        tags: some(tags(&applied.source).iter().map(String::as_str)),
        ..wire::Pipeline::default()
    }
}

/// Each once and in order, and no more than fit into a row that lists are made of.
fn some<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let words: BTreeSet<&str> = words.collect();
    words.into_iter().take(limits::WORDS_PER_PIPELINE_MAX).map(str::to_owned).collect()
}

/// Tags of the tasks of a text. They decide nothing, so no plan has them.
fn tags(source: &str) -> Vec<String> {
    let document = downbeat_dialect::to_json(source).unwrap_or_default();
    let entries = document.get("pipeline").and_then(Value::as_object).into_iter().flat_map(|entries| entries.values());
    let tasks = entries.flat_map(|entry| match entry.get("tasks").and_then(Value::as_object) {
        Some(group) => group.values().collect(),
        None => vec![entry],
    });
    let tags = tasks.filter_map(|task| task.get("tags").and_then(Value::as_array)).flatten();
    tags.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn plan_row(plan: &Plan) -> rows::Plan {
    rows::Plan {
        groups: plan.groups.iter().map(group_row).collect(),
        tasks: plan.tasks.iter().map(|task| task_row(plan, task)).collect(),
    }
}

fn group_row(group: &PlanGroup) -> rows::PlanGroup {
    rows::PlanGroup { id: group.id.clone(), paused: group.paused, after: group.depends_on.iter().map(number).collect() }
}

/// See [`rows::PlanTask::after`].
fn number(node: &Node) -> u32 {
    match *node {
        Node::Task(place) => place.saturating_mul(2),
        Node::Group(place) => place.saturating_mul(2).saturating_add(1),
    }
}

fn task_row(plan: &Plan, task: &PlanTask) -> rows::PlanTask {
    let id_of = |node: &Node| match node {
        Node::Group(group) => plan.groups.get(*group as usize).map(|group| group.id.clone()),
        Node::Task(task) => plan.tasks.get(*task as usize).map(|task| task.id.clone()),
    };
    rows::PlanTask {
        id: task.id.clone(),
        name: task.name.clone(),
        group_plus_one: task.group.map_or(0, |group| group.saturating_add(1)),
        integration: task.integration.clone(),
        integration_job: task.integration_job.clone(),
        parameters: convert::object_text(&task.parameters),
        depends_on: task.depends_on.iter().filter_map(id_of).collect(),
        after: task.depends_on.iter().map(number).collect(),
        connection: task.connection.clone(),
    }
}
