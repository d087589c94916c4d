//! An engine on a bench: virtual time, appends that the test settles, messages that the test reads.

use std::time::Duration;

use downbeat_coordinator::engine::{CallId, Engine, Input, Moment, Output, SessionId};
use downbeat_domain::{
    AttemptRef, Caller, Command, Event, Partition, PipelineApplied, PipelineId, RunId, StartRun, TaskStatus, Trigger,
    WorkerId, evolve,
    plan::{Plan, PlanTask},
};
use downbeat_proto::{
    event::{self, Decoded},
    events::v1 as events,
    record,
    worker::v1 as wire,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

pub(crate) const RUN: RunId = RunId([1; 16]);
pub(crate) const PIPELINE: PipelineId = PipelineId([2; 16]);
pub(crate) const ADA: WorkerId = WorkerId([3; 16]);
pub(crate) const BOB: WorkerId = WorkerId([4; 16]);

pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) now: Moment,
    /// Every record that the engine gave out, settled or not.
    pub(crate) records: Vec<events::Record>,
    pub(crate) log: Vec<Event>,
    /// Messages, answers and closings that were let out and not read yet.
    pub(crate) heard: Vec<Output>,
    in_flight: Option<Vec<Event>>,
}

pub(crate) fn task(id: &str) -> PlanTask {
    PlanTask { id: id.to_owned(), integration: "X".to_owned(), integration_job: "Y".to_owned(), ..PlanTask::default() }
}

pub(crate) fn applied(tasks: Vec<PlanTask>) -> Command {
    applied_plan(Plan { tasks, ..Plan::default() })
}

pub(crate) fn applied_plan(plan: Plan) -> Command {
    Command::apply(PipelineApplied {
        pipeline: PIPELINE,
        alias: "p".to_owned(),
        version: 0,
        name: "p".to_owned(),
        source: String::new(),
        source_root: String::new(),
        digest: [0; 32],
        plan,
        origin: None,
        storage: None,
    })
}

pub(crate) fn start(run: RunId) -> Command {
    Command::StartRun(Box::new(StartRun {
        run,
        pipeline: PIPELINE,
        trigger: Trigger::Manual { user: String::new() },
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        selection: None,
        version: 0,
    }))
}

pub(crate) fn attempt(task: u32, number: u32) -> AttemptRef {
    AttemptRef { run: RUN, task, number }
}

pub(crate) fn report(number: u64, attempt: AttemptRef, said: wire::report::Report) -> wire::Report {
    wire::Report { number, attempt: Some(event::attempt_ref(attempt)), report: Some(said) }
}

pub(crate) fn started() -> wire::report::Report {
    wire::report::Report::Started(wire::Started::default())
}

pub(crate) fn succeeded() -> wire::report::Report {
    let outcome = events::Outcome::Succeeded as i32;
    wire::report::Report::Succeeded(wire::Succeeded { outcome, ..wire::Succeeded::default() })
}

pub(crate) fn stopped() -> wire::report::Report {
    wire::report::Report::Stopped(wire::Stopped::default())
}

