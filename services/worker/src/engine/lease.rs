//! How long the worker may believe that what it holds is its own.
//!
//! A heartbeat renews the lease from the moment it was *sent*, because the coordinator counts from the moment it came in,
//! which is later: so the worker's lease always ends before the coordinator's.

use std::{collections::VecDeque, time::Duration};

use crate::limits::{LEASE_MARGIN, UNANSWERED_HEARTBEATS_MAX};

#[derive(Debug)]
pub(super) struct Lease {
    length: Duration,
    renewed: Duration,
    last_beat: Duration,
    unanswered: VecDeque<Duration>,
}

impl Lease {
    /// `asked`: when the hello was sent that this lease answers.
    pub(super) fn granted(asked: Duration, now: Duration, length: Duration) -> Self {
        Self { length, renewed: asked, last_beat: now, unanswered: VecDeque::new() }
    }

    pub(super) fn ends(&self) -> Duration {
        // A very short lease (tests, a hasty operator) keeps three quarters of itself.
        self.renewed + self.length.saturating_sub(LEASE_MARGIN.min(self.length / 4))
    }

    pub(super) fn next_heartbeat(&self) -> Duration {
        self.last_beat + self.length / 3
    }

    pub(super) fn beat(&mut self, now: Duration) {
        self.last_beat = now;
        if self.unanswered.len() < UNANSWERED_HEARTBEATS_MAX {
            self.unanswered.push_back(now);
        }
    }

    pub(super) fn answered(&mut self) {
        if let Some(sent) = self.unanswered.pop_front() {
            self.renewed = sent;
        }
    }

    /// Answers to what was sent on the lost connection will never come.
    pub(super) fn connection_lost(&mut self) {
        self.unanswered.clear();
    }
}
