//! `WebhookService`: addresses that start pipelines are opened, given further secrets, and closed. Addresses and secrets are shown once.

use std::collections::BTreeSet;

use downbeat_domain::{
    Command, EndpointId,
    endpoint::{EndpointCommand, OpenEndpoint, SignatureScheme},
    state::Endpoint,
};
use downbeat_proto::{
    control::v1::{self as wire, webhook_service_server::WebhookService},
    convert,
};
use downbeat_runtime::clock;
use tonic::{Request, Response, Status};

use super::{
    Control,
    asker::Asker,
    request::{command_id, pipeline_of},
};
use crate::{
    api::{refused, rejected},
    endpoint_secrets::{self, Secret, SecretError},
    secret,
};

/// How long old secrets stay valid where nobody says, seconds.
const OVERLAP_SECONDS: u32 = 24 * 60 * 60;
const SHOWN_BEFORE: &str =
    "this was done with this idempotency key before, and what it showed is shown once only: ask for another";

impl Control {
    async fn open_endpoint(
        &self,
        request: wire::OpenEndpointRequest,
        asker: &Asker,
    ) -> Result<wire::OpenEndpointResponse, Status> {
        asker.person()?;
        let pipeline = pipeline_of(&request.pipeline)?;
        let scheme = scheme_of(&request.scheme)?;
        let key = command_id(&["open endpoint", &request.pipeline, &request.name], &request.idempotency_key)?;
        let address = secret::draw_address();
        let address = address.ok_or_else(|| Status::internal("the operating system has no randomness"))?;
        let secret = endpoint_secrets::secret(scheme, &request.secret).map_err(|error| failed(&error))?;
        // Before the decision: whoever has seen that it is open may call it.
        self.keep_secret(address.id, 1, secret.as_ref()).await?;
        let open = OpenEndpoint {
            endpoint: address.id,
            pipeline,
            name: request.name,
            hash: address.hash,
            scheme,
            by: asker.actor().to_owned(),
        };
        let command = Command::Endpoint(EndpointCommand::Open(Box::new(open)));
        let decided = self.decide(asker, command, key).await;
        let tail = match decided {
            Ok(Ok((answer, tail))) if answer.events > 0 => tail,
            other => {
                // Of an outcome that nobody knows the secret stays: the endpoint may be there.
                if other.is_ok() {
                    self.endpoints.forget(address.id, [1]);
                }
                other?.map_err(|rejection| rejected(&rejection))?;
                return Err(Status::already_exists(SHOWN_BEFORE));
            }
        };
        Ok(wire::OpenEndpointResponse {
            endpoint: Some(self.told(address.id).await?),
            path: format!("/hooks/{}", address.token),
            secret: secret.map(|secret| secret.text.as_str().to_owned()).unwrap_or_default(),
            position: self.position(tail),
        })
    }

    async fn rotate_endpoint(
        &self,
        request: wire::RotateEndpointRequest,
        asker: &Asker,
    ) -> Result<wire::RotateEndpointResponse, Status> {
        asker.person()?;
        let endpoint = endpoint_of(&request.endpoint)?;
        let key = command_id(&["rotate endpoint", &request.endpoint], &request.idempotency_key)?;
        let state = self.endpoint(endpoint).await?;
        let number = state.secret + 1;
        if state.scheme != SignatureScheme::None {
            let secret = endpoint_secrets::secret(state.scheme, &request.secret).map_err(|error| failed(&error))?;
            let Some(secret) = secret else { return Err(Status::internal("a signed endpoint without a secret")) };
            // Two that rotate at once would write the same number: one after the other.
            let _rotating = self.rotating.lock().await;
            let before = self.endpoint(endpoint).await?;
            if before.secret >= number {
                return Err(Status::aborted("somebody else has given it a further secret meanwhile: try again"));
            }
            // One that was fenced and has not noticed would write over what its successor has kept under this number.
            self.handle.confirm().await.map_err(|error| crate::api::refused(&error))?;
            self.keep_secret(endpoint, number, Some(&secret)).await?;
            let rotated = self.rotate(asker, (endpoint, number), request.overlap_seconds, key).await?;
            // Those whose time is over. If it was closed meanwhile, whoever did that forgets all of them.
            if let Ok(after) = self.endpoint(endpoint).await {
                let kept: BTreeSet<u32> = after.valid_secrets(clock::wall_now()).collect();
                self.endpoints.forget(endpoint, before.secrets().filter(|number| !kept.contains(number)));
            }
            return Ok(wire::RotateEndpointResponse {
                endpoint: Some(self.told(endpoint).await?),
                secret: secret.text.as_str().to_owned(),
                position: self.position(rotated),
            });
        }
        // Refused, with its reason.
        let rotated = self.rotate(asker, (endpoint, number), request.overlap_seconds, key).await?;
        Ok(wire::RotateEndpointResponse { endpoint: None, secret: String::new(), position: self.position(rotated) })
    }

