//! Records what the core decides, one record per command, on a clock that only the scenario moves.

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, Caller, Command, Context, Event, FailureClass, Outcome, Partition, PipelineApplied, PipelineId, Replay,
    Report, RestartMode, RestartRun, RunId, SelectTasks, StartRun, Trigger, WorkerId, audit, compile,
    event::CommandRejected,
    execute,
    metadata::{Collected, Operation},
    settle,
};
use downbeat_proto::record::{self, Decision};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

pub(crate) const WORKER: WorkerId = WorkerId([8; 16]);

pub(crate) struct Recorder {
    pub(crate) partition: Partition,
    now: Timestamp,
    records: Vec<Vec<u8>>,
    history: Vec<Event>,
}

pub(crate) fn run(number: u8) -> RunId {
    RunId([number; 16])
}

pub(crate) fn pipeline(alias: &str) -> PipelineId {
    PipelineId::derive("default", alias)
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

impl Recorder {
    /// The pipeline `demo` of this text was applied.
    pub(crate) fn new(body: &str) -> Self {
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let recorder = Self { partition: Partition::default(), now, records: Vec::new(), history: Vec::new() };
        recorder.apply("demo", body)
    }

    pub(crate) fn apply(self, alias: &str, body: &str) -> Self {
        self.run(Command::apply(stored(alias, body)))
    }

    pub(crate) fn draft(self, alias: &str, body: &str) -> Self {
        self.run(Command::draft(stored(alias, body)))
    }

    /// The version comes back, as whoever read the log gives it.
    pub(crate) fn recall(self, alias: &str, body: &str, version: u32) -> Self {
        self.run(Command::RecallVersion(Box::new(PipelineApplied { version, ..stored(alias, body) })))
    }

    pub(crate) fn start(self, number: u8) -> Self {
        self.start_with(number, Value::Null, &[])
    }

    pub(crate) fn start_with(self, number: u8, inputs: Value, only: &[&str]) -> Self {
        let ids: Vec<String> = only.iter().map(|id| (*id).to_owned()).collect();
        self.run(Command::StartRun(Box::new(StartRun {
            run: run(number),
            pipeline: pipeline("demo"),
            trigger: Trigger::Manual { user: "ada".to_owned() },
            inputs: object(inputs),
            environment: Map::new(),
            environment_name: String::new(),
            selection: (!ids.is_empty()).then_some(SelectTasks { ids, downstream: false }),
            version: 0,
        })))
    }

    /// Runs a run again as another one, with what the history says of it.
    pub(crate) fn restart(self, of: u8, number: u8, mode: RestartMode, tasks: &[&str]) -> Self {
        let mut replay = Replay::new(run(of), pipeline("demo"));
        self.history.iter().for_each(|event| replay.fold(event));
        let prior = Arc::new(replay.prior().expect("the run has ended"));
        let restart = RestartRun {
            run: run(number),
            prior: Arc::clone(&prior),
            mode,
            tasks: tasks.iter().map(|id| (*id).to_owned()).collect(),
            inputs: Map::new(),
            user: "ada".to_owned(),
        };
        self.run(Command::RestartRun(Box::new(restart))).run(Command::CarryOver { run: run(number), prior })
    }

    pub(crate) fn after(mut self, seconds: i64) -> Self {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self
    }

    /// The worker takes the task of this name and begins.
    pub(crate) fn work(self, number: u8, task: &str) -> Self {
        self.begin(number, task, false, "")
    }

    /// The same with a job that may outlive the worker.
    pub(crate) fn work_remotely(self, number: u8, task: &str) -> Self {
        self.begin(number, task, true, "https://jobs.example/7")
    }

    fn begin(self, number: u8, task: &str, remote: bool, link: &str) -> Self {
        let place = self.place(number, task);
        let this = self.run(Command::LeaseTask { run: run(number), task: place, worker: WORKER, remote });
        let (external_id, link) = ("job-7".to_owned(), link.to_owned());
        this.report(number, task, Report::Started { handle: vec![1, 2], external_id, link })
    }

    pub(crate) fn succeed(self, number: u8, task: &str, outputs: Value) -> Self {
        let this = self.work(number, task);
        let (outcome, message) = (Outcome::Succeeded, String::new());
        this.report(number, task, Report::Succeeded { outcome, outputs: object(outputs), message })
    }

    pub(crate) fn fail(self, number: u8, task: &str) -> Self {
        let class = FailureClass::JobFailed;
        let failed = Report::Failed { class, message: "it broke".to_owned(), outputs: Map::new() };
        self.work(number, task).report(number, task, failed)
    }

    /// The task says that this operation failed.
    pub(crate) fn operation(self, number: u8, task: &str, id: &str) -> Self {
        let (external_id, status) = (id.to_owned(), "FAILED".to_owned());
        let operations = vec![Operation { external_id, status, ..Operation::default() }];
        let collected = Collected { operations, ..Collected::default() };
        self.report(number, task, Report::Collected { chunk: 0, collected })
    }

    pub(crate) fn report(self, number: u8, task: &str, report: Report) -> Self {
        let attempt = self.attempt(number, task);
        self.run(Command::Report { attempt, report })
    }

    pub(crate) fn attempt(&self, number: u8, task: &str) -> AttemptRef {
        let place = self.place(number, task);
        self.partition.runs[&run(number)].attempt(place).unwrap()
    }

    pub(crate) fn place(&self, number: u8, task: &str) -> u32 {
        self.partition.runs[&run(number)].find_task(task).unwrap_or_else(|| panic!("no task {task}"))
    }

    pub(crate) fn wake(self, number: u8) -> Self {
        self.run(Command::WakeRun { run: run(number) })
    }

    pub(crate) fn run(mut self, command: Command) -> Self {
        let context = Context { now: self.now, random: 11 };
        let events = execute(&mut self.partition, &command, &context);
        let events = events.unwrap_or_else(|rejection| panic!("{command:?} was refused: {rejection}"));
        self.record(events);
        while !self.partition.agenda.is_empty() {
            let more = settle(&mut self.partition, &context);
            self.record(more);
        }
        self
    }

    /// The command is refused, as a coordinator records it.
    pub(crate) fn refused(mut self, command: Command) -> Self {
        let context = Context { now: self.now, random: 11 };
        let rejection = execute(&mut self.partition, &command, &context).expect_err("it is refused");
        let (kind, targets) = audit::asked(&command).expect("a person may ask for it");
        let caller = Caller { targets, ..Caller::named("user:ada") };
        let rejected = CommandRejected::of(&caller, kind, rejection.code(), &rejection.to_string(), self.now);
        self.record(vec![Event::CommandRejected(Box::new(rejected))]);
        self
    }

    fn record(&mut self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        self.history.extend(events.iter().cloned());
        let decision = Decision {
            command: None,
            actor: "user:ada".to_owned(),
            decided_at: self.now,
            events,
            ..Decision::default()
        };
        self.records.push(record::encode(1, self.now, vec![record::encode_decision(&decision)]).to_vec());
    }

    pub(crate) fn into_records(self) -> Vec<Vec<u8>> {
        self.records
    }
}

fn stored(alias: &str, body: &str) -> PipelineApplied {
    let source = format!("version: v1\nname: {alias}\n{body}");
    let parsed = downbeat_dialect::parse(&source);
    let faults: Vec<String> = parsed.diagnostics.iter().map(|fault| fault.render("p.yml", &source)).collect();
    let parsed = parsed.pipeline.unwrap_or_else(|| panic!("{}", faults.join("\n")));
    PipelineApplied {
        pipeline: pipeline(alias),
        alias: alias.to_owned(),
        version: 0,
        name: alias.to_owned(),
        digest: *blake3::hash(source.as_bytes()).as_bytes(),
        source,
        source_root: String::new(),
        plan: compile::compile(&parsed).unwrap().plan,
        origin: None,
        storage: None,
    }
}
