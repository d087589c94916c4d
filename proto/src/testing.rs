//! A small world for tests: random plans, random commands and a clock of its own drive the real core, so that whoever reads events can
//! be held against what the core makes of them.
//!
//! Promise: the same numbers give the same history. Every feature of the run engine occurs: groups, matrices, approvals, waits, pools,
//! limits, sub-pipelines, restarts, marks, pauses, pipelines that follow others, backfills. Knows nothing about the wire, logs or files.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, dead_code, reason = "of tests, each of which uses a part")]

mod access;
mod alerts;
mod assets;
mod audit;
mod backfills;
mod connections;
mod costs;
mod endpoints;
mod environments;
mod file_commits;
mod foreign;
mod inventory;
mod kinds;
mod logins;
mod sensors;
mod versions;

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, Command, CommandId, Context, Event, FailureClass, FireSchedule, IncomingEvent, Mark, Outcome,
    Partition, PassReason, PassedInstants, PipelineId, Replay, Report, RestartMode, RestartRun, RunId, RunStatus,
    SelectTasks, StartRun, TakeEvent, Trigger, WorkerId,
    effects::{self, Effect},
    execute,
    plan::{
        Backoff, Node, Plan, PlanConcurrency, PlanEventPart, PlanEventTrigger, PlanGroup, PlanInput, PlanMatrix,
        PlanPipelineTrigger, PlanSchedule, PlanTask, PoolUse,
    },
    settle,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

pub use kinds::{kinds, missing_kinds};

pub const MAIN: PipelineId = PipelineId([1; 16]);
pub const CHILD: PipelineId = PipelineId([2; 16]);
const FOLLOWER: PipelineId = PipelineId([5; 16]);
const WORKERS: [WorkerId; 2] = [WorkerId([3; 16]), WorkerId([4; 16])];
const CONDITIONS: [&str; 4] = ["true", "false", "inputs.n > 1", "tasks['t0'].status == 'SUCCEEDED'"];
const START_SECOND: i64 = 1_700_000_000;

pub use versions::applied;

/// Four random numbers of a task or of a command.
pub type Numbers = (u8, u8, u8, u8);

/// A pipeline that the end of every other run starts.
fn follower() -> Plan {
    let ends = [RunStatus::Succeeded, RunStatus::Warning, RunStatus::Failed, RunStatus::Skipped, RunStatus::Cancelled];
    let trigger = PlanPipelineTrigger { pipeline: None, statuses: ends.to_vec(), run_inputs: Map::new() };
    Plan { pipeline_triggers: vec![trigger], ..plan(&[(9, 1, 1, 1)], &[]) }
}

/// Starts a run with one event of each subject.
fn trigger(name: &str, subjects: &[&str]) -> PlanEventTrigger {
    let part = |subject: &&str| PlanEventPart {
        subject: (*subject).to_owned(),
        when: Some("event.data < 200".to_owned()),
        run_inputs: if *subject == "b" { Vec::new() } else { vec![("n".to_owned(), "event.data".to_owned())] },
    };
    PlanEventTrigger { name: name.to_owned(), parts: subjects.iter().map(part).collect(), within_ms: 30_000 }
}

/// One of a few events, so that some come twice.
fn event(detail: u8) -> IncomingEvent {
    IncomingEvent {
        address: ["a.x", "b", "a.y.z"][usize::from(detail % 3)].to_owned(),
        id: detail.to_string(),
        source: "shop".to_owned(),
        kind: String::new(),
        subject: String::new(),
        time: Timestamp::from_second(START_SECOND).ok(),
        data: json!(detail),
        depth: u32::from(detail % 4),
    }
}