    async fn rotate(
        &self,
        asker: &Asker,
        (endpoint, secret): (EndpointId, u32),
        overlap: Option<u32>,
        key: Option<downbeat_domain::CommandId>,
    ) -> Result<downbeat_event_log::Tail, Status> {
        let overlap_seconds = overlap.unwrap_or(OVERLAP_SECONDS);
        let command = Command::Endpoint(EndpointCommand::Rotate { endpoint, secret, overlap_seconds });
        match self.decide(asker, command, key).await? {
            Ok((answer, tail)) if answer.events > 0 => Ok(tail),
            other => {
                self.endpoints.forget(endpoint, [secret]);
                other.map_err(|rejection| rejected(&rejection))?;
                Err(Status::already_exists(SHOWN_BEFORE))
            }
        }
    }

    async fn close_endpoint(
        &self,
        request: wire::CloseEndpointRequest,
        asker: &Asker,
    ) -> Result<wire::CloseEndpointResponse, Status> {
        let endpoint = endpoint_of(&request.endpoint)?;
        let key = command_id(&["close endpoint", &request.endpoint], &request.idempotency_key)?;
        let newest =
            self.handle.ask(move |engine, _| engine.partition().endpoints.open.get(&endpoint).map(|it| it.secret));
        let newest = newest.await.map_err(|error| refused(&error))?;
        let command = Command::Endpoint(EndpointCommand::Close { endpoint });
        let (changed, tail) = self.change(asker, command, key, "").await?;
        if let Some(newest) = newest.filter(|_| changed) {
            self.endpoints.forget(endpoint, 1..=newest);
        }
        Ok(wire::CloseEndpointResponse { changed, position: self.position(tail) })
    }

