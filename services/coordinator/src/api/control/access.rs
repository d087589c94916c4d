//! `AccessService`: keys are made, revoked and used; gateways watch what they decide by.

use std::{pin::Pin, sync::Arc};

use downbeat_domain::{
    AccountId, CallOrigin, Caller, Command, Grant, KeyId, Role, Target, TargetKind,
    command::{AccessCommand, CreateKey},
    event::ToolsCalled,
    limits as domain_limits,
    state::Key,
};
use downbeat_proto::{
    control::v1::{self as wire, access_service_server::AccessService},
    convert,
};
use futures::{
    future,
    stream::{self, Stream},
};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::timeout,
};
use tonic::{Request, Response, Status};

use super::{
    ACCOUNT, Control,
    asker::Asker,
    logins,
    request::{at_most, command_id},
};
use crate::{
    api::{refused, rejected},
    engine::AccessTable,
    limits, secret,
};

/// Gateways, among themselves: no person asks so.
const GATEWAY: &str = "gateway";

impl Control {
    async fn create(&self, request: wire::CreateKeyRequest, asker: &Asker) -> Result<wire::CreateKeyResponse, Status> {
        asker.person()?;
        let id = command_id(&["create key"], &request.idempotency_key)?;
        at_most("grants", request.grants.len(), domain_limits::GRANTS_PER_KEY_MAX)?;
        let expires_at = match request.expires_at {
            0 => None,
            micros => {
                let none = || Status::invalid_argument("expires_at: no instant in microseconds since the epoch");
                Some(convert::instant(micros).ok_or_else(none)?)
            }
        };
        let grants = request.grants.into_iter().map(grant_of).collect::<Result<Vec<_>, _>>()?;
        let drawn = secret::draw().ok_or_else(|| Status::internal("the operating system has no randomness"))?;
        let create = CreateKey {
            key: drawn.id,
            name: request.name,
            hash: drawn.hash,
            grants,
            expires_at,
            by: asker.actor().to_owned(),
        };
        let command = Command::Access(AccessCommand::CreateKey(Box::new(create)));
        let (answer, tail) = self.decide(asker, command, id).await?.map_err(|rejection| rejected(&rejection))?;
        if answer.events == 0 {
            return Err(Status::already_exists(
                "a key was made with this idempotency key before, and is shown once only: revoke that one and make another",
            ));
        }
        let made = self.handle.ask(move |engine, _| engine.partition().keys.keys.get(&drawn.id).cloned()).await;
        let made = made.map_err(|error| refused(&error))?;
        let made = made.ok_or_else(|| Status::failed_precondition("the key was revoked as soon as it was made"))?;
        Ok(wire::CreateKeyResponse {
            key: Some(key(drawn.id, &made)),
            secret: drawn.secret,
            position: self.position(tail),
        })
    }

    async fn revoke(&self, request: wire::RevokeKeyRequest, asker: &Asker) -> Result<wire::RevokeKeyResponse, Status> {
        let id = command_id(&["revoke key", &request.key], &request.idempotency_key)?;
        let command = Command::Access(AccessCommand::RevokeKey { key: request.key });
        let (changed, tail) = self.change(asker, command, id, "").await?;
        Ok(wire::RevokeKeyResponse { changed, position: self.position(tail) })
    }

    async fn note_uses(&self, keys: Vec<String>) -> Result<(), Status> {
        at_most("keys", keys.len(), domain_limits::KEYS_MAX)?;
        let read = |id: &String| id.parse().map_err(|error| Status::invalid_argument(format!("keys: {error}")));
        let keys = keys.iter().map(read).collect::<Result<Vec<KeyId>, _>>()?;
        let command = Command::Access(AccessCommand::NoteUses { keys });
        let outcome = self.command(command, Caller::named(GATEWAY), None).await?;
        outcome.map(|_| ()).map_err(|rejection| rejected(&rejection))
    }
}

impl Control {
    /// Each of them is a decision of whoever called, so that each has a row of the audit; they share a record.
    async fn note_calls(&self, calls: Vec<wire::ToolCalls>) -> Result<(), Status> {
        at_most("calls", calls.len(), domain_limits::TOOL_CALLS_PER_CALL_MAX)?;
        let calls = calls.into_iter().map(called).collect::<Result<Vec<_>, _>>()?;
        let told = calls.into_iter().map(|(caller, called)| {
            self.command(Command::Access(AccessCommand::NoteToolCalls(Box::new(called))), caller, None)
        });
        for outcome in future::try_join_all(told).await? {
            outcome.map_err(|rejection| rejected(&rejection))?;
        }
        Ok(())
    }
}

