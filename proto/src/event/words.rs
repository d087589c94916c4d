//! Enumerations between domain and wire. On the way in, a number that this version does not know is no value at all: nothing is guessed.

use downbeat_domain::{
    CommandKind, FailureClass, Mark, Outcome, PassReason, RestartMode, RunStatus, StopReason, TargetKind, TaskStatus,
    connection::ConnectionHealth,
    event::LoginEnd,
    status::{CheckState, WindowEnd},
};

use crate::events::v1 as wire;

macro_rules! words {
    ($($(#[$doc:meta])* $to:ident, $of:ident: $name:ident { $($word:ident = $wire:ident),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            pub fn $to(value: $name) -> wire::$name {
                match value { $($name::$word => wire::$name::$wire),+ }
            }

            /// From its number; `None` = unspecified, or of a newer version.
            pub(crate) fn $of(number: i32) -> Option<$name> {
                match wire::$name::try_from(number).ok()? {
                    wire::$name::Unspecified => None,
                    $(wire::$name::$wire => Some($name::$word)),+
                }
            }
        )+
    };
}

words! {
    /// The wire form of what a command asks for.
    command_kind, command_kind_of: CommandKind {
        ApplyPipeline = ApplyPipeline,
        PausePipeline = PausePipeline,
        ResumePipeline = ResumePipeline,
        DeletePipeline = DeletePipeline,
        SetPipelineStorage = SetPipelineStorage,
        SetPool = SetPool,
        StartRun = StartRun,
        RestartRun = RestartRun,
        CancelRun = CancelRun,
        MarkTask = MarkTask,
        DecideApproval = DecideApproval,
        CreateBackfill = CreateBackfill,
        CancelBackfill = CancelBackfill,
        RetryAlert = RetryAlert,
        TakeWebhook = TakeWebhook,
        TakeSensorEvent = TakeSensorEvent,
        FireSchedule = FireSchedule,
        TakeEvent = TakeEvent,
        NoteTimeZones = NoteTimeZones,
        SetPrices = SetPrices,
        RecordCosts = RecordCosts,
        SetBudget = SetBudget,
        ReleaseRun = ReleaseRun,
        CreateKey = CreateKey,
        RevokeKey = RevokeKey,
        OpenEndpoint = OpenEndpoint,
        RotateEndpoint = RotateEndpoint,
        CloseEndpoint = CloseEndpoint,
        LogIn = LogIn,
        LogOut = LogOut,
        SetEnvironment = SetEnvironment,
        RemoveEnvironment = RemoveEnvironment,
        SaveConnection = SaveConnection,
        RemoveConnection = RemoveConnection,
        TestConnection = TestConnection,
        ResealConnections = ResealConnections,
        DeclareAsset = DeclareAsset,
        RemoveAsset = RemoveAsset,
        DeclareDependencies = DeclareDependencies,
        CallTool = CallTool,
        CommitPipelineFile = CommitPipelineFile,
        RaiseLogLevel = RaiseLogLevel,
    }
    /// The wire form of a kind of thing that commands are about.
    target_kind, target_kind_of: TargetKind {
        Pipeline = Pipeline,
        Run = Run,
        Task = Task,
        Pool = Pool,
        Backfill = Backfill,
        Alert = Alert,
        Event = Event,
        Key = Key,
        Login = Login,
        Environment = Environment,
        Endpoint = Endpoint,
        Connection = Connection,
        Asset = Asset,
    }
    /// The wire form of how a test of a connection ended.
    connection_health, connection_health_of: ConnectionHealth {
        Succeeded = Succeeded,
        Failed = Failed,
    }
    /// The wire form of why an instant has no run of its own.
    pass_reason, pass_reason_of: PassReason {
        Missed = Missed,
        NotLatest = NotLatest,
        TooOld = TooOld,
        TooMany = TooMany,
        Coalesced = Coalesced,
        Paused = Paused,
        Replaced = Replaced,
        Refused = Refused,
    }
    /// The wire form of how far a check of a sensor is.
    check_state, check_state_of: CheckState {
        Passed = Passed,
        Pending = Pending,
        Failed = Failed,
    }
    /// The wire form of why a window closed.
    window_end, window_end_of: WindowEnd {
        TimedOut = TimedOut,
        Refused = Refused,
        Followed = Followed,
        Replaced = Replaced,
        Deleted = Deleted,
    }
    /// The wire form of a run's status.
    run_status, run_status_of: RunStatus {
        Created = RunCreatedStatus,
        Queued = RunQueuedStatus,
        Running = RunRunning,
        Succeeded = RunSucceeded,
        Warning = RunWarning,
        Failed = RunFailed,
        Skipped = RunSkipped,
        Cancelling = RunCancelling,
        Cancelled = RunCancelled,
    }
    /// The wire form of a task run's status.
    task_status, task_status_of: TaskStatus {
        Created = Created,
        Queued = Queued,
        Running = Running,
        Succeeded = Succeeded,
        Warning = Warning,
        Failed = Failed,
        Skipped = Skipped,
        Cancelling = Cancelling,
        Cancelled = Cancelled,
    }
    /// The wire form of an outcome.
    outcome_word, outcome_of: Outcome { Succeeded = Succeeded, Warning = Warning }
    /// The wire form of a mark.
    mark, mark_of: Mark { Succeeded = Succeeded, Warning = Warning, Failed = Failed, Skipped = Skipped }
    /// The wire form of a restart's mode.
    restart_mode, restart_mode_of: RestartMode {
        All = All,
        FromFailed = FromFailed,
        FromTasks = FromTasks,
        FromSelected = FromSelected,
    }
    /// The wire form of a failure class.
    failure_class_word, failure_class_of: FailureClass {
        JobFailed = JobFailed,
        Misconfigured = Misconfigured,
        TimedOut = TimedOut,
        Transient = Transient,
        UnknownOutcome = UnknownOutcome,
    }
    /// The wire form of why a login ended.
    login_end, login_end_of: LoginEnd {
        Ended = Ended,
        CodeUsedTwice = CodeUsedTwice,
        RefreshUsedTwice = RefreshUsedTwice,
        Replaced = Replaced,
    }
    /// The wire form of a stop reason.
    stop_reason, stop_reason_of: StopReason {
        Cancelled = StopCancelled,
        TimedOut = StopTimedOut,
        Marked = StopMarked,
    }
}

/// The domain's outcome.
pub fn outcome(outcome: wire::Outcome) -> Option<Outcome> {
    outcome_of(outcome as i32)
}

/// The domain's failure class.
pub fn failure_class(class: wire::FailureClass) -> Option<FailureClass> {
    failure_class_of(class as i32)
}
