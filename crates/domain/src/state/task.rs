//! A task run and its life cycle.
//!
//! | phase | accepts | and becomes |
//! |---|---|---|
//! | Waiting | `TaskReady` | Ready |
//! | Waiting | `WaitStarted` | Sleeping |
//! | Waiting | `TaskSkipped`, `GroupSkipped` | Ended(Skipped) |
//! | Waiting, Ready | `TaskFailed` | Ended(Failed or Warning) |
//! | Ready | `AttemptLeased` | Leased |
//! | Leased | `AttemptStarted` | Running |
//! | Leased, Running | `AttemptStopRequested` | Stopping |
//! | Leased, Running, Stopping, Sleeping | `AttemptSucceeded` | Ended(Succeeded or Warning) |
//! | Leased, Running, Stopping | `AttemptFailed`, `AttemptLost` with `retry_at` | Backoff |
//! | Leased, Running, Stopping | `AttemptFailed` without | Ended(Failed or Warning) |
//! | Leased, Running, Stopping | `AttemptLost` without | Ended(Failed or Warning; Cancelled in a cancelled run) |
//! | Leased, Running, Stopping | `AttemptStopped` | Ended(Cancelled) |
//! | Backoff | `TaskReady` | Ready |
//! | Waiting, Ready, Sleeping, Backoff | `RunCancelRequested` | Ended(Cancelled) |
//!
//! Every other pair changes nothing in `evolve` and is a rejection in `decide`; `tests/life_cycle.rs` walks them all.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    id::WorkerId,
    status::{StopReason, TaskStatus},
};

/// Where a task run is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// What it depends on has not ended, or was not looked at yet.
    Waiting,
    /// Waits for a worker.
    Ready,
    /// Offered to a worker that has not begun.
    Leased(WorkerId),
    /// A worker is at it.
    Running(WorkerId),
    /// A worker was asked to stop it.
    Stopping(WorkerId, StopReason),
    /// An `ORCHESTRA/WAIT`, until this instant.
    Sleeping(Timestamp),
    /// Failed; the next attempt may go at this instant.
    Backoff(Timestamp),
    /// Ended.
    Ended(TaskStatus),
}

/// A task run.
#[derive(Clone, Debug)]
pub struct TaskState {
    /// Where it is in its life.
    pub phase: Phase,
    /// Number of the current or last attempt; 0 = none yet.
    pub attempt: u32,
    /// Attempts that failed.
    pub failures: u32,
    /// Attempts that were lost with their worker.
    pub losses: u32,
    /// Chunks of collected metadata that the current attempt has delivered; they come in order.
    pub chunks: u32,
    /// Dependencies, and the opening of its group, that it still waits for.
    pub waiting_on: u32,
    /// When the running attempt is to be stopped.
    pub deadline: Option<Timestamp>,
    /// What it set; names are matched without regard to case by the expression evaluator.
    pub outputs: Option<Box<Map<String, Value>>>,
    /// Resolved parameters of the last attempt, where they held expressions.
    pub parameters: Option<Box<Map<String, Value>>>,
}

impl TaskState {
    pub(crate) fn waiting_on(dependencies: u32) -> Self {
        Self {
            phase: Phase::Waiting,
            attempt: 0,
            failures: 0,
            losses: 0,
            chunks: 0,
            waiting_on: dependencies,
            deadline: None,
            outputs: None,
            parameters: None,
        }
    }

    /// The public status.
    pub fn status(&self) -> TaskStatus {
        match self.phase {
            Phase::Waiting => TaskStatus::Created,
            Phase::Ready | Phase::Leased(_) | Phase::Backoff(_) => TaskStatus::Queued,
            Phase::Running(_) | Phase::Sleeping(_) | Phase::Stopping(_, StopReason::TimedOut) => TaskStatus::Running,
            Phase::Stopping(_, StopReason::Cancelled) => TaskStatus::Cancelling,
            Phase::Ended(status) => status,
        }
    }

    /// The worker that holds the current attempt. A slot is held if and only if this says so.
    pub fn holder(&self) -> Option<WorkerId> {
        match self.phase {
            Phase::Leased(worker) | Phase::Running(worker) | Phase::Stopping(worker, _) => Some(worker),
            _ => None,
        }
    }

    /// When time alone will change this task.
    pub fn due(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Running(_) => self.deadline,
            Phase::Sleeping(until) | Phase::Backoff(until) => Some(until),
            _ => None,
        }
    }
}