/// Calls of tools that are alike, and who made them.
fn called(calls: wire::ToolCalls) -> Result<(Caller, ToolsCalled), Status> {
    let instant = |field: &str, micros| {
        convert::instant(micros).ok_or_else(|| {
            Status::invalid_argument(format!("calls: {field} is no instant in microseconds since the epoch"))
        })
    };
    let target = |target: wire::ToolTarget| {
        let kind = TargetKind::from_word(&target.kind);
        let kind = kind.ok_or_else(|| Status::invalid_argument("calls: a target is of no kind that there is"))?;
        Ok(Target::new(kind, target.id))
    };
    let caller = Caller {
        actor: calls.actor,
        origin: CallOrigin { address: calls.address, client: calls.client },
        ..Caller::default()
    };
    let called = ToolsCalled {
        targets: calls.targets.into_iter().map(target).collect::<Result<_, Status>>()?,
        since: instant("first_at", calls.first_at)?,
        at: instant("last_at", calls.last_at)?,
        tool: calls.tool,
        code: calls.code,
        calls: calls.calls,
    };
    Ok((caller.bounded(), called))
}

#[tonic::async_trait]
impl AccessService for Control {
    type WatchAccessStream = Pin<Box<dyn Stream<Item = Result<wire::Access, Status>> + Send>>;

