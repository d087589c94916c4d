//! `EnvironmentService`: the variables that runs read, by environment.

use downbeat_domain::{
    Command, EnvironmentId,
    environment::{SetEnvironment, Variable, VariableKind, Variables},
    id::with_version_4,
    limits as domain_limits, state,
};
use downbeat_proto::{
    control::v1::{self as wire, environment_service_server::EnvironmentService},
    convert::micros,
};
use tonic::{Request, Response, Status};

use super::{
    Control,
    asker::Asker,
    request::{at_most, check_key, command_id},
};
use crate::api::refused;

#[tonic::async_trait]
impl EnvironmentService for Control {
    async fn set_environment(
        &self,
        request: Request<wire::SetEnvironmentRequest>,
    ) -> Result<Response<wire::SetEnvironmentResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.set_environment_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn remove_environment(
        &self,
        request: Request<wire::RemoveEnvironmentRequest>,
    ) -> Result<Response<wire::RemoveEnvironmentResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.remove_environment_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn list_environments(
        &self,
        _request: Request<wire::ListEnvironmentsRequest>,
    ) -> Result<Response<wire::ListEnvironmentsResponse>, Status> {
        let all = self.handle.ask(|engine, _| {
            let environments = &engine.partition().environments;
            environments.all.iter().map(|(id, it)| shown(*id, it, environments)).collect()
        });
        let mut environments: Vec<wire::Environment> = all.await.map_err(|error| refused(&error))?;
        environments.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Response::new(wire::ListEnvironmentsResponse { environments }))
    }
}

impl Control {
    async fn set_environment_of(
        &self,
        request: wire::SetEnvironmentRequest,
        asker: &Asker,
    ) -> Result<wire::SetEnvironmentResponse, Status> {
        check_key(&request.idempotency_key)?;
        let new = match request.idempotency_key.as_str() {
            "" => EnvironmentId(with_version_4(*uuid::Uuid::new_v4().as_bytes())),
            key => EnvironmentId::of_key(key),
        };
        let key = command_id(&["environment", &request.environment], &request.idempotency_key)?;
        let (named, name) = (request.environment, request.name);
        let set = SetEnvironment {
            new,
            named: named.clone(),
            name: name.clone(),
            variables: variables_of(request.values)?,
            is_default: request.is_default,
        };
        let command = Command::SetEnvironment(Box::new(set));
        let (changed, tail) = self.change(asker, command, key, "").await?;
        let now = self.handle.ask(move |engine, _| {
            let environments = &engine.partition().environments;
            let found = match named.as_str() {
                "" => environments.all.get_key_value(&new).map(|(id, it)| (*id, it)),
                // What was told by its name may be called otherwise now.
                named => environments.named(&name).or_else(|| environments.named(named)),
            };
            found.map(|(id, it)| shown(id, it, environments))
        });
        let environment = now.await.map_err(|error| refused(&error))?;
        Ok(wire::SetEnvironmentResponse { environment, changed, position: self.position(tail) })
    }

    async fn remove_environment_of(
        &self,
        request: wire::RemoveEnvironmentRequest,
        asker: &Asker,
    ) -> Result<wire::RemoveEnvironmentResponse, Status> {
        let key = command_id(&["remove environment", &request.environment], &request.idempotency_key)?;
        let command = Command::RemoveEnvironment { named: request.environment };
        let (_, tail) = self.change(asker, command, key, "").await?;
        Ok(wire::RemoveEnvironmentResponse { position: self.position(tail) })
    }
}

fn variables_of(values: std::collections::BTreeMap<String, wire::EnvironmentValue>) -> Result<Variables, Status> {
    at_most("values", values.len(), domain_limits::VARIABLES_PER_ENVIRONMENT_MAX)?;
    let variable = |(name, given): (String, wire::EnvironmentValue)| {
        let refused = |why: &str| {
            let shown: String = name.chars().take(64).collect();
            Status::invalid_argument(format!("value `{shown}`: {why}"))
        };
        let kind = VariableKind::from_word(&given.r#type).ok_or_else(|| {
            let words = VariableKind::ALL.map(VariableKind::as_str);
            refused(&format!("its type is one of {}", words.join(", ")))
        })?;
        let value = serde_json::from_str(&given.value).map_err(|_| refused("it is no JSON text of a value"))?;
        Ok((name, Variable { kind, value }))
    };
    values.into_iter().map(variable).collect()
}

fn shown(id: EnvironmentId, state: &state::Environment, all: &state::Environments) -> wire::Environment {
    let value = |(name, variable): (&String, &Variable)| {
        let (kind, value) = (variable.kind.as_str().to_owned(), variable.value.to_string());
        (name.clone(), wire::EnvironmentValue { r#type: kind, value })
    };
    wire::Environment {
        id: id.to_string(),
        name: state.name.clone(),
        is_default: all.default == Some(id),
        values: state.variables.iter().map(value).collect(),
        created_at: micros(state.created_at),
        updated_at: micros(state.updated_at),
    }
}
