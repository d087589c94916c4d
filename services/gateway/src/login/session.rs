//! Sessions of the console: a login whose refresh token the browser keeps where no script reads it.
//!
//! Promises: a page gets access tokens of an hour and nothing that lives longer; only pages of this gateway begin, renew and end a session
//! (a header that other sites cannot send, and what the browser says of where a request comes from). A session is a login like any other: it
//! rotates, survives an answer that was lost, and ends as `docs/login.md` says. Knows nothing about what a login may do.

use axum::{
    http::{HeaderMap, HeaderName, Method, header},
    response::{IntoResponse as _, Response},
};
use downbeat_domain::limits::LOGIN_IDLE_DAYS;
use downbeat_proto::control::v1::LoginTokensResponse;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Login, asked, cookie::SESSION, here, origin::Origin, refusal::Refusal, token};
use crate::{
    http::{self, Call, Fault, Need, Route, Routes},
    limits,
    server::whose,
};

const PATH: &str = "/console/session";
/// A header that a page of another site cannot send without asking us first, which we answer to nobody.
const OURS: HeaderName = HeaderName::from_static("x-downbeat-console");
/// What the browser says of where a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Between the two parts of the cookie: neither has it.
const BETWEEN: char = '~';

/// What a page gets of a session.
#[derive(Debug, Serialize, JsonSchema)]
struct Tokens {
    access_token: String,
    /// Seconds.
    expires_in: i64,
    /// Of RFC 6749, with blanks between.
    scope: String,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "A session of the console begins, with the code of a login";
    let route = Route::new(Method::POST, PATH, Need::Nothing, says, begin);
    routes.add(route.takes_at_most(limits::LOGIN_BODY_BYTES_MAX).gives::<Tokens>(200));
    let says = "Another access token for a session of the console";
    let route = Route::new(Method::POST, "/console/session/renew", Need::Nothing, says, renew);
    routes.add(route.takes_at_most(limits::LOGIN_BODY_BYTES_MAX).gives::<Tokens>(200));
    let says = "A session of the console ends, and its login with it";
    let route = Route::new(Method::DELETE, PATH, Need::Nothing, says, end);
    routes.add(route.takes_at_most(limits::LOGIN_BODY_BYTES_MAX).gives_nothing());
}

async fn begin(call: Call) -> Result<Response, Fault> {
    let login = here(&call)?;
    from_our_page(&call.headers, &login.origin)?;
    may_try(&call, login)?;
    let begun = async {
        let form = token::form(&call)?;
        let client_id = token::required(&form, "client_id")?;
        let given = token::complete(&call, login, &form, &client_id).await?;
        Ok::<_, Refusal>((client_id, given))
    };
    let (client_id, given) = match begun.await {
        Ok(begun) => begun,
        Err(refusal) => return Err(failed(&call, login, refusal)),
    };
    // Whoever signs in anew leaves no login behind that nobody would end. That it cannot be ended now is no reason to keep them out.
    if let Some(before) = Kept::read(&call.headers, login) {
        token::end(&call, &before.refresh_token).await.ok();
    }
    answer(&call, login, client_id, given).await
}

async fn renew(call: Call) -> Result<Response, Fault> {
    let login = here(&call)?;
    from_our_page(&call.headers, &login.origin)?;
    let Some(kept) = Kept::read(&call.headers, login) else { return Ok(signed_out(login)) };
    let renewed = async {
        let client_hash = token::client_hash(&kept.client_id, login)?;
        token::refresh(&call, kept.refresh_token, client_hash).await
    };
    match renewed.await {
        Ok(given) => answer(&call, login, kept.client_id, given).await,
        Err(refusal) if refusal.is_final() => {
            failed(&call, login, refusal);
            Ok(signed_out(login))
        }
        // Nobody knows: the session is kept, and the page asks again.
        Err(refusal) => Err(refusal.fault()),
    }
}

async fn end(call: Call) -> Result<Response, Fault> {
    let login = here(&call)?;
    from_our_page(&call.headers, &login.origin)?;
    if let Some(kept) = Kept::read(&call.headers, login) {
        // Only what is ended is forgotten: else a login would live on that nobody can end from here.
        token::end(&call, &kept.refresh_token).await.map_err(Refusal::fault)?;
    }
    let mut response = http::no_content();
    SESSION.forget(&login.origin, response.headers_mut());
    Ok(response)
}

async fn answer(call: &Call, login: &Login, client_id: String, given: LoginTokensResponse) -> Result<Response, Fault> {
    let expires_in = token::opened(call, &given).await;
    let scope = asked::scope(given.read_only);
    let kept = Kept { client_id, refresh_token: given.refresh_token };
    let mut response = http::json(200, &Tokens { access_token: given.access_token, expires_in, scope })?;
    SESSION.keep_for(&kept.written(), LOGIN_IDLE_DAYS * 24 * 60 * 60, &login.origin, response.headers_mut());
    Ok(response)
}

/// There is no session, or none any more.
fn signed_out(login: &Login) -> Response {
    let mut response = Fault::unauthorized("there is no session: sign in").into_response();
    SESSION.forget(&login.origin, response.headers_mut());
    response
}

