//! The page to which a program sends somebody: with a field for a key, or the way to the identity provider.
//!
//! Promises: nobody is logged in who has not acted on a page of ours in the same browser, for the very request that the page was shown for
//! (a value in the page, of a cookie that no other site reads). Failed sign-ins of one address are few.

use axum::{
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
};
use downbeat_proto::control::v1::{BeginLoginRequest, Grant as WireGrant, access_service_client::AccessServiceClient};

use super::{
    Login,
    asked::{Asked, Wrong},
    cookie::SIGN_IN,
    here, page, secret,
};
use crate::{
    access::Principal,
    http::{Call, Fault, Need, Query, Route, Routes},
    limits,
    server::whose,
};

const PATH: &str = "/oauth/authorize";

pub(super) fn routes(routes: &mut Routes) {
    let says = "A program asks somebody to log in: the page (RFC 6749, 4.1.1)";
    routes.add(Route::new(Method::GET, PATH, Need::Nothing, says, show).gives_text("text/html"));
    let says = "Somebody shows who they are, with a key";
    let post = Route::new(Method::POST, PATH, Need::Nothing, says, sign_in);
    routes.add(post.takes_at_most(limits::LOGIN_BODY_BYTES_MAX).gives_text("text/html"));
}

/// What is asked, or the answer where it cannot be.
pub(super) fn asked(query: &Query, login: &Login) -> Result<Asked, Box<Response>> {
    Asked::read(query, &login.origin).map_err(|wrong| match wrong {
        Wrong::Here(said) => Box::new(page::wrong(StatusCode::BAD_REQUEST, &said)),
        Wrong::There(url) => Box::new(page::send(url.as_str())),
    })
}

/// What stands in a page for this request, of whoever's cookie this is.
fn token(seed: &str, asked: &Asked) -> String {
    secret::derived("sign in", seed, &asked.query())
}

/// Whether this stood in a page that this browser was shown for this request.
pub(super) fn is_ours(shown: Option<&str>, headers: &HeaderMap, login: &Login, asked: &Asked) -> bool {
    let seed = SIGN_IN.read(headers, &login.origin).filter(|seed| secret::is_seed(seed));
    seed.zip(shown).is_some_and(|(seed, shown)| secret::are_equal(&token(seed, asked), shown))
}

/// The answer where it did not.
pub(super) fn not_ours() -> Response {
    let said = "this page is too old, or the browser keeps no cookies: log in again from the program";
    page::wrong(StatusCode::FORBIDDEN, said)
}

async fn show(call: Call) -> Result<Response, Fault> {
    let login = here(&call)?;
    let asked = match asked(&call.query, login) {
        Ok(asked) => asked,
        Err(answer) => return Ok(*answer),
    };
    // Pages that are open beside each other share one.
    let kept = SIGN_IN.read(&call.headers, &login.origin).filter(|seed| secret::is_seed(seed));
    let seed = kept.map_or_else(secret::seed, |seed| Ok(seed.to_owned()))?;
    let mut response = match &login.provider {
        None => form(&asked, login, &token(&seed, &asked), None),
        Some(_) => {
            let link = format!("/oauth/continue?{}&csrf={}", asked.query(), token(&seed, &asked));
            page::go_on(asked.program(&login.origin), &link)
        }
    };
    SIGN_IN.keep(&seed, &login.origin, response.headers_mut());
    Ok(response)
}

fn form(asked: &Asked, login: &Login, token: &str, wrong: Option<(StatusCode, &str)>) -> Response {
    let action = format!("{PATH}?{}", asked.query());
    page::sign_in(asked.program(&login.origin), &action, &asked.place(), token, wrong)
}

async fn sign_in(mut call: Call) -> Result<Response, Fault> {
    let edge = std::sync::Arc::clone(&call.edge);
    let Some(login) = edge.login.as_ref().filter(|login| login.provider.is_none()) else {
        here(&call)?;
        let said = "people sign in with the identity provider here, and not with keys";
        return Ok(page::wrong(StatusCode::FORBIDDEN, said));
    };
    let asked = match asked(&call.query, login) {
        Ok(asked) => asked,
        Err(answer) => return Ok(*answer),
    };
    let form_of = match super::token::form(&call) {
        Ok(form) => form,
        Err(refusal) => return Ok(page::wrong(StatusCode::BAD_REQUEST, &refusal.description)),
    };
    let shown = form_of.only("csrf")?;
    if !is_ours(shown, &call.headers, login, &asked) {
        return Ok(not_ours());
    }
    let now = edge.clock.now().monotonic;
    if let Err(wait) = login.failures.left(&whose(call.peer), now, limits::FAILED_SIGN_INS_PER_MINUTE) {
        let said = format!("too many sign-ins have failed; try again in {wait} s");
        let mut response = form(&asked, login, shown.unwrap_or_default(), Some((StatusCode::TOO_MANY_REQUESTS, &said)));
        response.headers_mut().insert(header::RETRY_AFTER, wait.into());
        return Ok(response);
    }
    let table = edge.doors.table().await?;
    let key = form_of.only("key")?.unwrap_or_default().trim();
    // A login makes no further one: it would outlive itself.
    let principal = table.principal(key, call.now.as_microsecond()).ok().filter(|who| who.login.is_none());
    let Some(principal) = principal else {
        // Whoever has used up what there is finds out with the next one.
        let _ = login.failures.take(whose(call.peer), now, limits::FAILED_SIGN_INS_PER_MINUTE);
        let said = "this key is not known, was revoked, or has expired";
        return Ok(form(&asked, login, shown.unwrap_or_default(), Some((StatusCode::FORBIDDEN, said))));
    };
    edge.uses.note(&principal);
    call.principal = Some(principal);
    begin(&call, login, &asked, "").await
}

/// Begins the login of whoever the call was found to be of (a person of this name, where there is no key), and sends the browser back with
/// its code.
pub(super) async fn begin(call: &Call, login: &Login, asked: &Asked, user: &str) -> Result<Response, Fault> {
    let Some(principal) = &call.principal else { return Err(Fault::unauthorized("nobody signed in")) };
    let hash = |text: &str| bytes::Bytes::copy_from_slice(&secret::hash(text));
    let grants = principal
        .grants
        .iter()
        .map(|grant| WireGrant { role: grant.role.as_str().to_owned(), labels: grant.labels.clone() });
    let request = BeginLoginRequest {
        key_id: principal.key.clone().unwrap_or_default(),
        user: user.to_owned(),
        grants: if principal.key.is_some() { Vec::new() } else { grants.collect() },
        read_only: asked.read_only,
        client: asked.registration.name.clone(),
        client_hash: hash(&asked.client_id),
        redirect_hash: hash(&asked.redirect_uri),
        challenge: bytes::Bytes::copy_from_slice(&asked.challenge_hash),
    };
    let mut access = AccessServiceClient::new(call.edge.upstream.coordinator.clone());
    match access.begin_login(call.ask(request)).await {
        Ok(begun) => Ok(page::send(asked.with_code(&begun.into_inner().code, &login.origin).as_str())),
        Err(status) => {
            let (code, said) = match Fault::from(status) {
                Fault::Text(code, said) => (code, said),
                _ => (StatusCode::SERVICE_UNAVAILABLE, "not available now: try again".to_owned()),
            };
            Ok(page::wrong(code, &said))
        }
    }
}

/// Somebody whom the identity provider knows.
pub(super) fn person(user: &str, grants: Vec<downbeat_domain::access::Grant>) -> Principal {
    Principal { key: None, login: None, actor: format!("user:{user}"), grants, read_only: false, expires_at: 0 }
}
