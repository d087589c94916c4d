//! What programs say of themselves, in the format of the published SDK, and events for sensors.
//!
//! Events about task runs are handed to a worker, whose endpoint for callbacks knows the keys of single attempts and keeps what was said.
//! A key for the whole account may speak for every task run.

use std::{path::Path, time::Duration};

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use downbeat_domain::access::Role;
use downbeat_proto::control::v1::TakeSensorEventRequest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    access,
    config::GatewayConfig,
    error::Error,
    http::{Call, Fault, Json, Need, Route, Routes, json},
    limits,
};

/// Until a worker has taken an event.
const WORKER_WAIT: Duration = Duration::from_secs(10);

/// What keys of the account begin with.
const KEY_PREFIX: &str = "downbeat_";

/// A worker's endpoint for callbacks.
#[derive(Clone, Debug)]
pub(crate) struct Callbacks {
    client: reqwest::Client,
    url: reqwest::Url,
    /// Of the workers, for callers who may speak for a task run.
    key: Option<HeaderValue>,
}

impl Callbacks {
    /// As the settings say; none = events of programs are refused.
    ///
    /// # Errors
    /// What is set is no URL, or no readable key.
    pub(crate) fn of(config: &GatewayConfig) -> Result<Option<Self>, Error> {
        let Some(url) = &config.callbacks else { return Ok(None) };
        let wrong = |reason: String| Error::Config { setting: "DOWNBEAT_GATEWAY_CALLBACKS", reason };
        let url = reqwest::Url::parse(url).map_err(|error| wrong(format!("no URL: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("must be an http or https URL, like http://127.0.0.1:7420/".to_owned()));
        }
        let client = reqwest::Client::builder()
            .timeout(WORKER_WAIT)
            .redirect(reqwest::redirect::Policy::none())
            // It carries the workers' key.
            .no_proxy()
            .build()
            .map_err(|error| wrong(error.to_string()))?;
        let key = config.callbacks_key_file.as_deref().map(key_in).transpose()?;
        Ok(Some(Self { client, url, key }))
    }
}

fn key_in(file: &Path) -> Result<HeaderValue, Error> {
    let setting = "DOWNBEAT_GATEWAY_CALLBACKS_KEY_FILE";
    let unreadable = |reason: String| Error::Config { setting, reason: format!("{}: {reason}", file.display()) };
    let key = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    let mut key = HeaderValue::from_str(&format!("Bearer {}", key.trim()))
        .map_err(|_| unreadable("the key has characters that no header carries".to_owned()))?;
    key.set_sensitive(true);
    Ok(key)
}

/// An event.
#[derive(Debug, Deserialize, JsonSchema)]
struct Event {
    /// UPDATE_STATUS, LOG, SET_OUTPUT or SENSOR_EVENT.
    event_type: String,
    /// Of SENSOR_EVENT.
    #[serde(default)]
    sensor_event_type: Option<String>,
    /// Of SENSOR_EVENT.
    #[serde(default)]
    sensor_event: Value,
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
struct Stored {
    message: &'static str,
}

pub(super) fn routes(routes: &mut Routes) {
    let says = "Events of the published SDK: what a program says of its task run, or an event for sensors";
    // Whose key it is the worker finds out where it is that of a single attempt.
    for path in ["/webhook", "/api/engine/public/webhook"] {
        routes.add(
            Route::new(Method::POST, path, Need::Nothing, says, take)
                .takes::<Event>()
                .takes_much()
                .gives::<Stored>(200),
        );
    }
}

async fn take(mut call: Call) -> Result<Response, Fault> {
    // Its fields are spelled in one way.
    let event: Event = serde_json::from_value(Json::value(&call.body)?)
        .map_err(|error| Fault::invalid("body", "event_type", "value_error", format!("not an event: {error}")))?;
    if event.event_type == "SENSOR_EVENT" {
        return sensor_event(call, event).await;
    }
    let Some(callbacks) = &call.edge.callbacks else {
        let said = "no worker takes events of programs here: set DOWNBEAT_GATEWAY_CALLBACKS";
        return Err(Fault::Text(StatusCode::NOT_IMPLEMENTED, said.to_owned()));
    };
    let callbacks = callbacks.clone();
    let key = key(&mut call, &callbacks).await?;
    let request = callbacks.client.post(callbacks.url.clone()).header(header::AUTHORIZATION, key);
    let sent = request.header(header::CONTENT_TYPE, "application/json").body(call.body.clone()).send().await;
    let unavailable = |error: reqwest::Error| {
        tracing::warn!(error = %error.without_url(), "the worker does not take events of programs");
        Fault::Text(StatusCode::SERVICE_UNAVAILABLE, "the worker is not there at the moment: post it again".to_owned())
    };
    let answer = sent.map_err(unavailable)?;
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let wait = answer.headers().get(header::RETRY_AFTER).cloned();
    let (mut answer, mut body) = (answer, Vec::new());
    while let Some(part) = answer.chunk().await.map_err(unavailable)? {
        body.extend_from_slice(&part);
        if body.len() > limits::WORKER_ANSWER_BYTES_MAX {
            return Err(Fault::Text(StatusCode::BAD_GATEWAY, "the worker's answer is too large".to_owned()));
        }
    }
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    Ok(response)
}

/// The key that is shown to the worker: of whoever may speak for task runs their own, else the one that came, which may be that of an attempt.
async fn key(call: &mut Call, callbacks: &Callbacks) -> Result<HeaderValue, Fault> {
    let missing = || Fault::unauthorized("a key is needed: `Authorization: Bearer ...`");
    let is_ours = access::bearer(&call.headers).ok_or_else(missing)?.starts_with(KEY_PREFIX);
    if !is_ours {
        return call.headers.get(header::AUTHORIZATION).cloned().ok_or_else(missing);
    }
    call.identify().await?;
    // Ids in events are those of attempts, of which nobody but the workers knows the pipeline.
    call.permit_all(Role::Operator)?;
    callbacks.key.clone().ok_or_else(|| {
        let said = "keys of the account cannot speak for task runs here: set DOWNBEAT_GATEWAY_CALLBACKS_KEY_FILE";
        Fault::Text(StatusCode::NOT_IMPLEMENTED, said.to_owned())
    })
}

async fn sensor_event(mut call: Call, event: Event) -> Result<Response, Fault> {
    call.identify().await?;
    call.permit_all(Role::Operator)?;
    let Some(event_type) = event.sensor_event_type else {
        return Err(Fault::invalid("body", "sensor_event_type", "missing", "Field required"));
    };
    let request = TakeSensorEventRequest { event_type, event: event.sensor_event.to_string(), ..Default::default() };
    let answer = call.edge.upstream.control().take_sensor_event(call.ask(request)).await?.into_inner();
    call.edge.upstream.wrote(answer.position);
    json(200, &Stored { message: "Event stored" })
}
