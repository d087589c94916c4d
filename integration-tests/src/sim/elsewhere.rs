//! The other system: it takes jobs by token and knows nothing of workers. A token that it has seen names the job that it has.
//!
//! INV-06 for jobs that outlive their workers is checked where they are: a second job of a task begins only once the first has ended, and
//! a run ends only once its jobs have, unless it was said that nobody could confirm that.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{AttemptRef, Event, RunId};
use downbeat_worker::attempt::{Ended, Ending};

use super::{
    checks::{Record, Violation},
    dice::Dice,
    nodes::job,
    time::{At, SECOND},
    workloads::Behaviour,
};

/// Whose job it is: run, task, token.
pub type Key = (RunId, u32, u32);

#[derive(Debug)]
struct Job {
    ends: At,
    ended: Ended,
}

/// The system.
#[derive(Debug, Default)]
pub struct Elsewhere {
    jobs: BTreeMap<Key, Job>,
    /// Attempts of which it was said that the end of their job is not confirmed.
    unconfirmed: BTreeSet<(RunId, u32)>,
    /// Jobs that began.
    pub begun: u64,
    /// Jobs that were ended because somebody asked.
    pub cancelled: u64,
}

impl Elsewhere {
    /// A request to begin a job arrives.
    pub fn begin(&mut self, key: Key, now: At, behaviour: &Behaviour, dice: &mut Dice) -> Option<Violation> {
        if self.jobs.contains_key(&key) {
            return None;
        }
        let (run, task, token) = key;
        let of_task = self.jobs.range((run, task, 0)..=(run, task, u32::MAX));
        let beside = of_task.filter(|(_, job)| job.ends > now).map(|(other, _)| other.2).next();
        self.begun += 1;
        let takes = job::takes(behaviour, dice);
        self.jobs.insert(key, Job { ends: now + takes, ended: job::ending(behaviour, dice) });
        let other = beside.filter(|_| !self.unconfirmed.contains(&(run, task)))?;
        let what = format!("task {task} of run {run} has a job {token} elsewhere while its job {other} still runs");
        Some(Violation { invariant: "INV-06", sequence: 0, what })
    }

    /// A request to end a job arrives.
    pub fn cancel(&mut self, key: Key, now: At, dice: &mut Dice) {
        let Some(job) = self.jobs.get_mut(&key).filter(|job| job.ends > now) else { return };
        let ends = now + dice.below(20 * SECOND);
        if ends < job.ends {
            self.cancelled += 1;
            job.ends = ends;
            job.ended = Ending::Stopped.into();
        }
    }

    /// How it ended, if it has; `Err` = there is no such job.
    pub fn seen(&self, key: Key, now: At) -> Result<Option<Ended>, ()> {
        let job = self.jobs.get(&key).ok_or(())?;
        Ok((job.ends <= now).then(|| job.ended.clone()))
    }

    /// What the log says of attempts and runs.
    pub fn record(&mut self, record: &Record, now: At, found: &mut Vec<Violation>) {
        for event in record.events() {
            match event {
                Event::AttemptStopped { attempt: AttemptRef { run, task, .. }, unconfirmed, .. }
                    if !unconfirmed.is_empty() =>
                {
                    self.unconfirmed.insert((*run, *task));
                }
                Event::AttemptFailed { attempt: AttemptRef { run, task, .. }, class, .. }
                    if *class == downbeat_domain::FailureClass::UnknownOutcome =>
                {
                    self.unconfirmed.insert((*run, *task));
                }
                Event::RunFinished { run, .. } => self.finished(*run, record.sequence, now, found),
                _ => {}
            }
        }
    }

    fn finished(&mut self, run: RunId, sequence: u64, now: At, found: &mut Vec<Violation>) {
        for ((_, task, token), job) in self.jobs.range((run, 0, 0)..=(run, u32::MAX, u32::MAX)) {
            if job.ends > now && !self.unconfirmed.contains(&(run, *task)) {
                let what = format!("run {run} has ended, and job {token} of its task {task} still runs elsewhere");
                found.push(Violation { invariant: "INV-06", sequence, what });
            }
        }
    }
}
