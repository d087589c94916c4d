//! Settings of the coordinator.

use std::{net::SocketAddr, path::PathBuf};

use downbeat_event_log::WritingConfig;
use downbeat_runtime::{
    sealed::{MasterKeys, SETTING},
    tls::TlsConfig,
};

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct CoordinatorConfig {
    /// Address for ControlService and WorkerService.
    #[arg(long, env = "DOWNBEAT_COORDINATOR_LISTEN", default_value = "127.0.0.1:7410")]
    pub listen: SocketAddr,
    /// Address under which the other coordinators reach this one: http://HOST:PORT, with certificates https://HOST:PORT. Default: the
    /// one that it listens on, or where that is every address of the machine, the machine's name.
    #[arg(long, env = "DOWNBEAT_COORDINATOR_ADVERTISE", value_name = "URL")]
    pub advertise: Option<String>,
    /// Name of this process in PartitionOwned records.
    #[arg(long, env = "DOWNBEAT_COORDINATOR_NAME", default_value = "coordinator")]
    pub name: String,
    /// Folder of the blob store, where snapshots of the partition are kept.
    #[arg(long, env = "DOWNBEAT_BLOBS", default_value = ".downbeat/blobs")]
    pub blobs: PathBuf,
    /// File with the master key that seals connections (base64 of 32 bytes; one a line: the first seals, all open), which only its owner
    /// may read. Or set DOWNBEAT_MASTER_KEY.
    #[arg(long, env = "DOWNBEAT_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Command that prints the master key, as the client of a key management service does (docs/connections.md): words with blanks between
    /// them, which no shell reads.
    #[arg(long, env = "DOWNBEAT_MASTER_KEY_COMMAND", value_name = "COMMAND")]
    pub master_key_command: Option<String>,
    /// Records of the log after which the next snapshot is taken.
    #[arg(long, env = "DOWNBEAT_SNAPSHOT_RECORDS", default_value_t = crate::limits::RECORDS_PER_SNAPSHOT)]
    pub snapshot_records: u64,
    /// Seconds after which records are copied into the blob store at the latest, for a log that is lost (docs/backup.md); 0 = they are not.
    #[arg(long, env = "DOWNBEAT_ARCHIVE_SECONDS", default_value_t = 0)]
    pub archive_seconds: u64,
    /// How the log is made and what it must be like.
    #[command(flatten)]
    pub writing: WritingConfig,
    /// Seconds after which the repositories of pipelines are looked at again, about; 0 = only when somebody asks for it.
    #[arg(long, env = "DOWNBEAT_GIT_SYNC_SECONDS", default_value_t = crate::limits::SYNC_INTERVAL.as_secs())]
    pub git_sync_seconds: u64,
    /// Address on which `GET /metrics` answers for Prometheus, such as 127.0.0.1:9463. Default: nowhere.
    #[arg(long, env = "DOWNBEAT_COORDINATOR_METRICS")]
    pub metrics: Option<SocketAddr>,
    /// How other services and this one know each other.
    #[command(flatten)]
    pub tls: TlsConfig,
}

impl CoordinatorConfig {
    /// Where other coordinators reach this one, which listens at this address.
    pub fn advertised(&self, listening: SocketAddr) -> String {
        if let Some(address) = self.advertise.as_deref().filter(|address| !address.is_empty()) {
            return address.to_owned();
        }
        let scheme = if self.tls.tls_cert.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", downbeat_runtime::grpc::reachable_at(listening))
    }

    /// The master keys of the environment, of the file or of the command; `None` = no connections are kept here. The environment is read here and not by
    /// a flag: what stands on a command line is seen by everybody.
    ///
    /// # Errors
    /// In words, without anything of a key.
    pub fn master_keys(&self) -> Result<Option<MasterKeys>, String> {
        let text = zeroize::Zeroizing::new(std::env::var(SETTING).unwrap_or_default());
        MasterKeys::configured(Some(text.as_str()), self.master_key_file.as_deref(), self.master_key_command.as_deref())
    }
}
