//! The coordinator: the only writer of its partition, one of several processes that could be.
//!
//! Promises: an answer means that the decision is in the log (INV-08); a worker hears of a decision only after that; whatever
//! dies, a new coordinator folds the log and goes on. Knows nothing about what jobs do, and nothing about other services' code.

pub mod api;
pub mod archive;
pub mod config;
pub mod connections;
pub mod driver;
mod endpoint_secrets;
pub mod engine;
pub mod error;
pub mod first_key;
mod keeping;
pub mod limits;
pub mod marks;
pub mod metrics;
pub mod ownership;
pub mod pressure;
pub mod prior;
pub mod replica;
mod secret;
pub mod snapshots;
pub mod take_over;
mod traces;
pub mod versions;

use std::{sync::Arc, time::Duration};

use downbeat_event_log::EventLog;
use downbeat_proto::{
    control::v1::{
        access_service_server::AccessServiceServer, connection_service_server::ConnectionServiceServer,
        control_service_server::ControlServiceServer, environment_service_server::EnvironmentServiceServer,
        inventory_service_server::InventoryServiceServer, pipeline_service_server::PipelineServiceServer,
        tool_state_service_server::ToolStateServiceServer, webhook_service_server::WebhookServiceServer,
    },
    worker::v1::worker_service_server::WorkerServiceServer,
};
use downbeat_runtime::{
    grpc,
    shutdown::{self, ShutdownSignal},
};
use snapshots::Snapshots;
use tonic::service::RoutesBuilder;

/// Names of the services, for health.
const SERVICES: [&str; 9] = [
    "downbeat.control.v1.AccessService",
    "downbeat.control.v1.ConnectionService",
    "downbeat.control.v1.ControlService",
    "downbeat.control.v1.EnvironmentService",
    "downbeat.control.v1.InventoryService",
    "downbeat.control.v1.PipelineService",
    "downbeat.control.v1.ToolStateService",
    "downbeat.control.v1.WebhookService",
    "downbeat.worker.v1.WorkerService",
];
/// The only partition of this version.
pub(crate) const PARTITION: u32 = 0;

/// A coordinator that owns its partition: its gRPC services and its loop.
pub struct Coordinator {
    /// The loop; run it.
    pub driver: driver::Driver,
    handle: driver::Handle,
    log: Arc<dyn EventLog>,
    sync_every: Option<Duration>,
    archive_every: Option<Duration>,
    vault: Arc<connections::Vault>,
}

impl Coordinator {
    /// Takes the partition over. Without `snapshots` the whole log is folded every time.
    pub async fn take_over(
        log: Arc<dyn EventLog>,
        name: &str,
        snapshots: Option<Snapshots>,
    ) -> Result<Self, error::Error> {
        Self::take_over_measured(log, name, snapshots, &metrics::Metrics::default()).await
    }

    /// The same, measured.
    pub async fn take_over_measured(
        log: Arc<dyn EventLog>,
        name: &str,
        snapshots: Option<Snapshots>,
        metrics: &metrics::Metrics,
    ) -> Result<Self, error::Error> {
        let began = std::time::Instant::now();
        let owned = take_over::take_over(&*log, name, snapshots.as_ref()).await?;
        let metrics = metrics.partition(PARTITION, began.elapsed());
        Ok(Self::over(log, owned, snapshots, metrics))
    }

    /// Over a partition that was taken over.
    pub(crate) fn over(
        log: Arc<dyn EventLog>,
        owned: take_over::Owned,
        snapshots: Option<Snapshots>,
        metrics: metrics::PartitionMetrics,
    ) -> Self {
        let (driver, handle) = driver::Driver::new(Arc::clone(&log), owned, snapshots, metrics);
        Self { driver, handle, log, sync_every: None, archive_every: None, vault: Arc::default() }
    }

    /// How others in this process talk to its loop.
    pub(crate) fn handle(&self) -> driver::Handle {
        self.handle.clone()
    }

