//! What fails now: tasks whose latest run failed, since when, and what they were seen to read and write.
//!
//! Promises: what fails stands in 256 rows, however many runs there were. A run that ends well takes back what it ran; one that was cancelled
//! or skipped says nothing; a restart is a run like others. Reads the rows of all other projections, as they are after the event. Knows
//! nothing about causes across runs: whoever asks works them out.

pub mod classes;
pub mod rows;
mod standing;
mod tasks;

use downbeat_domain::{Event, PipelineId, metadata::EdgeKind, plan::PlanPipelineTrigger};

use self::rows::{Pipelines, Touched};
use super::{
    batch::Batch,
    graph::aliases,
    keys::{answers as keys, graph::node},
    plans::Plans,
    projection::{Fact, Projection},
    told::{self, Told},
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Failing;

impl Projection for Failing {
    const NAME: &'static str = "failing";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines", "runs", "task_runs", "graph"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        match fact.event {
            Event::PipelineApplied(applied) => follow(applied.pipeline, &applied.plan.pipeline_triggers, batch),
            Event::PipelineDeleted { pipeline, .. } => {
                follow(*pipeline, &[], batch)?;
                standing::forget(*pipeline, batch)
            }
            Event::RunFinished { run, status, message, at } => {
                standing::finish((*run, *status, message.as_str(), *at), fact.sequence, plans, batch)
            }
            Event::OperationsCollected { .. } | Event::LineageReported(_) => match told::of(fact, plans, batch)? {
                Some(told) if !told.reporter.is_unknown() => touch(&told, batch),
                _ => Ok(()),
            },
            event => tasks::fold(event, fact.sequence, plans, batch),
        }
    }
}

/// Notes what a task reads and writes.
fn touch(told: &Told<'_>, batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::touched(told.reporter.id);
    let mut row: Touched = batch.get(&key)?.unwrap_or_default();
    let before = row.outputs.len() + row.inputs.len();
    let add = |names: &mut Vec<Vec<u8>>, asset: &str| -> Result<(), Error> {
        let asset = node(&aliases::meant(asset, |row| batch.bytes(row))?);
        if names.len() < limits::TOUCHED_ASSETS_MAX && !names.iter().any(|known| known == &asset) {
            names.push(asset.to_vec());
        }
        Ok(())
    };
    for operation in told.collected.operations.iter().filter(|operation| operation.materialises()) {
        add(&mut row.outputs, &operation.asset)?;
    }
    for edge in &told.collected.edges {
        if !edge.to.is_empty() && edge.kind != EdgeKind::Exposes {
            add(&mut row.outputs, &edge.to)?;
        }
        if !edge.from.is_empty() && edge.from != edge.to {
            add(&mut row.inputs, &edge.from)?;
        }
    }
    if row.outputs.len() + row.inputs.len() != before {
        batch.put(key, &row);
    }
    Ok(())
}

/// The pipeline is started by the ends of these from now on.
fn follow(pipeline: PipelineId, triggers: &[PlanPipelineTrigger], batch: &mut Batch<'_>) -> Result<(), Error> {
    let key = keys::followed(pipeline);
    let before: Pipelines = batch.get(&key)?.unwrap_or_default();
    let mut named: Vec<Vec<u8>> =
        triggers.iter().map(|trigger| trigger.pipeline.map_or([0; 16], |named| named.0).to_vec()).collect();
    named.sort();
    named.dedup();
    if before.ids == named {
        return Ok(());
    }
    let of = |id: &[u8]| PipelineId::from_slice(id).filter(|id| id.0 != [0; 16]);
    for gone in before.ids.iter().filter(|id| !named.contains(id)) {
        let key = keys::followers(of(gone));
        let mut row: Pipelines = batch.get(&key)?.unwrap_or_default();
        row.ids.retain(|id| id != &pipeline.0);
        batch.put(key, &row);
    }
    for new in named.iter().filter(|id| !before.ids.contains(id)) {
        let key = keys::followers(of(new));
        let mut row: Pipelines = batch.get(&key)?.unwrap_or_default();
        if let Err(place) = row.ids.binary_search_by(|id| id.as_slice().cmp(&pipeline.0))
            && row.ids.len() < limits::FOLLOWERS_KEPT_MAX
        {
            row.ids.insert(place, pipeline.0.to_vec());
            batch.put(key, &row);
        }
    }
    batch.put(key, &Pipelines { ids: named });
    Ok(())
}
