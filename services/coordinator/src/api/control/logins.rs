//! Logins of people, for `AccessService`: begun by gateways, exchanged for tokens, refreshed, ended, listed.
//!
//! Promises: codes and tokens are drawn here, go out in one answer and are nowhere else; what comes in is looked up by its hash. Knows nothing
//! about how anybody showed who they are.

use downbeat_domain::{
    Command, KeyId, LoginId, Rejection,
    command::{AccessCommand, BeginLogin, CompleteLogin, DrawnTokens, Holder, RefreshLogin},
    limits as domain_limits,
    state::Login,
};
use downbeat_proto::{control::v1 as wire, convert};
use tonic::Status;

use super::{
    Control,
    access::{grant, grant_of},
    asker::Asker,
    request::{at_most, command_id},
};
use crate::{
    api::{refused, rejected},
    secret,
};

/// Programs, among themselves: that a login is refreshed is no command of a person.
const GATEWAY: &str = "gateway";

impl Control {
    pub(super) async fn log_in(
        &self,
        request: wire::BeginLoginRequest,
        asker: &Asker,
    ) -> Result<wire::BeginLoginResponse, Status> {
        asker.person()?;
        at_most("grants", request.grants.len(), domain_limits::GRANTS_PER_KEY_MAX)?;
        let holder = if request.key_id.is_empty() {
            let grants = request.grants.into_iter().map(grant_of).collect::<Result<Vec<_>, _>>()?;
            Holder::Person { user: request.user, grants }
        } else {
            let key: Result<KeyId, _> = request.key_id.parse();
            Holder::Key(key.map_err(|error| Status::invalid_argument(format!("key_id: {error}")))?)
        };
        let login = secret::login_id().ok_or_else(no_randomness)?;
        let code = secret::code().ok_or_else(no_randomness)?;
        let begin = BeginLogin {
            login,
            holder,
            read_only: request.read_only,
            client: request.client,
            client_hash: hash("client_hash", &request.client_hash)?,
            redirect_hash: hash("redirect_hash", &request.redirect_hash)?,
            challenge: hash("challenge", &request.challenge)?,
            code: code.hash,
        };
        let command = Command::Access(AccessCommand::BeginLogin(Box::new(begin)));
        self.decide(asker, command, None).await?.map_err(|rejection| rejected(&rejection))?;
        Ok(wire::BeginLoginResponse { login_id: login.to_string(), code: code.text })
    }

    pub(super) async fn fetch_tokens(
        &self,
        request: wire::CompleteLoginRequest,
        asker: &Asker,
    ) -> Result<wire::LoginTokensResponse, Status> {
        asker.person()?;
        let code = hash("code", &request.code)?;
        let login = self.login_of(code).await?.map_or_else(secret::login_id, |(id, _)| Some(id));
        let access = secret::access_token(login.ok_or_else(no_randomness)?).ok_or_else(no_randomness)?;
        let refresh = secret::refresh_token(None).ok_or_else(no_randomness)?;
        let complete = CompleteLogin {
            code,
            client_hash: hash("client_hash", &request.client_hash)?,
            redirect_hash: hash("redirect_hash", &request.redirect_hash)?,
            verifier: hash("verifier", &request.verifier)?,
            family: refresh.family,
            drawn: DrawnTokens { access: access.hash, refresh: refresh.own },
        };
        let command = Command::Access(AccessCommand::CompleteLogin(Box::new(complete)));
        self.decide(asker, command, None).await?.map_err(|rejection| rejected(&rejection))?;
        self.given(access, refresh.text).await
    }

    pub(super) async fn renew_tokens(
        &self,
        request: wire::RefreshLoginRequest,
    ) -> Result<wire::LoginTokensResponse, Status> {
        let nothing = || rejected(&Rejection::LoginRefused("this refresh token opens no login; log in again"));
        let (family, own) = secret::halves(&request.refresh_token).ok_or_else(nothing)?;
        let of_family = secret::hash(family).ok_or_else(no_randomness)?;
        let (login, _) = self.login_of(of_family).await?.ok_or_else(nothing)?;
        let access = secret::access_token(login).ok_or_else(no_randomness)?;
        let refresh = secret::refresh_token(Some(family)).ok_or_else(no_randomness)?;
        let command = RefreshLogin {
            family: of_family,
            refresh: secret::hash(own).ok_or_else(no_randomness)?,
            client_hash: hash("client_hash", &request.client_hash)?,
            drawn: DrawnTokens { access: access.hash, refresh: refresh.own },
        };
        let command = Command::Access(AccessCommand::RefreshLogin(Box::new(command)));
        let outcome = self.command(command, downbeat_domain::Caller::named(GATEWAY), None).await?;
        outcome.map_err(|rejection| rejected(&rejection))?;
        self.given(access, refresh.text).await
    }