    /// Looks at repositories and archives the log as often as these settings say.
    pub fn configured(self, config: &config::CoordinatorConfig) -> Self {
        let (sync, archive) = (config.git_sync_seconds, config.archive_seconds);
        self.syncing_every(Duration::from_secs(sync)).archiving_every(Duration::from_secs(archive))
    }

    /// Looks every so often whether pipelines are what stands in their repositories; zero = only where something is said to be pushed.
    pub fn syncing_every(self, every: Duration) -> Self {
        let every = if every.is_zero() { limits::SYNC_NEVER } else { every };
        Self { sync_every: Some(every), ..self }
    }

    /// Copies the log into the blob store of the snapshots, every so often at the latest; zero = it does not.
    pub fn archiving_every(self, every: Duration) -> Self {
        Self { archive_every: (!every.is_zero()).then_some(every), ..self }
    }

    /// Keeps sealed connections there; without this it keeps none.
    pub async fn with_connections(mut self, vault: connections::Vault) -> Self {
        vault.load(self.driver.connections()).await;
        // Whoever has a new log and an old blob store has made a mistake, and loses nothing by it.
        if let Some(endpoints) = self.driver.endpoints() {
            vault.endpoint_secrets().keep_only(endpoints);
        }
        self.vault = Arc::new(vault);
        self.driver.give_from(Arc::clone(&self.vault));
        self
    }

    /// Where nobody made a key yet: what makes the first one, once the loop runs.
    pub fn first_key(&self) -> Option<first_key::FirstKey> {
        (!self.driver.knows_keys()).then(|| first_key::FirstKey { handle: self.handle.clone() })
    }

    /// Adds the services to a server and gives the loop to the caller; what looks at repositories begins. Returns the names for health.
    pub fn into_parts(self, routes: &mut RoutesBuilder) -> (driver::Driver, [&'static str; 9]) {
        keeping::begin(&self.log, &self.driver, self.handle.downgrade(), self.archive_every);
        let control = Arc::new(api::Control::new(self.handle.clone(), Arc::clone(&self.log), self.vault));
        if let Some(every) = self.sync_every {
            tokio::spawn(control.syncing(every).run());
        }
        let workers = api::Workers::new(self.handle);
        let limit = downbeat_proto::limits::MESSAGE_BYTES_MAX;
        routes.add_service(AccessServiceServer::from_arc(Arc::clone(&control)).max_decoding_message_size(limit));
        routes.add_service(PipelineServiceServer::from_arc(Arc::clone(&control)).max_decoding_message_size(limit));
        routes.add_service(ConnectionServiceServer::from_arc(Arc::clone(&control)).max_decoding_message_size(limit));
        routes.add_service(WebhookServiceServer::from_arc(Arc::clone(&control)).max_decoding_message_size(limit));
        let environments = EnvironmentServiceServer::from_arc(Arc::clone(&control));
        routes.add_service(environments.max_decoding_message_size(limit));
        let inventory = InventoryServiceServer::from_arc(Arc::clone(&control));
        routes.add_service(inventory.max_decoding_message_size(limit));
        let tool_state = ToolStateServiceServer::from_arc(Arc::clone(&control));
        routes.add_service(tool_state.max_decoding_message_size(limit));
        routes.add_service(ControlServiceServer::from_arc(control).max_decoding_message_size(limit));
        routes.add_service(WorkerServiceServer::new(workers).max_decoding_message_size(limit));
        (self.driver, SERVICES)
    }

    /// Serves until the signal, or until the partition is lost.
    pub async fn serve(self, listener: grpc::Listener, signal: ShutdownSignal) -> Result<(), error::Error> {
        let mut routes = RoutesBuilder::default();
        let (driver, services) = self.into_parts(&mut routes);
        let mut ending = signal.clone();
        let served = grpc::serve(listener, routes, downbeat_proto::DESCRIPTORS, &services, signal);
        tokio::select! {
            served = served => Ok(served?),
            driven = driver.run() => driven,
            // Open worker streams would keep the server up for ever; they attach again elsewhere.
            () = shutdown::wait(&mut ending) => Ok(()),
        }
    }
}
