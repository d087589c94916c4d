//! Settings of the coordinator.

use std::{net::SocketAddr, path::PathBuf};

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct CoordinatorConfig {
    /// Address for ControlService and WorkerService.
    #[arg(long, env = "DOWNBEAT_COORDINATOR_LISTEN", default_value = "127.0.0.1:7410")]
    pub listen: SocketAddr,
    /// Name of this process in PartitionOwned records.
    #[arg(long, env = "DOWNBEAT_COORDINATOR_NAME", default_value = "coordinator")]
    pub name: String,
    /// Folder of the blob store, where snapshots of the partition are kept.
    #[arg(long, env = "DOWNBEAT_BLOBS", default_value = ".downbeat/blobs")]
    pub blobs: PathBuf,
    /// Records of the log after which the next snapshot is taken.
    #[arg(long, env = "DOWNBEAT_SNAPSHOT_RECORDS", default_value_t = crate::limits::RECORDS_PER_SNAPSHOT)]
    pub snapshot_records: u64,
    /// Seconds after which the repositories of pipelines are looked at again, about; 0 = only when somebody asks for it.
    #[arg(long, env = "DOWNBEAT_GIT_SYNC_SECONDS", default_value_t = crate::limits::SYNC_INTERVAL.as_secs())]
    pub git_sync_seconds: u64,
}
