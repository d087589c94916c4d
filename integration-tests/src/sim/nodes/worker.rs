//! A worker process: the real engine, a link that connects again for ever, and scripted jobs instead of processes.

use std::collections::BTreeMap;

use bytes::Bytes;
use downbeat_domain::{AttemptRef, RunId};
use downbeat_proto::worker::v1 as wire;
use downbeat_worker::{
    attempt::{AttemptId, Failure},
    engine::{CheckTicket, Engine, Identity, Input, Now, Output},
    verdict::Verdict,
};

use super::{
    carrying::{Carried, CarriedEvent, REMOTE},
    job::Job,
};
use crate::sim::{
    scenario::Installed,
    time::{At, Clocks, MILLISECOND, SECOND},
    world::{Happening, World},
};

/// Pauses of the link between two attempts to connect.
const PAUSES: (At, At) = (100 * MILLISECOND, 5 * SECOND);

/// A worker's machine, with or without its process.
#[derive(Debug)]
pub struct Worker {
    installed: Installed,
    /// Counts its processes: what was meant for one that is gone reaches nobody.
    pub life: u64,
    id: [u8; 16],
    process: Option<Process>,
    /// Jobs that a killed process left behind.
    orphans: Vec<u64>,
    /// Its clocks.
    pub clocks: Clocks,
    /// Stands still until then.
    pub frozen_until: At,
    /// Reaches nobody until then.
    pub isolated_until: At,
}

#[derive(Debug)]
struct Process {
    engine: Engine,
    jobs: BTreeMap<AttemptId, Job>,
    /// Attempts whose jobs run elsewhere.
    carried: BTreeMap<AttemptId, Carried>,
    /// Counts the links: what belongs to an earlier one is void.
    link: u64,
    connections: u64,
    connection: Option<usize>,
    pause: At,
    tick_at: Option<At>,
}

/// What happens to a worker.
#[derive(Debug)]
pub enum WorkerEvent {
    /// The process begins.
    Start,
    /// The link of this number tries to connect.
    Connect(u64),
    /// A connection is open.
    Connected(u64, usize),
    /// The coordinator says something.
    Message(usize, Box<wire::CoordinatorMessage>),
    /// A connection is gone.
    LinkEnded(usize),
    /// A job may be over.
    JobEnds(AttemptId, u64),
    /// Something about a job that runs elsewhere.
    Carried(AttemptId, u64, CarriedEvent),
    /// A check is over.
    LookEnds(CheckTicket, Verdict),
    /// Time has passed.
    Tick,
    /// The worker is asked to end.
    ShutDown,
}

impl Worker {
    /// A machine on which no worker has run yet.
    pub fn new(installed: Installed, id: [u8; 16], clocks: Clocks) -> Self {
        Self { installed, life: 0, id, process: None, orphans: Vec::new(), clocks, frozen_until: 0, isolated_until: 0 }
    }

    /// Is there a process?
    pub fn lives(&self) -> bool {
        self.process.is_some()
    }

    /// Its current connection.
    pub fn connection(&self) -> Option<usize> {
        self.process.as_ref()?.connection
    }

    /// It has this attempt from now on.
    pub(super) fn carry(&mut self, attempt: AttemptId, carried: Carried) {
        if let Some(process) = &mut self.process {
            process.carried.insert(attempt, carried);
        }
    }

    /// This attempt, if it has it.
    pub(super) fn carried(&mut self, attempt: AttemptId) -> Option<&mut Carried> {
        self.process.as_mut()?.carried.get_mut(&attempt)
    }

    /// It has it no more.
    pub(super) fn uncarry(&mut self, attempt: AttemptId) {
        if let Some(process) = &mut self.process {
            process.carried.remove(&attempt);
        }
    }

    /// Tokens of its jobs.
    pub fn jobs(&self) -> Vec<u64> {
        self.process.iter().flat_map(|process| process.jobs.values().map(|job| job.token)).collect()
    }
}

