//! What can be typed about the audit.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use downbeat_event_log::{LogAddress, NatsConfig};

use super::Servers;

/// `downbeat audit`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AuditCommand {
    /// What to do with it instead of listing it.
    #[command(subcommand)]
    pub sub: Option<AuditSub>,
    #[command(flatten)]
    pub selection: AuditSelection,
    /// How many, newest first.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    /// A line of JSON per command instead of a table.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub servers: Servers,
}

/// Which commands.
#[derive(Debug, Args)]
pub struct AuditSelection {
    /// Only those of this actor: `user:ada` or `ada`, `schedule:daily`, `webhook`.
    #[arg(long, value_name = "WHO")]
    pub actor: Option<String>,
    /// Only those of people, schedules, events, webhooks or services.
    #[arg(long, value_name = "KIND")]
    pub by: Option<ActorKind>,
    /// Only those about this: id or name of a pipeline, run, task, pool, backfill, alert, key or login.
    #[arg(long, value_name = "WHAT")]
    pub target: Option<String>,
    /// Only this kind of command, such as `start-run` or `APPLY_PIPELINE`.
    #[arg(long, value_name = "COMMAND")]
    pub kind: Option<String>,
    /// Only those that were accepted, or rejected.
    #[arg(long)]
    pub outcome: Option<Outcome>,
    /// From this time on, as RFC 3339 or as local time.
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// To before this time.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
}

/// Kinds of those who ask.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ActorKind {
    /// People, and programs that call as people.
    User,
    /// Keys.
    Key,
    /// Schedules that were due.
    Schedule,
    /// Events from outside.
    Event,
    /// Calls to webhooks.
    Webhook,
    /// Services among themselves.
    Service,
}

impl ActorKind {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Key => "KEY",
            Self::Schedule => "SCHEDULE",
            Self::Event => "EVENT",
            Self::Webhook => "WEBHOOK",
            Self::Service => "SERVICE",
        }
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Outcome {
    /// It was done.
    Accepted,
    /// It was not.
    Rejected,
}

impl Outcome {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
        }
    }
}

/// What to do with the audit.
#[derive(Debug, Subcommand)]
pub enum AuditSub {
    /// Write it as lines of JSON that are chained by their hashes (docs/audit.md).
    Export(AuditExport),
    /// Prove that no line of an export was changed, removed, inserted or moved. Status 0: it is whole, 1: it is not, 2: that cannot be told.
    Verify(AuditVerify),
}

/// `downbeat audit export`.
#[derive(Debug, Args)]
pub struct AuditExport {
    /// Where to; standard output if it is left out. A file that exists is not overwritten.
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub selection: AuditSelection,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat audit verify`.
#[derive(Debug, Args)]
pub struct AuditVerify {
    /// An export.
    pub file: PathBuf,
    /// Also prove that it says what the log says, and leaves nothing out: embedded:FOLDER or nats://HOST:PORT.
    #[arg(long, value_name = "LOG")]
    pub log: Option<LogAddress>,
    /// Who reads it, where it is on a NATS server.
    #[command(flatten)]
    pub nats: NatsConfig,
}
