//! Questions to the state, answered without a decision: what holds a run or a task, and who is ahead; which pools there are.

use std::time::Duration;

use downbeat_domain::{
    Phase, RunId, RunState, WindowRef,
    gates::{self, Gate, GateKind},
};

use super::{Engine, Moment};
use crate::limits;

/// What holds a run or a task.
#[derive(Clone, Debug)]
pub struct Held {
    /// Status of the run or task.
    pub status: &'static str,
    /// Everything that holds it, each with who is ahead: `run id` or `run id/task id`, and how many in all.
    pub gates: Vec<(Gate, Vec<String>, usize)>,
}

/// Why there is no explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotLive {
    /// No such run.
    UnknownRun,
    /// It has ended: nothing holds it any more.
    Ended(&'static str),
    /// The run has no such task.
    UnknownTask,
}

/// A named pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolView {
    /// Its name.
    pub name: String,
    /// Its size; `None` = nobody has set one.
    pub slots: Option<u32>,
    /// Slots that attempts hold.
    pub used: u64,
    /// Tasks that wait for it.
    pub waiting: usize,
}

impl Engine {
    /// When the checks of this window are made next, monotonic; `None` = they are being made, or it is not open.
    pub fn next_poll(&self, window: &WindowRef) -> Option<Duration> {
        self.polls.next_poll(window)
    }

    /// What holds this run, or its task of this name.
    pub fn explain(&mut self, now: Moment, run: RunId, task: &str) -> Result<Held, NotLive> {
        let context = self.context(now);
        let Some(state) = self.partition.runs.get(&run) else {
            let ended = self.partition.finished.get(&run);
            return Err(ended.map_or(NotLive::UnknownRun, |(_, status)| NotLive::Ended(status.as_str())));
        };
        if task.is_empty() {
            let gates = gates::of_run(&self.partition, state);
            return Ok(Held { status: state.status().as_str(), gates: gates.into_iter().map(of_runs).collect() });
        }
        let place = state.find_task(task).ok_or(NotLive::UnknownTask)?;
        let gates = gates::of_task(&self.partition, state, place, &context);
        let mut gates: Vec<_> = gates.into_iter().map(of_runs).collect();
        let Some(found) = state.tasks.get(place as usize) else { return Err(NotLive::UnknownTask) };
        if found.phase == Phase::Ready {
            let held = !gates.is_empty();
            gates.extend(self.worker_gate(state, place, held));
        }
        Ok(Held { status: found.status().as_str(), gates })
    }

    /// Whether there is a worker at all, and who goes first. What something else holds waits for no worker, but behind others.
    fn worker_gate(&self, run: &RunState, place: u32, held: bool) -> Option<(Gate, Vec<String>, usize)> {
        let (ahead, count) = self.ready.ahead_of(run, place, limits::AHEAD_NAMED_MAX);
        let plan = run.planned(place);
        let kind = plan.map(|plan| (plan.integration.clone(), plan.integration_job.clone())).unwrap_or_default();
        let labels = plan.map(|plan| plan.worker_labels.clone()).unwrap_or_default();
        let connection = plan.map_or("", |plan| plan.connection.as_str());
        let sealed = self.has_sealed(&kind.0, connection);
        let text = match self.workers.suitable(&kind, &labels, sealed) {
            (0, _) if !sealed && self.workers.suitable(&kind, &labels, true).0 > 0 => format!(
                "no attached worker has a connection for {}/{}: save one (downbeat connection set), or give a worker files of connections",
                kind.0, kind.1
            ),
            (0, _) => format!("no attached worker offers {}/{}", kind.0, kind.1),
            (offering, 0) => {
                let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("{offering} attached workers offer {}/{}, none carries {}", kind.0, kind.1, labels.join(", "))
            }
            _ if held => match count {
                0 => return None,
                1 => "one waiting task goes first".to_owned(),
                several => format!("{several} waiting tasks go first"),
            },
            (_, suitable) => {
                let workers = if suitable == 1 { "the one worker" } else { "one of the workers" };
                let first = if count == 0 { String::new() } else { format!("; {count} waiting before it") };
                format!("waits for a free slot of {workers} that can run it{first}")
            }
        };
        let since = run.tasks.get(place as usize).map(|task| task.since);
        let names = ahead.into_iter().map(|(run, task)| self.name_of(run, task)).collect();
        Some((Gate { kind: GateKind::Worker, text, since, runs: Vec::new() }, names, count))
    }

    fn name_of(&self, run: RunId, task: u32) -> String {
        let state = self.partition.runs.get(&run);
        let id = state.and_then(|state| state.planned(task)).map_or("?", |plan| plan.id.as_str());
        match state.and_then(|state| state.tasks.get(task as usize)?.iteration) {
            Some(iteration) => format!("{run}/{id}[{iteration}]"),
            None => format!("{run}/{id}"),
        }
    }

    /// Every pool that has a size, that somebody holds, or that somebody waits for.
    pub fn pools(&self) -> Vec<PoolView> {
        let mut names = self.ready.pools();
        names.extend(self.partition.pools.named.keys().cloned());
        let view = |name: String| {
            let pool = self.partition.pools.named.get(&name);
            PoolView {
                slots: pool.and_then(|pool| pool.slots),
                used: pool.map_or(0, |pool| pool.used()),
                waiting: self.ready.waiting_for(&name),
                name,
            }
        };
        names.into_iter().map(view).collect()
    }
}

fn of_runs(gate: Gate) -> (Gate, Vec<String>, usize) {
    let count = gate.runs.len();
    let ahead = gate.runs.iter().take(limits::AHEAD_NAMED_MAX).map(ToString::to_string).collect();
    (gate, ahead, count)
}
