//! What goes wrong, in the published shapes: `{"detail": "text"}`, or a list of violations with their places.
//!
//! Promises: no word of an error that is not meant for callers gets out. Such errors are logged with the id of the request.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::limits;

/// One step to the place of a violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Place {
    /// Of an object.
    Key(String),
    /// Of a list.
    Index(usize),
}

impl From<&str> for Place {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// Something in a request that is not as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Violation {
    /// Where.
    pub(crate) loc: Vec<Place>,
    /// What, for people.
    pub(crate) msg: String,
    /// What, for programs: `missing`, `extra_forbidden`, `value_error`...
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ctx: Option<Value>,
}

impl Violation {
    pub(crate) fn new(loc: Vec<Place>, kind: &str, msg: impl Into<String>) -> Self {
        Self { loc, msg: msg.into(), kind: kind.to_owned(), ctx: None }
    }
}

/// Why a request got no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// A status and what to say.
    Text(StatusCode, String),
    /// 422.
    Violations(Vec<Violation>),
    /// 429, with seconds to wait.
    TooEarly(u32, String),
}

impl Fault {
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::Text(StatusCode::BAD_REQUEST, text.into())
    }

    pub(crate) fn unknown(text: impl Into<String>) -> Self {
        Self::Text(StatusCode::NOT_FOUND, text.into())
    }

    pub(crate) fn forbidden(text: impl Into<String>) -> Self {
        Self::Text(StatusCode::FORBIDDEN, text.into())
    }

    pub(crate) fn unauthorized(text: impl Into<String>) -> Self {
        Self::Text(StatusCode::UNAUTHORIZED, text.into())
    }

    /// A value of the query or the path that cannot be taken.
    pub(crate) fn invalid(part: &str, name: &str, kind: &str, msg: impl Into<String>) -> Self {
        Self::Violations(vec![Violation::new(vec![part.into(), name.into()], kind, msg)])
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Text(status, _) => *status,
            Self::Violations(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooEarly(..) => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

/// What a service of ours refused. Its words are for people, except where it broke.
impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        let said = status.message().to_owned();
        match status.code() {
            Code::NotFound => Self::Text(StatusCode::NOT_FOUND, said),
            Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::AlreadyExists
            | Code::OutOfRange
            | Code::Aborted => Self::Text(StatusCode::BAD_REQUEST, said),
            Code::PermissionDenied => Self::Text(StatusCode::FORBIDDEN, said),
            Code::ResourceExhausted => Self::TooEarly(1, said),
            Code::Unavailable => {
                tracing::warn!(reason = said, "a service is not available");
                let told = if said.contains("rebuilt") { said } else { "not available now: try again".to_owned() };
                Self::Text(StatusCode::SERVICE_UNAVAILABLE, told)
            }
            Code::DeadlineExceeded | Code::Cancelled => {
                Self::Text(StatusCode::GATEWAY_TIMEOUT, "no answer in time: try again".to_owned())
            }
            code => {
                tracing::error!(?code, reason = said, "a service failed");
                Self::Text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "an error inside of Downbeat; its log has more".to_owned(),
                )
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = self.status();
        let (detail, wait) = match self {
            Self::Text(_, text) => (Value::String(text), None),
            Self::Violations(mut violations) => {
                violations.truncate(limits::VIOLATIONS_MAX);
                (json!(violations), None)
            }
            Self::TooEarly(seconds, text) => (Value::String(text), Some(seconds)),
        };
        let mut response = (status, axum::Json(json!({ "detail": detail }))).into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What was given, short enough to be shown.
pub(super) fn shown(given: &str) -> String {
    let mut end = given.len().min(limits::SHOWN_BYTES_MAX);
    while !given.is_char_boundary(end) {
        end -= 1;
    }
    let dots = if end < given.len() { "..." } else { "" };
    format!("{}{dots}", &given[..end])
}
