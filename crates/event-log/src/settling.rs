//! Settling one append: from answers to the next step, without a clock and without a log.
//!
//! Promises that nothing but the *same* record at the *same* position is ever sent until a definite answer came, and that
//! giving up never hides an attempt that may still land. Knows nothing about how long to wait or how to send:
//! [`crate::append_settled`] drives it with a real log, the simulator with a virtual one.

use crate::error::{Error, ErrorKind};
use crate::types::{Record, Tail};

/// An append under way.
#[derive(Clone, Debug)]
pub struct Settling {
    after: Tail,
    record: Record,
    attempts: u32,
    open: Option<Error>,
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// The answer is definite.
    Done(Result<Tail, Error>),
    /// It is not: wait, and send the same again.
    Again {
        /// What stands against it.
        error: Error,
        /// Attempts made so far, 1 after the first.
        attempts: u32,
    },
}

impl Settling {
    /// `record` is to stand after `after`.
    pub fn new(after: Tail, record: Record) -> Self {
        Self { after, record, attempts: 0, open: None }
    }

    /// What is to be sent, now and every time again.
    pub fn request(&self) -> (Tail, &Record) {
        (self.after, &self.record)
    }

    /// Takes an answer in.
    pub fn answered(&mut self, answer: Result<Tail, Error>) -> Settled {
        let error = match answer {
            Ok(tail) => return Settled::Done(Ok(tail)),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::OutcomeUnknown => self.open = Some(error.clone()),
            ErrorKind::Unavailable => {}
            _ => return Settled::Done(Err(error)),
        }
        self.attempts = self.attempts.saturating_add(1);
        Settled::Again { error, attempts: self.attempts }
    }

    /// Nobody waits any longer after `last`. "Unavailable" speaks of the last attempt only: an earlier one may still land.
    pub fn give_up(self, last: Error) -> Error {
        self.open.unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Hash, LogId, RecordId};

    fn log() -> LogId {
        LogId("l".to_owned())
    }

    fn start() -> (Tail, Settling) {
        let after = Tail { sequence: 4, hash: Hash::genesis(&log()) };
        let record = Record { id: RecordId([1; 16]), payload: bytes::Bytes::from_static(b"x") };
        (after, Settling::new(after, record))
    }

    fn unknown() -> Error {
        Error::OutcomeUnknown { log: log(), after: 4, reason: "r".to_owned() }
    }

    fn unavailable() -> Error {
        Error::Unavailable { log: "l".to_owned(), reason: "r".to_owned() }
    }

    #[test]
    fn whatever_is_open_the_same_record_goes_to_the_same_position() {
        let (after, mut settling) = start();
        for (attempts, error) in [(1, unknown()), (2, unavailable()), (3, unknown())] {
            assert_eq!(settling.answered(Err(error.clone())), Settled::Again { error, attempts });
            assert_eq!(settling.request().0, after);
            assert_eq!(settling.request().1.id, RecordId([1; 16]));
        }
        assert_eq!(settling.answered(Ok(after)), Settled::Done(Ok(after)));
    }

    #[test]
    fn giving_up_does_not_forget_what_may_still_land() {
        let (_, mut settling) = start();
        settling.answered(Err(unknown()));
        settling.answered(Err(unavailable()));
        assert_eq!(settling.give_up(unavailable()), unknown());
        let (_, mut settling) = start();
        settling.answered(Err(unavailable()));
        assert_eq!(settling.give_up(unavailable()), unavailable());
    }
}
