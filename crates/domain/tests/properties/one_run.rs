//! Random plans, random commands, a clock of the test's own: whatever happens, the invariants hold after each step, and once the
//! world answers everything, the run ends.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    AttemptRef, Command, Context, Event, FailureClass, Mark, Outcome, Partition, Phase, PipelineApplied, PipelineId,
    Report, RunId, RunState, StartRun, Trigger, WorkerId, decide,
    effects::{self, Effect},
    evolve, execute, invariants,
    metadata::Collected,
    plan::{Backoff, Node, Plan, PlanConcurrency, PlanGroup, PlanMatrix, PlanTask, PoolUse},
    settle,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Map, json};

const PIPELINE: PipelineId = PipelineId([1; 16]);
const OTHER: PipelineId = PipelineId([4; 16]);
const RUN: RunId = RunId([2; 16]);
const WORKER: WorkerId = WorkerId([3; 16]);
const CONDITIONS: [Option<&str>; 6] = [
    None,
    None,
    Some("true"),
    Some("false"),
    Some("tasks['t0'].status == 'SUCCEEDED'"),
    Some("tasks['t0'].outputs.n > 1"),
];
/// Steps within which a run of these small plans must end when the world answers everything.
const STEPS_TO_END_MAX: usize = 2_000;

#[derive(Clone, Debug)]
struct Shape {
    group: u8,
    depends_on: u8,
    condition: u8,
    retries: u8,
    flags: u8,
}

fn shape() -> impl Strategy<Value = Shape> {
    (0u8..5, any::<u8>(), 0u8..12, 0u8..3, any::<u8>()).prop_map(|(group, depends_on, condition, retries, flags)| {
        Shape { group, depends_on, condition, retries, flags }
    })
}

/// None, or up to three elements (written or computed), some at once, with or without going on after a failure.
fn matrix(flags: u8) -> Option<PlanMatrix> {
    let inputs = match flags >> 5 {
        0 => json!([]),
        1 => json!(["a"]),
        2 | 3 => json!([{"id": "x"}, {"id": "y"}, 3]),
        4 => json!("${{ tasks['t0'].outputs.list }}"),
        _ => return None,
    };
    let (max_parallel, continue_on_error) = (u32::from(flags & 3), flags & 4 == 4);
    Some(PlanMatrix { inputs: vec![("m".to_owned(), inputs)], max_parallel, continue_on_error })
}

/// Tasks depend on earlier siblings, groups and loose tasks on what stands before them: no cycles, everything else may be.
fn plan(shapes: &[Shape], group_count: u8) -> Plan {
    let mut plan = Plan::default();
    for group in 0..group_count {
        let condition = CONDITIONS.get(shapes.get(group as usize).map_or(0, |shape| shape.condition) as usize);
        plan.groups.push(PlanGroup {
            id: format!("g{group}"),
            depends_on: (0..group)
                .filter(|before| before % 2 == 0)
                .map(|before| Node::Group(u32::from(before)))
                .collect(),
            condition: condition.copied().flatten().map(str::to_owned),
            matrix: matrix(shapes.get(group as usize).map_or(0, |shape| shape.flags)),
            paused: shapes.get(group as usize).is_some_and(|shape| shape.retries == 2 && shape.flags & 16 == 16),
            ..PlanGroup::default()
        });
    }
    for (place, shape) in (0u32..).zip(shapes) {
        let group = (shape.group < group_count).then_some(u32::from(shape.group));
        let siblings = (0..place)
            .filter(|before| plan.tasks[*before as usize].group == group && shape.depends_on >> (before % 8) & 1 == 1);
        let mut depends_on: Vec<Node> = siblings.map(Node::Task).collect();
        if group.is_none() && group_count > 0 && shape.flags & 8 == 8 {
            depends_on.push(Node::Group(0));
        }
        let core = match shape.flags & 15 {
            7 | 15 => Some("WAIT"),
            3 => Some("APPROVAL"),
            5 => Some("TRIGGER_PIPELINE"),
            _ => None,
        };
        plan.tasks.push(PlanTask {
            id: format!("t{place}"),
            group,
            depends_on,
            condition: CONDITIONS.get(shape.condition as usize).copied().flatten().map(str::to_owned),
            integration: if core.is_some() { "ORCHESTRA" } else { "X" }.to_owned(),
            integration_job: core.unwrap_or("Y").to_owned(),
            parameters: match shape.flags >> 4 & 3 {
                _ if core == Some("TRIGGER_PIPELINE") => {
                    let target = if shape.retries == 0 { "gone" } else { "other" };
                    json!({ "pipeline_id": target }).as_object().cloned().unwrap_or_default()
                }
                0 => json!({"p": "${{ tasks['t0'].outputs.n }}"}).as_object().cloned().unwrap_or_default(),
                _ => Map::new(),
            },
            retries: u32::from(shape.retries),
            backoff: Backoff { delay_ms: u64::from(shape.flags & 1) * 60_000, ..Backoff::default() },
            timeout_seconds: (shape.flags & 2 == 2).then_some(30),
            treat_failure_as_warning: shape.flags & 4 == 4,
            paused: shape.condition == 11,
            detached: shape.flags & 64 == 64,
            approval_expires_ms: (shape.flags & 64 == 64).then_some(45_000),
            pool: (shape.flags & 32 == 32).then(|| PoolUse { name: "p".to_owned(), slots: 1 }),
            concurrency: (shape.condition == 10 && core.is_none())
                .then(|| PlanConcurrency { max_active: "1".to_owned(), on_limit: "QUEUE".to_owned() }),
            ..PlanTask::default()
        });
    }
    plan
}

