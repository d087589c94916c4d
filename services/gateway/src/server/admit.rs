//! What every request goes through before a route sees it, in this order: room, who asks, for which account, whether they may, the body.
//!
//! Promises: no body of anybody who may not ask is read; nothing that happens behind gets out but as a fault; each answer names its request.

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use downbeat_runtime::{clock::wall_now, otlp};
use futures::FutureExt as _;
use tracing::Instrument as _;

use super::Edge;
use crate::{
    access::{self, Principal},
    grpc,
    http::{Call, Fault, Need, Query, Route},
    limits,
    login::Login,
    traces::Answering,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) async fn admit(
    edge: Arc<Edge>,
    route: Arc<Route>,
    peer: IpAddr,
    params: Vec<(String, String)>,
    request: Request,
) -> Response {
    let started = edge.clock.now().monotonic;
    let (parts, body) = request.into_parts();
    let id = request_id(&parts.headers);
    let span = tracing::info_span!("request", id, method = %route.method, route = route.path);
    let metrics = edge.metrics.clone();
    let traced = Answering::begin(&parts.headers, &route);
    let asks = edge.login.as_ref().map(Login::challenge);
    let answering = async {
        let in_words = if grpc::is_grpc(&parts.headers) { grpc::refused } else { IntoResponse::into_response };
        let answered = answer(&edge, &route, peer, params, parts, body);
        match AssertUnwindSafe(answered).catch_unwind().await {
            Ok(answer) => answer.unwrap_or_else(in_words),
            Err(_) => {
                tracing::error!("a route panicked");
                let said = "an error inside of Downbeat; its log has more";
                Fault::Text(StatusCode::INTERNAL_SERVER_ERROR, said.to_owned()).into_response()
            }
        }
    };
    let part_of = traced.as_ref().map(Answering::context);
    let mut response = otlp::within(part_of, answering.instrument(span)).await;
    if let Some(traced) = traced {
        traced.end(response.status());
    }
    if response.status() == StatusCode::UNAUTHORIZED
        && let Some(asks) = asks.and_then(|asks| HeaderValue::from_str(&asks).ok())
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, asks);
    }
    metrics.answered(&route, response.status(), edge.clock.now().monotonic.saturating_sub(started));
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// What every answer has, also where no route was found.
pub(super) async fn finished(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key(REQUEST_ID)
        && let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string())
    {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn answer(
    edge: &Arc<Edge>,
    route: &Route,
    peer: IpAddr,
    params: Vec<(String, String)>,
    parts: Parts,
    body: axum::body::Body,
) -> Result<Response, Fault> {
    // Whoever shows no key takes no room from those who do.
    let _open = match route.need {
        Need::Nothing => {
            let places = if route.path.starts_with("/hooks/") { &edge.hook_places } else { &edge.open_places };
            Some(places.enter(peer).ok_or_else(busy)?)
        }
        _ => None,
    };
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if target > limits::TARGET_BYTES_MAX {
        let said = format!("path and query have {target} bytes; at most {} are allowed", limits::TARGET_BYTES_MAX);
        return Err(Fault::Text(StatusCode::URI_TOO_LONG, said));
    }
    let now = wall_now();
    let (table, principal) = match route.need {
        Need::Nothing => (Arc::default(), None),
        need => {
            let (table, principal) = access::who(&edge.doors, &parts.headers, now.as_microsecond()).await?;
            let asked =
                edge.asked.take(principal.token().to_owned(), edge.clock.now().monotonic, edge.asked_per_minute);
            asked.map_err(|wait| {
                let most = edge.asked_per_minute;
                Fault::TooEarly(wait, format!("more than {most} requests in a minute come with this key"))
            })?;
            may(&principal, need)?;
            edge.uses.note(&principal);
            (table, Some(principal))
        }
    };
    let _place = match principal {
        Some(_) => Some(edge.places.clone().try_acquire_owned().map_err(|_| busy())?),
        None => None,
    };
    let query = Query::read(parts.uri.query())?;
    let body = whole(body, route.body_bytes_max).await?;
    let edge = Arc::clone(edge);
    let call = Call { edge, table, principal, params, query, headers: parts.headers, body, peer, now };
    let answered = tokio::time::timeout(route.answer_wait, route.answer(call)).await;
    answered.unwrap_or_else(|_| {
        Err(Fault::Text(
            StatusCode::GATEWAY_TIMEOUT,
            "no answer in time: it may be done all the same; look, and try again".to_owned(),
        ))
    })
}

fn busy() -> Fault {
    Fault::Text(StatusCode::SERVICE_UNAVAILABLE, "too many requests are under way: try again".to_owned())
}

fn may(principal: &Principal, need: Need) -> Result<(), Fault> {
    let (allowed, role) = match need {
        Need::Nothing | Need::Key => return Ok(()),
        Need::Account(role) => (principal.may_all(role), role),
        Need::Something(role) => (principal.may_some(role), role),
    };
    if allowed { Ok(()) } else { Err(Fault::forbidden(format!("this needs the role {}", role.as_str()))) }
}

async fn whole(body: axum::body::Body, most: usize) -> Result<Bytes, Fault> {
    match tokio::time::timeout(limits::BODY_WAIT, to_bytes(body, most)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let said = format!("the body did not come as a whole, or has more than {most} bytes");
            Err(Fault::Text(StatusCode::PAYLOAD_TOO_LARGE, said))
        }
        Err(_) => {
            let said = format!("the body did not come within {} s", limits::BODY_WAIT.as_secs());
            Err(Fault::Text(StatusCode::REQUEST_TIMEOUT, said))
        }
    }
}

/// The caller's, if it is one that may stand in a log; else one of our own.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|given| given.to_str().ok()).filter(|given| {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        !given.is_empty() && given.len() <= limits::REQUEST_ID_CHARS_MAX && given.chars().all(fits)
    });
    given.map_or_else(|| uuid::Uuid::new_v4().to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_taken_if_it_fits_into_a_line() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, "run-7.a_b".parse().unwrap());
        assert_eq!(request_id(&headers), "run-7.a_b");
        headers.insert(REQUEST_ID, "a b".parse().unwrap());
        assert_ne!(request_id(&headers), "a b");
    }
}
