//! Versions of pipelines: which one a run is of, and where their files are kept.

use downbeat_domain::{Caller, Command, PipelineId, RunId, StorageProvider};
use downbeat_proto::{
    control::v1::{self as wire, pipeline_service_server::PipelineService},
    event,
    events::v1 as events,
};
use tonic::{Request, Response, Status};

use super::{
    Control,
    asker::Asker,
    request::{command_id, pipeline_of},
};
use crate::{
    api::{refused, rejected},
    versions,
};

impl Control {
    /// Brings a version into the state that a new run is to be of, where the state does not have it: it is read from the log. In a decision
    /// of its own, before that of the run: a plan and the inputs of a run may together be larger than a record.
    pub(super) async fn bring_back(&self, pipeline: PipelineId, version: u32, run: RunId) -> Result<(), Status> {
        if !self.is_elsewhere(pipeline, version, run).await? {
            return Ok(());
        }
        // One at a time: each may read the whole log, and whoever waited may find that another one has brought it.
        let _reading = self.reading.lock().await;
        if !self.is_elsewhere(pipeline, version, run).await? {
            return Ok(());
        }
        let read = versions::read(&*self.log, pipeline, version).await;
        let read =
            read.map_err(|error| Status::unavailable(format!("version {version} cannot be read back: {error}")))?;
        let gone = || Status::not_found(format!("version {version} does not stand in the log any more"));
        let recall = Command::RecallVersion(read.ok_or_else(gone)?);
        let outcome = self.command(recall, Caller::named("coordinator"), None).await?;
        outcome.map(drop).map_err(|rejection| rejected(&rejection))
    }

    async fn is_elsewhere(&self, pipeline: PipelineId, version: u32, run: RunId) -> Result<bool, Status> {
        let asked = self.handle.ask(move |engine, _| {
            let partition = engine.partition();
            let state = partition.pipelines.get(&pipeline).filter(|state| !state.deleted);
            // A run that is there already is answered from state.
            partition.run_status(run).is_none() && state.is_some_and(|state| state.is_elsewhere(version))
        });
        asked.await.map_err(|error| refused(&error))
    }

    async fn set_storage(
        &self,
        request: wire::SetPipelineStorageRequest,
        asker: &Asker,
    ) -> Result<wire::SetPipelineStorageResponse, Status> {
        let pipeline = pipeline_of(&request.pipeline)?;
        let missing = || Status::invalid_argument("storage: say where the file is kept");
        let storage = storage_of(request.storage.ok_or_else(missing)?)?;
        let key = command_id(&["pipeline storage", &request.pipeline], &request.idempotency_key)?;
        let command = Command::SetPipelineStorage { pipeline, storage };
        let (changed, tail) = self.change(asker, command, key, &request.pipeline).await?;
        Ok(wire::SetPipelineStorageResponse { changed, position: self.position(tail) })
    }
}

/// From the message; what it says is looked at by the core.
pub(super) fn storage_of(storage: events::PipelineStorage) -> Result<downbeat_domain::PipelineStorage, Status> {
    event::pipeline_storage_of(storage).ok_or_else(|| {
        let words: Vec<&str> = StorageProvider::ALL.iter().map(|provider| provider.as_str()).collect();
        Status::invalid_argument(format!("storage.provider: use one of {}", words.join(", ")))
    })
}

#[tonic::async_trait]
impl PipelineService for Control {
    async fn set_pipeline_storage(
        &self,
        request: Request<wire::SetPipelineStorageRequest>,
    ) -> Result<Response<wire::SetPipelineStorageResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.set_storage(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn import_pipeline(
        &self,
        request: Request<wire::ImportPipelineRequest>,
    ) -> Result<Response<wire::ImportPipelineResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.import(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn sync_pipeline(
        &self,
        request: Request<wire::SyncPipelineRequest>,
    ) -> Result<Response<wire::SyncPipelineResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.sync(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn read_pipeline_file(
        &self,
        request: Request<wire::ReadPipelineFileRequest>,
    ) -> Result<Response<wire::ReadPipelineFileResponse>, Status> {
        self.read_pipeline_file_of(request.into_inner()).await.map(Response::new)
    }

    async fn commit_pipeline_file(
        &self,
        request: Request<wire::CommitPipelineFileRequest>,
    ) -> Result<Response<wire::CommitPipelineFileResponse>, Status> {
        let (control, asker) = (self.clone(), Asker::of(&request));
        // In a task of its own: whoever asks may go away, and what came of it is recorded all the same.
        let committing = tokio::spawn(async move {
            let answer = control.commit(request.into_inner(), &asker).await;
            control.answer(asker, answer).await
        });
        committing
            .await
            .map_err(|_| Status::internal("a commit ended inside Downbeat (a bug there, please report it)"))?
    }

    async fn get_pipeline_sync(
        &self,
        request: Request<wire::GetPipelineSyncRequest>,
    ) -> Result<Response<wire::GetPipelineSyncResponse>, Status> {
        self.sync_of(request.into_inner()).await.map(Response::new)
    }

    async fn repository_pushed(
        &self,
        request: Request<wire::RepositoryPushedRequest>,
    ) -> Result<Response<wire::RepositoryPushedResponse>, Status> {
        self.pushed(request.into_inner()).await.map(Response::new)
    }
}