    /// Wraps the keys of all secrets that are valid with the master key that seals now. How many were not.
    pub(super) async fn reseal_endpoints(&self) -> Result<u32, Status> {
        let _rotating = self.rotating.lock().await;
        let all = self.handle.ask(|engine, now| {
            let open = engine.partition().endpoints.open.iter();
            open.flat_map(|(id, state)| state.valid_secrets(now.wall).map(|number| (*id, number)).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        });
        let all = all.await.map_err(|error| refused(&error))?;
        self.endpoints.reseal(&all).await.map_err(|error| failed(&error))
    }

    async fn keep_secret(&self, endpoint: EndpointId, number: u32, secret: Option<&Secret>) -> Result<(), Status> {
        let Some(secret) = secret else { return Ok(()) };
        self.endpoints.keep(endpoint, number, secret).await.map_err(|error| failed(&error))
    }

    async fn endpoint(&self, id: EndpointId) -> Result<Endpoint, Status> {
        let found = self.handle.ask(move |engine, _| engine.partition().endpoints.open.get(&id).cloned()).await;
        let unknown = || rejected(&downbeat_domain::Rejection::UnknownEndpoint(id));
        found.map_err(|error| refused(&error))?.ok_or_else(unknown)
    }

    async fn told(&self, id: EndpointId) -> Result<wire::Endpoint, Status> {
        let all = self.told_endpoints(move |other, _| other == id).await?;
        all.into_iter().next().ok_or_else(|| rejected(&downbeat_domain::Rejection::UnknownEndpoint(id)))
    }

    /// Those that are wanted, by pipeline and name.
    async fn told_endpoints(
        &self,
        wanted: impl Fn(EndpointId, &Endpoint) -> bool + Send + 'static,
    ) -> Result<Vec<wire::Endpoint>, Status> {
        let found = self.handle.ask(move |engine, now| {
            let partition = engine.partition();
            let wanted = partition.endpoints.open.iter().filter(|(id, state)| wanted(**id, state));
            let alias = |state: &Endpoint| partition.pipelines.get(&state.pipeline).map(|of| of.alias.clone());
            wanted
                .map(|(id, state)| message(*id, state, alias(state).unwrap_or_default(), now.wall))
                .collect::<Vec<_>>()
        });
        let mut found = found.await.map_err(|error| refused(&error))?;
        found.sort_by(|one, other| (&one.pipeline_alias, &one.name).cmp(&(&other.pipeline_alias, &other.name)));
        Ok(found)
    }

    /// What a gateway is told of an endpoint. Calls signed with a secret that cannot be opened are asked to come again; why it cannot is logged
    /// where it is not asked `again` whether it can.
    pub(super) async fn door(&self, id: EndpointId, state: &Endpoint, again: bool) -> wire::AccessEndpoint {
        let now = clock::wall_now();
        let old = state.old_secrets.iter().filter(|(_, until)| *until > now);
        let old = old.map(|(number, until)| (*number, convert::micros(*until)));
        let newest = (state.secret > 0).then_some((state.secret, 0));
        let (mut secrets, mut unreadable) = (Vec::new(), false);
        for (number, until) in old.chain(newest) {
            match self.endpoints.key(id, number).await {
                Ok(key) => {
                    secrets.push(wire::AccessSecret { key: bytes::Bytes::copy_from_slice(key.as_slice()), until });
                }
                Err(error) => {
                    unreadable = true;
                    if !again {
                        tracing::warn!(%error, endpoint = %id, "calls signed with this secret are not taken for now");
                    }
                }
            }
        }
        wire::AccessEndpoint {
            hash: bytes::Bytes::copy_from_slice(&state.hash),
            endpoint_id: id.to_string(),
            pipeline_id: state.pipeline.to_string(),
            name: state.name.clone(),
            scheme: state.scheme.as_str().to_owned(),
            secrets,
            unreadable,
        }
    }
}

fn message(id: EndpointId, state: &Endpoint, pipeline_alias: String, now: jiff::Timestamp) -> wire::Endpoint {
    let valid: BTreeSet<u32> = state.valid_secrets(now).collect();
    let old = state.old_secrets.iter().filter(|(number, _)| valid.contains(number));
    wire::Endpoint {
        id: id.to_string(),
        pipeline_id: state.pipeline.to_string(),
        pipeline_alias,
        name: state.name.clone(),
        scheme: state.scheme.as_str().to_owned(),
        created_by: state.by.clone(),
        created_at: convert::micros(state.created_at),
        secret: state.secret,
        old_secrets: old
            .map(|(number, until)| wire::OldSecret { number: *number, until: convert::micros(*until) })
            .collect(),
    }
}

fn scheme_of(word: &str) -> Result<SignatureScheme, Status> {
    if word.is_empty() {
        return Ok(SignatureScheme::StandardWebhooks);
    }
    SignatureScheme::from_word(word).ok_or_else(|| {
        let shown: String = word.chars().take(40).collect();
        let all: Vec<&str> = SignatureScheme::ALL.iter().map(|one| one.as_str()).collect();
        Status::invalid_argument(format!("scheme: `{shown}` is none; there are {}", all.join(", ")))
    })
}

fn endpoint_of(id: &str) -> Result<EndpointId, Status> {
    id.parse().map_err(|error| Status::invalid_argument(format!("endpoint: {error}")))
}

fn failed(error: &SecretError) -> Status {
    match error {
        SecretError::NoMasterKey => Status::failed_precondition(error.to_string()),
        SecretError::Unfit(_) => Status::invalid_argument(error.to_string()),
        SecretError::Store(_) => Status::unavailable(error.to_string()),
    }
}

#[tonic::async_trait]
impl WebhookService for Control {
    async fn open_endpoint(
        &self,
        request: Request<wire::OpenEndpointRequest>,
    ) -> Result<Response<wire::OpenEndpointResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.open_endpoint(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn rotate_endpoint(
        &self,
        request: Request<wire::RotateEndpointRequest>,
    ) -> Result<Response<wire::RotateEndpointResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.rotate_endpoint(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn close_endpoint(
        &self,
        request: Request<wire::CloseEndpointRequest>,
    ) -> Result<Response<wire::CloseEndpointResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.close_endpoint(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn list_endpoints(
        &self,
        request: Request<wire::ListEndpointsRequest>,
    ) -> Result<Response<wire::ListEndpointsResponse>, Status> {
        let named = request.into_inner().pipeline;
        let pipeline = if named.is_empty() { None } else { Some(pipeline_of(&named)?) };
        let endpoints = self.told_endpoints(move |_, state| pipeline.is_none_or(|id| id == state.pipeline)).await?;
        Ok(Response::new(wire::ListEndpointsResponse { endpoints }))
    }
}
