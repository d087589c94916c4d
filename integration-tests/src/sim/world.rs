//! Everything that exists in a simulation, and the loop that lets one thing happen after the other.

use std::{sync::Arc, time::Duration};

use downbeat_domain::{PipelineApplied, PipelineId, RunId, compile};
use downbeat_event_log::{Record as LogRecord, Tail};

use super::{
    census::Census,
    checks::{
        self, AllChecks, Check, Violation,
        acknowledged::{Acknowledged, Commands},
        jobs::Jobs,
    },
    cost::Cost,
    dice::Dice,
    elsewhere::{Elsewhere, Key},
    log::Log,
    network::{Caller, Connection, Heard},
    nodes::{
        client::{Client, ClientEvent},
        coordinator::{Coordinator, CoordinatorEvent},
        projector::{Projector, ProjectorEvent},
        scheduler::{Scheduler, SchedulerEvent},
        worker::{Worker, WorkerEvent},
    },
    scenario::{AppendFaults, Network, Scenario},
    stream::{Stream, StreamEvent},
    time::{At, Clocks, MILLISECOND, Queue, SECOND},
    trace::{Lines, Trace},
    workloads::{self, Behaviour},
};

/// Events after which a simulation is taken for one that never ends.
const EVENTS_MAX: u64 = 2_000_000;
/// How much faster or slower than true a monotonic clock may run, millionths.
const DRIFT_PPM_MAX: u64 = 20_000;

/// Something that happens.
#[derive(Debug)]
pub enum Happening {
    /// To a coordinator.
    Coordinator(usize, CoordinatorEvent),
    /// To a worker, in one of its lives.
    Worker(usize, u64, WorkerEvent),
    /// To a scheduler, in one of its lives.
    Scheduler(usize, u64, SchedulerEvent),
    /// To a projector, in one of its lives.
    Projector(usize, u64, ProjectorEvent),
    /// To the clients.
    Client(ClientEvent),
    /// To the stream of messages for event triggers.
    Stream(StreamEvent),
    /// A caller hears something.
    Heard(Caller, u64, Heard),
    /// A record reaches the log; its answer reaches this append of this coordinator then, or nobody.
    Landing {
        /// Where it belongs.
        after: Tail,
        /// What.
        record: Box<LogRecord>,
        /// When, who, which append.
        answer: Option<(At, usize, u64)>,
    },
    /// A request to begin a job reaches the other system.
    JobArrives(Key),
    /// A request to end one does.
    CancelArrives(Key),
    /// Somebody looks whether a coordinator is there.
    Supervise,
    /// Something goes wrong.
    Nemesis,
    /// Nothing goes wrong any more.
    Heal,
    /// Is everything done?
    Look,
}

/// The simulation.
pub struct World {
    pub(super) seed: u64,
    pub(super) now: At,
    pub(super) dice: Dice,
    pub(super) queue: Queue<Happening>,
    pub(super) trace: Trace,
    pub(super) scenario: Scenario,
    pub(super) network: Network,
    pub(super) appends: AppendFaults,
    pub(super) healed: Option<At>,
    pub(super) done: bool,
    pub(super) log: Log,
    pub(super) stream: Stream,
    /// Snapshots as they lie in the blob store, oldest first.
    pub(super) snapshots: Vec<Vec<u8>>,
    pub(super) connections: Vec<Connection>,
    pub(super) coordinators: Vec<Coordinator>,
    pub(super) workers: Vec<Worker>,
    pub(super) schedulers: Vec<Scheduler>,
    pub(super) projectors: Vec<Projector>,
    pub(super) client: Client,
    pub(super) calls: u64,
    pub(super) job_tokens: u64,
    pub(super) events: u64,
    pub(super) jobs: Jobs,
    pub(super) elsewhere: Elsewhere,
    pub(super) census: Census,
    pub(super) cost: Cost,
    pub(super) found: Vec<Violation>,
    pub(super) checks: AllChecks,
    commands: Commands,
}

