//! Versions that come back, and where files are kept.

use crate::{
    command::{Context, Rejection},
    event::{Event, PipelineApplied},
    id::PipelineId,
    state::{Partition, PipelineState},
    storage::PipelineStorage,
};

/// A version that was read back from the log. It stands in a decision of its own, before the run that asks for it: both together may be
/// larger than a record.
pub(super) fn recall(partition: &Partition, recalled: &PipelineApplied) -> Result<Vec<Event>, Rejection> {
    let state = partition.live_pipeline(recalled.pipeline)?;
    let (version, latest) = (recalled.version, state.latest);
    if !(1..=latest).contains(&version) {
        return Err(Rejection::UnknownVersion { alias: state.alias.clone(), version, latest });
    }
    Ok(match state.is_elsewhere(version) {
        true => vec![Event::PipelineRecalled(Box::new(recalled.clone()))],
        false => Vec::new(),
    })
}

pub(super) fn set_storage(
    partition: &Partition,
    pipeline: PipelineId,
    storage: &PipelineStorage,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let state = partition.live_pipeline(pipeline)?;
    storage.check().map_err(Rejection::InvalidStorage)?;
    Ok(moved(state, pipeline, storage, context))
}

/// The origin and the storage that a version comes with are such.
pub(super) fn check_places(applied: &PipelineApplied) -> Result<(), Rejection> {
    let storage = applied.storage.as_ref().map_or(Ok(()), PipelineStorage::check);
    let origin = || applied.origin.as_ref().map_or(Ok(()), |origin| origin.check());
    storage.and_then(|()| origin()).map_err(Rejection::InvalidStorage)
}

/// The pipeline's file is kept there, still.
pub(super) fn check_kept(state: &PipelineState, kept: &PipelineStorage) -> Result<(), Rejection> {
    match state.storage.as_ref() {
        Some(storage) if storage == kept => Ok(()),
        _ => Err(Rejection::StorageMoved { alias: state.alias.clone() }),
    }
}

/// A text that is known already may come with another place for its file.
pub(super) fn kept_elsewhere(
    state: Option<&PipelineState>,
    applied: &PipelineApplied,
    context: &Context,
) -> Vec<Event> {
    let both = state.zip(applied.storage.as_ref());
    both.map(|(state, storage)| moved(state, applied.pipeline, storage, context)).unwrap_or_default()
}

fn moved(state: &PipelineState, pipeline: PipelineId, storage: &PipelineStorage, context: &Context) -> Vec<Event> {
    if state.storage.clone().unwrap_or_else(PipelineStorage::ours) == *storage {
        return Vec::new();
    }
    vec![Event::PipelineStorageSet { pipeline, storage: storage.clone(), at: context.now }]
}
