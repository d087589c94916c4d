//! `MetadataService`: convert, ask, convert.

mod answers;
mod artifacts;
mod assets;
mod at_least;
mod audit;
mod costs;
mod history;
mod lineage;
mod lists;
mod task_log;
mod tool_state;
mod trends;
mod watch;

use std::sync::Arc;

use downbeat_event_log::{ErrorKind as LogErrorKind, EventLog};
use downbeat_proto::metadata::v1::{self as wire, Position, metadata_service_server::MetadataService};
use downbeat_runtime::blob::BlobStore;
use futures::stream::BoxStream;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use crate::{
    error::Error,
    limits,
    published::{Published, View},
    query::{self, Refusal, backfills, history::Until, page::Page, runs, shape::Shape, tasks, versions},
};

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Metadata {
    published: Arc<Published>,
    blobs: BlobStore,
    log: Arc<dyn EventLog>,
    histories: Arc<Semaphore>,
}

impl Metadata {
    /// Answers from these rows and blobs; histories are read from the log.
    pub fn new(published: Arc<Published>, blobs: BlobStore, log: Arc<dyn EventLog>) -> Self {
        Self { published, blobs, log, histories: Arc::new(Semaphore::new(limits::HISTORIES_AT_ONCE)) }
    }

    /// Asks a question beside the async runtime, since the store blocks, and returns the position with the answer.
    async fn ask<T: Send + 'static>(
        &self,
        at_least: Option<Position>,
        question: impl FnOnce(&View<'_>) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<(T, Option<Position>), Status> {
        at_least::wait(&self.published, at_least).await?;
        let published = Arc::clone(&self.published);
        let work = move || published.view(|view| question(view).map(|answer| (answer, view.head.position.clone())));
        match tokio::task::spawn_blocking(work).await {
            Ok(answer) => answer.map_err(refused),
            Err(error) => Err(Status::internal(format!("the store failed: {error}"))),
        }
    }
}

fn refused(refusal: Refusal) -> Status {
    let message = refusal.to_string();
    match refusal {
        Refusal::NotFound(_) => Status::not_found(message),
        Refusal::Invalid(_) => Status::invalid_argument(message),
        Refusal::TooLarge(_) => Status::out_of_range(message),
        Refusal::Store(Error::Damaged(_)) => Status::data_loss(message),
        Refusal::Store(Error::Rebuilding { .. }) => Status::unavailable(message),
        Refusal::Store(Error::Log(error)) if error.kind() == LogErrorKind::Unavailable => Status::unavailable(message),
        Refusal::Store(_) => Status::internal(message),
    }
}

#[tonic::async_trait]
impl MetadataService for Metadata {
    async fn get_position(
        &self,
        _request: Request<wire::GetPositionRequest>,
    ) -> Result<Response<wire::GetPositionResponse>, Status> {
        let asked = self.ask(None, |view| {
            let rebuild = view.store.rebuild().map(|rebuild| wire::Rebuild {
                folded: *rebuild.folded().borrow(),
                goal: rebuild.goal(),
                projections: rebuild.changed().iter().map(ToString::to_string).collect(),
            });
            Ok((view.head.unknown_events, rebuild))
        });
        let ((unknown_events, rebuild), position) = asked.await?;
        Ok(Response::new(wire::GetPositionResponse { position, unknown_events, rebuild }))
    }

    async fn list_pipelines(
        &self,
        request: Request<wire::ListPipelinesRequest>,
    ) -> Result<Response<wire::ListPipelinesResponse>, Status> {
        let wire::ListPipelinesRequest { at_least, page_size: size, page_token } = request.into_inner();
        let question = move |view: &View<'_>| runs::pipelines(view, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListPipelinesResponse { pipelines: paged.rows, next_page_token: paged.next, position }))
    }

