//! `ConnectionService`: values are sealed here, before anything else hears of them, and no answer holds one.

use downbeat_domain::{
    Command, ConnectionId,
    connection::{self, ConnectionCommand, ConnectionField, SaveConnection},
    id::with_version_4,
    state,
};
use downbeat_proto::{
    control::v1::{self as wire, connection_service_server::ConnectionService},
    convert::{self, micros},
};
use serde_json::{Map, Value};
use tonic::{Request, Response, Status};
use zeroize::Zeroizing;

use super::{
    Control,
    asker::Asker,
    request::{check_key, command_id},
};
use crate::{
    api::{refused, rejected},
    connections::VaultError,
    limits,
};

/// What the values of fields may refer to; each stands before a colon.
const STORES: [&str; 6] = ["env", "file", "vault", "aws-sm", "azure-kv", "k8s-secret"];

#[tonic::async_trait]
impl ConnectionService for Control {
    async fn save_connection(
        &self,
        request: Request<wire::SaveConnectionRequest>,
    ) -> Result<Response<wire::SaveConnectionResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.save_connection_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn remove_connection(
        &self,
        request: Request<wire::RemoveConnectionRequest>,
    ) -> Result<Response<wire::RemoveConnectionResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.remove_connection_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn list_connections(
        &self,
        request: Request<wire::ListConnectionsRequest>,
    ) -> Result<Response<wire::ListConnectionsResponse>, Status> {
        let of = request.into_inner().integration;
        let all = self.handle.ask(move |engine, _| {
            let all = engine.partition().connections.all.iter();
            all.filter(|(_, it)| of.is_empty() || it.integration == of).map(|(id, it)| shown(*id, it)).collect()
        });
        let mut connections: Vec<wire::Connection> = all.await.map_err(|error| refused(&error))?;
        connections.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Response::new(wire::ListConnectionsResponse { connections, can_seal: self.vault.can_seal() }))
    }

    async fn get_connection(
        &self,
        request: Request<wire::GetConnectionRequest>,
    ) -> Result<Response<wire::GetConnectionResponse>, Status> {
        let named = request.into_inner().connection;
        let asked = named.clone();
        let found = self.handle.ask(move |engine, _| {
            let partition = engine.partition();
            let (id, state) = partition.connections.named(&asked)?;
            let users = partition.connections.users(id, partition);
            let named = users.named.into_iter().map(|(pipeline, alias, what)| wire::ConnectionUser {
                pipeline_id: pipeline.to_string(),
                pipeline: alias,
                what,
            });
            Some(wire::GetConnectionResponse {
                connection: Some(shown(id, state)),
                users: named.collect(),
                more_users: u32::try_from(users.more).unwrap_or(u32::MAX),
            })
        });
        let found = found.await.map_err(|error| refused(&error))?;
        found.map(Response::new).ok_or_else(|| unknown(&named))
    }

    async fn test_connection(
        &self,
        request: Request<wire::TestConnectionRequest>,
    ) -> Result<Response<wire::TestConnectionResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.test_connection_of(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn reseal_connections(
        &self,
        request: Request<wire::ResealConnectionsRequest>,
    ) -> Result<Response<wire::ResealConnectionsResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.reseal_connections_of(&asker).await;
        self.answer(asker, answer).await
    }
}

