//! Who asks for what: what stands beside every decision, and what a refused command leaves.
//!
//! Promises: every command that a person or a program can give has a kind and something that it is about, so that one that is refused
//! can be told like one that is not; every text of a caller is bounded. Knows nothing about who may do what.

use crate::{
    command::{AccessCommand, Command},
    connection::ConnectionCommand,
    cost::CostCommand,
    decide::cut,
    endpoint::EndpointCommand,
    environment::SetEnvironment,
    file_commit::FileCommitCommand,
    id::{EndpointId, PipelineId, RunId},
    inventory::InventoryCommand,
    limits,
};

/// Who gave a command, from where, why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Who: `user:ada`, `schedule:daily`, `worker:...`, `coordinator`.
    pub actor: String,
    /// From where.
    pub origin: CallOrigin,
    /// Why, in the caller's words; empty = it does not say, or the command's own events do.
    pub reason: String,
    /// What the command is about, as the caller named it; empty = the command tells.
    pub targets: Vec<Target>,
}

impl Caller {
    /// Somebody of whom nothing is known but the name.
    pub fn named(actor: impl Into<String>) -> Self {
        Self { actor: actor.into(), ..Self::default() }
    }

    /// The same with its texts cut to their limits and without what cannot be seen.
    pub fn bounded(mut self) -> Self {
        for text in [&mut self.origin.address, &mut self.origin.client] {
            *text = visible(text, limits::CALL_ORIGIN_BYTES_MAX);
        }
        self.reason = visible(&self.reason, limits::CALL_REASON_BYTES_MAX);
        self.targets.truncate(limits::CALL_TARGETS_MAX);
        self.targets.iter_mut().for_each(Target::bound);
        self
    }
}

/// Control characters could make one line of a report look like two.
pub(crate) fn visible(text: &str, bytes_max: usize) -> String {
    let shown: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    cut(shown.trim(), bytes_max)
}

/// From where a command came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOrigin {
    /// Address of the peer; empty = not known.
    pub address: String,
    /// Name and version of the program that called, as it says; empty = it does not.
    pub client: String,
}

impl CallOrigin {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.address.is_empty() && self.client.is_empty()
    }
}

/// Something that a command is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// What kind of thing.
    pub kind: TargetKind,
    /// Its id or, of a thing that has none, its name; of a task its id, or its place.
    pub id: String,
    /// What the caller called it, where that is not the id.
    pub name: String,
}

impl Target {
    /// A thing of this id.
    pub fn new(kind: TargetKind, id: impl ToString) -> Self {
        Self { kind, id: id.to_string(), name: String::new() }
    }

    /// Cuts its texts to their limits and takes out what cannot be seen.
    pub(crate) fn bound(&mut self) {
        self.id = visible(&self.id, limits::CALL_TARGET_BYTES_MAX);
        self.name = visible(&self.name, limits::CALL_TARGET_BYTES_MAX);
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$of])* $word),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [$name] = &[$($name::$word),+];

            /// The word of the API.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$word => $text),+ }
            }

            /// From the word of the API.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words!(
    /// Kinds of things that commands are about.
    TargetKind {
        /// A pipeline.
        Pipeline = "pipeline",
        /// A run.
        Run = "run",
        /// A task of the run beside it.
        Task = "task",
        /// A pool.
        Pool = "pool",
        /// A backfill.
        Backfill = "backfill",
        /// An alert.
        Alert = "alert",
        /// A kind of event for sensors.
        Event = "event",
        /// A key.
        Key = "key",
        /// An environment.
        Environment = "environment",
        /// An endpoint.
        Endpoint = "endpoint",
        /// A connection.
        Connection = "connection",
        /// An asset.
        Asset = "asset",
        /// A login of a person.
        Login = "login",
    }
);

