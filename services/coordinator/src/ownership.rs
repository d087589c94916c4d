//! Where the log ends as its owner knows it, and whether it still is the owner while it has nothing to write.
//!
//! Promises that an owner which was fenced notices within [`limits::OWNER_CHECK_INTERVAL`] although nothing makes it append: its
//! workers believe it, and the next owner gives what they hold to others after one lease. Promises too that a worker which comes
//! is told nothing by an owner that was fenced before: what an old state owes it may have been done since. Knows neither clock nor
//! log: the driver asks when [`Ownership::ask_at`] says so.

use std::time::Duration;

use downbeat_event_log::{self as log, LogId, Tail};

use crate::{error::Error, limits};

/// What an owner knows of its log.
#[derive(Debug)]
pub struct Ownership {
    log: LogId,
    tail: Tail,
    /// When the log is to be asked next, monotonic.
    next: Duration,
    /// Questions to the log so far; an append is one.
    asked: u64,
    /// The newest question that was answered with yes.
    answered: u64,
    /// Somebody waits for the answer to this one.
    wanted: u64,
    /// The log is being asked, and nothing was appended since.
    asking: bool,
    /// An append is on its way: it tells by itself.
    appending: bool,
}

impl Ownership {
    /// The log ends here, by the owner's own record.
    pub fn new(log: LogId, tail: Tail, now: Duration) -> Self {
        let next = now + limits::OWNER_CHECK_INTERVAL;
        Self { log, tail, next, asked: 0, answered: 0, wanted: 0, asking: false, appending: false }
    }

    /// The end of the log.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// An append after the end is sent. What the log says from now on may be that record.
    pub fn append(&mut self) -> Tail {
        (self.appending, self.asking) = (true, false);
        self.asked += 1;
        self.tail
    }

    /// The append stands.
    pub fn appended(&mut self, tail: Tail, now: Duration) {
        (self.tail, self.appending) = (tail, false);
        self.confirmed(now);
    }

    /// A question whose answer tells that this was the owner after now: the next one, which is due at once.
    pub fn confirm(&mut self, now: Duration) -> u64 {
        self.wanted = self.asked + 1;
        self.next = self.next.min(now);
        self.wanted
    }

    /// Was that question answered, or a later one?
    pub fn is_confirmed(&self, question: u64) -> bool {
        self.answered >= question
    }

    fn confirmed(&mut self, now: Duration) {
        self.answered = self.asked;
        self.next = if self.wanted > self.answered { now } else { now + limits::OWNER_CHECK_INTERVAL };
    }

    /// When the log is to be asked for its end; `None` while an answer or an append is awaited.
    pub fn ask_at(&self) -> Option<Duration> {
        (!self.appending && !self.asking).then_some(self.next)
    }

    /// The log is asked; the number is for [`Ownership::told`].
    pub fn ask(&mut self) -> u64 {
        self.asking = true;
        self.asked += 1;
        self.asked
    }

    /// The log said where it ends. What was asked before an append tells nothing after it.
    ///
    /// # Errors
    /// `Fenced`: somebody else wrote. `Log`: the log lost its tail, or fails for good.
    pub fn told(&mut self, question: u64, answer: Result<Tail, log::Error>, now: Duration) -> Result<(), Error> {
        if !self.asking || question != self.asked {
            return Ok(());
        }
        self.asking = false;
        match answer {
            Ok(seen) if seen == self.tail => {
                self.confirmed(now);
                Ok(())
            }
            Ok(seen) if seen.sequence < self.tail.sequence => {
                let (expected, tail) = (self.tail.sequence, seen.sequence);
                Err(Error::Log(log::Error::TailLost { log: self.log.clone(), expected, tail }))
            }
            Ok(seen) => {
                let (expected, tail) = (self.tail.sequence, seen.sequence);
                Err(Error::Fenced(log::Error::Conflict { log: self.log.clone(), expected, tail }))
            }
            // Nobody else can write now either. Asked again soon after.
            Err(error) if error.kind() == log::ErrorKind::Unavailable => {
                self.next = now + limits::OWNER_CHECK_PAUSE;
                Ok(())
            }
            Err(error) => Err(Error::Log(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use downbeat_event_log::Hash;

    use super::*;
    use crate::error::ErrorKind;

    fn log() -> LogId {
        LogId("l".to_owned())
    }

    fn tail(sequence: u64) -> Tail {
        Tail { sequence, hash: Hash([sequence as u8; 32]) }
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn asked() -> Ownership {
        let mut ours = Ownership::new(log(), tail(4), seconds(1));
        assert_eq!(ours.ask_at(), Some(seconds(1) + limits::OWNER_CHECK_INTERVAL));
        ours.ask();
        assert_eq!(ours.ask_at(), None);
        ours
    }

    #[test]
    fn an_idle_owner_learns_that_it_was_fenced_or_that_records_are_gone() {
        assert_eq!(asked().told(1, Ok(tail(5)), seconds(9)).unwrap_err().kind(), ErrorKind::Fenced);
        assert_eq!(asked().told(1, Ok(tail(3)), seconds(9)).unwrap_err().kind(), ErrorKind::Log);
        let same_place = Tail { sequence: 4, hash: Hash([9; 32]) };
        assert_eq!(asked().told(1, Ok(same_place), seconds(9)).unwrap_err().kind(), ErrorKind::Fenced);
        let mut ours = asked();
        ours.told(1, Ok(tail(4)), seconds(9)).unwrap();
        assert_eq!(ours.ask_at(), Some(seconds(9) + limits::OWNER_CHECK_INTERVAL));
    }

    #[test]
    fn its_own_append_is_no_rival() {
        let mut ours = asked();
        assert_eq!(ours.append(), tail(4));
        ours.told(1, Ok(tail(5)), seconds(9)).unwrap();
        ours.appended(tail(5), seconds(10));
        assert_eq!((ours.tail(), ours.ask_at()), (tail(5), Some(seconds(10) + limits::OWNER_CHECK_INTERVAL)));
    }

    #[test]
    fn a_log_that_is_away_is_asked_again() {
        let mut ours = asked();
        let away = log::Error::Unavailable { log: "l".to_owned(), reason: "r".to_owned() };
        ours.told(1, Err(away), seconds(9)).unwrap();
        assert_eq!(ours.ask_at(), Some(seconds(9) + limits::OWNER_CHECK_PAUSE));
    }

    #[test]
    fn a_worker_is_believed_in_only_after_a_question_that_was_asked_after_it_came() {
        let mut ours = asked();
        let question = ours.confirm(seconds(7));
        ours.told(1, Ok(tail(4)), seconds(9)).unwrap();
        assert!(!ours.is_confirmed(question), "that was asked before");
        assert_eq!(ours.ask_at(), Some(seconds(9)));
        let again = ours.ask();
        ours.told(1, Ok(tail(4)), seconds(9)).unwrap();
        assert!(!ours.is_confirmed(question), "an old answer");
        ours.told(again, Ok(tail(4)), seconds(9)).unwrap();
        assert!(ours.is_confirmed(question));

        // An append that is sent after it came says so too, one that was under way does not.
        ours.append();
        let question = ours.confirm(seconds(10));
        ours.appended(tail(5), seconds(10));
        assert!(!ours.is_confirmed(question));
        ours.append();
        ours.appended(tail(6), seconds(11));
        assert!(ours.is_confirmed(question));
    }
}
