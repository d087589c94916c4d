//! The endpoint's one route: the published format of scripts' events, from outside.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use downbeat_runtime::blob::BlobKey;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Callbacks;
use crate::limits::{CALLBACK_BYTES_MAX, SCRIPT_EVENT_BYTES_MAX};
use crate::script_events::api::{Addressed, Answer, bearer, refuse};

pub(super) fn router(callbacks: Callbacks) -> Router {
    let routes = Router::new().route("/", post(receive)).route("/{*path}", post(receive));
    routes.layer(DefaultBodyLimit::max(SCRIPT_EVENT_BYTES_MAX)).with_state(callbacks)
}

async fn receive(
    State(callbacks): State<Callbacks>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let Some(shown) = bearer(&headers) else {
        return refuse(StatusCode::UNAUTHORIZED, "the key is missing (header `authorization: Bearer ...`)");
    };
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return refuse(rejection.status(), &rejection.body_text()),
    };
    let read = serde_json::from_slice::<Value>(&body)
        .and_then(|event| Ok((serde_json::from_value::<Addressed>(event.clone())?, event)));
    let (addressed, event) = match read {
        Ok(read) => read,
        Err(error) => return refuse(StatusCode::UNPROCESSABLE_ENTITY, &format!("not an event of a script: {error}")),
    };
    let Ok(id) = Uuid::parse_str(&addressed.task_run_id) else {
        return refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "task_run_id is no UUID: give back the header orchestra_task_run_id",
        );
    };
    // Whoever shows no key of it does not learn whether there is such a job.
    if !callbacks.admits(shown, id) {
        return refuse(StatusCode::UNAUTHORIZED, "this is not the key of that task");
    }
    match write(&callbacks, id, &event).await {
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
