//! Refusals: what a command is answered that changes nothing, in words and as a code.

use jiff::Timestamp;

use crate::{
    event::AttemptRef,
    id::{AlertId, BackfillId, EndpointId, PipelineId, RunId},
    level::Level,
};

/// A refusal: a value that the caller understands, not an error of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Nothing is known of this alert, or it was delivered.
    #[error("there is no undelivered alert {0}; `downbeat alerts` lists them")]
    UnknownAlert(AlertId),
    /// No pipeline with this id was applied.
    #[error("there is no pipeline {0}; apply it first")]
    UnknownPipeline(PipelineId),
    /// The pipeline is paused.
    #[error("pipeline `{alias}` is paused; resume it first")]
    PipelinePaused {
        /// Its alias.
        alias: String,
    },
    /// A pipeline is to be created, and there is one.
    #[error("there is a pipeline `{alias}` already; take another alias, or change that one")]
    PipelineExists {
        /// Its alias.
        alias: String,
    },
    /// The pipeline has changed since what is to be stored was made of it.
    #[error(
        "pipeline `{alias}` has changed: this was made of version {base}, and the newest one is {newest} (0 = there is none); look at what has changed, then store it again"
    )]
    ChangedMeanwhile {
        /// Its alias.
        alias: String,
        /// The version that the new one was made of.
        base: u32,
        /// The newest there is.
        newest: u32,
    },
    /// The pipeline has drafts, and no current version.
    #[error("pipeline `{alias}` has drafts only: name the version to run (1 to {latest}), or apply one of them")]
    OnlyDrafts {
        /// Its alias.
        alias: String,
        /// Its newest version.
        latest: u32,
    },
    /// The pipeline has no version of this number.
    #[error("pipeline `{alias}` has no version {version}; its versions are 1 to {latest}")]
    UnknownVersion {
        /// Its alias.
        alias: String,
        /// The number asked for.
        version: u32,
        /// Its newest version.
        latest: u32,
    },
    /// The state does not have the version, and nobody has read it back from the log, or others have come since.
    #[error("version {version} of pipeline `{alias}` was not read back in time; try again")]
    VersionUnread {
        /// Its alias.
        alias: String,
        /// The number asked for.
        version: u32,
    },
    /// What was read is not of where the file is kept now.
    #[error("the file of pipeline `{alias}` is kept elsewhere than where it was read; try again")]
    StorageMoved {
        /// Its alias.
        alias: String,
    },
    /// The file counts for another pipeline, too.
    #[error(
        "{path} on branch {branch} is also the file of another pipeline, which nobody changes through this one: commit to another branch, or push it with git"
    )]
    FileOfAnother {
        /// Path of the file.
        path: String,
        /// The branch.
        branch: String,
    },
    /// Where a file is kept, or comes from, has rules.
    #[error("{0}")]
    InvalidStorage(String),
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
    /// Keys have limits, and must open something.
    #[error("{0}")]
    InvalidKey(String),
    /// A key of this name, or of this id, is there.
    #[error("there is a key `{0}` already; revoke it first, or choose another name")]
    KeyExists(String),
    /// There are as many keys as there may be.
    #[error("there are {0} keys that have not expired, and no more are allowed; revoke some")]
    TooManyKeys(usize),
    /// No such key.
    #[error("there is no key `{0}`; `downbeat key list` shows those that there are")]
    UnknownKey(String),
    /// Endpoints have limits, and some have no secret.
    #[error("{0}")]
    InvalidEndpoint(String),
    /// The pipeline has an endpoint of this name.
    #[error("pipeline `{alias}` has an endpoint `{name}` already; close it first, or choose another name")]
    EndpointExists {
        /// Its name.
        name: String,
        /// The pipeline's alias.
        alias: String,
    },
    /// There are as many endpoints as there may be.
    #[error("{of} has {most} endpoints, and no more are allowed; close some")]
    TooManyEndpoints {
        /// What has them.
        of: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// No such endpoint.
    #[error("there is no endpoint `{0}`; `downbeat webhook list` shows those that there are")]
    UnknownEndpoint(EndpointId),
    /// Logins have limits.
    #[error("{0}")]
    InvalidLogin(String),
    /// What a program shows for a login opens none.
    #[error("{0}")]
    LoginRefused(&'static str),
    /// No such login.
    #[error("there is no login {0}, or it has ended; `downbeat login list` shows those that there are")]
    UnknownLogin(crate::id::LoginId),
    /// Prices, bills and budgets have limits, and must make sense.
    #[error("{0}")]
    InvalidCost(String),
    /// Names and sizes of pools have limits.
    #[error("{0}")]
    InvalidPool(String),
    /// Names and variables of environments have limits.
    #[error("{0}")]
    InvalidEnvironment(String),
    /// No environment has this id or name.
    #[error("there is no environment `{named}`; {known}")]
    UnknownEnvironment {
        /// What was asked for.
        named: String,
        /// Some of those that exist, in words.
        known: String,
    },
    /// The default one can only be removed last.
    #[error("environment `{name}` is the default; make another one the default before you remove it")]
    EnvironmentIsDefault {
        /// Its name.
        name: String,
    },
    /// Texts and numbers of what is declared of assets have limits.
    #[error("{0}")]
    InvalidAsset(String),
    /// It was declared before.
    #[error("asset `{asset}` is declared already: change it, or remove it first")]
    AssetExists {
        /// Its key.
        asset: String,
    },
    /// Names and fields of connections have limits.
    #[error("{0}")]
    InvalidConnection(String),
    /// No sealed connection has this id or name.
    #[error("there is no connection `{0}`; `downbeat connection list` shows those that are sealed")]
    UnknownConnection(String),
    /// It was saved by somebody else meanwhile.
    #[error("connection `{name}` has changed meanwhile; look at it, and save it again")]
    ConnectionChanged {
        /// Its name.
        name: String,
    },
    /// Pipelines use it.
    #[error("connection `{name}` is used by {by}; change these first, or remove it by force")]
    ConnectionUsed {
        /// Its name.
        name: String,
        /// Some of those who use it, in words.
        by: String,
    },
    /// Nobody can try it now.
    #[error("connection `{name}` cannot be tried: {why}")]
    ConnectionUntried {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// What a tool remembers has limits.
    #[error("{0}")]
    InvalidToolState(String),
    /// Older versions would not know the events.
    #[error(
        "this needs level {needed} of the log, which is at level {level}, so that an older version of Downbeat can go on with it; once you will not go back to one, raise it with `downbeat log level --raise` (docs/upgrades.md)"
    )]
    LevelTooLow {
        /// The level that has these events.
        needed: Level,
        /// That of the log.
        level: Level,
    },
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
            Self::UnknownAlert(_) => "unknown-alert",
            Self::UnknownPipeline(_) => "UNKNOWN_PIPELINE",
            Self::PipelinePaused { .. } => "PIPELINE_PAUSED",
            Self::PipelineExists { .. } => "PIPELINE_EXISTS",
            Self::ChangedMeanwhile { .. } => "CHANGED_MEANWHILE",
            Self::OnlyDrafts { .. } => "ONLY_DRAFTS",
            Self::UnknownVersion { .. } => "UNKNOWN_VERSION",
            Self::VersionUnread { .. } => "VERSION_UNREAD",
            Self::StorageMoved { .. } => "STORAGE_MOVED",
            Self::FileOfAnother { .. } => "FILE_OF_ANOTHER",
            Self::InvalidStorage(_) => "INVALID_STORAGE",
            Self::TriggerCircle(_) => "TRIGGER_CIRCLE",
            Self::TooManyFollowers(_) => "TOO_MANY_FOLLOWERS",
            Self::UnknownTask { .. } => "UNKNOWN_TASK",
            Self::RunLive { .. } => "RUN_LIVE",
            Self::TaskEnded { .. } => "TASK_ENDED",
            Self::TaskUnfit { .. } => "TASK_UNFIT",
            Self::NotAnApprover { .. } => "NOT_AN_APPROVER",
            Self::InvalidPool(_) => "INVALID_POOL",
            Self::InvalidKey(_) => "INVALID_KEY",
            Self::KeyExists(_) => "KEY_EXISTS",
            Self::TooManyKeys(_) => "TOO_MANY_KEYS",
            Self::UnknownKey(_) => "UNKNOWN_KEY",
            Self::InvalidEndpoint(_) => "INVALID_ENDPOINT",
            Self::EndpointExists { .. } => "ENDPOINT_EXISTS",
            Self::TooManyEndpoints { .. } => "TOO_MANY_ENDPOINTS",
            Self::UnknownEndpoint(_) => "UNKNOWN_ENDPOINT",
            Self::InvalidLogin(_) => "INVALID_LOGIN",
            Self::LoginRefused(_) => "LOGIN_REFUSED",
            Self::UnknownLogin(_) => "UNKNOWN_LOGIN",
            Self::InvalidCost(_) => "INVALID_COST",
            Self::InvalidEnvironment(_) => "INVALID_ENVIRONMENT",
            Self::UnknownEnvironment { .. } => "UNKNOWN_ENVIRONMENT",
            Self::EnvironmentIsDefault { .. } => "ENVIRONMENT_IS_DEFAULT",
            Self::InvalidAsset(_) => "INVALID_ASSET",
            Self::AssetExists { .. } => "ASSET_EXISTS",
            Self::InvalidConnection(_) => "INVALID_CONNECTION",
            Self::UnknownConnection(_) => "UNKNOWN_CONNECTION",
            Self::ConnectionChanged { .. } => "CONNECTION_CHANGED",
            Self::ConnectionUsed { .. } => "CONNECTION_USED",
            Self::ConnectionUntried { .. } => "CONNECTION_UNTRIED",
            Self::InvalidToolState(_) => "INVALID_TOOL_STATE",
            Self::LevelTooLow { .. } => "LEVEL_TOO_LOW",
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
