//! What a coordinator works with, alone or as one of several.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use downbeat_event_log::EventLog;
use downbeat_runtime::{blob::BlobStore, grpc, shutdown::Shutdown, tls::Trust};

use crate::{
    Coordinator, config::CoordinatorConfig, connections::Vault, error::Error, metrics::Metrics, snapshots::Snapshots,
};

/// See the module.
pub struct Parts {
    /// The log of the partition.
    pub log: Arc<dyn EventLog>,
    /// Name of this process in `PARTITION_OWNED`.
    pub name: String,
    /// Where the other replicas reach this one.
    pub address: String,
    /// How replicas know each other.
    pub trust: Trust,
    /// Where snapshots are kept.
    pub snapshots: Snapshots,
    /// What keeps sealed connections.
    pub vault: Vault,
    /// What is measured.
    pub metrics: Metrics,
    /// How often repositories are looked at; zero = never by itself.
    pub sync_every: Duration,
    /// How often the log is archived at the latest; zero = it is not.
    pub archive_every: Duration,
}

impl CoordinatorConfig {
    /// What these settings say, over an open log, of a coordinator that listens there.
    ///
    /// # Errors
    /// The blob store or the master keys cannot be used.
    pub fn parts(
        &self,
        log: Arc<dyn EventLog>,
        trust: Trust,
        listening: SocketAddr,
        metrics: Metrics,
    ) -> Result<Parts, Box<dyn std::error::Error>> {
        let blobs = BlobStore::open(&self.blobs)?;
        Ok(Parts {
            log,
            name: self.name.clone(),
            address: self.advertised(listening),
            trust,
            metrics,
            vault: Vault::new(self.master_keys()?, blobs.clone()),
            snapshots: Snapshots::new(blobs, self.snapshot_records),
            sync_every: Duration::from_secs(self.git_sync_seconds),
            archive_every: Duration::from_secs(self.archive_seconds),
        })
    }
}

impl Parts {
    /// Serves a log that nobody else can own, until it is asked to end.
    ///
    /// # Errors
    /// Those of taking over and of [`Coordinator::serve`].
    pub async fn alone(self, listener: grpc::Listener, shutdown: &Shutdown) -> Result<(), Error> {
        let take_over = Coordinator::take_over_measured(self.log, &self.name, Some(self.snapshots), &self.metrics);
        let Some(coordinator) = shutdown.unless_ended(take_over).await.transpose()? else { return Ok(()) };
        let coordinator = coordinator.syncing_every(self.sync_every).archiving_every(self.archive_every);
        let coordinator = coordinator.with_connections(self.vault).await;
        Box::pin(coordinator.serve(listener, shutdown.signal())).await
    }
}