    async fn create_key(
        &self,
        request: Request<wire::CreateKeyRequest>,
    ) -> Result<Response<wire::CreateKeyResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.create(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn revoke_key(
        &self,
        request: Request<wire::RevokeKeyRequest>,
    ) -> Result<Response<wire::RevokeKeyResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.revoke(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn list_keys(
        &self,
        _request: Request<wire::ListKeysRequest>,
    ) -> Result<Response<wire::ListKeysResponse>, Status> {
        let keys = self.handle.ask(|engine, _| engine.partition().keys.keys.clone()).await;
        let keys = keys.map_err(|error| refused(&error))?;
        let mut keys: Vec<wire::Key> = keys.iter().map(|(id, state)| key(*id, state)).collect();
        keys.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Response::new(wire::ListKeysResponse { keys }))
    }

    async fn note_key_uses(
        &self,
        request: Request<wire::NoteKeyUsesRequest>,
    ) -> Result<Response<wire::NoteKeyUsesResponse>, Status> {
        self.note_uses(request.into_inner().keys).await?;
        Ok(Response::new(wire::NoteKeyUsesResponse {}))
    }

    async fn note_tool_calls(
        &self,
        request: Request<wire::NoteToolCallsRequest>,
    ) -> Result<Response<wire::NoteToolCallsResponse>, Status> {
        self.note_calls(request.into_inner().calls).await?;
        Ok(Response::new(wire::NoteToolCallsResponse {}))
    }

    async fn begin_login(
        &self,
        request: Request<wire::BeginLoginRequest>,
    ) -> Result<Response<wire::BeginLoginResponse>, Status> {
        let asker = Asker::of(&request);
        let answer = self.log_in(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn complete_login(
        &self,
        request: Request<wire::CompleteLoginRequest>,
    ) -> Result<Response<wire::LoginTokensResponse>, Status> {
        let asker = self.whose_code(Asker::of(&request), request.get_ref()).await?;
        let answer = self.fetch_tokens(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn refresh_login(
        &self,
        request: Request<wire::RefreshLoginRequest>,
    ) -> Result<Response<wire::LoginTokensResponse>, Status> {
        self.renew_tokens(request.into_inner()).await.map(Response::new)
    }

    async fn end_login(
        &self,
        request: Request<wire::EndLoginRequest>,
    ) -> Result<Response<wire::EndLoginResponse>, Status> {
        let asker = self.whose_token(Asker::of(&request), request.get_ref()).await?;
        let answer = self.log_out(request.into_inner(), &asker).await;
        self.answer(asker, answer).await
    }

    async fn list_logins(
        &self,
        _request: Request<wire::ListLoginsRequest>,
    ) -> Result<Response<wire::ListLoginsResponse>, Status> {
        self.logins().await.map(Response::new)
    }

    async fn watch_access(
        &self,
        _request: Request<wire::WatchAccessRequest>,
    ) -> Result<Response<Self::WatchAccessStream>, Status> {
        let many = |_| Status::resource_exhausted("as many watch already as may; close some");
        let held = Arc::clone(&self.watchers).try_acquire_owned().map_err(many)?;
        // An owner that was fenced and has not noticed would let keys in that its successor has revoked.
        self.handle.confirm().await.map_err(|error| refused(&error))?;
        let watching = Watching { control: self.clone(), tables: self.handle.access(), unreadable: None, _held: held };
        Ok(Response::new(Box::pin(stream::unfold(watching, Watching::next))))
    }
}

/// What one gateway watches.
struct Watching {
    control: Control,
    tables: watch::Receiver<Arc<AccessTable>>,
    /// Endpoints of which a secret could not be read when it was told last; `None` = it was told nothing yet.
    unreadable: Option<Vec<String>>,
    /// Given back when nobody watches any more.
    _held: OwnedSemaphorePermit,
}

impl Watching {
    /// The table: at first, after every change, and once what could not be read is read.
    async fn next(mut self) -> Option<(Result<wire::Access, Status>, Self)> {
        loop {
            let mut again = false;
            match &self.unreadable {
                None => {}
                Some(unread) => match timeout(limits::ACCESS_UNREADABLE_AGAIN, self.tables.changed()).await {
                    Ok(changed) => changed.ok()?,
                    // An owner that the log has not confirmed for long knows less than its successor, if there is one.
                    Err(_) if !self.control.handle.renews_leases() => return None,
                    Err(_) if unread.is_empty() => continue,
                    Err(_) => again = true,
                },
            }
            let table = Arc::clone(&self.tables.borrow_and_update());
            let message = self.control.message(&table, again).await;
            let unreadable = message.endpoints.iter().filter(|it| it.unreadable).map(|it| it.endpoint_id.clone());
            let unreadable: Option<Vec<String>> = Some(unreadable.collect());
            // Nothing new is not told: the table may be large.
            if again && unreadable == self.unreadable {
                continue;
            }
            self.unreadable = unreadable;
            return Some((Ok(message), self));
        }
    }
}

impl Control {
    async fn message(&self, table: &AccessTable, again: bool) -> wire::Access {
        let mut message = message(table);
        for (id, state) in &table.endpoints {
            message.endpoints.push(self.door(*id, state, again).await);
        }
        message
    }
}

/// Without endpoints, whose secrets are not in the table.
fn message(table: &AccessTable) -> wire::Access {
    let keys = table.keys.iter().map(|(id, state)| wire::AccessKey {
        hash: bytes::Bytes::copy_from_slice(&state.hash),
        key: Some(key(*id, state)),
    });
    let logins = table.logins.values().filter_map(logins::told).collect();
    let labels = |labels: &Vec<String>| wire::Labels { labels: labels.clone() };
    let pipelines = table.labels.iter().map(|(pipeline, all)| (pipeline.to_string(), labels(all)));
    wire::Access {
        account_id: AccountId::derive(ACCOUNT).to_string(),
        account_name: ACCOUNT.to_owned(),
        keys: keys.collect(),
        pipelines: pipelines.collect(),
        logins,
        endpoints: Vec::new(),
    }
}

fn key(id: KeyId, key: &Key) -> wire::Key {
    let grants = key.grants.iter().map(grant);
    wire::Key {
        id: id.to_string(),
        name: key.name.clone(),
        grants: grants.collect(),
        created_by: key.by.clone(),
        created_at: convert::micros(key.created_at),
        expires_at: convert::micros(key.expires_at),
        last_used_at: convert::micros_or_zero(key.used),
    }
}

pub(super) fn grant(grant: &Grant) -> wire::Grant {
    wire::Grant { role: grant.role.as_str().to_owned(), labels: grant.labels.clone() }
}

pub(super) fn grant_of(grant: wire::Grant) -> Result<Grant, Status> {
    let Some(role) = Role::from_word(&grant.role) else {
        let shown: String = grant.role.chars().take(40).collect();
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        return Err(Status::invalid_argument(format!("`{shown}` is no role; there are {}", roles.join(", "))));
    };
    Ok(Grant { role, labels: grant.labels })
}
