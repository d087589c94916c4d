//! One run, all phases of its tasks, and what a log in any order leads to.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{
    AttemptRef, Command, Context, Event, FailureClass, Mark, Outcome, Partition, Phase, PipelineApplied, PipelineId,
    Report, RunId, RunState, StartRun, Trigger, WorkerId, decide,
    effects::{self, Effect},
    evolve, execute, invariants,
    metadata::Collected,
    plan::{Plan, PlanConcurrency, PlanTask},
    settle,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Map, json};

use crate::plans::{Shape, plan, shape};

const PIPELINE: PipelineId = PipelineId([1; 16]);
const OTHER: PipelineId = PipelineId([4; 16]);
const RUN: RunId = RunId([2; 16]);
const WORKER: WorkerId = WorkerId([3; 16]);
/// Steps within which a run of these small plans must end when the world answers everything.
const STEPS_TO_END_MAX: usize = 2_000;

struct World {
    partition: Partition,
    now: Timestamp,
    history: Vec<Event>,
}

impl World {
    fn new(plan: Plan) -> Self {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut world = Self { partition: Partition::default(), now, history: Vec::new() };
        world.run(&Command::apply(PipelineApplied {
            pipeline: PIPELINE,
            alias: String::new(),
            version: 0,
            name: String::new(),
            source: String::new(),
            source_root: String::new(),
            digest: [0; 32],
            plan,
            origin: None,
            storage: None,
        }));
        world.run(&Command::apply(PipelineApplied {
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
            origin: None,
            storage: None,
        }));
        world.run(&Command::SetPool { name: "p".to_owned(), slots: Some(2) });
        world.run(&Command::StartRun(Box::new(StartRun {
            run: RUN,
            pipeline: PIPELINE,
            trigger: Trigger::Manual { user: String::new() },
            inputs: Map::new(),
            environment: Map::new(),
            environment_name: String::new(),
            selection: None,
            version: 0,
        })));
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
            0..=3 => {
                Command::LeaseTask { run: RUN, task: attempt.task, worker: WORKER, remote: detail.is_multiple_of(2) }
            }
            4 | 5 => report(Report::Started { handle: vec![detail], external_id: String::new(), link: String::new() }),
            6 => report(Report::Succeeded { outcome, outputs, message: String::new() }),
            7 => report(Report::Failed { class, message: String::new(), outputs }),
            8 => report(Report::Stopped { unconfirmed: String::new() }),
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
            15 => Command::LeaseTask { run: self.child(), task: 0, worker: WORKER, remote: false },
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
                (Some(Effect::FindWorker { task }), _) => {
                    Command::LeaseTask { run: id, task: *task, worker: WORKER, remote: false }
                }
                (Some(Effect::Offer { attempt, .. }), _) => Command::Report {
                    attempt: *attempt,
                    report: Report::Started { handle: Vec::new(), external_id: String::new(), link: String::new() },
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
                    Command::Report { attempt: *attempt, report: Report::Stopped { unconfirmed: String::new() } }
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
