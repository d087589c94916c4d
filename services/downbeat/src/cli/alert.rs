//! `downbeat alert`.

use clap::{Args, Subcommand, ValueEnum};

use super::{By, Servers};

/// `downbeat alert`.
#[derive(Debug, Args)]
pub struct AlertCommand {
    /// What to do.
    #[command(subcommand)]
    pub sub: AlertSub,
}

/// What to do with alerts.
#[derive(Debug, Subcommand)]
pub enum AlertSub {
    /// List alerts, newest first: what was told to whom, and whether it arrived.
    List(AlertList),
    /// Try an alert once more that was given up.
    Retry(AlertRetry),
}

/// How far an alert is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AlertState {
    /// It will be tried.
    Pending,
    /// The destination took it.
    Delivered,
    /// It was given up.
    Dead,
}

impl AlertState {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Delivered => "DELIVERED",
            Self::Dead => "DEAD",
        }
    }
}

/// `downbeat alert list`.
#[derive(Debug, Args)]
pub struct AlertList {
    /// Only those of this pipeline (alias or id).
    pub pipeline: Option<String>,
    /// Only those in this state.
    #[arg(long)]
    pub state: Option<AlertState>,
    /// How many.
    #[arg(long, short = 'n', default_value_t = 20)]
    pub limit: u32,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat alert retry`.
#[derive(Debug, Args)]
pub struct AlertRetry {
    /// Ids, as `downbeat alert list` shows them.
    #[arg(required = true)]
    pub alerts: Vec<String>,
    /// Who asks.
    #[command(flatten)]
    pub by: By,
    /// Address of the services.
    #[command(flatten)]
    pub servers: Servers,
}
