//! Pipelines: the newest version of each, its alias, and the plan and the text of every version.

use downbeat_domain::{
    Event, PipelineApplied,
    plan::{Node, Plan, PlanTask},
};
use downbeat_proto::{convert, event::encode_schedule, metadata::v1 as wire};

use super::{
    batch::Batch,
    keys,
    plans::Plans,
    projection::{Fact, Projection},
    rows,
};
use crate::error::Error;

/// The projection.
pub(super) struct Pipelines;

impl Projection for Pipelines {
    const NAME: &'static str = "pipelines";
    const VERSION: u32 = 2;

    fn fold(fact: &Fact<'_>, _plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Event::PipelineApplied(applied) = fact.event else { return Ok(()) };
        let key = keys::pipeline(applied.pipeline);
        let before: Option<wire::Pipeline> = batch.get(&key)?;
        if before.as_ref().is_some_and(|before| before.version >= applied.version) {
            return Ok(());
        }
        let created_at = before.map_or(fact.decided_at, |before| before.created_at);
        batch.put_bytes(keys::plan(applied.pipeline, applied.version), rows::pack_plan(&plan_row(&applied.plan))?);
        batch.put_bytes(keys::source(applied.pipeline, applied.version), rows::pack_source(&applied.source)?);
        batch.put_bytes(keys::alias(&applied.alias), applied.pipeline.0.to_vec());
        batch.put(key, &pipeline_row(applied, created_at, fact.decided_at));
        Ok(())
    }
}

fn pipeline_row(applied: &PipelineApplied, created_at: i64, updated_at: i64) -> wire::Pipeline {
    wire::Pipeline {
        id: applied.pipeline.to_string(),
        alias: applied.alias.clone(),
        name: applied.name.clone(),
        version: applied.version,
        created_at,
        updated_at,
        tasks: u32::try_from(applied.plan.tasks.len()).unwrap_or(u32::MAX),
        source_root: applied.source_root.clone(),
        schedules: applied.plan.schedules.iter().map(encode_schedule).collect(),
    }
}

fn plan_row(plan: &Plan) -> rows::Plan {
    rows::Plan {
        groups: plan.groups.iter().map(|group| group.id.clone()).collect(),
        tasks: plan.tasks.iter().map(|task| task_row(plan, task)).collect(),
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
    }
}
