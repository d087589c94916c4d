//! The facts. Names are in the past tense; the wire form and the number of each kind stand in `proto`.

mod access;
mod alert;
mod asset;
mod audit;
mod backfill;
mod carried;
mod login;
mod parts;
mod pipeline;
mod run;
mod sensor;
mod trigger;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    connection::ConnectionEvent,
    cost::CostEvent,
    endpoint::EndpointEvent,
    environment::EnvironmentEvent,
    file_commit::FileCommitEvent,
    foreign::LineageReported,
    id::{AlertId, BackfillId, PipelineId, RunId, WorkerId},
    inventory::InventoryEvent,
    metadata::Collected,
    status::{FailureClass, Mark, Outcome, RunStatus, StopReason, TaskStatus},
    storage::PipelineStorage,
    tool_state::ToolStateKept,
};

pub use access::{AccessEvent, KeyCreated, ToolsCalled};
pub use alert::{Alert, AlertSubject, AlertsRaised, Anomaly};
pub use asset::{
    AssetTriggerDeclined, AssetsMaterialised, DeadlineBreached, DeadlineMet, FreshnessBreached, FreshnessRestored,
};
pub use audit::CommandRejected;
pub use backfill::BackfillCreated;
pub use carried::TaskCarriedOver;
pub use login::{LoginBegun, LoginEnd, LoginRenewed};
pub use parts::{ConditionResult, Selection};
pub use pipeline::PipelineApplied;
pub use run::RunCreated;
pub use sensor::{Finding, SensorChecked, SensorClosed, SensorEventTaken, SensorOpened, WindowRef};
pub use trigger::{EventOrigin, EventTaken, Follower, PassReason, PassedInstants, ScheduleDecided, Trigger};

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

