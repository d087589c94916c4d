//! What a backfill is about: the instants of a schedule in a span of time, and the runs that they had.
//!
//! Promises: bounded; every run of an instant is found by the ids that are derived for it, and no others are looked at. Knows nothing about
//! clocks and zones' rules: those come with the timetable.

use jiff::{SignedDuration, Timestamp};

use crate::{
    id::{PipelineId, RunId},
    limits,
    schedule::Timetable,
    state::Partition,
    status::RunStatus,
};

/// The instants of the schedule in [from, to).
///
/// # Errors
/// Why there are too many, and what to do.
pub fn instants(table: &Timetable, from: Timestamp, to: Timestamp) -> Result<Vec<Timestamp>, String> {
    let before = from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(from);
    let next = |after: &Timestamp| table.next_after(*after).filter(|instant| *instant < to);
    let mut all = std::iter::successors(next(&before), next);
    let instants: Vec<Timestamp> = all.by_ref().take(limits::BACKFILL_INSTANTS_MAX).collect();
    let most = limits::BACKFILL_COUNTED_MAX - limits::BACKFILL_INSTANTS_MAX;
    let (more, counted) = match all.take(most + 1).count() {
        0 => return Ok(instants),
        all if all > most => ("more than ", limits::BACKFILL_COUNTED_MAX),
        some => ("", limits::BACKFILL_INSTANTS_MAX + some),
    };
    Err(format!(
        "there are {more}{counted} instants from {from} to {to}, and one backfill may have {}: ask for less at a time, the first of them \
         reach to {}",
        limits::BACKFILL_INSTANTS_MAX,
        instants.last().copied().unwrap_or(from),
    ))
}

/// The runs that an instant of a schedule had: by the schedule itself, and by backfills. A restart is a run of its own, and none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// One that has ended well, with or without a warning.
    pub done: Option<RunId>,
    /// One that has not ended.
    pub live: Option<RunId>,
    /// Id of the next one of a backfill; `None` = there were as many as are allowed.
    pub next: Option<RunId>,
}

/// Looks an instant up.
pub fn earlier(partition: &Partition, pipeline: PipelineId, schedule: &str, instant: Timestamp) -> Earlier {
    let mut earlier = Earlier { done: None, live: None, next: None };
    earlier.note(partition, RunId::of_schedule(pipeline, schedule, instant));
    for number in 0..limits::BACKFILL_RUNS_PER_INSTANT_MAX {
        let run = RunId::of_backfill(pipeline, schedule, instant, number);
        if !earlier.note(partition, run) {
            earlier.next = Some(run);
            break;
        }
    }
    earlier
}

/// The run of a backfill that has done an instant, or is at it.
pub(crate) fn backfilled(
    partition: &Partition,
    pipeline: PipelineId,
    schedule: &str,
    instant: Timestamp,
) -> Option<RunId> {
    let mut runs = (0..limits::BACKFILL_RUNS_PER_INSTANT_MAX)
        .map(|number| RunId::of_backfill(pipeline, schedule, instant, number))
        .take_while(|run| partition.run_status(*run).is_some());
    let failed = |run: &RunId| {
        let ended = partition.finished.get(run).map(|(_, status)| *status);
        ended.is_some_and(|status| !matches!(status, RunStatus::Succeeded | RunStatus::Warning))
    };
    runs.find(|run| !failed(run))
}

impl Earlier {
    /// Takes note of a run; `false` = it was never started.
    fn note(&mut self, partition: &Partition, run: RunId) -> bool {
        if partition.runs.contains_key(&run) {
            self.live = Some(run);
            return true;
        }
        let Some((_, status)) = partition.finished.get(&run) else { return false };
        if matches!(status, RunStatus::Succeeded | RunStatus::Warning) {
            self.done = Some(run);
        }
        true
    }
}
