//! `ControlService`: commands of people, programs and schedulers.

use downbeat_domain::{
    Command, FireSchedule, PipelineApplied, PipelineId, Rejection, RunId, StartRun, Trigger, compile,
    id::with_version_4, limits as domain_limits,
};
use downbeat_event_log::{LogId, Tail};
use downbeat_proto::{
    control::v1::{self as wire, control_service_server::ControlService},
    convert, event as events,
    metadata::v1::Position,
};
use tonic::{Request, Response, Status};

use super::{refused, rejected};
use crate::{driver::Handle, engine::Answer, limits};

/// The only account of this version.
const ACCOUNT: &str = "default";

/// The service.
pub struct Control {
    handle: Handle,
    log: LogId,
}

impl Control {
    /// A service over this coordinator, which writes to this log.
    pub fn new(handle: Handle, log: LogId) -> Self {
        Self { handle, log }
    }

    async fn command(&self, command: Command, actor: String) -> Result<Result<(Answer, Tail), Rejection>, Status> {
        self.handle.call(command, actor, None).await.map_err(|error| refused(&error))
    }

    fn position(&self, tail: Tail) -> Option<Position> {
        Some(Position {
            log_id: self.log.to_string(),
            partition: 0,
            sequence: tail.sequence,
            hash: bytes::Bytes::copy_from_slice(&tail.hash.0),
        })
    }

    /// Jobs of the plan that no attached worker offers: they would wait.
    async fn missing_workers(&self, plan: &downbeat_domain::plan::Plan) -> Result<Vec<String>, Status> {
        let jobs: std::collections::BTreeSet<(&str, &str)> =
            plan.tasks.iter().map(|task| (task.integration.as_str(), task.integration_job.as_str())).collect();
        let mut warnings = Vec::new();
        for (integration, job) in jobs {
            let core = (integration, job) == ("ORCHESTRA", "WAIT");
            if !core && !self.handle.offers_job(integration, job).await.map_err(|error| refused(&error))? {
                warnings.push(format!("no attached worker offers {integration}/{job}: such tasks will wait, QUEUED"));
            }
        }
        Ok(warnings)
    }
}

#[tonic::async_trait]
impl ControlService for Control {
    async fn apply_pipeline(
        &self,
        request: Request<wire::ApplyPipelineRequest>,
    ) -> Result<Response<wire::ApplyPipelineResponse>, Status> {
        let request = request.into_inner();
        check_alias(&request.alias)?;
        let (applied, mut warnings) = compile_request(&request)?;
        warnings.extend(self.missing_workers(&applied.plan).await?);
        let (pipeline, name) = (applied.pipeline, applied.name.clone());
        let outcome = self.command(Command::ApplyPipeline(Box::new(applied)), "user".to_owned()).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(Response::new(wire::ApplyPipelineResponse {
            pipeline_id: pipeline.to_string(),
            version: answer.pipeline_version,
            changed: answer.events > 0,
            name,
            warnings,
            position: self.position(tail),
        }))
    }

    async fn start_run(
        &self,
        request: Request<wire::StartRunRequest>,
    ) -> Result<Response<wire::StartRunResponse>, Status> {
        let request = request.into_inner();
        let pipeline = pipeline_of(&request.pipeline)?;
        if request.idempotency_key.chars().count() > domain_limits::IDEMPOTENCY_KEY_CHARS_MAX {
            let limit = domain_limits::IDEMPOTENCY_KEY_CHARS_MAX;
            return Err(Status::invalid_argument(format!("idempotency_key: at most {limit} characters are allowed")));
        }
        let run = match request.idempotency_key.as_str() {
            "" => RunId(with_version_4(*uuid::Uuid::new_v4().as_bytes())),
            key => RunId::of_key(pipeline, key),
        };
        let start = StartRun {
            run,
            pipeline,
            trigger: Trigger::Manual { user: "user".to_owned() },
            inputs: object(&request.inputs, "inputs")?,
            environment: object(&request.environment_variables, "environment_variables")?,
        };
        let outcome = self.command(Command::StartRun(start), "user".to_owned()).await?;
        let (answer, tail) = outcome.map_err(|rejection| match rejection {
            Rejection::UnknownPipeline(_) => {
                Status::not_found(format!("there is no pipeline `{}`; apply it first", request.pipeline))
            }
            other => rejected(&other),
        })?;
        Ok(Response::new(wire::StartRunResponse {
            run_id: run.to_string(),
            existed: answer.events == 0,
            position: self.position(tail),
        }))
    }

    async fn cancel_run(
        &self,
        request: Request<wire::CancelRunRequest>,
    ) -> Result<Response<wire::CancelRunResponse>, Status> {
        let request = request.into_inner();
        let run: RunId =
            request.run_id.parse().map_err(|error| Status::invalid_argument(format!("run_id: {error}")))?;
        let outcome = self.command(Command::CancelRun { run, reason: request.reason }, "user".to_owned()).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        let status = answer.run_status.map(|status| status.as_str().to_owned()).unwrap_or_default();
        Ok(Response::new(wire::CancelRunResponse { status, position: self.position(tail) }))
    }