/// A fact about a partition.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are those of proto/downbeat/events/v1/events.proto and are described there")]
pub enum Event {
    /// A coordinator became the only writer.
    PartitionOwned { owner: String, software_version: String },
    /// A pipeline got a new version, which is the current one.
    PipelineApplied(Box<PipelineApplied>),
    /// A pipeline got a new version that only runs which ask for it are of; the current one stays.
    PipelineDrafted(Box<PipelineApplied>),
    /// A version that there was before can be started again: it was read back from the log.
    PipelineRecalled(Box<PipelineApplied>),
    /// Its file is kept here from now on.
    PipelineStorageSet { pipeline: PipelineId, storage: PipelineStorage, at: Timestamp },
    /// No run of it starts until it is resumed; live runs go on.
    PipelinePaused { pipeline: PipelineId, reason: String, at: Timestamp },
    /// Runs of it start again.
    PipelineResumed { pipeline: PipelineId, at: Timestamp },
    /// It is gone: nothing of it starts any more. Its live runs are cancelled by events of their own.
    PipelineDeleted { pipeline: PipelineId, at: Timestamp },
    /// A named pool has this many slots from now on; `None` = it is gone.
    PoolSet { name: String, slots: Option<u32>, at: Timestamp },
    /// Schedules are computed by newer rules of time zones from now on; `before` is empty where none were known.
    TimeZonesChanged { before: String, release: String, at: Timestamp },
    /// Whoever acts on the log has to be of this level from now on; `before` is 0 where the log begins so.
    LevelRaised { before: u32, level: u32, at: Timestamp },
    /// Instants of a schedule passed without a run of their own.
    ScheduleDecided(Box<ScheduleDecided>),
    /// The run is about to end, and these pipelines are started by that; each is decided on its own.
    FollowersDue { run: RunId, status: RunStatus, chain: Vec<PipelineId>, followers: Vec<Follower>, at: Timestamp },
    /// The end of a run would start this pipeline, and cannot.
    FollowerDeclined { ended: RunId, pipeline: PipelineId, reason: String, at: Timestamp },
    /// A trigger over several events took one, which waits for the others.
    EventTaken(Box<EventTaken>),
    /// Past instants of a schedule are to be run, one after the other.
    BackfillCreated(Box<BackfillCreated>),
    /// It starts nothing more. Its live runs are cancelled by events of their own.
    BackfillCancelled { backfill: BackfillId, reason: String, at: Timestamp },
    /// These instants of it get no run: none can be made of them, or another one has done them meanwhile.
    BackfillDeclined { backfill: BackfillId, instants: Vec<Timestamp>, reason: String, at: Timestamp },
    /// The schedule of a sensor opened a window.
    SensorOpened(Box<SensorOpened>),
    /// The checks of a window found something else than before.
    SensorChecked(Box<SensorChecked>),
    /// A window closed without a run.
    SensorClosed(Box<SensorClosed>),
    /// Others told sensors that something happened.
    SensorEventTaken(Box<SensorEventTaken>),
    /// Operations of an attempt materialised assets that somebody asks for.
    AssetsMaterialised(Box<AssetsMaterialised>),
    /// What an asset trigger had gathered starts no run.
    AssetTriggerDeclined(Box<AssetTriggerDeclined>),
    /// An asset is older than a pipeline says that it may be.
    FreshnessBreached(Box<FreshnessBreached>),
    /// It is no longer.
    FreshnessRestored(Box<FreshnessRestored>),
    /// At an instant of a deadline a run had ended well in time.
    DeadlineMet(Box<DeadlineMet>),
    /// At an instant of a deadline none had.
    DeadlineBreached(Box<DeadlineBreached>),
    /// Something ended of which somebody asks to be told.
    AlertsRaised(Box<AlertsRaised>),
    /// The destination took it.
    AlertDelivered { alert: AlertId, at: Timestamp },
    /// It did not, for the how-manieth time; without `retry_at` it is a dead letter now.
    AlertFailed { alert: AlertId, failures: u32, message: String, retry_at: Option<Timestamp>, at: Timestamp },
    /// A dead letter, which had failed so often, is tried once more.
    AlertRetried { alert: AlertId, failures: u32, at: Timestamp },
    /// A command of a person or a program was refused, or so many more like it.
    CommandRejected(Box<CommandRejected>),
    /// Of the ledger of costs.
    Cost(Box<CostEvent>),
    /// Of keys and logins.
    Access(Box<AccessEvent>),
    /// Of endpoints that start pipelines.
    Endpoint(Box<EndpointEvent>),
    /// Of sealed connections.
    Connection(Box<ConnectionEvent>),
    /// Of commits that people ask for.
    FileCommit(Box<FileCommitEvent>),
    /// Another system said something about a run of its own.
    LineageReported(Box<LineageReported>),
    /// Of the environments that runs read.
    Environment(EnvironmentEvent),
    /// Of what people declare of assets.
    Inventory(Box<InventoryEvent>),
    /// A tool remembers something for its next run.
    ToolStateKept(Box<ToolStateKept>),
    /// A run began to exist.
    RunCreated(Box<RunCreated>),
    /// Somebody wants the run stopped; tasks that no worker holds are cancelled by this very event.
    RunCancelRequested { run: RunId, reason: String, at: Timestamp },
    /// `concurrency` lets it wait.
    RunQueued { run: RunId, reason: String, at: Timestamp },
    /// `concurrency` lets it go; `deadline` is when its timeout ends it.
    RunAdmitted { run: RunId, deadline: Option<Timestamp>, at: Timestamp },
    /// It took longer than its timeout: it is stopped like a cancelled run and ends FAILED.
    RunTimedOut { run: RunId, at: Timestamp },
    /// Everything that a restart takes over from the run before has been taken over.
    CarryCompleted { run: RunId, at: Timestamp },
    /// Every task of the run has ended.
    RunFinished { run: RunId, status: RunStatus, message: String, at: Timestamp },
    /// The dependencies and the condition of a group hold: its tasks may go.
    GroupOpened { run: RunId, group: u32, condition: Option<ConditionResult> },
    /// A group does not run; its tasks are skipped by this very event.
    GroupSkipped { run: RunId, group: u32, reason: String, condition: Option<ConditionResult>, at: Timestamp },
    /// The elements of a matrix are known: `axes` holds, per name, the values; iterations are their combinations, the last name
    /// turning fastest.
    MatrixExpanded { run: RunId, group: u32, axes: Vec<(String, Vec<Value>)>, at: Timestamp },
    /// The tasks of an iteration may go.
    IterationOpened { run: RunId, group: u32, iteration: u32 },
    /// The iteration does not run; its tasks are skipped by this very event.
    IterationSkipped { run: RunId, group: u32, iteration: u32, reason: String, at: Timestamp },
    /// All iterations of a task of a matrix have ended.
    IterationsEnded { run: RunId, task: u32, status: TaskStatus, at: Timestamp },
    /// The task ended in the run before, or is not part of what runs again: it is SKIPPED, and seen by others as `status`.
    TaskCarriedOver(Box<TaskCarriedOver>),
    /// The task runs again, but only for these operations and what follows from them.
    TaskResumes { run: RunId, task: u32, iteration: Option<String>, operations: Vec<String> },
    /// A person decided the outcome of the task. If a worker holds it, it is stopped first.
    TaskMarked {
        run: RunId,
        task: u32,
        mark: Mark,
        outputs: Map<String, Value>,
        reason: String,
        by: String,
        at: Timestamp,
    },
    /// A task waits for a worker.
    TaskReady { run: RunId, task: u32, condition: Option<ConditionResult>, at: Timestamp },
    /// A task does not run.
    TaskSkipped {
        run: RunId,
        task: u32,
        reason: String,
        condition: Option<ConditionResult>,
        /// How others see it, where that is not SKIPPED.
        seen_as: Option<TaskStatus>,
        at: Timestamp,
    },
    /// A task failed without an attempt: an expression of its own did not evaluate.
    TaskFailed { run: RunId, task: u32, message: String, as_warning: bool, at: Timestamp },
    /// An attempt was given to a worker. `remote`: what it begins may outlive the worker.
    AttemptLeased {
        attempt: AttemptRef,
        worker: WorkerId,
        parameters: Option<Map<String, Value>>,
        remote: bool,
        at: Timestamp,
    },
    /// The worker began, or the other system took the job; `deadline` is when the worker will be asked to stop it.
    AttemptStarted {
        attempt: AttemptRef,
        at: Timestamp,
        handle: Vec<u8>,
        external_id: String,
        link: String,
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
    /// The worker confirmed that nothing of the attempt runs any more; or says in `unconfirmed` why it may still run elsewhere.
    AttemptStopped { attempt: AttemptRef, unconfirmed: String, at: Timestamp },
    /// An `ORCHESTRA/WAIT` began; no worker holds it.
    WaitStarted { attempt: AttemptRef, at: Timestamp, until: Timestamp },
    /// An `ORCHESTRA/APPROVAL` waits for a person.
    ApprovalRequested {
        attempt: AttemptRef,
        approvers: Vec<String>,
        message: String,
        until: Option<Timestamp>,
        at: Timestamp,
    },
    /// A person decided.
    ApprovalDecided {
        attempt: AttemptRef,
        approved: bool,
        by: String,
        comment: String,
        outputs: Map<String, Value>,
        as_warning: bool,
        at: Timestamp,
    },
    /// An `ORCHESTRA/TRIGGER_PIPELINE` started a run; a detached one does not wait for it.
    ChildStarted {
        attempt: AttemptRef,
        child: RunId,
        pipeline: PipelineId,
        detached: bool,
        deadline: Option<Timestamp>,
        at: Timestamp,
    },
    /// The run that the task waited for has ended.
    ChildEnded {
        attempt: AttemptRef,
        status: TaskStatus,
        message: String,
        outputs: Map<String, Value>,
        retry_at: Option<Timestamp>,
        at: Timestamp,
    },
    /// What an attempt did inside another system.
    OperationsCollected { attempt: AttemptRef, chunk: u32, collected: Arc<Collected> },
}

impl Event {
    /// The run that the event is about.
    pub fn run(&self) -> Option<RunId> {
        match self {
            Event::PartitionOwned { .. }
            | Event::PipelineApplied(_)
            | Event::PipelineDrafted(_)
            | Event::PipelineRecalled(_)
            | Event::PipelineStorageSet { .. }
            | Event::PipelinePaused { .. }
            | Event::PipelineResumed { .. }
            | Event::PipelineDeleted { .. }
            | Event::ScheduleDecided(_)
            | Event::PoolSet { .. }
            | Event::TimeZonesChanged { .. }
            | Event::LevelRaised { .. }
            | Event::EventTaken(_)
            | Event::BackfillCreated(_)
            | Event::BackfillCancelled { .. }
            | Event::BackfillDeclined { .. }
            | Event::SensorOpened(_)
            | Event::SensorChecked(_)
            | Event::SensorClosed(_)
            | Event::SensorEventTaken(_)
            | Event::AssetTriggerDeclined(_)
            | Event::FreshnessBreached(_)
            | Event::FreshnessRestored(_)
            | Event::DeadlineMet(_)
            | Event::DeadlineBreached(_)
            // It follows from what the run reports, and changes nothing of the run.
            | Event::AssetsMaterialised(_)
            | Event::AlertDelivered { .. }
            | Event::AlertFailed { .. }
            | Event::AlertRetried { .. }
            | Event::CommandRejected(_)
            | Event::Cost(_)
            | Event::Access(_)
            | Event::Endpoint(_)
            | Event::Connection(_)
            | Event::FileCommit(_)
            | Event::LineageReported(_)
            | Event::Environment(_)
            | Event::Inventory(_)
            | Event::ToolStateKept(_)
            // It is about a run that has ended, and changes nothing of it.
            | Event::FollowerDeclined { .. } => None,
            Event::RunCreated(created) => Some(created.run),
            Event::TaskCarriedOver(carried) => Some(carried.run),
            Event::AlertsRaised(raised) => match raised.subject {
                AlertSubject::Run(run) | AlertSubject::Task(run, _) => Some(run),
                AlertSubject::Window(_) | AlertSubject::Budget { .. } => None,
            },
            Event::RunCancelRequested { run, .. }
            | Event::RunQueued { run, .. }
            | Event::RunAdmitted { run, .. }
            | Event::RunTimedOut { run, .. }
            | Event::CarryCompleted { run, .. }
            | Event::FollowersDue { run, .. }
            | Event::RunFinished { run, .. }
            | Event::GroupOpened { run, .. }
            | Event::GroupSkipped { run, .. }
            | Event::MatrixExpanded { run, .. }
            | Event::IterationOpened { run, .. }
            | Event::IterationSkipped { run, .. }
            | Event::IterationsEnded { run, .. }
            | Event::TaskResumes { run, .. }
            | Event::TaskMarked { run, .. }
            | Event::TaskReady { run, .. }
            | Event::TaskSkipped { run, .. }
            | Event::TaskFailed { run, .. } => Some(*run),
            _ => self.attempt().map(|attempt| attempt.run),
        }
    }

