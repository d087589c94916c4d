//! The service as its callers see it: gRPC on a free port over a log that grows.

use std::{path::Path, sync::Arc};

use downbeat_event_log::{EventLog, LogId, memory::MemoryLog};
use downbeat_metadata_projector::{
    Error, ProjectorConfig,
    engine::projection::{ALL, Registered},
    published::Published,
    start_with,
};
use downbeat_proto::metadata::v1::{
    self as wire, answer_service_client::AnswerServiceClient, asset_service_client::AssetServiceClient,
    cost_service_client::CostServiceClient, lineage_service_client::LineageServiceClient,
    metadata_service_client::MetadataServiceClient, tool_state_query_service_client::ToolStateQueryServiceClient,
    trend_service_client::TrendServiceClient,
};
use downbeat_runtime::{blob::BlobStore, grpc, shutdown::Shutdown};
use tokio::task::JoinHandle;
use tonic::{Code, transport::Channel};

pub struct Service {
    pub client: MetadataServiceClient<Channel>,
    pub lineage: LineageServiceClient<Channel>,
    pub assets: AssetServiceClient<Channel>,
    pub costs: CostServiceClient<Channel>,
    pub answers: AnswerServiceClient<Channel>,
    pub trends: TrendServiceClient<Channel>,
    pub tool_state: ToolStateQueryServiceClient<Channel>,
    pub published: Arc<Published>,
    shutdown: Shutdown,
    served: JoinHandle<Result<(), Error>>,
    pub blobs: BlobStore,
}

impl Service {
    pub async fn over(log: &MemoryLog, folder: &Path) -> Self {
        Self::with(ALL, Arc::new(log.clone()), folder).await
    }

    /// Folds with these projections.
    pub async fn with(projections: &'static [Registered], log: Arc<dyn EventLog>, folder: &Path) -> Self {
        let blobs = BlobStore::open(&folder.join("blobs")).unwrap();
        let config = ProjectorConfig::in_folder(folder.join("projections"));
        let projector = start_with(projections, log, config, blobs.clone()).await.unwrap();
        let published = Arc::clone(projector.published());
        let listener = grpc::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::default();
        let served = tokio::spawn(projector.serve(listener, shutdown.signal()));
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        let (client, lineage) =
            (MetadataServiceClient::new(channel.clone()), LineageServiceClient::new(channel.clone()));
        let costs = CostServiceClient::new(channel.clone());
        let answers = AnswerServiceClient::new(channel.clone());
        let trends = TrendServiceClient::new(channel.clone());
        let tool_state = ToolStateQueryServiceClient::new(channel.clone());
        let assets = AssetServiceClient::new(channel);
        Self { client, lineage, assets, costs, answers, trends, tool_state, published, shutdown, served, blobs }
    }

    pub async fn stop(self) {
        drop((self.client, self.lineage, self.assets, self.costs, self.answers, self.trends));
        drop((self.tool_state, self.published));
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
    }

    /// Waits until no rebuild is under way.
    pub async fn rebuilt(&self) {
        self.published.progress().wait_for(|_| self.published.rebuild().is_none()).await.unwrap();
    }

    pub async fn get(
        &mut self,
        run: impl ToString,
        at_least: Option<wire::Position>,
    ) -> Result<wire::GetRunResponse, Code> {
        let request = wire::GetRunRequest { run_id: run.to_string(), at_least, ..Default::default() };
        self.client.get_run(request).await.map(tonic::Response::into_inner).map_err(|status| status.code())
    }
}

pub fn log(id: &str) -> MemoryLog {
    MemoryLog::new(LogId(id.into()))
}

pub async fn end(log: &MemoryLog) -> Option<wire::Position> {
    Some(downbeat_metadata_projector::engine::position(log.id(), log.tail().await.unwrap()))
}

/// A projector over a log that grows.
pub struct Given {
    pub log: MemoryLog,
    pub service: Service,
    _folder: tempfile::TempDir,
}

impl Given {
    /// A projector over this log, with its rows in this folder.
    pub fn of(log: MemoryLog, service: Service, folder: tempfile::TempDir) -> Self {
        Self { log, service, _folder: folder }
    }
}

/// A projector over a pipeline of four tasks and runs 0 to 9 of it.
pub async fn given(name: &str) -> Given {
    let log = log(name);
    let mut events = vec![super::pipeline(4, 0)];
    events.extend((0..10).map(|run| super::created(super::run_id(run), i64::from(run))));
    super::at_second(&log, 0, events).await;
    let folder = tempfile::tempdir().unwrap();
    let service = Service::over(&log, folder.path()).await;
    Given { log, service, _folder: folder }
}
