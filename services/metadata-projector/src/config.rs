//! Settings of the projector.

use std::{net::SocketAddr, path::PathBuf};

use downbeat_runtime::tls::TlsConfig;

use crate::limits;

/// Settings, from flags or `DOWNBEAT_*` variables.
#[derive(Clone, Debug, clap::Args)]
pub struct ProjectorConfig {
    /// Address for MetadataService.
    #[arg(long, env = "DOWNBEAT_PROJECTOR_LISTEN", default_value = "127.0.0.1:7412")]
    pub listen: SocketAddr,
    /// Folder of the projections; everything in it can be rebuilt from the log.
    #[arg(long, env = "DOWNBEAT_PROJECTOR_DATA", default_value = ".downbeat/metadata")]
    pub data_dir: PathBuf,
    /// Page cache of the store, bytes of the disk; at least 1 MiB. It is filled only as far as there are rows, and takes up to three
    /// times as much memory.
    #[arg(long, env = "DOWNBEAT_PROJECTOR_CACHE_BYTES", default_value_t = limits::CACHE_BYTES_DEFAULT)]
    pub cache_bytes: u64,
    /// Address on which `GET /metrics` answers for Prometheus, such as 127.0.0.1:9465. Default: nowhere.
    #[arg(long, env = "DOWNBEAT_PROJECTOR_METRICS")]
    pub metrics: Option<SocketAddr>,
    /// How other services and this one know each other.
    #[command(flatten)]
    pub tls: TlsConfig,
}

impl ProjectorConfig {
    /// The defaults of a projector inside of another process, with the projections in this folder.
    pub fn in_folder(data_dir: PathBuf) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 7412));
        Self { listen, data_dir, cache_bytes: limits::CACHE_BYTES_EMBEDDED, metrics: None, tls: TlsConfig::default() }
    }
}