    /// The pipeline whose own deadlines the event may change, apart from those of its runs. [`Event::AssetsMaterialised`] may change those
    /// of any that ask for its assets: see [`crate::state::Partition::asking_for`].
    pub fn timed_pipeline(&self) -> Option<PipelineId> {
        match self {
            Event::PipelineApplied(applied) => Some(applied.pipeline),
            Event::PipelineDeleted { pipeline, .. } => Some(*pipeline),
            Event::SensorOpened(opened) => Some(opened.window.pipeline),
            Event::SensorClosed(closed) => Some(closed.window.pipeline),
            Event::AssetTriggerDeclined(declined) => Some(declined.pipeline),
            Event::FreshnessBreached(breached) => Some(breached.pipeline),
            Event::FreshnessRestored(restored) => Some(restored.pipeline),
            Event::RunCreated(created) => Some(created.pipeline),
            _ => None,
        }
    }

    /// The attempt that the event is about.
    pub fn attempt(&self) -> Option<AttemptRef> {
        match self {
            Event::AttemptLeased { attempt, .. }
            | Event::AttemptStarted { attempt, .. }
            | Event::AttemptSucceeded { attempt, .. }
            | Event::AttemptFailed { attempt, .. }
            | Event::AttemptLost { attempt, .. }
            | Event::AttemptStopRequested { attempt, .. }
            | Event::AttemptStopped { attempt, .. }
            | Event::WaitStarted { attempt, .. }
            | Event::ApprovalRequested { attempt, .. }
            | Event::ApprovalDecided { attempt, .. }
            | Event::ChildStarted { attempt, .. }
            | Event::ChildEnded { attempt, .. }
            | Event::OperationsCollected { attempt, .. } => Some(*attempt),
            _ => None,
        }
    }

