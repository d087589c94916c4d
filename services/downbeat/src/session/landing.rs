//! Where the browser of whoever signs in ends: an address of this machine.
//!
//! Promises: only what comes with the state of this sign-in counts, and only the first of it; what comes otherwise changes nothing.

use std::{future::IntoFuture as _, net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use reqwest::Url;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use crate::error::Error;

/// Where the browser comes to.
const PATH: &str = "/callback";

/// Until the browser has taken its last page.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// What the gateway's page ends with: a code, or why there is none.
pub type Outcome = Result<String, String>;

/// A place that listens.
#[derive(Debug)]
pub struct Landing {
    listener: TcpListener,
    /// Its address, for the gateway.
    pub redirect: String,
}

struct Awaited {
    state: String,
    landed: mpsc::Sender<Outcome>,
}

impl Landing {
    /// Listens on a free port.
    ///
    /// # Errors
    /// There is none.
    pub async fn open() -> Result<Self, Error> {
        let failed = |source| Error::Io { what: "cannot listen on this machine".to_owned(), source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self { listener, redirect: format!("http://127.0.0.1:{port}{PATH}") })
    }

    /// Waits for the browser, and then until it has the page that says so.
    pub async fn wait(self, state: String) -> Outcome {
        let (landed, mut outcomes) = mpsc::channel(1);
        let awaited = Arc::new(Awaited { state, landed });
        let router = Router::new().route(PATH, get(land)).with_state(awaited);
        let (end, asked_to) = oneshot::channel::<()>();
        let asked_to = async { drop(asked_to.await) };
        let mut serving = axum::serve(self.listener, router).with_graceful_shutdown(asked_to).into_future();
        let outcome = tokio::select! {
            _ = &mut serving => None,
            outcome = outcomes.recv() => outcome,
        };
        let Some(outcome) = outcome else { return Err("this machine listens no longer".to_owned()) };
        drop(end);
        // A browser that does not read its page is not waited for.
        let _ = tokio::time::timeout(LAST_PAGE, serving).await;
        outcome
    }
}

async fn land(State(awaited): State<Arc<Awaited>>, RawQuery(query): RawQuery) -> Response {
    let (status, says) = match read(&query.unwrap_or_default(), &awaited.state) {
        None => (StatusCode::BAD_REQUEST, "This is not the sign-in that is waited for."),
        Some(outcome) => {
            let says = match &outcome {
                Ok(_) => "You are logged in. You can close this page, and go on in the terminal.",
                Err(_) => "You are not logged in. The terminal says why.",
            };
            // Of two, the first counts.
            let _ = awaited.landed.try_send(outcome);
            (StatusCode::OK, says)
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, says).into_response()
}

/// What stands in the address at which the browser ended, as somebody pasted it; `None` = it is not of this sign-in.
pub fn pasted(address: &str, state: &str) -> Option<Outcome> {
    read(Url::parse(address.trim()).ok()?.query()?, state)
}

fn read(query: &str, state: &str) -> Option<Outcome> {
    let url = Url::parse(&format!("http://127.0.0.1/?{query}")).ok()?;
    let value = |name: &str| {
        let mut values = url.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value.into_owned());
        // What comes twice is not of the gateway.
        values.next().filter(|_| values.next().is_none())
    };
    if value("state").as_deref() != Some(state) {
        return None;
    }
    match (value("code"), value("error")) {
        (Some(code), None) => Some(Ok(code)),
        (None, Some(error)) => {
            let why = value("error_description").unwrap_or(error);
            Some(Err(why.chars().filter(|letter| !letter.is_control()).take(200).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_this_sign_in_counts() {
        for (query, expected) in [
            ("code=c%2B1&state=s", Some(Ok("c+1"))),
            ("state=s&error=access_denied&error_description=they%20said%20no", Some(Err("they said no"))),
            ("state=s&error=access_denied%1B%5B2J", Some(Err("access_denied[2J"))),
            ("code=c&state=other", None),
            ("code=c", None),
            ("code=c&code=d&state=s", None),
            ("code=c&state=s&state=s", None),
            ("code=c&error=e&state=s", None),
            ("state=s", None),
            ("", None),
        ] {
            let expected: Option<Outcome> =
                expected.map(|outcome| outcome.map(ToOwned::to_owned).map_err(ToOwned::to_owned));
            assert_eq!(read(query, "s"), expected, "{query}");
            let address = format!(" http://127.0.0.1:4711/callback?{query}\n");
            assert_eq!(pasted(&address, "s"), expected, "{query}");
        }
        assert_eq!(pasted("hello", "s"), None);
    }
}
