//! One message over HTTP, and what its answer means: 2xx = taken; not reached, unanswered, 408, 425, 429, 5xx = worth another try; all
//! else = not as it is configured. A channel whose answers say more reads them itself.

use reqwest::{
    Method, Url,
    header::{HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use serde_json::Value;

use super::{Means, text};
use crate::attempt::Failure;
use crate::limits::{ALERT_ANSWER_BYTES_MAX, ANSWER_SHOWN_BYTES, HTTP_WAIT};
use crate::manifest::answer::pause;
use crate::web::{self, Answer, shown};

/// What is sent.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Message {
    /// A JSON message.
    pub(super) fn json(url: Url, body: &Value) -> Self {
        let mut headers = HeaderMap::new();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        headers.insert(reqwest::header::CONTENT_TYPE, json);
        Self { url, headers, body: body.to_string() }
    }

    /// Adds a header that holds the credential of a field.
    pub(super) fn secret(&mut self, name: HeaderName, value: &str, means: &Means, field: &str) -> Result<(), Failure> {
        let value = HeaderValue::try_from(value);
        let mut value = value.map_err(|_| means.connection.wrong(field, "has characters that no header can have"))?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }
}

/// The answer of a side that took the message.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) status: u16,
    /// Without credentials.
    pub(super) body: String,
    /// There was more.
    pub(super) cut: bool,
    /// For people, without credentials: who was asked for what, and the beginning of the answer.
    pub(super) said: String,
}

/// Posts a message once.
pub(super) async fn post(integration: &str, message: Message, means: &Means) -> Result<Taken, Failure> {
    let Message { url, headers, body } = message;
    let asked = format!("{integration}: POST {}", shown(&url));
    let request = web::Request { method: Method::POST, url, headers, body: Some(body.into()) };
    let answer = web::once(request, HTTP_WAIT.min(means.time), ALERT_ANSWER_BYTES_MAX).await;
    let answer = answer.map_err(|lost| {
        let failure = Failure::from(lost);
        Failure { message: format!("{integration}: {}", failure.message), ..failure }
    })?;
    // Hidden before it is cut: of a credential that is cut nobody would know the rest.
    let body = means.mask.hide(String::from_utf8_lossy(&answer.body).into_owned());
    let shown = text::beginning(&body, ANSWER_SHOWN_BYTES);
    let said = means.mask.hide(format!("{asked} answered {}: ", answer.status)) + shown;
    judge(&answer, &said)?;
    Ok(Taken { status: answer.status.as_u16(), body, cut: answer.cut, said })
}

fn judge(answer: &Answer, said: &str) -> Result<(), Failure> {
    match answer.status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => {
            let place = answer.headers.get(LOCATION).and_then(|place| place.to_str().ok()).and_then(web::absolute);
            let place = place.map(|place| format!(" to {}", place.origin().ascii_serialization())).unwrap_or_default();
            Err(Failure::misconfigured(format!(
                "{said}: it redirects{place}, and alerts follow no redirects; write the right address into the connection"
            )))
        }
        408 | 425 | 429 | 500..=599 => {
            let pause = pause(answer);
            let asks = pause.map(|pause| format!(" (it asks for a pause of {} s)", pause.as_secs()));
            Err(Failure::transient(format!("{said}{}", asks.unwrap_or_default())).with_pause(pause))
        }
        401 | 403 => Err(Failure::misconfigured(format!(
            "{said}: the credentials of the connection are wrong, expired, or lack a right"
        ))),
        _ => Err(Failure::misconfigured(said)),
    }
}
