//! What can be typed about backfills.

use clap::{Args, Subcommand};

use super::{By, Key, Servers};

/// `downbeat backfill`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BackfillCommand {
    /// What to do with backfills that are there already.
    #[command(subcommand)]
    pub sub: Option<BackfillSub>,
    /// Alias or id of a pipeline.
    #[arg(required = true)]
    pub pipeline: Option<String>,
    /// From this instant on: a date, which begins in the schedule's zone, or a time as RFC 3339.
    #[arg(long, value_name = "DATE|TIME", required = true)]
    pub from: Option<String>,
    /// To before this instant, which must not lie in the future; a date itself is not part of it.
    #[arg(long, value_name = "DATE|TIME", required = true)]
    pub to: Option<String>,
    /// Name of the schedule. Default: the only one of the pipeline.
    #[arg(long)]
    pub schedule: Option<String>,
    /// How many of its runs may be live at once, 1 to 50.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub max_active: u32,
    /// Also instants whose runs have succeeded.
    #[arg(long)]
    pub force: bool,
    /// Only show the instants, and which would be skipped. Nothing is started.
    #[arg(long)]
    pub dry_run: bool,
    /// The same key for the same pipeline gives the same backfill, however often it is asked for.
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// Commands about backfills.
#[derive(Debug, Subcommand)]
pub enum BackfillSub {
    /// List backfills, newest first.
    List(BackfillList),
    /// Show how far a backfill is, and what has become of its instants.
    Show(BackfillShow),
    /// Start nothing more of a backfill, and cancel its live runs.
    Cancel(BackfillCancel),
}

/// `downbeat backfill list`.
#[derive(Debug, Args)]
pub struct BackfillList {
    /// Only those of this pipeline (alias or id).
    pub pipeline: Option<String>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat backfill show`.
#[derive(Debug, Args)]
pub struct BackfillShow {
    /// Id of a backfill, or an unambiguous beginning of it.
    pub backfill: String,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat backfill cancel`.
#[derive(Debug, Args)]
pub struct BackfillCancel {
    /// Id of a backfill, or an unambiguous beginning of it.
    pub backfill: String,
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