impl Control {
    async fn save_connection_of(
        &self,
        request: wire::SaveConnectionRequest,
        asker: &Asker,
    ) -> Result<wire::SaveConnectionResponse, Status> {
        asker.person()?;
        check_key(&request.idempotency_key)?;
        let key = command_id(&["connection", &request.connection], &request.idempotency_key)?;
        let given = Zeroizing::new(request.fields);
        let given = Secrets(fields_of(&given)?);
        // Nobody else seals meanwhile: what is not named is taken over from the version before.
        let _sealing = self.sealing.lock().await;
        let before = self.connection_named(&request.connection).await?;
        let (id, integration, name, version) = match &before {
            Some(_) if request.create => {
                return Err(Status::already_exists(format!("there is a connection `{}` already", request.connection)));
            }
            Some((id, state)) => {
                let integration =
                    if request.integration.is_empty() { &state.integration } else { &request.integration };
                (*id, integration.clone(), state.name.clone(), state.version)
            }
            None => {
                let id = ConnectionId(with_version_4(*uuid::Uuid::new_v4().as_bytes()));
                (id, request.integration.clone(), request.connection.clone(), 0)
            }
        };
        if let Some(why) = connection::unfit_name(&name) {
            return Err(Status::invalid_argument(why));
        }
        let kept = match &before {
            None => Secrets(Map::new()),
            // What cannot be opened any more can be saved again as a whole.
            Some((id, state)) => match self.opened(*id, state) {
                Err(_) if self.vault.can_seal() && given.replaces(state) => Secrets(Map::new()),
                kept => kept?,
            },
        };
        let merged = given.over(&kept);
        let names = merged.0.keys().map(String::as_str).collect::<Vec<_>>();
        if let Some(why) = connection::unfit_fields(names.into_iter()) {
            return Err(Status::invalid_argument(why));
        }
        let same = |state: &state::Connection| {
            merged.0 == kept.0
                && state.integration == integration
                && request.is_default.is_none_or(|it| it == state.is_default)
        };
        if let Some((id, state)) = before.as_ref().filter(|(_, state)| same(state)) {
            self.handle.confirm().await.map_err(|error| refused(&error))?;
            let connection = Some(shown(*id, state));
            return Ok(wire::SaveConnectionResponse { connection, changed: false, position: None });
        }
        let fields =
            merged.0.iter().map(|(name, value)| ConnectionField { name: name.clone(), store: store_of(value) });
        let fields: Vec<ConnectionField> = fields.collect();
        let text = Zeroizing::new(convert::object_text(&merged.0));
        if text.len() > downbeat_domain::limits::SEALED_BYTES_MAX {
            let most = downbeat_domain::limits::SEALED_BYTES_MAX;
            return Err(Status::invalid_argument(format!("fields: {} bytes; at most {most} are allowed", text.len())));
        }
        let version = version.saturating_add(1);
        let (seal, bytes) = self.vault.put(id, &name, version, &text).await.map_err(|error| unsealed(&error))?;
        let is_default = request.is_default;
        let save = SaveConnection { connection: id, integration, name, version, seal, fields, bytes, is_default };
        let command = Command::Connection(ConnectionCommand::Save(Box::new(save)));
        let decided = self.decide(asker, command, key).await;
        let Ok(Ok((answer, tail))) = decided else {
            // Whether the log has it is not known where nobody answered: then what was sealed stays until the next start.
            return Err(match decided {
                Ok(Err(rejection)) => {
                    self.vault.discard(id, seal);
                    rejected(&rejection)
                }
                Err(status) => status,
                Ok(Ok(_)) => Status::internal("an answer that is none (a bug)"),
            });
        };
        let changed = answer.events > 0;
        if changed {
            self.vault.settle(id, Some(seal));
        } else {
            self.vault.discard(id, seal);
        }
        let saved =
            self.handle.ask(move |engine, _| engine.partition().connections.all.get(&id).map(|state| shown(id, state)));
        let connection = saved.await.map_err(|error| refused(&error))?;
        Ok(wire::SaveConnectionResponse { connection, changed, position: self.position(tail) })
    }

    async fn remove_connection_of(
        &self,
        request: wire::RemoveConnectionRequest,
        asker: &Asker,
    ) -> Result<wire::RemoveConnectionResponse, Status> {
        let key = command_id(&["remove connection", &request.connection], &request.idempotency_key)?;
        let _sealing = self.sealing.lock().await;
        let before = self.connection_named(&request.connection).await?;
        let command =
            Command::Connection(ConnectionCommand::Remove { named: request.connection, force: request.force });
        let (removed, tail) = self.change(asker, command, key, "").await?;
        if let (true, Some((id, _))) = (removed, before) {
            self.vault.settle(id, None);
        }
        Ok(wire::RemoveConnectionResponse { position: self.position(tail) })
    }