impl World {
    pub(super) fn tell_worker(&mut self, at: usize, after: At, event: WorkerEvent) {
        let life = self.workers[at].life;
        self.queue.push(self.now + after, Happening::Worker(at, life, event));
    }

    /// A new process will begin.
    pub(crate) fn start_worker(&mut self, at: usize, after: At) {
        self.workers[at].life += 1;
        self.tell_worker(at, after, WorkerEvent::Start);
    }

    /// The process is gone. Its jobs go with it, or run on until the next one begins.
    pub(crate) fn end_worker(&mut self, at: usize, jobs_go: bool, quietly: bool, new_id: bool) {
        let Some(process) = self.workers[at].process.take() else { return };
        self.workers[at].life += 1;
        for job in process.jobs.into_values() {
            if jobs_go {
                self.jobs.end(job.token);
            } else {
                self.jobs.excuse(job.token);
                self.workers[at].orphans.push(job.token);
            }
        }
        if let Some(connection) = process.connection {
            self.cut(connection, quietly);
        }
        if new_id {
            self.workers[at].id = self.dice.bytes();
        }
    }

    /// Something happens to a worker.
    pub(crate) fn worker(&mut self, at: usize, life: u64, event: WorkerEvent) {
        let worker = &self.workers[at];
        if worker.life != life {
            return;
        }
        if self.now < worker.frozen_until {
            let until = worker.frozen_until;
            return self.queue.push(until, Happening::Worker(at, life, event));
        }
        match event {
            WorkerEvent::Start => self.begin_worker(at),
            WorkerEvent::Connect(link) => self.connect_worker(at, link),
            WorkerEvent::Connected(link, connection) => {
                let Some(process) = self.process(at) else { return };
                if process.link != link {
                    return self.cut(connection, false);
                }
                process.connection = Some(connection);
                let number = self.connections[connection].number;
                self.step(at, vec![Input::Connected(number)]);
            }
            WorkerEvent::Message(connection, message) => {
                if self.passes(connection) {
                    let number = self.connections[connection].number;
                    self.step(at, vec![Input::Message(number, *message)]);
                }
            }
            WorkerEvent::LinkEnded(connection) => self.link_ended(at, connection),
            WorkerEvent::JobEnds(attempt, token) => self.job_ends(at, attempt, token),
            WorkerEvent::Carried(attempt, token, event) => self.carried_event(at, attempt, token, event),
            WorkerEvent::LookEnds(ticket, verdict) => self.step(at, vec![Input::Checked(ticket, verdict)]),
            WorkerEvent::Tick => {
                let now = self.now;
                if let Some(process) = self.process(at).filter(|process| process.tick_at.is_some_and(|due| due <= now))
                {
                    process.tick_at = None;
                    self.step(at, Vec::new());
                }
            }
            WorkerEvent::ShutDown => self.step(at, vec![Input::ShutDown]),
        }
    }

    fn process(&mut self, at: usize) -> Option<&mut Process> {
        self.workers[at].process.as_mut()
    }

    fn begin_worker(&mut self, at: usize) {
        // Before it connects, a worker ends what an earlier process left behind.
        for token in std::mem::take(&mut self.workers[at].orphans) {
            self.jobs.end(token);
        }
        let clocks = self.fresh_clocks();
        let worker = &mut self.workers[at];
        worker.clocks = clocks;
        let job = |(integration, integration_job): (&str, &str), remote| wire::Job {
            integration: integration.to_owned(),
            integration_job: integration_job.to_owned(),
            remote,
            sealed_only: false,
        };
        let mut jobs = vec![job(("DOWNBEAT", "NOOP"), false)];
        if worker.installed.scripts {
            jobs.push(job(("PYTHON", "PYTHON_EXECUTE_SCRIPT"), false));
            jobs.push(job(REMOTE, true));
        }
        let checks = [("POSTGRES", "POSTGRES_QUERY"), ("SLACK", "ALERT")];
        let checks = checks.map(|(integration, kind)| wire::CheckKind {
            integration: integration.to_owned(),
            sensor_type: kind.to_owned(),
            sealed_only: false,
        });
        let identity = Identity {
            worker_id: Bytes::copy_from_slice(&worker.id),
            name: format!("w{at}"),
            slots: worker.installed.slots,
            jobs,
            checks: checks.to_vec(),
            labels: Default::default(),
        };
        worker.process = Some(Process {
            engine: Engine::new(identity),
            jobs: BTreeMap::new(),
            carried: BTreeMap::new(),
            link: 1,
            connections: 0,
            connection: None,
            pause: PAUSES.0,
            tick_at: None,
        });
        self.say(|| format!("worker {at} starts"));
        self.tell_worker(at, MILLISECOND, WorkerEvent::Connect(1));
    }

