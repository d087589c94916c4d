//! What can be typed.

mod alert;
mod answers;
mod artifacts;
mod asset;
mod audit;
mod backfill;
mod connection;
mod control;
mod cost;
mod env;
mod git;
mod key;
mod list;
mod log;
mod login;
mod mcp;
mod run;
mod schedule;
mod sensor;
mod servers;
mod trend;
mod trigger;
mod webhook;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use downbeat_event_log::NatsConfig;
use downbeat_metadata_projector::OpenLineageConfig;
use downbeat_worker::Isolation;

pub use alert::{AlertCommand, AlertList, AlertRetry, AlertSub};
pub use answers::{Broken, Now};
pub use artifacts::Artifacts;
pub use asset::{
    AssetChanges, AssetCommand, AssetDeclare, AssetDepend, AssetImpact, AssetLineage, AssetList, AssetOne, AssetOrder,
    AssetPath, AssetRemove, AssetSub, AssetTests,
};
pub use audit::{AuditCommand, AuditExport, AuditSelection, AuditSub, AuditVerify};
pub use backfill::{BackfillCancel, BackfillCommand, BackfillList, BackfillShow, BackfillSub};
pub use connection::{
    ConnectionCommand, ConnectionList, ConnectionOne, ConnectionRemove, ConnectionReseal, ConnectionSet, ConnectionSub,
};
pub use control::{
    PipelineCommand, PipelineDelete, PipelineHealth, PipelineList, PipelinePause, PipelineResume, PipelineShow,
    PipelineSub, PoolCommand, PoolList, PoolRemove, PoolSet, PoolSub,
};
pub use cost::{
    BudgetCommand, BudgetList, BudgetRelease, BudgetRemove, BudgetSet, BudgetSub, CostBy, CostCommand, CostEntries,
    CostOnly, CostPrices, CostRecord, CostSavings, CostSub, CostVerify, Period, PricesApply, PricesShow, PricesSub,
};
pub use env::{EnvCommand, EnvList, EnvRemove, EnvSet, EnvShow, EnvSub};
pub use git::{Commit, Import, Provider, Sync};
pub use key::{KeyCommand, KeyCreate, KeyList, KeyRevoke, KeySub};
pub use list::{Runs, Tasks, Window};
pub use log::{Log, LogExport, LogImport, LogLevel, LogSub, LogVerify};
pub use login::{LoginCommand, LoginEnd, LoginList, LoginSub, Logout};
pub use mcp::Mcp;
pub use run::{
    MarkAs, RunCancel, RunCommand, RunDecide, RunMark, RunOperations, RunRestart, RunShow, RunSkip, RunSub, RunWhy,
};
pub use schedule::{ScheduleCommand, SchedulePreview, ScheduleSub};
pub use sensor::{SensorCommand, SensorShow, SensorSub, SensorTell};
pub use servers::{By, Key, Servers};
pub use trend::{TrendCommand, TrendDurations, TrendIntegrations, TrendSchedules, TrendSub};
pub use trigger::{DeadCommand, DeadSub, TriggerCommand, TriggerPublish, TriggerSub, Which};
pub use webhook::{WebhookClose, WebhookCommand, WebhookList, WebhookOpen, WebhookRotate, WebhookSend, WebhookSub};

