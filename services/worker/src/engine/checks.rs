//! Checks of sensors from the moment they are asked for until they are answered.
//!
//! A bounded number is made at once, a bounded number waits, and whoever comes beyond hears that the worker is busy. The time of a check
//! counts from when it was asked for, because whoever asks waits no longer. Nothing here outlives the connection on which it was
//! asked: a check only looks, so it is simply asked for again.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use downbeat_proto::worker::v1::{
    Check, CheckAnswer, CheckAnswers, WorkerMessage, worker_message::Message as ToCoordinator,
};
use prost::Message as _;

use super::Output;
use crate::attempt::Failure;
use crate::limits::{CHECK_ID_BYTES_MAX, CHECK_SECONDS_MAX, CHECKS_RUNNING_MAX, CHECKS_WAITING_MAX, REPORTS_BYTES_MAX};
use crate::verdict::Verdict;

/// Names one making of a check within a worker's life; never used again.
pub type CheckTicket = u64;

#[derive(Debug)]
struct Asked {
    id: Bytes,
    /// When its answer is nobody's any more.
    ends: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Desk {
    running: BTreeMap<CheckTicket, Asked>,
    waiting: VecDeque<(Asked, Box<Check>)>,
    answers: Vec<CheckAnswer>,
    last_ticket: CheckTicket,
}

impl Desk {
    /// Somebody asks for a check.
    pub(super) fn asked(&mut self, now: Duration, check: Check, outputs: &mut Vec<Output>) {
        if check.id.is_empty() || check.id.len() > CHECK_ID_BYTES_MAX {
            return outputs.push(Output::Ignored("a check without a valid id"));
        }
        let mut known = self.running.values().chain(self.waiting.iter().map(|(asked, _)| asked));
        if known.any(|asked| asked.id == check.id) {
            return;
        }
        let seconds = check.timeout_seconds.clamp(1, CHECK_SECONDS_MAX);
        let asked = Asked { id: check.id.clone(), ends: now + Duration::from_secs(seconds.into()) };
        if self.running.len() < CHECKS_RUNNING_MAX {
            self.start(asked, Box::new(check), outputs);
        } else if self.waiting.len() < CHECKS_WAITING_MAX {
            self.waiting.push_back((asked, Box::new(check)));
        } else {
            let busy = format!(
                "this worker is busy: it makes {CHECKS_RUNNING_MAX} checks of sensors, and {CHECKS_WAITING_MAX} wait"
            );
            self.answers.push(Verdict::from(Failure::transient(busy)).into_wire(asked.id));
        }
    }

    /// A check that was being made came to an end.
    pub(super) fn checked(&mut self, ticket: CheckTicket, verdict: Verdict, outputs: &mut Vec<Output>) {
        if let Some(asked) = self.running.remove(&ticket) {
            self.answers.push(verdict.into_wire(asked.id));
            self.fill(outputs);
        }
    }

    /// Gives up what took too long.
    pub(super) fn due(&mut self, now: Duration, outputs: &mut Vec<Output>) {
        let (late, in_time) = std::mem::take(&mut self.waiting).into_iter().partition(|(asked, _)| asked.ends <= now);
        self.waiting = in_time;
        for (asked, _) in late {
            self.answers.push(too_long("it was not begun, so many others were before it").into_wire(asked.id));
        }
        let late: Vec<_> =
            self.running.iter().filter(|(_, asked)| asked.ends <= now).map(|(ticket, _)| *ticket).collect();
        for ticket in late {
            outputs.push(Output::AbandonCheck(ticket));
            self.checked(ticket, too_long("whatever it looked at did not answer"), outputs);
        }
    }

    /// Checks that are being made, or wait.
    pub(super) fn len(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.running.values().chain(self.waiting.iter().map(|(asked, _)| asked)).map(|asked| asked.ends).min()
    }

    /// Nobody waits for an answer any more.
    pub(super) fn abandon_all(&mut self, outputs: &mut Vec<Output>) {
        self.waiting.clear();
        self.answers.clear();
        outputs.extend(std::mem::take(&mut self.running).into_keys().map(Output::AbandonCheck));
    }

    /// Everything that was answered since the last call, in messages of bounded size.
    pub(super) fn take_messages(&mut self) -> Vec<WorkerMessage> {
        let mut messages = Vec::new();
        let mut answers = Vec::new();
        let mut bytes = 0;
        for answer in self.answers.drain(..) {
            let size = answer.encoded_len();
            if !answers.is_empty() && bytes + size > REPORTS_BYTES_MAX {
                messages.push(message(std::mem::take(&mut answers)));
                bytes = 0;
            }
            bytes += size;
            answers.push(answer);
        }
        if !answers.is_empty() {
            messages.push(message(answers));
        }
        messages
    }

    fn start(&mut self, asked: Asked, check: Box<Check>, outputs: &mut Vec<Output>) {
        self.last_ticket += 1;
        self.running.insert(self.last_ticket, asked);
        outputs.push(Output::Check(self.last_ticket, check));
    }

    fn fill(&mut self, outputs: &mut Vec<Output>) {
        while self.running.len() < CHECKS_RUNNING_MAX
            && let Some((asked, check)) = self.waiting.pop_front()
        {
            self.start(asked, check, outputs);
        }
    }
}

fn too_long(why: &str) -> Verdict {
    Failure::timed_out(format!("the check took longer than it may: {why}")).into()
}

fn message(answers: Vec<CheckAnswer>) -> WorkerMessage {
    WorkerMessage { message: Some(ToCoordinator::CheckAnswers(CheckAnswers { answers })) }
}
