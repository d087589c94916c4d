//! The facts. Names are in the past tense; the wire form and the number of each kind stand in `proto`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    id::{PipelineId, RunId, WorkerId},
    metadata::Collected,
    plan::Plan,
    status::{FailureClass, Outcome, RunStatus, StopReason},
};

/// One attempt of one task of one run. The number counts from 1 and fences: a report of an older attempt is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttemptRef {
    /// The run.
    pub run: RunId,
    /// Place of the task in the run's plan.
    pub task: u32,
    /// Counts from 1.
    pub number: u32,
}

/// What a condition was and what it gave.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionResult {
    /// The expression as written.
    pub expression: String,
    /// Its value when it was evaluated.
    pub value: Value,
}

/// What started a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A person or a program asked.
    Manual {
        /// Who.
        user: String,
    },
    /// A schedule was due.
    Scheduled {
        /// Its name in the pipeline.
        schedule: String,
        /// The instant that the schedule names, not the moment it was served.
        instant: Timestamp,
    },
}

/// A fact about a partition.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of proto/downbeat/events/v1/events.proto and are described there")]
pub enum Event {
    /// A coordinator became the only writer.
    PartitionOwned { owner: String, software_version: String },
    /// A pipeline got a new version.
    PipelineApplied(Box<PipelineApplied>),
    /// A run began to exist.
    RunCreated(Box<RunCreated>),
    /// Somebody wants the run stopped; tasks that no worker holds are cancelled by this very event.
    RunCancelRequested { run: RunId, reason: String, at: Timestamp },
    /// Every task of the run has ended.
    RunFinished { run: RunId, status: RunStatus, message: String, at: Timestamp },
    /// The dependencies and the condition of a group hold: its tasks may go.
    GroupOpened { run: RunId, group: u32, condition: Option<ConditionResult> },
    /// A group does not run; its tasks are skipped by this very event.
    GroupSkipped { run: RunId, group: u32, reason: String, condition: Option<ConditionResult>, at: Timestamp },
    /// A task waits for a worker.
    TaskReady { run: RunId, task: u32, condition: Option<ConditionResult>, at: Timestamp },
    /// A task does not run.
    TaskSkipped { run: RunId, task: u32, reason: String, condition: Option<ConditionResult>, at: Timestamp },
    /// A task failed without an attempt: an expression of its own did not evaluate.
    TaskFailed { run: RunId, task: u32, message: String, as_warning: bool, at: Timestamp },
    /// An attempt was given to a worker.
    AttemptLeased { attempt: AttemptRef, worker: WorkerId, parameters: Option<Map<String, Value>>, at: Timestamp },
    /// The worker began; `deadline` is when it will be asked to stop.
    AttemptStarted {
        attempt: AttemptRef,
        at: Timestamp,
        handle: Vec<u8>,
        external_id: String,
        deadline: Option<Timestamp>,
    },
    /// The job ended well.
    AttemptSucceeded {
        attempt: AttemptRef,
        outcome: Outcome,
        outputs: Map<String, Value>,
        message: String,
        at: Timestamp,
    },
    /// The job failed; `retry_at` when another attempt follows.
    AttemptFailed {
        attempt: AttemptRef,
        class: FailureClass,
        message: String,
        outputs: Map<String, Value>,
        retry_at: Option<Timestamp>,
        as_warning: bool,
        at: Timestamp,
    },
    /// The worker that held the attempt is gone.
    AttemptLost { attempt: AttemptRef, reason: String, retry_at: Option<Timestamp>, as_warning: bool, at: Timestamp },
    /// The worker is to stop the attempt.
    AttemptStopRequested { attempt: AttemptRef, reason: StopReason, at: Timestamp },
    /// The worker confirmed that nothing of the attempt runs any more.
    AttemptStopped { attempt: AttemptRef, at: Timestamp },
    /// An `ORCHESTRA/WAIT` began; no worker holds it.
    WaitStarted { attempt: AttemptRef, at: Timestamp, until: Timestamp },
    /// What an attempt did inside another system.
    OperationsCollected { attempt: AttemptRef, chunk: u32, collected: Arc<Collected> },
}

/// See [`Event::PipelineApplied`].
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineApplied {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Its name for commands and addresses.
    pub alias: String,
    /// Counts from 1.
    pub version: u32,
    /// Display name.
    pub name: String,
    /// The file as the user wrote it.
    pub source: String,
    /// Folder or repository that holds the file; empty = none.
    pub source_root: String,
    /// BLAKE3 over text and root.
    pub digest: [u8; 32],
    /// What runs.
    pub plan: Plan,
}

/// See [`Event::RunCreated`].
#[derive(Clone, Debug, PartialEq)]
pub struct RunCreated {
    /// The run.
    pub run: RunId,
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// The version it runs.
    pub version: u32,
    /// What started it.
    pub trigger: Trigger,
    /// Inputs, defaults filled in; frozen.
    pub inputs: Map<String, Value>,
    /// What `ENV.NAME` reads.
    pub environment: Map<String, Value>,
    /// When.
    pub at: Timestamp,
}

impl Event {
    /// The run that the event is about.
    pub fn run(&self) -> Option<RunId> {
        match self {
            Event::PartitionOwned { .. } | Event::PipelineApplied(_) => None,
            Event::RunCreated(created) => Some(created.run),
            Event::RunCancelRequested { run, .. }
            | Event::RunFinished { run, .. }
            | Event::GroupOpened { run, .. }
            | Event::GroupSkipped { run, .. }
            | Event::TaskReady { run, .. }
            | Event::TaskSkipped { run, .. }
            | Event::TaskFailed { run, .. } => Some(*run),
            Event::AttemptLeased { attempt, .. }
            | Event::AttemptStarted { attempt, .. }
            | Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopRequested { attempt, .. }
            | Event::AttemptStopped { attempt, .. }
            | Event::WaitStarted { attempt, .. }
            | Event::OperationsCollected { attempt, .. } => Some(attempt.run),
        }
    }

    /// Place of the task that the event is about.
    pub fn task(&self) -> Option<u32> {
        match self {
            Event::TaskReady { task, .. } | Event::TaskSkipped { task, .. } | Event::TaskFailed { task, .. } => {
                Some(*task)
            }
            Event::AttemptLeased { attempt, .. }
            | Event::AttemptStarted { attempt, .. }
            | Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopRequested { attempt, .. }
            | Event::AttemptStopped { attempt, .. }
            | Event::WaitStarted { attempt, .. }
            | Event::OperationsCollected { attempt, .. } => Some(attempt.task),
            _ => None,
        }
    }
}
