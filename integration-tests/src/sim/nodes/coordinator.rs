//! A coordinator process: takes the partition over, runs the engine, appends its records, and ends when it is fenced.

mod log_access;

use std::{collections::BTreeMap, sync::Arc};

use downbeat_coordinator::{
    engine::{CallId, Engine, Input, Moment, Output, SessionId},
    limits,
    ownership::Ownership,
    take_over::{TakingOver, lost},
};
use downbeat_domain::{PriorRun, RunId, invariants};
use downbeat_event_log::{Error, Hash, Record, RecordId, Settled, Settling, Tail};
use downbeat_proto::{
    snapshot::{self, SnapshotPosition},
    worker::v1 as wire,
};
use downbeat_runtime::retry;
use wire::{coordinator_message::Message as Told, worker_message::Message as Says};

use crate::sim::{
    checks::Violation,
    network::{Caller, Heard, Request},
    nodes::{
        people,
        taking::{Answers, Taking},
    },
    time::{At, Clocks, MILLISECOND, SECOND},
    world::{Happening, World, micros},
};

/// One process; a restart is another one.
#[derive(Debug)]
pub struct Coordinator {
    state: State,
    /// Its clocks.
    pub clocks: Clocks,
    /// Stands still until then.
    pub frozen_until: At,
    /// Does not reach the log until then; everybody else does.
    pub cut_off_until: At,
    /// Number of the append that is being answered.
    appends: u64,
    checked: u64,
}

#[derive(Debug)]
enum State {
    TakingOver(Box<TakingOver>),
    Owner(Box<Owner>),
    Dead,
}

#[derive(Debug)]
pub(super) struct Owner {
    pub(super) engine: Engine,
    pub(super) ownership: Ownership,
    appending: Option<Settling>,
    pub(super) calls: BTreeMap<CallId, (Caller, u64)>,
    pub(super) next_call: CallId,
    /// Events that triggers have yet to answer for, by call.
    pub(super) taking: BTreeMap<u64, Taking>,
    /// What became of events of which the log knows nothing, each with the question to the log that it waits for.
    pub(super) confirming: Vec<(u64, Caller, u64, Answers)>,
    sessions: BTreeMap<SessionId, usize>,
    /// Connections of workers that said hello, each with the question to the log that it waits for.
    greetings: Vec<(u64, usize, wire::Hello)>,
    next_session: SessionId,
    turn_due: bool,
    tick_at: Option<At>,
}

/// What happens to a coordinator.
#[derive(Debug)]
pub enum CoordinatorEvent {
    /// The next question of its take-over is due.
    Ask,
    /// An append was answered.
    Appended(u64, Result<Tail, Error>),
    /// An append is to be sent again.
    AppendAgain(u64),
    /// A call arrives.
    Call(Caller, u64, Box<Request>),
    /// A worker says something.
    FromWorker(usize, Box<wire::WorkerMessage>),
    /// A worker's connection is gone.
    ConnectionEnded(usize),
    /// The loop goes round.
    Turn,
    /// Time has passed.
    Tick,
    /// The log said where it ends.
    Told(u64, Result<Tail, Error>),
    /// A run that a restart continues was read from the log.
    PriorRead(RunId, Option<Arc<PriorRun>>),
}

impl Coordinator {
    /// Is the process there?
    pub fn lives(&self) -> bool {
        !matches!(self.state, State::Dead)
    }

    /// Does it own the partition, as far as it knows?
    pub fn owns(&self) -> bool {
        matches!(self.state, State::Owner(_))
    }

    /// The engine of an owner at rest, with the end of the log as it knows it.
    pub fn at_rest(&self) -> Option<(&Engine, Tail)> {
        match &self.state {
            State::Owner(owner) if owner.appending.is_none() => Some((&owner.engine, owner.ownership.tail())),
            _ => None,
        }
    }

    fn moment(&self, now: At) -> Moment {
        Moment { wall: self.clocks.wall(now), monotonic: self.clocks.monotonic(now) }
    }
}

impl World {
    /// Starts a coordinator.
    pub(crate) fn start_coordinator(&mut self) {
        let clocks = self.fresh_clocks();
        let at = self.coordinators.len();
        let mut taking = TakingOver::new(self.log.id().clone(), &format!("c{at}"));
        // The newest snapshot that can be trusted, as the service takes it.
        let decoded = self.snapshots.iter().rev().find_map(|bytes| snapshot::decode(bytes).ok());
        if let Some((partition, position)) = decoded {
            let at = Tail { sequence: position.sequence, hash: Hash(position.hash) };
            self.say(|| format!("a coordinator begins with a snapshot of {}", at.sequence));
            taking = taking.from_snapshot(partition, at);
        }
        let state = State::TakingOver(Box::new(taking));
        self.coordinators.push(Coordinator {
            state,
            clocks,
            frozen_until: 0,
            cut_off_until: 0,
            appends: 0,
            checked: 0,
        });
        self.say(|| format!("coordinator {at} starts"));
        self.tell(at, 0, CoordinatorEvent::Ask);
    }

