//! WEBHOOK: a POST to an address of the user's own, with the published body or the one that the alert names.
//!
//! Every request has `webhook-id` (the alert's, so that who gets it again knows it) and `webhook-timestamp`, and with a secret a
//! signature, as Standard Webhooks has them. The address may be a credential and is treated as one.

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use reqwest::{
    Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use super::alert::Alert;
use super::post::{Message, post};
use super::{Channel, Means, address, signature};
use crate::attempt::Failure;
use crate::connections::{Connection, Fields};
use crate::web;

const INTEGRATION: &str = "WEBHOOK";

#[derive(Debug)]
pub(super) struct Webhook;

#[async_trait]
impl Channel for Webhook {
    fn integration(&self) -> &'static str {
        INTEGRATION
    }

    fn fields(&self) -> Fields {
        Fields { open: &["username"], secret: &["url", "headers", "bearer_token", "password", "signing_secret"] }
    }

    async fn send(&self, alert: &Alert, means: &Means) -> Result<(), Failure> {
        let message = message(alert, means, Timestamp::now().as_second())?;
        post(INTEGRATION, message, means).await.map(drop)
    }
}

fn message(alert: &Alert, means: &Means, now: i64) -> Result<Message, Failure> {
    let connection = &means.connection;
    let (body, kind) = body(alert)?;
    let headers = web::headers("headers", &connection.table("headers")?);
    let headers = headers.map_err(|failure| {
        connection.wrong("headers", format_args!("holds what cannot be sent: {}", failure.message))
    })?;
    let mut message = Message { url: url(connection, &alert.destination)?, headers, body };
    message.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    sign_in(&mut message, means)?;
    let id = HeaderValue::try_from(&alert.id);
    let id = id.map_err(|_| Failure::misconfigured("the parameter alert_id cannot stand in a header"))?;
    message.headers.insert(HeaderName::from_static("webhook-id"), id);
    message.headers.insert(HeaderName::from_static("webhook-timestamp"), now.into());
    if let Some(secret) = connection.secret("signing_secret")? {
        let key = signature::key(secret.reveal()).ok_or_else(|| {
            connection.wrong("signing_secret", "must be 24 to 64 bytes as base64, with whsec_ before it or without")
        })?;
        let signature = signature::sign(&key, &alert.id, now, &message.body);
        message.secret(HeaderName::from_static("webhook-signature"), &signature, means, "signing_secret")?;
    }
    Ok(message)
}

/// A path below the connection's address; none = the address itself.
fn url(connection: &Connection, path: &str) -> Result<Url, Failure> {
    let base = address::absolute(connection, "url", connection.required("url")?)?;
    if path.is_empty() {
        return Ok(base);
    }
    // A part that is written with percents, twice even, may be one that leads up.
    let leads_up = |part: &str| {
        let once = percent_decode_str(part).decode_utf8_lossy().into_owned();
        matches!(percent_decode_str(&once).decode_utf8_lossy().as_ref(), "." | "..")
    };
    let elsewhere = path.contains("://") || path.starts_with("//") || path.chars().any(char::is_control);
    if elsewhere || path.split(['/', '\\']).any(leads_up) {
        return Err(Failure::misconfigured(
            "the destination of the alert must be a path below the connection's url, like /alerts, without . and .. in it",
        ));
    }
    Ok(address::below(&base, path))
}

fn body(alert: &Alert) -> Result<(String, &'static str), Failure> {
    let json_kind = "application/json; charset=utf-8";
    match alert.parameters.get("body") {
        None | Some(Value::Null) => {
            Ok((json!({ "event_type": alert.event_type, "detail": alert.detail }).to_string(), json_kind))
        }
        Some(body @ Value::Object(_)) => Ok((body.to_string(), json_kind)),
        Some(Value::String(text)) => {
            let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            Ok((text.clone(), if is_json { json_kind } else { "text/plain; charset=utf-8" }))
        }
        Some(_) => Err(Failure::misconfigured("the parameter body of the alert must be an object or a text")),
    }
}

fn sign_in(message: &mut Message, means: &Means) -> Result<(), Failure> {
    let connection = &means.connection;
    let user = connection.text("username")?;
    match (connection.secret("bearer_token")?, user) {
        (Some(_), Some(_)) => Err(connection.wrong("username", "stands beside a bearer_token: keep one of them")),
        (Some(token), None) => {
            message.secret(AUTHORIZATION, &format!("Bearer {}", token.reveal()), means, "bearer_token")
        }
        (None, Some(user)) => {
            let password = connection.secret("password")?;
            let both = format!("{user}:{}", password.as_ref().map_or("", |password| password.reveal()));
            message.secret(AUTHORIZATION, &format!("Basic {}", STANDARD.encode(both)), means, "password")
        }
        (None, None) => match connection.text("password")? {
            Some(_) => Err(connection.wrong("password", "stands without a username")),
            None => Ok(()),
        },
    }
}