struct World {
    partition: Partition,
    now: Timestamp,
    history: Vec<Event>,
}

impl World {
    fn new(plan: Plan) -> Self {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut world = Self { partition: Partition::default(), now, history: Vec::new() };
        world.run(&Command::ApplyPipeline(Box::new(PipelineApplied {
            pipeline: PIPELINE,
            alias: String::new(),
            version: 0,
            name: String::new(),
            source: String::new(),
            source_root: String::new(),
            digest: [0; 32],
            plan,
        })));
        world.run(&Command::ApplyPipeline(Box::new(PipelineApplied {
            pipeline: OTHER,
            alias: "other".to_owned(),
            version: 0,
            name: String::new(),
            source: String::new(),
            source_root: String::new(),
            digest: [1; 32],
            plan: Plan {
                tasks: vec![PlanTask { id: "o".to_owned(), ..PlanTask::default() }],
                concurrency: Some(PlanConcurrency { max_active: "1".to_owned(), on_limit: "QUEUE".to_owned() }),
                ..Plan::default()
            },
        })));
        world.run(&Command::SetPool { name: "p".to_owned(), slots: Some(2) });
        world.run(&Command::StartRun(StartRun {
            run: RUN,
            pipeline: PIPELINE,
            trigger: Trigger::Manual { user: String::new() },
            inputs: Map::new(),
            environment: Map::new(),
            environment_name: String::new(),
            selection: None,
        }));
        world
    }

    fn context(&self) -> Context {
        Context { now: self.now, random: 7 }
    }

    /// Takes a command, valid or not, and checks everything that must hold after any step.
    fn run(&mut self, command: &Command) {
        let context = self.context();
        let before = format!("{:?}", self.partition);
        let first = decide(&self.partition, command, &context);
        assert_eq!(first, decide(&self.partition, command, &context), "decide is not deterministic");
        assert_eq!(before, format!("{:?}", self.partition), "decide changed the state");
        match execute(&mut self.partition, command, &context) {
            Ok(events) => {
                assert!(events.starts_with(&first.unwrap()));
                self.history.extend(events);
            }
            Err(rejection) => {
                assert_eq!(first, Err(rejection));
                assert_eq!(before, format!("{:?}", self.partition), "a refused command changed the state");
            }
        }
        while !self.partition.agenda.is_empty() {
            self.history.extend(settle(&mut self.partition, &context));
        }
        assert_eq!(invariants::violations(&self.partition), Vec::<String>::new());
    }

    fn attempt(&self, task: u32, back: u32) -> AttemptRef {
        let current =
            self.partition.runs.get(&RUN).and_then(|run| run.tasks.get(task as usize)).map_or(1, |t| t.attempt);
        AttemptRef { run: RUN, task, number: current.saturating_sub(back) }
    }

    /// A run that the run started, if one lives.
    fn child(&self) -> RunId {
        self.partition.children.keys().next().copied().unwrap_or(RUN)
    }

    /// A command from three numbers: often sensible, sometimes late, stale or impossible.
    fn random_step(&mut self, (what, task, detail): (u8, u8, u8)) {
        let tasks = self.partition.runs.get(&RUN).map_or(10, |run| run.tasks.len() as u32 + 1);
        let attempt = self.attempt(u32::from(task) % tasks, u32::from(detail % 5 == 0));
        let report = |report| Command::Report { attempt, report };
        let outputs = json!({"n": detail}).as_object().cloned().unwrap_or_default();
        let class = FailureClass::ALL[detail as usize % FailureClass::ALL.len()];
        let outcome = Outcome::ALL[detail as usize % Outcome::ALL.len()];
        let command = match what % 17 {
            0..=3 => Command::LeaseTask { run: RUN, task: attempt.task, worker: WORKER },
            4 | 5 => report(Report::Started { handle: vec![detail], external_id: String::new() }),
            6 => report(Report::Succeeded { outcome, outputs, message: String::new() }),
            7 => report(Report::Failed { class, message: String::new(), outputs }),
            8 => report(Report::Stopped),
            9 => Command::LoseAttempt { attempt, reason: String::new() },
            10 => report(Report::Collected { chunk: u32::from(detail % 3), collected: Collected::default() }),
            11 => {
                self.now = self.now.checked_add(SignedDuration::from_secs(i64::from(detail))).unwrap();
                Command::WakeRun { run: RUN }
            }
            12 => Command::MarkTask {
                run: RUN,
                task: attempt.task,
                mark: Mark::ALL[detail as usize % Mark::ALL.len()],
                outputs: Map::new(),
                reason: String::new(),
                by: "ada".to_owned(),
            },
            13 | 14 => Command::DecideApproval {
                run: RUN,
                task: attempt.task,
                approved: detail % 2 == 0,
                by: "ada".to_owned(),
                comment: String::new(),
            },
            15 if detail < 60 => Command::CancelRun { run: self.child(), reason: String::new() },
            15 => Command::LeaseTask { run: self.child(), task: 0, worker: WORKER },
            _ if detail < 40 => Command::CancelRun { run: RUN, reason: String::new() },
            _ => Command::WakeRun { run: RUN },
        };
        self.run(&command);
    }

