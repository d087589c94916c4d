//! Requests. Names are imperatives; who asks and when comes in the [`Context`], because the core has no clock.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    event::{AttemptRef, PassedInstants, PipelineApplied, Trigger, WindowRef},
    id::{BackfillId, PipelineId, RunId, WorkerId},
    incoming::IncomingEvent,
    metadata::Collected,
    replay::PriorRun,
    sensors::CheckAnswer,
    status::{FailureClass, Mark, Outcome, RestartMode},
};

/// What a decision may know of the world.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Now, by the clock of whoever runs the core.
    pub now: Timestamp,
    /// Drawn anew for every decision by whoever runs the core: what is left to chance (jitter) comes of it.
    pub random: u64,
}

/// A request to a partition.
#[derive(Clone, Debug)]
pub enum Command {
    /// Store a version of a pipeline. Its number is decided here; `version` of the argument is ignored.
    ApplyPipeline(Box<PipelineApplied>),
    /// Nothing of it starts until it is resumed.
    PausePipeline {
        /// Which.
        pipeline: PipelineId,
        /// Why, for people.
        reason: String,
    },
    /// It starts again.
    ResumePipeline {
        /// Which.
        pipeline: PipelineId,
    },
    /// It is gone; live runs are cancelled. Applying it again brings it back.
    DeletePipeline {
        /// Which.
        pipeline: PipelineId,
    },
    /// Set the slots of a named pool; `None` removes it.
    SetPool {
        /// Its name.
        name: String,
        /// How many attempts of one slot each may be live at once.
        slots: Option<u32>,
    },
    /// Take note of the rules of time zones by which somebody computes schedules.
    NoteTimeZones {
        /// Their release: a year and a letter, such as `2026f`.
        release: String,
    },
    /// Start a run.
    StartRun(StartRun),
    /// Run a run that has ended again, wholly or in part, as a new run.
    RestartRun(Box<RestartRun>),
    /// Take over what a restart keeps of the run before. Given by whoever read that run, as often as the state says that it waits.
    CarryOver {
        /// The new run.
        run: RunId,
        /// The run before, as it ended.
        prior: Arc<PriorRun>,
    },
    /// Start the run of an instant of a schedule.
    FireSchedule(FireSchedule),
    /// Let a trigger of a pipeline take an event from outside.
    TakeEvent(TakeEvent),
    /// Run past instants of a schedule.
    CreateBackfill(Box<CreateBackfill>),
    /// Start nothing more of a backfill, and stop what runs of it.
    CancelBackfill {
        /// Which.
        backfill: BackfillId,
        /// Why, for people.
        reason: String,
    },
    /// Take in what the checks of an open window gave.
    PollSensor(PollSensor),
    /// Take in an event that others send to sensors.
    TakeSensorEvent {
        /// What kind of event.
        event_type: String,
        /// What it carries.
        data: Value,
    },
    /// Start the run of a call from outside.
    TakeWebhook(TakeWebhook),
    /// A deadline of the pipeline itself has passed.
    WakePipeline {
        /// Which.
        pipeline: PipelineId,
    },
    /// Stop a run.
    CancelRun {
        /// Which.
        run: RunId,
        /// Why, for people.
        reason: String,
    },
    /// Decide the outcome of a task by hand.
    MarkTask {
        /// The run.
        run: RunId,
        /// Place of the task.
        task: u32,
        /// The outcome.
        mark: Mark,
        /// What others may read of it.
        outputs: Map<String, Value>,
        /// Why, for people.
        reason: String,
        /// Who.
        by: String,
    },
    /// Approve or reject an `ORCHESTRA/APPROVAL`.
    DecideApproval {
        /// The run.
        run: RunId,
        /// Place of the task.
        task: u32,
        /// Or rejected.
        approved: bool,
        /// Who.
        by: String,
        /// What they say about it.
        comment: String,
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
    /// Name of that environment; empty = none.
    pub environment_name: String,
    /// What of the pipeline runs; `None` = everything.
    pub selection: Option<SelectTasks>,
}

/// The part of a pipeline that a run is about, by ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectTasks {
    /// Ids of tasks or groups, without regard to case.
    pub ids: Vec<String>,
    /// Also everything that follows from them.
    pub downstream: bool,
}

