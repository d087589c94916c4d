//! What an engine tells of the present to whoever drives it: when it wants to be called, what waits, who is there. Decides nothing.

use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use crate::metrics::{Decisions, Present};

impl Engine {
    /// Counts with this from now on.
    pub fn count_with(&mut self, counts: Decisions) {
        self.counts = counts;
    }

    /// What is so now.
    pub fn present(&self) -> Present {
        let (workers, slots, held) = self.workers.attached();
        Present {
            runs: self.partition.runs.len(),
            waiting: self.ready.waiting(),
            running: self.workers.holding(),
            workers,
            slots,
            held,
            unsaved: self.batches.unsaved(),
        }
    }

    /// When [`super::Input::Tick`] is wanted by wall time.
    pub fn next_wall_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().into_iter().chain(self.deliveries.next_wall()).min()
    }

    /// When [`super::Input::Tick`] is wanted by monotonic time: a lease ends, a window of a sensor is to be polled, or a worker does not answer.
    pub fn next_monotonic_deadline(&self) -> Option<Duration> {
        let polled = self.workers.next_expiry().into_iter().chain(self.polls.next_due());
        let asked = polled.chain(self.deliveries.next_monotonic()).chain(self.inquiries.next_due());
        let asked = asked.chain(self.trials.next_monotonic());
        asked.chain(self.rejections.next_monotonic()).min()
    }

    /// Decisions that wait for the log, bytes.
    pub fn backlog_bytes(&self) -> usize {
        self.batches.backlog_bytes()
    }

    /// Does an attached worker offer this job?
    pub fn offers_job(&self, integration: &str, job: &str) -> bool {
        self.workers.offers_job(integration, job)
    }
}
