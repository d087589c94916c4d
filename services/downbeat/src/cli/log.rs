//! What can be typed about the log.

use clap::{Args, Subcommand};
use downbeat_event_log::{LogAddress, NatsConfig};

/// `downbeat log`.
#[derive(Debug, Args)]
pub struct Log {
    /// What.
    #[command(subcommand)]
    pub sub: LogSub,
    /// Where the log is: embedded:FOLDER or nats://HOST:PORT.
    #[arg(long, env = "DOWNBEAT_LOG", default_value = "embedded:.downbeat/log", global = true)]
    pub log: LogAddress,
    /// Who reads it, where it is on a NATS server.
    #[command(flatten)]
    pub nats: NatsConfig,
}

/// Commands about the log.
#[derive(Debug, Subcommand)]
pub enum LogSub {
    /// Prove that no record was changed, dropped or put in another order.
    Verify,
    /// Print every event as a line of JSON.
    Cat {
        /// Begin behind this sequence.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// Only events of this run.
        #[arg(long)]
        run: Option<String>,
        /// Go on as events are appended.
        #[arg(long, short)]
        follow: bool,
    },
}