    /// What was drawn, if the core took it: where a code or a token came a second time it has ended the login instead.
    async fn given(&self, access: secret::Secret, refresh_token: String) -> Result<wire::LoginTokensResponse, Status> {
        let Some((_, login)) = self.login_of(access.hash).await? else {
            let said = "this was used before, so two may have it: the login has ended; log in again";
            return Err(rejected(&Rejection::LoginRefused(said)));
        };
        let expires = login.tokens.map_or(login.begun.at, |tokens| tokens.current.access_expires_at);
        Ok(wire::LoginTokensResponse {
            access_token: access.text,
            refresh_token,
            access_expires_at: convert::micros(expires),
            read_only: login.begun.read_only,
        })
    }

    pub(super) async fn log_out(
        &self,
        request: wire::EndLoginRequest,
        asker: &Asker,
    ) -> Result<wire::EndLoginResponse, Status> {
        let login: LoginId = if request.login_id.is_empty() {
            let Some((login, _)) = self.login_of_token(&request.token).await? else {
                return Ok(wire::EndLoginResponse::default());
            };
            login
        } else {
            let read = request.login_id.parse();
            read.map_err(|error| Status::invalid_argument(format!("login_id: {error}")))?
        };
        let id = command_id(&["end login", &login.to_string()], &request.idempotency_key)?;
        let command = Command::Access(AccessCommand::EndLogin { login });
        let (changed, tail) = self.change(asker, command, id, "").await?;
        Ok(wire::EndLoginResponse { changed, position: self.position(tail) })
    }

    pub(super) async fn logins(&self) -> Result<wire::ListLoginsResponse, Status> {
        let listed = self.handle.ask(|engine, now| {
            let keys = &engine.partition().keys;
            let live = keys.logins.values().filter(|login| keys.is_live(login, now.wall));
            let told = live.map(|login| {
                let grants = keys.key_of(login).map_or(&login.begun.grants, |key| &key.grants);
                let last = login.tokens.map_or(login.begun.code_expires_at, |it| it.current.refresh_expires_at);
                wire::Login {
                    id: login.begun.login.to_string(),
                    subject: login.begun.subject.clone(),
                    client: login.begun.client.clone(),
                    grants: grants.iter().map(grant).collect(),
                    began_at: convert::micros(login.begun.at),
                    refreshed_at: convert::micros_or_zero(login.tokens.map(|tokens| tokens.current.at)),
                    expires_at: convert::micros(last.min(login.begun.ends_at)),
                    read_only: login.begun.read_only,
                    key_id: login.begun.key.map(|key| key.to_string()).unwrap_or_default(),
                }
            });
            told.collect::<Vec<_>>()
        });
        let mut logins = listed.await.map_err(|error| refused(&error))?;
        logins.sort_by(|one, other| (&one.subject, other.began_at).cmp(&(&other.subject, one.began_at)));
        Ok(wire::ListLoginsResponse { logins })
    }

    /// Whoever shows the code of a login is whose login it is.
    pub(super) async fn whose_code(&self, asker: Asker, request: &wire::CompleteLoginRequest) -> Result<Asker, Status> {
        let Ok(code) = hash("code", &request.code) else { return Ok(asker) };
        Ok(match self.login_of(code).await? {
            Some((_, login)) => asker.acting_as(&login.begun.subject),
            None => asker,
        })
    }

    /// Whoever shows a token of a login is whose login it is.
    pub(super) async fn whose_token(&self, asker: Asker, request: &wire::EndLoginRequest) -> Result<Asker, Status> {
        if !request.login_id.is_empty() {
            return Ok(asker);
        }
        Ok(match self.login_of_token(&request.token).await? {
            Some((_, login)) => asker.acting_as(&login.begun.subject),
            None => asker,
        })
    }

    async fn login_of_token(&self, token: &str) -> Result<Option<(LoginId, Login)>, Status> {
        let shown = secret::halves(token).map_or(token, |(family, _)| family);
        self.login_of(secret::hash(shown).ok_or_else(no_randomness)?).await
    }

    async fn login_of(&self, hash: [u8; 32]) -> Result<Option<(LoginId, Login)>, Status> {
        let found = self
            .handle
            .ask(move |engine, _| engine.partition().keys.login_of(&hash).map(|(id, login)| (id, login.clone())));
        found.await.map_err(|error| refused(&error))
    }
}

/// What gateways decide by; `None` = its code was not exchanged yet.
pub(super) fn told(login: &Login) -> Option<wire::AccessLogin> {
    let tokens = login.tokens?.current;
    let begun = &login.begun;
    Some(wire::AccessLogin {
        hash: bytes::Bytes::copy_from_slice(&tokens.access),
        id: begun.login.to_string(),
        subject: begun.subject.clone(),
        key_id: begun.key.map(|key| key.to_string()).unwrap_or_default(),
        grants: begun.grants.iter().map(grant).collect(),
        read_only: begun.read_only,
        expires_at: convert::micros(tokens.access_expires_at),
    })
}

fn hash(field: &'static str, bytes: &[u8]) -> Result<[u8; 32], Status> {
    bytes.try_into().map_err(|_| Status::invalid_argument(format!("{field}: a hash has 32 bytes, not {}", bytes.len())))
}

fn no_randomness() -> Status {
    Status::internal("the operating system has no randomness")
}
