//! Where the log ends as its owner knows it, and whether it still is the owner while it has nothing to write.
//!
//! Promises that an owner which was fenced notices within [`limits::OWNER_CHECK_INTERVAL`] although nothing makes it append: its
//! workers believe it, and the next owner gives what they hold to others after one lease. Knows neither clock nor log: the driver
//! asks when [`Ownership::ask_at`] says so.

use std::time::Duration;

use downbeat_event_log::{self as log, LogId, Tail};

use crate::{error::Error, limits};

/// What an owner knows of its log.
#[derive(Debug)]
pub struct Ownership {
    log: LogId,
    tail: Tail,
    /// When this was last known to be so, monotonic.
    confirmed: Duration,
    /// The log is being asked, and nothing was appended since.
    asking: bool,
    /// An append is on its way: it tells by itself.
    appending: bool,
}

impl Ownership {
    /// The log ends here, by the owner's own record.
    pub fn new(log: LogId, tail: Tail, now: Duration) -> Self {
        Self { log, tail, confirmed: now, asking: false, appending: false }
    }

    /// The end of the log.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// An append after the end is sent. What the log says from now on may be that record.
    pub fn append(&mut self) -> Tail {
        (self.appending, self.asking) = (true, false);
        self.tail
    }

    /// The append stands.
    pub fn appended(&mut self, tail: Tail, now: Duration) {
        (self.tail, self.confirmed, self.appending) = (tail, now, false);
    }

    /// When the log is to be asked for its end; `None` while an answer or an append is awaited.
    pub fn ask_at(&self) -> Option<Duration> {
        (!self.appending && !self.asking).then(|| self.confirmed + limits::OWNER_CHECK_INTERVAL)
    }

    /// The log is asked.
    pub fn ask(&mut self) {
        self.asking = true;
    }

    /// The log said where it ends.
    ///
    /// # Errors
    /// `Fenced`: somebody else wrote. `Log`: the log lost its tail, or fails for good.
    pub fn told(&mut self, answer: Result<Tail, log::Error>, now: Duration) -> Result<(), Error> {
        if !std::mem::take(&mut self.asking) {
            return Ok(());
        }
        match answer {
            Ok(seen) if seen == self.tail => {
                self.confirmed = now;
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
                self.confirmed = now.saturating_sub(limits::OWNER_CHECK_INTERVAL) + limits::OWNER_CHECK_PAUSE;
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
        assert_eq!(asked().told(Ok(tail(5)), seconds(9)).unwrap_err().kind(), ErrorKind::Fenced);
        assert_eq!(asked().told(Ok(tail(3)), seconds(9)).unwrap_err().kind(), ErrorKind::Log);
        let same_place = Tail { sequence: 4, hash: Hash([9; 32]) };
        assert_eq!(asked().told(Ok(same_place), seconds(9)).unwrap_err().kind(), ErrorKind::Fenced);
        let mut ours = asked();
        ours.told(Ok(tail(4)), seconds(9)).unwrap();
        assert_eq!(ours.ask_at(), Some(seconds(9) + limits::OWNER_CHECK_INTERVAL));
    }

    #[test]
    fn its_own_append_is_no_rival() {
        let mut ours = asked();
        assert_eq!(ours.append(), tail(4));
        ours.told(Ok(tail(5)), seconds(9)).unwrap();
        ours.appended(tail(5), seconds(10));
        assert_eq!((ours.tail(), ours.ask_at()), (tail(5), Some(seconds(10) + limits::OWNER_CHECK_INTERVAL)));
    }

    #[test]
    fn a_log_that_is_away_is_asked_again() {
        let mut ours = asked();
        let away = log::Error::Unavailable { log: "l".to_owned(), reason: "r".to_owned() };
        ours.told(Err(away), seconds(9)).unwrap();
        assert_eq!(ours.ask_at(), Some(seconds(9) + limits::OWNER_CHECK_PAUSE));
    }
}
