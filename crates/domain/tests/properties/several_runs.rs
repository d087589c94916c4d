//! Several runs of three pipelines: concurrency of all four kinds, pools, restarts, marks, pauses, deletions, new versions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use downbeat_domain::{
    AttemptRef, Command, Context, Event, FailureClass, Mark, OnLimit, Outcome, Partition, Phase, PipelineApplied,
    PipelineId, PriorRun, Replay, Report, RestartMode, RestartRun, RunId, RunState, StartRun, Trigger, WorkerId,
    effects::{self, Effect},
    evolve, execute, invariants,
    metadata::{Collected, Operation},
    plan::{Plan, PlanConcurrency, PlanTask},
    settle,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Map, json};

use crate::plans::{Shape, plan, shape};

const ALIASES: [&str; 3] = ["one", "two", "other"];
const WORKER: WorkerId = WorkerId([3; 16]);
/// Steps within which all runs of these small plans must end when the world answers everything.
const STEPS_TO_END_MAX: usize = 5_000;

fn pipeline(place: u8) -> PipelineId {
    PipelineId([place % 3 + 1; 16])
}

fn run_id(number: u8) -> RunId {
    RunId([number % 10 + 20; 16])
}

/// One to three at once, or a limit that does not evaluate; none for every fifth.
fn concurrency(bits: u8) -> Option<PlanConcurrency> {
    let max_active = match bits % 5 {
        0 => return None,
        4 if bits > 240 => "${{ ENV.GONE }}".to_owned(),
        max => max.min(2).to_string(),
    };
    let on_limit = OnLimit::ALL[bits as usize / 5 % 4].as_str().to_owned();
    Some(PlanConcurrency { max_active, on_limit })
}

struct World {
    partition: Partition,
    now: Timestamp,
    history: Vec<Event>,
    shapes: Vec<Shape>,
    versions: u8,
}

impl World {
    fn new(shapes: Vec<Shape>, bits: [u8; 3]) -> Self {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let mut world = Self { partition: Partition::default(), now, history: Vec::new(), shapes, versions: 0 };
        (0..3).zip(bits).for_each(|(place, bits)| world.apply(place, bits));
        world.take(&Command::SetPool { name: "p".to_owned(), slots: Some(2) });
        world
    }

    /// A version of a pipeline: some of the tasks, in some order. What the third runs starts no other.
    fn apply(&mut self, place: u8, bits: u8) {
        self.versions += 1;
        let mut shapes = self.shapes.clone();
        if !shapes.is_empty() {
            shapes.rotate_left(bits as usize % self.shapes.len());
            shapes.truncate(1 + bits as usize % 4);
        }
        let mut plan = match place % 3 {
            2 => Plan { tasks: vec![PlanTask { id: "t0".to_owned(), ..PlanTask::default() }], ..Plan::default() },
            _ => plan(&shapes, bits % 3),
        };
        plan.concurrency = concurrency(bits);
        plan.timeout_ms = (bits % 7 == 3).then_some(90_000);
        self.take(&Command::apply(PipelineApplied {
            pipeline: pipeline(place),
            alias: ALIASES[place as usize % 3].to_owned(),
            version: 0,
            name: String::new(),
            source: String::new(),
            source_root: String::new(),
            digest: [self.versions; 32],
            plan,
            origin: None,
            storage: None,
        }));
    }

    fn context(&self) -> Context {
        Context { now: self.now, random: 7 }
    }

    /// Takes a command, valid or not, lets follow what follows, and checks what must hold after any step.
    fn take(&mut self, command: &Command) {
        let context = self.context();
        let Ok(mut events) = execute(&mut self.partition, command, &context) else { return };
        while !self.partition.agenda.is_empty() {
            events.extend(settle(&mut self.partition, &context));
        }
        assert_eq!(invariants::violations(&self.partition), Vec::<String>::new(), "after {command:?}");
        self.check_limits(&events);
        self.history.extend(events);
    }

    /// Nothing was let go, or given to a worker, beyond what the limits of this moment allow (INV-04).
    fn check_limits(&self, events: &[Event]) {
        for event in events {
            match event {
                Event::RunAdmitted { run, .. } => {
                    let Some(run) = self.partition.runs.get(run) else { continue };
                    let limit = self.partition.pipelines[&run.pipeline].plan.plan.concurrency.as_ref();
                    let limit = limit.and_then(|limit| limit.max_active.parse::<usize>().ok()).unwrap_or(usize::MAX);
                    let lane = &self.partition.lanes.lanes[&(run.pipeline, run.environment_name.clone())];
                    assert!(lane.live.len() <= limit, "INV-04: {} of {limit} are live", lane.live.len());
                }
                Event::AttemptLeased { .. } => {
                    for (name, pool) in &self.partition.pools.named {
                        assert!(
                            pool.used() <= u64::from(pool.slots.unwrap_or(0)).max(2),
                            "INV-04: pool {name} {pool:?}"
                        );
                    }
                }
                _ => {}
            }
        }
    }

