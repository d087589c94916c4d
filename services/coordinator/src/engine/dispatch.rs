//! Ready tasks wait in one queue per kind of job, first come first served, so that a job which nobody offers holds up no other.

use std::collections::{BTreeMap, VecDeque};

use downbeat_domain::{Command, Phase, RunId, RunState};

use super::{Engine, Moment};

/// Integration and job.
pub(super) type JobKind = (String, String);

/// Tasks that wait for a worker.
#[derive(Debug, Default)]
pub(super) struct ReadyQueues {
    queues: BTreeMap<JobKind, VecDeque<(RunId, u32)>>,
}

impl ReadyQueues {
    pub(super) fn push(&mut self, run: &RunState, task: u32) {
        let Some(plan) = run.plan.plan.tasks.get(task as usize) else { return };
        let kind = (plan.integration.clone(), plan.integration_job.clone());
        self.queues.entry(kind).or_default().push_back((run.id, task));
    }
}

impl Engine {
    /// Gives ready tasks to workers with free slots.
    pub(super) fn dispatch(&mut self, now: Moment) {
        let kinds: Vec<JobKind> = self.ready.queues.keys().cloned().collect();
        for kind in kinds {
            while let Some(worker) = self.workers.free_for(&kind) {
                let Some((run, task)) = self.ready.queues.get_mut(&kind).and_then(VecDeque::pop_front) else { break };
                let still_ready = self.partition.runs.get(&run).and_then(|run| run.tasks.get(task as usize));
                if !still_ready.is_some_and(|task| task.phase == Phase::Ready) {
                    continue;
                }
                let lease = Command::LeaseTask { run, task, worker };
                if let Err(rejection) = self.decide(now, &lease, "coordinator".to_owned(), None) {
                    tracing::error!(%rejection, %run, task, "a task that waits for a worker could not be leased");
                }
            }
            if self.ready.queues.get(&kind).is_some_and(VecDeque::is_empty) {
                self.ready.queues.remove(&kind);
            }
        }
        self.settle_runs(now);
    }
}
