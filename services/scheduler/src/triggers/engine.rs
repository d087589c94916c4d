//! What becomes of each message: offered to the coordinator, later, or a dead letter. Pure: the driver feeds it.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

use std::time::Duration;

use downbeat_domain::IncomingEvent;

use super::{flood::Floods, message::Message};
use crate::limits;

/// What a message is now for.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Ask the coordinator to take it.
    Take(Box<IncomingEvent>),
    /// Give it back to the stream; it comes again after this pause.
    Later(Duration),
    /// No delivery will change it: to the dead letters, with the reason.
    Dead(String),
}

/// What the coordinator said of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is recorded; each refusal of a trigger with its reason.
    Taken {
        /// Triggers that started a run.
        started: u64,
        /// Why triggers could not take it.
        refused: Vec<String>,
        /// Triggers that listen to its subject.
        takers: u64,
    },
    /// It is no event that anybody could take.
    Unfit(String),
    /// Nobody answered, or it is open what came of it.
    Away,
}

/// What becomes of a message after the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is done.
    Acknowledge,
    /// As [`Step::Later`].
    Later(Duration),
    /// As [`Step::Dead`].
    Dead(String),
}

/// Counts since the process began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages delivered, repeated deliveries included.
    pub delivered: u64,
    /// Events that the coordinator has taken in.
    pub taken: u64,
    /// Runs started.
    pub started: u64,
    /// Events to whose subject nobody listens.
    pub unheard: u64,
    /// Messages that became dead letters.
    pub dead: u64,
    /// Messages of subjects that flood, which had to wait.
    pub slowed: u64,
    /// Times that the coordinator did not answer.
    pub away: u64,
}

/// The decisions about messages, and their counts.
#[derive(Debug)]
pub struct Engine {
    floods: Floods,
    counts: Counts,
    reported: Duration,
}

impl Engine {
    /// Lets so many messages of one subject through in a second.
    pub fn new(per_subject_per_second: u32) -> Self {
        Self { floods: Floods::new(per_subject_per_second), counts: Counts::default(), reported: Duration::ZERO }
    }

    /// A message was delivered. `now` counts from the beginning of the process.
    pub fn delivered(&mut self, now: Duration, message: &Message) -> Step {
        self.counts.delivered += 1;
        if let Some(pause) = self.floods.slow_down(&message.address, message.sequence, now) {
            self.counts.slowed += 1;
            return Step::Later(pause);
        }
        match message.event() {
            Ok(event) => Step::Take(Box::new(event)),
            Err(reason) => {
                self.counts.dead += 1;
                Step::Dead(reason)
            }
        }
    }

    /// The coordinator answered for an event that was delivered for the `deliveries`th time.
    pub fn answered(&mut self, answer: Answer, deliveries: u64) -> Settled {
        match answer {
            Answer::Away => {
                self.counts.away += 1;
                let attempt = u32::try_from(deliveries).unwrap_or(u32::MAX).max(1);
                Settled::Later(
                    limits::COORDINATOR_PAUSE.saturating_mul(1 << attempt.min(6)).min(limits::COORDINATOR_PAUSE_MAX),
                )
            }
            Answer::Unfit(reason) => {
                self.counts.dead += 1;
                Settled::Dead(reason)
            }
            Answer::Taken { started, refused, takers } => {
                self.counts.taken += 1;
                self.counts.started += started;
                self.counts.unheard += u64::from(takers == 0);
                if refused.is_empty() {
                    return Settled::Acknowledge;
                }
                self.counts.dead += 1;
                Settled::Dead(refused.join("; "))
            }
        }
    }

    /// Counts so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Subjects that flood, at most once per [`limits::FLOOD_REPORT_INTERVAL`], with how many of their messages had to wait.
    pub fn floods(&mut self, now: Duration) -> Vec<(String, u64)> {
        if now.saturating_sub(self.reported) < limits::FLOOD_REPORT_INTERVAL {
            return Vec::new();
        }
        self.reported = now;
        self.floods.forget_old_places(now);
        self.floods.report()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(sequence: u64, payload: &str) -> Message {
        Message {
            address: "orders".to_owned(),
            payload: payload.as_bytes().to_vec(),
            sequence,
            stream: "S@1".to_owned(),
            ..Message::default()
        }
    }

    fn taken(refused: &[&str], takers: u64) -> Answer {
        Answer::Taken { started: 0, refused: refused.iter().map(|reason| (*reason).to_owned()).collect(), takers }
    }

    #[test]
    fn what_can_be_read_is_offered_and_the_rest_is_dead() {
        let mut engine = Engine::new(1_000);
        let Step::Take(event) = engine.delivered(Duration::ZERO, &message(1, "{}")) else { panic!("it is an event") };
        assert_eq!((event.source.as_str(), event.id.as_str()), ("S@1", "1"));
        assert!(matches!(engine.delivered(Duration::ZERO, &message(2, "{")), Step::Dead(_)));
        assert_eq!((engine.counts().delivered, engine.counts().dead), (2, 1));
    }

    #[test]
    fn a_message_is_done_only_when_it_is_recorded_for_every_trigger() {
        let mut engine = Engine::new(1_000);
        for (answer, settled) in [
            (taken(&[], 2), Settled::Acknowledge),
            (taken(&[], 0), Settled::Acknowledge),
            (taken(&["a: no rows", "b: paused"], 2), Settled::Dead("a: no rows; b: paused".to_owned())),
            (Answer::Unfit("too deep".to_owned()), Settled::Dead("too deep".to_owned())),
        ] {
            assert_eq!(engine.answered(answer, 1), settled);
        }
        let away = |engine: &mut Engine, deliveries| engine.answered(Answer::Away, deliveries);
        let (first, last) = (away(&mut engine, 1), away(&mut engine, 1_000));
        assert_eq!(first, Settled::Later(Duration::from_millis(500)));
        assert_eq!(last, Settled::Later(limits::COORDINATOR_PAUSE_MAX));
        let counts = engine.counts();
        assert_eq!((counts.taken, counts.unheard, counts.dead, counts.away), (3, 1, 2, 2));
    }

    #[test]
    fn a_subject_that_floods_is_slowed_down_and_reported_now_and_then() {
        let mut engine = Engine::new(1);
        let steps: Vec<Step> =
            (1..=4).map(|at| engine.delivered(Duration::from_secs(60), &message(at, "{}"))).collect();
        assert!(matches!(steps[..], [Step::Take(_), Step::Take(_), Step::Later(_), Step::Later(_)]), "{steps:?}");
        assert_eq!(engine.floods(Duration::from_secs(60)), [("orders".to_owned(), 2)]);
        assert_eq!(engine.floods(Duration::from_secs(61)), []);
        assert_eq!(engine.counts().slowed, 2);
    }
}
