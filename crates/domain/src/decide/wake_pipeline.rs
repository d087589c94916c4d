//! Time has passed for a pipeline, apart from its runs.

use crate::{
    command::Context,
    decide::{asset, promises, sensor},
    event::Event,
    id::PipelineId,
    state::Partition,
};

pub(super) fn decide(partition: &Partition, pipeline: PipelineId, context: &Context) -> Vec<Event> {
    // Each may be hundreds of KiB: a decision of its own, and the pipeline is woken again for the next one.
    let due = [sensor::time_out, promises::freshness_due, asset::start_due];
    let mut decided = due.into_iter().map(|decide| decide(partition, pipeline, context));
    decided.find(|events| !events.is_empty()).unwrap_or_default()
}
