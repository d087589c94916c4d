//! Runs: started, run again, cancelled; fired by schedulers.

use std::sync::Arc;

use downbeat_domain::{
    Command, PipelineId, PriorRun, Rejection, RestartMode, RestartRun, RunId, SelectTasks, StartRun, Trigger,
    id::with_version_4,
};
use downbeat_proto::control::v1 as wire;
use tonic::Status;

use super::{
    Control,
    asker::Asker,
    request::{check_key, command_id, object, pipeline_of, run_of},
};
use crate::{
    api::{refused, rejected},
    prior,
};

impl Control {
    pub(super) async fn start(
        &self,
        request: wire::StartRunRequest,
        asker: &Asker,
    ) -> Result<wire::StartRunResponse, Status> {
        let pipeline = pipeline_of(&request.pipeline)?;
        let run = new_run(pipeline, &request.idempotency_key)?;
        let user = asker.person()?;
        let at_ref = !request.branch.is_empty() || !request.commit.is_empty();
        if at_ref && request.version != 0 {
            return Err(Status::invalid_argument("version: leave it out, as branch or commit says what runs"));
        }
        // The same key again is the same run, wherever the branch is now.
        let version = if at_ref && !self.is_there(run).await? {
            self.version_at(&request.pipeline, &request.branch, &request.commit, asker).await?
        } else {
            request.version
        };
        let selection = SelectTasks { ids: request.task_ids, downstream: request.continue_downstream };
        let start = StartRun {
            run,
            pipeline,
            version,
            trigger: Trigger::Manual { user },
            inputs: object(&request.inputs, "inputs")?,
            environment: object(&request.environment_variables, "environment_variables")?,
            environment_name: request.environment,
            selection: Some(selection).filter(|selection| !selection.ids.is_empty()),
        };
        self.bring_back(pipeline, version, run).await?;
        let outcome = self.decide(asker, Command::StartRun(Box::new(start)), None).await?;
        let (answer, tail) = outcome.map_err(|rejection| match rejection {
            Rejection::UnknownPipeline(_) => {
                Status::not_found(format!("there is no pipeline `{}`; apply it first", request.pipeline))
            }
            other => rejected(&other),
        })?;
        Ok(wire::StartRunResponse {
            run_id: run.to_string(),
            existed: answer.events == 0,
            position: self.position(tail),
        })
    }

    pub(super) async fn restart(
        &self,
        request: wire::RestartRunRequest,
        asker: &Asker,
    ) -> Result<wire::RestartRunResponse, Status> {
        let of = run_of(&request.run_id)?;
        let Some(mode) = RestartMode::from_word(&request.mode) else {
            let words: Vec<&str> = RestartMode::ALL.iter().map(|mode| mode.as_str()).collect();
            return Err(Status::invalid_argument(format!("mode: use one of {}", words.join(", "))));
        };
        let user = asker.person()?;
        let inputs = object(&request.inputs, "inputs")?;
        let prior = self.prior(of).await?;
        let run = new_run(prior.pipeline, &request.idempotency_key)?;
        self.bring_back(prior.pipeline, prior.version, run).await?;
        let restart = RestartRun { run, prior, mode, tasks: request.task_ids, inputs, user };
        let outcome = self.decide(asker, Command::RestartRun(Box::new(restart)), None).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::RestartRunResponse {
            run_id: run.to_string(),
            existed: answer.events == 0,
            position: self.position(tail),
        })
    }

    async fn is_there(&self, run: RunId) -> Result<bool, Status> {
        let asked = self.handle.ask(move |engine, _| engine.partition().run_status(run).is_some());
        asked.await.map_err(|error| refused(&error))
    }

    /// The run as it ended, read back from the log.
    async fn prior(&self, of: RunId) -> Result<Arc<PriorRun>, Status> {
        let asked = self.handle.ask(move |engine, _| {
            let partition = engine.partition();
            let live = partition.runs.get(&of).map(downbeat_domain::RunState::status);
            (live, partition.finished.get(&of).map(|(pipeline, _)| *pipeline))
        });
        let pipeline = match asked.await.map_err(|error| refused(&error))? {
            (Some(status), _) => return Err(rejected(&Rejection::RunLive { run: of, status })),
            (None, None) => return Err(rejected(&Rejection::UnknownRun(of))),
            (None, Some(pipeline)) => pipeline,
        };
        let read = prior::read(&*self.log, of, pipeline).await;
        let prior = read.map_err(|error| Status::unavailable(format!("run {of} cannot be read back: {error}")))?;
        prior.map(Arc::new).ok_or_else(|| Status::not_found(format!("run {of} does not stand in the log any more")))
    }

    pub(super) async fn cancel(
        &self,
        request: wire::CancelRunRequest,
        asker: &Asker,
    ) -> Result<wire::CancelRunResponse, Status> {
        let run = run_of(&request.run_id)?;
        let key = command_id(&["cancel", &request.run_id], &request.idempotency_key)?;
        asker.person()?;
        let outcome = self.decide(asker, Command::CancelRun { run, reason: request.reason }, key).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        let status = answer.run_status.map(|status| status.as_str().to_owned()).unwrap_or_default();
        Ok(wire::CancelRunResponse { status, position: self.position(tail) })
    }
}

/// The id of a new run: the same for the same key of the same pipeline.
fn new_run(pipeline: PipelineId, key: &str) -> Result<RunId, Status> {
    check_key(key)?;
    Ok(match key {
        "" => RunId(with_version_4(*uuid::Uuid::new_v4().as_bytes())),
        key => RunId::of_key(pipeline, key),
    })
}
