//! Reads one run that has ended back from the log: what a restart needs to know of it. The log is the only place where it still stands.

use std::time::Duration;

use downbeat_domain::{PipelineId, PriorRun, Replay, RunId};
use downbeat_event_log::{ErrorKind, EventLog};
use downbeat_proto::{
    event::{self, DecodeError, Decoded},
    events::v1::{self as wire, EventKind},
    record,
};
use downbeat_runtime::retry;

use crate::{error::Error, limits};

/// The run, as it ended; `None` = it has not, or is not there.
pub async fn read(log: &dyn EventLog, run: RunId, pipeline: PipelineId) -> Result<Option<PriorRun>, Error> {
    let mut replay = Replay::new(run, pipeline);
    each(log, |event| {
        if concerns(event, run, pipeline)
            && let Decoded::Known(event) = event::decode(event)?
        {
            replay.fold(&event);
        }
        Ok(replay.ended().is_none())
    })
    .await?;
    Ok(replay.prior())
}

/// Most events are about other runs: their bytes do not hold its id, and they need no decoding.
fn concerns(event: &wire::Event, run: RunId, pipeline: PipelineId) -> bool {
    const VERSIONS: [EventKind; 3] =
        [EventKind::PipelineApplied, EventKind::PipelineDrafted, EventKind::PipelineRecalled];
    let holds = |id: &[u8; 16]| event.payload.windows(id.len()).any(|window| window == id);
    let is_version = VERSIONS.iter().any(|kind| *kind as i32 == event.kind);
    (is_version && holds(&pipeline.0)) || holds(&run.0)
}

/// Hands every event of the log to `take`, in order, until that wants no more.
///
/// # Errors
/// The log does not answer; a record, or what `take` looks at, cannot be read.
pub(crate) async fn each(
    log: &dyn EventLog,
    mut take: impl FnMut(&wire::Event) -> Result<bool, DecodeError> + Send,
) -> Result<(), Error> {
    let (mut after, mut failures) = (0, 0);
    while after < limits::REPLAYED_ENTRIES_MAX {
        let entries = match log.read(after, limits::ENTRIES_PER_READ).await {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::Unavailable && failures < limits::REPLAY_TRIES_MAX => {
                failures += 1;
                let pause: Duration = retry::pause(failures);
                tokio::time::sleep(pause).await;
                continue;
            }
            Err(error) => return Err(Error::Log(error)),
        };
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            after = entry.sequence;
            let unreadable = |source| Error::Unreadable { log: log.id().to_string(), sequence: after, source };
            let record = record::decode(&entry.payload).map_err(unreadable)?;
            for event in record.decisions.iter().flat_map(|decision| &decision.events) {
                if !take(event).map_err(unreadable)? {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