    /// The process is gone, whatever it was doing. A record under way may still land.
    pub(crate) fn end_coordinator(&mut self, at: usize, why: &str) {
        self.say(|| format!("coordinator {at} ends: {why}"));
        let state = std::mem::replace(&mut self.coordinators[at].state, State::Dead);
        let pause = self.dice.between(SECOND / 10, 5 * SECOND);
        self.queue.push(self.now + pause, Happening::Supervise);
        let State::Owner(owner) = state else { return };
        for connection in 0..self.connections.len() {
            if self.connections[connection].coordinator == at {
                self.cut(connection, false);
            }
        }
        let confirming = owner.confirming.into_iter().map(|(_, caller, number, _)| (caller, number));
        for (caller, number) in owner.calls.into_values().chain(confirming) {
            self.answer(caller, number, Heard::Nobody);
        }
    }

    fn tell(&mut self, at: usize, after: At, event: CoordinatorEvent) {
        self.queue.push(self.now + after, Happening::Coordinator(at, event));
    }

    /// Something happens to a coordinator.
    pub(crate) fn coordinator(&mut self, at: usize, event: CoordinatorEvent) {
        let frozen_until = self.coordinators[at].frozen_until;
        if self.now < frozen_until {
            return self.queue.push(frozen_until, Happening::Coordinator(at, event));
        }
        match event {
            CoordinatorEvent::Ask => self.ask(at),
            CoordinatorEvent::Appended(append, answer) => self.appended(at, append, answer),
            CoordinatorEvent::AppendAgain(append) => self.append_again(at, append),
            CoordinatorEvent::Call(caller, number, request) => self.called(at, caller, number, &request),
            CoordinatorEvent::FromWorker(connection, message) => self.worker_says(at, connection, *message),
            CoordinatorEvent::ConnectionEnded(connection) => {
                let session = self.connections[connection].session.take();
                if let Some(owner) = self.owner(at) {
                    owner.greetings.retain(|(_, waiting, _)| *waiting != connection);
                }
                if let (Some(owner), Some(session)) = (self.owner(at), session) {
                    owner.sessions.remove(&session);
                    self.input(at, Input::WorkerDetached { session });
                }
            }
            CoordinatorEvent::Turn => {
                if let Some(owner) = self.owner(at).filter(|owner| owner.turn_due) {
                    owner.turn_due = false;
                    self.turn(at);
                }
            }
            CoordinatorEvent::Tick => {
                let now = self.now;
                if let Some(owner) = self.owner(at).filter(|owner| owner.tick_at.is_some_and(|due| due <= now)) {
                    owner.tick_at = None;
                    self.input(at, Input::Tick);
                    self.ask_for_tail(at);
                }
            }
            CoordinatorEvent::PriorRead(run, prior) => {
                if self.owner(at).is_some() {
                    self.input(at, Input::PriorRead { run, prior });
                }
            }
            CoordinatorEvent::Told(question, answer) => self.told(at, question, answer),
        }
    }

    pub(super) fn owner(&mut self, at: usize) -> Option<&mut Owner> {
        match &mut self.coordinators[at].state {
            State::Owner(owner) => Some(owner),
            _ => None,
        }
    }

    fn appended(&mut self, at: usize, append: u64, answer: Result<Tail, Error>) {
        if self.coordinators[at].appends != append {
            return;
        }
        let now = self.now;
        let monotonic = self.coordinators[at].clocks.monotonic(now);
        match &mut self.coordinators[at].state {
            State::TakingOver(taking) => match taking.fenced(answer) {
                Err(error) => self.end_coordinator(at, &error.to_string()),
                Ok(Some(pause)) => self.tell(at, micros(pause), CoordinatorEvent::Ask),
                Ok(None) if taking.ask().is_some() => self.tell(at, MILLISECOND, CoordinatorEvent::Ask),
                Ok(None) => self.own(at),
            },
            State::Owner(owner) => {
                let Some(settling) = &mut owner.appending else { return };
                match settling.answered(answer) {
                    Settled::Done(Ok(tail)) => {
                        owner.ownership.appended(tail, monotonic);
                        owner.appending = None;
                        self.input(at, Input::Appended);
                        self.greet(at);
                    }
                    Settled::Done(Err(error)) => self.end_coordinator(at, &lost(error).to_string()),
                    Settled::Again { attempts, .. } => {
                        let again = Happening::Coordinator(at, CoordinatorEvent::AppendAgain(append));
                        self.queue.push(now + micros(retry::pause(attempts)), again);
                    }
                }
            }
            State::Dead => {}
        }
    }

