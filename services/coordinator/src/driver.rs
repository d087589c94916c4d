//! The hands of the engine: feeds it inputs, appends its records, delivers its answers and messages.

mod handle;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use bytes::Bytes;
use downbeat_domain::RunId;
use downbeat_event_log::{EventLog, Tail};
use downbeat_proto::worker::v1 as wire;
use downbeat_runtime::{
    clock::{Clock, Now},
    otlp::Context,
};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    connections::{Given, Vault},
    engine::{AccessTable, CallId, Engine, Input, Moment, Output, Said, SessionId},
    error::Error,
    limits,
    metrics::PartitionMetrics,
    ownership::Ownership,
    pressure::Pressure,
    snapshots::Snapshots,
    take_over::{self, Owned},
    traces::{self, Append},
};

pub use handle::{CallResult, Handle, Refused, WeakHandle};
use handle::{Greeting, Incoming, Shared};

/// The loop.
pub struct Driver {
    log: Arc<dyn EventLog>,
    engine: Engine,
    clock: Clock,
    ownership: Ownership,
    queue: mpsc::Receiver<Incoming>,
    pressure: Arc<Mutex<Pressure>>,
    /// When the append under way was sent, monotonic.
    sent: Duration,
    /// The end of the log, for those who keep what is in it.
    reached: watch::Sender<Tail>,
    /// Each with when its turn came, monotonic.
    calls: HashMap<CallId, (Duration, oneshot::Sender<CallResult>)>,
    /// Those who wait until a refusal is taken note of.
    noting: HashMap<CallId, oneshot::Sender<()>>,
    /// Those who wait for what workers say.
    inquiries: HashMap<CallId, oneshot::Sender<Said>>,
    next_call: CallId,
    workers: HashMap<SessionId, mpsc::Sender<wire::CoordinatorMessage>>,
    /// Each with the question to the log that it waits for.
    greetings: Vec<(u64, Greeting)>,
    /// Answers that wait for the log to say whose they are; each with its question, too.
    confirming: Vec<(u64, oneshot::Sender<()>)>,
    access: watch::Sender<Arc<AccessTable>>,
    to_append: Option<Bytes>,
    /// The record in flight, and the last one that is in the log, where spans are told.
    append: Option<Append>,
    recorded: Option<Context>,
    snapshots: Option<Snapshots>,
    /// Which sealed connections workers have.
    given: Given,
    /// It is asked to end in order ([`Handle::retire`]).
    retiring: bool,
    /// For what this loop starts beside itself and hears of again. Weak: the loop ends when all other handles are gone.
    own: mpsc::WeakSender<Incoming>,
    metrics: PartitionMetrics,
    /// When it was measured last what is so, monotonic.
    measured: Option<Duration>,
    /// Something may be otherwise since.
    changed: bool,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.metrics.lost();
    }
}

impl Driver {
    /// A loop over a partition that was taken over.
    pub fn new(
        log: Arc<dyn EventLog>,
        owned: Owned,
        snapshots: Option<Snapshots>,
        metrics: PartitionMetrics,
    ) -> (Self, Handle) {
        let (incoming, queue) = mpsc::channel(limits::INPUT_QUEUE);
        let clock = Clock::start();
        let pressure = Arc::new(Mutex::new(Pressure::default()));
        let now = clock.now();
        let ownership = Ownership::new(log.id().clone(), owned.tail, now.monotonic);
        let mut engine = Engine::take_over(owned.partition, owned.tail.sequence, moment(now));
        engine.count_with(metrics.decisions());
        let (access, watched) = watch::channel(engine.access());
        let shared = Shared {
            sessions: Arc::new(AtomicU64::new(1)),
            pressure: Arc::clone(&pressure),
            clock,
            trust: ownership.trust().clone(),
            access: watched,
            metrics: metrics.clone(),
        };
        let handle = Handle { incoming, shared };
        if let Some(snapshots) = &snapshots {
            engine.snapshot_every(snapshots.every);
        }
        let driver = Self {
            log,
            engine,
            clock,
            ownership,
            queue,
            pressure,
            sent: Duration::ZERO,
            reached: watch::Sender::new(owned.tail),
            calls: HashMap::new(),
            noting: HashMap::new(),
            inquiries: HashMap::new(),
            next_call: 1,
            workers: HashMap::new(),
            greetings: Vec::new(),
            confirming: Vec::new(),
            access,
            to_append: None,
            append: None,
            recorded: None,
            snapshots,
            given: Given::new(Arc::default()),
            retiring: false,
            own: handle.incoming.downgrade(),
            metrics,
            measured: None,
            changed: true,
        };
        (driver, handle)
    }

    /// Opens sealed connections for workers with this from now on.
    pub(crate) fn give_from(&mut self, vault: Arc<Vault>) {
        self.given = Given::new(vault);
    }

