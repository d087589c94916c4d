//! `ControlService`: commands of people, programs and schedulers. Each converts, asks the engine, and converts the answer.

mod access;
mod alerts;
mod apply;
mod asker;
mod backfills;
mod commits;
mod connections;
mod costs;
mod declared;
mod endpoints;
mod environments;
mod events;
mod explain;
mod firings;
mod health;
mod inventory;
mod level;
mod lineage;
mod logins;
mod pipelines;
mod preview;
mod repositories;
mod request;
mod runs;
mod sensors;
mod syncing;
mod tasks;
mod tool_state;
mod versions;
mod webhook;

use downbeat_domain::{Caller, Command, CommandId, PipelineId, Rejection, plan::CoreJob};
use downbeat_event_log::{EventLog, Tail};
use downbeat_proto::{
    control::v1::{self as wire, control_service_server::ControlService},
    metadata::v1::Position,
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::refused;
use crate::{connections::Vault, driver::Handle, endpoint_secrets::EndpointSecrets, engine::Answer, limits};
use asker::Asker;
pub(crate) use repositories::INTEGRATION as REPOSITORIES;
use syncing::Syncs;

/// The only account of this version.
const ACCOUNT: &str = "default";

/// The services of people and programs. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    handle: Handle,
    log: Arc<dyn EventLog>,
    /// Who may watch what gateways decide by.
    watchers: Arc<Semaphore>,
    /// Held by whoever reads a version back from the log.
    reading: Arc<tokio::sync::Mutex<()>>,
    /// How pipelines stand to their repositories.
    syncs: Arc<Syncs>,
    /// Where values of connections are sealed.
    vault: Arc<Vault>,
    /// Held by whoever changes what is sealed.
    sealing: Arc<tokio::sync::Mutex<()>>,
    /// Where secrets of endpoints are sealed.
    endpoints: Arc<EndpointSecrets>,
    /// Held by whoever says what assets are made of, or removes one.
    declaring: Arc<tokio::sync::Mutex<()>>,
    /// Held by whoever gives an endpoint a further secret.
    rotating: Arc<tokio::sync::Mutex<()>>,
}

impl Control {
    /// A service over this coordinator, which writes to this log.
    pub fn new(handle: Handle, log: Arc<dyn EventLog>, vault: Arc<Vault>) -> Self {
        let watchers = Arc::new(Semaphore::new(limits::ACCESS_WATCHERS_MAX));
        Self {
            handle,
            log,
            watchers,
            reading: Arc::default(),
            syncs: Arc::new(Syncs::new()),
            endpoints: Arc::new(vault.endpoint_secrets()),
            vault,
            sealing: Arc::default(),
            declaring: Arc::default(),
            rotating: Arc::default(),
        }
    }

    async fn command(
        &self,
        command: Command,
        caller: Caller,
        id: Option<CommandId>,
    ) -> Result<Result<(Answer, Tail), Rejection>, Status> {
        self.handle.call(command, caller, id).await.map_err(|error| refused(&error))
    }

    fn position(&self, tail: Tail) -> Option<Position> {
        Some(Position {
            log_id: self.log.id().to_string(),
            partition: 0,
            sequence: tail.sequence,
            hash: bytes::Bytes::copy_from_slice(&tail.hash.0),
        })
    }

