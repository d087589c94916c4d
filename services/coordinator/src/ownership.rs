//! Where the log ends as its owner knows it, whether it still is the owner, and for how long its workers may believe it.
//!
//! Promises: an owner that was fenced notices within [`limits::OWNER_CHECK_INTERVAL`] of the log being there, whether it has
//! something to write or not. A worker that comes is told nothing by an owner that was fenced before: what an old state owes it may
//! have been done since. No lease is renewed by an owner that the log has not confirmed for [`limits::OWNER_TRUST`], and its
//! successor waits for so long before it gives away what it knows from the log alone: so two owners never have two workers at one
//! task, whoever is cut off from whom. Knows neither clock nor log: the driver asks when [`Ownership::ask_at`] says so.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use downbeat_event_log::{self as log, LogId, Tail};

use crate::{error::Error, limits};

/// Something that only an owner hears a certain answer to: an append, or a question for the end of the log.
#[derive(Clone, Copy, Debug)]
struct Question {
    number: u64,
    /// When it was asked first, monotonic: whoever gets that answer was the owner then.
    asked: Duration,
}

/// Until when an owner may renew the leases of its workers. Cheap to clone; every clone knows what the owner knows.
#[derive(Clone, Debug, Default)]
pub struct Trust(Arc<AtomicU64>);

impl Trust {
    /// May a lease be renewed at this moment of the owner's monotonic clock?
    pub fn holds(&self, now: Duration) -> bool {
        now < Duration::from_micros(self.0.load(Ordering::Acquire))
    }