/// See [`Command::RestartRun`].
#[derive(Clone, Debug)]
pub struct RestartRun {
    /// Id of the new run. The same id again is answered from state.
    pub run: RunId,
    /// The run that is run again, as it ended.
    pub prior: Arc<PriorRun>,
    /// Which part of it.
    pub mode: RestartMode,
    /// Ids of tasks or groups, for [`RestartMode::FromTasks`] and [`RestartMode::FromSelected`].
    pub tasks: Vec<String>,
    /// Inputs that differ from the run before.
    pub inputs: Map<String, Value>,
    /// Who asks.
    pub user: String,
}

/// See [`Command::FireSchedule`].
#[derive(Clone, Debug)]
pub struct FireSchedule {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the schedule.
    pub schedule: String,
    /// The instant it names: everything up to it is decided by this command.
    pub instant: Timestamp,
    /// The last instant that was decided before, as far as the caller knows; the command is refused if it is another one, so that no
    /// instant is decided twice and none is passed over.
    pub after: Option<Timestamp>,
    /// Instants between the two that get no run of their own.
    pub passed: Vec<PassedInstants>,
    /// Whether `instant` starts a run; otherwise it is the last one of `passed`.
    pub fires: bool,
}

/// See [`Command::CreateBackfill`].
#[derive(Clone, Debug)]
pub struct CreateBackfill {
    /// Id of the new backfill. The same id again is answered from state.
    pub backfill: BackfillId,
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the schedule.
    pub schedule: String,
    /// It is about the instants from here...
    pub from: Timestamp,
    /// ... to before here.
    pub to: Timestamp,
    /// These instants, ascending; see [`crate::backfill::instants`].
    pub instants: Vec<Timestamp>,
    /// How many of its runs may be live at once.
    pub max_active: u32,
    /// Also instants whose runs have succeeded.
    pub force: bool,
    /// Who asks.
    pub user: String,
}

/// See [`Command::TakeEvent`].
#[derive(Clone, Debug)]
pub struct TakeEvent {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the trigger.
    pub trigger: String,
    /// The event.
    pub event: Arc<IncomingEvent>,
}

/// See [`Command::PollSensor`].
#[derive(Clone, Debug)]
pub struct PollSensor {
    /// The window.
    pub window: WindowRef,
    /// One per check of the sensor, in their order; `None` where the core finds out by itself.
    pub answers: Vec<Option<CheckAnswer>>,
}