    /// What of a plan would wait although nothing is wrong with it: jobs that no attached worker offers, pools without a size, ends
    /// of runs of pipelines that nobody has applied.
    ///
    /// # Errors
    /// FAILED_PRECONDITION for jobs that no worker of this version runs, and none that is attached.
    async fn missing(&self, compiled: &apply::Compiled) -> Result<Vec<String>, Status> {
        let plan = &compiled.apply.applied.plan;
        let jobs: std::collections::BTreeSet<(String, String)> = plan
            .tasks
            .iter()
            .filter(|task| CoreJob::of(&task.integration, &task.integration_job).is_none())
            .map(|task| (task.integration.clone(), task.integration_job.clone()))
            .collect();
        let pools: std::collections::BTreeSet<String> =
            plan.tasks.iter().filter_map(|task| task.pool.as_ref()).map(|pool| pool.name.clone()).collect();
        let awaited: std::collections::BTreeSet<PipelineId> =
            plan.pipeline_triggers.iter().filter_map(|trigger| trigger.pipeline).collect();
        let asked = self.handle.ask(move |engine, _| {
            let offered: std::collections::BTreeSet<_> =
                jobs.iter().filter(|(integration, job)| engine.offers_job(integration, job)).cloned().collect();
            let jobs = jobs.into_iter().filter(|(integration, job)| !engine.offers_job(integration, job));
            let mut warnings: Vec<String> = jobs
                .map(|(integration, job)| {
                    format!("no attached worker offers {integration}/{job}: such tasks will wait, QUEUED")
                })
                .collect();
            let named = &engine.partition().pools.named;
            let without = pools.into_iter().filter(|name| named.get(name).is_none_or(|pool| pool.slots.is_none()));
            warnings.extend(without.map(|name| {
                format!(
                    "pool `{name}` has no size: such tasks will wait, QUEUED, until `downbeat pool set {name} SLOTS`"
                )
            }));
            let known = &engine.partition().pipelines;
            let unknown = awaited.into_iter().filter(|id| known.get(id).is_none_or(|state| state.deleted));
            warnings.extend(unknown.map(|id| {
                format!("trigger_events: there is no pipeline {id} yet: nothing starts until one of that id is applied")
            }));
            (warnings, offered)
        });
        let (warnings, offered) = asked.await.map_err(|error| refused(&error))?;
        let refusal = compiled.refused(|integration, job| offered.contains(&(integration.to_owned(), job.to_owned())));
        refusal.map_or(Ok(warnings), Err)
    }
}

