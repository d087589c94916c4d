//! The metadata projector: follows the log and answers questions about pipelines, runs, assets and lineage.
//!
//! Promises: every answer is the fold of the log up to the position that it carries (INV-07); rows and position commit
//! together; a store that cannot be trusted is moved aside and rebuilt from the log, loudly; one that other versions of the
//! projections wrote is rebuilt beside, and answers meanwhile what has not changed; a log that lost records, or another log, is
//! never continued on. Knows nothing about how decisions are taken, and nothing about other services' code.

pub mod api;
pub mod config;
pub mod driver;
pub mod engine;
pub mod error;
pub mod export;
pub mod limits;
pub mod metrics;
pub mod outgoing;
pub mod position;
pub mod published;
pub mod query;
pub mod rebuild;
pub mod served;
pub mod store;
mod traces;
mod writer;

use std::sync::Arc;

use downbeat_event_log::EventLog;
use downbeat_proto::metadata::v1::{
    answer_service_server::AnswerServiceServer, asset_service_server::AssetServiceServer,
    cost_service_server::CostServiceServer, lineage_service_server::LineageServiceServer,
    metadata_service_server::MetadataServiceServer, tool_state_query_service_server::ToolStateQueryServiceServer,
    trend_service_server::TrendServiceServer,
};
use downbeat_runtime::{
    blob::BlobStore,
    grpc,
    shutdown::{self, ShutdownSignal},
};
use tonic::service::RoutesBuilder;

pub use config::ProjectorConfig;
pub use driver::Driver;
pub use error::{Error, ErrorKind};
pub use outgoing::{OpenLineageConfig, Outgoing, OutgoingConfig};

/// A projector whose store is open and whose position was found in the log: its gRPC service and its loop.
pub struct Projector {
    driver: Driver,
    published: Arc<published::Published>,
    blobs: BlobStore,
    log: Arc<dyn EventLog>,
}

/// Opens the projections in `config.data_dir` over this log; task logs are read from `blobs`. Waits while the log cannot be
/// reached.
///
/// # Errors
/// `Locked`, `Folder`, `ForeignPosition`, `Log`, `Damaged` (only when an empty store does not open).
pub async fn start(log: Arc<dyn EventLog>, config: ProjectorConfig, blobs: BlobStore) -> Result<Projector, Error> {
    start_with(engine::projection::ALL, log, config, blobs).await
}

/// The same with other projections.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    projections: &'static [engine::projection::Registered],
    log: Arc<dyn EventLog>,
    config: ProjectorConfig,
    blobs: BlobStore,
) -> Result<Projector, Error> {
    let (folder, cache_bytes, id) = (config.data_dir, config.cache_bytes, log.id().clone());
    let (at, of) = (folder.clone(), id.clone());
    let mut opened = blocking(move || store::open_for(&at, cache_bytes, &of, projections)).await?;
    let stored = opened.head.position.clone().unwrap_or_default();
    // Before anything is answered; a store that other versions wrote, too, must be of this log.
    if let Err(error) = position::check(&*log, opened.store.folder(), &stored).await {
        // Nothing was written: the store stays as good as it was.
        opened.store.close()?;
        // Rows of records that were lost with the log that this one was restored from: nobody can do anything else with them.
        if error.kind() != ErrorKind::ForeignPosition || position::restored(&id, &stored.log_id).is_none() {
            return Err(error);
        }
        drop(opened);
        let reason = error.to_string();
        opened = blocking(move || store::open_anew(&folder, cache_bytes, &id, projections, &reason)).await?;
    }
    let published = Arc::new(published::Published::new(opened.store, log.id().clone(), opened.head));
    let driver = Driver::new(Arc::clone(&log), Arc::clone(&published));
    Ok(Projector { driver, published, blobs, log })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}

/// Names of the services, for health.
const SERVICES: [&str; 7] = [
    "downbeat.metadata.v1.AnswerService",
    "downbeat.metadata.v1.AssetService",
    "downbeat.metadata.v1.CostService",
    "downbeat.metadata.v1.LineageService",
    "downbeat.metadata.v1.MetadataService",
    "downbeat.metadata.v1.ToolStateQueryService",
    "downbeat.metadata.v1.TrendService",
];

impl Projector {
    /// The rows and the news of their changes, for those in the same process.
    pub fn published(&self) -> &Arc<published::Published> {
        &self.published
    }

    /// Adds the service to a server and gives the loop to the caller. Returns the names for health.
    pub fn into_parts(self, routes: &mut RoutesBuilder) -> (Driver, [&'static str; 7]) {
        let metadata = api::Metadata::new(self.published, self.blobs, self.log);
        let limit = downbeat_proto::limits::MESSAGE_BYTES_MAX;
        routes.add_service(AnswerServiceServer::new(metadata.clone()).max_decoding_message_size(limit));
        routes.add_service(AssetServiceServer::new(metadata.clone()).max_decoding_message_size(limit));
        routes.add_service(CostServiceServer::new(metadata.clone()).max_decoding_message_size(limit));
        routes.add_service(ToolStateQueryServiceServer::new(metadata.clone()).max_decoding_message_size(limit));
        routes.add_service(TrendServiceServer::new(metadata.clone()).max_decoding_message_size(limit));
        routes.add_service(LineageServiceServer::new(metadata.clone()).max_decoding_message_size(limit));
        routes.add_service(MetadataServiceServer::new(metadata).max_decoding_message_size(limit));
        (self.driver, SERVICES)
    }

    /// Serves and tells others until the process is asked to end; where one of both fails, the other ends in order.
    ///
    /// # Errors
    /// As [`Self::serve`], else as [`Outgoing::run`].
    pub async fn serve_and_tell(
        self,
        listener: grpc::Listener,
        outgoing: Outgoing,
        shutdown: &shutdown::Shutdown,
    ) -> Result<(), Error> {
        let served = async {
            let served = Box::pin(self.serve(listener, shutdown.signal())).await;
            shutdown.begin();
            served
        };
        let told = async {
            let told = outgoing.run(shutdown.signal()).await;
            shutdown.begin();
            told
        };
        let (served, told) = tokio::join!(served, told);
        served.and(told)
    }

    /// Serves until the signal, or until the log fails for good.
    ///
    /// # Errors
    /// As [`Driver::run`]; `Runtime` when the server fails.
    pub async fn serve(self, listener: grpc::Listener, signal: ShutdownSignal) -> Result<(), Error> {
        let mut routes = RoutesBuilder::default();
        let (driver, services) = self.into_parts(&mut routes);
        let stop_server = shutdown::Shutdown::default();
        let served =
            Box::pin(grpc::serve(listener, routes, downbeat_proto::DESCRIPTORS, &services, stop_server.signal()));
        // The driver goes first, so that the store is closed cleanly; its end also ends every open stream.
        let driven = async {
            let driven = Box::pin(driver.run(signal)).await;
            stop_server.begin();
            driven
        };
        let (mut driven, mut served) = (std::pin::pin!(driven), served);
        tokio::select! {
            driven = &mut driven => {
                served.await?;
                driven
            }
            // It failed by itself; the store is good enough for the next start.
            served = &mut served => Ok(served?),
        }
    }
}