    fn connect_worker(&mut self, at: usize, link: u64) {
        let reachable = self.now >= self.workers[at].isolated_until;
        let target = self.route().filter(|target| reachable && self.coordinators[*target].owns());
        let way = self.latency();
        let Some(process) = self.process(at).filter(|process| process.link == link) else { return };
        process.connections += 1;
        match target {
            Some(coordinator) => {
                let number = process.connections;
                let connection = self.connect(at, number, coordinator);
                self.tell_worker(at, way, WorkerEvent::Connected(link, connection));
            }
            None => self.connect_later(at),
        }
    }

    fn connect_later(&mut self, at: usize) {
        let Some(process) = self.process(at) else { return };
        let (pause, link) = (process.pause, process.link);
        process.pause = (pause * 2).min(PAUSES.1);
        self.tell_worker(at, pause, WorkerEvent::Connect(link));
    }

    fn link_ended(&mut self, at: usize, connection: usize) {
        let (now, number) = (self.now, self.connections[connection].number);
        let since = self.connections[connection].since;
        // The worker hangs up as well.
        self.cut(connection, false);
        let Some(process) = self.process(at).filter(|process| process.connection == Some(connection)) else { return };
        process.connection = None;
        if now - since > PAUSES.1 {
            process.pause = PAUSES.0;
        }
        self.step(at, vec![Input::Disconnected(number)]);
        self.connect_later(at);
    }

    fn job_ends(&mut self, at: usize, attempt: AttemptId, token: u64) {
        let now = self.now;
        let Some(process) = self.process(at) else { return };
        if !process.jobs.get(&attempt).is_some_and(|job| job.token == token && job.ends <= now) {
            return;
        }
        if let Some(job) = process.jobs.remove(&attempt) {
            self.jobs.end(token);
            self.step(at, vec![Input::Finished(attempt, Box::new(job.into_ended()))]);
        }
    }

    pub(super) fn step(&mut self, at: usize, inputs: Vec<Input>) {
        let clocks = &self.workers[at].clocks;
        let now = Now { monotonic: clocks.monotonic(self.now), wall_micros: clocks.wall(self.now).as_microsecond() };
        let Some(process) = self.process(at) else { return };
        let outputs = process.engine.handle(now, inputs);
        for output in outputs {
            self.carry_out(at, output);
        }
        self.inspect_worker(at);
        self.schedule_worker_tick(at);
    }

    fn carry_out(&mut self, at: usize, output: Output) {
        match output {
            Output::Send(message) => {
                if let Some(connection) = self.workers[at].connection() {
                    self.cost.said(&message);
                    self.send_to_coordinator(connection, message);
                }
            }
            Output::Run(attempt, offer) if offer.integration == REMOTE.0 => {
                self.carry(at, attempt, offer.resume.as_ref());
            }
            Output::Run(attempt, _) => self.run_job(at, attempt),
            Output::Stop(attempt) if self.workers[at].carried(attempt).is_some() => self.stop_carried(at, attempt),
            Output::Kill(attempt) if self.workers[at].carried(attempt).is_some() => self.let_go(at, attempt),
            Output::Stop(attempt) => self.end_job(at, attempt, Job::stop),
            Output::Kill(attempt) => self.end_job(at, attempt, Job::kill),
            Output::Disconnect(reason) => self.reconnect(at, reason),
            Output::LeaseLost { killed, forgotten } => {
                self.say(|| format!("worker {at} lost its lease: {killed} killed, {forgotten} reports forgotten"));
            }
            Output::Check(ticket, _) => self.make_check(at, ticket),
            // Its answer is nobody's any more: the engine leaves it aside.
            Output::AbandonCheck(_) | Output::Ignored(_) | Output::Given(..) => {}
            Output::Exit => {
                self.say(|| format!("worker {at} has ended"));
                self.end_worker(at, true, false, false);
                let pause = self.dice.between(SECOND / 10, 10 * SECOND);
                self.start_worker(at, pause);
            }
        }
    }

