//! Which schedule is due when, and what becomes of what was missed. Pure: instants and zones come in as values.
//!
//! Any number of schedulers may compute the same; the coordinator decides every instant once (INV-05): a question says what was decided
//! before, and is answered only if that is still so. What was decided, the log says; so nothing is remembered here that a new
//! scheduler would not know.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod life;

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{PassedInstants, PipelineId, plan::PlanSchedule, schedule::Timetable};
use jiff::{Timestamp, tz::TimeZone};

use crate::limits;
use life::Life;

/// What can happen to a scheduler.
#[derive(Clone, Debug)]
pub enum Input {
    /// A pipeline has a new version; its schedules replace those of the version before.
    PipelineApplied {
        /// Which.
        pipeline: PipelineId,
        /// Its version.
        version: u32,
        /// When.
        at: Timestamp,
        /// Its schedules, each with its zone if that is known.
        schedules: Vec<(PlanSchedule, Option<TimeZone>)>,
    },
    /// A pipeline was paused, or resumed.
    Paused {
        /// Which.
        pipeline: PipelineId,
        /// Or resumed.
        paused: bool,
        /// When.
        at: Timestamp,
    },
    /// These zones have other rules from now on.
    Zones {
        /// By their IANA names.
        zones: BTreeMap<String, TimeZone>,
        /// When.
        at: Timestamp,
    },
    /// A pipeline is gone.
    Deleted {
        /// Which.
        pipeline: PipelineId,
    },
    /// The log says, or the coordinator answers, that every instant of a schedule up to this one is decided.
    Decided {
        /// The pipeline.
        pipeline: PipelineId,
        /// The schedule.
        schedule: String,
        /// The last instant.
        up_to: Timestamp,
    },
    /// The coordinator refused to decide, or did not answer: it is asked again later, for what is due then.
    Refused {
        /// The pipeline.
        pipeline: PipelineId,
        /// The schedule.
        schedule: String,
        /// The instant that was asked for.
        instant: Timestamp,
    },
    /// Time has passed, and everything that the log holds was told.
    Tick,
}

/// What a scheduler does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Ask for this decision.
    Ask(Firing),
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

/// A decision about a schedule that is to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Its version when the schedule was read.
    pub version: u32,
    /// The schedule.
    pub schedule: String,
    /// What was decided last.
    pub after: Option<Timestamp>,
    /// Everything up to this instant is decided then.
    pub instant: Timestamp,
    /// Whether it starts a run.
    pub fires: bool,
    /// Instants that get no run of their own.
    pub passed: Vec<PassedInstants>,
}

type Key = (PipelineId, String);

/// All schedules, and a queue of them ordered by time: idle costs nothing.
#[derive(Debug, Default)]
pub struct Engine {
    lives: BTreeMap<Key, Life>,
    queue: BTreeSet<(Timestamp, Key)>,
    /// What was decided of schedules that are gone: they may come back.
    decided: BTreeMap<Key, Timestamp>,
    /// The latest moment that was shown; a clock that shows less was set back.
    shown: Option<Timestamp>,
}

