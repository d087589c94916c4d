//! Time has passed for a pipeline, apart from its runs.

use crate::{
    command::Context,
    decide::{asset, promises, sensor},
    event::Event,
    id::PipelineId,
    state::Partition,
};

pub(super) fn decide(partition: &Partition, pipeline: PipelineId, context: &Context) -> Vec<Event> {
    let mut events = sensor::time_out(partition, pipeline, context);
    events.extend(promises::freshness_due(partition, pipeline, context));
    // A new run may be large: it is a decision of its own, and the pipeline is woken again for it.
    if events.is_empty() { asset::start_due(partition, pipeline, context) } else { events }
}