/// Runs data pipelines and keeps the whole truth about every run.
#[derive(Debug, Parser)]
#[command(name = "downbeat", version, propagate_version = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything in one process, with an embedded log: no other server is needed.
    Dev(Dev),
    /// Check pipeline files. Status 0: accepted, with advice perhaps, 1: refused, 2: one could not be read.
    Validate(Validate),
    /// Explain a code of `downbeat validate`, such as DB1023; without one, list all.
    Explain(Explain),
    /// List every job that pipelines may name: what runs it, what it met in tests, what becomes of it when its worker is lost.
    Integrations(Integrations),
    /// Print the JSON Schema of pipeline files, for editors.
    Schema(Schema),
    /// Rewrite pipeline files in the canonical layout; comments, order and quotes stay. Status 1: a file has faults and was left alone.
    Fmt(Fmt),
    /// Show what differs between two pipeline files in meaning. Status 0: nothing, 1: something, 2: a file could not be read or has faults.
    Diff(Diff),
    /// Show what `apply` would change. Status 0: nothing, 1: something, 2: that cannot be told (faults in the file, no server).
    Plan(Plan),
    /// Store a pipeline file as the pipeline's new version.
    Apply(Apply),
    /// Make a pipeline of a file in a git repository.
    Import(Import),
    /// Bring a pipeline up to the file in its repository, now and not within a minute.
    Sync(Sync),
    /// Commit another text of a pipeline to a branch of the repository that it is kept in, where a connection allows that, and store it.
    Commit(Commit),
    /// Start a run; or show, explain, restart or cancel one, or decide its tasks.
    Run(RunCommand),
    /// What is happening: what is live, what waits and for what, what is late, what comes next.
    Now(Now),
    /// What is broken and what to do about it: failures by their causes.
    Broken(Broken),
    /// List runs, newest first: by pipeline, status, environment, time.
    Runs(Runs),
    /// List task runs of all runs, newest first, or of one: by pipeline, status, integration, time.
    Tasks(Tasks),
    /// List pipelines; show, pause, resume or delete one.
    Pipeline(PipelineCommand),
    /// Named pools of slots, which tasks of all pipelines share.
    Pool(PoolCommand),
    /// Keys for programs and people who come over the network: what each may do, and until when.
    Key(KeyCommand),
    /// Logins of people: who is logged in, and an end to it.
    Login(LoginCommand),
    /// Log out: the login at a gateway opens nothing any more, and is forgotten here.
    Logout(Logout),
    /// Environments: variables that runs read as `ENV.NAME`.
    Env(EnvCommand),
    /// Connections: credentials that are sealed, and shown nowhere.
    Connection(ConnectionCommand),
    /// Show when schedules fire next.
    Schedule(ScheduleCommand),
    /// Run past instants of a schedule; or list, show or cancel backfills.
    Backfill(BackfillCommand),
    /// Events from outside: publish one by hand; list, show and replay messages that no trigger could take.
    Trigger(TriggerCommand),
    /// Sensors: show what they wait for, or tell them that something happened.
    Sensor(SensorCommand),
    /// Addresses that start pipelines when others post to them: open, rotate, close, list; or deliver a body by hand.
    Webhook(WebhookCommand),
    /// Alerts: list them, or try one again that nobody could deliver.
    Alert(AlertCommand),
    /// Who did what, when, from where and why: list it, export it, verify an export.
    Audit(AuditCommand),
    /// What runs cost: sums by pipeline, task, asset, owner and time; entries, prices, bills.
    Cost(CostCommand),
    /// Budgets of pipelines and owners: list them; set one of an owner.
    Budget(BudgetCommand),
    /// How long tasks take, how late schedules are, how well other systems answer.
    Trends(TrendCommand),
    /// List breaches of freshness rules and deadlines, newest first.
    Breaches(Breaches),
    /// Follow the log of a task.
    Logs(Logs),
    /// List the files that a task left, or get one: what dbt wrote, and what a program wanted to be kept.
    Artifacts(Artifacts),
    /// Show the assets that a run read and wrote, as a tree, or what it did differently from another one.
    Lineage(Lineage),
    /// Assets over all runs: how good they are, what they came of, who uses them.
    Asset(AssetCommand),
    /// Report what other systems say about their own runs: files of OpenLineage events.
    Openlineage(Openlineage),
    /// Speak with an assistant on standard input and output (Model Context Protocol).
    Mcp(Mcp),
    /// Look into the log of events.
    Log(Log),
}