impl World {
    /// The world as this seed has it, before anything happens.
    pub fn new(seed: u64, lines: Lines) -> Self {
        let mut dice = Dice::new(seed);
        let scenario = Scenario::draw(&mut dice);
        let mut world = Self {
            seed,
            now: 0,
            dice,
            queue: Queue::default(),
            trace: Trace::new(lines),
            network: scenario.network,
            appends: scenario.appends,
            healed: None,
            done: false,
            log: Log::new(),
            stream: Stream::default(),
            snapshots: Vec::new(),
            connections: Vec::new(),
            coordinators: Vec::new(),
            workers: Vec::new(),
            schedulers: Vec::new(),
            projectors: Vec::new(),
            client: Client::default(),
            calls: 0,
            job_tokens: 0,
            events: 0,
            jobs: Jobs::default(),
            elsewhere: Elsewhere::default(),
            census: Census::default(),
            cost: Cost::default(),
            found: Vec::new(),
            checks: AllChecks::default(),
            commands: Commands::default(),
            scenario,
        };
        world.populate();
        world
    }

    fn populate(&mut self) {
        let names: Vec<&str> = self.scenario.workloads.iter().map(|workload| workload.name).collect();
        let line = format!("seed {}: {names:?}, faults {:?}", self.seed, self.scenario.faults);
        self.say(|| line);
        self.start_coordinator();
        for installed in self.scenario.workers.clone() {
            let (id, clocks) = (self.dice.bytes(), self.fresh_clocks());
            self.workers.push(Worker::new(installed, id, clocks));
            let after = self.dice.below(SECOND);
            self.start_worker(self.workers.len() - 1, after);
        }
        for at in 0..self.scenario.schedulers {
            let clocks = self.fresh_clocks();
            self.schedulers.push(Scheduler::new(clocks, self.scenario.trigger_rate));
            self.restart_scheduler(at, 0);
        }
        for at in 0..self.scenario.projectors {
            self.projectors.push(Projector::new());
            self.restart_projector(at, 0, false);
        }
        for (at, workload) in self.scenario.workloads.clone().into_iter().enumerate() {
            let alias = |pipeline: usize| format!("{}_{at}_{pipeline}", workload.name);
            let with_ids = |text: &str| {
                (0..workload.pipelines.len()).fold(text.to_owned(), |text, pipeline| {
                    let id = PipelineId::derive("default", &alias(pipeline));
                    text.replace(&workloads::id_of(pipeline), &id.to_string())
                })
            };
            let pipelines = workload.pipelines.iter().enumerate().map(|(pipeline, versions)| {
                versions.iter().map(|text| Arc::new(compiled(&alias(pipeline), &with_ids(text)))).collect()
            });
            self.client.pipelines.push(pipelines.collect());
            for (when, action) in workload.actions {
                self.queue.push(when, Happening::Client(ClientEvent::Act(at, action)));
            }
        }
        let (chaos, pause) = (self.scenario.chaos, self.scenario.pause);
        if !self.scenario.faults.is_empty() {
            self.queue.push(pause, Happening::Nemesis);
        }
        self.queue.push(chaos, Happening::Heal);
        self.queue.push(SECOND, Happening::Client(ClientEvent::LookForApprovals));
        self.queue.push(SECOND, Happening::Look);
    }

    /// Lets things happen until everything is done, or something is wrong.
    pub fn run(&mut self) {
        while !self.done && self.found.is_empty() {
            let Some((at, happening)) = self.queue.pop() else { break };
            self.now = at;
            self.events += 1;
            if self.events > EVENTS_MAX {
                self.violated("liveness", format!("{EVENTS_MAX} events and no end"));
            }
            self.trace.mix(&[at]);
            self.trace.say(at, || shown(&happening));
            self.happen(happening);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Coordinator(at, event) => self.coordinator(at, event),
            Happening::Worker(at, life, event) => self.worker(at, life, event),
            Happening::Scheduler(at, life, event) => self.scheduler(at, life, event),
            Happening::Projector(at, life, event) => self.projector(at, life, event),
            Happening::Client(event) => self.client(event),
            Happening::Stream(event) => self.stream(event),
            Happening::Heard(Caller::Client, number, heard) => self.client_heard(number, heard),
            Happening::Heard(Caller::Scheduler(at, life), number, heard) => {
                self.scheduler_heard(at, life, number, heard);
            }
            Happening::Landing { after, record, answer } => self.landing(after, &record, answer),
            Happening::JobArrives(key) => {
                let behaviour = self.behaviour_of(key.0.0);
                self.found.extend(self.elsewhere.begin(key, self.now, &behaviour, &mut self.dice));
            }
            Happening::CancelArrives(key) => self.elsewhere.cancel(key, self.now, &mut self.dice),
            Happening::Supervise => {
                if !self.coordinators.iter().any(Coordinator::lives) {
                    self.start_coordinator();
                }
            }
            Happening::Nemesis => self.nemesis(),
            Happening::Heal => self.heal(),
            Happening::Look => self.look(),
        }
    }

