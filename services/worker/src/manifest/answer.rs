//! What an exchange came to: an answer that can be read, or why there is none, in the classes of the contract.
//!
//! By default: nothing was sent, 408, 425, 429 = again; no answer, 5xx or something unreadable, or JSON that is cut off = unknown for a start and again for all
//! else; 401, 403 = the credentials; 404 of a look = gone; any other 4xx = refused with the first 2 KiB of the answer. A manifest's
//! `errors` come first. What is said names integration, request and status; credentials are taken out by whoever passes it on.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Url, header::RETRY_AFTER};
use serde_json::Value;

use super::fill::Scope;
use super::format::{CallName, ErrorRule, Meaning};
use super::judge::holds;
use crate::attempt::{Failure, beginning};
use crate::limits::ANSWER_SHOWN_BYTES;
use crate::remote::CallError;
use crate::web::{self, Lost};

/// Longest pause that another side may ask for.
const AFTER_MAX: Duration = Duration::from_secs(3_600);

/// Which exchange it is.
pub(crate) struct Exchange<'a> {
    pub(crate) integration: &'a str,
    pub(crate) call: CallName,
    pub(crate) request: &'a web::Request,
}

impl Exchange<'_> {
    /// For people: `FIVETRAN: POST https://...`.
    pub(crate) fn said(&self) -> String {
        format!("{}: {} {}", self.integration, self.request.method, web::shown(&self.request.url))
    }

    /// Nobody knows what became of it.
    fn lost(&self, message: String) -> CallError {
        match self.call {
            CallName::Start => CallError::Unknown(message),
            _ => CallError::Again { message, after: None },
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    /// `null` where there was none.
    pub(crate) body: Value,
    /// Of a start: a job with this token was there. Of a cancel: the job had ended.
    pub(crate) already: bool,
    pub(crate) after: Option<Duration>,
    /// Bytes of its body.
    pub(crate) size: usize,
}

/// Judges what came of an exchange.
pub(crate) fn read(
    exchange: &Exchange<'_>,
    sent: Result<web::Answer, Lost>,
    rules: &[ErrorRule],
    scope: &Scope,
) -> Result<Read, CallError> {
    let answer = match sent {
        Ok(answer) => answer,
        Err(Lost::Unsent(message)) => {
            return Err(CallError::Again { message: format!("{}: {message}", exchange.integration), after: None });
        }
        Err(Lost::Unanswered(message)) => return Err(exchange.lost(format!("{}: {message}", exchange.integration))),
        Err(Lost::Refused(failure)) => return Err(CallError::Refused(failure)),
    };
    let after = pause(&answer);
    let status = answer.status.as_u16();
    if answer.cut {
        let limit = crate::limits::HTTP_ANSWER_BYTES_MAX / (1024 * 1024);
        return Err(exchange.lost(format!("{} answered {status} with more than {limit} MiB", exchange.said())));
    }
    let blank = answer.body.iter().all(u8::is_ascii_whitespace);
    let body = if blank { Ok(Value::Null) } else { serde_json::from_slice::<Value>(&answer.body) };
    if body.is_err() && answer.body.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'[')) {
        // Cut off on its way: what it would have said, and so whether a rule is about it, nobody knows.
        return Err(exchange.lost(format!(
            "{} answered {status} with JSON that is cut off: {}",
            exchange.said(),
            shown(&answer.body)
        )));
    }
    let seen = body.as_ref().unwrap_or(&Value::Null);
    let shown = shown(&answer.body);
    let message = format!("{} answered {}: {shown}", exchange.said(), answer.status);
    let size = answer.body.len();
    let read = |already| Read { status, headers: answer.headers.clone(), body: seen.clone(), already, after, size };
    if let Some(rule) = rules.iter().find(|rule| applies(rule, exchange.call, status, seen, scope)) {
        let message = match &rule.say {
            Some(say) => format!("{say} ({message})"),
            None => message,
        };
        return match rule.means {
            Meaning::Again => Err(CallError::Again { message, after }),
            Meaning::Unknown => Err(exchange.lost(message)),
            Meaning::Misconfigured => Err(CallError::Refused(Failure::misconfigured(message))),
            Meaning::Failed => Err(CallError::Refused(Failure::job(message))),
            Meaning::Gone => Err(CallError::Gone(message)),
            Meaning::Already => Ok(read(true)),
            Meaning::Fine => Ok(read(false)),
        };
    }
    match status {
        200..=299 if body.is_ok() => Ok(read(false)),
        200..=299 => {
            Err(exchange.lost(format!("{} answered {status} with something that is no JSON: {shown}", exchange.said())))
        }
        408 | 425 | 429 => Err(CallError::Again { message, after }),
        500..=599 => Err(match exchange.lost(message) {
            CallError::Again { message, .. } => CallError::Again { message, after },
            other => other,
        }),
        401 | 403 => Err(CallError::Refused(Failure::misconfigured(format!(
            "{message}: the credentials of the connection are wrong, expired, or lack a right"
        )))),
        404 | 410 if matches!(exchange.call, CallName::Poll | CallName::Cancel | CallName::Collect) => {
            Err(CallError::Gone(message))
        }
        409 => Err(CallError::Refused(Failure::job(message))),
        _ => Err(CallError::Refused(Failure::misconfigured(message))),
    }
}

fn applies(rule: &ErrorRule, call: CallName, status: u16, body: &Value, scope: &Scope) -> bool {
    (rule.of.is_empty() || rule.of.contains(&call))
        && (rule.status.is_empty() || rule.status.contains(&status))
        && rule.when.iter().all(|condition| holds(condition, body, scope))
}

/// The beginning of an answer, for people.
pub(crate) fn shown(body: &[u8]) -> String {
    match beginning(String::from_utf8_lossy(body).trim(), ANSWER_SHOWN_BYTES) {
        text if text.is_empty() => "nothing".to_owned(),
        text => text,
    }
}

/// `Retry-After`: seconds, or an instant.
pub(crate) fn pause(answer: &web::Answer) -> Option<Duration> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO)
        }
    };
    Some(pause.min(AFTER_MAX))
}

/// A path below a base, whose own path stays. No path at all is the base itself, with its query: web hooks have their signature there.
pub(crate) fn below(base: &Url, path: &str) -> Option<Url> {
    let mut url = base.clone();
    url.set_fragment(None);
    if path.is_empty() {
        return Some(url);
    }
    url.set_query(None);
    let prefix = url.path().trim_end_matches('/').to_owned();
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let slash = if path.starts_with('/') || path.is_empty() { "" } else { "/" };
    url.set_path(&format!("{prefix}{slash}{path}"));
    url.set_query(query);
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// The same at the operator's endpoint.
pub(crate) fn moved(url: &Url, endpoint: &Url) -> Url {
    let mut moved = below(endpoint, url.path()).unwrap_or_else(|| endpoint.clone());
    moved.set_query(url.query());
    moved
}
