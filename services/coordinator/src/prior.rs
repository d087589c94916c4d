//! Reads one run that has ended back from the log: what a restart needs to know of it. The log is the only place where it still stands.

use std::time::Duration;

use downbeat_domain::{PipelineId, PriorRun, Replay, RunId};
use downbeat_event_log::{ErrorKind, EventLog};
use downbeat_proto::{
    event::{self, Decoded},
    events::v1::EventKind,
    record,
};
use downbeat_runtime::retry;

use crate::{error::Error, limits};

/// The run, as it ended; `None` = it has not, or is not there.
pub async fn read(log: &dyn EventLog, run: RunId, pipeline: PipelineId) -> Result<Option<PriorRun>, Error> {
    let mut replay = Replay::new(run, pipeline);
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
            fold(&mut replay, run, &entry.payload, entry.sequence, log)?;
            if replay.ended().is_some() {
                return Ok(replay.prior());
            }
        }
    }
    Ok(None)
}

fn fold(replay: &mut Replay, run: RunId, payload: &[u8], sequence: u64, log: &dyn EventLog) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { log: log.id().to_string(), sequence, source };
    let record = record::decode(payload).map_err(unreadable)?;
    for event in record.decisions.iter().flat_map(|decision| &decision.events) {
        // Most events are about other runs: their bytes do not hold its id, and they need no decoding.
        let concerns = event.kind == EventKind::PipelineApplied as i32
            || event.payload.windows(run.0.len()).any(|window| window == run.0);
        if !concerns {
            continue;
        }
        if let Decoded::Known(event) = event::decode(event).map_err(unreadable)? {
            replay.fold(&event);
        }
    }
    Ok(())
}
