//! Pipelines: the newest version of each, its alias, and the plan and the text of every version.

use downbeat_domain::{
    Event, PipelineApplied, PipelineId,
    plan::{Node, Plan, PlanGroup, PlanTask},
};
use downbeat_proto::{convert, event::encode_schedule, metadata::v1 as wire};

use super::{
    batch::Batch,
    keys,
    marks::PlanIntegrations,
    plans::Plans,
    projection::{Fact, Projection},
    rows,
};
use crate::error::Error;

/// The projection.
pub(super) struct Pipelines;

impl Projection for Pipelines {
    const NAME: &'static str = "pipelines";
    const VERSION: u32 = 6;
    const READS: &'static [&'static str] = &[];

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let applied = match fact.event {
            Event::PipelineApplied(applied) => applied,
            Event::PipelinePaused { pipeline, reason, .. } => {
                return change(*pipeline, batch, |row| {
                    row.paused = true;
                    row.paused_reason.clone_from(reason);
                });
            }
            Event::PipelineResumed { pipeline, .. } => return change(*pipeline, batch, resume),
            Event::PipelineDeleted { pipeline, .. } => {
                return change(*pipeline, batch, |row| {
                    resume(row);
                    row.deleted = true;
                });
            }
            _ => return Ok(()),
        };
        let key = keys::pipeline(applied.pipeline);
        let before: Option<wire::Pipeline> = batch.get(&key)?;
        if before.as_ref().is_some_and(|before| before.version >= applied.version) {
            return Ok(());
        }
        let mut row = pipeline_row(applied, fact.decided_at);
        // What is gone comes back; what is paused stays so.
        if let Some(before) = before {
            row.created_at = before.created_at;
            (row.paused, row.paused_reason) = (before.paused, before.paused_reason);
        }
        let sequence = fact.sequence.to_be_bytes().to_vec();
        batch.put_bytes(keys::applied_in(applied.pipeline, applied.version), sequence);
        batch.put_bytes(keys::plan(applied.pipeline, applied.version), rows::pack_plan(&plan_row(&applied.plan))?);
        let integrations = applied.plan.tasks.iter().map(|task| task.integration.as_str());
        let integrations = PlanIntegrations::of(integrations);
        batch.put(keys::lists::integrations(applied.pipeline, applied.version), &integrations);
        batch.put_bytes(keys::source(applied.pipeline, applied.version), rows::pack_source(&applied.source)?);
        batch.put_bytes(keys::alias(&applied.alias), applied.pipeline.0.to_vec());
        batch.put(key, &row);
        Ok(())
    }
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
        tasks: u32::try_from(applied.plan.tasks.len()).unwrap_or(u32::MAX),
        source_root: applied.source_root.clone(),
        schedules: applied.plan.schedules.iter().map(encode_schedule).collect(),
        labels: applied.plan.labels.clone(),
        ..wire::Pipeline::default()
    }
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