words!(
    /// What people and programs can ask for. What services and workers say among themselves is none of it.
    CommandKind {
        /// See [`Command::ApplyPipeline`].
        ApplyPipeline = "APPLY_PIPELINE",
        /// See [`Command::PausePipeline`].
        PausePipeline = "PAUSE_PIPELINE",
        /// See [`Command::ResumePipeline`].
        ResumePipeline = "RESUME_PIPELINE",
        /// See [`Command::DeletePipeline`].
        DeletePipeline = "DELETE_PIPELINE",
        /// See [`Command::SetPipelineStorage`].
        SetPipelineStorage = "SET_PIPELINE_STORAGE",
        /// See [`FileCommitCommand`].
        CommitPipelineFile = "COMMIT_PIPELINE_FILE",
        /// See [`Command::SetPool`].
        SetPool = "SET_POOL",
        /// See [`Command::SetEnvironment`].
        SetEnvironment = "SET_ENVIRONMENT",
        /// See [`Command::RemoveEnvironment`].
        RemoveEnvironment = "REMOVE_ENVIRONMENT",
        /// See [`InventoryCommand::Declare`].
        DeclareAsset = "DECLARE_ASSET",
        /// See [`InventoryCommand::Remove`].
        RemoveAsset = "REMOVE_ASSET",
        /// See [`InventoryCommand::Depend`].
        DeclareDependencies = "DECLARE_DEPENDENCIES",
        /// See [`Command::StartRun`].
        StartRun = "START_RUN",
        /// See [`Command::RestartRun`].
        RestartRun = "RESTART_RUN",
        /// See [`Command::CancelRun`].
        CancelRun = "CANCEL_RUN",
        /// See [`Command::MarkTask`].
        MarkTask = "MARK_TASK",
        /// See [`Command::DecideApproval`].
        DecideApproval = "DECIDE_APPROVAL",
        /// See [`Command::CreateBackfill`].
        CreateBackfill = "CREATE_BACKFILL",
        /// See [`Command::CancelBackfill`].
        CancelBackfill = "CANCEL_BACKFILL",
        /// See [`Command::RetryAlert`].
        RetryAlert = "RETRY_ALERT",
        /// See [`Command::TakeWebhook`].
        TakeWebhook = "TAKE_WEBHOOK",
        /// See [`Command::TakeSensorEvent`].
        TakeSensorEvent = "TAKE_SENSOR_EVENT",
        /// See [`Command::FireSchedule`]. Only schedulers ask for it, so a refusal of it is no news.
        FireSchedule = "FIRE_SCHEDULE",
        /// See [`Command::TakeEvent`]; as for schedules.
        TakeEvent = "TAKE_EVENT",
        /// See [`Command::NoteTimeZones`]; as for schedules.
        NoteTimeZones = "NOTE_TIME_ZONES",
        /// See [`CostCommand::SetPrices`].
        SetPrices = "SET_PRICES",
        /// See [`CostCommand::Record`].
        RecordCosts = "RECORD_COSTS",
        /// See [`CostCommand::SetBudget`].
        SetBudget = "SET_BUDGET",
        /// See [`CostCommand::ReleaseRun`].
        ReleaseRun = "RELEASE_RUN",
        /// See [`AccessCommand::CreateKey`].
        CreateKey = "CREATE_KEY",
        /// See [`AccessCommand::RevokeKey`].
        RevokeKey = "REVOKE_KEY",
        /// See [`EndpointCommand::Open`].
        OpenEndpoint = "OPEN_ENDPOINT",
        /// See [`EndpointCommand::Rotate`].
        RotateEndpoint = "ROTATE_ENDPOINT",
        /// See [`EndpointCommand::Close`].
        CloseEndpoint = "CLOSE_ENDPOINT",
        /// See [`ConnectionCommand::Save`].
        SaveConnection = "SAVE_CONNECTION",
        /// See [`ConnectionCommand::Remove`].
        RemoveConnection = "REMOVE_CONNECTION",
        /// See [`ConnectionCommand::Test`].
        TestConnection = "TEST_CONNECTION",
        /// See [`ConnectionCommand::Reseal`].
        ResealConnections = "RESEAL_CONNECTIONS",
        /// See [`AccessCommand::CompleteLogin`]; that somebody showed who they are, [`AccessCommand::BeginLogin`], is the first half of it.
        LogIn = "LOG_IN",
        /// See [`AccessCommand::EndLogin`].
        LogOut = "LOG_OUT",
        /// See [`AccessCommand::NoteToolCalls`]. Only gateways say it, of calls that they have answered.
        CallTool = "CALL_TOOL",
        /// See [`Command::RaiseLevel`].
        RaiseLogLevel = "RAISE_LOG_LEVEL",
    }
);