/// See [`Command::TakeWebhook`].
#[derive(Clone, Debug)]
pub struct TakeWebhook {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Id of the delivery.
    pub delivery: String,
    /// What `outputs.payload` reads.
    pub payload: Value,
    /// By which scheme its signature was verified; empty = it was not signed.
    pub signature: String,
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
    /// The pipeline is paused.
    #[error("pipeline `{alias}` is paused; resume it first")]
    PipelinePaused {
        /// Its alias.
        alias: String,
    },
    /// Pipelines that start each other in a circle would never end.
    #[error("these pipelines start each other in a circle: {0}")]
    TriggerCircle(String),
    /// The end of one run would start too many pipelines.
    #[error("{0}")]
    TooManyFollowers(String),
    /// The pipeline has no task or group of this id.
    #[error("pipeline `{alias}` has no task or group `{id}`; it has: {known}")]
    UnknownTask {
        /// Alias of the pipeline.
        alias: String,
        /// The id asked for.
        id: String,
        /// Some of the ids that exist.
        known: String,
    },
    /// Only runs that have ended can be restarted.
    #[error("run {run} is {status}; cancel it or wait for its end before it is restarted")]
    RunLive {
        /// The run.
        run: RunId,
        /// Its status.
        status: crate::status::RunStatus,
    },
    /// The task has ended, and its outcome stands.
    #[error("task `{id}` of run {run} has ended {status}; restart the run from it instead")]
    TaskEnded {
        /// The run.
        run: RunId,
        /// The task.
        id: String,
        /// How it ended.
        status: crate::status::TaskStatus,
    },
    /// The command makes no sense for this task as it stands.
    #[error("task `{id}` of run {run} {reason}")]
    TaskUnfit {
        /// The run.
        run: RunId,
        /// The task.
        id: String,
        /// Why not.
        reason: String,
    },
    /// The person is not among the approvers.
    #[error("`{by}` may not decide task `{id}`; its approvers are: {approvers}")]
    NotAnApprover {
        /// Who asked.
        by: String,
        /// The task.
        id: String,
        /// Who may.
        approvers: String,
    },
    /// Names and sizes of pools have limits.
    #[error("{0}")]
    InvalidPool(String),
    /// Releases of time zone rules are a year and letters.
    #[error("`{0}` is no release of time zone rules such as 2026f")]
    InvalidRelease(String),
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
    /// The command about a schedule contradicts itself or the state.
    #[error("schedule `{schedule}`: {reason}")]
    UnfitFiring {
        /// The schedule.
        schedule: String,
        /// What is wrong.
        reason: String,
    },
    /// The backfill cannot be: what it asks for, or how much of it.
    #[error("{0}")]
    InvalidBackfill(String),
    /// No such backfill that has not ended.
    #[error("there is no backfill {0} that has not ended")]
    UnknownBackfill(BackfillId),
    /// Everything of the backfill has ended.
    #[error("backfill {0} has ended")]
    BackfillEnded(BackfillId),
    /// A trigger cannot take the event: a filter or an input did not evaluate, or does not fit.
    #[error("trigger `{trigger}` of pipeline `{alias}`: {reason}")]
    EventRefused {
        /// The pipeline's alias.
        alias: String,
        /// The trigger.
        trigger: String,
        /// What and why.
        reason: String,
    },
    /// An event for sensors has limits.
    #[error("event for sensors: {0}")]
    InvalidSensorEvent(String),
    /// Calls from outside start nothing of this pipeline.
    #[error("pipeline `{alias}` has no webhook; set `webhook: {{enabled: true}}` and apply it")]
    NoWebhook {
        /// Its alias.
        alias: String,
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
    /// A pool that the task needs slots of is full.
    #[error("task {task} of run {run} needs slots of {pool}, and there are not enough free")]
    PoolFull {
        /// The run.
        run: RunId,
        /// Place of the task.
        task: u32,
        /// Which pool.
        pool: String,
    },
}

impl Rejection {
    /// A stable code, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPipeline(_) => "UNKNOWN_PIPELINE",
            Self::PipelinePaused { .. } => "PIPELINE_PAUSED",
            Self::TriggerCircle(_) => "TRIGGER_CIRCLE",
            Self::TooManyFollowers(_) => "TOO_MANY_FOLLOWERS",
            Self::UnknownTask { .. } => "UNKNOWN_TASK",
            Self::RunLive { .. } => "RUN_LIVE",
            Self::TaskEnded { .. } => "TASK_ENDED",
            Self::TaskUnfit { .. } => "TASK_UNFIT",
            Self::NotAnApprover { .. } => "NOT_AN_APPROVER",
            Self::InvalidPool(_) => "INVALID_POOL",
            Self::InvalidRelease(_) => "INVALID_RELEASE",
            Self::UnknownSchedule { .. } => "UNKNOWN_SCHEDULE",
            Self::UnknownRun(_) => "UNKNOWN_RUN",
            Self::RunFinished { .. } => "RUN_FINISHED",
            Self::RunExists(_) => "RUN_EXISTS",
            Self::AlreadyFired { .. } => "ALREADY_FIRED",
            Self::NotDue { .. } => "NOT_DUE",
            Self::UnfitFiring { .. } => "UNFIT_FIRING",
            Self::InvalidBackfill(_) => "INVALID_BACKFILL",
            Self::UnknownBackfill(_) => "UNKNOWN_BACKFILL",
            Self::BackfillEnded(_) => "BACKFILL_ENDED",
            Self::EventRefused { .. } => "EVENT_REFUSED",
            Self::InvalidSensorEvent(_) => "INVALID_SENSOR_EVENT",
            Self::NoWebhook { .. } => "NO_WEBHOOK",
            Self::InvalidInputs(_) => "INVALID_INPUTS",
            Self::StaleAttempt(_) => "STALE_ATTEMPT",
            Self::NotReady { .. } => "NOT_READY",
            Self::PoolFull { .. } => "POOL_FULL",
        }
    }
}
