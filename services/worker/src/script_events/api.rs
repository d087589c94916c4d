//! The endpoint's one route. Clients post to the URL exactly as given and take any 2xx for success.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Attempts, Entry, ScriptState, ScriptStatus, locked, state::TooMuch};
use crate::limits::SCRIPT_EVENT_BYTES_MAX;

pub(crate) type Answer = (StatusCode, Json<Value>);

/// An event of a script, and whose it is.
#[derive(Deserialize)]
pub(crate) struct Addressed {
    pub(crate) task_run_id: String,
    #[serde(flatten)]
    pub(crate) event: Event,
}

/// What a script says of itself.
#[derive(Deserialize)]
#[serde(tag = "event_type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Event {
    UpdateStatus {
        status: ScriptStatus,
        #[serde(default)]
        message: Option<String>,
    },
    SetOutput {
        output_name: String,
        output_value: Value,
    },
    Log {
        log_name: String,
        data: String,
    },
}

pub(super) fn router(attempts: Attempts) -> Router {
    Router::new().route("/", post(receive)).layer(DefaultBodyLimit::max(SCRIPT_EVENT_BYTES_MAX)).with_state(attempts)
}

async fn receive(State(attempts): State<Attempts>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Answer {
    let Some(key) = bearer(&headers) else {
        return refuse(StatusCode::UNAUTHORIZED, "the key of the task is missing (header `authorization: Bearer ...`)");
    };
    let body = match body {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("an event may take {SCRIPT_EVENT_BYTES_MAX} bytes"));
        }
        Err(rejection) => return refuse(rejection.status(), &rejection.body_text()),
    };
    let Addressed { task_run_id, event } = match serde_json::from_slice(&body) {
        Ok(addressed) => addressed,
        Err(error) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, &format!("not an event of a script: {error}")),
    };
    let entry = locked(&attempts).get(&task_run_id).map(Arc::clone);
    let Some(entry) = entry else {
        return refuse(StatusCode::NOT_FOUND, "no such task is running here");
    };
    // Comparison of hashes takes constant time.
    if blake3::hash(key.as_bytes()) != entry.key_hash {
        return refuse(StatusCode::UNAUTHORIZED, "this is not the key of that task");
    }
    match apply(&entry, event) {
        Ok(message) => {
            (StatusCode::OK, Json(json!({ "success": true, "message": message, "task_run_id": task_run_id })))
        }
        Err(TooMuch(reason)) => refuse(StatusCode::PAYLOAD_TOO_LARGE, &reason),
    }
}

fn apply(entry: &Entry, event: Event) -> Result<&'static str, TooMuch> {
    take(&mut locked(&entry.state), event, entry.set_outputs)
}

/// Takes an event into what was said before.
pub(crate) fn take(state: &mut ScriptState, event: Event, set_outputs: bool) -> Result<&'static str, TooMuch> {
    match event {
        Event::UpdateStatus { status, message } => {
            state.status = Some((status, message.filter(|message| !message.is_empty())));
            Ok("status taken")
        }
        Event::SetOutput { output_name, .. } if !set_outputs => {
            state.ignore_output(&output_name);
            Ok("output ignored: the task does not have `set_outputs: true`")
        }
        Event::SetOutput { output_name, output_value } => {
            state.set_output(&output_name, output_value).map(|()| "output set")
        }
        Event::Log { log_name, data } => state.set_log(&log_name, data).map(|()| "log taken"),
    }
}

/// The key that a request shows.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// An answer that says why.
pub(crate) fn refuse(status: StatusCode, detail: &str) -> Answer {
    (status, Json(json!({ "detail": detail })))
}
