//! What can be typed about sensors.

use clap::{Args, Subcommand};

use super::{By, Key, Servers};

/// `downbeat sensor`.
#[derive(Debug, Args)]
pub struct SensorCommand {
    /// What.
    #[command(subcommand)]
    pub sub: SensorSub,
}

/// Commands about sensors.
#[derive(Debug, Subcommand)]
pub enum SensorSub {
    /// Show the sensors of a pipeline: open windows, what their checks found, when they are asked again.
    Show(SensorShow),
    /// Tell sensors that something happened: checks of kind ORCHESTRA_WEBHOOK_EVENT look for it.
    Tell(SensorTell),
}

/// `downbeat sensor show`.
#[derive(Debug, Args)]
pub struct SensorShow {
    /// Alias or id of the pipeline.
    pub pipeline: String,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat sensor tell`.
#[derive(Debug, Args)]
pub struct SensorTell {
    /// What kind of event: the `event_type` that checks ask for.
    pub event_type: String,
    /// What it carries, as JSON.
    #[arg(long, value_name = "JSON", default_value = "{}", hide_default_value = true)]
    pub data: String,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub servers: Servers,
}