    async fn fire_schedule(
        &self,
        request: Request<wire::FireScheduleRequest>,
    ) -> Result<Response<wire::FireScheduleResponse>, Status> {
        let request = request.into_inner();
        let pipeline: PipelineId =
            request.pipeline_id.parse().map_err(|error| Status::invalid_argument(format!("pipeline_id: {error}")))?;
        let instant = convert::instant(request.instant)
            .ok_or_else(|| Status::invalid_argument("instant: not an instant in microseconds since the epoch"))?;
        let run_id = RunId::of_schedule(pipeline, &request.schedule, instant).to_string();
        let actor = format!("schedule:{}", request.schedule);
        let fire = FireSchedule { pipeline, schedule: request.schedule, instant };
        let started = match self.command(Command::FireSchedule(fire), actor).await? {
            Ok((answer, _)) => answer.events > 0,
            Err(Rejection::AlreadyFired { .. }) => false,
            Err(rejection) => return Err(rejected(&rejection)),
        };
        Ok(Response::new(wire::FireScheduleResponse { run_id, started }))
    }
}

fn check_alias(alias: &str) -> Result<(), Status> {
    let fits = (1..=domain_limits::ALIAS_CHARS_MAX).contains(&alias.len())
        && alias.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { Ok(()) } else { Err(Status::invalid_argument("alias: 1 to 255 characters of A-Z a-z 0-9 _ are allowed")) }
}

fn pipeline_of(id_or_alias: &str) -> Result<PipelineId, Status> {
    if let Ok(id) = id_or_alias.parse() {
        return Ok(id);
    }
    check_alias(id_or_alias)
        .map_err(|_| Status::invalid_argument(format!("`{id_or_alias}` is neither a pipeline id nor an alias")))?;
    Ok(PipelineId::derive(ACCOUNT, id_or_alias))
}

fn object(text: &str, field: &str) -> Result<serde_json::Map<String, serde_json::Value>, Status> {
    convert::object(text).ok_or_else(|| Status::invalid_argument(format!("{field}: not a JSON object")))
}

/// Parses and compiles; every fault becomes a line of the status message, rendered with its place in the file.
fn compile_request(request: &wire::ApplyPipelineRequest) -> Result<(PipelineApplied, Vec<String>), Status> {
    if request.source.len() > limits::SOURCE_BYTES_MAX {
        let (bytes, limit) = (request.source.len(), limits::SOURCE_BYTES_MAX);
        return Err(Status::invalid_argument(format!("the file has {bytes} bytes; at most {limit} are allowed")));
    }
    let file = if request.file_name.is_empty() { "pipeline.yml" } else { &request.file_name };
    let parsed = downbeat_dialect::parse(&request.source);
    let rendered: Vec<String> =
        parsed.diagnostics.iter().map(|diagnostic| diagnostic.render(file, &request.source)).collect();
    let Some(pipeline) = parsed.pipeline else { return Err(Status::invalid_argument(rendered.join("\n"))) };
    let compiled = compile::compile(&pipeline).map_err(|refused| {
        let lines: Vec<String> = refused.iter().map(|fault| located(file, fault)).collect();
        Status::failed_precondition(lines.join("\n"))
    })?;
    let mut digest = blake3::Hasher::new_derive_key("downbeat pipeline digest v1");
    digest.update(&(request.source.len() as u64).to_be_bytes());
    digest.update(request.source.as_bytes());
    digest.update(request.source_root.as_bytes());
    let applied = PipelineApplied {
        pipeline: PipelineId::derive(ACCOUNT, &request.alias),
        alias: request.alias.clone(),
        version: 0,
        name: pipeline.name.clone(),
        source: request.source.clone(),
        source_root: request.source_root.clone(),
        digest: *digest.finalize().as_bytes(),
        plan: compiled.plan,
    };
    let bytes = events::encode(&downbeat_domain::Event::PipelineApplied(Box::new(applied.clone()))).payload.len();
    if bytes > limits::DECISION_BYTES_MAX {
        let limit = limits::DECISION_BYTES_MAX;
        return Err(Status::invalid_argument(format!(
            "the pipeline takes {bytes} bytes when compressed; at most {limit} are allowed"
        )));
    }
    Ok((applied, rendered.into_iter().chain(compiled.warnings).collect()))
}

fn located(file: &str, fault: &compile::Unsupported) -> String {
    match &fault.span {
        Some(span) => format!("{file}:{}:{}: error: {}", span.line, span.column, fault.message),
        None => format!("{file}: error: {}", fault.message),
    }
}