/// What a command asks for, if it is one of a person or a program: a refusal of it is recorded.
pub fn asked(command: &Command) -> Option<(CommandKind, Vec<Target>)> {
    let pipeline = |id: PipelineId| Target::new(TargetKind::Pipeline, id);
    let run = |id: RunId| Target::new(TargetKind::Run, id);
    let task = |id: RunId, place: u32| vec![run(id), Target::new(TargetKind::Task, place)];
    Some(match command {
        Command::ApplyPipeline(apply) => {
            let applied = &apply.applied;
            (CommandKind::ApplyPipeline, vec![Target { name: applied.alias.clone(), ..pipeline(applied.pipeline) }])
        }
        Command::SetPipelineStorage { pipeline: id, .. } => (CommandKind::SetPipelineStorage, vec![pipeline(*id)]),
        Command::FileCommit(FileCommitCommand::Ask(ask)) => {
            (CommandKind::CommitPipelineFile, vec![pipeline(ask.pipeline)])
        }
        Command::PausePipeline { pipeline: id, .. } => (CommandKind::PausePipeline, vec![pipeline(*id)]),
        Command::ResumePipeline { pipeline: id } => (CommandKind::ResumePipeline, vec![pipeline(*id)]),
        Command::DeletePipeline { pipeline: id } => (CommandKind::DeletePipeline, vec![pipeline(*id)]),
        Command::RaiseLevel => (CommandKind::RaiseLogLevel, Vec::new()),
        Command::SetPool { name, .. } => (CommandKind::SetPool, vec![Target::new(TargetKind::Pool, name)]),
        Command::SetEnvironment(set) => (CommandKind::SetEnvironment, vec![set_environment(set)]),
        Command::RemoveEnvironment { named } => {
            (CommandKind::RemoveEnvironment, vec![Target::new(TargetKind::Environment, named)])
        }
        Command::Inventory(command) => inventory(command),
        Command::StartRun(start) => (CommandKind::StartRun, vec![pipeline(start.pipeline)]),
        Command::RestartRun(restart) => {
            (CommandKind::RestartRun, vec![run(restart.prior.run), pipeline(restart.prior.pipeline)])
        }
        Command::CancelRun { run: id, .. } => (CommandKind::CancelRun, vec![run(*id)]),
        Command::MarkTask { run, task: place, .. } => (CommandKind::MarkTask, task(*run, *place)),
        Command::DecideApproval { run, task: place, .. } => (CommandKind::DecideApproval, task(*run, *place)),
        Command::CreateBackfill(create) => (CommandKind::CreateBackfill, vec![pipeline(create.pipeline)]),
        Command::CancelBackfill { backfill, .. } => {
            (CommandKind::CancelBackfill, vec![Target::new(TargetKind::Backfill, backfill)])
        }
        Command::RetryAlert { alert } => (CommandKind::RetryAlert, vec![Target::new(TargetKind::Alert, alert)]),
        Command::TakeWebhook(take) => (CommandKind::TakeWebhook, vec![pipeline(take.pipeline)]),
        Command::TakeSensorEvent { event_type, .. } => {
            (CommandKind::TakeSensorEvent, vec![Target::new(TargetKind::Event, event_type)])
        }
        Command::Cost(CostCommand::SetPrices(_)) => (CommandKind::SetPrices, Vec::new()),
        Command::Cost(CostCommand::Record(_)) => (CommandKind::RecordCosts, Vec::new()),
        Command::Cost(CostCommand::SetBudget { .. }) => (CommandKind::SetBudget, Vec::new()),
        Command::Cost(CostCommand::ReleaseRun(id)) => (CommandKind::ReleaseRun, vec![run(*id)]),
        Command::Access(AccessCommand::CreateKey(create)) => {
            let named = Target { name: create.name.clone(), ..Target::new(TargetKind::Key, create.key) };
            (CommandKind::CreateKey, vec![named])
        }
        Command::Access(AccessCommand::RevokeKey { key }) => {
            (CommandKind::RevokeKey, vec![Target::new(TargetKind::Key, key)])
        }
        Command::Endpoint(command) => endpoint(command),
        Command::Connection(command) => of_connection(command),
        Command::Access(AccessCommand::BeginLogin(begin)) => (
            CommandKind::LogIn,
            vec![Target { name: begin.client.clone(), ..Target::new(TargetKind::Login, begin.login) }],
        ),
        // Whose code nobody knows names nothing.
        Command::Access(AccessCommand::CompleteLogin(_)) => (CommandKind::LogIn, Vec::new()),
        Command::Access(AccessCommand::EndLogin { login, .. }) => {
            (CommandKind::LogOut, vec![Target::new(TargetKind::Login, login)])
        }
        // Programs do so every hour; what ends a login has a row all the same.
        Command::Access(
            AccessCommand::RefreshLogin(_) | AccessCommand::NoteUses { .. } | AccessCommand::NoteToolCalls(_),
        )
        | Command::SettleAlert { .. }
        // Of what was taken already.
        | Command::FileCommit(FileCommitCommand::End(_))
        | Command::Cost(CostCommand::WakeBudgets)
        | Command::ReportLineage(_)
        | Command::KeepToolState(_)
        | Command::NoteTimeZones { .. }
        | Command::RecallVersion(_)
        | Command::CarryOver { .. }
        | Command::FireSchedule(_)
        | Command::TakeEvent(_)
        | Command::PollSensor(_)
        | Command::WakePipeline { .. }
        | Command::LeaseTask { .. }
        | Command::Report { .. }
        | Command::LoseAttempt { .. }
        | Command::WakeRun { .. } => return None,
    })
}

