//! INV-06 for jobs that run on the workers' own machines: two jobs of one task never run at one time.
//!
//! Excused are jobs that nobody can stop: those of a worker process that was killed (the next start of the worker ends them) or
//! that stood still for longer than a lease allows for.

use std::collections::BTreeMap;

use downbeat_domain::AttemptRef;

use super::Violation;

/// A job that runs.
#[derive(Clone, Debug)]
struct Job {
    attempt: AttemptRef,
    worker: usize,
    excused: bool,
}

/// The rule, fed by those that start and end jobs.
#[derive(Debug, Default)]
pub struct Jobs {
    running: BTreeMap<u64, Job>,
    /// Jobs started so far.
    pub started: u64,
}

impl Jobs {
    /// A job begins to run. `token` names this very process.
    pub fn start(&mut self, token: u64, attempt: AttemptRef, worker: usize) -> Option<Violation> {
        self.started += 1;
        let same = |job: &&Job| (job.attempt.run, job.attempt.task) == (attempt.run, attempt.task);
        let beside = self.running.values().filter(|job| !job.excused).find(same).cloned();
        self.running.insert(token, Job { attempt, worker, excused: false });
        let beside = beside?;
        let what = format!(
            "attempt {} of task {} of run {} starts on worker {worker} while attempt {} still runs on worker {}",
            attempt.number, attempt.task, attempt.run, beside.attempt.number, beside.worker
        );
        Some(Violation { invariant: "INV-06", sequence: 0, what })
    }

    /// A job is gone.
    pub fn end(&mut self, token: u64) {
        self.running.remove(&token);
    }

    /// Nobody can stop this job for now.
    pub fn excuse(&mut self, token: u64) {
        if let Some(job) = self.running.get_mut(&token) {
            job.excused = true;
        }
    }
}
