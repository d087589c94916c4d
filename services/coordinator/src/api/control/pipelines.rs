//! Pipelines and pools: applied, paused, resumed, deleted; sized.

use downbeat_domain::{Command, PipelineStorage, Rejection};
use downbeat_event_log::Tail;
use downbeat_proto::control::v1 as wire;
use tonic::Status;

use super::{
    Control,
    apply::{Compiled, compile_request},
    asker::Asker,
    request::{check_alias, command_id, pipeline_of},
};
use crate::api::{refused, rejected};

impl Control {
    pub(super) async fn apply(
        &self,
        request: wire::ApplyPipelineRequest,
        asker: &Asker,
    ) -> Result<wire::ApplyPipelineResponse, Status> {
        self.apply_of(request, asker, "", None).await
    }

    /// The same, of a text that is another one at each commit, if one is given; and only of a pipeline that is there and whose file is kept
    /// there, if that is given.
    pub(super) async fn apply_of(
        &self,
        request: wire::ApplyPipelineRequest,
        asker: &Asker,
        commit: &str,
        kept: Option<&PipelineStorage>,
    ) -> Result<wire::ApplyPipelineResponse, Status> {
        check_alias(&request.alias)?;
        asker.person()?;
        let compiled = compile_request(&request, commit)?;
        let missing = self.missing(&compiled).await?;
        let Compiled { mut apply, mut warnings, .. } = compiled;
        apply.kept = kept.cloned();
        warnings.extend(missing);
        let (pipeline, name) = (apply.applied.pipeline, apply.applied.name.clone());
        let outcome = self.decide(asker, Command::ApplyPipeline(Box::new(apply)), None).await?;
        let (answer, tail) = outcome.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::ApplyPipelineResponse {
            pipeline_id: pipeline.to_string(),
            version: answer.pipeline_version,
            changed: answer.stored,
            name,
            warnings,
            position: self.position(tail),
        })
    }

    pub(super) async fn pause(
        &self,
        request: wire::PausePipelineRequest,
        asker: &Asker,
    ) -> Result<wire::PausePipelineResponse, Status> {
        let command = Command::PausePipeline { pipeline: pipeline_of(&request.pipeline)?, reason: request.reason };
        let key = command_id(&["pause", &request.pipeline], &request.idempotency_key)?;
        let (changed, tail) = self.change(asker, command, key, &request.pipeline).await?;
        Ok(wire::PausePipelineResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn resume(
        &self,
        request: wire::ResumePipelineRequest,
        asker: &Asker,
    ) -> Result<wire::ResumePipelineResponse, Status> {
        let command = Command::ResumePipeline { pipeline: pipeline_of(&request.pipeline)? };
        let key = command_id(&["resume", &request.pipeline], &request.idempotency_key)?;
        let (changed, tail) = self.change(asker, command, key, &request.pipeline).await?;
        Ok(wire::ResumePipelineResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn delete(
        &self,
        request: wire::DeletePipelineRequest,
        asker: &Asker,
    ) -> Result<wire::DeletePipelineResponse, Status> {
        let pipeline = pipeline_of(&request.pipeline)?;
        let key = command_id(&["delete", &request.pipeline], &request.idempotency_key)?;
        let endpoints = self.handle.ask(move |engine, _| {
            let endpoints = engine.partition().endpoints.of(pipeline);
            endpoints.map(|(id, state)| (id, state.secrets().collect::<Vec<_>>())).collect::<Vec<_>>()
        });
        let endpoints = endpoints.await.map_err(|error| refused(&error))?;
        let (changed, tail) = self.change(asker, Command::DeletePipeline { pipeline }, key, &request.pipeline).await?;
        if changed {
            // They are closed with their pipeline.
            endpoints.into_iter().for_each(|(id, secrets)| self.endpoints.forget(id, secrets));
        }
        Ok(wire::DeletePipelineResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn set_pool_size(
        &self,
        request: wire::SetPoolRequest,
        asker: &Asker,
    ) -> Result<wire::SetPoolResponse, Status> {
        let slots = (!request.remove).then_some(request.slots);
        let key = command_id(&["pool", &request.name], &request.idempotency_key)?;
        let command = Command::SetPool { name: request.name.clone(), slots };
        let (changed, tail) = self.change(asker, command, key, "").await?;
        Ok(wire::SetPoolResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn pools(&self) -> Result<wire::ListPoolsResponse, Status> {
        let pools = self.handle.ask(|engine, _| engine.pools()).await.map_err(|error| refused(&error))?;
        let pools = pools.into_iter().map(|pool| wire::Pool {
            name: pool.name,
            slots: pool.slots.unwrap_or(0),
            used: pool.used,
            waiting: u32::try_from(pool.waiting).unwrap_or(u32::MAX),
            exists: pool.slots.is_some(),
        });
        Ok(wire::ListPoolsResponse { pools: pools.collect() })
    }

    /// A command that either changes something or was true already.
    pub(super) async fn change(
        &self,
        asker: &Asker,
        command: Command,
        key: Option<downbeat_domain::CommandId>,
        pipeline: &str,
    ) -> Result<(bool, Tail), Status> {
        asker.person()?;
        let outcome = self.decide(asker, command, key).await?;
        let (answer, tail) = outcome.map_err(|rejection| match rejection {
            Rejection::UnknownPipeline(_) => Status::not_found(format!("there is no pipeline `{pipeline}`")),
            other => rejected(&other),
        })?;
        Ok((answer.events > 0, tail))
    }
}
