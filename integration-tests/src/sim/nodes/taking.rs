//! How events get from the stream to the state: what a scheduler does with a delivery, and what a coordinator does with an event that it is
//! offered, as its API does it: each trigger that listens is asked in a decision of its own, and the answer is given when all are answered.

use std::sync::Arc;

use downbeat_coordinator::engine::{Answer as Answered, Input};
use downbeat_domain::{Command, IncomingEvent, Rejection, TakeEvent};
use downbeat_scheduler::triggers::engine::{Answer, Settled, Step};

use crate::sim::{
    network::{Caller, Heard, Request},
    stream::Delivery,
    world::World,
};

/// What the triggers that listen made of an event.
pub(super) type Answers = Vec<Result<Answered, Rejection>>;

/// An event that a coordinator was offered.
#[derive(Debug)]
pub(super) struct Taking {
    /// Triggers that have not answered.
    missing: usize,
    answers: Answers,
}

impl Taking {
    /// One of its triggers has answered; all answers, once it was the last.
    pub(super) fn answered(&mut self, answer: Result<Answered, Rejection>) -> Option<Answers> {
        self.missing -= 1;
        self.answers.push(answer);
        (self.missing == 0).then(|| std::mem::take(&mut self.answers))
    }
}

impl World {
    /// A message reaches a scheduler.
    pub(super) fn delivered(&mut self, at: usize, delivery: Delivery) {
        let scheduler = &mut self.schedulers[at];
        if !scheduler.has_begun() {
            return;
        }
        let now = scheduler.clocks.monotonic(self.now);
        match scheduler.triggers.delivered(now, &delivery.message) {
            Step::Take(event) => {
                self.calls += 1;
                let (number, life) = (self.calls, self.schedulers[at].life);
                self.schedulers[at].taking.insert(number, delivery);
                self.call(Caller::Scheduler(at, life), number, Request::Take(Arc::from(event)));
            }
            Step::Later(pause) => self.settle(&delivery, Settled::Later(pause)),
            Step::Dead(reason) => self.settle(&delivery, Settled::Dead(reason)),
        }
    }

    /// A scheduler hears what became of an event.
    pub(super) fn taken(&mut self, at: usize, delivery: &Delivery, heard: Heard) {
        let answer = match heard {
            Heard::Taken(answers) => Answer::Taken {
                started: answers.iter().flatten().filter(|answer| answer.created.is_some()).count() as u64,
                refused: answers.iter().filter_map(|answer| answer.as_ref().err()).map(ToString::to_string).collect(),
                takers: answers.len() as u64,
            },
            Heard::Answer(_) | Heard::Nobody => Answer::Away,
        };
        let settled = self.schedulers[at].triggers.answered(answer, delivery.deliveries);
        self.settle(delivery, settled);
    }

    /// A coordinator is offered an event.
    pub(super) fn offered(&mut self, at: usize, caller: Caller, number: u64, event: &Arc<IncomingEvent>) {
        let Some(owner) = self.owner(at) else { return };
        let takers = owner.engine.partition().listening(&event.address);
        if takers.is_empty() {
            return self.answer_for_event(at, caller, number, Vec::new());
        }
        owner.taking.insert(number, Taking { missing: takers.len(), answers: Vec::new() });
        for (pipeline, trigger) in takers {
            let Some(owner) = self.owner(at) else { return };
            let call = owner.next_call;
            owner.next_call += 1;
            owner.calls.insert(call, (caller, number));
            let caller = Box::new(downbeat_domain::Caller::named(format!("event:{trigger}")));
            let command = Command::TakeEvent(TakeEvent { pipeline, trigger, event: Arc::clone(event) });
            self.input(at, Input::Call { call, caller, command_id: None, command });
        }
    }

    /// The scheduler forgets an event of which the log knows nothing: only an owner may tell it to.
    pub(super) fn answer_for_event(&mut self, at: usize, caller: Caller, number: u64, answers: Answers) {
        if !answers.is_empty() && !answers.iter().flatten().any(Answered::leaves_no_trace) {
            return self.answer(caller, number, Heard::Taken(answers));
        }
        let monotonic = self.coordinators[at].clocks.monotonic(self.now);
        let Some(owner) = self.owner(at) else { return };
        let question = owner.ownership.confirm(monotonic);
        owner.confirming.push((question, caller, number, answers));
        self.ask_for_tail(at);
    }
}