    fn own(&mut self, at: usize) {
        let moment = self.coordinators[at].moment(self.now);
        let State::TakingOver(taking) = std::mem::replace(&mut self.coordinators[at].state, State::Dead) else {
            return;
        };
        let owned = taking.into_owned();
        self.say(|| format!("coordinator {at} owns the partition from {}", owned.tail.sequence));
        let mut engine = Engine::take_over(owned.partition, owned.tail.sequence, moment);
        engine.snapshot_every(self.dice.between(2, 60));
        self.coordinators[at].state = State::Owner(Box::new(Owner {
            engine,
            ownership: Ownership::new(self.log.id().clone(), owned.tail, moment.monotonic),
            appending: None,
            calls: BTreeMap::new(),
            next_call: 1,
            taking: BTreeMap::new(),
            confirming: Vec::new(),
            sessions: BTreeMap::new(),
            greetings: Vec::new(),
            next_session: 1,
            turn_due: false,
            tick_at: None,
        }));
        self.turn(at);
    }

    fn called(&mut self, at: usize, caller: Caller, number: u64, request: &Request) {
        let Some(owner) = self.owner(at) else { return self.answer(caller, number, Heard::Nobody) };
        let command = match (request, request.command()) {
            (Request::Take(event), _) => return self.offered(at, caller, number, event),
            (_, Some(command)) => command,
            (_, None) => return,
        };
        let call = owner.next_call;
        owner.next_call += 1;
        owner.calls.insert(call, (caller, number));
        let caller = Box::new(downbeat_domain::Caller::named(format!("{caller:?}")));
        self.input(at, Input::Call { call, caller, command_id: None, command });
    }

    fn worker_says(&mut self, at: usize, connection: usize, message: wire::WorkerMessage) {
        if !self.passes(connection) || self.owner(at).is_none() {
            // No listener, no connection.
            return self.cut(connection, false);
        }
        let session = self.connections[connection].session;
        let input = match (message.message, session) {
            (Some(Says::Hello(hello)), None) => {
                let monotonic = self.coordinators[at].clocks.monotonic(self.now);
                let Some(owner) = self.owner(at) else { return };
                let question = owner.ownership.confirm(monotonic);
                owner.greetings.push((question, connection, hello));
                return self.ask_for_tail(at);
            }
            (Some(Says::Reports(reports)), Some(session)) => Input::WorkerReports { session, reports: reports.reports },
            (Some(Says::Heartbeat(_)), Some(session)) => {
                // As the service does: answered beside the engine, unless the engine has closed the connection.
                let monotonic = self.coordinators[at].clocks.monotonic(self.now);
                let Some(owner) = self.owner(at).filter(|owner| owner.sessions.contains_key(&session)) else { return };
                if owner.ownership.trust().holds(monotonic) {
                    let answer = wire::CoordinatorMessage { message: Some(Told::Heartbeat(wire::HeartbeatAnswer {})) };
                    self.send_to_worker(connection, Some(answer));
                }
                Input::WorkerHeartbeat { session }
            }
            _ => return,
        };
        self.input(at, input);
    }

    pub(super) fn input(&mut self, at: usize, input: Input) {
        let moment = self.coordinators[at].moment(self.now);
        let at_once = self.dice.per_mille(500);
        let wait = self.dice.below(2 * MILLISECOND);
        let Some(owner) = self.owner(at) else { return };
        owner.engine.handle(moment, input);
        if at_once {
            owner.turn_due = false;
            self.turn(at);
        } else if !owner.turn_due {
            owner.turn_due = true;
            self.tell(at, wait, CoordinatorEvent::Turn);
        }
    }

    fn turn(&mut self, at: usize) {
        let moment = self.coordinators[at].moment(self.now);
        let Some(owner) = self.owner(at) else { return };
        for output in owner.engine.turn(moment) {
            self.put_out(at, output);
        }
        self.inspect(at);
        self.schedule_tick(at);
    }