/// Tasks depend on earlier siblings, groups on earlier groups, loose tasks on groups and earlier loose tasks: no circles.
pub fn plan(tasks: &[Numbers], groups: &[Numbers]) -> Plan {
    let mut plan = Plan {
        groups: (0u32..).zip(groups).map(|(place, numbers)| group(place, *numbers)).collect(),
        inputs: vec![PlanInput {
            name: "n".to_owned(),
            kind: "number".to_owned(),
            default: Some(json!(2)),
            optional: true,
            options: Vec::new(),
        }],
        schedules: vec![PlanSchedule {
            name: "daily".to_owned(),
            cron: "0 8 * * ? *".to_owned(),
            timezone: "UTC".to_owned(),
            run_inputs: Map::new(),
            exclude: Vec::new(),
            ..PlanSchedule::default()
        }],
        triggers: vec![trigger("single", &["a.>"]), trigger("both", &["a.*", "b"])],
        sensors: sensors::sensors(),
        webhook: Some(sensors::webhook()),
        asset_triggers: assets::triggers(),
        freshness: assets::freshness(),
        deadlines: assets::deadlines(),
        alerts: alerts::alerts(),
        anomalies: alerts::anomalies(),
        owner: "data".to_owned(),
        budget: Some(costs::budget(9)),
        labels: if groups.len() % 2 == 1 { vec!["eu".to_owned(), "finance".to_owned()] } else { Vec::new() },
        ..Plan::default()
    };
    let first = tasks.first().copied().unwrap_or_default();
    plan.timeout_ms = (first.3 & 0x30 == 0x30).then_some(90_000);
    plan.concurrency = (first.3 & 3 == 0).then(|| PlanConcurrency {
        max_active: ["1", "2", "${{ inputs.n }}"][usize::from(first.2) % 3].to_owned(),
        on_limit: ["QUEUE", "QUEUE_LATEST", "SKIP", "CANCEL_RUNNING"][usize::from(first.1) % 4].to_owned(),
    });
    for (place, numbers) in (0u32..).zip(tasks) {
        let made = task(place, *numbers, &plan);
        plan.tasks.push(made);
    }
    plan
}

fn group(place: u32, (kind, size, flags, other): Numbers) -> PlanGroup {
    let size = usize::from(size % 4);
    let elements: Vec<Value> = match other % 3 {
        0 => (0..size).map(|element| json!(element)).collect(),
        1 => (0..size).map(|element| json!({"id": format!("e{element}"), "half": element as f64 / 3.0})).collect(),
        _ => (0..size).map(|_| json!("${{ inputs.n }}")).collect(),
    };
    let mut inputs = vec![("x".to_owned(), Value::Array(elements))];
    if kind & 4 == 4 {
        inputs.push(("y".to_owned(), json!(["a", "b"])));
    }
    let matrix = PlanMatrix { inputs, max_parallel: u32::from(flags & 3), continue_on_error: flags & 4 == 4 };
    PlanGroup {
        id: format!("g{place}"),
        name: String::new(),
        depends_on: (0..place).filter(|before| kind >> (before % 8) & 1 == 1).map(Node::Group).collect(),
        condition: (flags & 0x18 == 0x18).then(|| CONDITIONS[usize::from(other) % 4].to_owned()),
        matrix: (kind & 3 != 3).then_some(matrix),
        paused: flags & 0xe0 == 0xe0,
    }
}

