//! Questions to workers whose answers only the asker needs: what stands in a repository, whether a commit of it was made, what its host is told.
//!
//! Promises that every question is answered: by a worker, or, where none can, none has a hand free, or none answers in time, with that; and
//! that one that nobody was asked is told from one that nobody answered. Nothing of it is decided or recorded here. They travel as checks of sensors do, because they are short, hold no lease and may be asked again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use downbeat_domain::FailureClass;
use downbeat_proto::{convert, event::failure_class, worker::v1 as wire};
use serde_json::{Map, Value};
use wire::{check_answer::Answer, coordinator_message::Message};

use super::{CallId, Engine, Moment, Output, SessionId};
use crate::limits;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Of the kind of check as which it travels.
    pub integration: &'static str,
    /// The same.
    pub kind: &'static str,
    /// What the worker needs to know.
    pub parameters: Map<String, Value>,
    /// How long it may take.
    pub timeout: Duration,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// This.
    Answer(Map<String, Value>),
    /// It cannot be answered.
    Failed {
        /// Why.
        message: String,
        /// Nothing will change before somebody mends what was asked for, or a setting.
        hopeless: bool,
    },
    /// Nobody could be asked.
    Nobody(String),
    /// Somebody was asked and did not answer: it may have been done.
    Lost(String),
}

/// Those that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Inquiries {
    asked: BTreeMap<CallId, (SessionId, Duration)>,
    expiring: BTreeSet<(Duration, CallId)>,
}

impl Inquiries {
    fn ask(&mut self, number: CallId, session: SessionId, ends: Duration) {
        self.asked.insert(number, (session, ends));
        self.expiring.insert((ends, number));
    }

    /// Whom it was asked of, if it still waits.
    fn forget(&mut self, number: CallId) -> Option<SessionId> {
        let (session, ends) = self.asked.remove(&number)?;
        self.expiring.remove(&(ends, number));
        Some(session)
    }

    /// When the next answer is given up.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.expiring.first().map(|(ends, _)| *ends)
    }
}

impl Engine {
    pub(super) fn inquire(&mut self, now: Moment, number: CallId, inquiry: &Inquiry) {
        let Inquiry { integration, kind, parameters, timeout } = inquiry;
        if self.inquiries.asked.len() >= limits::INQUIRIES_MAX {
            let why = format!("{} questions wait for workers already; try again", limits::INQUIRIES_MAX);
            return self.told(number, Said::Nobody(why));
        }
        match self.workers.checker_of(integration, kind, true) {
            Some(Some(session)) => {
                let check = wire::Check {
                    id: id_of(self.epoch, number).into(),
                    integration: (*integration).to_owned(),
                    sensor_type: (*kind).to_owned(),
                    parameters: convert::object_text(parameters),
                    connection: String::new(),
                    since: 0,
                    timeout_seconds: u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX),
                };
                self.workers.check_given(session);
                self.batches.push_send(session, Message::Checks(wire::Checks { checks: vec![check] }));
                self.inquiries.ask(number, session, now.monotonic + *timeout + limits::CHECK_MARGIN);
            }
            Some(None) => self.told(number, Said::Nobody("all workers that can do it are busy; try again".to_owned())),
            None => {
                let why = format!(
                    "no worker that can read repositories is attached (it offers {integration}/{kind}): start one of this version that has git \
                     on its PATH"
                );
                self.told(number, Said::Nobody(why));
            }
        }
    }

    /// The answer is one to such a question; `false` = it is about something else.
    pub(super) fn inquiry_answered(&mut self, session: SessionId, answer: &wire::CheckAnswer) -> bool {
        let Some(number) = number_of(self.epoch, &answer.id) else { return false };
        if self.inquiries.asked.get(&number).is_some_and(|(asked, _)| *asked == session) {
            self.end_inquiry(number, said(answer));
        }
        true
    }

    pub(super) fn give_up_inquiries(&mut self, now: Moment) {
        while let Some((_, number)) = self.inquiries.expiring.first().copied().filter(|it| it.0 <= now.monotonic) {
            self.end_inquiry(number, Said::Lost("the worker that was asked did not answer in time".to_owned()));
        }
    }

    /// The worker's connection is gone.
    pub(super) fn lose_inquiries(&mut self, session: SessionId) {
        let asked = self.inquiries.asked.iter().filter(|(_, (of, _))| *of == session);
        let lost: Vec<CallId> = asked.map(|(number, _)| *number).collect();
        for number in lost {
            self.end_inquiry(number, Said::Lost("the worker that was asked is gone; try again".to_owned()));
        }
    }

    fn end_inquiry(&mut self, number: CallId, said: Said) {
        if let Some(session) = self.inquiries.forget(number) {
            self.workers.check_done(session);
            self.told(number, said);
        }
    }

    fn told(&mut self, inquiry: CallId, said: Said) {
        self.batches.push_output(Output::Told { inquiry, said });
    }
}

fn said(answer: &wire::CheckAnswer) -> Said {
    let unreadable = || Said::Lost("the worker's answer cannot be read by this version".to_owned());
    match &answer.answer {
        Some(Answer::Passed(passed)) => convert::object(&passed.outputs).map_or_else(unreadable, Said::Answer),
        Some(Answer::Pending(pending)) => Said::Failed { message: pending.message.clone(), hopeless: false },
        Some(Answer::Failed(failed)) => {
            let hopeless = failure_class(failed.failure_class()) == Some(FailureClass::Misconfigured);
            Said::Failed { message: failed.message.clone(), hopeless }
        }
        None => unreadable(),
    }
}

/// The epoch tells it from what the owner before asked; its length tells it from checks and alerts.
fn id_of(epoch: u64, number: CallId) -> Vec<u8> {
    [epoch.to_be_bytes(), number.to_be_bytes()].concat()
}

fn number_of(epoch: u64, id: &[u8]) -> Option<CallId> {
    let (asked_in, number) = id.split_first_chunk::<8>()?;
    let number: [u8; 8] = number.try_into().ok()?;
    (*asked_in == epoch.to_be_bytes()).then(|| CallId::from_be_bytes(number))
}
