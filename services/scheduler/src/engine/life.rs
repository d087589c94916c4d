//! The life of one schedule: what was decided of it, what holds for it now, and what held for it before as far as that is undecided.

use downbeat_domain::{
    PassReason, PipelineId,
    plan::PlanSchedule,
    schedule::{Misfire, Next, Span, Timetable},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::limits;

/// A stretch of its life that is over.
#[derive(Clone, Debug)]
struct Past {
    table: Timetable,
    until: Timestamp,
    passed: Option<PassReason>,
}

/// A schedule.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) version: u32,
    table: Timetable,
    misfire: Misfire,
    /// It, or its pipeline, is paused.
    schedule_paused: bool,
    pipeline_paused: bool,
    /// Everything up to here is decided, or is none of its business.
    since: Timestamp,
    /// What the log says was decided last.
    pub(super) after: Option<Timestamp>,
    past: Vec<Past>,
    /// When it is to be looked at.
    pub(super) wake: Option<Timestamp>,
    /// The decision about this instant was asked for.
    pub(super) asked: Option<Timestamp>,
    /// Nothing is asked before, since the last question was refused.
    pub(super) not_before: Option<Timestamp>,
}

impl Life {
    /// A schedule that begins when its pipeline is applied, or at its start if it catches up.
    pub(super) fn begin(
        (version, applied): (u32, Timestamp),
        plan: &PlanSchedule,
        table: Timetable,
        after: Option<Timestamp>,
    ) -> Self {
        let misfire = Misfire::of(plan);
        let backlog = plan.start.filter(|start| *start < applied && misfire.catches_up() && after.is_none());
        let just_before = |start: Timestamp| start.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(start);
        let since = backlog.map_or(applied, just_before);
        Self {
            version,
            table,
            misfire,
            schedule_paused: plan.paused,
            pipeline_paused: false,
            since: after.map_or(since, |after| after.max(since)),
            after,
            past: Vec::new(),
            wake: None,
            asked: None,
            not_before: None,
        }
    }

    /// A new version of its pipeline. What the old one had not decided stays with the old one's instants.
    pub(super) fn apply(&mut self, (version, applied): (u32, Timestamp), plan: &PlanSchedule, table: Timetable) {
        let same = self.table.is_same(&table);
        if !same || self.schedule_paused != plan.paused {
            let passed = match (self.is_paused(), same) {
                (true, _) => Some(PassReason::Paused),
                (false, false) => Some(PassReason::Replaced),
                (false, true) => None,
            };
            self.close(applied, passed);
        }
        self.version = version;
        self.table = table;
        self.misfire = Misfire::of(plan);
        self.schedule_paused = plan.paused;
        self.not_before = None;
    }

    /// IANA name of its zone.
    pub(super) fn zone_name(&self) -> Option<&str> {
        self.table.zone().iana_name()
    }

    /// Its zone has other rules: what is over stays with the old ones. Says whether that is so.
    pub(super) fn change_zone(&mut self, at: Timestamp, zone: TimeZone) -> bool {
        let changed = *self.table.zone() != zone;
        if changed {
            let passed = self.is_paused().then_some(PassReason::Paused);
            self.close(at, passed);
            self.table = self.table.in_zone(zone);
        }
        changed
    }

    /// Its pipeline was paused or resumed.
    pub(super) fn pause(&mut self, paused: bool, at: Timestamp) {
        if self.pipeline_paused != paused {
            let was = self.is_paused().then_some(PassReason::Paused);
            self.close(at, was);
            self.pipeline_paused = paused;
            self.not_before = None;
        }
    }

    /// Everything up to this instant was decided.
    pub(super) fn decided(&mut self, up_to: Timestamp) {
        // A question about what follows an older decision is void, too: it will be refused.
        if self.after < Some(up_to) || self.asked.is_some_and(|asked| asked <= up_to) {
            self.asked = None;
        }
        self.after = self.after.max(Some(up_to));
        self.since = self.since.max(up_to);
        self.past.retain(|past| past.until > up_to);
        self.not_before = None;
    }

    /// The clock shows less than before: nothing of its life lies ahead of it but what the log says is decided.
    pub(super) fn set_back(&mut self, now: Timestamp) {
        self.not_before = None;
        self.since = self.since.min(now).max(self.after.unwrap_or(Timestamp::MIN));
        for past in &mut self.past {
            past.until = past.until.min(now);
        }
    }

    fn is_paused(&self) -> bool {
        self.schedule_paused || self.pipeline_paused
    }

    /// What held so far ends; it is kept if it left something undecided.
    fn close(&mut self, at: Timestamp, passed: Option<PassReason>) {
        // Behind an undecided stretch even an empty one is kept: what follows it begins at its end.
        if self.past.is_empty() && self.table.next_after(self.since).is_none_or(|next| next > at) {
            self.since = self.since.max(at);
            return;
        }
        self.past.push(Past { table: self.table.clone(), until: at, passed });
        if self.past.len() > limits::UNDECIDED_SPANS_MAX {
            // The oldest instants are told by the reason of those that follow them.
            self.past.remove(0);
        }
    }

    /// When something is to be decided: at once if something is left over, else at its next instant.
    pub(super) fn due(&self, key: (PipelineId, &str)) -> Option<Timestamp> {
        if self.asked.is_some() {
            return None;
        }
        let due = match self.past.first() {
            Some(past) => Some(past.until),
            None if self.is_paused() => None,
            None => self.table.next_after(self.since).map(|next| self.table.due(key.0, key.1, next)),
        };
        due.map(|due| self.not_before.map_or(due, |not_before| not_before.max(due)))
    }

    /// What to decide next.
    pub(super) fn next(&self, key: (PipelineId, &str), now: Timestamp) -> Option<Next> {
        let mut spans: Vec<Span<'_>> = self
            .past
            .iter()
            .map(|past| Span { table: &past.table, until: past.until.min(now), passed: past.passed })
            .collect();
        if !self.is_paused() {
            spans.push(Span { table: &self.table, until: now, passed: None });
        }
        self.misfire.next(key, self.since, &spans, now)
    }

    /// Nothing of what is over was left undecided after all.
    pub(super) fn forget_past(&mut self) {
        if let Some(last) = self.past.last() {
            self.since = self.since.max(last.until);
        }
        self.past.clear();
    }
}