    fn put_out(&mut self, at: usize, output: Output) {
        match output {
            Output::Append(payload) => {
                let record = Record { id: RecordId(self.dice.bytes()), payload };
                let monotonic = self.coordinators[at].clocks.monotonic(self.now);
                let Some(owner) = self.owner(at) else { return };
                let after = owner.ownership.append(monotonic);
                owner.appending = Some(Settling::new(after, record.clone()));
                self.send_append(at, after, record);
            }
            Output::Snapshot(state) => self.keep_snapshot(at, state),
            Output::ReadPrior { run, prior } => {
                let pipeline = self
                    .owner(at)
                    .and_then(|owner| owner.engine.partition().finished.get(&prior).map(|(pipeline, _)| *pipeline));
                let read = pipeline.and_then(|pipeline| people::prior(self, prior, pipeline)).map(Arc::new);
                let after = self.latency();
                self.tell(at, after, CoordinatorEvent::PriorRead(run, read));
            }
            Output::Reply { call, answer } => {
                let Some(owner) = self.owner(at) else { return };
                let Some((caller, number)) = owner.calls.remove(&call) else { return };
                let Some(taking) = owner.taking.get_mut(&number) else {
                    return self.answer(caller, number, Heard::Answer(answer));
                };
                if let Some(answers) = taking.answered(answer) {
                    owner.taking.remove(&number);
                    self.answer_for_event(at, caller, number, answers);
                }
            }
            // No call of this world is refused before it becomes a command.
            Output::Noted { .. } => {}
            // Nobody of this world asks for files of repositories.
            Output::Told { .. } => {}
            // No gateway of this world watches who may do what.
            Output::Access(_) => {}
            Output::Send { session, message } => {
                let connection = self.owner(at).and_then(|owner| owner.sessions.get(&session).copied());
                if let Some(connection) = connection {
                    self.cost.told(&message);
                    self.send_to_worker(connection, Some(wire::CoordinatorMessage { message: Some(message) }));
                }
            }
            Output::Close { session, reason } => {
                let connection = self.owner(at).and_then(|owner| owner.sessions.remove(&session));
                if let Some(connection) = connection {
                    self.say(|| format!("coordinator {at} closes session {session}: {reason}"));
                    self.send_to_worker(connection, None);
                }
            }
        }
    }

    /// A snapshot reaches the blob store, or gets lost or damaged on the way.
    fn keep_snapshot(&mut self, at: usize, state: Vec<u8>) {
        let log_id = self.log.id().to_string();
        let Some(owner) = self.owner(at) else { return };
        let tail = owner.ownership.tail();
        let position = SnapshotPosition { log_id, sequence: tail.sequence, hash: tail.hash.0 };
        let mut bytes = snapshot::seal(state, &position);
        match self.dice.below(10) {
            0 => return,
            1 => {
                let place = self.dice.below(bytes.len() as u64) as usize;
                bytes[place] ^= 1 << self.dice.below(8);
            }
            _ => {}
        }
        self.snapshots.push(bytes);
        let old = self.snapshots.len().saturating_sub(limits::SNAPSHOTS_KEPT);
        self.snapshots.drain(..old);
    }

    /// The state after a step. What grows with the number of tasks is looked at more seldom when there are many.
    fn inspect(&mut self, at: usize) {
        let node = &mut self.coordinators[at];
        let State::Owner(owner) = &node.state else { return };
        let tasks: usize = owner.engine.partition().runs.values().map(|run| run.tasks.len()).sum();
        node.checked += 1;
        if !node.checked.is_multiple_of(1 + tasks as u64 / 64) {
            return;
        }
        for what in invariants::violations(owner.engine.partition()) {
            self.found.push(Violation {
                invariant: "state of an engine",
                sequence: owner.ownership.tail().sequence,
                what,
            });
        }
    }

    fn schedule_tick(&mut self, at: usize) {
        let now = self.now;
        let clocks = self.coordinators[at].clocks.clone();
        let Some(owner) = self.owner(at) else { return };
        let wall = owner.engine.next_wall_deadline().map(|due| clocks.when_wall(due));
        let lease = owner.engine.next_monotonic_deadline().map(|due| clocks.when_monotonic(due));
        let ask = owner.ownership.ask_at().map(|due| clocks.when_monotonic(due));
        let latest = now + micros(limits::WALL_CHECK_INTERVAL);
        let due = [wall, lease, ask].into_iter().flatten().fold(latest, At::min).max(now + MILLISECOND);
        if owner.tick_at.is_none_or(|planned| due < planned || planned <= now) {
            owner.tick_at = Some(due);
            self.queue.push(due, Happening::Coordinator(at, CoordinatorEvent::Tick));
        }
    }
}
