//! Somebody is sent to the identity provider and comes back.
//!
//! What they wanted travels in a cookie of their own browser, beside 256 bits of chance. State, nonce and PKCE verifier are made of that chance
//! when they are needed, so any gateway takes somebody back whom another sent away, and what comes back to a browser that was not sent away is
//! worth nothing. The cookie is forgotten once it was used, and the provider takes a code once.

use axum::{
    http::{Method, StatusCode},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Provider, SignIn, remote};
use crate::{
    http::{Call, Fault, Need, Query, Route, Routes},
    limits,
    login::{
        Login,
        asked::Asked,
        cookie::AWAY,
        here, page, secret,
        sign_in::{asked, begin, is_ours, not_ours, person},
    },
    server::whose,
};

/// Where the provider sends people back.
const CALLBACK: &str = "/oauth/callback";

pub(super) fn routes(routes: &mut Routes) {
    let says = "Somebody goes on to the identity provider";
    routes.add(Route::new(Method::GET, "/oauth/continue", Need::Nothing, says, go).gives_text("text/html"));
    let says = "Somebody comes back from the identity provider";
    routes.add(Route::new(Method::GET, CALLBACK, Need::Nothing, says, back).gives_text("text/html"));
}

/// How people log in here, and with whose word.
fn provided(call: &Call) -> Result<(&Login, &Provider), Fault> {
    let login = here(call)?;
    let provider = login.provider.as_ref();
    provider.map(|provider| (login, provider)).ok_or_else(|| Fault::unknown("no identity provider is set here"))
}

/// What a sign-in needs, made of its chance.
struct Made {
    state: String,
    nonce: String,
    verifier: String,
}

impl Made {
    fn of(seed: &str) -> Self {
        let derived = |purpose| secret::derived(purpose, seed, "");
        Self { state: derived("state"), nonce: derived("nonce"), verifier: derived("verifier") }
    }
}

async fn go(call: Call) -> Result<Response, Fault> {
    let (login, provider) = provided(&call)?;
    let asked = match asked(&call.query, login) {
        Ok(asked) => asked,
        Err(answer) => return Ok(*answer),
    };
    if !is_ours(call.query.only("csrf")?, &call.headers, login, &asked) {
        return Ok(not_ours());
    }
    let seed = secret::seed()?;
    let made = Made::of(&seed);
    let redirect_uri = format!("{}{CALLBACK}", login.origin);
    let told = match provider.description(call.edge.clock.now().monotonic).await {
        Ok(described) => {
            let parts = (made.state.as_str(), made.nonce.as_str(), made.verifier.as_str());
            remote::sign_in_at(&described, &provider.settings, &redirect_uri, parts)
        }
        Err(said) => Err(said),
    };
    let url = match told {
        Ok(url) => url,
        Err(said) => return Ok(page::wrong(StatusCode::BAD_GATEWAY, &said)),
    };
    let mut response = page::send(url.as_str());
    AWAY.keep(&format!("{seed}.{}", URL_SAFE_NO_PAD.encode(asked.query())), &login.origin, response.headers_mut());
    Ok(response)
}

async fn back(mut call: Call) -> Result<Response, Fault> {
    let edge = std::sync::Arc::clone(&call.edge);
    let Some((login, provider)) = edge.login.as_ref().and_then(|login| Some((login, login.provider.as_ref()?))) else {
        provided(&call)?;
        return Err(Fault::unknown("no identity provider is set here"));
    };
    let mut response = match returned(&call, login, provider).await? {
        Err(response) => response,
        Ok((asked, found)) => {
            call.principal = Some(person(&found.user, found.grants));
            begin(&call, login, &asked, &found.user).await?
        }
    };
    AWAY.forget(&login.origin, response.headers_mut());
    Ok(response)
}

/// What was asked for and who came back; or the answer where that is not clear.
async fn returned(
    call: &Call,
    login: &Login,
    provider: &Provider,
) -> Result<Result<(Asked, super::Person), Response>, Fault> {
    let lost = || {
        let said = "nobody was sent away from this browser, or too long ago: log in again from the program";
        Ok(Err(page::wrong(StatusCode::BAD_REQUEST, said)))
    };
    let kept = AWAY.read(&call.headers, &login.origin).and_then(|kept| kept.split_once('.'));
    let Some((seed, query)) = kept.filter(|(seed, _)| secret::is_seed(seed)) else { return lost() };
    let made = Made::of(seed);
    let state = call.query.only("state")?;
    if !state.is_some_and(|state| secret::are_equal(state, &made.state)) {
        return lost();
    }
    let query = URL_SAFE_NO_PAD.decode(query).ok().and_then(|query| String::from_utf8(query).ok());
    let Some(query) = query.and_then(|query| Query::read(Some(&query)).ok()) else { return lost() };
    let asked = match asked(&query, login) {
        Ok(asked) => asked,
        Err(answer) => return Ok(Err(*answer)),
    };
    if call.query.only("error")?.is_some() {
        let url = asked.denied(&login.origin, "the identity provider did not let you in");
        return Ok(Err(page::send(url.as_str())));
    }
    let now = call.edge.clock.now().monotonic;
    let wrong = |said: &str| Ok(Err(page::wrong(StatusCode::FORBIDDEN, said)));
    let described = match provider.description(now).await {
        Ok(described) => described,
        Err(said) => return Ok(Err(page::wrong(StatusCode::BAD_GATEWAY, &said))),
    };
    // Somebody else's provider may have sent the browser here (RFC 9207).
    let issuer = call.query.only("iss")?;
    let is_meant = issuer.is_some_and(|issuer| issuer == provider.settings.issuer);
    if !is_meant && (issuer.is_some() || described.authorization_response_iss_parameter_supported) {
        return wrong("another identity provider sent you back than you were sent to");
    }
    let Some(code) = call.query.only("code")? else { return lost() };
    let redirect_uri = format!("{}{CALLBACK}", login.origin);
    let sign_in = SignIn { code, verifier: &made.verifier, nonce: &made.nonce, redirect_uri: &redirect_uri };
    // Anybody can come here with a code of their own making, and each makes us ask the provider.
    if let Err(wait) = login.failures.left(&whose(call.peer), now, limits::FAILED_SIGN_INS_PER_MINUTE) {
        let said = format!("too many sign-ins have failed; try again in {wait} s");
        return Ok(Err(page::wrong(StatusCode::TOO_MANY_REQUESTS, &said)));
    }
    match provider.person(&sign_in, now, call.now.as_second()).await {
        Ok(person) => Ok(Ok((asked, person))),
        Err(said) => {
            let _ = login.failures.take(whose(call.peer), now, limits::FAILED_SIGN_INS_PER_MINUTE);
            wrong(&said)
        }
    }
}
