//! How whoever writes the log makes it, and what it must be like before anything is written.

use clap::builder::FalseyValueParser;

/// Settings, from flags or `DOWNBEAT_*` variables. They matter where the log is on NATS servers; a folder of this machine has none.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct WritingConfig {
    /// Do not start with a log that may lose acknowledged records: a server that does not sync every write, or does not say so, fewer copies
    /// than the cluster allows, limits on the stream (docs/runbooks.md).
    #[arg(long, env = "DOWNBEAT_STRICT", value_parser = FalseyValueParser::new(), help_heading = "Log")]
    pub strict: bool,
    /// Copies of the log where it is made: 1 on one NATS server, 3 in a cluster.
    #[arg(long, env = "DOWNBEAT_LOG_REPLICAS", default_value_t = 1, help_heading = "Log")]
    pub log_replicas: usize,
    /// Bytes that the log may take where it is made; 0 = what the NATS server has. A full log refuses new work and drops nothing.
    #[arg(long, env = "DOWNBEAT_LOG_MAX_BYTES", default_value_t = 0, help_heading = "Log")]
    pub log_max_bytes: u64,
}

impl Default for WritingConfig {
    fn default() -> Self {
        Self { strict: false, log_replicas: 1, log_max_bytes: 0 }
    }
}

impl WritingConfig {
    pub(crate) fn max_bytes(&self) -> i64 {
        if self.log_max_bytes == 0 { -1 } else { i64::try_from(self.log_max_bytes).unwrap_or(i64::MAX) }
    }
}
