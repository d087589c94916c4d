//! What PostgreSQL says of a failure, and whether it is worth to try again.

use tokio_postgres::{Error, error::ErrorPosition};

use super::link::Target;
use crate::attempt::Failure;
use crate::guarded::TOO_MUCH;

/// What went wrong, in the server's words. `who`: check, test or query; `answer_bytes`: what it may bring.
pub(super) fn failure(target: &Target, who: &str, answer_bytes: u64, error: &Error) -> Failure {
    let Some(said) = error.as_db_error() else { return not_said(target, answer_bytes, error) };
    let mut text = format!("{target}: {} (SQLSTATE {})", said.message(), said.code().code());
    if let Some(ErrorPosition::Original(place)) = said.position() {
        text.push_str(&format!(" at character {place} of the query"));
    }
    if let Some(hint) = said.hint() {
        text.push_str(&format!("; {hint}"));
    }
    match said.code().code() {
        "25006" => Failure::misconfigured(format!("{text}: a {who} only looks")),
        "57014" => Failure::timed_out(format!("{text}: the query took longer than the {who} may")),
        "55P03" => Failure::transient(text),
        code => match code.get(..2) {
            Some("08" | "40" | "53" | "57" | "58") => Failure::transient(text),
            Some("0A" | "25" | "28" | "34" | "3D" | "3F" | "42") => Failure::misconfigured(text),
            _ => Failure::job(text),
        },
    }
}

/// What went wrong between us and the server.
fn not_said(target: &Target, answer_bytes: u64, error: &Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    let text = format!("{target}: {text}");
    if text.contains(TOO_MUCH) {
        let limit = answer_bytes / (1024 * 1024);
        return Failure::misconfigured(format!("{target}: the query brings more than {limit} MiB: select less"));
    }
    if text.contains("TLS handshake") || text.contains("does not support TLS") {
        return Failure::misconfigured(format!(
            "{text}; the field sslmode of the connection is verify-full, require (any certificate) or disable (no TLS)"
        ));
    }
    if text.contains("invalid configuration") || text.contains("authentication") {
        return Failure::misconfigured(text);
    }
    Failure::transient(text)
}
