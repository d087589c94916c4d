//! The endpoint's one route: the published format of scripts' events, from outside.

use std::time::{Duration, Instant};

use axum::{
    Json, Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse as _, Response},
    routing::post,
};
use downbeat_runtime::blob::BlobKey;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Callbacks;
use crate::limits::{CALLBACK_BODY_WAIT, CALLBACK_BYTES_MAX, SCRIPT_EVENT_BYTES_MAX};
use crate::script_events::api::{Addressed, Answer, bearer, refuse};

pub(super) fn router(callbacks: Callbacks) -> Router {
    Router::new().route("/", post(receive)).route("/{*path}", post(receive)).with_state(callbacks)
}

/// The answer, and how long to wait where it comes too early.
async fn receive(State(callbacks): State<Callbacks>, request: Request) -> Response {
    let _place = match callbacks.places.try_acquire() {
        Ok(place) => place,
        Err(_) => return early("too many callbacks come at once: post it again", Duration::from_secs(1)),
    };
    let (head, body) = request.into_parts();
    // Before anything of the body is read: it costs memory.
    let Some(shown) = bearer(&head.headers) else {
        return refuse(StatusCode::UNAUTHORIZED, "the key is missing (header `authorization: Bearer ...`)")
            .into_response();
    };
    match tokio::time::timeout(CALLBACK_BODY_WAIT, to_bytes(body, SCRIPT_EVENT_BYTES_MAX)).await {
        Ok(Ok(body)) => take(&callbacks, shown, &body).await,
        Ok(Err(_)) => {
            let limit = format!("the body did not come as a whole, or has more than {SCRIPT_EVENT_BYTES_MAX} bytes");
            refuse(StatusCode::PAYLOAD_TOO_LARGE, &limit).into_response()
        }
        Err(_) => {
            let limit = format!("the body did not come within {} s", CALLBACK_BODY_WAIT.as_secs());
            refuse(StatusCode::REQUEST_TIMEOUT, &limit).into_response()
        }
    }
}

fn early(text: &str, wait: Duration) -> Response {
    // Whole seconds, and never none.
    let seconds = wait.as_secs() + 1;
    let mut answer = refuse(StatusCode::TOO_MANY_REQUESTS, text).into_response();
    answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    answer
}

async fn take(callbacks: &Callbacks, shown: &str, body: &Bytes) -> Response {
    match judged(callbacks, shown, body) {
        Ok((id, addressed, event)) => match callbacks.rates.lock().await.take(id, Instant::now()) {
            Ok(()) => keep(callbacks, id, addressed, event).await.into_response(),
            Err(wait) => early("this job posts too often: post it again, later", wait),
        },
        Err(refused) => refused.into_response(),
    }
}

/// Whose event it is, if it is one and whoever posts it may.
fn judged(callbacks: &Callbacks, shown: &str, body: &Bytes) -> Result<(Uuid, Addressed, Value), Answer> {
    let read = serde_json::from_slice::<Value>(body)
        .and_then(|event| Ok((serde_json::from_value::<Addressed>(event.clone())?, event)));
    let (addressed, event) = match read {
        Ok(read) => read,
        Err(error) => {
            return Err(refuse(StatusCode::UNPROCESSABLE_ENTITY, &format!("not an event of a script: {error}")));
        }
    };
    let Ok(id) = Uuid::parse_str(&addressed.task_run_id) else {
        return Err(refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "task_run_id is no UUID: give back the header orchestra_task_run_id",
        ));
    };
    // Whoever shows no key of it does not learn whether there is such a job.
    if !callbacks.admits(shown, id) {
        return Err(refuse(StatusCode::UNAUTHORIZED, "this is not the key of that task"));
    }
    Ok((id, addressed, event))
}

async fn keep(callbacks: &Callbacks, id: Uuid, addressed: Addressed, event: Value) -> Answer {
    match write(callbacks, id, &event).await {
        Ok(true) => {
            (StatusCode::OK, Json(json!({ "success": true, "message": "taken", "task_run_id": addressed.task_run_id })))
        }
        Ok(false) => {
            refuse(StatusCode::PAYLOAD_TOO_LARGE, &format!("one job may post {CALLBACK_BYTES_MAX} bytes about itself"))
        }
        Err(error) => {
            tracing::error!(%error, "what a job posted cannot be kept");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "it cannot be kept at the moment: post it again")
        }
    }
}

/// Appends the event, in one line; `false`: there is no room.
async fn write(callbacks: &Callbacks, id: Uuid, event: &Value) -> Result<bool, downbeat_runtime::blob::Error> {
    let key = BlobKey::callback(id);
    // Whoever died in the middle of a line leaves the next one whole.
    let line = format!("\n{event}\n");
    let _alone = callbacks.writes.lock().await;
    let before = callbacks.store.read(&key, 0, 0).await?.map_or(0, |chunk| chunk.total);
    if before + line.len() as u64 > CALLBACK_BYTES_MAX {
        return Ok(false);
    }
    let mut writer = callbacks.store.append(&key).await?;
    writer.write(line.as_bytes()).await?;
    writer.flush().await?;
    Ok(true)
}