impl Engine {
    /// Takes in what happened and says what to do.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        if self.shown.replace(now).is_some_and(|before| now < before) {
            self.trust_again(now);
        }
        match input {
            Input::PipelineApplied { pipeline, version, at, schedules } => {
                self.apply(pipeline, (version, at), schedules)
            }
            Input::Paused { pipeline, paused, at } => {
                self.each_of(pipeline, |life| life.pause(paused, at));
                Vec::new()
            }
            Input::Zones { zones, at } => {
                self.change_zones(&zones, at);
                Vec::new()
            }
            Input::Deleted { pipeline } => {
                self.forget(pipeline, |_| false);
                Vec::new()
            }
            Input::Decided { pipeline, schedule, up_to } => {
                self.take_decided((pipeline, schedule), up_to);
                Vec::new()
            }
            Input::Refused { pipeline, schedule, instant } => {
                self.take_refused((pipeline, schedule), instant, now);
                Vec::new()
            }
            Input::Tick => self.ask_due(now),
        }
    }

    /// When [`Input::Tick`] is wanted.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Names of all zones that schedules are in.
    pub fn zone_names(&self) -> BTreeSet<String> {
        self.lives.values().filter_map(|life| life.zone_name().map(str::to_owned)).collect()
    }

    fn change_zones(&mut self, zones: &BTreeMap<String, TimeZone>, at: Timestamp) {
        let keys: Vec<Key> = self.lives.keys().cloned().collect();
        for key in keys {
            let Some(life) = self.lives.get_mut(&key) else { continue };
            let zone = life.zone_name().and_then(|name| zones.get(name));
            if zone.cloned().is_some_and(|zone| life.change_zone(at, zone)) {
                self.plan(&key);
            }
        }
    }

    /// Schedules that may fire.
    pub fn schedules(&self) -> usize {
        self.lives.len()
    }

    fn apply(
        &mut self,
        pipeline: PipelineId,
        at: (u32, Timestamp),
        schedules: Vec<(PlanSchedule, Option<TimeZone>)>,
    ) -> Vec<Output> {
        let mut outputs = Vec::new();
        let mut kept = BTreeSet::new();
        for (plan, zone) in schedules {
            let zone = zone.ok_or_else(|| format!("time zone `{}` is not known on this machine", plan.timezone));
            match zone.and_then(|zone| Timetable::new(&plan, zone)) {
                Err(reason) => outputs.push(Output::Unusable { pipeline, schedule: plan.name, reason }),
                Ok(table) => {
                    let key = (pipeline, plan.name.clone());
                    match self.lives.get_mut(&key) {
                        Some(life) => life.apply(at, &plan, table),
                        None => {
                            let after = self.decided.remove(&key);
                            self.lives.insert(key.clone(), Life::begin(at, &plan, table, after));
                        }
                    }
                    self.plan(&key);
                    kept.insert(plan.name);
                }
            }
        }
        self.forget(pipeline, |name| kept.contains(name));
        outputs
    }

    fn forget(&mut self, pipeline: PipelineId, keep: impl Fn(&str) -> bool) {
        let gone: Vec<Key> = self.names_of(pipeline).filter(|(_, name)| !keep(name)).collect();
        for key in gone {
            let Some(life) = self.lives.remove(&key) else { continue };
            if let Some(wake) = life.wake {
                self.queue.remove(&(wake, key.clone()));
            }
            if let Some(after) = life.after {
                self.decided.insert(key, after);
            }
        }
    }

    fn names_of(&self, pipeline: PipelineId) -> impl Iterator<Item = Key> + '_ {
        let first = (pipeline, String::new());
        self.lives.range(first..).map(|(key, _)| key).take_while(move |(owner, _)| *owner == pipeline).cloned()
    }

    fn each_of(&mut self, pipeline: PipelineId, change: impl Fn(&mut Life)) {
        let keys: Vec<Key> = self.names_of(pipeline).collect();
        for key in keys {
            if let Some(life) = self.lives.get_mut(&key) {
                change(life);
            }
            self.plan(&key);
        }
    }

    fn take_decided(&mut self, key: Key, up_to: Timestamp) {
        match self.lives.get_mut(&key) {
            Some(life) => {
                life.decided(up_to);
                self.plan(&key);
            }
            None => {
                let known = self.decided.entry(key).or_insert(up_to);
                *known = (*known).max(up_to);
            }
        }
    }

    fn take_refused(&mut self, key: Key, instant: Timestamp, now: Timestamp) {
        let Some(life) = self.lives.get_mut(&key).filter(|life| life.asked == Some(instant)) else { return };
        life.asked = None;
        life.not_before = now.checked_add(limits::REFUSED_PAUSE).ok();
        self.plan(&key);
    }

    /// The clock had been ahead: what was measured with it would last until it is there again.
    fn trust_again(&mut self, now: Timestamp) {
        let keys: Vec<Key> = self.lives.keys().cloned().collect();
        for key in keys {
            if let Some(life) = self.lives.get_mut(&key) {
                life.set_back(now);
                self.plan(&key);
            }
        }
    }

    /// Puts the schedule where it belongs in the queue.
    fn plan(&mut self, key: &Key) {
        let Some(life) = self.lives.get_mut(key) else { return };
        let due = life.due((key.0, &key.1));
        if due == life.wake {
            return;
        }
        if let Some(before) = std::mem::replace(&mut life.wake, due) {
            self.queue.remove(&(before, key.clone()));
        }
        if let Some(due) = due {
            self.queue.insert((due, key.clone()));
        }
    }

    fn ask_due(&mut self, now: Timestamp) -> Vec<Output> {
        let mut outputs = Vec::new();
        while self.queue.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, key)) = self.queue.pop_first() else { break };
            let Some(life) = self.lives.get_mut(&key) else { continue };
            life.wake = None;
            match life.next((key.0, &key.1), now) {
                Some(next) => {
                    life.asked = Some(next.instant);
                    outputs.push(Output::Ask(Firing {
                        pipeline: key.0,
                        version: life.version,
                        schedule: key.1,
                        after: life.after,
                        instant: next.instant,
                        fires: next.fires,
                        passed: next.passed,
                    }));
                }
                None => {
                    life.forget_past();
                    self.plan(&key);
                }
            }
        }
        outputs
    }
}

#[cfg(test)]
mod tests;
