//! What can be typed about runs and their tasks.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::{By, Key, Servers, Window};

/// `downbeat run`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, disable_version_flag = true)]
pub struct RunCommand {
    /// What to do with a run that is there already.
    #[command(subcommand)]
    pub sub: Option<RunSub>,
    /// Alias or id of a pipeline, or a pipeline file, which is applied first.
    #[arg(required = true)]
    pub pipeline: Option<String>,
    /// Input of the run, NAME=VALUE; may be given several times.
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// Variable that `ENV.NAME` reads, NAME=VALUE; may be given several times.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// Name or id of the environment (`downbeat env`); default: the default one, if there is one. Single variables of it can be said
    /// otherwise with --env.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Only this task, or the tasks of this group; may be given several times.
    #[arg(long = "task", value_name = "ID")]
    pub tasks: Vec<String>,
    /// With --task: also everything that follows from them.
    #[arg(long, requires = "tasks")]
    pub downstream: bool,
    /// The version that runs, also a draft. Default: the current one.
    #[arg(id = "of_version", long = "version", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub version: Option<u32>,
    /// What stands on this branch of its repository.
    #[arg(long, conflicts_with = "of_version")]
    pub branch: Option<String>,
    /// What stands at this commit of its repository: its full id.
    #[arg(long, conflicts_with = "of_version")]
    pub commit: Option<String>,
    /// The same key for the same pipeline gives the same run, however often it is asked for.
    #[arg(long)]
    pub key: Option<String>,
    /// Watch the run to its end. Status 0: SUCCEEDED, WARNING or SKIPPED, 1: FAILED or CANCELLED.
    #[arg(long, short)]
    pub wait: bool,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// Commands about one run.
#[derive(Debug, Subcommand)]
pub enum RunSub {
    /// Show a run with its tasks, now or as it was.
    Show(RunShow),
    /// List what a run did inside other systems: models, queries, syncs, tests, with rows, bytes and what costs are worked out of.
    Operations(RunOperations),
    /// Explain what holds a run or a task now, and why it went as it did.
    Why(RunWhy),
    /// Run a run that has ended again, wholly or in part, as a new run.
    Restart(RunRestart),
    /// Stop a run.
    Cancel(RunCancel),
    /// Decide the outcome of a task by hand; what a worker does of it is stopped first.
    Mark(RunMark),
    /// Skip a task; what a worker does of it is stopped first.
    Skip(RunSkip),
    /// Approve a task that waits for a person.
    Approve(RunDecide),
    /// Reject a task that waits for a person: it fails.
    Reject(RunDecide),
}

/// `downbeat run show`.
#[derive(Debug, Args)]
pub struct RunShow {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// As it was then: a time (2026-03-01T12:00:00Z, or local as `run why` prints it) or a position of the log.
    #[arg(long, value_name = "TIME|POSITION")]
    pub at: Option<String>,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat run operations`.
#[derive(Debug, Args)]
pub struct RunOperations {
    /// Run id, an unambiguous beginning of it, or `last`; without one, of all runs, those that were told of last first.
    pub run: Option<String>,
    /// Only what this task did.
    #[arg(long, value_name = "ID", requires = "run")]
    pub task: Option<String>,
    /// Only what the task run of this id did.
    #[arg(long, value_name = "ID")]
    pub task_run: Option<String>,
    /// Only operations of these types, such as `materialisation,test`.
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Only operations that ended so, such as `failed,warning`.
    #[arg(long = "status", value_name = "STATUS", value_delimiter = ',')]
    pub statuses: Vec<String>,
    /// Only operations of tasks of these integrations, such as `dbt-core`.
    #[arg(long = "integration", value_name = "INTEGRATION", value_delimiter = ',')]
    pub integrations: Vec<String>,
    /// Only operations that the other system calls so; may be given several times.
    #[arg(long = "external-id", value_name = "ID")]
    pub external_ids: Vec<String>,
    /// An operation counts as created when it was told of first.
    #[command(flatten)]
    pub window: Window,
    /// At most so many.
    #[arg(long, short = 'n', default_value_t = 1_000)]
    pub limit: u32,
    /// Print how many there are, and nothing else.
    #[arg(long, conflicts_with = "task")]
    pub count: bool,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat run why`.
#[derive(Debug, Args)]
pub struct RunWhy {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// Task id (`load[eu]` = one of its iterations). Default: the run as a whole.
    pub task: Option<String>,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat run restart`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["all", "from_failed", "from", "only"]))]
pub struct RunRestart {
    /// Id of a run that has ended, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// What failed, was cancelled or never ran, and what follows from it; the rest is taken over. This is the default.
    #[arg(long)]
    pub from_failed: bool,
    /// Everything.
    #[arg(long)]
    pub all: bool,
    /// These tasks or groups and what follows from them; the rest is taken over.
    #[arg(long, value_name = "TASK", num_args = 1..)]
    pub from: Vec<String>,
    /// These tasks or groups and nothing else.
    #[arg(long, value_name = "TASK", num_args = 1..)]
    pub only: Vec<String>,
    /// Input that differs from the run before, NAME=VALUE; may be given several times.
    #[arg(long = "input", value_name = "NAME=VALUE")]
    pub inputs: Vec<String>,
    /// The same key for the same pipeline gives the same run, however often it is asked for.
    #[arg(long)]
    pub key: Option<String>,
    /// Watch the new run to its end. Status 0: SUCCEEDED, WARNING or SKIPPED, 1: FAILED or CANCELLED.
    #[arg(long, short)]
    pub wait: bool,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat run cancel`.
#[derive(Debug, Args)]
pub struct RunCancel {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// Why, for others to read.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// Outcomes that a person can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MarkAs {
    /// It counts as done.
    Succeeded,
    /// It counts as done, with a warning.
    Warning,
    /// It counts as failed; it is not retried.
    Failed,
}

/// `downbeat run mark`.
#[derive(Debug, Args)]
pub struct RunMark {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// Task id; `load[eu]` is one of its iterations.
    pub task: String,
    /// The outcome.
    #[arg(value_enum)]
    pub outcome: MarkAs,
    /// Output that other tasks read, NAME=JSON: rows=12, name='"x"'; may be given several times.
    #[arg(long = "output", value_name = "NAME=JSON")]
    pub outputs: Vec<String>,
    /// Why, for others to read.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat run skip`.
#[derive(Debug, Args)]
pub struct RunSkip {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// Task id; `load[eu]` is one of its iterations.
    pub task: String,
    /// Why, for others to read.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat run approve`, `downbeat run reject`.
#[derive(Debug, Args)]
pub struct RunDecide {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// Task id; `load[eu]` is one of its iterations.
    pub task: String,
    /// What there is to say about it, for others to read.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub comment: String,
    /// Who decides: one of the approvers, where the task names some. Nobody checks yet that it is you.
    #[arg(long = "as", value_name = "EMAIL")]
    pub actor: Option<String>,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub servers: Servers,
}