    fn landing(&mut self, after: Tail, record: &LogRecord, answer: Option<(At, usize, u64)>) {
        let known = self.log.entries.len();
        let outcome = self.log.land(self.now, after, record);
        if self.log.entries.len() > known {
            self.landed();
        }
        if let Some((when, at, append)) = answer {
            self.queue.push(when, Happening::Coordinator(at, CoordinatorEvent::Appended(append, outcome)));
        }
    }

    fn landed(&mut self) {
        let Some(entry) = self.log.entries.last() else { return };
        let mut hash = [0; 8];
        hash.copy_from_slice(&entry.hash.0[..8]);
        self.trace.mix(&[entry.sequence, u64::from_be_bytes(hash)]);
        match checks::Record::read(entry) {
            Ok(record) => {
                let (now, sequence) = (self.now, record.sequence);
                self.trace.say(now, || {
                    let events: Vec<String> = record.events().map(brief).collect();
                    format!("record {sequence} of epoch {}: {}", record.epoch, events.join(", "))
                });
                self.checks.record(&record, &mut self.found);
                self.commands.record(&record, &mut self.found);
                self.elsewhere.record(&record, now, &mut self.found);
                self.census.record(&record, now);
            }
            Err(violation) => self.found.push(violation),
        }
        for at in 0..self.schedulers.len() {
            let (after, life) = (self.latency(), self.schedulers[at].life);
            self.queue.push(self.now + after, Happening::Scheduler(at, life, SchedulerEvent::Grown));
        }
        for at in 0..self.projectors.len() {
            let (after, life) = (self.latency(), self.projectors[at].life);
            self.queue.push(self.now + after, Happening::Projector(at, life, ProjectorEvent::Grown));
        }
    }

    /// A client was told something: it must be in the log at this moment.
    pub(super) fn acknowledged(&mut self, told: Acknowledged) {
        self.found.extend(self.commands.check(&told));
    }

    /// A line for the trace.
    pub(super) fn say(&mut self, line: impl FnOnce() -> String) {
        self.trace.say(self.now, line);
    }

    /// Something must never be.
    pub(super) fn violated(&mut self, invariant: &'static str, what: String) {
        self.found.push(Violation { invariant, sequence: self.log.entries.len() as u64, what });
    }

    /// Clocks of a process that begins now.
    pub(super) fn fresh_clocks(&mut self) -> Clocks {
        let drift = self.dice.below(2 * DRIFT_PPM_MAX + 1) as i64 - DRIFT_PPM_MAX as i64;
        Clocks::start(self.now, drift, 0)
    }

    /// How the jobs of this run behave.
    pub(super) fn behaviour_of(&self, run: [u8; 16]) -> Behaviour {
        let pipeline = self.census.pipeline_of(RunId(run));
        let place = pipeline.and_then(|pipeline| {
            let of =
                |pipelines: &Vec<Vec<Arc<PipelineApplied>>>| pipelines.iter().any(|own| own[0].pipeline == pipeline);
            self.client.pipelines.iter().position(of)
        });
        self.scenario.workloads[place.unwrap_or(0)].behaviour.clone()
    }
}

/// Compiles a pipeline as `apply` does.
fn compiled(alias: &str, text: &str) -> PipelineApplied {
    let parsed = downbeat_dialect::parse(text);
    let pipeline = parsed.pipeline.unwrap_or_else(|| panic!("{:?}\n{text}", parsed.diagnostics));
    let compiled = compile::compile(&pipeline).unwrap_or_else(|refused| panic!("{refused:?}\n{text}"));
    PipelineApplied {
        pipeline: PipelineId::derive("default", alias),
        alias: alias.to_owned(),
        version: 0,
        name: pipeline.name.clone(),
        source: text.to_owned(),
        source_root: String::new(),
        digest: *blake3::hash(text.as_bytes()).as_bytes(),
        plan: compiled.plan,
        origin: None,
        storage: None,
    }
}

fn shown(happening: &Happening) -> String {
    let mut text = format!("{happening:?}");
    if let Some((end, _)) = text.char_indices().nth(220) {
        text.truncate(end);
    }
    text
}

fn brief(event: &downbeat_domain::Event) -> String {
    let mut text = format!("{event:?}");
    if let Some((end, _)) = text.char_indices().nth(160) {
        text.truncate(end);
    }
    text
}

/// A duration as the simulation counts.
pub(super) fn micros(duration: Duration) -> At {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 4).max(MILLISECOND / 10)
}