fn task(place: u32, (kind, depends_on, flags, other): Numbers, plan: &Plan) -> PlanTask {
    let group = (!plan.groups.is_empty()).then(|| u32::from(other) % (plan.groups.len() as u32 + 1));
    let group = group.filter(|group| (*group as usize) < plan.groups.len());
    let wanted = |bit: u32| depends_on >> (bit % 8) & 1 == 1;
    let earlier = (0u32..).zip(&plan.tasks).filter(|(before, task)| task.group == group && wanted(*before));
    let mut dependencies: Vec<Node> = earlier.map(|(before, _)| Node::Task(before)).collect();
    if group.is_none() {
        dependencies.extend((0..plan.groups.len() as u32).filter(|group| wanted(group + 5)).map(Node::Group));
    }
    let (integration, job, parameters) = match kind % 12 {
        0 => ("ORCHESTRA", "WAIT", json!({"wait_minutes": 1})),
        1 => ("ORCHESTRA", "APPROVAL", json!({"message": "really?", "approvers": ["ada"]})),
        2 | 3 => ("ORCHESTRA", "TRIGGER_PIPELINE", json!({"pipeline_id": "child"})),
        4 => ("PYTHON", "PYTHON_EXECUTE_SCRIPT", json!({"n": "${{ inputs.n }}", "t": "${{ tasks['t0'].outputs.n }}"})),
        5 if group.is_some() => ("PYTHON", "PYTHON_EXECUTE_SCRIPT", json!({"x": "${{ matrix.x }}"})),
        _ => ("DOWNBEAT", "NOOP", json!({})),
    };
    PlanTask {
        id: format!("t{place}"),
        name: format!("Task {place}"),
        group,
        depends_on: dependencies,
        condition: (flags & 0xc0 == 0xc0).then(|| CONDITIONS[usize::from(other / 4) % 4].to_owned()),
        integration: integration.to_owned(),
        integration_job: job.to_owned(),
        parameters: parameters.as_object().cloned().unwrap_or_default(),
        retries: u32::from(flags & 1) * 2,
        backoff: Backoff {
            delay_ms: u64::from(other % 3) * 700,
            exponential: flags & 2 == 2,
            max_delay_ms: 5_000,
            jitter_thousandths: u32::from(other % 2) * 250,
        },
        timeout_seconds: (flags & 6 == 6).then_some(20),
        treat_failure_as_warning: flags & 8 == 8,
        paused: kind >= 250,
        concurrency: (kind % 12 == 6).then(|| PlanConcurrency {
            max_active: "1".to_owned(),
            on_limit: ["SKIP", "QUEUE"][usize::from(flags & 1)].to_owned(),
        }),
        pool: (kind % 12 == 7).then(|| PoolUse { name: "warehouse".to_owned(), slots: 1 + u32::from(flags & 1) }),
        detached: kind % 12 == 3,
        approval_expires_ms: (flags & 0x10 == 0x10).then_some(30_000),
        alerts: if place.is_multiple_of(3) { alerts::alerts() } else { Vec::new() },
        anomalies: if place.is_multiple_of(2) { alerts::anomalies() } else { Vec::new() },
        declared: (kind % 5 < 2).then(|| Box::new(assets::declared(place))),
        ..PlanTask::default()
    }
}

pub struct World {
    pub partition: Partition,
    pub now: Timestamp,
    /// Decisions, oldest first.
    pub history: Vec<Vec<Event>>,
    plan: Plan,
    runs: u8,
}

impl World {
    /// Two pipelines, a pool, and a first run.
    pub fn new(plan: Plan, child: Plan) -> Self {
        let now = Timestamp::from_second(START_SECOND).unwrap();
        let mut world = Self { partition: Partition::default(), now, history: Vec::new(), plan: plan.clone(), runs: 0 };
        world.take(&applied(CHILD, "child", child, 0), true);
        world.take(&applied(MAIN, "main", plan, 0), true);
        world.take(&applied(FOLLOWER, "follower", follower(), 0), true);
        world.take(&Command::SetPool { name: "warehouse".to_owned(), slots: Some(2) }, true);
        world.take(&world.start(0, 0), true);
        world
    }

    /// A world of eight random tasks and three random groups after so many random steps.
    pub fn random(seed: u64, steps: usize) -> Self {
        let mut dice = seed;
        let mut roll = || -> Numbers {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let bytes = (dice >> 32).to_be_bytes();
            (bytes[4], bytes[5], bytes[6], bytes[7])
        };
        let mut rolls = |count: u8| -> Vec<Numbers> { (0..count).map(|_| roll()).collect() };
        let (tasks, groups, child) = (rolls(8), rolls(3), rolls(2));
        let mut world = Self::new(plan(&tasks, &groups), plan(&child, &[]));
        (0..steps).for_each(|_| world.step(roll()));
        world
    }

