//! INV-05: every instant of a schedule has exactly one outcome: one run under the id that everybody derives, or one mention among those
//! that passed without a run; and never an instant before the last one.

use std::collections::BTreeMap;

use downbeat_dialect::cron::Cron;
use downbeat_domain::{
    Event, PipelineId, RunId, ScheduleDecided, Trigger, WindowRef,
    plan::{PlanSchedule, PlanSensor},
};
use downbeat_runtime::zones::zones;
use jiff::Timestamp;

use super::{Check, Record, Violation};

/// Instants that are counted of one decision; more are not looked at.
const COUNTED_MAX: usize = 10_000;

type Key = (PipelineId, String);

/// What was decided of a schedule.
#[derive(Debug)]
struct Decided {
    up_to: Timestamp,
    /// Times that its pipeline had been applied or resumed by then.
    versions: u64,
    /// Instants that passed since, without a run, in the decision that is being read.
    passed: u64,
}

/// The rule.
#[derive(Debug, Default)]
pub struct Schedules {
    decided: BTreeMap<Key, Decided>,
    plans: BTreeMap<PipelineId, Version>,
}

/// The current version of a pipeline.
#[derive(Debug, Default)]
struct Version {
    /// Times that the pipeline was applied.
    applied: u64,
    /// When last, microseconds since the epoch; instants before belong to the version before.
    since: i64,
    schedules: Vec<PlanSchedule>,
}

impl Check for Schedules {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        let decided = record.decisions.iter().flat_map(|it| it.events.iter().map(|event| (it.decided_at, event)));
        for (decided_at, event) in decided {
            let wrong = match event {
                Event::PipelineApplied(applied) => {
                    let before = self.plans.get(&applied.pipeline).map_or(0, |version| version.applied);
                    let schedules = applied.plan.timed().cloned().collect();
                    let version = Version { applied: before + 1, since: decided_at, schedules };
                    self.plans.insert(applied.pipeline, version);
                    None
                }
                Event::ScheduleDecided(decided) => self.passed(decided),
                Event::SensorOpened(opened) => {
                    let WindowRef { pipeline, sensor, instant } = &opened.window;
                    self.step((*pipeline, PlanSensor::schedule_name(sensor)), *instant, 1)
                }
                Event::RunCreated(created) => match &created.trigger {
                    Trigger::Scheduled { schedule, instant, .. } => {
                        let derived = RunId::of_schedule(created.pipeline, schedule, *instant);
                        let foreign = (created.run != derived).then(|| format!("its id is not {derived}"));
                        foreign.or_else(|| self.step((created.pipeline, schedule.clone()), *instant, 1))
                    }
                    _ => None,
                },
                _ => None,
            };
            if let Some(what) = wrong {
                found.push(Violation { invariant: "INV-05", sequence: record.sequence, what });
            }
        }
    }
}

impl Schedules {
    fn passed(&mut self, decided: &ScheduleDecided) -> Option<String> {
        let key = (decided.pipeline, decided.schedule.clone());
        let before = self.decided.get(&key).map(|before| before.up_to);
        let late = decided.passed.iter().find(|passed| before.is_some_and(|before| passed.first <= before));
        if let Some(passed) = late {
            return Some(format!("`{}` passes {} again, it was at {before:?}", decided.schedule, passed.first));
        }
        self.step(key, decided.up_to, decided.passed.iter().map(|passed| passed.count).sum())
    }

    /// `outcomes` instants lie between the last decision and this one, which ends the interval itself.
    fn step(&mut self, key: Key, up_to: Timestamp, outcomes: u64) -> Option<String> {
        let version = self.plans.get(&key.0)?;
        let versions = version.applied;
        let before = self.decided.insert(key.clone(), Decided { up_to, versions, passed: outcomes })?;
        if before.up_to >= up_to {
            return Some(format!("`{}` at {up_to} after {}", key.1, before.up_to));
        }
        // A version in between may have other instants; and of those before the first version only a backlog knows, whatever a clock that was
        // set back made of one of them.
        let schedule = version.schedules.iter().find(|schedule| schedule.name == key.1)?;
        let backlog = versions == 1 && schedule.start.is_some();
        let same = before.versions == versions && (backlog || before.up_to.as_microsecond() >= version.since);
        let schedule = Some(schedule).filter(|_| same)?;
        let expected = instants(schedule, before.up_to, up_to)?;
        (expected != outcomes).then(|| {
            format!(
                "`{}` has {expected} instants after {} ({} outcomes there) up to {up_to}, and {outcomes} outcomes",
                key.1, before.up_to, before.passed
            )
        })
    }
}

/// How many instants a schedule has; none where that cannot be told.
fn instants(schedule: &PlanSchedule, after: Timestamp, up_to: Timestamp) -> Option<u64> {
    let cron = if schedule.unix { Cron::parse_unix(&schedule.cron) } else { Cron::parse(&schedule.cron) }.ok()?;
    let zone = zones().get(&schedule.timezone)?;
    let next = |after: Timestamp| cron.next_after(after, &zone, schedule.dst).filter(|next| *next <= up_to);
    let all = std::iter::successors(next(after), |last| next(*last)).take(COUNTED_MAX);
    let counts = |instant: &Timestamp| {
        let date = zone.to_datetime(*instant).date().to_string();
        !schedule.exclude.contains(&date)
            && schedule.start.is_none_or(|start| *instant >= start)
            && schedule.end.is_none_or(|end| *instant < end)
    };
    u64::try_from(all.filter(counts).count()).ok().filter(|count| *count < COUNTED_MAX as u64)
}
