//! Requests. Names are imperatives; who asks and when comes in the [`Context`], because the core has no clock.

mod access;
mod rejection;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    connection::ConnectionCommand,
    cost::CostCommand,
    endpoint::EndpointCommand,
    environment::SetEnvironment,
    event::{AttemptRef, PassedInstants, PipelineApplied, Trigger, WindowRef},
    file_commit::FileCommitCommand,
    foreign::ReportLineage,
    id::{AlertId, BackfillId, PipelineId, RunId, WorkerId},
    incoming::IncomingEvent,
    inventory::InventoryCommand,
    metadata::Collected,
    replay::PriorRun,
    sensors::CheckAnswer,
    status::{FailureClass, Mark, Outcome, RestartMode},
    storage::PipelineStorage,
    tool_state::KeepToolState,
};

pub use access::{AccessCommand, BeginLogin, CompleteLogin, CreateKey, DrawnTokens, Holder, RefreshLogin};
pub use rejection::Rejection;

/// What a decision may know of the world.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// Now, by the clock of whoever runs the core.
    pub now: Timestamp,
    /// Drawn anew for every decision by whoever runs the core: what is left to chance (jitter) comes of it.
    pub random: u64,
}

/// What became of a try to deliver an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertOutcome {
    /// The destination took it.
    Delivered,
    /// It did not.
    Failed {
        /// Why, for people.
        message: String,
        /// Whether trying again may help.
        retryable: bool,
        /// Seconds for which the destination asks not to be tried again; 0 = it does not say.
        pause_seconds: u32,
    },
}

/// A request to a partition.
#[derive(Clone, Debug)]
pub enum Command {
    /// Store a version of a pipeline.
    ApplyPipeline(Box<ApplyPipeline>),
    /// Take a version that there was before into the state again, so that a run of it can be started. Given by whoever read it back.
    RecallVersion(Box<PipelineApplied>),
    /// Say where the file of a pipeline is kept from now on.
    SetPipelineStorage {
        /// Which.
        pipeline: PipelineId,
        /// Where.
        storage: PipelineStorage,
    },
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
    /// What became of an alert that a worker was asked to deliver.
    SettleAlert {
        /// Which.
        alert: AlertId,
        /// What.
        outcome: AlertOutcome,
    },
    /// Try an alert once more that was given up.
    RetryAlert {
        /// Which.
        alert: AlertId,
    },
    /// Set the slots of a named pool; `None` removes it.
    SetPool {
        /// Its name.
        name: String,
        /// How many attempts of one slot each may be live at once.
        slots: Option<u32>,
    },
    /// Make an environment, or change one.
    SetEnvironment(Box<SetEnvironment>),
    /// Remove an environment.
    RemoveEnvironment {
        /// Its id or its name.
        named: String,
    },
    /// Of what people declare of assets.
    Inventory(InventoryCommand),
    /// Set what a tool remembers from one run to the next.
    KeepToolState(Box<KeepToolState>),
    /// Take note of the rules of time zones by which somebody computes schedules.
    NoteTimeZones {
        /// Their release: a year and a letter, such as `2026f`.
        release: String,
    },
    /// Raise the level of the log to the newest that this version knows.
    RaiseLevel,
    /// Start a run.
    StartRun(Box<StartRun>),
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
        /// What that worker begins for it may outlive the worker.
        remote: bool,
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
    /// Of the ledger of costs.
    Cost(CostCommand),
    /// Of keys.
    Access(AccessCommand),
    /// Of endpoints that start pipelines.
    Endpoint(EndpointCommand),
    /// Of sealed connections.
    Connection(ConnectionCommand),
    /// Of commits that people ask for.
    FileCommit(FileCommitCommand),
    /// Another system says something about a run of its own.
    ReportLineage(Box<ReportLineage>),
    /// A deadline of the run has passed.
    WakeRun {
        /// Which run.
        run: RunId,
    },
}

/// See [`Command::ApplyPipeline`].
#[derive(Clone, Debug)]
pub struct ApplyPipeline {
    /// What is stored. Its number is decided here; `version` is ignored.
    pub applied: PipelineApplied,
    /// It does not become the current version.
    pub draft: bool,
    /// Only if there is no such pipeline, or it was deleted.
    pub create: bool,
    /// Only if there is such a pipeline and its file is kept there: the text was read from there a while ago. `None` = wherever it is.
    pub kept: Option<PipelineStorage>,
    /// Only if this is still the newest version there is, drafts among them; 0 = there is no such pipeline, or it was deleted. `None` = whatever
    /// there is. The very text that is there already is no change, whatever it was made of.
    pub base: Option<u32>,
}

impl Command {
    /// The command that makes this the current version.
    pub fn apply(applied: PipelineApplied) -> Self {
        Self::ApplyPipeline(Box::new(ApplyPipeline { applied, draft: false, create: false, kept: None, base: None }))
    }

    /// The command that stores this as a draft.
    pub fn draft(applied: PipelineApplied) -> Self {
        Self::ApplyPipeline(Box::new(ApplyPipeline { applied, draft: true, create: false, kept: None, base: None }))
    }
}

/// See [`Command::StartRun`].
#[derive(Clone, Debug)]
pub struct StartRun {
    /// Id of the new run. The same id again is answered from state.
    pub run: RunId,
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// The version that runs, which the state must have (see [`Command::RecallVersion`]); 0 = the current one.
    pub version: u32,
    /// What started it.
    pub trigger: Trigger,
    /// Values for declared inputs; texts are converted to the declared type.
    pub inputs: Map<String, Value>,
    /// Variables that this run reads instead of those of its environment, or beside them.
    pub environment: Map<String, Value>,
    /// Id or name of its environment; empty = the default one, if there is one.
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
    /// The version of the pipeline whose schedule was asked; instants of another one are not decided. 0 = whichever is current.
    pub version: u32,
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
        /// Where people see it there; empty = nowhere.
        link: String,
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
    Stopped {
        /// Not so: why it may still run in the other system; empty = it was confirmed.
        unconfirmed: String,
    },
    /// The worker let go of the attempt; what it began in another system goes on.
    Abandoned,
    /// What it did inside another system.
    Collected {
        /// Counts from 0.
        chunk: u32,
        /// What.
        collected: Collected,
    },
}