    /// Takes a command, valid or not; settles what follows if told so.
    pub fn take(&mut self, command: &Command, settled: bool) {
        let context = Context { now: self.now, random: self.history.len() as u64 * 977 };
        match execute(&mut self.partition, command, &context) {
            Ok(events) => {
                self.note(events);
                self.partition.commands.remember(CommandId((self.history.len() as u128).to_be_bytes()));
            }
            Err(rejection) => self.note(audit::rejected(command, &rejection, &context).into_iter().collect()),
        }
        while settled && !self.partition.agenda.is_empty() {
            let more = settle(&mut self.partition, &context);
            if more.is_empty() {
                break;
            }
            self.note(more);
        }
    }

    fn note(&mut self, events: Vec<Event>) {
        if !events.is_empty() {
            self.history.push(events);
        }
    }

    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.history.iter().flatten()
    }

    /// One step from four numbers. Mostly the world answers what it is owed; the rest is people, time and accidents.
    pub fn step(&mut self, (what, which, detail, more): Numbers) {
        let settled = !more.is_multiple_of(8);
        let run = pick(self.partition.runs.keys().copied(), which);
        let command = match (what % 32, run) {
            (0, _) => self.start(which, detail),
            (1, _) => self.restart(which, detail),
            (2, Some(run)) if detail < 90 => Command::CancelRun { run, reason: "enough".to_owned() },
            (3 | 4, Some(run)) => self.mark(run, detail, more),
            (5 | 6, Some(run)) => self.approve(run, detail),
            (7 | 8, Some(run)) => {
                let owed = effects::next_deadline(&self.partition.runs[&run]);
                let later = self.now.checked_add(SignedDuration::from_millis(i64::from(detail) * 37)).unwrap();
                self.now = owed
                    .filter(|_| detail.is_multiple_of(2))
                    .map_or(later, |owed| owed.max(self.now).min(later.max(owed)));
                Command::WakeRun { run }
            }
            (9, _) if more % 2 == 1 => self.of_versions(which, detail, more),
            (9, _) => self.of_pipelines(which, detail),
            (10, Some(run)) => {
                let number = u32::from(detail % 3);
                let attempt = AttemptRef { run, task: u32::from(more % 12), number };
                Command::LoseAttempt { attempt, reason: "silent".to_owned() }
            }
            (11, _) if more % 2 == 1 => Command::TakeEvent(TakeEvent {
                pipeline: [MAIN, CHILD][usize::from(which / 16 % 2)],
                trigger: ["single", "both"][usize::from(more / 2 % 2)].to_owned(),
                event: Arc::new(event(detail)),
            }),
            (11, _) if more % 4 == 2 => self.backfill(which, detail),
            (11, _) => self.fire(which, detail),
            (13, _) if more.is_multiple_of(3) => self.of_alerts(which, detail),
            (16, _) if more % 4 == 1 => self.beside_runs(which, detail),
            (12 | 13, _) => self.of_sensors(which, detail, more),
            (14 | 15, _) => self.of_assets(which, detail, more),
            (_, Some(run)) => self.answer(run, detail, more),
            (_, None) => self.start(which, detail),
        };
        self.take(&command, settled);
        self.beside_the_step(which, detail, more);
    }

    fn start(&self, which: u8, detail: u8) -> Command {
        let selection = (detail % 7 == 6 && !self.plan.tasks.is_empty()).then(|| SelectTasks {
            ids: vec![format!("t{}", usize::from(which) % self.plan.tasks.len())],
            downstream: detail.is_multiple_of(2),
        });
        Command::StartRun(Box::new(StartRun {
            run: RunId([10 + (self.history.len() % 200) as u8; 16]),
            pipeline: MAIN,
            version: self.version_to_start(which, detail),
            trigger: Trigger::Manual { user: "ada".to_owned() },
            inputs: json!({"n": detail % 4}).as_object().cloned().unwrap_or_default(),
            environment: json!({"REGION": "eu", "half": 0.1}).as_object().cloned().unwrap_or_default(),
            environment_name: ["", "production"][usize::from(which % 2)].to_owned(),
            selection,
        }))
    }

    fn restart(&self, which: u8, detail: u8) -> Command {
        let ended: Vec<RunId> = self.partition.finished.keys().copied().collect();
        let Some(of) = pick(ended.iter().copied(), which) else { return self.start(which, detail) };
        let Some(prior) = self.prior(of) else { return self.start(which, detail) };
        let mode = RestartMode::ALL[usize::from(detail) % 4];
        let named = matches!(mode, RestartMode::FromTasks | RestartMode::FromSelected);
        Command::RestartRun(Box::new(RestartRun {
            run: RunId([10 + (self.history.len() % 200) as u8; 16]),
            prior: Arc::new(prior),
            mode,
            tasks: if named { vec![format!("t{}", detail / 4 % 5)] } else { Vec::new() },
            inputs: Map::new(),
            user: "ada".to_owned(),
        }))
    }

    fn prior(&self, run: RunId) -> Option<downbeat_domain::PriorRun> {
        let (pipeline, _) = self.partition.finished.get(&run)?;
        let mut replay = Replay::new(run, *pipeline);
        self.events().for_each(|event| replay.fold(event));
        replay.prior()
    }

    fn mark(&self, run: RunId, detail: u8, more: u8) -> Command {
        let tasks = self.partition.runs[&run].tasks.len().max(1);
        let outputs = json!({"n": detail}).as_object().cloned().unwrap_or_default();
        Command::MarkTask {
            run,
            task: (usize::from(more) % tasks) as u32,
            mark: Mark::ALL[usize::from(detail) % 4],
            outputs: if detail.is_multiple_of(3) { outputs } else { Map::new() },
            reason: "by hand".to_owned(),
            by: "ada".to_owned(),
        }
    }

    fn approve(&self, run: RunId, detail: u8) -> Command {
        let waits = |task: &downbeat_domain::TaskState| matches!(task.phase, downbeat_domain::Phase::Approving(_));
        let task = self.partition.runs[&run].tasks.iter().position(waits).unwrap_or(usize::from(detail % 9));
        let approved = !detail.is_multiple_of(3);
        Command::DecideApproval {
            run,
            task: task as u32,
            approved,
            by: "ada".to_owned(),
            comment: "so be it".to_owned(),
        }
    }

    /// The schedule of this name, of whatever it is, is due now.
    fn due_now(&self, schedule: String) -> Command {
        let known = self.partition.pipelines.get(&MAIN);
        let after = known.and_then(|state| state.watermarks.get(&schedule)).copied();
        let instant = Timestamp::from_second(self.now.as_second()).unwrap_or(self.now);
        let (pipeline, passed) = (MAIN, Vec::new());
        Command::FireSchedule(FireSchedule { version: 0, pipeline, schedule, instant, after, passed, fires: true })
    }

    /// An instant of the schedule fires, or is passed over.
    fn fire(&self, which: u8, detail: u8) -> Command {
        let instant = Timestamp::from_second(START_SECOND - 1_000 + i64::from(detail)).unwrap();
        let missed = PassedInstants {
            reason: PassReason::Missed,
            count: 1,
            first: instant,
            last: instant,
            listed: vec![instant],
            message: String::new(),
        };
        let fires = !which.is_multiple_of(3);
        Command::FireSchedule(FireSchedule {
            version: 0,
            pipeline: MAIN,
            schedule: "daily".to_owned(),
            instant,
            after: self.partition.pipelines.get(&MAIN).and_then(|state| state.watermarks.get("daily").copied()),
            passed: if fires { Vec::new() } else { vec![missed] },
            fires,
        })
    }

    fn of_pipelines(&self, which: u8, detail: u8) -> Command {
        let pipeline = [MAIN, CHILD, MAIN, CHILD, MAIN, CHILD, MAIN, FOLLOWER][usize::from(which) % 8];
        match detail % 6 {
            0 => Command::PausePipeline { pipeline, reason: "a while".to_owned() },
            1 | 2 => Command::ResumePipeline { pipeline },
            3 if detail > 128 => Command::DeletePipeline { pipeline },
            4 if which.is_multiple_of(2) => environments::command(which / 2, detail),
            3 | 4 => Command::SetPool {
                name: ["warehouse", "other"][usize::from(which / 2 % 2)].to_owned(),
                slots: (detail < 200).then_some(u32::from(detail % 4)),
            },
            _ => {
                let mut plan = self.plan.clone();
                if let Some(limit) = &mut plan.concurrency {
                    limit.max_active = u32::from(detail % 3).to_string();
                }
                applied(MAIN, "main", plan, detail)
            }
        }
    }

    /// Something that a run owes the world is done, in one way or another.
    fn answer(&self, run: RunId, detail: u8, more: u8) -> Command {
        let state = &self.partition.runs[&run];
        let owed = effects::outstanding(state);
        let Some(effect) = pick(owed.into_iter(), more / 8) else { return Command::WakeRun { run } };
        let report = |attempt, report| Command::Report { attempt, report };
        let outputs = json!({"n": detail, "third": 1.0 / 3.0}).as_object().cloned().unwrap_or_default();
        match effect {
            Effect::FindWorker { task } => {
                let (worker, remote) = (WORKERS[usize::from(detail % 2)], detail.is_multiple_of(2));
                Command::LeaseTask { run, task, worker, remote }
            }
            Effect::ReadPrior { prior } => match self.prior(prior) {
                Some(prior) => Command::CarryOver { run, prior: Arc::new(prior) },
                None => Command::WakeRun { run },
            },
            Effect::Offer { attempt, .. } if detail % 8 != 7 => {
                let (external_id, link) = (format!("job-{detail}"), "https://jobs/1".to_owned());
                report(attempt, Report::Started { handle: vec![detail], external_id, link })
            }
            Effect::Offer { attempt, .. } => Command::LoseAttempt { attempt, reason: "gone".to_owned() },
            Effect::AwaitReport { attempt, .. } => match detail % 12 {
                0..=5 => {
                    let outcome = Outcome::ALL[usize::from(detail / 12) % 2];
                    report(attempt, Report::Succeeded { outcome, outputs, message: "done".to_owned() })
                }
                6..=8 => {
                    let class = FailureClass::ALL[usize::from(detail / 12) % FailureClass::ALL.len()];
                    report(attempt, Report::Failed { class, message: "broken".to_owned(), outputs })
                }
                9 => Command::LoseAttempt { attempt, reason: "gone".to_owned() },
                10 => report(
                    attempt,
                    Report::Collected { chunk: u32::from(more % 2), collected: assets::collected(detail) },
                ),
                _ => report(attempt, Report::Stopped { unconfirmed: String::new() }),
            },
            Effect::Stop { attempt, .. } if detail % 4 != 3 => {
                let doubt = if detail % 8 == 1 { "it answers nothing" } else { "" };
                report(attempt, Report::Stopped { unconfirmed: doubt.to_owned() })
            }
            Effect::Stop { attempt, .. } if detail % 16 == 15 => {
                Command::LoseAttempt { attempt, reason: "gone".to_owned() }
            }
            Effect::Stop { attempt, .. } => {
                report(attempt, Report::Failed { class: FailureClass::JobFailed, message: "late".to_owned(), outputs })
            }
        }
    }
}

fn pick<T>(mut items: impl Iterator<Item = T> + Clone, which: u8) -> Option<T> {
    let count = items.clone().count();
    (count > 0).then(|| items.nth(usize::from(which) % count))?
}