    /// The connections that the state knows.
    pub(crate) fn connections(&self) -> &downbeat_domain::state::Connections {
        &self.engine.partition().connections
    }

    /// The endpoints that the state knows. `None` = there never was a pipeline, so that it can know nothing of any endpoint.
    pub(crate) fn endpoints(&self) -> Option<&downbeat_domain::state::Endpoints> {
        let partition = self.engine.partition();
        (!partition.pipelines.is_empty()).then_some(&partition.endpoints)
    }

    /// Was a key ever made, as far as it is known?
    pub(crate) fn knows_keys(&self) -> bool {
        let keys = &self.engine.partition().keys;
        !keys.keys.is_empty() || !keys.revoked.is_empty()
    }

    /// The end of the log, as it grows; closed when this owner has ended.
    pub(crate) fn reached(&self) -> watch::Receiver<Tail> {
        self.reached.subscribe()
    }

    /// Where snapshots are kept, if they are.
    pub(crate) fn snapshots(&self) -> Option<&Snapshots> {
        self.snapshots.as_ref()
    }

    /// Runs until every handle is gone, until it is told to retire and everything decided is in the log, or until the partition is lost. Then
    /// it is noted how far the log reached: whatever is in it later.
    ///
    /// # Errors
    /// `Fenced`: another coordinator has the partition. `Log`: the log is damaged, or lost records.
    pub async fn run(mut self) -> Result<(), Error> {
        let ended = self.drive().await;
        if let Some(snapshots) = &self.snapshots {
            snapshots.marks().note(self.log.id(), self.ownership.tail()).await;
        }
        ended
    }

