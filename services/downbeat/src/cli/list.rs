//! What can be typed about lists of runs and task runs.

use clap::Args;

use super::Servers;

/// When something was created.
#[derive(Debug, Args)]
pub struct Window {
    /// Only what was created at this time or later: 2026-03-01T12:00:00Z, or "2026-03-01 12:00:00" in local time.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only what was created before this time.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// `downbeat runs`.
#[derive(Debug, Args)]
pub struct Runs {
    /// Only runs of this pipeline (alias or id).
    pub pipeline: Option<String>,
    /// Only runs of these pipelines (aliases or ids), with commas between them.
    #[arg(long = "pipeline", value_name = "PIPELINE", value_delimiter = ',', conflicts_with = "pipeline")]
    pub pipelines: Vec<String>,
    /// Only runs of these statuses, such as `failed,cancelled`.
    #[arg(long = "status", value_name = "STATUS", value_delimiter = ',')]
    pub statuses: Vec<String>,
    /// Only runs in these environments.
    #[arg(long = "environment", value_name = "NAME", value_delimiter = ',')]
    pub environments: Vec<String>,
    #[command(flatten)]
    pub window: Window,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    /// Print how many there are, and nothing else.
    #[arg(long)]
    pub count: bool,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat tasks`.
#[derive(Debug, Args)]
pub struct Tasks {
    /// Only those of this run: its id, an unambiguous beginning of it, or `last`.
    pub run: Option<String>,
    /// Only task runs of these pipelines (aliases or ids), with commas between them.
    #[arg(long = "pipeline", value_name = "PIPELINE", value_delimiter = ',')]
    pub pipelines: Vec<String>,
    /// Only task runs of these statuses, such as `failed,cancelled`.
    #[arg(long = "status", value_name = "STATUS", value_delimiter = ',')]
    pub statuses: Vec<String>,
    /// Only task runs of these integrations, such as `dbt-core`.
    #[arg(long = "integration", value_name = "INTEGRATION", value_delimiter = ',')]
    pub integrations: Vec<String>,
    /// Only the task runs of these ids.
    #[arg(long = "id", value_name = "ID", value_delimiter = ',')]
    pub ids: Vec<String>,
    /// A task run counts as created when its run was.
    #[command(flatten)]
    pub window: Window,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    /// Print how many there are, and nothing else.
    #[arg(long)]
    pub count: bool,
    #[command(flatten)]
    pub servers: Servers,
}
