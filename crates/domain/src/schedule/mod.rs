//! When schedules fire and what becomes of instants that were missed: the one way to compute it, for schedulers and for previews.
//!
//! Promises: total and bounded; instants come out strictly later. Knows nothing about clocks, logs or runs: instants and zones come in
//! as values.

mod misfire;
pub mod preview;

use std::collections::BTreeSet;

use downbeat_dialect::cron::{Cron, Dst};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use crate::{
    id::{PipelineId, number_of_instant},
    plan::PlanSchedule,
};

pub use misfire::{Misfire, Next, Span};

/// The instants of a schedule.
#[derive(Clone, Debug)]
pub struct Timetable {
    cron: Cron,
    zone: TimeZone,
    dst: Dst,
    exclude: BTreeSet<Date>,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    jitter_ms: u64,
}

impl Timetable {
    /// The instants of this schedule under the rules of its zone.
    ///
    /// # Errors
    /// What is wrong with the cron expression.
    pub fn new(plan: &PlanSchedule, zone: TimeZone) -> Result<Self, String> {
        let read = if plan.unix { Cron::parse_unix } else { Cron::parse };
        let cron = read(&plan.cron).map_err(|error| format!("cron `{}`: {}", plan.cron, error.message))?;
        // What is no date excludes nothing.
        let exclude = plan.exclude.iter().filter_map(|date| date.parse().ok()).collect();
        let PlanSchedule { dst, start, end, jitter_ms, .. } = *plan;
        Ok(Self { cron, zone, dst, exclude, start, end, jitter_ms })
    }

    /// Its zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first instant after `after`; none when it never fires again.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let before_start = self.start.and_then(|start| start.checked_sub(SignedDuration::from_nanos(1)).ok());
        let mut after = before_start.map_or(after, |before| before.max(after));
        // Each turn leaves an excluded day behind, or a repeated hour of it.
        for _ in 0..=self.exclude.len() * 2 {
            let next = self.cron.next_after(after, &self.zone, self.dst)?;
            if self.end.is_some_and(|end| next >= end) {
                return None;
            }
            let date = self.zone.to_datetime(next).date();
            if !self.exclude.contains(&date) {
                return Some(next);
            }
            let tomorrow = self.zone.to_timestamp(date.tomorrow().ok()?.at(0, 0, 0, 0)).ok()?;
            after = tomorrow.checked_sub(SignedDuration::from_nanos(1)).ok()?.max(next);
        }
        None
    }

    /// Whether the wall clock's reading is one of its cron expression.
    fn shows(&self, local: jiff::civil::DateTime) -> bool {
        self.cron.matches(local)
    }

    /// When an instant is served: later than its name by its jitter, but before the next one.
    pub fn due(&self, pipeline: PipelineId, schedule: &str, instant: Timestamp) -> Timestamp {
        if self.jitter_ms == 0 {
            return instant;
        }
        let jitter = number_of_instant(pipeline, schedule, instant) % self.jitter_ms;
        let due = SignedDuration::from_millis(i64::try_from(jitter).unwrap_or(i64::MAX));
        let due = instant.checked_add(due).unwrap_or(instant);
        match self.next_after(instant) {
            Some(next) if due >= next => {
                next.checked_sub(SignedDuration::from_millis(1)).unwrap_or(instant).max(instant)
            }
            _ => due,
        }
    }

    /// The same by the rules of this zone.
    #[must_use]
    pub fn in_zone(&self, zone: TimeZone) -> Self {
        Self { zone, ..self.clone() }
    }

    /// Whether both have the same instants, served at the same time.
    pub fn is_same(&self, other: &Timetable) -> bool {
        let of = |one: &Timetable| (one.dst, one.start, one.end, one.jitter_ms);
        self.cron == other.cron && self.zone == other.zone && self.exclude == other.exclude && of(self) == of(other)
    }
}
