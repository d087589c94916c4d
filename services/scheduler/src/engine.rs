//! Which schedule is due when. Pure: instants and zones come in as values.
//!
//! Any number of schedulers may compute the same; the coordinator starts one run per instant (INV-05).
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};

use downbeat_dialect::cron::Cron;
use downbeat_domain::{PipelineId, plan::PlanSchedule};
use jiff::{Timestamp, tz::TimeZone};

use crate::limits;

/// What can happen to a scheduler.
#[derive(Clone, Debug)]
pub enum Input {
    /// A pipeline has a new version; its schedules replace those of the version before.
    PipelineApplied {
        /// Which.
        pipeline: PipelineId,
        /// Its version.
        version: u32,
        /// Its schedules, each with its zone if that is known.
        schedules: Vec<(PlanSchedule, Option<TimeZone>)>,
    },
    /// Time has passed.
    Tick,
}

/// What a scheduler does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask for the run of this instant.
    Fire(Firing),
    /// An instant was missed and is not caught up.
    Missed(Firing),
    /// A schedule cannot fire: its cron or its zone is not known here.
    Unusable {
        /// The pipeline.
        pipeline: PipelineId,
        /// The schedule.
        schedule: String,
        /// Why.
        reason: String,
    },
}

/// An instant of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Its version when the schedule was read.
    pub version: u32,
    /// The schedule.
    pub schedule: String,
    /// The instant that it names.
    pub instant: Timestamp,
}

type Key = (PipelineId, String);

#[derive(Clone, Debug)]
struct Schedule {
    version: u32,
    cron: Cron,
    zone: TimeZone,
    exclude: BTreeSet<String>,
    next: Option<Timestamp>,
}

/// All schedules, and a queue of them ordered by time: idle costs nothing.
#[derive(Debug, Default)]
pub struct Engine {
    schedules: BTreeMap<Key, Schedule>,
    queue: BTreeSet<(Timestamp, Key)>,
    /// The latest moment that was shown; a clock that shows less was set back.
    shown: Option<Timestamp>,
}

impl Engine {
    /// Takes in what happened and says what to do.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        if self.shown.replace(now).is_some_and(|before| now < before) {
            self.plan_again(now);
        }
        if let Input::PipelineApplied { pipeline, version, schedules } = input {
            self.forget(pipeline);
            for (plan, zone) in schedules {
                if let Err(reason) = self.add(now, pipeline, version, &plan, zone) {
                    outputs.push(Output::Unusable { pipeline, schedule: plan.name, reason });
                }
            }
        }
        self.fire_due(now, &mut outputs);
        outputs
    }

    /// When [`Input::Tick`] is wanted.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due, _)| *due)
    }

    fn forget(&mut self, pipeline: PipelineId) {
        self.schedules.retain(|(owner, _), _| *owner != pipeline);
        self.queue.retain(|(_, (owner, _))| *owner != pipeline);
    }

    fn add(
        &mut self,
        now: Timestamp,
        pipeline: PipelineId,
        version: u32,
        plan: &PlanSchedule,
        zone: Option<TimeZone>,
    ) -> Result<(), String> {
        let cron = Cron::parse(&plan.cron).map_err(|error| format!("cron `{}`: {}", plan.cron, error.message))?;
        let zone = zone.ok_or_else(|| format!("time zone `{}` is not known on this machine", plan.timezone))?;
        let exclude = plan.exclude.iter().cloned().collect();
        let schedule = Schedule { version, cron, zone, exclude, next: None };
        let key = (pipeline, plan.name.clone());
        self.schedules.insert(key.clone(), schedule);
        self.plan_next(&key, now);
        Ok(())
    }

    /// The clock had been ahead: what waits for instants that it showed then would stay silent until they come again. What was
    /// fired meanwhile is asked for twice, and the coordinator knows it.
    fn plan_again(&mut self, now: Timestamp) {
        self.queue.clear();
        let keys: Vec<Key> = self.schedules.keys().cloned().collect();
        keys.iter().for_each(|key| self.plan_next(key, now));
    }

    fn plan_next(&mut self, key: &Key, after: Timestamp) {
        let Some(schedule) = self.schedules.get_mut(key) else { return };
        schedule.next = next_allowed(schedule, after);
        if let Some(next) = schedule.next {
            self.queue.insert((next, key.clone()));
        }
    }

    fn fire_due(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        while let Some((instant, key)) = self.queue.first().filter(|(due, _)| *due <= now).cloned() {
            self.queue.remove(&(instant, key.clone()));
            let Some(version) = self.schedules.get(&key).map(|schedule| schedule.version) else { continue };
            let firing = Firing { pipeline: key.0, version, schedule: key.1.clone(), instant };
            let missed = now.duration_since(instant).unsigned_abs() > limits::LATENESS_MAX;
            outputs.push(if missed { Output::Missed(firing) } else { Output::Fire(firing) });
            // What lies between a missed instant and now was missed as well, and is not caught up either.
            self.plan_next(&key, if missed { now } else { instant });
        }
    }
}