    async fn get_pipeline_source(
        &self,
        request: Request<wire::GetPipelineSourceRequest>,
    ) -> Result<Response<wire::GetPipelineSourceResponse>, Status> {
        let wire::GetPipelineSourceRequest { pipeline, version, at_least } = request.into_inner();
        let question = move |view: &View<'_>| runs::source(view, &pipeline, version);
        let (found, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::GetPipelineSourceResponse {
            pipeline: Some(found.pipeline),
            version: found.version,
            source: found.text,
            position,
            origin: found.origin,
        }))
    }

    async fn list_pipeline_versions(
        &self,
        request: Request<wire::ListPipelineVersionsRequest>,
    ) -> Result<Response<wire::ListPipelineVersionsResponse>, Status> {
        let wire::ListPipelineVersionsRequest { pipeline, at_least, page_size: size, page_token } =
            request.into_inner();
        let question = move |view: &View<'_>| versions::list(view, &pipeline, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        let (versions, next_page_token) = (paged.rows, paged.next);
        Ok(Response::new(wire::ListPipelineVersionsResponse { versions, next_page_token, position }))
    }

    async fn list_runs(
        &self,
        request: Request<wire::ListRunsRequest>,
    ) -> Result<Response<wire::ListRunsResponse>, Status> {
        Ok(Response::new(lists::runs(self, request.into_inner()).await?))
    }

    async fn get_run(&self, request: Request<wire::GetRunRequest>) -> Result<Response<wire::GetRunResponse>, Status> {
        let request = request.into_inner();
        let until = match (request.at_time, request.at_sequence) {
            (0, 0) => None,
            (at, 0) => Some(Until::Time(at)),
            (0, sequence) => Some(Until::Sequence(sequence)),
            _ => return Err(Status::invalid_argument("at_time, at_sequence: give one of the two")),
        };
        if let Some(until) = until {
            return Ok(Response::new(Box::pin(history::get_run(self, request, until)).await?));
        }
        let wire::GetRunRequest { run_id, at_least, .. } = request;
        let question = move |view: &View<'_>| {
            let (id, row) = runs::find(view, &run_id)?;
            let shape = Shape::read(view.store, id, &row)?;
            let task_runs = tasks::all(view.store, &row, &shape)?;
            Ok((row, task_runs))
        };
        let ((run, task_runs), position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::GetRunResponse { run: Some(run), task_runs, position }))
    }

    async fn explain_run(
        &self,
        request: Request<wire::ExplainRunRequest>,
    ) -> Result<Response<wire::ExplainRunResponse>, Status> {
        Ok(Response::new(Box::pin(history::explain(self, request.into_inner())).await?))
    }

    type WatchRunStream = BoxStream<'static, Result<wire::WatchRunResponse, Status>>;

    async fn watch_run(
        &self,
        request: Request<wire::WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        Ok(Response::new(watch::start(self.clone(), request.into_inner()).await?))
    }

    async fn list_task_runs(
        &self,
        request: Request<wire::ListTaskRunsRequest>,
    ) -> Result<Response<wire::ListTaskRunsResponse>, Status> {
        Ok(Response::new(lists::task_runs(self, request.into_inner()).await?))
    }

    async fn list_operations(
        &self,
        request: Request<wire::ListOperationsRequest>,
    ) -> Result<Response<wire::ListOperationsResponse>, Status> {
        Ok(Response::new(lists::operations(self, request.into_inner()).await?))
    }

    async fn list_assets(
        &self,
        request: Request<wire::ListAssetsRequest>,
    ) -> Result<Response<wire::ListAssetsResponse>, Status> {
        Ok(Response::new(lists::assets(self, request.into_inner()).await?))
    }

    async fn list_backfills(
        &self,
        request: Request<wire::ListBackfillsRequest>,
    ) -> Result<Response<wire::ListBackfillsResponse>, Status> {
        let wire::ListBackfillsRequest { pipeline, at_least, page_size: size, page_token } = request.into_inner();
        let question = move |view: &View<'_>| backfills::list(view, &pipeline, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListBackfillsResponse { backfills: paged.rows, next_page_token: paged.next, position }))
    }

    async fn get_backfill(
        &self,
        request: Request<wire::GetBackfillRequest>,
    ) -> Result<Response<wire::GetBackfillResponse>, Status> {
        let wire::GetBackfillRequest { backfill_id, at_least, page_size: size, page_token } = request.into_inner();
        let question = move |view: &View<'_>| backfills::get(view, &backfill_id, Page { size, token: &page_token });
        let ((row, paged), position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::GetBackfillResponse {
            backfill: Some(row),
            instants: paged.rows,
            next_page_token: paged.next,
            position,
        }))
    }

    async fn list_alerts(
        &self,
        request: Request<wire::ListAlertsRequest>,
    ) -> Result<Response<wire::ListAlertsResponse>, Status> {
        let wire::ListAlertsRequest { pipeline, state, at_least, page_size: size, page_token } = request.into_inner();
        let question =
            move |view: &View<'_>| query::lists::alerts(view, &pipeline, &state, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListAlertsResponse { alerts: paged.rows, next_page_token: paged.next, position }))
    }

    async fn list_breaches(
        &self,
        request: Request<wire::ListBreachesRequest>,
    ) -> Result<Response<wire::ListBreachesResponse>, Status> {
        let wire::ListBreachesRequest { pipeline, at_least, page_size: size, page_token } = request.into_inner();
        let question =
            move |view: &View<'_>| query::lists::breaches(view, &pipeline, Page { size, token: &page_token });
        let (paged, position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::ListBreachesResponse { breaches: paged.rows, next_page_token: paged.next, position }))
    }

    async fn get_run_lineage(
        &self,
        request: Request<wire::GetRunLineageRequest>,
    ) -> Result<Response<wire::GetRunLineageResponse>, Status> {
        let wire::GetRunLineageRequest { run_id, at_least } = request.into_inner();
        let question = move |view: &View<'_>| {
            let (id, _) = runs::find(view, &run_id)?;
            query::lists::lineage(view, id)
        };
        let ((assets, edges), position) = self.ask(at_least, question).await?;
        Ok(Response::new(wire::GetRunLineageResponse { assets, edges, position }))
    }

    type ReadTaskLogStream = BoxStream<'static, Result<wire::ReadTaskLogResponse, Status>>;

    async fn read_task_log(
        &self,
        request: Request<wire::ReadTaskLogRequest>,
    ) -> Result<Response<Self::ReadTaskLogStream>, Status> {
        Ok(Response::new(task_log::start(self.clone(), request.into_inner()).await?))
    }

    async fn list_task_artifacts(
        &self,
        request: Request<wire::ListTaskArtifactsRequest>,
    ) -> Result<Response<wire::ListTaskArtifactsResponse>, Status> {
        Ok(Response::new(artifacts::list(self, request.into_inner()).await?))
    }

    type ReadTaskArtifactStream = BoxStream<'static, Result<wire::ReadTaskArtifactResponse, Status>>;

    async fn read_task_artifact(
        &self,
        request: Request<wire::ReadTaskArtifactRequest>,
    ) -> Result<Response<Self::ReadTaskArtifactStream>, Status> {
        Ok(Response::new(artifacts::read(self, request.into_inner()).await?))
    }

    async fn list_audit(
        &self,
        request: Request<wire::ListAuditRequest>,
    ) -> Result<Response<wire::ListAuditResponse>, Status> {
        Ok(Response::new(audit::list(self, request.into_inner()).await?))
    }

    type ExportAuditStream = BoxStream<'static, Result<wire::ExportAuditResponse, Status>>;

    async fn export_audit(
        &self,
        request: Request<wire::ExportAuditRequest>,
    ) -> Result<Response<Self::ExportAuditStream>, Status> {
        Ok(Response::new(audit::export(self.clone(), request.into_inner()).await?))
    }
}
