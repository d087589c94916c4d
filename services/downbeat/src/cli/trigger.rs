//! What can be typed about events from outside.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, Subcommand};
use downbeat_event_log::{LogAddress, NatsConfig};

use super::Servers;

/// `downbeat trigger`.
#[derive(Debug, Args)]
pub struct TriggerCommand {
    /// What.
    #[command(subcommand)]
    pub sub: TriggerSub,
}

/// Commands about events from outside.
#[derive(Debug, Subcommand)]
pub enum TriggerSub {
    /// Give an event to the triggers that listen to its subject, without NATS in between, and say what each made of it.
    Publish(TriggerPublish),
    /// Messages that no trigger could take, each with its reason.
    Dead(DeadCommand),
}

/// `downbeat trigger publish`.
#[derive(Debug, Args)]
pub struct TriggerPublish {
    /// Subject below downbeat.trigger., such as orders.eu.landed.
    pub subject: String,
    /// What happened, as JSON: the data of the event, or a CloudEvent as a whole.
    #[arg(long, value_name = "JSON", conflicts_with = "file", default_value = "null", hide_default_value = true)]
    pub data: String,
    /// The same out of a file; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Id of the event: the same id of the same source counts once. Default: a new one.
    #[arg(long)]
    pub id: Option<String>,
    /// Who made it.
    #[arg(long, default_value = "downbeat-cli")]
    pub source: String,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat trigger dead`.
#[derive(Debug, Args)]
pub struct DeadCommand {
    /// What.
    #[command(subcommand)]
    pub sub: DeadSub,
    /// Where the log is, and with it NATS: nats://HOST:PORT.
    #[arg(long, env = "DOWNBEAT_LOG", default_value = "nats://127.0.0.1:4222", global = true)]
    pub log: LogAddress,
    /// Who asks there.
    #[command(flatten)]
    pub nats: NatsConfig,
}

/// Commands about dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadSub {
    /// List them, oldest first.
    List {
        /// How many.
        #[arg(long, short = 'n', default_value_t = 50)]
        limit: usize,
    },
    /// Show one as a whole.
    Show {
        /// Its id in the list.
        id: u64,
    },
    /// Publish one again, or all, as the same events: those that a trigger has taken start nothing a second time.
    Replay(DeadReplay),
}

/// `downbeat trigger dead replay`.
#[derive(Debug, Args)]
pub struct DeadReplay {
    /// An id of the list, or `all`.
    pub which: Which,
}

/// Which dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// One.
    One(u64),
    /// All that there are at this moment.
    All,
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(id) => Ok(Self::One(id)),
            Err(_) if text == "all" => Ok(Self::All),
            Err(_) => Err("write an id of `downbeat trigger dead list`, or `all`".to_owned()),
        }
    }
}