fn next_allowed(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    let mut next = schedule.cron.next_after(after, &schedule.zone)?;
    for _ in 0..limits::EXCLUDED_STEPS_MAX {
        let date = next.to_zoned(schedule.zone.clone()).date().to_string();
        if !schedule.exclude.contains(&date) {
            return Some(next);
        }
        next = schedule.cron.next_after(next, &schedule.zone)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn applied(version: u32, cron: &str, exclude: &[&str]) -> Input {
        let plan = PlanSchedule {
            name: "daily".to_owned(),
            cron: cron.to_owned(),
            timezone: "UTC".to_owned(),
            run_inputs: serde_json_empty(),
            exclude: exclude.iter().map(|date| (*date).to_owned()).collect(),
        };
        Input::PipelineApplied { pipeline: pipeline(), version, schedules: vec![(plan, Some(TimeZone::UTC))] }
    }

    fn serde_json_empty() -> downbeat_dialect::Map<String, downbeat_dialect::Value> {
        downbeat_dialect::Map::new()
    }

    fn pipeline() -> PipelineId {
        PipelineId::derive("default", "p")
    }

    fn fire(version: u32, instant: &str) -> Output {
        Output::Fire(Firing { pipeline: pipeline(), version, schedule: "daily".to_owned(), instant: at(instant) })
    }

    #[test]
    fn a_schedule_fires_at_its_instant_and_never_before() {
        let mut engine = Engine::default();
        assert_eq!(engine.handle(at("2026-01-01T00:00:30Z"), applied(1, "0 1 ? * * *", &[])), []);
        assert_eq!(engine.next_deadline(), Some(at("2026-01-01T01:00:00Z")));
        assert_eq!(engine.handle(at("2026-01-01T00:59:59Z"), Input::Tick), []);
        assert_eq!(engine.handle(at("2026-01-01T01:00:00.01Z"), Input::Tick), [fire(1, "2026-01-01T01:00:00Z")]);
        assert_eq!(engine.handle(at("2026-01-01T01:00:00.02Z"), Input::Tick), []);
        assert_eq!(engine.next_deadline(), Some(at("2026-01-02T01:00:00Z")));
    }

    #[test]
    fn a_new_version_replaces_the_schedules_of_the_old_one() {
        let mut engine = Engine::default();
        engine.handle(at("2026-01-01T00:00:00Z"), applied(1, "0 1 ? * * *", &[]));
        engine.handle(at("2026-01-01T00:30:00Z"), applied(2, "0 2 ? * * *", &[]));
        assert_eq!(engine.handle(at("2026-01-01T01:00:00Z"), Input::Tick), []);
        assert_eq!(engine.handle(at("2026-01-01T02:00:00Z"), Input::Tick), [fire(2, "2026-01-01T02:00:00Z")]);
    }

    #[test]
    fn missed_instants_are_not_caught_up() {
        let mut engine = Engine::default();
        engine.handle(at("2026-01-01T00:00:00Z"), applied(1, "0 * ? * * *", &[]));
        let outputs = engine.handle(at("2026-01-01T05:30:00Z"), Input::Tick);
        assert!(matches!(outputs.as_slice(), [Output::Missed(firing)] if firing.instant == at("2026-01-01T01:00:00Z")));
        assert_eq!(engine.next_deadline(), Some(at("2026-01-01T06:00:00Z")));
    }

    #[test]
    fn a_clock_that_was_ahead_silences_nothing_once_it_is_set_back() {
        let mut engine = Engine::default();
        engine.handle(at("2026-01-01T00:00:00Z"), applied(1, "0 * ? * * *", &[]));
        engine.handle(at("2026-01-03T05:30:00Z"), Input::Tick);
        assert_eq!(engine.next_deadline(), Some(at("2026-01-03T06:00:00Z")));
        assert_eq!(engine.handle(at("2026-01-01T00:30:00Z"), Input::Tick), []);
        assert_eq!(engine.handle(at("2026-01-01T01:00:00Z"), Input::Tick), [fire(1, "2026-01-01T01:00:00Z")]);
        assert_eq!(engine.next_deadline(), Some(at("2026-01-01T02:00:00Z")));
    }

    #[test]
    fn excluded_dates_are_passed_over() {
        let mut engine = Engine::default();
        engine.handle(at("2026-01-01T02:00:00Z"), applied(1, "0 1 ? * * *", &["2026-01-02", "2026-01-03"]));
        assert_eq!(engine.next_deadline(), Some(at("2026-01-04T01:00:00Z")));
    }

    #[test]
    fn an_unknown_zone_is_said() {
        let mut engine = Engine::default();
        let Input::PipelineApplied { pipeline, version, mut schedules } = applied(1, "0 1 ? * * *", &[]) else {
            panic!("not a pipeline")
        };
        schedules[0].1 = None;
        let outputs =
            engine.handle(at("2026-01-01T00:00:00Z"), Input::PipelineApplied { pipeline, version, schedules });
        assert!(matches!(outputs.as_slice(), [Output::Unusable { reason, .. }] if reason.contains("time zone")));
        assert_eq!(engine.next_deadline(), None);
    }
}