    /// A check finds what it looks for, or does not, or never ends; an alert is told, or is not.
    fn make_check(&mut self, at: usize, ticket: CheckTicket) {
        let outputs = || Verdict::Passed { outputs: String::new() };
        let verdict = match self.dice.below(10) {
            0..=3 => outputs(),
            4..=6 => Verdict::Pending { message: "not there".to_owned() },
            7..=8 => Verdict::Failed(Failure::transient("nobody answers")),
            _ => return,
        };
        let takes = if self.dice.per_mille(200) { 90 * SECOND } else { 5 * SECOND };
        let takes = self.dice.between(MILLISECOND, takes);
        self.tell_worker(at, takes, WorkerEvent::LookEnds(ticket, verdict));
    }

    fn run_job(&mut self, at: usize, attempt: AttemptId) {
        self.job_tokens += 1;
        let (token, now) = (self.job_tokens, self.now);
        let behaviour = self.behaviour_of(attempt.run);
        let job = Job::begin(token, now, &behaviour, &mut self.dice);
        let ends = job.ends;
        let reference = AttemptRef { run: RunId(attempt.run), task: attempt.task, number: attempt.number };
        let beside = self.jobs.start(token, reference, at);
        self.found.extend(beside);
        if let Some(process) = self.process(at) {
            process.jobs.insert(attempt, job);
        }
        self.tell_worker(at, ends.saturating_sub(now), WorkerEvent::JobEnds(attempt, token));
    }

    fn end_job(&mut self, at: usize, attempt: AttemptId, how: fn(&mut Job, At)) {
        let now = self.now;
        let Some(job) = self.process(at).and_then(|process| process.jobs.get_mut(&attempt)) else { return };
        how(job, now);
        let (ends, token) = (job.ends, job.token);
        self.tell_worker(at, ends.saturating_sub(now), WorkerEvent::JobEnds(attempt, token));
    }

    /// The link is given up for a new one, which connects at once.
    fn reconnect(&mut self, at: usize, reason: &str) {
        self.say(|| format!("worker {at} gives its connection up: {reason}"));
        let Some(process) = self.process(at) else { return };
        process.link += 1;
        process.pause = PAUSES.0;
        let (link, lost) = (process.link, process.connection.take());
        if let Some(connection) = lost {
            self.cut(connection, false);
        }
        self.tell_worker(at, 0, WorkerEvent::Connect(link));
    }

    fn inspect_worker(&mut self, at: usize) {
        let Some(process) = self.workers[at].process.as_ref() else { return };
        let slots = self.workers[at].installed.slots as usize;
        // What is being stopped, because others have it now, runs beside what came instead.
        let running = process.jobs.values().filter(|job| !job.ending).count();
        if running > slots {
            let what = format!("worker {at} has {slots} slots and runs {running} jobs");
            self.violated("slots", what);
        }
    }

    fn schedule_worker_tick(&mut self, at: usize) {
        let now = self.now;
        let Worker { clocks, process: Some(process), .. } = &mut self.workers[at] else { return };
        let Some(due) = process.engine.next_deadline() else { return };
        let due = clocks.when_monotonic(due).max(now + MILLISECOND);
        if process.tick_at.is_none_or(|planned| due < planned || planned <= now) {
            process.tick_at = Some(due);
            self.tell_worker(at, due - now, WorkerEvent::Tick);
        }
    }
}
