//! What ClickHouse says of a failure, and whether it is worth to try again.

use super::http::{Fault, Target};
use crate::attempt::Failure;

/// What went wrong, in the server's words. `who`: check, test or query; `answer_bytes`: what it may bring.
pub(super) fn failure(target: &Target, who: &str, answer_bytes: u64, fault: &Fault) -> Failure {
    match fault {
        Fault::Unsent(why) if why.contains("certificate") || why.contains("TLS") => Failure::misconfigured(format!(
            "{target}: TLS handshake: {why}; the field sslmode of the connection is verify-full, require (any certificate) or disable (no TLS)"
        )),
        Fault::Unsent(why) => Failure::transient(format!("cannot reach {target}: {why}")),
        Fault::Line(why) => Failure::transient(format!("{target}: the line was lost: {why}")),
        Fault::Strange(what) => Failure::transient(format!("{target}: {what}")),
        Fault::Unwelcome(why) | Fault::Refused(why) => Failure::misconfigured(format!("{target}: {why}")),
        Fault::TooMuch => {
            let limit = answer_bytes / (1024 * 1024);
            Failure::misconfigured(format!("{target}: the query brings more than {limit} MiB: select less"))
        }
        Fault::Said { code, text } => said(target, who, *code, text),
    }
}

fn said(target: &Target, who: &str, code: u32, text: &str) -> Failure {
    let text = format!("{target}: {text}");
    match code {
        // READONLY: also what a user may not set who is held to reading by its own profile.
        164 => Failure::misconfigured(format!("{text}: a {who} only looks")),
        // TIMEOUT_EXCEEDED, TOO_SLOW.
        159 | 160 => Failure::timed_out(format!("{text}: the query took longer than the {who} may")),
        // Sockets, memory, too many queries or parts, a replica or its keeper that is away, somebody who ended it.
        3 | 198 | 202 | 209 | 210 | 216 | 225 | 241 | 242 | 252 | 279 | 285 | 319 | 394 | 999 => {
            Failure::transient(text)
        }
        // Names, types, syntax, settings, who asks and what they may.
        15..=17
        | 20
        | 36
        | 42..=50
        | 53
        | 57
        | 60
        | 62
        | 63
        | 73
        | 81
        | 82
        | 115
        | 192..=195
        | 206
        | 215
        | 291
        | 452
        | 497
        | 516 => Failure::misconfigured(text),
        _ => Failure::job(text),
    }
}
