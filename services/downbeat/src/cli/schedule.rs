//! What can be typed about schedules.

use clap::{Args, Subcommand};

use super::Servers;

/// `downbeat schedule`.
#[derive(Debug, Args)]
pub struct ScheduleCommand {
    /// What.
    #[command(subcommand)]
    pub sub: ScheduleSub,
}

/// Commands about schedules.
#[derive(Debug, Subcommand)]
pub enum ScheduleSub {
    /// Show the next firings in the schedule's zone and in UTC, and what changes of the clock do to them. Nothing is started.
    Preview(SchedulePreview),
}

/// `downbeat schedule preview`.
#[derive(Debug, Args)]
pub struct SchedulePreview {
    /// Pipeline file (no server is needed then), or alias or id of a pipeline that was applied.
    pub pipeline: String,
    /// How many firings of each schedule, 1 to 1,000.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub count: u32,
    /// Firings after this time, as RFC 3339 or in local time. Default: now.
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// Only this schedule.
    #[arg(long)]
    pub schedule: Option<String>,
    #[command(flatten)]
    pub servers: Servers,
}
