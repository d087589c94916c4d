//! What can be typed about the log.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use downbeat_event_log::{LogAddress, NatsConfig, WritingConfig};

use super::{By, Key, Servers};

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
    /// Prove that no record was changed, dropped or put in another order: of the log, of exported files and folders, or of an archive.
    Verify(LogVerify),
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
    /// Write the log's records into a file, or into a folder that is continued the next time.
    Export(LogExport),
    /// Bring exported or archived records into a log where there is none. Started again, it goes on where it was.
    Import(LogImport),
    /// Which versions of Downbeat can go on with the log; after an upgrade, once nobody goes back, let go of the older ones.
    Level(LogLevel),
}

/// An archive in a blob store.
#[derive(Clone, Debug, Args)]
pub struct ArchiveOf {
    /// The log whose archive is meant, where the blob store has several: its id, or the beginning of it.
    #[arg(long, value_name = "LOG")]
    pub of: Option<String>,
}

/// `downbeat log verify`.
#[derive(Debug, Args)]
pub struct LogVerify {
    /// Exported files and folders, in the order of their records, instead of the log.
    pub paths: Vec<PathBuf>,
    /// The archive in this blob store (its folder) instead of the log.
    #[arg(long, value_name = "BLOBS", conflicts_with = "paths")]
    pub archive: Option<PathBuf>,
    /// Which archive.
    #[command(flatten)]
    pub of: ArchiveOf,
}

/// `downbeat log export`.
#[derive(Debug, Args)]
pub struct LogExport {
    /// A new file; or a folder, which is there or ends in `/`: it gets the records that it does not hold yet.
    pub to: PathBuf,
    /// Begin behind this sequence.
    #[arg(long, default_value_t = 0)]
    pub after: u64,
}

/// `downbeat log import`.
#[derive(Debug, Args)]
pub struct LogImport {
    /// Exported files and folders, in the order of their records, from the first one on.
    #[arg(required_unless_present = "from_archive")]
    pub paths: Vec<PathBuf>,
    /// The archive in this blob store (its folder).
    #[arg(long, value_name = "BLOBS", conflicts_with = "paths")]
    pub from_archive: Option<PathBuf>,
    /// Which archive.
    #[command(flatten)]
    pub of: ArchiveOf,
    /// How the log is made.
    #[command(flatten)]
    pub writing: WritingConfig,
}

/// `downbeat log level`.
#[derive(Debug, Args)]
pub struct LogLevel {
    /// Raise it to the newest that the coordinator knows. No older version can go on with the log afterwards.
    #[arg(long)]
    pub raise: bool,
    /// How often.
    #[command(flatten)]
    pub key: Key,
    /// Who.
    #[command(flatten)]
    pub by: By,
    /// Where.
    #[command(flatten)]
    pub servers: Servers,
}