/// `downbeat dev`.
#[derive(Debug, Args)]
pub struct Dev {
    /// Folder for everything: log, projections, task logs, the worker's folders.
    #[arg(long, env = "DOWNBEAT_DATA", default_value = ".downbeat")]
    pub data: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "DOWNBEAT_LISTEN", default_value = "127.0.0.1:7410")]
    pub listen: SocketAddr,
    /// Address on which the public API is served; port 0 takes a free one.
    #[arg(long, env = "DOWNBEAT_GATEWAY_LISTEN", default_value = "127.0.0.1:7400")]
    pub api: SocketAddr,
    /// URL at which people reach the API, where that is not only this machine: like `https://downbeat.example.com` (docs/login.md).
    #[arg(long, env = "DOWNBEAT_GATEWAY_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Write the addresses to this file once everything is ready, one in a line: that of the services, that of the API.
    #[arg(long)]
    pub ready_file: Option<PathBuf>,
    /// How many attempts may run at once.
    #[arg(long, env = "DOWNBEAT_WORKER_SLOTS", default_value_t = 16)]
    pub slots: u32,
    /// Label of the worker, by which tasks choose where they run (`meta.downbeat.worker`); may be given several times.
    #[arg(long = "label", env = "DOWNBEAT_WORKER_LABELS", value_name = "KEY=VALUE", value_delimiter = ',')]
    pub labels: Vec<String>,
    /// Folder of connection files, which say where things outside are and how to sign in (docs/connections.md).
    #[arg(long, env = "DOWNBEAT_WORKER_CONNECTIONS")]
    pub connections: Option<PathBuf>,
    /// Folder of manifests of your own, which describe jobs in other systems (docs/connectors.md).
    #[arg(long, env = "DOWNBEAT_WORKER_CONNECTORS")]
    pub connectors: Option<PathBuf>,
    /// Protocol, besides https and ssh, by which code may come from a git repository: `http`, `file`; may be given several times.
    #[arg(long = "git-protocol", env = "DOWNBEAT_WORKER_GIT_PROTOCOLS", value_name = "PROTOCOL", value_delimiter = ',', value_parser = ["http", "file"])]
    pub git_protocols: Vec<String>,
    /// Where the repositories of a provider are of which pipelines say `owner/name`: `github=https://git.example.com/` (docs/git.md); may be
    /// given several times.
    #[arg(long = "git-host", env = "DOWNBEAT_WORKER_GIT_HOSTS", value_name = "PROVIDER=URL", value_delimiter = ',')]
    pub git_hosts: Vec<String>,
    /// Seconds after which the repositories of pipelines are looked at again, about; 0 = only when somebody asks for it.
    #[arg(long, env = "DOWNBEAT_GIT_SYNC_SECONDS", default_value_t = 60)]
    pub git_sync_seconds: u64,
    /// Secret of the webhooks of a git host (docs/git.md), which say that something was pushed: `github=FILE`, `gitlab=FILE`.
    #[arg(
        long = "git-webhook-secret",
        env = "DOWNBEAT_GATEWAY_GIT_WEBHOOK_SECRETS",
        value_name = "PROVIDER=FILE",
        value_delimiter = ','
    )]
    pub git_webhook_secrets: Vec<String>,
    #[command(flatten)]
    pub isolation: Isolation,
    /// NATS servers on which everything that happens is published (docs/events-out.md): nats://HOST:PORT. Default: nowhere.
    #[arg(long, env = "DOWNBEAT_EVENTS_NATS", value_name = "SERVERS")]
    pub events_nats: Option<String>,
    /// Who we are there.
    #[command(flatten)]
    pub nats: NatsConfig,
    /// Who is told of runs as events of OpenLineage (docs/openlineage-out.md).
    #[command(flatten)]
    pub openlineage: OpenLineageConfig,
    /// Folder for the virtual environments of tasks. Default: inside the data folder.
    #[arg(long, env = "DOWNBEAT_WORKER_ENVIRONMENTS")]
    pub environments: Option<PathBuf>,
    /// Python 3.11 interpreter to use instead of the one found on PATH.
    #[arg(long = "python-3-11", env = "DOWNBEAT_WORKER_PYTHON_3_11")]
    pub python_3_11: Option<PathBuf>,
    /// Python 3.12 interpreter to use instead of the one found on PATH.
    #[arg(long = "python-3-12", env = "DOWNBEAT_WORKER_PYTHON_3_12")]
    pub python_3_12: Option<PathBuf>,
}

