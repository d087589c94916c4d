//! Time has passed for a pipeline, apart from its runs.

use crate::{command::Context, decide::sensor, event::Event, id::PipelineId, state::Partition};

pub(super) fn decide(partition: &Partition, pipeline: PipelineId, context: &Context) -> Vec<Event> {
    sensor::time_out(partition, pipeline, context)
}