    fn prior(&self, run: RunId) -> Option<PriorRun> {
        let (pipeline, _) = self.partition.finished.get(&run)?;
        let mut replay = Replay::new(run, *pipeline);
        self.history.iter().for_each(|event| replay.fold(event));
        replay.prior()
    }

    /// Any live run, or one that never was.
    fn any_run(&self, which: u8) -> RunId {
        let live: Vec<RunId> = self.partition.runs.keys().copied().collect();
        if live.is_empty() { run_id(which) } else { live[which as usize % live.len()] }
    }

    /// A command from four numbers: often sensible, sometimes late, stale or impossible.
    fn random_step(&mut self, (what, which, task, detail): (u8, u8, u8, u8)) {
        let run = self.any_run(which);
        let state = self.partition.runs.get(&run);
        let task = u32::from(task) % state.map_or(3, |state| state.tasks.len() as u32 + 1);
        let task = match state.and_then(|state| state.held.first().or(state.ready.first())) {
            Some(place) if detail % 3 != 0 => *place,
            _ => task,
        };
        let number = state.and_then(|state| state.tasks.get(task as usize)).map_or(1, |task| task.attempt);
        let attempt = AttemptRef { run, task, number };
        let report = |report| Command::Report { attempt, report };
        let outputs = json!({"n": detail, "list": [detail]}).as_object().cloned().unwrap_or_default();
        let command = match what % 24 {
            0..=2 => return self.start(which, detail),
            3..=6 => Command::LeaseTask { run, task, worker: WORKER, remote: detail.is_multiple_of(2) },
            7 => report(Report::Started { handle: Vec::new(), external_id: String::new(), link: String::new() }),
            8 | 9 => report(Report::Succeeded {
                outcome: Outcome::ALL[detail as usize % 2],
                outputs,
                message: String::new(),
            }),
            10 | 11 => report(Report::Failed {
                class: FailureClass::ALL[detail as usize % 4],
                message: String::new(),
                outputs,
            }),
            12 => report(Report::Stopped { unconfirmed: String::new() }),
            13 => Command::LoseAttempt { attempt, reason: String::new() },
            14 => report(Report::Collected { chunk: 0, collected: failed_operation() }),
            15 => {
                self.now = self.now.checked_add(SignedDuration::from_secs(i64::from(detail))).unwrap();
                Command::WakeRun { run }
            }
            16 => Command::MarkTask {
                run,
                task,
                mark: Mark::ALL[detail as usize % 4],
                outputs,
                reason: String::new(),
                by: String::new(),
            },
            17 => Command::DecideApproval {
                run,
                task,
                approved: detail % 2 == 0,
                by: String::new(),
                comment: String::new(),
            },
            18 if detail % 2 == 0 => Command::CancelRun { run, reason: String::new() },
            18 | 19 => return self.restart(which, detail),
            20 => match self.carry_over(run) {
                Some(command) => command,
                None => return,
            },
            21 => match detail % 4 {
                0 => Command::PausePipeline { pipeline: pipeline(which), reason: String::new() },
                1 | 2 => Command::ResumePipeline { pipeline: pipeline(which) },
                _ => Command::DeletePipeline { pipeline: pipeline(which) },
            },
            22 => Command::SetPool { name: "p".to_owned(), slots: Some(u32::from(detail % 3)) },
            _ => return self.apply(which, detail),
        };
        self.take(&command);
    }

    fn start(&mut self, which: u8, detail: u8) {
        let environment_name = if detail.is_multiple_of(4) { "prod" } else { "" }.to_owned();
        self.take(&Command::StartRun(Box::new(StartRun {
            run: run_id(detail),
            pipeline: pipeline(which),
            trigger: Trigger::Manual { user: String::new() },
            inputs: Map::new(),
            environment: Map::new(),
            environment_name,
            selection: None,
            version: 0,
        })));
    }

    /// Some run that has ended is run again.
    fn restart(&mut self, which: u8, detail: u8) {
        let ended: Vec<RunId> = self.partition.finished.keys().copied().collect();
        let Some(of) = ended.get(which as usize % ended.len().max(1)) else { return };
        let Some(prior) = self.prior(*of) else { return };
        let mode = RestartMode::ALL[detail as usize % 4];
        let named = matches!(mode, RestartMode::FromTasks | RestartMode::FromSelected);
        self.take(&Command::RestartRun(Box::new(RestartRun {
            run: run_id(detail.wrapping_add(which)),
            prior: Arc::new(prior),
            mode,
            tasks: if named { vec![format!("t{}", detail % 2)] } else { Vec::new() },
            inputs: Map::new(),
            user: String::new(),
        })));
    }

    fn carry_over(&self, run: RunId) -> Option<Command> {
        let of = self.partition.runs.get(&run).and_then(effects::prior_of)?;
        Some(Command::CarryOver { run, prior: Arc::new(self.prior(of).unwrap()) })
    }