    async fn test_connection_of(
        &self,
        request: wire::TestConnectionRequest,
        asker: &Asker,
    ) -> Result<wire::TestConnectionResponse, Status> {
        asker.person()?;
        let named = request.connection;
        let tried = self.handle.try_connection(named.clone(), asker.caller().clone()).await;
        let (_, tail) = tried.map_err(|error| refused(&error))?.map_err(|rejection| rejected(&rejection))?;
        let found = self.connection_named(&named).await?.ok_or_else(|| unknown(&named))?;
        let connection = Some(shown(found.0, &found.1));
        Ok(wire::TestConnectionResponse { connection, position: self.position(tail) })
    }

    async fn reseal_connections_of(&self, asker: &Asker) -> Result<wire::ResealConnectionsResponse, Status> {
        asker.person()?;
        let _sealing = self.sealing.lock().await;
        let all = self.handle.ask(|engine, _| engine.partition().connections.clone());
        let all = all.await.map_err(|error| refused(&error))?;
        let resealed = self.vault.reseal(&all).await;
        let (resealed, master_key) = resealed.map_err(|(name, error)| match error {
            VaultError::NoKey => unsealed(&error),
            VaultError::Unread(_) => Status::unavailable(format!("connection `{name}`: {error}")),
            error => Status::failed_precondition(format!("connection `{name}`: {error}")),
        })?;
        // Whoever takes the older master keys away takes them from endpoints, too.
        let resealed = resealed + self.reseal_endpoints().await?;
        let command = ConnectionCommand::Reseal { connections: resealed, master_key: master_key.clone() };
        let (_, tail) = self.change(asker, Command::Connection(command), None, "").await?;
        Ok(wire::ResealConnectionsResponse { resealed, master_key, position: self.position(tail) })
    }

    async fn connection_named(&self, named: &str) -> Result<Option<(ConnectionId, state::Connection)>, Status> {
        let named = named.to_owned();
        let found = self
            .handle
            .ask(move |engine, _| engine.partition().connections.named(&named).map(|(id, state)| (id, state.clone())));
        found.await.map_err(|error| refused(&error))
    }

    fn opened(&self, id: ConnectionId, state: &state::Connection) -> Result<Secrets, Status> {
        let text = self.vault.open(id, state).map_err(|error| unsealed(&error))?;
        let fields = std::str::from_utf8(&text).ok().and_then(convert::object);
        fields.map(Secrets).ok_or_else(|| Status::data_loss("what was sealed is no JSON object (a bug)"))
    }
}

/// Fields with their values; overwritten when they are dropped. It cannot be printed.
struct Secrets(Map<String, Value>);

impl Drop for Secrets {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| erase(value));
    }
}

impl Secrets {
    /// Is nothing of the version before needed?
    fn replaces(&self, before: &state::Connection) -> bool {
        before.fields.iter().all(|field| self.0.contains_key(&field.name))
    }

    /// These over those before; null takes one away.
    fn over(&self, before: &Self) -> Self {
        let mut merged = before.0.clone();
        for (name, value) in &self.0 {
            match value {
                Value::Null => drop(merged.remove(name)),
                value => drop(merged.insert(name.clone(), value.clone())),
            }
        }
        merged.sort_keys();
        Self(merged)
    }
}