pub(crate) fn fold(log: &[Event]) -> Partition {
    let mut partition = Partition::default();
    log.iter().for_each(|event| evolve(&mut partition, event));
    partition
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::over(Vec::new(), Moment { wall: Timestamp::from_second(1_000_000).unwrap(), monotonic: Duration::ZERO })
    }

    /// A pipeline with these tasks and one run of it, all in the log.
    pub(crate) fn running(tasks: Vec<PlanTask>) -> Self {
        let mut bench = Self::new();
        bench.call(1, applied(tasks));
        bench.call(2, start(RUN));
        bench.settle();
        bench.heard.clear();
        bench
    }

    /// A new owner over what the log holds.
    pub(crate) fn over(log: Vec<Event>, now: Moment) -> Self {
        Self::owned(1, log, now)
    }

    /// The same, in this epoch.
    pub(crate) fn owned(epoch: u64, log: Vec<Event>, now: Moment) -> Self {
        let engine = Engine::take_over(fold(&log), epoch, now);
        Self { engine, now, records: Vec::new(), log, heard: Vec::new(), in_flight: None }
    }

    /// This owner dies; what is in flight is lost or in the log, as the test says.
    pub(crate) fn crash(mut self, lands: bool) -> Self {
        if let Some(events) = self.in_flight.take().filter(|_| lands) {
            self.log.extend(events);
        }
        Self::over(self.log, self.now)
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.engine.handle(self.now, input);
    }

    pub(crate) fn call(&mut self, call: CallId, command: Command) {
        self.handle(Input::Call { call, caller: Box::new(Caller::named("user")), command_id: None, command });
    }

    /// One turn; says whether an append is in flight after it.
    pub(crate) fn turn(&mut self) -> bool {
        for output in self.engine.turn(self.now) {
            match output {
                Output::Append(payload) => {
                    assert!(self.in_flight.is_none(), "two appends in flight");
                    let decoded = record::decode(&payload).unwrap();
                    let facts = record::events(&decoded).map(|fact| match fact.unwrap() {
                        Decoded::Known(fact) => fact,
                        unknown => panic!("{unknown:?}"),
                    });
                    self.in_flight = Some(facts.collect());
                    self.records.push(decoded);
                }
                other => self.heard.push(other),
            }
        }
        self.in_flight.is_some()
    }

    pub(crate) fn in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    pub(crate) fn appended(&mut self) {
        let events = self.in_flight.take().expect("an append in flight");
        self.log.extend(events);
        self.handle(Input::Appended);
    }

    /// Turns and appends until nothing is due any more.
    pub(crate) fn settle(&mut self) {
        if self.in_flight() {
            self.appended();
        }
        for _ in 0..1_000 {
            if !self.turn() {
                let live = format!("{:?}", self.engine.partition());
                assert_eq!(format!("{:?}", fold(&self.log)), live, "the log folds to another state than the engine's");
                return;
            }
            self.appended();
        }
        panic!("the engine does not come to rest");
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.jump(seconds as i64);
        self.now.monotonic += Duration::from_secs(seconds);
        self.handle(Input::Tick);
    }

    /// Somebody sets the wall clock.
    pub(crate) fn jump(&mut self, seconds: i64) {
        self.now.wall = self.now.wall.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    pub(crate) fn attach(&mut self, session: SessionId, worker: WorkerId, slots: u32, in_hand: &[AttemptRef]) {
        self.attach_for(session, worker, slots, in_hand, "Y");
    }

    pub(crate) fn attach_for(
        &mut self,
        session: SessionId,
        worker: WorkerId,
        slots: u32,
        in_hand: &[AttemptRef],
        job: &str,
    ) {
        let hello = wire::Hello {
            worker_id: bytes::Bytes::copy_from_slice(&worker.0),
            slots,
            jobs: vec![wire::Job {
                integration: "X".to_owned(),
                integration_job: job.to_owned(),
                ..wire::Job::default()
            }],
            in_hand: in_hand.iter().map(|attempt| event::attempt_ref(*attempt)).collect(),
            ..wire::Hello::default()
        };
        self.handle(Input::WorkerAttached { session, hello });
    }

    pub(crate) fn say(&mut self, session: SessionId, reports: Vec<wire::Report>) {
        self.handle(Input::WorkerReports { session, reports });
    }

    /// What was let out since the last reading, one line each.
    pub(crate) fn read(&mut self) -> Vec<String> {
        self.heard.drain(..).flat_map(lines).collect()
    }

    pub(crate) fn status_of(&self, task: usize) -> TaskStatus {
        self.engine.partition().runs[&RUN].tasks[task].status()
    }

    /// Kinds of the events in the log from this place on.
    pub(crate) fn kinds_since(&self, place: usize) -> Vec<String> {
        self.log[place..].iter().map(|fact| event::name_of(event::encode(fact).kind)).collect()
    }
}

fn lines(output: Output) -> Vec<String> {
    use wire::coordinator_message::Message;
    let name = |attempt: &Option<events::Attempt>| {
        let attempt = attempt.as_ref().and_then(event::attempt_of).unwrap();
        format!("{}#{}", attempt.task, attempt.number)
    };
    match output {
        Output::Append(_) | Output::Snapshot(_) => Vec::new(),
        Output::ReadPrior { run, prior } => vec![format!("read {prior} for {run}")],
        Output::Reply { call, answer } => {
            vec![format!("reply {call} {}", answer.map_or_else(|no| no.to_string(), |yes| yes.events.to_string()))]
        }
        Output::Access(table) => vec![format!("access: {} keys, {} pipelines", table.keys.len(), table.labels.len())],
        Output::Noted { call } => vec![format!("noted {call}")],
        Output::Told { inquiry, said } => vec![format!("told {inquiry} {said:?}")],
        Output::Close { session, .. } => vec![format!("close {session}")],
        Output::Send { session, message } => match message {
            Message::Welcome(_) => vec![format!("{session} welcome")],
            Message::Acknowledged(acknowledged) => vec![format!("{session} ack {}", acknowledged.up_to)],
            Message::Heartbeat(_) => vec![format!("{session} beat")],
            Message::Offers(offers) => {
                offers.offers.iter().map(|offer| format!("{session} offer {}", name(&offer.attempt))).collect()
            }
            Message::Checks(checks) => {
                checks.checks.iter().map(|check| format!("{session} check {}", check.sensor_type)).collect()
            }
            Message::Connections(_) => panic!("the engine knows no values"),
            Message::Stops(stops) => {
                stops.stops.iter().map(|stop| format!("{session} stop {}", name(&stop.attempt))).collect()
            }
        },
    }
}
