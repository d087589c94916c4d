//! What the log says lives: runs by pipeline and when they came, and how much was done for them. Fed record by record.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    AttemptRef, CostId, Event, PipelineId, RunId, Trigger, WindowRef,
    cost::{Basis, CostEvent},
    plan::PlanSensor,
};
use jiff::Timestamp;

use super::{checks::Record, time::At};

/// A stop that was carried out.
#[derive(Clone, Copy, Debug)]
pub struct Stopped {
    /// When it was decided.
    pub asked: At,
    /// When the attempt ended.
    pub ended: At,
    /// The job was in the other system.
    pub elsewhere: bool,
}

/// The counts.
#[derive(Debug, Default)]
pub struct Census {
    living: BTreeMap<RunId, At>,
    pipelines: BTreeMap<RunId, PipelineId>,
    /// Instants of schedules that were fired.
    pub fired: BTreeSet<(PipelineId, String, Timestamp)>,
    /// Instants of schedules that passed without a run: when that was decided, and up to where.
    pub passed: BTreeMap<(PipelineId, String), Vec<(At, Timestamp)>>,
    /// Schedules as they were applied last.
    pub schedules: BTreeMap<PipelineId, Vec<downbeat_domain::plan::PlanSchedule>>,
    /// Records.
    pub records: u64,
    /// Decisions.
    pub decisions: u64,
    /// Runs.
    pub runs: u64,
    /// Attempts that were given to workers.
    pub leases: u64,
    /// Stops that were decided.
    pub stops: u64,
    stopping: BTreeMap<AttemptRef, At>,
    elsewhere: BTreeSet<AttemptRef>,
    /// The stops that were carried out.
    pub stopped: Vec<Stopped>,
    /// Pipelines that are paused.
    pub paused: BTreeSet<PipelineId>,
    /// Size of the pool that tests share, once it has one.
    pub pool: Option<u32>,
    /// Runs that wait for a budget, as they were told.
    pub held: BTreeSet<RunId>,
    /// Estimates that nobody has billed.
    pub estimates: BTreeSet<CostId>,
    approvals: BTreeSet<(RunId, u32)>,
    ended: Vec<RunId>,
    /// When attempts were lost with their workers.
    pub lost: Vec<(At, String)>,
}

impl Census {
    /// Takes a record in.
    pub fn record(&mut self, record: &Record, now: At) {
        self.records += 1;
        self.decisions += record.decisions.len() as u64;
        for event in record.events() {
            if let Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopped { attempt, .. }
            | Event::ChildEnded { attempt, .. } = event
            {
                let elsewhere = self.elsewhere.remove(attempt);
                self.stopped.extend(self.stopping.remove(attempt).map(|asked| Stopped {
                    asked,
                    ended: now,
                    elsewhere,
                }));
            }
            match event {
                Event::PipelineApplied(applied) => {
                    self.schedules.insert(applied.pipeline, applied.plan.timed().cloned().collect());
                }
                Event::RunCreated(created) => {
                    self.runs += 1;
                    self.living.insert(created.run, now);
                    self.pipelines.insert(created.run, created.pipeline);
                    if let Trigger::Scheduled { schedule, instant, .. } = &created.trigger {
                        self.fired.insert((created.pipeline, schedule.clone(), *instant));
                    }
                }
                Event::SensorOpened(opened) => {
                    let WindowRef { pipeline, sensor, instant } = &opened.window;
                    self.fired.insert((*pipeline, PlanSensor::schedule_name(sensor), *instant));
                }
                Event::ScheduleDecided(decided) => {
                    let key = (decided.pipeline, decided.schedule.clone());
                    self.passed.entry(key).or_default().push((now, decided.up_to));
                }
                Event::RunQueued { run, reason, .. } if reason.starts_with("the budget of") => {
                    self.held.insert(*run);
                }
                Event::RunAdmitted { run, .. } => drop(self.held.remove(run)),
                Event::Cost(fact) => self.ledger(fact),
                Event::RunFinished { run, .. } => {
                    self.held.remove(run);
                    self.living.remove(run);
                    self.ended.push(*run);
                    self.approvals.retain(|(waits, _)| waits != run);
                }
                Event::PipelinePaused { pipeline, .. } => drop(self.paused.insert(*pipeline)),
                Event::PipelineResumed { pipeline, .. } => drop(self.paused.remove(pipeline)),
                Event::PoolSet { slots, .. } => self.pool = *slots,
                Event::ApprovalRequested { attempt, .. } => drop(self.approvals.insert((attempt.run, attempt.task))),
                Event::ApprovalDecided { attempt, .. } | Event::AttemptFailed { attempt, .. } => {
                    self.approvals.remove(&(attempt.run, attempt.task));
                }
                // If a worker holds it, it is asked to stop as well.
                Event::TaskMarked { run, task, .. } => {
                    self.stops += 1;
                    self.approvals.remove(&(*run, *task));
                }
                Event::RunCancelRequested { run, .. } | Event::RunTimedOut { run, .. } => {
                    self.approvals.retain(|(waits, _)| waits != run);
                }
                Event::AttemptLeased { attempt, remote, .. } => {
                    self.leases += 1;
                    self.elsewhere.extend(remote.then_some(*attempt));
                }
                Event::AttemptStopRequested { attempt, .. } => {
                    self.stops += 1;
                    self.stopping.insert(*attempt, now);
                }
                Event::AttemptLost { reason, .. } => self.lost.push((now, reason.clone())),
                _ => {}
            }
        }
    }

    fn ledger(&mut self, fact: &CostEvent) {
        let CostEvent::CostRecorded(recorded) = fact else { return };
        for entry in &recorded.entries {
            match entry.corrects {
                Some(corrected) => drop(self.estimates.remove(&corrected)),
                None if entry.basis == Basis::Estimated => drop(self.estimates.insert(entry.id)),
                None => {}
            }
        }
    }

    /// Runs that have not ended.
    pub fn living(&self) -> impl Iterator<Item = RunId> + '_ {
        self.living.keys().copied()
    }

    /// Approvals that nobody has decided.
    pub fn approvals(&self) -> impl Iterator<Item = (RunId, u32)> + '_ {
        self.approvals.iter().copied()
    }

    /// Runs that have ended, with their pipelines.
    pub fn ended(&self) -> impl Iterator<Item = (RunId, PipelineId)> + '_ {
        self.ended.iter().filter_map(|run| Some((*run, self.pipeline_of(*run)?)))
    }

    /// Runs that were there before this moment and have not ended.
    pub fn living_since_before(&self, moment: At) -> usize {
        self.living.values().filter(|created| **created < moment).count()
    }

    /// The pipeline of a run.
    pub fn pipeline_of(&self, run: RunId) -> Option<PipelineId> {
        self.pipelines.get(&run).copied()
    }
}