    /// Pipelines and pools let everything go; the world answers everything that it is owed; time passes.
    fn answer_everything(&mut self) {
        (0..3).for_each(|place| self.take(&Command::ResumePipeline { pipeline: pipeline(place) }));
        self.take(&Command::SetPool { name: "p".to_owned(), slots: Some(2) });
        for _ in 0..STEPS_TO_END_MAX {
            let Some(command) = self.owed() else {
                assert!(self.partition.runs.is_empty(), "nothing moves: {:?}", self.partition.runs);
                return;
            };
            self.take(&command);
        }
        panic!("not everything ended: {:?}", self.partition.runs);
    }

    /// What workers hold comes first, so that slots are free for what waits.
    fn owed(&mut self) -> Option<Command> {
        let runs = || self.partition.runs.values();
        if let Some(command) = runs().flat_map(|run| run.held.iter().filter_map(|task| answer(run, *task))).next() {
            return Some(command);
        }
        if let Some(command) = runs().find_map(|run| self.carry_over(run.id)) {
            return Some(command);
        }
        if let Some((run, task)) = runs().find_map(|run| Some((run.id, *run.ready.first()?))) {
            return Some(Command::LeaseTask { run, task, worker: WORKER, remote: false });
        }
        let asks = |run: &RunState| run.tasks.iter().position(|task| matches!(task.phase, Phase::Approving(_)));
        if let Some((run, task)) = runs().find_map(|run| Some((run.id, asks(run)? as u32))) {
            return Some(Command::DecideApproval {
                run,
                task,
                approved: true,
                by: String::new(),
                comment: String::new(),
            });
        }
        let (due, run) = runs().filter_map(|run| Some((effects::next_deadline(run)?, run.id))).min()?;
        self.now = self.now.max(due);
        Some(Command::WakeRun { run })
    }

    /// INV-01, INV-02 and the fold, from the history alone; nothing is left of what ended.
    fn check_end(&self) {
        let mut outcomes: BTreeMap<AttemptRef, u32> = BTreeMap::new();
        let mut ended = BTreeSet::new();
        for event in &self.history {
            assert!(event.run().is_none_or(|run| !ended.contains(&run)), "INV-02: {event:?} after the end of its run");
            match event {
                Event::AttemptSucceeded { attempt, .. }
                | Event::AttemptFailed { attempt, .. }
                | Event::AttemptLost { attempt, .. }
                | Event::AttemptStopped { attempt, .. }
                | Event::ApprovalDecided { attempt, .. }
                | Event::ChildEnded { attempt, .. } => *outcomes.entry(*attempt).or_default() += 1,
                Event::RunFinished { run, .. } => drop(ended.insert(*run)),
                _ => {}
            }
        }
        assert!(outcomes.values().all(|count| *count == 1), "INV-01: {outcomes:?}");
        let partition = &self.partition;
        assert!(partition.lanes.lanes.is_empty() && partition.children.is_empty() && partition.pools.tasks.is_empty());
        assert!(partition.pools.named.values().all(|pool| pool.holders.is_empty() && pool.used() == 0));
        let mut again = Partition::default();
        self.history.iter().for_each(|event| evolve(&mut again, event));
        assert_eq!(settle(&mut again, &self.context()), []);
        assert_eq!(format!("{again:?}"), format!("{partition:?}"), "the fold of the history is another state");
        for (run, (_, status)) in &partition.finished {
            assert_eq!(
                self.prior(*run).map(|prior| prior.status),
                Some(*status),
                "what is replayed ended the same way"
            );
        }
    }
}

fn failed_operation() -> Collected {
    let operation =
        Operation { external_id: "model.x".to_owned(), status: "FAILED".to_owned(), ..Operation::default() };
    Collected { operations: vec![operation], ..Collected::default() }
}

/// What the worker that holds a task says next.
fn answer(run: &RunState, task: u32) -> Option<Command> {
    let (attempt, report) = match effects::owed_to_holder(run, task)? {
        Effect::Offer { attempt, .. } => {
            (attempt, Report::Started { handle: Vec::new(), external_id: String::new(), link: String::new() })
        }
        Effect::AwaitReport { attempt, .. } => {
            (attempt, Report::Succeeded { outcome: Outcome::Succeeded, outputs: Map::new(), message: String::new() })
        }
        Effect::Stop { attempt, .. } => (attempt, Report::Stopped { unconfirmed: String::new() }),
        _ => return None,
    };
    Some(Command::Report { attempt, report })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, rng_seed: RngSeed::Fixed(20_261_126), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_several_runs_the_invariants_hold_and_all_of_them_end(
        shapes in proptest::collection::vec(shape(), 1..6),
        bits in any::<[u8; 3]>(),
        steps in proptest::collection::vec(any::<(u8, u8, u8, u8)>(), 0..120),
    ) {
        let mut world = World::new(shapes, bits);
        for step in steps {
            world.random_step(step);
        }
        world.answer_everything();
        world.check_end();
    }
}
