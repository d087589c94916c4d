//! What goes wrong with a server, and whether it is worth to try again.

use tiberius::error::Error;

use super::link::Target;
use crate::attempt::Failure;
use crate::guarded::TOO_MUCH;

/// Why something came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server or the line.
    Failed(Error),
    /// Somebody asked for its end, and the server has confirmed it.
    Ended,
    /// Its time was over, and the server has ended it.
    OutOfTime,
    /// It cannot be as it is written.
    Refused(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// From which severity on the server ends the line.
const FATAL: u8 = 20;
/// From which on it is short of something.
const SHORT: u8 = 17;

impl Fault {
    /// Whether the line is there and the server has said how it ended.
    pub(super) fn is_told(&self) -> bool {
        match self {
            Self::Failed(Error::Server(said)) => said.class() < FATAL,
            Self::Failed(_) => false,
            Self::Ended | Self::OutOfTime | Self::Refused(_) => true,
        }
    }
}

/// What went wrong, in the server's words. `who`: check, test or query; `answer_bytes`: what it may bring.
pub(super) fn failure(target: &Target, who: &str, answer_bytes: u64, fault: &Fault) -> Failure {
    let error = match fault {
        Fault::Ended => return Failure::transient(format!("{target}: the statement was ended")),
        Fault::OutOfTime => {
            return Failure::timed_out(format!("{target}: the statement took longer than the {who} may"));
        }
        Fault::Refused(why) => return Failure::misconfigured(format!("{target}: {why}")),
        Fault::Failed(error) => error,
    };
    match error {
        Error::Server(said) => {
            let text = format!("{target}: {} (error {}, line {})", said.message(), said.code(), said.line());
            match said.code() {
                // A deadlock, a lock that is waited for, a server that is not ready or goes down, limits of Azure SQL.
                1205 | 1222 | 6005 | 10_928 | 10_929 | 40_197 | 40_501 | 40_613 | 49_918..=49_920 => {
                    Failure::transient(text)
                }
                // Names, columns, rights, sign-in, what is read only.
                102
                | 105
                | 156
                | 207..=209
                | 229
                | 230
                | 262
                | 916
                | 2812
                | 3906
                | 4060
                | 4064
                | 8152
                | 18_450..=18_488 => Failure::misconfigured(text),
                _ if said.class() >= SHORT => Failure::transient(text),
                // Syntax, and what may not be done.
                _ if matches!(said.class(), 14 | 15) && !matches!(said.code(), 2601 | 2627) => {
                    Failure::misconfigured(text)
                }
                _ => Failure::job(text),
            }
        }
        Error::Io { message, .. } if message.contains(TOO_MUCH) => {
            let limit = answer_bytes / (1024 * 1024);
            Failure::misconfigured(format!("{target}: the query brings more than {limit} MiB: select less"))
        }
        Error::Io { message, .. } => Failure::transient(format!("{target}: the line was lost: {message}")),
        Error::Tls(why) => Failure::misconfigured(format!("{target}: TLS handshake: {why}; {}", super::link::HINT)),
        Error::Protocol(what) if what.contains("encryption level") => {
            Failure::misconfigured(format!("{target}: the server does not support TLS; {}", super::link::HINT))
        }
        other => Failure::transient(format!("{target}: {other}")),
    }
}
