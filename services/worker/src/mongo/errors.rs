//! What goes wrong with a server, and whether it is worth to try again.

use std::{fmt, io};

use crate::attempt::Failure;
use crate::dial;

/// Why something came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server said so, and the session goes on.
    Said(Said),
    /// The line.
    Line(io::Error),
    /// The server says something that the protocol does not know.
    Strange(String),
    /// It cannot be as it is set up.
    Refused(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Line(error)
    }
}

/// An answer that says that a command failed.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) name: String,
    pub(super) message: String,
}

/// The server does not know the command.
pub(super) const COMMAND_NOT_FOUND: i32 = 59;
/// What took longer than maxTimeMS.
const OUT_OF_TIME: i32 = 50;
/// The command cannot be carried out as it is written, or by this user: values and types, names, rights, an index, a view.
const MISCONFIGURED: [i32; 24] =
    [2, 8, 9, 13, 14, 17, 18, 20, 26, 27, 28, 40, 52, COMMAND_NOT_FOUND, 67, 72, 73, 115, 166, 167, 168, 207, 238, 323];
/// What has not begun: no primary here, none to be found, too busy.
const NOT_BEGUN: [i32; 5] = [24, 112, 133, 10_107, 13_435];
/// What may have begun: somebody ended it, or a server went away from it.
const BROKEN_OFF: [i32; 13] = [6, 7, 43, 64, 89, 91, 175, 189, 237, 262, 11_600, 11_601, 11_602];

impl Said {
    /// Whether nobody knows how much of a command that writes was carried out.
    pub(super) fn in_doubt(&self) -> bool {
        BROKEN_OFF.contains(&self.code) || self.code == OUT_OF_TIME
    }
}

/// What went wrong, in the server's words. `limit`: the bytes that it may bring.
pub(super) fn failure(place: &dyn fmt::Display, limit: u64, fault: &Fault) -> Failure {
    match fault {
        Fault::Said(said) => {
            let text = format!("{place}: {} (error {}, {})", said.message, said.code, said.name);
            match said.code {
                OUT_OF_TIME => Failure::timed_out(text),
                code if MISCONFIGURED.contains(&code) => Failure::misconfigured(text),
                code if NOT_BEGUN.contains(&code) || BROKEN_OFF.contains(&code) => Failure::transient(text),
                _ => Failure::job(text),
            }
        }
        Fault::Strange(what) => Failure::transient(format!("{place}: {what}")),
        Fault::Refused(why) => Failure::misconfigured(format!("{place}: {why}")),
        Fault::Line(error) => dial::lost(place, limit, error),
    }
}