#[tonic::async_trait]
impl ControlService for Control {
    async fn apply_pipeline(
        &self,
        request: Request<wire::ApplyPipelineRequest>,
    ) -> Result<Response<wire::ApplyPipelineResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.apply(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn start_run(
        &self,
        request: Request<wire::StartRunRequest>,
    ) -> Result<Response<wire::StartRunResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.start(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn restart_run(
        &self,
        request: Request<wire::RestartRunRequest>,
    ) -> Result<Response<wire::RestartRunResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.restart(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn cancel_run(
        &self,
        request: Request<wire::CancelRunRequest>,
    ) -> Result<Response<wire::CancelRunResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.cancel(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn mark_task(
        &self,
        request: Request<wire::MarkTaskRequest>,
    ) -> Result<Response<wire::MarkTaskResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.mark(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn decide_approval(
        &self,
        request: Request<wire::DecideApprovalRequest>,
    ) -> Result<Response<wire::DecideApprovalResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.approve(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn take_webhook(
        &self,
        request: Request<wire::TakeWebhookRequest>,
    ) -> Result<Response<wire::TakeWebhookResponse>, Status> {
        let asker = Asker::of(&request).acting_as("webhook");
        let answer = self.webhook(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn take_sensor_event(
        &self,
        request: Request<wire::TakeSensorEventRequest>,
    ) -> Result<Response<wire::TakeSensorEventResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.tell_sensors(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn list_sensors(
        &self,
        request: Request<wire::ListSensorsRequest>,
    ) -> Result<Response<wire::ListSensorsResponse>, Status> {
        self.sensors(request.into_inner()).await.map(Response::new)
    }

    async fn get_pipeline_health(
        &self,
        request: Request<wire::GetPipelineHealthRequest>,
    ) -> Result<Response<wire::GetPipelineHealthResponse>, Status> {
        self.health(request.into_inner()).await.map(Response::new)
    }

    async fn pause_pipeline(
        &self,
        request: Request<wire::PausePipelineRequest>,
    ) -> Result<Response<wire::PausePipelineResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.pause(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn resume_pipeline(
        &self,
        request: Request<wire::ResumePipelineRequest>,
    ) -> Result<Response<wire::ResumePipelineResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.resume(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn delete_pipeline(
        &self,
        request: Request<wire::DeletePipelineRequest>,
    ) -> Result<Response<wire::DeletePipelineResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.delete(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn set_pool(
        &self,
        request: Request<wire::SetPoolRequest>,
    ) -> Result<Response<wire::SetPoolResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.set_pool_size(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn list_pools(
        &self,
        _request: Request<wire::ListPoolsRequest>,
    ) -> Result<Response<wire::ListPoolsResponse>, Status> {
        self.pools().await.map(Response::new)
    }

    async fn get_log_level(
        &self,
        _request: Request<wire::GetLogLevelRequest>,
    ) -> Result<Response<wire::GetLogLevelResponse>, Status> {
        self.level().await.map(Response::new)
    }

    async fn raise_log_level(
        &self,
        request: Request<wire::RaiseLogLevelRequest>,
    ) -> Result<Response<wire::RaiseLogLevelResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.raise_level(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn set_prices(
        &self,
        request: Request<wire::SetPricesRequest>,
    ) -> Result<Response<wire::SetPricesResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.set_price_list(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn record_costs(
        &self,
        request: Request<wire::RecordCostsRequest>,
    ) -> Result<Response<wire::RecordCostsResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.record_bills(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn report_lineage(
        &self,
        request: Request<wire::ReportLineageRequest>,
    ) -> Result<Response<wire::ReportLineageResponse>, Status> {
        let (metadata, _, request) = request.into_parts();
        self.report(&metadata, request).await.map(Response::new)
    }

    async fn release_run(
        &self,
        request: Request<wire::ReleaseRunRequest>,
    ) -> Result<Response<wire::ReleaseRunResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.release(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn set_budget(
        &self,
        request: Request<wire::SetBudgetRequest>,
    ) -> Result<Response<wire::SetBudgetResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.set_budget_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn explain_waiting(
        &self,
        request: Request<wire::ExplainWaitingRequest>,
    ) -> Result<Response<wire::ExplainWaitingResponse>, Status> {
        self.explain(request.into_inner()).await.map(Response::new)
    }

    async fn preview_schedule(
        &self,
        request: Request<wire::PreviewScheduleRequest>,
    ) -> Result<Response<wire::PreviewScheduleResponse>, Status> {
        self.preview(request.into_inner()).await.map(Response::new)
    }

    async fn create_backfill(
        &self,
        request: Request<wire::CreateBackfillRequest>,
    ) -> Result<Response<wire::CreateBackfillResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.backfill(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn preview_backfill(
        &self,
        request: Request<wire::PreviewBackfillRequest>,
    ) -> Result<Response<wire::PreviewBackfillResponse>, Status> {
        self.would_backfill(request.into_inner()).await.map(Response::new)
    }

    async fn cancel_backfill(
        &self,
        request: Request<wire::CancelBackfillRequest>,
    ) -> Result<Response<wire::CancelBackfillResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.end_backfill(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn retry_alert(
        &self,
        request: Request<wire::RetryAlertRequest>,
    ) -> Result<Response<wire::RetryAlertResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.try_alert_again(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn note_time_zones(
        &self,
        request: Request<wire::NoteTimeZonesRequest>,
    ) -> Result<Response<wire::NoteTimeZonesResponse>, Status> {
        self.note_zones(request.into_inner()).await.map(Response::new)
    }

    async fn take_events(
        &self,
        request: Request<wire::TakeEventsRequest>,
    ) -> Result<Response<wire::TakeEventsResponse>, Status> {
        self.take(request.into_inner()).await.map(Response::new)
    }

    async fn fire_schedules(
        &self,
        request: Request<wire::FireSchedulesRequest>,
    ) -> Result<Response<wire::FireSchedulesResponse>, Status> {
        self.fire(request.into_inner()).await.map(Response::new)
    }
}
