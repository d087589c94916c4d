//! What becomes of the instants that have passed since the last decision: which fires next, and which get no run of their own.

use std::collections::BTreeMap;

use downbeat_dialect::Catchup;
use jiff::{SignedDuration, Timestamp};

use super::Timetable;
use crate::{
    event::{PassReason, PassedInstants},
    id::PipelineId,
    limits,
    plan::PlanSchedule,
};

/// A stretch of a schedule's life in which the same holds for all its instants.
#[derive(Clone, Debug)]
pub struct Span<'a> {
    /// Its instants.
    pub table: &'a Timetable,
    /// The last one, or now; of a stretch that is over, nothing is served later.
    pub until: Timestamp,
    /// Why none of them fires; none where they do.
    pub passed: Option<PassReason>,
}

/// The policy of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfire {
    catchup: Catchup,
    max_catchup: usize,
    window: SignedDuration,
}

/// The next decision about a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// Everything up to this instant is decided.
    pub instant: Timestamp,
    /// Whether it starts a run.
    pub fires: bool,
    /// Instants before it (and itself, if it does not fire) that get no run of their own.
    pub passed: Vec<PassedInstants>,
}

/// What happens to an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fires,
    Passes(PassReason),
}

impl Misfire {
    /// The policy of this schedule.
    pub fn of(plan: &PlanSchedule) -> Self {
        let window = i64::try_from(plan.catchup_window_ms).unwrap_or(i64::MAX);
        Self {
            catchup: plan.catchup,
            max_catchup: plan.max_catchup as usize,
            window: SignedDuration::from_millis(window),
        }
    }

    /// Whether instants before the schedule was applied count as missed, if its `start` lies there.
    pub fn catches_up(&self) -> bool {
        self.catchup != Catchup::None
    }

    /// What to decide next of the instants after `after`: the spans follow each other, the last one reaches up to now. None where no
    /// instant has passed.
    pub fn next(
        &self,
        (pipeline, schedule): (PipelineId, &str),
        after: Timestamp,
        spans: &[Span<'_>],
        now: Timestamp,
    ) -> Option<Next> {
        let due = |table: &Timetable, instant: Timestamp| table.due(pipeline, schedule, instant);
        let mut instants = Vec::new();
        let mut late = Vec::new();
        let mut cursor = after;
        let lateness = SignedDuration::from_secs(limits::SCHEDULE_LATENESS_SECONDS);
        'spans: for span in spans {
            while let Some(instant) = span.table.next_after(cursor).filter(|instant| *instant <= span.until) {
                if instants.len() == limits::CATCHUP_SEEN_MAX {
                    // What follows is decided next, and all of this is older.
                    return Some(passing(instants.into_iter().map(|(instant, _)| (instant, PassReason::TooOld))));
                }
                let served = due(span.table, instant);
                let served = if span.until < now { served.min(span.until) } else { served };
                if span.passed.is_none() && served > now {
                    break 'spans;
                }
                if span.passed.is_none() && now.duration_since(served) > lateness {
                    late.push(instants.len());
                }
                instants.push((instant, span.passed));
                cursor = instant;
            }
            cursor = cursor.max(span.until);
        }
        let fates = self.fates(&instants, &late, now);
        decision(instants.into_iter().map(|(instant, _)| instant).zip(fates))
    }

    /// What happens to each instant; `late` are the places of those that were missed.
    fn fates(&self, instants: &[(Timestamp, Option<PassReason>)], late: &[usize], now: Timestamp) -> Vec<Fate> {
        let mut fates: Vec<Fate> =
            instants.iter().map(|(_, passed)| passed.map_or(Fate::Fires, Fate::Passes)).collect();
        if late.is_empty() {
            return fates;
        }
        if self.catchup == Catchup::None {
            late.iter().for_each(|place| fates[*place] = Fate::Passes(PassReason::Missed));
            return fates;
        }
        let too_many = late.len().saturating_sub(self.max_catchup);
        for (nth, place) in late.iter().enumerate() {
            if now.duration_since(instants[*place].0) > self.window {
                fates[*place] = Fate::Passes(PassReason::TooOld);
            } else if nth < too_many {
                fates[*place] = Fate::Passes(PassReason::TooMany);
            }
        }
        let reason = match self.catchup {
            Catchup::Latest => PassReason::NotLatest,
            Catchup::Coalesce => PassReason::Coalesced,
            Catchup::None | Catchup::All => return fates,
        };
        // One run for what was missed, and for what is due with it: the latest.
        if let Some(latest) = fates.iter().rposition(|fate| *fate == Fate::Fires) {
            let earlier = fates.iter_mut().take(latest).filter(|fate| **fate == Fate::Fires);
            earlier.for_each(|fate| *fate = Fate::Passes(reason));
        }
        fates
    }
}

/// Everything up to the first instant that fires, or all of it.
fn decision(fates: impl Iterator<Item = (Timestamp, Fate)>) -> Option<Next> {
    let mut passed = Vec::new();
    for (instant, fate) in fates {
        match fate {
            Fate::Passes(reason) => passed.push((instant, reason)),
            Fate::Fires => {
                return Some(Next { instant, fires: true, passed: passing(passed.into_iter()).passed });
            }
        }
    }
    (!passed.is_empty()).then(|| passing(passed.into_iter()))
}

/// Instants that all pass, grouped by the reason. The latest ones are listed.
fn passing(instants: impl ExactSizeIterator<Item = (Timestamp, PassReason)>) -> Next {
    let unlisted = instants.len().saturating_sub(limits::PASSED_LISTED_MAX);
    let mut by_reason: BTreeMap<PassReason, PassedInstants> = BTreeMap::new();
    let mut last = Timestamp::MIN;
    for (place, (instant, reason)) in instants.enumerate() {
        let empty = || PassedInstants {
            reason,
            count: 0,
            first: instant,
            last: instant,
            listed: Vec::new(),
            message: String::new(),
        };
        let passed = by_reason.entry(reason).or_insert_with(empty);
        passed.count += 1;
        passed.last = instant;
        if place >= unlisted {
            passed.listed.push(instant);
        }
        last = instant;
    }
    Next { instant: last, fires: false, passed: by_reason.into_values().collect() }
}
