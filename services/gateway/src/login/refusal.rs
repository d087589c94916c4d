//! What is refused, in the shape of RFC 6749 (5.2) and RFC 7591 (3.2.2): `{"error": ..., "error_description": ...}`.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tonic::{Code, Status};

use crate::http::Fault;

/// Why a program gets no tokens.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    pub(super) error: &'static str,
    pub(super) description: String,
}

impl Refusal {
    /// 400.
    pub(super) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, description: description.into() }
    }

    /// What was shown opens nothing: another try with the same does not help.
    pub(super) fn is_final(&self) -> bool {
        self.status.is_client_error()
    }

    /// The same words, as all other routes say them.
    pub(super) fn fault(self) -> Fault {
        Fault::Text(self.status, self.description)
    }

    /// The request is not as it should be.
    pub(super) fn invalid(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }
}

/// A parameter came twice, or the body is no text.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Text(status, text) => Self { status, ..Self::invalid(text) },
            _ => Self::invalid("the request is not as it should be"),
        }
    }
}

/// What the coordinator refused. Programs give a login up at 4xx and try again at 5xx.
impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let is_refused = matches!(
            status.code(),
            Code::PermissionDenied | Code::NotFound | Code::InvalidArgument | Code::FailedPrecondition
        );
        if is_refused {
            return Self::new("invalid_grant", status.message());
        }
        let (code, description) = match Fault::from(status) {
            Fault::Text(code, text) => (code, text),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "not available now: try again".to_owned()),
        };
        // A code that is neither says that it was the program's fault.
        let status = if code.is_server_error() { code } else { StatusCode::SERVICE_UNAVAILABLE };
        Self { status, error: "temporarily_unavailable", description }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        (self.status, [(header::CACHE_CONTROL, "no-store")], axum::Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_given_up_only_where_it_is_refused() {
        for (status, expected, error) in [
            (Status::permission_denied("x"), 400, "invalid_grant"),
            (Status::not_found("x"), 400, "invalid_grant"),
            (Status::unavailable("x"), 503, "temporarily_unavailable"),
            (Status::resource_exhausted("x"), 503, "temporarily_unavailable"),
            (Status::deadline_exceeded("x"), 504, "temporarily_unavailable"),
            (Status::internal("x"), 500, "temporarily_unavailable"),
        ] {
            let refusal = Refusal::from(status.clone());
            assert_eq!((refusal.status.as_u16(), refusal.error), (expected, error), "{status}");
        }
    }
}