    async fn drive(&mut self) -> Result<(), Error> {
        let mut drained = false;
        let mut inputs = Vec::with_capacity(limits::INPUTS_PER_TURN_MAX);
        let mut appending: Option<tokio::task::JoinHandle<Result<Tail, Error>>> = None;
        let mut asking: Option<tokio::task::JoinHandle<(u64, Result<Tail, downbeat_event_log::Error>)>> = None;
        // When what is under way began, monotonic: the turn, the append with its bytes, the question to the log.
        let (mut woke, mut sent, mut asked) = (self.clock.now().monotonic, (Duration::ZERO, 0), Duration::ZERO);
        loop {
            self.turn();
            if drained && appending.is_none() && self.calls.is_empty() && self.noting.is_empty() {
                // What follows by itself follows from the state, and the next owner sees to it.
                return self.retired().await;
            }
            let now = self.clock.now().monotonic;
            self.metrics.turned(now.saturating_sub(woke));
            self.measure(now);
            if let Some(payload) = self.to_append.take() {
                sent = (now, payload.len());
                self.sent = now;
                self.append = Append::begin(payload.len());
                let (log, after) = (Arc::clone(&self.log), self.ownership.append(now));
                let metrics = self.metrics.clone();
                let again = move || metrics.sent_again();
                appending = Some(tokio::spawn(async move { take_over::append(&*log, after, payload, again).await }));
            }
            if drained && appending.is_none() {
                return self.retired().await;
            }
            if asking.is_none() && self.ownership.ask_at().is_some_and(|due| due <= now) {
                asked = now;
                let (question, log) = (self.ownership.ask(now), Arc::clone(&self.log));
                asking = Some(tokio::spawn(async move { (question, log.tail().await) }));
            }
            let tick = self.next_tick(asking.is_some());
            tokio::select! {
                appended = async { appending.as_mut().expect("guarded below").await }, if appending.is_some() => {
                    appending = None;
                    woke = self.clock.now().monotonic;
                    self.appended(appended)?;
                    self.metrics.appended(sent.1, woke.saturating_sub(sent.0));
                }
                told = async { asking.as_mut().expect("guarded below").await }, if asking.is_some() => {
                    asking = None;
                    woke = self.clock.now().monotonic;
                    self.metrics.asked(woke.saturating_sub(asked));
                    self.changed = true;
                    let (question, told) = told.unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()));
                    self.ownership.told(question, told, self.clock.now().monotonic)?;
                    self.greet();
                }
                taken = self.queue.recv_many(&mut inputs, limits::INPUTS_PER_TURN_MAX), if !drained => {
                    if taken == 0 && !self.retiring {
                        return Ok(());
                    }
                    drained = taken == 0;
                    woke = self.clock.now().monotonic;
                    for incoming in inputs.drain(..) {
                        self.take_in(incoming);
                    }
                }
                () = tokio::time::sleep(tick) => {
                    woke = self.clock.now().monotonic;
                    self.handle(Input::Tick);
                }
            }
        }
    }

    /// Takes nothing more, and lets workers go: what they hold they keep, and tell the next owner.
    fn retire(&mut self) {
        self.retiring = true;
        self.queue.close();
        let sessions: Vec<SessionId> = self.workers.drain().map(|(session, _)| session).collect();
        for session in sessions {
            self.given.forget(session);
            self.handle(Input::WorkerDetached { session });
        }
    }

    /// Everything that was asked is answered; whoever is next begins where this one ends.
    async fn retired(&self) -> Result<(), Error> {
        if let (Some(snapshots), Some(state)) = (&self.snapshots, self.engine.state_in_log()) {
            snapshots.write(self.log.id(), self.ownership.tail(), state, &self.metrics).await;
        }
        Ok(())
    }

    fn appended(&mut self, outcome: Result<Result<Tail, Error>, tokio::task::JoinError>) -> Result<(), Error> {
        match outcome {
            Ok(appended) => {
                let now = self.clock.now().monotonic;
                self.under_pressure(|pressure| pressure.appended(now, now.saturating_sub(self.sent)));
                self.ownership.appended(appended?, now);
                self.reached.send_replace(self.ownership.tail());
            }
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
        self.recorded = self.append.take().map(|append| append.end(self.ownership.tail().sequence));
        self.handle(Input::Appended);
        self.greet();
        Ok(())
    }

    /// Attaches the workers that came before the log said that this is the owner, and lets answers go that wait for it.
    fn greet(&mut self) {
        let ownership = &self.ownership;
        for (_, confirmed) in self.confirming.extract_if(.., |(question, _)| ownership.is_confirmed(*question)) {
            // Who asked may be gone.
            let _ = confirmed.send(());
        }
        let greeted: Vec<(u64, Greeting)> =
            self.greetings.extract_if(.., |(question, _)| ownership.is_confirmed(*question)).collect();
        for (_, Greeting { session, hello, sender, attached }) in greeted {
            // Its connection may have ended meanwhile.
            if attached.send(()).is_ok() {
                self.workers.insert(session, sender);
                self.handle(Input::WorkerAttached { session, hello });
            }
        }
    }

    fn take_in(&mut self, incoming: Incoming) {
        let input = match incoming {
            Incoming::Input(input) => input,
            Incoming::Call(command, caller, command_id, reply) => {
                let call = self.next_call;
                self.next_call += 1;
                self.calls.insert(call, (self.clock.now().monotonic, reply));
                Input::Call { call, caller, command_id, command }
            }
            Incoming::TryConnection(named, caller, reply) => {
                let call = self.next_call;
                self.next_call += 1;
                self.calls.insert(call, (self.clock.now().monotonic, reply));
                Input::TryConnection { call, caller, named }
            }
            Incoming::Refused(caller, refusal, reply) => {
                let call = self.next_call;
                self.next_call += 1;
                self.noting.insert(call, reply);
                Input::Refused { call, caller, refusal }
            }
            Incoming::Inquire(what, reply) => {
                let inquiry = self.next_call;
                self.next_call += 1;
                self.inquiries.insert(inquiry, reply);
                Input::Inquire { inquiry, what }
            }
            Incoming::Attached(greeting) => {
                let question = self.ownership.confirm(self.clock.now().monotonic);
                return self.greetings.push((question, greeting));
            }
            Incoming::Confirm(reply) => {
                let question = self.ownership.confirm(self.clock.now().monotonic);
                return self.confirming.push((question, reply));
            }
            Incoming::Ask(question) => return question(&mut self.engine, moment(self.clock.now())),
            Incoming::Retire => return self.retire(),
        };
        if let Input::WorkerDetached { session } = &input {
            self.workers.remove(session);
            self.given.forget(*session);
        }
        self.handle(input);
    }

    fn handle(&mut self, input: Input) {
        self.changed |= !matches!(input, Input::Tick);
        self.engine.handle(moment(self.clock.now()), input);
    }

    fn turn(&mut self) {
        for output in self.engine.turn(moment(self.clock.now())) {
            match output {
                Output::Append(payload) => self.to_append = Some(payload),
                Output::Reply { call, answer } => {
                    if let Some((began, reply)) = self.calls.remove(&call) {
                        self.metrics.answered(self.clock.now().monotonic.saturating_sub(began));
                        // The caller may have gone away; its command stands all the same.
                        let _ = reply.send(answer.map(|answer| (answer, self.ownership.tail())));
                    }
                }
                Output::Noted { call } => {
                    // As above.
                    let _ = self.noting.remove(&call).map(|reply| reply.send(()));
                }
                Output::Told { inquiry, said } => {
                    // As above.
                    let _ = self.inquiries.remove(&inquiry).map(|reply| reply.send(said));
                }
                Output::Access(table) => {
                    self.access.send_replace(table);
                }
                Output::Send { session, message } => self.send(session, message),
                Output::Snapshot(state) => {
                    if let Some(snapshots) = &self.snapshots {
                        snapshots.keep(self.log.id(), self.ownership.tail(), state, self.metrics.clone());
                    }
                }
                Output::ReadPrior { run, prior } => self.read_prior(run, prior),
                Output::Close { session, reason } => {
                    if self.workers.remove(&session).is_some() {
                        tracing::info!(session, reason, "closing a worker's connection");
                        self.given.forget(session);
                    }
                }
            }
        }
        for (session, message) in self.given.changed(self.engine.partition()) {
            self.pass_on(session, message);
        }
        self.under_pressure(|pressure| pressure.backlog(self.engine.backlog_bytes()));
    }

    /// What is written here holds as a whole, whoever panicked with it in hand.
    fn under_pressure(&self, tell: impl FnOnce(&mut Pressure)) {
        tell(&mut self.pressure.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Says what is so now, where that was not said just before.
    fn measure(&mut self, now: Duration) {
        let just_before = self.measured.is_some_and(|last| now.saturating_sub(last) < limits::MEASURED_EVERY);
        if !self.changed || just_before {
            return;
        }
        (self.measured, self.changed) = (Some(now), false);
        let (owner, sequence) = (self.ownership.trust().holds(now), self.ownership.tail().sequence);
        self.metrics.present(self.engine.present(), owner, sequence, self.engine.backlog_bytes());
    }

    fn read_prior(&self, run: RunId, prior: RunId) {
        let (log, own) = (Arc::clone(&self.log), self.own.clone());
        let pipeline = self.engine.partition().finished.get(&prior).map(|(pipeline, _)| *pipeline);
        tokio::spawn(async move {
            let read = match pipeline {
                Some(pipeline) => crate::prior::read(&*log, prior, pipeline).await,
                None => Ok(None),
            };
            let prior = read.unwrap_or_else(|error| {
                tracing::error!(%error, %prior, "a run that is to be continued cannot be read");
                None
            });
            if let Some(own) = own.upgrade() {
                // Fails only when the loop has ended.
                let _ = own.send(Incoming::Input(Input::PriorRead { run, prior: prior.map(Arc::new) })).await;
            }
        });
    }

    /// Sends a message behind the sealed connections that it needs.
    fn send(&mut self, session: SessionId, mut message: wire::coordinator_message::Message) {
        if !self.workers.contains_key(&session) {
            return;
        }
        let engine = &self.engine;
        traces::sent(engine.partition(), &message, self.recorded);
        let in_hand = || engine.connections_in_hand(session);
        let first = self.given.before(session, &mut message, engine.partition(), in_hand);
        // What a welcome does not hold comes behind it.
        let is_welcome = matches!(message, wire::coordinator_message::Message::Welcome(_));
        let (before, after) = if is_welcome { (Vec::new(), first) } else { (first, Vec::new()) };
        for message in before.into_iter().chain([message]).chain(after) {
            self.pass_on(session, message);
        }
    }

    fn pass_on(&mut self, session: SessionId, message: wire::coordinator_message::Message) {
        let Some(worker) = self.workers.get(&session) else { return };
        let message = wire::CoordinatorMessage { message: Some(message) };
        if worker.try_send(message).is_err() {
            // Too slow, or gone: what it is owed is offered again when it comes back.
            tracing::warn!(session, "a worker's connection does not keep up; closing it");
            self.workers.remove(&session);
            self.given.forget(session);
            self.handle(Input::WorkerDetached { session });
        }
    }

    fn next_tick(&self, is_asking: bool) -> Duration {
        let now = self.clock.now();
        let wall = self.engine.next_wall_deadline().map(|due| {
            let left = due.as_microsecond().saturating_sub(now.wall.as_microsecond());
            Duration::from_micros(u64::try_from(left).unwrap_or(0))
        });
        let lease = self.engine.next_monotonic_deadline().map(|due| due.saturating_sub(now.monotonic));
        let ask = self.ownership.ask_at().filter(|_| !is_asking).map(|due| due.saturating_sub(now.monotonic));
        // What is so is said soon after it became so, also where nothing else happens then.
        let measure = self.measured.map(|last| (last + limits::MEASURED_EVERY).saturating_sub(now.monotonic));
        let measure = measure.filter(|_| self.changed);
        [wall, lease, ask, measure].into_iter().flatten().fold(limits::WALL_CHECK_INTERVAL, Duration::min)
    }
}

fn moment(now: Now) -> Moment {
    Moment { wall: now.wall, monotonic: now.monotonic }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_get_the_monotonic_clock_and_never_the_wall() {
        let wall = jiff::Timestamp::from_second(1_000_000).unwrap();
        let monotonic = Duration::from_secs(7);
        let made = moment(Now { wall, monotonic });
        assert_eq!((made.wall, made.monotonic), (wall, monotonic));
    }
}
