//! What can be typed about trends.

use clap::{Args, Subcommand};

use super::Servers;

/// `downbeat trends`.
#[derive(Debug, Args)]
pub struct TrendCommand {
    /// Of what.
    #[command(subcommand)]
    pub sub: TrendSub,
}

/// Trends.
#[derive(Debug, Subcommand)]
pub enum TrendSub {
    /// How long pipelines and tasks take: what is usual, whether they grow slower, what attempts that failed took.
    Durations(TrendDurations),
    /// How late the runs of schedules begin, which instants have none, whether the runs change anything.
    Schedules(TrendSchedules),
    /// Whether other systems work, by integration and connection, with the classes of their failures.
    Integrations(TrendIntegrations),
}

/// `downbeat trends durations`.
#[derive(Debug, Args)]
pub struct TrendDurations {
    /// Only this pipeline (alias or id) and its tasks.
    pub pipeline: Option<String>,
    /// Only this task of it.
    pub task: Option<String>,
    /// Only what grows slower.
    #[arg(long)]
    pub slowing: bool,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 100)]
    pub limit: u32,
    /// As JSON, for programs: microseconds.
    #[arg(long)]
    pub json: bool,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat trends schedules`.
#[derive(Debug, Args)]
pub struct TrendSchedules {
    /// Only those of this pipeline (alias or id).
    pub pipeline: Option<String>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 100)]
    pub limit: u32,
    /// As JSON, for programs: microseconds.
    #[arg(long)]
    pub json: bool,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat trends integrations`.
#[derive(Debug, Args)]
pub struct TrendIntegrations {
    /// Only this one, such as SNOWFLAKE.
    pub integration: Option<String>,
    /// Only those in this state.
    #[arg(long, value_parser = ["healthy", "degraded", "failing", "unknown"])]
    pub state: Option<String>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 100)]
    pub limit: u32,
    /// As JSON, for programs: microseconds.
    #[arg(long)]
    pub json: bool,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}