    fn confirmed(&self, asked: Duration) {
        let until = asked + limits::OWNER_TRUST;
        self.0.fetch_max(u64::try_from(until.as_micros()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }
}

/// What an owner knows of its log.
#[derive(Debug)]
pub struct Ownership {
    log: LogId,
    tail: Tail,
    /// When the log is to be asked next, monotonic.
    next: Duration,
    /// Number of the newest question.
    asked: u64,
    /// The newest question that was answered with yes.
    answered: u64,
    /// Somebody waits for the answer to this one.
    wanted: u64,
    /// The log is being asked, and nothing was appended since.
    asking: Option<Question>,
    /// An append is on its way. While it is refused or unanswered, the log is asked beside it.
    appending: Option<Question>,
    trust: Trust,
}

impl Ownership {
    /// The log ends here, by the owner's own record. When that was is not known exactly, so nothing is trusted yet.
    pub fn new(log: LogId, tail: Tail, now: Duration) -> Self {
        let next = now + limits::OWNER_CHECK_INTERVAL;
        let (asking, appending, trust) = (None, None, Trust::default());
        Self { log, tail, next, asked: 0, answered: 0, wanted: 0, asking, appending, trust }
    }

    /// The end of the log.
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Until when workers may believe this owner.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// An append after the end is sent. What the log says from now on may be that record.
    pub fn append(&mut self, now: Duration) -> Tail {
        self.asking = None;
        self.appending = Some(self.question(now));
        self.tail
    }

    /// The append stands.
    pub fn appended(&mut self, tail: Tail, now: Duration) {
        self.tail = tail;
        self.asking = None;
        if let Some(append) = self.appending.take() {
            self.confirmed(append, now);
        }
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

    /// When the log is to be asked for its end; `None` while an answer is awaited.
    pub fn ask_at(&self) -> Option<Duration> {
        self.asking.is_none().then_some(self.next)
    }

    /// The log is asked; the number is for [`Ownership::told`].
    pub fn ask(&mut self, now: Duration) -> u64 {
        let question = self.question(now);
        self.asking = Some(question);
        question.number
    }

    /// The log said where it ends. What was asked before an append was sent or answered tells nothing after it.
    ///
    /// # Errors
    /// `Fenced`: somebody else wrote. `Log`: the log lost its tail, or fails for good.
    pub fn told(&mut self, question: u64, answer: Result<Tail, log::Error>, now: Duration) -> Result<(), Error> {
        let Some(asked) = self.asking.take_if(|asking| asking.number == question) else {
            return match answer {
                // Whenever that was asked: it does not get better.
                Err(error) if error.kind() != log::ErrorKind::Unavailable => Err(Error::Log(error)),
                _ => Ok(()),
            };
        };
        match answer {
            Ok(seen) if seen == self.tail => {
                self.confirmed(asked, now);
                Ok(())
            }
            Ok(seen) if seen.sequence < self.tail.sequence => {
                let (expected, tail) = (self.tail.sequence, seen.sequence);
                Err(Error::Log(log::Error::TailLost { log: self.log.clone(), expected, tail }))
            }
            // It may be the record under way. The append itself tells whose it is.
            Ok(seen) if self.appending.is_some() && seen.sequence == self.tail.sequence + 1 => {
                self.next = now + limits::OWNER_CHECK_INTERVAL;
                Ok(())
            }
            Ok(seen) => {
                let (expected, tail) = (self.tail.sequence, seen.sequence);
                Err(Error::Fenced(log::Error::Conflict { log: self.log.clone(), expected, tail }))
            }
            // Asked again soon after.
            Err(error) if error.kind() == log::ErrorKind::Unavailable => {
                self.next = now + limits::OWNER_CHECK_PAUSE;
                Ok(())
            }
            Err(error) => Err(Error::Log(error)),
        }
    }

    fn question(&mut self, now: Duration) -> Question {
        self.asked += 1;
        self.next = self.next.max(now + limits::OWNER_CHECK_INTERVAL);
        Question { number: self.asked, asked: now }
    }

    fn confirmed(&mut self, question: Question, now: Duration) {
        self.answered = self.answered.max(question.number);
        self.trust.confirmed(question.asked);
        self.next = if self.wanted > self.answered { now } else { now + limits::OWNER_CHECK_INTERVAL };
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
        ours.ask(seconds(6));
        assert_eq!(ours.ask_at(), None);
        ours
    }

    fn away() -> Result<Tail, log::Error> {
        Err(log::Error::Unavailable { log: "l".to_owned(), reason: "r".to_owned() })
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
        assert_eq!(ours.append(seconds(8)), tail(4));
        ours.told(1, Ok(tail(5)), seconds(9)).unwrap();
        ours.appended(tail(5), seconds(10));
        assert_eq!((ours.tail(), ours.ask_at()), (tail(5), Some(seconds(10) + limits::OWNER_CHECK_INTERVAL)));
    }

    #[test]
    fn while_an_append_is_not_answered_the_log_is_asked_beside_it() {
        let mut ours = Ownership::new(log(), tail(4), seconds(1));
        ours.append(seconds(2));
        assert_eq!(ours.ask_at(), Some(seconds(2) + limits::OWNER_CHECK_INTERVAL));
        let question = ours.ask(seconds(7));
        ours.told(question, Ok(tail(4)), seconds(8)).unwrap();
        assert!(ours.is_confirmed(question), "it has not landed, and nobody else has written");
        let question = ours.ask(seconds(13));
        ours.told(question, Ok(tail(5)), seconds(14)).unwrap();
        assert!(!ours.is_confirmed(question), "it may have landed, or somebody else's");
        let question = ours.ask(seconds(19));
        assert_eq!(ours.told(question, Ok(tail(6)), seconds(20)).unwrap_err().kind(), ErrorKind::Fenced);

        let mut ours = Ownership::new(log(), tail(4), seconds(1));
        ours.append(seconds(2));
        let question = ours.ask(seconds(7));
        ours.appended(tail(5), seconds(8));
        ours.told(question, Ok(tail(4)), seconds(9)).unwrap();
        assert_eq!(ours.tail(), tail(5), "an answer that is older than the append is no loss");
    }

    #[test]
    fn a_log_that_is_damaged_is_noticed_by_an_owner_that_never_rests_from_appending() {
        let damage = || log::Error::Corrupt { place: "l".to_owned(), sequence: 1, reason: "it was purged".to_owned() };
        let mut ours = asked();
        ours.append(seconds(8));
        assert_eq!(ours.told(1, Err(damage()), seconds(9)).unwrap_err().kind(), ErrorKind::Log);
        let mut ours = asked();
        ours.append(seconds(8));
        ours.told(1, away(), seconds(9)).unwrap();
    }

    #[test]
    fn a_log_that_is_away_is_asked_again() {
        let mut ours = asked();
        ours.told(1, away(), seconds(9)).unwrap();
        assert_eq!(ours.ask_at(), Some(seconds(9) + limits::OWNER_CHECK_PAUSE));
    }

    #[test]
    fn a_worker_is_believed_in_only_after_a_question_that_was_asked_after_it_came() {
        let mut ours = asked();
        let question = ours.confirm(seconds(7));
        ours.told(1, Ok(tail(4)), seconds(9)).unwrap();
        assert!(!ours.is_confirmed(question), "that was asked before");
        assert_eq!(ours.ask_at(), Some(seconds(9)));
        let again = ours.ask(seconds(9));
        ours.told(1, Ok(tail(4)), seconds(9)).unwrap();
        assert!(!ours.is_confirmed(question), "an old answer");
        ours.told(again, Ok(tail(4)), seconds(9)).unwrap();
        assert!(ours.is_confirmed(question));

        // An append that is sent after it came says so too, one that was under way does not.
        ours.append(seconds(10));
        let question = ours.confirm(seconds(10));
        ours.appended(tail(5), seconds(10));
        assert!(!ours.is_confirmed(question));
        ours.append(seconds(11));
        ours.appended(tail(6), seconds(11));
        assert!(ours.is_confirmed(question));
    }

    #[test]
    fn leases_are_renewed_for_so_long_after_the_log_was_asked_and_not_after_it_answered() {
        let until = |asked: u64| seconds(asked) + limits::OWNER_TRUST;
        let holds_up_to = |ours: &Ownership, until: Duration| {
            let just_before = until - Duration::from_micros(1);
            assert!(ours.trust().holds(just_before) && !ours.trust().holds(until), "{until:?}");
        };
        let mut ours = asked();
        let trust = ours.trust().clone();
        assert!(!trust.holds(seconds(6)), "when it became the owner is not known");
        ours.told(1, Ok(tail(4)), seconds(9)).unwrap();
        holds_up_to(&ours, until(6));
        ours.append(seconds(20));
        holds_up_to(&ours, until(6));
        ours.appended(tail(5), seconds(90));
        holds_up_to(&ours, until(20));
        let question = ours.ask(seconds(95));
        ours.told(question, away(), seconds(96)).unwrap();
        holds_up_to(&ours, until(20));
        assert!(trust.holds(until(19)), "every clone knows it");
    }
}