/// What the cookie holds: all that a login is refreshed with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    client_id: String,
    refresh_token: String,
}

impl Kept {
    fn read(headers: &HeaderMap, login: &Login) -> Option<Self> {
        Self::of(SESSION.read(headers, &login.origin)?)
    }

    fn of(text: &str) -> Option<Self> {
        let (client_id, refresh_token) = text.split_once(BETWEEN)?;
        let fits = client_id.len() <= limits::CLIENT_ID_BYTES_MAX && refresh_token.len() <= limits::TOKEN_BYTES_MAX;
        let is_there = !client_id.is_empty() && !refresh_token.is_empty();
        let kept = || Self { client_id: client_id.to_owned(), refresh_token: refresh_token.to_owned() };
        (fits && is_there).then(kept)
    }

    fn written(&self) -> String {
        format!("{}{BETWEEN}{}", self.client_id, self.refresh_token)
    }
}

/// Whether a page of ours asks.
///
/// # Errors
/// 403.
fn from_our_page(headers: &HeaderMap, origin: &Origin) -> Result<(), Fault> {
    let text = |name: &HeaderName| -> Result<Option<&str>, Fault> {
        let mut all = headers.get_all(name).iter();
        match (all.next(), all.next()) {
            (None, _) => Ok(None),
            (Some(only), None) => Ok(Some(only.to_str().unwrap_or_default())),
            _ => Err(Fault::forbidden(format!("`{name}` comes twice"))),
        }
    };
    if text(&OURS)? != Some("1") {
        return Err(Fault::forbidden("only the console asks for this: the header `X-Downbeat-Console: 1` is missing"));
    }
    let from_elsewhere = || {
        let said =
            format!("this comes from a page of another site than {origin}, which is where this gateway is reached");
        Fault::forbidden(format!("{said} (DOWNBEAT_GATEWAY_PUBLIC_URL, docs/console.md)"))
    };
    let site = text(&FETCH_SITE)?.is_none_or(|site| site == "same-origin");
    let page = text(&header::ORIGIN)?.is_none_or(|page| origin.is_that_of(page));
    if site && page { Ok(()) } else { Err(from_elsewhere()) }
}

/// Failures of one address are few, as of all sign-ins. Sessions that there are go on all the same: behind one proxy there may be many, and what
/// renews them nobody guesses.
fn may_try(call: &Call, login: &Login) -> Result<(), Fault> {
    let now = call.edge.clock.now().monotonic;
    login.failures.left(&whose(call.peer), now, limits::FAILED_SIGN_INS_PER_MINUTE).map_err(|wait| {
        let said = format!("too many sign-ins have failed; try again in {wait} s");
        Fault::TooEarly(wait, said)
    })
}

/// Counts what was refused for good.
fn failed(call: &Call, login: &Login, refusal: Refusal) -> Fault {
    if refusal.is_final() {
        let now = call.edge.clock.now().monotonic;
        // Whoever has used up what there is finds out with the next one.
        let _ = login.failures.take(whose(call.peer), now, limits::FAILED_SIGN_INS_PER_MINUTE);
    }
    refusal.fault()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(Some(url), "127.0.0.1:1".parse().unwrap()).unwrap().unwrap()
    }

    #[test]
    fn only_a_page_of_ours_is_let_in() {
        let (ours, site, page) = ("x-downbeat-console", "sec-fetch-site", "origin");
        for (lines, expected) in [
            (&[(ours, "1")][..], true),
            (&[(ours, "1"), (site, "same-origin"), (page, "https://d.example")], true),
            (&[(ours, "1"), (page, "https://d.example")], true),
            (&[], false),
            (&[(site, "same-origin"), (page, "https://d.example")], false),
            (&[(ours, "true")], false),
            (&[(ours, "1"), (ours, "1")], false),
            (&[(ours, "1"), (site, "same-site")], false),
            (&[(ours, "1"), (site, "cross-site")], false),
            // Somebody typed it: a console does not.
            (&[(ours, "1"), (site, "none")], false),
            (&[(ours, "1"), (site, "same-origin"), (page, "https://evil.example")], false),
            (&[(ours, "1"), (page, "https://x.d.example")], false),
            (&[(ours, "1"), (page, "null")], false),
            (&[(ours, "1"), (page, "https://d.example"), (page, "https://d.example")], false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(HeaderName::from_static(name), value.parse().unwrap());
            }
            let found = from_our_page(&headers, &origin("https://d.example"));
            assert_eq!(found.is_ok(), expected, "{lines:?}");
            assert!(found.err().is_none_or(|fault| fault.status() == StatusCode::FORBIDDEN), "{lines:?}");
        }
    }

    #[test]
    fn a_cookie_holds_what_a_login_is_refreshed_with() {
        let kept = Kept { client_id: "p1.abc".to_owned(), refresh_token: "downbeat_refresh_x".to_owned() };
        assert_eq!(Kept::of(&kept.written()), Some(kept));
        let long = "a".repeat(2_000);
        for text in ["", "~", "a~", "~b", "ab", &format!("{long}~b"), &format!("a~{long}")] {
            assert_eq!(Kept::of(text), None, "{text}");
        }
    }
}
