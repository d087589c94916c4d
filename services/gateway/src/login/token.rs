//! Programs exchange codes and refresh tokens for tokens (RFC 6749, 4.1.3 and 6), and give tokens back (RFC 7009).
//!
//! Promises: a token that was just given opens something at once, here. What is secret goes to the coordinator as a hash where that is enough,
//! and into no line of the log. Knows nothing about when a login ends.

use axum::{
    http::{Method, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use downbeat_proto::control::v1::{
    CompleteLoginRequest, EndLoginRequest, LoginTokensResponse, RefreshLoginRequest,
    access_service_client::AccessServiceClient,
};
use serde_json::json;
use tonic::transport::Channel;

use super::{Login, asked, here, refusal::Refusal, registration::Registration, secret};
use crate::{
    http::{self, Call, Fault, Need, Query, Route, Routes},
    limits,
};

pub(super) fn routes(routes: &mut Routes) {
    let says = "A code, or a refresh token, for tokens (RFC 6749)";
    let route = Route::new(Method::POST, "/oauth/token", Need::Nothing, says, exchange);
    routes.add(route.takes_at_most(limits::LOGIN_BODY_BYTES_MAX).gives_text("application/json"));
    let says = "A login ends, by a token of it (RFC 7009)";
    let route = Route::new(Method::POST, "/oauth/revoke", Need::Nothing, says, revoke);
    routes.add(route.takes_at_most(limits::LOGIN_BODY_BYTES_MAX).gives_text("application/json"));
}

/// The fields of a form.
pub(super) fn form(call: &Call) -> Result<Query, Refusal> {
    let kind = call.header(header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::invalid("the body must be a form: application/x-www-form-urlencoded"));
    }
    let body = std::str::from_utf8(&call.body).map_err(|_| Refusal::invalid("the form is no UTF-8 text"))?;
    Ok(Query::read(Some(body))?)
}

async fn exchange(call: Call) -> Result<Response, Fault> {
    let login = here(&call)?;
    let given = match exchanged(&call, login).await {
        Ok(given) => given,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let seconds = opened(&call, &given).await;
    http::json(
        200,
        &json!({
            "access_token": given.access_token,
            "token_type": "Bearer",
            "expires_in": seconds,
            "refresh_token": given.refresh_token,
            "scope": asked::scope(given.read_only),
        }),
    )
}

/// Tokens that were just given open something at once, here. Gives the seconds for which they do.
pub(super) async fn opened(call: &Call, given: &LoginTokensResponse) -> i64 {
    let now = call.now.as_microsecond();
    call.edge.doors.opened_by(&given.access_token, now).await;
    (given.access_expires_at - now).max(0) / 1_000_000
}

async fn exchanged(call: &Call, login: &Login) -> Result<LoginTokensResponse, Refusal> {
    let form = form(call)?;
    let grant = required(&form, "grant_type")?;
    let client_id = required(&form, "client_id")?;
    match grant.as_str() {
        "authorization_code" => complete(call, login, &form, &client_id).await,
        "refresh_token" => {
            let client_hash = client_hash(&client_id, login)?;
            refresh(call, required(&form, "refresh_token")?, client_hash).await
        }
        _ => {
            client_hash(&client_id, login)?;
            let said = "grant_type must be authorization_code or refresh_token";
            Err(Refusal::new("unsupported_grant_type", said))
        }
    }
}

/// A field of a form that has to be there.
pub(super) fn required(form: &Query, name: &str) -> Result<String, Refusal> {
    let value = form.only(name)?.map(str::to_owned);
    value.ok_or_else(|| Refusal::invalid(format!("`{name}` is missing")))
}

/// What the coordinator knows a program by.
///
/// # Errors
/// The id is none that was given here.
pub(super) fn client_hash(client_id: &str, login: &Login) -> Result<Bytes, Refusal> {
    if Registration::of(client_id, &login.origin).is_none() {
        return Err(Refusal::new("invalid_client", "`client_id` is none that was given here: register again"));
    }
    Ok(hash(client_id))
}

/// Tokens for the code of a form.
pub(super) async fn complete(
    call: &Call,
    login: &Login,
    form: &Query,
    client_id: &str,
) -> Result<LoginTokensResponse, Refusal> {
    let client_hash = client_hash(client_id, login)?;
    let verifier = required(form, "code_verifier")?;
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~".contains(&letter);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(fits) {
        return Err(Refusal::invalid("`code_verifier` has 43 to 128 of A-Z a-z 0-9 - . _ ~"));
    }
    let request = CompleteLoginRequest {
        code: hash(&required(form, "code")?),
        client_hash,
        redirect_hash: hash(&required(form, "redirect_uri")?),
        verifier: hash(&verifier),
    };
    Ok(access(call).complete_login(call.ask(request)).await?.into_inner())
}

/// New tokens for a refresh token.
pub(super) async fn refresh(
    call: &Call,
    refresh_token: String,
    client_hash: Bytes,
) -> Result<LoginTokensResponse, Refusal> {
    let request = RefreshLoginRequest { refresh_token, client_hash };
    Ok(access(call).refresh_login(call.ask(request)).await?.into_inner())
}

/// Ends the login of a token. One that opens nothing is as good as one that was given back (RFC 7009, 2.2).
pub(super) async fn end(call: &Call, token: &str) -> Result<(), Refusal> {
    let request = EndLoginRequest { token: token.to_owned(), ..EndLoginRequest::default() };
    match access(call).end_login(call.ask(request)).await {
        Err(status) if status.code() != tonic::Code::NotFound => Err(status.into()),
        _ => Ok(()),
    }
}

fn hash(text: &str) -> Bytes {
    Bytes::copy_from_slice(&secret::hash(text))
}

async fn revoke(call: Call) -> Result<Response, Fault> {
    here(&call)?;
    let form = match form(&call) {
        Ok(form) => form,
        Err(refusal) => return Ok(refusal.into_response()),
    };
    let Some(token) = form.only("token")? else { return Ok(Refusal::invalid("`token` is missing").into_response()) };
    match end(&call, token).await {
        Ok(()) => http::json(200, &json!({})),
        Err(refusal) => Ok(refusal.into_response()),
    }
}

fn access(call: &Call) -> AccessServiceClient<Channel> {
    AccessServiceClient::new(call.edge.upstream.coordinator.clone())
}
