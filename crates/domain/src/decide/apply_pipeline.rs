//! A new version of a pipeline; the same text again is the same version.

use crate::{
    event::{Event, PipelineApplied},
    state::Partition,
};

pub(super) fn decide(partition: &Partition, applied: &PipelineApplied) -> Vec<Event> {
    let current = partition.pipelines.get(&applied.pipeline);
    if current.is_some_and(|current| current.digest == applied.digest) {
        return Vec::new();
    }
    let version = current.map_or(1, |current| current.version + 1);
    vec![Event::PipelineApplied(Box::new(PipelineApplied { version, ..applied.clone() }))]
}