    /// The world answers everything that it is owed, and time passes.
    fn answer_everything(&mut self) {
        for _ in 0..STEPS_TO_END_MAX {
            // Those that were started last come first: others wait for them.
            let mut runs: Vec<&RunState> = self.partition.runs.values().collect();
            runs.sort_by_key(|run| std::cmp::Reverse(run.order));
            let asks = |run: &RunState| run.tasks.iter().position(|task| matches!(task.phase, Phase::Approving(_)));
            let moves = |run: &&&RunState| {
                !effects::outstanding(run).is_empty() || asks(run).is_some() || effects::next_deadline(run).is_some()
            };
            let Some(run) = runs.iter().find(moves) else {
                assert!(runs.is_empty(), "nothing moves: {runs:?}");
                return;
            };
            let (id, due, approval) = (run.id, effects::next_deadline(run), asks(run));
            let command = match (effects::outstanding(run).last(), approval) {
                (Some(Effect::FindWorker { task }), _) => Command::LeaseTask { run: id, task: *task, worker: WORKER },
                (Some(Effect::Offer { attempt, .. }), _) => Command::Report {
                    attempt: *attempt,
                    report: Report::Started { handle: Vec::new(), external_id: String::new() },
                },
                (Some(Effect::AwaitReport { attempt, .. }), _) => Command::Report {
                    attempt: *attempt,
                    report: Report::Succeeded {
                        outcome: Outcome::Succeeded,
                        outputs: Map::new(),
                        message: String::new(),
                    },
                },
                (Some(Effect::Stop { attempt, .. }), _) => {
                    Command::Report { attempt: *attempt, report: Report::Stopped }
                }
                (Some(Effect::ReadPrior { .. }), _) => panic!("nothing was restarted"),
                (None, Some(task)) => Command::DecideApproval {
                    run: id,
                    task: task as u32,
                    approved: true,
                    by: "bob".to_owned(),
                    comment: String::new(),
                },
                (None, None) => {
                    self.now = self.now.max(due.expect("a run that owes nothing waits for an instant"));
                    Command::WakeRun { run: id }
                }
            };
            self.run(&command);
        }
        panic!("the run did not end: {:?}", self.partition.runs.get(&RUN));
    }

    /// INV-01, INV-02, INV-03 and the fold, from the history alone.
    fn check_history(&self) {
        let mut outcomes: BTreeMap<AttemptRef, u32> = BTreeMap::new();
        let mut ended = BTreeSet::new();
        for event in &self.history {
            if let Some(run) = event.run() {
                assert!(!ended.contains(&run), "INV-02: {event:?} after the end of its run");
            }
            match event {
                Event::AttemptSucceeded { attempt, .. }
                | Event::AttemptFailed { attempt, .. }
                | Event::AttemptLost { attempt, .. }
                | Event::AttemptStopped { attempt, .. } => *outcomes.entry(*attempt).or_default() += 1,
                Event::RunFinished { run, .. } => {
                    ended.insert(*run);
                }
                _ => {}
            }
        }
        assert!(outcomes.values().all(|count| *count == 1), "INV-01: {outcomes:?}");
        assert!(ended.contains(&RUN), "INV-03: the run did not end");
        let mut again = Partition::default();
        self.history.iter().for_each(|event| evolve(&mut again, event));
        assert_eq!(settle(&mut again, &self.context()), []);
        assert_eq!(format!("{again:?}"), format!("{:?}", self.partition), "the fold of the history is another state");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, rng_seed: RngSeed::Fixed(20_261_122), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_invariants_hold_and_the_run_ends(
        shapes in proptest::collection::vec(shape(), 0..10),
        groups in 0u8..4,
        steps in proptest::collection::vec(any::<(u8, u8, u8)>(), 0..60),
    ) {
        let mut world = World::new(plan(&shapes, groups));
        for step in steps {
            world.random_step(step);
        }
        world.answer_everything();
        world.check_history();
    }

    #[test]
    fn folding_any_events_in_any_order_never_panics(order in proptest::collection::vec(any::<prop::sample::Index>(), 0..80)) {
        let shapes: Vec<Shape> =
            (0..8).map(|n| Shape { group: n % 4, depends_on: 0xff, condition: 0, retries: 1, flags: n }).collect();
        let mut world = World::new(plan(&shapes, 3));
        world.answer_everything();
        let mut partition = Partition::default();
        world.history[..2].iter().for_each(|event| evolve(&mut partition, event));
        for index in order {
            evolve(&mut partition, index.get(&world.history));
        }
    }
}
