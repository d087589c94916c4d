//! `GetRun` of a time before, and `ExplainRun`: both read the run's own records from the log.

use downbeat_domain::RunId;
use downbeat_event_log::Entry;
use downbeat_proto::metadata::v1::{self as wire, Position};
use tonic::Status;

use super::{Metadata, refused};
use crate::{
    engine::{self, batch::ReadRows, keys, rows::RunHead},
    limits,
    published::View,
    query::{
        Refusal,
        history::{AsItWas, Explained, Until, applied_in},
        runs,
        shape::{Shape, head_of},
    },
};

/// Which records of the log hold a run.
struct Records {
    first: u64,
    last: u64,
    /// The record that applied its version; 0 = not known.
    applied: u64,
}

impl Records {
    fn find(view: &View<'_>, run: &wire::Run, head: &RunHead) -> Result<Self, Refusal> {
        let position = engine::sequence_of(view.head);
        let pipeline = head.pipeline.as_slice().try_into().map(downbeat_domain::PipelineId).ok();
        let applied = match pipeline {
            Some(pipeline) => view.store.get(&keys::applied_in(pipeline, run.pipeline_version))?,
            None => None,
        };
        let applied = applied.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?))).unwrap_or(0);
        // A run that has not ended has its last record somewhere before the position.
        let last = if head.last_sequence == 0 { position } else { head.last_sequence };
        let records = Self { first: head.first_sequence, last, applied };
        if records.last.saturating_sub(records.first) >= limits::HISTORY_RECORDS_MAX {
            let most = limits::HISTORY_RECORDS_MAX;
            return Err(Refusal::TooLarge(format!(
                "run {} spreads over more than {most} records of the log (from {} to {}); that is too far to read",
                run.id, records.first, records.last
            )));
        }
        Ok(records)
    }
}

/// A run as it was.
pub(super) async fn get_run(
    metadata: &Metadata,
    request: wire::GetRunRequest,
    until: Until,
) -> Result<wire::GetRunResponse, Status> {
    let found = metadata.ask(request.at_least, move |view| {
        let (run, row) = runs::find(view, &request.run_id)?;
        let head = head_of(view.store, run)?;
        let position = engine::sequence_of(view.head);
        if let Until::Sequence(wanted) = until
            && wanted > position
        {
            let reason = format!("at_sequence: {wanted} is beyond the position of the projections, {position}");
            return Err(Refusal::Invalid(reason));
        }
        Ok((run, Records::find(view, &row, &head)?, head))
    });
    let ((run, records, head), _) = found.await?;
    let applied = match records.applied.checked_sub(1) {
        Some(before) => metadata.log.read(before, 1).await.map_err(|error| refused(error.into()))?,
        None => Vec::new(),
    };
    let applied = applied.first().and_then(|entry| applied_in(entry, &head.pipeline, head.version));
    let state = AsItWas::new(metadata.log.id(), run, until, applied.as_ref()).map_err(refused)?;
    let state = read(metadata, &records, state, AsItWas::record).await?;
    let answered = tokio::task::spawn_blocking(|| state.answer()).await;
    let (row, task_runs, reached) = answered.map_err(failed)?.map_err(refused)?;
    let position = reached.map(|tail| engine::position(metadata.log.id(), tail));
    Ok(wire::GetRunResponse { run: Some(row), task_runs, position })
}

/// Why a run, or one of its task runs, went as it did.
pub(super) async fn explain(
    metadata: &Metadata,
    request: wire::ExplainRunRequest,
) -> Result<wire::ExplainRunResponse, Status> {
    let wire::ExplainRunRequest { run_id, task, at_least } = request;
    let found = metadata.ask(at_least, move |view| {
        let (run, row): (RunId, _) = runs::find(view, &run_id)?;
        let shape = Shape::read(view.store, run, &row)?;
        let place = if task.is_empty() { None } else { Some(shape.place_of(&task)?) };
        Ok((Records::find(view, &row, &shape.head)?, Explained::new(shape, place)))
    });
    let ((records, state), position): (_, Option<Position>) = found.await?;
    let explanations = read(metadata, &records, state, Explained::record).await?.answer();
    Ok(wire::ExplainRunResponse { explanations, position })
}

/// Hands every record of a run to `step`, until that wants no more.
async fn read<S: Send + 'static>(
    metadata: &Metadata,
    records: &Records,
    mut state: S,
    step: fn(&mut S, &Entry) -> Result<bool, Refusal>,
) -> Result<S, Status> {
    // Whoever reads the log for history must not keep the log busy.
    let _permit = metadata.histories.acquire().await.map_err(|_| Status::unavailable("the projector is stopping"))?;
    let last = records.last;
    let mut after = records.first.saturating_sub(1);
    while after < last {
        let entries = metadata.log.read(after, limits::ENTRIES_PER_HISTORY_READ).await;
        let entries = entries.map_err(|error| refused(error.into()))?;
        let Some(reached) = entries.last().map(|entry| entry.sequence) else { break };
        let work = move || {
            for entry in entries.iter().take_while(|entry| entry.sequence <= last) {
                if !step(&mut state, entry)? {
                    return Ok((state, false));
                }
            }
            Ok((state, true))
        };
        let more;
        (state, more) = tokio::task::spawn_blocking(work).await.map_err(failed)?.map_err(refused)?;
        if !more {
            break;
        }
        after = reached;
    }
    Ok(state)
}

fn failed(error: tokio::task::JoinError) -> Status {
    Status::internal(format!("reading the history failed: {error}"))
}
