//! What a coordinator asks of the log and hears from it, over a connection of its own that may be cut.

use downbeat_coordinator::{engine::Input, limits, take_over::Ask};
use downbeat_event_log::{Error, Record, RecordId, Tail};
use downbeat_proto::worker::v1 as wire;

use super::{CoordinatorEvent, State};
use crate::sim::{
    log::Fate,
    network::{Caller, Heard},
    nodes::taking::Answers,
    world::{Happening, World, micros},
};

impl World {
    fn reach_log(&self, at: usize) -> Result<(), Error> {
        if self.now < self.coordinators[at].cut_off_until { Err(self.log.unavailable()) } else { Ok(()) }
    }

    /// The next question of a take-over.
    pub(super) fn ask(&mut self, at: usize) {
        let (now, wall) = (self.now, self.coordinators[at].clocks.wall(self.now));
        let id = RecordId(self.dice.bytes());
        let reached = self.reach_log(at);
        let State::TakingOver(taking) = &mut self.coordinators[at].state else { return };
        let pause = match taking.ask() {
            Some(Ask::Tail) => taking.tail(reached.and_then(|()| self.log.tail(now))),
            Some(Ask::Check { after }) => taking.checked(reached.and_then(|()| self.log.read(now, after, 1))),
            Some(Ask::Read { after }) => {
                taking.entries(reached.and_then(|()| self.log.read(now, after, limits::ENTRIES_PER_READ)))
            }
            Some(Ask::Fence) => {
                let (after, record) = taking.ownership(wall, id).request();
                let record = record.clone();
                return self.send_append(at, after, record);
            }
            None => Ok(None),
        };
        match pause {
            Ok(pause) => {
                let after = pause.map_or_else(|| self.latency(), micros);
                self.tell(at, after, CoordinatorEvent::Ask);
            }
            Err(error) => self.end_coordinator(at, &error.to_string()),
        }
    }

    /// An owner asks whether it still is one, when that is due.
    pub(in crate::sim::nodes) fn ask_for_tail(&mut self, at: usize) {
        let monotonic = self.coordinators[at].clocks.monotonic(self.now);
        let latency = self.latency();
        let answer = self.reach_log(at).and_then(|()| self.log.tail(self.now));
        let Some(owner) = self.owner(at) else { return };
        if owner.ownership.ask_at().is_some_and(|due| due <= monotonic) {
            let question = owner.ownership.ask(monotonic);
            self.tell(at, latency, CoordinatorEvent::Told(question, answer));
        }
    }

    /// The log said where it ends.
    pub(super) fn told(&mut self, at: usize, question: u64, answer: Result<Tail, Error>) {
        let monotonic = self.coordinators[at].clocks.monotonic(self.now);
        let Some(owner) = self.owner(at) else { return };
        if let Err(error) = owner.ownership.told(question, answer, monotonic) {
            self.end_coordinator(at, &error.to_string());
        } else {
            self.greet(at);
            self.schedule_tick(at);
        }
    }

    /// An append is sent.
    pub(super) fn send_append(&mut self, at: usize, after: Tail, record: Record) {
        let (latency, now) = (self.latency(), self.now);
        let append = self.coordinators[at].appends + 1;
        self.coordinators[at].appends = append;
        let fate = match self.reach_log(at) {
            Ok(()) => self.log.fate(now, latency, &self.appends, after, &mut self.dice),
            Err(error) => Fate { lands: None, answer: None, otherwise: Some((now + latency, error)) },
        };
        self.cost.appends_sent += 1;
        if let Some((when, error)) = fate.otherwise {
            self.cost.appends_unanswered += 1;
            self.queue.push(when, Happening::Coordinator(at, CoordinatorEvent::Appended(append, Err(error))));
        }
        if let Some(lands) = fate.lands {
            let answer = fate.answer.map(|when| (when, at, append));
            self.queue.push(lands, Happening::Landing { after, record: Box::new(record), answer });
        }
    }

    /// An append is sent again.
    pub(super) fn append_again(&mut self, at: usize, append: u64) {
        if self.coordinators[at].appends != append {
            return;
        }
        let request = self.owner(at).and_then(|owner| owner.appending.as_ref()).map(|settling| {
            let (after, record) = settling.request();
            (after, record.clone())
        });
        if let Some((after, record)) = request {
            self.send_append(at, after, record);
        }
    }

    /// Attaches the workers that came before the log said that this is the owner, and lets answers go that wait for it.
    pub(super) fn greet(&mut self, at: usize) {
        let Some(owner) = self.owner(at) else { return };
        let ownership = &owner.ownership;
        let confirmed: Vec<(u64, Caller, u64, Answers)> =
            owner.confirming.extract_if(.., |(question, ..)| ownership.is_confirmed(*question)).collect();
        for (_, caller, number, answers) in confirmed {
            self.answer(caller, number, Heard::Taken(answers));
        }
        let Some(owner) = self.owner(at) else { return };
        let ownership = &owner.ownership;
        let greeted: Vec<(u64, usize, wire::Hello)> =
            owner.greetings.extract_if(.., |(question, ..)| ownership.is_confirmed(*question)).collect();
        for (_, connection, hello) in greeted {
            let Some(owner) = self.owner(at) else { return };
            let session = owner.next_session;
            owner.next_session += 1;
            owner.sessions.insert(session, connection);
            self.connections[connection].session = Some(session);
            self.cost.attached(hello.in_hand.len() as u64 + u64::from(hello.slots));
            self.input(at, Input::WorkerAttached { session, hello });
        }
    }
}