/// `downbeat validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Pipeline files; `-` reads standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How to tell: text for people, json for programs (docs/dialect/validate.md), sarif for code scanning.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// Forms of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Lines for people.
    #[default]
    Text,
    /// JSON in our shape.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

/// `downbeat explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Code: DB1023, db1023 or 1023.
    pub code: Option<String>,
}

/// `downbeat integrations`.
#[derive(Debug, Args)]
pub struct Integrations {
    /// Only jobs whose name holds this.
    pub filter: Option<String>,
    /// Folder of manifests of your own (docs/connectors.md), to be listed too.
    #[arg(long, env = "DOWNBEAT_WORKER_CONNECTORS", value_name = "FOLDER")]
    pub connectors: Option<PathBuf>,
    /// How to tell.
    #[arg(long, value_enum, default_value_t)]
    pub format: TableFormat,
}

/// Forms of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// Columns for people.
    #[default]
    Text,
    /// A table for documents.
    Markdown,
    /// A JSON list.
    Json,
}

/// `downbeat schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Version of JSON Schema.
    #[arg(long, value_enum, default_value_t)]
    pub draft: SchemaDraft,
}

/// Versions of JSON Schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemaDraft {
    /// Draft-07, which editors know best.
    #[default]
    #[value(name = "7")]
    Draft7,
    /// The current version.
    #[value(name = "2020-12")]
    Draft202012,
}

/// `downbeat fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Pipeline files; `-` formats standard input to standard output.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Change nothing: list the files that would change, and end with status 1 if there are any.
    #[arg(long)]
    pub check: bool,
}

/// How differences are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Lines that begin with +, - or ~.
    Text,
    /// One JSON document.
    Json,
}

/// `downbeat diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The pipeline file before.
    pub old: PathBuf,
    /// The pipeline file after.
    pub new: PathBuf,
    /// How to print the differences.
    #[arg(long, value_enum, default_value = "text")]
    pub format: DiffFormat,
}

/// `downbeat plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Pipeline file.
    pub file: PathBuf,
    /// Name of the pipeline for commands. Default: from the file's name.
    #[arg(long)]
    pub alias: Option<String>,
    /// How to print the differences.
    #[arg(long, value_enum, default_value = "text")]
    pub format: DiffFormat,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// Pipeline file.
    pub file: PathBuf,
    /// Name of the pipeline for commands. Default: from the file's name.
    #[arg(long)]
    pub alias: Option<String>,
    /// Folder in which scripts with source GIT run. Default: the repository that holds the file, else its folder.
    #[arg(long)]
    pub source: Option<PathBuf>,
    /// As a version that runs only where it is asked for (`downbeat run PIPELINE --version N`); the current one stays.
    #[arg(long)]
    pub draft: bool,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat breaches`.
#[derive(Debug, Args)]
pub struct Breaches {
    /// Only those of this pipeline (alias or id).
    pub pipeline: Option<String>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// Task id; `load[eu]` is one of its iterations.
    pub task: String,
    /// Go on until the attempt has ended.
    #[arg(long, short)]
    pub follow: bool,
    /// Which attempt. Default: the last.
    #[arg(long)]
    pub attempt: Option<u32>,
    /// The first byte, counted from 0.
    #[arg(long, value_name = "BYTE", default_value_t = 0)]
    pub from: u64,
    /// How many bytes at most. Default: all.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub bytes: Option<u64>,
    /// Only the last bytes of what is there; with `--follow`, and what comes.
    #[arg(long, value_name = "BYTES", conflicts_with = "from", value_parser = clap::value_parser!(u64).range(1..))]
    pub last: Option<u64>,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat lineage`.
#[derive(Debug, Args)]
pub struct Lineage {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// What it did differently from this run.
    #[arg(long, value_name = "RUN")]
    pub against: Option<String>,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat openlineage`.
#[derive(Debug, Args)]
pub struct Openlineage {
    /// Files of events as clients write them (JSON, one after the other); `-` reads standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Who reports it.
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Options of one command are called differently, those that all commands take among them.
    #[test]
    fn every_command_can_be_typed() {
        Arguments::command().debug_assert();
    }
}
