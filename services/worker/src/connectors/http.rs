//! HTTP/HTTP_REQUEST: one request, its answer as output. How it is sent stands in `web.rs`.

use async_trait::async_trait;
use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use super::{Connector, Step, Task, parameters, unless_killed, unless_stopped};
use crate::about::{About, Tested};
use crate::attempt::{Ended, Ending, Failure, beginning};
use crate::base_url;
use crate::connections::{Connection, Connections};
use crate::limits::{HTTP_ANSWER_BYTES_MAX, HTTP_LOGGED_BYTES, HTTP_WAIT};
use crate::traces;
use crate::web::{self, shown};

#[derive(Debug)]
pub(crate) struct HttpRequest {
    pub(crate) connections: Connections,
}

/// What a task wants to be sent.
pub(super) struct Wanted {
    pub(super) request: web::Request,
    pub(super) set_outputs: bool,
}

#[async_trait]
impl Connector for HttpRequest {
    fn job(&self) -> (&str, &str) {
        ("HTTP", "HTTP_REQUEST")
    }

    fn about(&self) -> About {
        About {
            by_manifest: false,
            tested: Tested::Real("a server of the tests"),
            after_a_loss: "GET, PUT once more; POST never again: UNKNOWN_OUTCOME",
            collects: "nothing".to_owned(),
        }
    }

    fn remote(&self) -> bool {
        true
    }

    async fn run(&self, task: &Task) -> Ended {
        let asked = async {
            if let Some(ending) = lost(task) {
                return ending.into();
            }
            // Nothing is left of a request that is dropped.
            match unless_stopped(&task.stop, self.carry_out(task)).await {
                Ok(Ok(ending)) | Ok(Err(ending)) | Err(ending) => ending.into(),
            }
        };
        Box::pin(unless_killed(&task.stop, asked)).await
    }
}

/// Of a request whose worker was lost nobody knows whether it arrived. GET and PUT may be sent again; POST may have begun something.
fn lost(task: &Task) -> Option<Ending> {
    task.resume.as_ref()?;
    let method = parameters::text(&task.parameters, "method");
    if method.is_some_and(|method| method != "POST") {
        return None;
    }
    let text = "the worker was lost that sent the request, and nobody knows whether it arrived";
    Some(if task.stop.asked() {
        Ending::Unconfirmed(text.to_owned())
    } else {
        Failure::unknown(format!("{text}, so it is not sent again; look there, then restart the task")).into()
    })
}

impl HttpRequest {
    async fn carry_out(&self, task: &Task) -> Step<Ending> {
        let connection = task.open(&self.connections, "HTTP", base_url::FIELDS).await?;
        exchange(task, connection.as_ref()).await
    }
}

async fn exchange(task: &Task, connection: Option<&Connection>) -> Step<Ending> {
    let Wanted { request, set_outputs } = read(task, connection)?;
    task.log.line(&format!("{} {}", request.method, shown(&request.url))).await;
    let web::Answer { status, body, cut, .. } = web::exchange(&request, HTTP_WAIT, Some(&task.log)).await?;
    if cut {
        let limit = HTTP_ANSWER_BYTES_MAX / (1024 * 1024);
        return Err(Failure::job(format!("the answer of {} is larger than {limit} MiB", shown(&request.url))).into());
    }
    let text = String::from_utf8_lossy(&body);
    let first = task.log.hide(beginning(&text, HTTP_LOGGED_BYTES)).await;
    task.log.line(&format!("answer: {status}, {} bytes", body.len())).await;
    task.log.text(&first).await;
    if !status.is_success() {
        let message = format!("{} {} answered {status}: {}", request.method, shown(&request.url), first.trim());
        let again = matches!(status.as_u16(), 408 | 429 | 500..=599);
        return Err(if again { Failure::transient(message) } else { Failure::job(message) }.into());
    }
    let outputs = if set_outputs {
        let response = serde_json::from_slice::<Value>(&body).unwrap_or_else(|_| Value::String(text.into_owned()));
        json!({ "response": response, "status_code": status.as_u16() }).to_string()
    } else {
        String::new()
    };
    Ok(Ending::Succeeded { warning: false, outputs, message: format!("answered {status}") })
}

/// Reads it from the task's parameters.
pub(super) fn read(task: &Task, connection: Option<&Connection>) -> Result<Wanted, Failure> {
    let given = &task.parameters;
    parameters::required(given, "method")?;
    let method = match parameters::one_of(given, "method", &["GET", "POST", "PUT"])? {
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        _ => Method::GET,
    };
    let path = parameters::required(given, "path")?;
    let own = headers(parameters::text(given, "custom_headers").as_deref())?;
    let (url, mut headers) = base_url::address(connection, "path", &path, own)?;
    let body = parameters::text(given, "body");
    let token = HeaderName::from_static("idempotency-key");
    if method != Method::GET
        && !headers.contains_key(&token)
        && let Ok(value) = HeaderValue::try_from(&task.token)
    {
        headers.insert(token, value);
    }
    if let Some(value) = traces::header(&task.offer).and_then(|value| HeaderValue::try_from(value).ok()) {
        // What the task says itself counts.
        headers.entry(HeaderName::from_static("traceparent")).or_insert(value);
    }
    if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let set_outputs = parameters::flag(given, "set_outputs")?;
    Ok(Wanted { request: web::Request { method, url, headers, body: body.map(Into::into) }, set_outputs })
}

fn headers(text: Option<&str>) -> Result<HeaderMap, Failure> {
    let Some(text) = text else { return Ok(HeaderMap::new()) };
    // The text may hold credentials: no error repeats it.
    let Ok(Value::Object(entries)) = serde_json::from_str(text) else {
        return Err(Failure::misconfigured(
            "custom_headers must be a JSON object, like '{\"accept\": \"application/json\"}'",
        ));
    };
    web::headers("custom_headers", &entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_headers_are_refused_without_repeating_them() {
        for text in ["secret", "[\"secret\"]", r#"{"bad name": "secret"}"#, "{\"a\": \"secret\\n\"}"] {
            assert!(!headers(Some(text)).unwrap_err().message.contains("secret"), "{text}");
        }
        assert_eq!(headers(Some(r#"{"X-A": "b", "n": 3}"#)).unwrap().len(), 2);
    }
}
