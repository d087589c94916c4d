//! Messages on their way. A worker's connection delivers in order and loses nothing until it breaks, and then everything; single
//! calls are lost, late, repeated by those who made them, and pass each other.

use std::sync::Arc;

use downbeat_coordinator::engine::{Answer, SessionId};
use downbeat_domain::{Command, FireSchedule, IncomingEvent, PipelineApplied, Rejection, RestartRun, StartRun};
use downbeat_proto::worker::v1 as wire;

use super::{
    nodes::{coordinator::CoordinatorEvent, worker::WorkerEvent},
    time::{At, SECOND},
    world::{Happening, World},
};

/// A worker's connection to a coordinator.
#[derive(Debug)]
pub struct Connection {
    /// Whose.
    pub worker: usize,
    /// Which life of that worker.
    pub life: u64,
    /// The worker's number for it.
    pub number: u64,
    /// To whom.
    pub coordinator: usize,
    /// The coordinator's name for it, once it said hello.
    pub session: Option<SessionId>,
    /// When it was made.
    pub since: At,
    /// Nothing passes any more.
    broken: bool,
    to_coordinator: At,
    to_worker: At,
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The clients.
    Client,
    /// A scheduler, in one of its lives.
    Scheduler(usize, u64),
}

/// A single call.
#[derive(Clone, Debug)]
pub enum Request {
    /// Apply a pipeline.
    Apply(Arc<PipelineApplied>),
    /// Start a run.
    Start(Box<StartRun>),
    /// Cancel a run.
    Cancel(downbeat_domain::RunId),
    /// Start the run of an instant.
    Fire(FireSchedule),
    /// Give an event to every trigger that asks for it.
    Take(Arc<IncomingEvent>),
    /// Run a run that has ended again.
    Restart(Box<RestartRun>),
    /// Anything that leaves nothing to check but the state.
    Other(Box<Command>),
}

impl Request {
    /// What the core is asked; an event is offered to as many as listen to it.
    pub fn command(&self) -> Option<Command> {
        Some(match self {
            Self::Apply(applied) => Command::apply((**applied).clone()),
            Self::Start(start) => Command::StartRun(start.clone()),
            Self::Cancel(run) => Command::CancelRun { run: *run, reason: "simulated".to_owned() },
            Self::Fire(fire) => Command::FireSchedule(fire.clone()),
            Self::Restart(restart) => Command::RestartRun(restart.clone()),
            Self::Other(command) => (**command).clone(),
            Self::Take(_) => return None,
        })
    }
}

/// What a caller hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// What the coordinator answered.
    Answer(Result<Answer, Rejection>),
    /// What the triggers that listen made of an event.
    Taken(Vec<Result<Answer, Rejection>>),
    /// Nobody answered.
    Nobody,
}

/// How long a client waits for an answer.
const CALL_TIMEOUT: At = 5 * SECOND;

impl World {
    /// How long a message takes.
    pub(super) fn latency(&mut self) -> At {
        let network = self.network;
        let (first, last) = network.latency;
        let way = self.dice.between(first, last);
        if self.dice.per_mille(network.slow) { way * self.dice.between(2, 50) } else { way }
    }

    /// Where a name leads: mostly to the newest coordinator, sometimes still to an old one.
    pub(super) fn route(&mut self) -> Option<usize> {
        let living: Vec<usize> =
            (0..self.coordinators.len()).rev().filter(|at| self.coordinators[*at].lives()).collect();
        match living.as_slice() {
            [] => None,
            [only] => Some(*only),
            several if self.dice.per_mille(300) => Some(*self.dice.pick(several)),
            several => Some(several[0]),
        }
    }

    /// Opens a connection; it is there for both sides.
    pub(super) fn connect(&mut self, worker: usize, number: u64, coordinator: usize) -> usize {
        let life = self.workers[worker].life;
        let now = self.now;
        self.connections.push(Connection {
            worker,
            life,
            number,
            coordinator,
            session: None,
            since: now,
            broken: false,
            to_coordinator: now,
            to_worker: now,
        });
        self.connections.len() - 1
    }

    /// From a worker to its coordinator. Messages arrive at even instants.
    pub(super) fn send_to_coordinator(&mut self, connection: usize, message: wire::WorkerMessage) {
        let latency = self.latency();
        let Some(link) = self.connections.get_mut(connection).filter(|link| !link.broken) else { return };
        link.to_coordinator = link.to_coordinator.max(self.now + latency);
        let (at, coordinator) = (link.to_coordinator & !1, link.coordinator);
        let event = CoordinatorEvent::FromWorker(connection, Box::new(message));
        self.queue.push(at, Happening::Coordinator(coordinator, event));
    }

    /// From a coordinator to a worker; `None` ends the stream.
    pub(super) fn send_to_worker(&mut self, connection: usize, message: Option<wire::CoordinatorMessage>) {
        let latency = self.latency();
        let Some(link) = self.connections.get_mut(connection).filter(|link| !link.broken) else { return };
        link.to_worker = link.to_worker.max(self.now + latency);
        let event = match message {
            Some(message) => WorkerEvent::Message(connection, Box::new(message)),
            None => WorkerEvent::LinkEnded(connection),
        };
        let (at, worker, life) = (link.to_worker & !1, link.worker, link.life);
        self.queue.push(at, Happening::Worker(worker, life, event));
    }

    /// Does anything still pass?
    pub(super) fn passes(&self, connection: usize) -> bool {
        !self.connections[connection].broken
    }

    /// Cuts a connection. Each side learns of it when it learns of it: at once, or by its keepalive.
    pub(super) fn cut(&mut self, connection: usize, quietly: bool) {
        let Some(link) = self.connections.get_mut(connection).filter(|link| !link.broken) else { return };
        link.broken = true;
        let (worker, life, coordinator) = (link.worker, link.life, link.coordinator);
        let (for_worker, for_coordinator) = if quietly {
            (self.dice.between(SECOND, 20 * SECOND), self.dice.between(SECOND, 40 * SECOND))
        } else {
            (self.latency(), self.latency())
        };
        let now = self.now;
        self.queue.push(now + for_worker, Happening::Worker(worker, life, WorkerEvent::LinkEnded(connection)));
        let ended = CoordinatorEvent::ConnectionEnded(connection);
        self.queue.push(now + for_coordinator, Happening::Coordinator(coordinator, ended));
    }

    /// Makes a call. Whatever happens, the caller hears something within [`CALL_TIMEOUT`].
    pub(super) fn call(&mut self, caller: Caller, number: u64, request: Request) {
        let (way, now) = (self.latency(), self.now);
        let nobody = |at: At| (at, Happening::Heard(caller, number, Heard::Nobody));
        let (at, timeout) = nobody(now + CALL_TIMEOUT);
        self.queue.push(at, timeout);
        if self.dice.per_mille(self.network.lost_request) {
            return;
        }
        match self.route() {
            Some(coordinator) => {
                let event = CoordinatorEvent::Call(caller, number, Box::new(request));
                self.queue.push(now + way, Happening::Coordinator(coordinator, event));
            }
            None => {
                let (at, refused) = nobody(now + way);
                self.queue.push(at, refused);
            }
        }
    }

    /// Answers a call.
    pub(super) fn answer(&mut self, caller: Caller, number: u64, heard: Heard) {
        let way = self.latency();
        if !self.dice.per_mille(self.network.lost_answer) {
            self.queue.push(self.now + way, Happening::Heard(caller, number, heard));
        }
    }
}