fn endpoint(command: &EndpointCommand) -> (CommandKind, Vec<Target>) {
    let one = |id: EndpointId| vec![Target::new(TargetKind::Endpoint, id)];
    match command {
        EndpointCommand::Open(open) => {
            let named = Target { name: open.name.clone(), ..Target::new(TargetKind::Endpoint, open.endpoint) };
            (CommandKind::OpenEndpoint, vec![Target::new(TargetKind::Pipeline, open.pipeline), named])
        }
        EndpointCommand::Rotate { endpoint, .. } => (CommandKind::RotateEndpoint, one(*endpoint)),
        EndpointCommand::Close { endpoint } => (CommandKind::CloseEndpoint, one(*endpoint)),
    }
}

fn inventory(command: &InventoryCommand) -> (CommandKind, Vec<Target>) {
    let asset = |key: &String| vec![Target::new(TargetKind::Asset, key)];
    match command {
        InventoryCommand::Declare(declare) => (CommandKind::DeclareAsset, asset(&declare.asset)),
        InventoryCommand::Remove { asset: key, .. } => (CommandKind::RemoveAsset, asset(key)),
        InventoryCommand::Depend(_) => (CommandKind::DeclareDependencies, Vec::new()),
    }
}

fn of_connection(command: &ConnectionCommand) -> (CommandKind, Vec<Target>) {
    let target = |id: String| Target::new(TargetKind::Connection, id);
    match command {
        ConnectionCommand::Save(save) => {
            let saved = Target { name: save.name.clone(), ..target(save.connection.to_string()) };
            (CommandKind::SaveConnection, vec![saved])
        }
        ConnectionCommand::Remove { named, .. } => (CommandKind::RemoveConnection, vec![target(named.clone())]),
        ConnectionCommand::Test { connection, .. } => {
            (CommandKind::TestConnection, vec![target(connection.to_string())])
        }
        ConnectionCommand::Reseal { .. } => (CommandKind::ResealConnections, Vec::new()),
    }
}

/// The one that changes as the caller named it, or the new one by its id.
fn set_environment(set: &SetEnvironment) -> Target {
    let target = |id: String| Target { name: set.name.clone(), ..Target::new(TargetKind::Environment, id) };
    if set.named.is_empty() { target(set.new.to_string()) } else { target(set.named.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_differ() {
        for kind in CommandKind::ALL {
            assert_eq!(CommandKind::from_word(kind.as_str()), Some(*kind));
        }
        for kind in TargetKind::ALL {
            assert_eq!(TargetKind::from_word(kind.as_str()), Some(*kind));
        }
        assert_eq!(CommandKind::from_word("start_run"), None);
    }

    #[test]
    fn what_a_caller_says_is_bounded_and_stays_on_its_line() {
        let long = "x".repeat(10_000);
        let target = Target { name: long.clone(), ..Target::new(TargetKind::Pool, &long) };
        let caller = Caller {
            actor: "user:ada".to_owned(),
            origin: CallOrigin { address: "\u{1b}[31m10.0.0.1".to_owned(), client: long.clone() },
            reason: format!(" two\nlines{long}"),
            targets: vec![target; 100],
        };
        let bounded = caller.bounded();
        assert_eq!(bounded.origin.address, "[31m10.0.0.1");
        assert!(bounded.reason.starts_with("two lines") && bounded.reason.len() <= limits::CALL_REASON_BYTES_MAX + 3);
        assert!(bounded.origin.client.len() <= limits::CALL_ORIGIN_BYTES_MAX + 3);
        assert_eq!(bounded.targets.len(), limits::CALL_TARGETS_MAX);
        assert!(bounded.targets[0].id.len() <= limits::CALL_TARGET_BYTES_MAX + 3);
    }
}
