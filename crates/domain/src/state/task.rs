//! A task run and its life cycle.
//!
//! | phase | accepts | and becomes |
//! |---|---|---|
//! | Waiting | `TaskReady` | Ready |
//! | Waiting | `WaitStarted` | Sleeping |
//! | Waiting | `ApprovalRequested` | Approving |
//! | Waiting | `ChildStarted` | Delegated |
//! | Waiting | `MatrixExpanded` | Fanned |
//! | Waiting | `TaskSkipped`, `GroupSkipped`, `TaskCarriedOver` | Ended(Skipped) |
//! | Waiting, Ready, Backoff | `TaskFailed` | Ended(Failed or Warning) |
//! | Fanned | `IterationsEnded` | Ended(as it says) |
//! | Ready | `AttemptLeased` | Leased |
//! | Leased | `AttemptStarted` | Running |
//! | Leased, Running | `AttemptStopRequested` | Stopping |
//! | Delegated | `AttemptStopRequested` | Recalling |
//! | Leased, Running, Stopping, Sleeping | `AttemptSucceeded` | Ended(Succeeded or Warning) |
//! | Leased, Running, Stopping | `AttemptFailed`, `AttemptLost` with `retry_at` | Backoff |
//! | Leased, Running, Stopping, Approving | `AttemptFailed` without | Ended(Failed or Warning) |
//! | Leased, Running, Stopping | `AttemptLost` without | Ended(Failed or Warning; Cancelled in a cancelled run) |
//! | Leased, Running, Stopping | `AttemptStopped` | Ended(Cancelled) |
//! | Approving | `ApprovalDecided` | Ended(Succeeded, Failed or Warning) |
//! | Delegated, Recalling | `ChildEnded` with `retry_at` | Backoff |
//! | Delegated, Recalling | `ChildEnded` without | Ended(as it says) |
//! | Backoff | `TaskReady` | Ready |
//! | Backoff | `ChildStarted` | Delegated |
//! | Waiting, Ready, Sleeping, Approving, Backoff | `TaskMarked` | Ended(as it says) |
//! | Leased, Running | `TaskMarked` | Stopping |
//! | Delegated | `TaskMarked` | Recalling |
//! | Waiting, Ready, Sleeping, Approving, Backoff, Fanned | `RunCancelRequested`, `RunTimedOut` | Ended(Cancelled) |
//! | Unsettled Ready, Unsettled Backoff | `TaskMarked`, `RunCancelRequested`, `RunTimedOut` | Unchanged |
//!
//! *Unsettled* is a task of which a lost attempt may have left a job in another system ([`Unsettled`], INV-06): whatever is decided of
//! it meanwhile, a worker has to see to that job first, so that it goes on to Leased and is stopped there. In everything else the
//! rows without that word count.
//!
//! In an iteration `IterationSkipped` does what `GroupSkipped` does elsewhere. However an attempt of a marked task ends, the task ends as its mark says. Every other pair changes nothing in `evolve` and is a
//! rejection in `decide`; `tests/life_cycle/` walks them all.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    id::{RunId, WorkerId},
    state::Told,
    status::{Mark, StopReason, TaskStatus},
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
    /// An `ORCHESTRA/APPROVAL` that nobody has decided; until this instant, if it expires.
    Approving(Option<Timestamp>),
    /// Waits for the end of a run that it started.
    Delegated(RunId),
    /// The run that it started is being cancelled.
    Recalling(RunId, StopReason),
    /// Stands for the iterations of a matrix; ends when they have ended.
    Fanned,
    /// Failed; the next attempt may go at this instant.
    Backoff(Timestamp),
    /// Ended.
    Ended(TaskStatus),
}

/// A job that an attempt may have begun in another system, until its end is known. Attempts that follow a lost one carry on with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// Number of the attempt whose token the job carries.
    pub token: u32,
    /// The connector's own bytes; empty = nobody knows whether the other system took the job.
    pub handle: Vec<u8>,
    /// Its id there; empty = not known.
    pub external_id: String,
    /// Where people see it there; empty = nowhere.
    pub link: String,
    /// When it is to be stopped, whoever looks after it then.
    pub deadline: Option<Timestamp>,
}