fn erase(value: &mut Value) {
    match value {
        Value::String(text) => zeroize::Zeroize::zeroize(text),
        Value::Array(all) => all.iter_mut().for_each(erase),
        Value::Object(all) => all.iter_mut().for_each(|(_, value)| erase(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The fields of a request. What is wrong is said without any of it.
fn fields_of(text: &str) -> Result<Map<String, Value>, Status> {
    if text.len() > limits::CONNECTION_REQUEST_BYTES_MAX {
        let most = limits::CONNECTION_REQUEST_BYTES_MAX;
        return Err(Status::invalid_argument(format!("fields: {} bytes; at most {most} are allowed", text.len())));
    }
    let fields = if text.is_empty() { Some(Map::new()) } else { convert::object(text) };
    let fields =
        fields.ok_or_else(|| Status::invalid_argument("fields: not a JSON object of fields with their values"))?;
    if let Some(why) = connection::unfit_fields(fields.keys().map(String::as_str).collect::<Vec<_>>().into_iter()) {
        return Err(Status::invalid_argument(why));
    }
    let plain = |value: &Value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_));
    for (name, value) in &fields {
        let fits = match value {
            Value::Object(table) => table.values().all(plain),
            value => value.is_null() || plain(value),
        };
        if !fits {
            return Err(Status::invalid_argument(format!(
                "fields: the value of {name} must be a text, a number, true or false, null, or an object of such values"
            )));
        }
    }
    Ok(fields)
}

/// The kind of store that a value refers to; empty = it is the value itself.
fn store_of(value: &Value) -> String {
    let store = match value {
        Value::String(text) => text.split_once(':').and_then(|(store, _)| STORES.into_iter().find(|it| *it == store)),
        Value::Object(table) => {
            return table.values().map(store_of).find(|store| !store.is_empty()).unwrap_or_default();
        }
        _ => None,
    };
    store.unwrap_or_default().to_owned()
}

fn unsealed(error: &VaultError) -> Status {
    match error {
        VaultError::Blobs(_) | VaultError::Unread(_) => Status::unavailable(error.to_string()),
        VaultError::NoKey | VaultError::Sealed(_) | VaultError::Gone => Status::failed_precondition(error.to_string()),
    }
}

fn unknown(named: &str) -> Status {
    let shown: String = named.chars().take(limits::ACTOR_CHARS_MAX).collect();
    rejected(&downbeat_domain::Rejection::UnknownConnection(shown))
}

fn shown(id: ConnectionId, state: &state::Connection) -> wire::Connection {
    let field =
        |field: &ConnectionField| wire::ConnectionFieldName { name: field.name.clone(), store: field.store.clone() };
    let tested = state.tested.as_ref();
    wire::Connection {
        id: id.to_string(),
        name: state.name.clone(),
        integration: state.integration.clone(),
        is_default: state.is_default,
        version: state.version,
        fields: state.fields.iter().map(field).collect(),
        auth_status: tested.map_or("INITIATED", |test| test.health.as_str()).to_owned(),
        message: tested.map(|test| test.message.clone()).unwrap_or_default(),
        tested_at: tested.map_or(0, |test| micros(test.at)),
        created_at: micros(state.created_at),
        updated_at: micros(state.updated_at),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_fields_is_said_without_any_value() {
        for wrong in [
            "hunter2",
            "[\"hunter2\"]",
            "{\"a\": [\"hunter2\"]}",
            "{\"a\": {\"b\": {\"c\": \"hunter2\"}}}",
            "{\"hunter2 \": 1}",
        ] {
            let status = fields_of(wrong).unwrap_err();
            assert!(!status.message().contains("hunter2"), "{status}");
        }
        assert!(fields_of("").unwrap().is_empty());
        assert_eq!(fields_of("{\"headers\": {\"a\": \"b\"}, \"port\": 1, \"gone\": null}").unwrap().len(), 3);
    }

    #[test]
    fn values_may_refer_to_stores() {
        for (value, store) in [
            (json!("vault:secret/shop#password"), "vault"),
            (json!("env:SHOP"), "env"),
            (json!("https://example.com"), ""),
            (json!("literal:env:x"), ""),
            (json!({"authorization": "aws-sm:shop#token"}), "aws-sm"),
            (json!(5432), ""),
        ] {
            assert_eq!(store_of(&value), store, "{value}");
        }
    }

    #[test]
    fn a_save_names_what_changes() {
        let secrets = |value: Value| Secrets(value.as_object().cloned().unwrap());
        let before = secrets(json!({"host": "a", "password": "p", "port": 1}));
        let merged = secrets(json!({"host": "b", "port": null, "user": "u"})).over(&before);
        assert_eq!(Value::Object(merged.0.clone()), json!({"host": "b", "password": "p", "user": "u"}));
    }
}
