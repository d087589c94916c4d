//! Commands that were refused, on their way into the log.
//!
//! Promises: a refused command of a person or a program is recorded before it is answered; however many are refused, the log grows by
//! [`limits::REJECTIONS_PER_WINDOW_MAX`] events in [`limits::REJECTIONS_WINDOW`], and by one for each of at most
//! [`limits::REJECTED_CALLERS_MAX`] that were only counted. What is counted and not yet told is in memory alone: a crash loses at most one
//! window of it, and never one that was recorded.
//!
//! Calls that nobody may make, once there is authentication, are refused before a command exists: they come the same way, as
//! [`super::Input::Refused`].

use std::{collections::BTreeMap, time::Duration};

use downbeat_domain::{Caller, Command, CommandKind, Event, Rejection, Target, audit, event::CommandRejected, level};
use jiff::Timestamp;

use super::{CallId, Engine, Moment, Output};
use crate::limits;

/// A call that was refused before it became a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it asks for.
    pub command: CommandKind,
    /// Stable code; empty where there is none.
    pub code: String,
    /// Why, in words.
    pub message: String,
}

/// Who asks for what, of what: like asks are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Like {
    actor: String,
    command: CommandKind,
    targets: Vec<Target>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    recorded: u32,
    more: u64,
    /// When the first and the last of those were refused that are only counted.
    seen: Option<(Timestamp, Timestamp)>,
}

/// What was refused in the window that is open.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    /// When it closes; it opens with a refusal.
    closes: Option<Duration>,
    recorded: usize,
    counted: BTreeMap<Like, Counted>,
}

impl Rejections {
    /// When the window closes.
    pub(super) fn next_monotonic(&self) -> Option<Duration> {
        self.closes
    }

    /// Takes one in; says whether it is recorded in full.
    fn take_in(&mut self, now: Moment, like: Like) -> bool {
        self.closes.get_or_insert(now.monotonic + limits::REJECTIONS_WINDOW);
        let has_room = self.recorded < limits::REJECTIONS_PER_WINDOW_MAX;
        let is_known = self.counted.contains_key(&like) || self.counted.len() < limits::REJECTED_CALLERS_MAX;
        // Of further callers, only how many of which kind is remembered: there are few kinds.
        let like = if is_known { like } else { Like { actor: String::new(), targets: Vec::new(), ..like } };
        let counted = self.counted.entry(like).or_default();
        if is_known && has_room && counted.recorded < limits::REJECTIONS_OF_ONE_MAX {
            self.recorded += 1;
            counted.recorded += 1;
            return true;
        }
        counted.more += 1;
        let first = counted.seen.map_or(now.wall, |(first, _)| first);
        counted.seen = Some((first, now.wall));
        false
    }

    /// Closes the window if it is time, and tells what was only counted.
    fn close(&mut self, now: Moment) -> Vec<CommandRejected> {
        if self.closes.is_none_or(|closes| closes > now.monotonic) {
            return Vec::new();
        }
        let (this, mut told) = (std::mem::take(self), Vec::new());
        for (like, counted) in this.counted {
            let Some((since, at)) = counted.seen else { continue };
            told.push(CommandRejected {
                command: like.command,
                actor: like.actor,
                targets: like.targets,
                code: String::new(),
                message: String::new(),
                more: counted.more,
                since,
                at,
            });
        }
        told
    }
}

impl Engine {
    /// A call was refused before it became a command: recorded, then answered.
    pub(super) fn refused(&mut self, now: Moment, call: CallId, caller: &Caller, refusal: &Refusal) {
        self.note_refusal(now, caller, refusal, Vec::new());
        self.batches.push_output(Output::Noted { call });
    }

    /// Takes note of the refusal of a command, if it is one of a person or a program.
    pub(super) fn note_rejection(&mut self, now: Moment, caller: &Caller, command: &Command, rejection: &Rejection) {
        let Some((command, targets)) = audit::asked(command) else { return };
        let refusal = Refusal { command, code: rejection.code().to_owned(), message: rejection.to_string() };
        self.note_refusal(now, caller, &refusal, targets);
    }

    fn note_refusal(&mut self, now: Moment, caller: &Caller, refusal: &Refusal, targets: Vec<Target>) {
        let told = if caller.targets.is_empty() { targets } else { caller.targets.clone() };
        let caller = Caller { targets: told, ..caller.clone() }.bounded();
        let like = Like { actor: caller.actor.clone(), command: refusal.command, targets: caller.targets.clone() };
        if !self.rejections.take_in(now, like) {
            return;
        }
        let rejected = CommandRejected::of(&caller, refusal.command, &refusal.code, &refusal.message, now.wall);
        self.tell_refusal(now, caller, rejected);
    }

    /// Of what an older version does not know, nothing is recorded before the level of the log lets it be.
    fn tell_refusal(&mut self, now: Moment, caller: Caller, rejected: CommandRejected) {
        let told = Event::CommandRejected(Box::new(rejected));
        if level::needed(&told) <= self.partition.level {
            self.record(now, caller, None, vec![told]);
        }
    }

    /// Tells how many were only counted, once their window has closed.
    pub(super) fn tell_rejections(&mut self, now: Moment) {
        for rejected in self.rejections.close(now) {
            self.tell_refusal(now, Caller::named("coordinator"), rejected);
        }
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::TargetKind;

    use super::*;

    fn at(second: u64) -> Moment {
        let wall = Timestamp::from_second(i64::try_from(second).unwrap()).unwrap();
        Moment { wall, monotonic: Duration::from_secs(second) }
    }

    fn like(actor: usize) -> Like {
        Like {
            actor: format!("user:{actor}"),
            command: CommandKind::CancelRun,
            targets: vec![Target::new(TargetKind::Run, "r")],
        }
    }

    #[test]
    fn of_one_caller_a_few_are_recorded_and_the_rest_is_counted() {
        let mut rejections = Rejections::default();
        let recorded = (0..1_244).filter(|number| rejections.take_in(at(number / 100), like(1))).count();
        assert_eq!(recorded, limits::REJECTIONS_OF_ONE_MAX as usize);
        assert!(rejections.take_in(at(12), like(2)), "another caller has room of its own");
        assert!(rejections.close(at(59)).is_empty(), "the window is open");
        let told = rejections.close(at(60));
        let found: Vec<_> = told.iter().map(|told| (told.actor.as_str(), told.more, told.since, told.at)).collect();
        assert_eq!(found, [("user:1", 1_234, at(0).wall, at(12).wall)]);
        assert_eq!(rejections.next_monotonic(), None, "nothing is owed");
        assert!(rejections.take_in(at(61), like(1)), "a new window has room again");
    }

    #[test]
    fn however_many_callers_there_are_the_log_grows_by_little() {
        let mut rejections = Rejections::default();
        let recorded = (0..100_000).filter(|number| rejections.take_in(at(1), like(number % 5_000))).count();
        assert_eq!(recorded, limits::REJECTIONS_PER_WINDOW_MAX);
        let told = rejections.close(at(100));
        assert!(told.len() <= limits::REJECTED_CALLERS_MAX + CommandKind::ALL.len(), "{}", told.len());
        let counted: u64 = told.iter().map(|told| told.more).sum();
        assert_eq!(counted + recorded as u64, 100_000, "each is counted once");
        assert!(told.iter().any(|told| told.actor.is_empty() && told.targets.is_empty()));
    }
}
