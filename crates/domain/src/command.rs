//! Requests. Names are imperatives; who asks and when comes in the [`Context`], because the core has no clock.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    event::{AttemptRef, PipelineApplied, Trigger},
    id::{PipelineId, RunId, WorkerId},
    metadata::Collected,
    status::{FailureClass, Outcome},
};

/// What a decision may know of the world.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Now, by the clock of whoever runs the core.
    pub now: Timestamp,
}

/// A request to a partition.
#[derive(Clone, Debug)]
pub enum Command {
    /// Store a version of a pipeline. Its number is decided here; `version` of the argument is ignored.
    ApplyPipeline(Box<PipelineApplied>),
    /// Start a run.
    StartRun(StartRun),
    /// Start the run of an instant of a schedule.
    FireSchedule(FireSchedule),
    /// Stop a run.
    CancelRun {
        /// Which.
        run: RunId,
        /// Why, for people.
        reason: String,
    },
    /// Give a ready task to a worker.
    LeaseTask {
        /// The run.
        run: RunId,
        /// Place of the task.
        task: u32,
        /// Who gets it.
        worker: WorkerId,
    },
    /// What a worker says of an attempt.
    Report {
        /// Which attempt.
        attempt: AttemptRef,
        /// What it says.
        report: Report,
    },
    /// The worker that holds the attempt is gone.
    LoseAttempt {
        /// Which attempt.
        attempt: AttemptRef,
        /// How it became known.
        reason: String,
    },
    /// A deadline of the run has passed.
    WakeRun {
        /// Which run.
        run: RunId,
    },
}

/// See [`Command::StartRun`].
#[derive(Clone, Debug)]
pub struct StartRun {
    /// Id of the new run. The same id again is answered from state.
    pub run: RunId,
    /// Its pipeline; the current version runs.
    pub pipeline: PipelineId,
    /// What started it.
    pub trigger: Trigger,
    /// Values for declared inputs; texts are converted to the declared type.
    pub inputs: Map<String, Value>,
    /// What `ENV.NAME` reads.
    pub environment: Map<String, Value>,
}

/// See [`Command::FireSchedule`].
#[derive(Clone, Debug)]
pub struct FireSchedule {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the schedule.
    pub schedule: String,
    /// The instant it names.
    pub instant: Timestamp,
}

/// See [`Command::Report`].
#[derive(Clone, Debug)]
pub enum Report {
    /// The job runs.
    Started {
        /// Connector's own versioned bytes.
        handle: Vec<u8>,
        /// Id in the other system; empty = none.
        external_id: String,
    },
    /// The job ended well.
    Succeeded {
        /// With or without a warning.
        outcome: Outcome,
        /// What it set.
        outputs: Map<String, Value>,
        /// For people.
        message: String,
    },
    /// The job failed.
    Failed {
        /// What kind of failure.
        class: FailureClass,
        /// For people.
        message: String,
        /// What it set before.
        outputs: Map<String, Value>,
    },
    /// Nothing of the attempt runs any more, and it did not end by itself.
    Stopped,
    /// What it did inside another system.
    Collected {
        /// Counts from 0.
        chunk: u32,
        /// What.
        collected: Collected,
    },
}

/// A refusal: a value that the caller understands, not an error of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No pipeline with this id was applied.
    #[error("there is no pipeline {0}; apply it first")]
    UnknownPipeline(PipelineId),
    /// The pipeline has no schedule of this name.
    #[error("pipeline {pipeline} has no schedule `{schedule}`")]
    UnknownSchedule {
        /// The pipeline.
        pipeline: PipelineId,
        /// The name.
        schedule: String,
    },
    /// No such run.
    #[error("there is no run {0}")]
    UnknownRun(RunId),
    /// The run has ended, and ended runs never change (INV-02).
    #[error("run {run} has ended {status}")]
    RunFinished {
        /// The run.
        run: RunId,
        /// How it ended.
        status: crate::status::RunStatus,
    },
    /// The run id stands for another pipeline's run already.
    #[error("run {0} exists already and belongs to another pipeline")]
    RunExists(RunId),
    /// This instant, or a later one, was decided before (INV-05).
    #[error("schedule `{schedule}` was decided up to {watermark} already")]
    AlreadyFired {
        /// The schedule.
        schedule: String,
        /// Last decided instant.
        watermark: Timestamp,
    },
    /// The instant lies in the future: the scheduler's clock is ahead.
    #[error("schedule `{schedule}` is not due at {instant} yet; check the scheduler's clock")]
    NotDue {
        /// The schedule.
        schedule: String,
        /// The instant.
        instant: Timestamp,
    },
    /// A required input is missing, has the wrong type, or is not declared.
    #[error("{0}")]
    InvalidInputs(String),
    /// The attempt is not the current one, or has ended (INV-01).
    #[error("attempt {} of task {} of run {} is not the current one", .0.number, .0.task, .0.run)]
    StaleAttempt(AttemptRef),
    /// The task is not waiting for a worker.
    #[error("task {task} of run {run} is not waiting for a worker")]
    NotReady {
        /// The run.
        run: RunId,
        /// Place of the task.
        task: u32,
    },
}