    /// Place of the task that the event is about; of a task of a matrix that is carried over or resumed, its place in the plan.
    pub fn task(&self) -> Option<u32> {
        match self {
            Event::TaskReady { task, .. }
            | Event::TaskSkipped { task, .. }
            | Event::TaskFailed { task, .. }
            | Event::TaskMarked { task, .. }
            | Event::TaskResumes { task, .. }
            | Event::IterationsEnded { task, .. } => Some(*task),
            Event::TaskCarriedOver(carried) => Some(carried.task),
            _ => self.attempt().map(|attempt| attempt.task),
        }
    }

    /// When it happened, as far as it carries an instant of its own.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Event::RunCreated(created) => Some(created.at),
            Event::ScheduleDecided(decided) => Some(decided.at),
            Event::TaskCarriedOver(carried) => Some(carried.at),
            Event::EventTaken(taken) => Some(taken.at),
            Event::BackfillCreated(created) => Some(created.at),
            Event::SensorOpened(opened) => Some(opened.at),
            Event::SensorChecked(checked) => Some(checked.at),
            Event::SensorClosed(closed) => Some(closed.at),
            Event::SensorEventTaken(taken) => Some(taken.at),
            Event::AssetsMaterialised(done) => Some(done.at),
            Event::AssetTriggerDeclined(declined) => Some(declined.at),
            Event::FreshnessBreached(breached) => Some(breached.at),
            Event::FreshnessRestored(restored) => Some(restored.at),
            Event::DeadlineMet(met) => Some(met.at),
            Event::DeadlineBreached(breached) => Some(breached.at),
            Event::AlertsRaised(raised) => Some(raised.at),
            Event::CommandRejected(rejected) => Some(rejected.at),
            Event::Cost(fact) => Some(fact.at()),
            Event::Access(fact) => fact.at(),
            Event::Endpoint(fact) => Some(fact.at()),
            Event::Connection(fact) => Some(fact.at()),
            Event::FileCommit(fact) => Some(fact.at()),
            Event::LineageReported(reported) => Some(reported.at),
            Event::Environment(fact) => Some(fact.at()),
            Event::Inventory(fact) => Some(fact.at()),
            Event::ToolStateKept(kept) => Some(kept.at),
            Event::PartitionOwned { .. }
            | Event::PipelineApplied(_)
            | Event::PipelineDrafted(_)
            | Event::PipelineRecalled(_)
            | Event::GroupOpened { .. }
            | Event::IterationOpened { .. }
            | Event::TaskResumes { .. }
            | Event::OperationsCollected { .. } => None,
            Event::PipelineStorageSet { at, .. }
            | Event::PipelinePaused { at, .. }
            | Event::PipelineResumed { at, .. }
            | Event::PipelineDeleted { at, .. }
            | Event::PoolSet { at, .. }
            | Event::BackfillCancelled { at, .. }
            | Event::BackfillDeclined { at, .. }
            | Event::TimeZonesChanged { at, .. }
            | Event::LevelRaised { at, .. }
            | Event::AlertDelivered { at, .. }
            | Event::AlertFailed { at, .. }
            | Event::AlertRetried { at, .. }
            | Event::RunCancelRequested { at, .. }
            | Event::RunQueued { at, .. }
            | Event::RunAdmitted { at, .. }
            | Event::RunTimedOut { at, .. }
            | Event::CarryCompleted { at, .. }
            | Event::FollowersDue { at, .. }
            | Event::FollowerDeclined { at, .. }
            | Event::RunFinished { at, .. }
            | Event::GroupSkipped { at, .. }
            | Event::MatrixExpanded { at, .. }
            | Event::IterationSkipped { at, .. }
            | Event::IterationsEnded { at, .. }
            | Event::TaskMarked { at, .. }
            | Event::TaskReady { at, .. }
            | Event::TaskSkipped { at, .. }
            | Event::TaskFailed { at, .. }
            | Event::AttemptLeased { at, .. }
            | Event::AttemptStarted { at, .. }
            | Event::AttemptSucceeded { at, .. }
            | Event::AttemptFailed { at, .. }
            | Event::AttemptLost { at, .. }
            | Event::AttemptStopRequested { at, .. }
            | Event::AttemptStopped { at, .. }
            | Event::WaitStarted { at, .. }
            | Event::ApprovalRequested { at, .. }
            | Event::ApprovalDecided { at, .. }
            | Event::ChildStarted { at, .. }
            | Event::ChildEnded { at, .. } => Some(*at),
        }
    }
}
