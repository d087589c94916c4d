//! What goes wrong, as clients of gRPC are told: a status, and no body.

use axum::{
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use tonic::{Code, Status};

use crate::http::Fault;

/// Whether a request is one of gRPC.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind == "application/grpc" || kind.starts_with("application/grpc+") || kind.starts_with("application/grpc;")
}

/// The answer.
pub(crate) fn refused(fault: Fault) -> Response {
    status_of(fault).into_http::<tonic::body::Body>().map(axum::body::Body::new)
}

/// There is no such method here.
pub(crate) fn unknown() -> Response {
    let status = Status::unimplemented("there is no such method at a gateway");
    status.into_http::<tonic::body::Body>().map(axum::body::Body::new)
}

/// The status that says the same.
pub(super) fn status_of(fault: Fault) -> Status {
    match fault {
        Fault::Violations(violations) => {
            let all: Vec<String> = violations.iter().map(|violation| violation.msg.clone()).collect();
            Status::invalid_argument(all.join("; "))
        }
        Fault::TooEarly(seconds, text) => {
            let mut status = Status::resource_exhausted(text);
            // As clients of gRPC read it: milliseconds.
            if let Ok(wait) = (u64::from(seconds) * 1_000).to_string().parse() {
                status.metadata_mut().insert("grpc-retry-pushback-ms", wait);
            }
            status
        }
        Fault::Text(code, text) => Status::new(code_of(code), text),
    }
}

fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Code::ResourceExhausted,
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        status if status.is_client_error() => Code::InvalidArgument,
        _ => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_say_what_faults_say() {
        for (fault, expected) in [
            (Fault::unauthorized("x"), Code::Unauthenticated),
            (Fault::forbidden("x"), Code::PermissionDenied),
            (Fault::unknown("x"), Code::NotFound),
            (Fault::bad("x"), Code::InvalidArgument),
            (Fault::invalid("query", "a", "b", "x"), Code::InvalidArgument),
            (Fault::Text(StatusCode::SERVICE_UNAVAILABLE, "x".to_owned()), Code::Unavailable),
            (Fault::Text(StatusCode::INTERNAL_SERVER_ERROR, "x".to_owned()), Code::Internal),
        ] {
            let status = status_of(fault);
            assert_eq!((status.code(), status.message()), (expected, "x"));
        }
        let status = status_of(Fault::TooEarly(3, "x".to_owned()));
        assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "3000");
    }

    #[test]
    fn requests_of_grpc_say_so() {
        for (kind, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc-web", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            assert_eq!(is_grpc(&headers), expected, "{kind}");
        }
    }
}
