//! What goes wrong with a server, and whether it is worth to try again.

use std::io;

use super::{link::Target, packets::Fields};
use crate::attempt::Failure;
use crate::guarded::TOO_MUCH;

/// Why something came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server said so, and the session goes on.
    Said(Said),
    /// The line.
    Line(io::Error),
    /// The server says something that the protocol does not know, or that is not answered here.
    Strange(String),
    /// It cannot be as it is set up.
    Refused(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Line(error)
    }
}

/// An error packet.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: u16,
    state: String,
    message: String,
}

impl Said {
    /// Behind the byte that says that it is one.
    pub(super) fn read(packet: &[u8]) -> Self {
        let mut fields = Fields(packet);
        let code = fields.fixed(2).unwrap_or_default() as u16;
        let state = match fields.0 {
            [b'#', rest @ ..] if rest.len() >= 5 => {
                fields = Fields(&rest[5..]);
                String::from_utf8_lossy(&rest[..5]).into_owned()
            }
            _ => String::new(),
        };
        Self { code, state, message: String::from_utf8_lossy(fields.0).into_owned() }
    }
}

/// A packet that ends before its fields do.
pub(super) fn cut_short() -> Fault {
    Fault::Strange("a packet ends too early".to_owned())
}

/// What went wrong, in the server's words. `who`: check, test or query; `answer_bytes`: what it may bring.
pub(super) fn failure(target: &Target, who: &str, answer_bytes: u64, fault: &Fault) -> Failure {
    match fault {
        Fault::Said(said) => said_failure(target, who, said),
        Fault::Strange(what) => Failure::transient(format!("{target}: {what}")),
        Fault::Refused(why) => Failure::misconfigured(format!("{target}: {why}")),
        Fault::Line(error) => line_failure(target, answer_bytes, error),
    }
}

fn said_failure(target: &Target, who: &str, said: &Said) -> Failure {
    let text = format!("{target}: {} (error {}, SQLSTATE {})", said.message, said.code, said.state);
    match said.code {
        1792 => Failure::misconfigured(format!("{text}: a {who} only looks")),
        // max_statement_time of MariaDB, max_execution_time of MySQL.
        1969 | 3024 => Failure::timed_out(format!("{text}: the query took longer than the {who} may")),
        // No memory or disk, too many sessions, a lock that is waited for, somebody who ended the session or the statement.
        1021 | 1037 | 1038 | 1040 | 1041 | 1053 | 1105 | 1129 | 1135 | 1203 | 1205 | 1226 | 1317 | 1927 | 3058 => {
            Failure::transient(text)
        }
        // Larger than max_allowed_packet; a server that is read only; no tables or database named; files that may not be written.
        1046 | 1047 | 1153 | 1290 | 1698 | 1820 | 1836 | 3159 => Failure::misconfigured(text),
        _ => match said.state.get(..2) {
            Some("08" | "40") => Failure::transient(text),
            Some("0A" | "25" | "28" | "3D" | "42") => Failure::misconfigured(text),
            _ => Failure::job(text),
        },
    }
}

fn line_failure(target: &Target, answer_bytes: u64, error: &io::Error) -> Failure {
    let text = error.to_string();
    if text.contains(TOO_MUCH) {
        let limit = answer_bytes / (1024 * 1024);
        return Failure::misconfigured(format!("{target}: the query brings more than {limit} MiB: select less"));
    }
    Failure::transient(format!("{target}: the line was lost: {text}"))
}