/// A task run.
#[derive(Clone, Debug)]
pub struct TaskState {
    /// Its place in the plan. The first task runs of a run stand at their place in the plan; those of iterations follow.
    pub planned: u32,
    /// Its iteration, inside a matrix.
    pub iteration: Option<u32>,
    /// Where it is in its life.
    pub phase: Phase,
    /// Since when it is there.
    pub since: Timestamp,
    /// Number of the current or last attempt; 0 = none yet.
    pub attempt: u32,
    /// Attempts that failed.
    pub failures: u32,
    /// Attempts that were lost with their worker.
    pub losses: u32,
    /// Chunks of collected metadata that the current attempt has delivered; they come in order.
    pub chunks: u32,
    /// Of a task that declares what it writes: what its current attempt has said of that by itself.
    pub told: Option<Box<Told>>,
    /// Dependencies, and the opening of its group or iteration, that it still waits for. Of one that stands for iterations: those
    /// that have not ended.
    pub waiting_on: u32,
    /// When the running attempt, or the run that it started, is to be stopped.
    pub deadline: Option<Timestamp>,
    /// How others see it, where that differs from its status: it was carried over, is not part of this run, or is paused.
    pub seen_as: Option<TaskStatus>,
    /// The outcome that a person decided, while a worker is being stopped.
    pub mark: Option<Mark>,
    /// What it set; names are matched without regard to case by the expression evaluator.
    pub outputs: Option<Box<Map<String, Value>>>,
    /// Resolved parameters of the last attempt, where they held expressions.
    pub parameters: Option<Box<Map<String, Value>>>,
    /// It runs again for these operations only; their ids in the other system.
    pub resumes: Option<Box<Vec<String>>>,
    /// When a worker, or a run that it started, first began with it; where that is asked for.
    pub began_at: Option<Timestamp>,
    /// When the attempt that a worker holds began.
    pub running_since: Option<Timestamp>,
    /// The job in another system whose end is not known yet.
    pub unsettled: Option<Box<Unsettled>>,
}

impl TaskState {
    pub(crate) fn waiting_on(planned: u32, iteration: Option<u32>, dependencies: u32, since: Timestamp) -> Self {
        Self {
            planned,
            iteration,
            phase: Phase::Waiting,
            since,
            attempt: 0,
            failures: 0,
            losses: 0,
            chunks: 0,
            told: None,
            began_at: None,
            running_since: None,
            waiting_on: dependencies,
            deadline: None,
            seen_as: None,
            mark: None,
            outputs: None,
            parameters: None,
            resumes: None,
            unsettled: None,
        }
    }

    /// The public status.
    pub fn status(&self) -> TaskStatus {
        match self.phase {
            Phase::Waiting => TaskStatus::Created,
            Phase::Ready | Phase::Leased(_) | Phase::Backoff(_) => TaskStatus::Queued,
            Phase::Running(_)
            | Phase::Sleeping(_)
            | Phase::Approving(_)
            | Phase::Delegated(_)
            | Phase::Fanned
            | Phase::Stopping(_, StopReason::TimedOut)
            | Phase::Recalling(_, StopReason::TimedOut) => TaskStatus::Running,
            Phase::Stopping(..) | Phase::Recalling(..) => TaskStatus::Cancelling,
            Phase::Ended(status) => status,
        }
    }

    /// The status as the default rule and expressions see it.
    pub fn seen_status(&self) -> TaskStatus {
        self.seen_as.unwrap_or_else(|| self.status())
    }

    /// The worker that holds the current attempt. A slot is held if and only if this says so.
    pub fn holder(&self) -> Option<WorkerId> {
        match self.phase {
            Phase::Leased(worker) | Phase::Running(worker) | Phase::Stopping(worker, _) => Some(worker),
            _ => None,
        }
    }

    /// The run that it started and waits for.
    pub fn child(&self) -> Option<RunId> {
        match self.phase {
            Phase::Delegated(child) | Phase::Recalling(child, _) => Some(child),
            _ => None,
        }
    }

    /// When time alone will change this task.
    pub fn due(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Running(_) | Phase::Delegated(_) => self.deadline,
            Phase::Sleeping(until) | Phase::Backoff(until) => Some(until),
            Phase::Approving(until) => until,
            _ => None,
        }
    }
}
