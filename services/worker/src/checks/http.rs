//! HTTP/HTTP_REQUEST, an addition of ours: passes when an address answers as wanted. How it is asked stands in `web.rs`.

use async_trait::async_trait;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Map, Value, json};

use super::{Asked, Finding, SensorCheck};
use crate::attempt::Failure;
use crate::base_url;
use crate::connections::Fields;
use crate::connectors::parameters;
use crate::limits::{CHECK_OUTPUTS_BYTES_MAX, HTTP_WAIT};
use crate::web::{self, Answer, shown};

/// Of the outputs, for everything but the body.
const AROUND_BYTES: usize = 256;

#[derive(Debug)]
pub(super) struct HttpRequest;

#[async_trait]
impl SensorCheck for HttpRequest {
    fn kind(&self) -> (&'static str, &'static str) {
        ("HTTP", "HTTP_REQUEST")
    }

    fn fields(&self) -> Fields {
        base_url::FIELDS
    }

    fn needs_connection(&self) -> bool {
        false
    }

    async fn look(&self, asked: &Asked) -> Result<Finding, Failure> {
        let given = &asked.parameters;
        let expected = Expected::read(given)?;
        let method = match parameters::one_of(given, "method", &["GET", "HEAD"])? {
            "HEAD" => Method::HEAD,
            _ => Method::GET,
        };
        if method == Method::HEAD && expected.body_contains.is_some() {
            return Err(Failure::misconfigured("the parameter body_contains needs method GET: HEAD brings no body"));
        }
        let url = parameters::required(given, "url")?;
        let (url, headers) = base_url::address(asked.connection.as_ref(), "url", &url, own_headers(given)?)?;
        let request = web::Request { method, url, headers, body: None };
        let answer = web::exchange(&request, HTTP_WAIT.min(asked.time), None).await?;
        expected.judge(&request, &answer)
    }
}

/// `headers`: an object, or its JSON text.
fn own_headers(given: &Map<String, Value>) -> Result<HeaderMap, Failure> {
    let entries = match given.get("headers") {
        None | Some(Value::Null) => return Ok(HeaderMap::new()),
        Some(Value::Object(entries)) => Some(entries.clone()),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(_) => None,
    };
    // They may hold credentials: no error repeats them.
    let entries = entries
        .ok_or_else(|| Failure::misconfigured("the parameter headers must be an object, like {accept: text/csv}"))?;
    web::headers("the parameter headers", &entries)
}

struct Expected {
    statuses: Vec<(u16, u16)>,
    body_contains: Option<String>,
}

impl Expected {
    fn read(given: &Map<String, Value>) -> Result<Self, Failure> {
        let text = match given.get("expected_status") {
            Some(Value::Array(items)) => Some(items.iter().map(plain).collect::<Vec<_>>().join(",")),
            _ => parameters::text(given, "expected_status"),
        };
        let text = text.unwrap_or_else(|| "200-299".to_owned());
        let statuses: Option<Vec<_>> = text.split(',').map(|part| range(part.trim())).collect();
        let statuses = statuses.ok_or_else(|| {
            Failure::misconfigured(format!(
                "the parameter expected_status is {text:?}; it must be like 200, 200-299 or 200,404 (each 100 to 599)"
            ))
        })?;
        Ok(Self { statuses, body_contains: parameters::text(given, "body_contains") })
    }

    fn shown(&self) -> String {
        let shown = self.statuses.iter();
        let shown = shown.map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") });
        shown.collect::<Vec<_>>().join(",")
    }

    fn judge(&self, request: &web::Request, answer: &Answer) -> Result<Finding, Failure> {
        let status = answer.status.as_u16();
        let asked = format!("{} {}", request.method, shown(&request.url));
        if !self.statuses.iter().any(|(from, to)| (*from..=*to).contains(&status)) {
            let message = format!("{asked} answered {}, not {}", answer.status, self.shown());
            // Waiting does not bring credentials.
            if matches!(status, 401 | 403 | 407) {
                return Err(Failure::misconfigured(format!("{message}: it wants other credentials than it got")));
            }
            return Ok(Finding::Pending(message));
        }
        if let Some(wanted) = &self.body_contains
            && !String::from_utf8_lossy(&answer.body).contains(wanted.as_str())
        {
            let cut = if answer.cut { " (its first 16 MiB were looked at)" } else { "" };
            return Ok(Finding::Pending(format!("{asked} answered {status}, without the wanted text{cut}")));
        }
        let mut outputs = Map::new();
        outputs.insert("status".to_owned(), json!(status));
        if !answer.cut
            && answer.body.len() <= CHECK_OUTPUTS_BYTES_MAX
            && let Ok(body) = serde_json::from_slice::<Value>(&answer.body)
            && body.to_string().len() <= CHECK_OUTPUTS_BYTES_MAX - AROUND_BYTES
        {
            outputs.insert("body".to_owned(), body);
        }
        Ok(Finding::Passed(outputs))
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let status = |text: &str| text.trim().parse().ok().filter(|status| (100..=599).contains(status));
    let (from, to) = (status(from)?, status(to)?);
    (from <= to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_statuses_are_read() {
        let cases = [
            (json!({}), Some(vec![(200, 299)])),
            (json!({ "expected_status": 204 }), Some(vec![(204, 204)])),
            (json!({ "expected_status": "200-299, 404" }), Some(vec![(200, 299), (404, 404)])),
            (json!({ "expected_status": [200, "500-503"] }), Some(vec![(200, 200), (500, 503)])),
            (json!({ "expected_status": "2xx" }), None),
            (json!({ "expected_status": "299-200" }), None),
            (json!({ "expected_status": 600 }), None),
            (json!({ "expected_status": [] }), None),
            (json!({ "expected_status": true }), None),
        ];
        for (given, expected) in cases {
            let read = Expected::read(given.as_object().unwrap());
            match read {
                Ok(read) => assert_eq!(Some(read.statuses), expected, "{given}"),
                Err(failure) => assert!(expected.is_none() && failure.message.contains("expected_status"), "{given}"),
            }
        }
    }
}
