//! What the core costs: nanoseconds per task of runs from 1,000 to 100,000 tasks and of 10 to 10,000 live runs, memory per waiting task,
//! and the slope, which says whether the cost is linear. Prints a table; nothing here is a timed test.
//!
//! `cargo bench -p downbeat-domain --bench core`
#![allow(clippy::unwrap_used, missing_docs)]

use std::{hint::black_box, time::Instant};

use downbeat_domain::{
    AttemptRef, Command, Context, Event, Outcome, Partition, PipelineApplied, PipelineId, Report, RunId, StartRun,
    Trigger, WorkerId, evolve, execute,
    plan::{Node, Plan, PlanTask},
    settle,
};
use jiff::Timestamp;
use serde_json::Map;

const PIPELINE: PipelineId = PipelineId([1; 16]);
const WORKER: WorkerId = WorkerId([2; 16]);
const ROUNDS: usize = 5;

fn run_id(number: u32) -> RunId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    RunId(id)
}

fn task(place: usize) -> PlanTask {
    PlanTask {
        id: format!("t{place}"),
        integration: "X".to_owned(),
        integration_job: "Y".to_owned(),
        ..PlanTask::default()
    }
}

fn plan(tasks: usize, chain: bool) -> Plan {
    let mut plan = Plan { tasks: (0..tasks).map(task).collect(), ..Plan::default() };
    if chain {
        for place in 1..tasks {
            plan.tasks[place].depends_on = vec![Node::Task(place as u32 - 1)];
        }
    }
    plan
}

struct World {
    partition: Partition,
    history: Vec<Event>,
    keep: bool,
}

impl World {
    fn new(plan: Plan, keep: bool) -> Self {
        let mut world = Self { partition: Partition::default(), history: Vec::new(), keep };
        world.run(&Command::apply(PipelineApplied {
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
        }));
        world
    }

    fn run(&mut self, command: &Command) {
        let context = Context { now: Timestamp::UNIX_EPOCH, random: 1 };
        let events = execute(&mut self.partition, command, &context).unwrap();
        self.keep(events);
        while !self.partition.agenda.is_empty() {
            let events = settle(&mut self.partition, &context);
            self.keep(events);
        }
    }

    fn keep(&mut self, events: Vec<Event>) {
        if self.keep {
            self.history.extend(events);
        }
    }

    fn start(&mut self, run: RunId) {
        self.run(&Command::StartRun(Box::new(StartRun {
            run,
            pipeline: PIPELINE,
            trigger: Trigger::Manual { user: String::new() },
            inputs: Map::new(),
            environment: Map::new(),
            environment_name: String::new(),
            selection: None,
            version: 0,
        })));
    }

    /// One task from ready to its end: leased, started, succeeded.
    fn work(&mut self, run: RunId, task: u32) {
        let attempt = AttemptRef { run, task, number: 1 };
        self.run(&Command::LeaseTask { run, task, worker: WORKER, remote: false });
        let started = Report::Started { handle: Vec::new(), external_id: String::new(), link: String::new() };
        self.run(&Command::Report { attempt, report: started });
        let succeeded = Report::Succeeded { outcome: Outcome::Succeeded, outputs: Map::new(), message: String::new() };
        self.run(&Command::Report { attempt, report: succeeded });
    }
}

/// Median nanoseconds of a few rounds, per task.
fn per_task(tasks: usize, mut round: impl FnMut() -> u128) -> f64 {
    let mut taken: Vec<u128> = (0..ROUNDS).map(|_| round()).collect();
    taken.sort_unstable();
    taken[ROUNDS / 2] as f64 / tasks as f64
}

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Slope of ln(cost in all) over ln(size): 1 = linear.
fn slope(points: &[(usize, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(n, each)| ((*n as f64).ln(), (*n as f64 * each).ln())).collect();
    let count = logs.len() as f64;
    let (x, y) = (logs.iter().map(|p| p.0).sum::<f64>() / count, logs.iter().map(|p| p.1).sum::<f64>() / count);
    let (over, under) = logs.iter().fold((0.0, 0.0), |(o, u), p| (o + (p.0 - x) * (p.1 - y), u + (p.0 - x).powi(2)));
    over / under
}

fn table(title: &str, sizes: &[usize], mut measure: impl FnMut(usize) -> f64) {
    let points: Vec<(usize, f64)> = sizes.iter().map(|size| (*size, measure(*size))).collect();
    let cells: Vec<String> = points.iter().map(|(size, each)| format!("{size}: {each:.0} ns")).collect();
    println!("{title:<44} {}   slope {:.2}", cells.join("  "), slope(&points));
}

fn main() {
    // Memory first: later, what was freed is used again and does not show.
    for (title, tasks, runs) in [("a run of 100,000 tasks", 100_000, 1), ("10,000 live runs of 10 tasks", 10, 10_000)] {
        let mut world = World::new(plan(tasks, false), false);
        let before = resident_bytes();
        (0..runs).for_each(|run| world.start(run_id(run)));
        let bytes = resident_bytes().saturating_sub(before) / (tasks * runs as usize);
        println!("memory of {title}: {bytes} bytes per waiting task");
        // Kept, so that the next measurement does not use its memory again.
        std::mem::forget(world);
    }
    let sizes = [1_000, 10_000, 100_000];
    println!("per task, median of {ROUNDS} rounds");
    for (title, chain) in [("decide, a wide run", false), ("decide, a chain", true)] {
        table(title, &sizes, |tasks| {
            per_task(tasks, || {
                let mut world = World::new(plan(tasks, chain), false);
                let began = Instant::now();
                world.start(run_id(1));
                (0..tasks as u32).for_each(|task| world.work(run_id(1), task));
                assert!(world.partition.runs.is_empty());
                began.elapsed().as_nanos()
            })
        });
    }
    table("evolve alone, a wide run", &sizes, |tasks| {
        let mut world = World::new(plan(tasks, false), true);
        world.start(run_id(1));
        (0..tasks as u32).for_each(|task| world.work(run_id(1), task));
        per_task(tasks, || {
            let mut partition = Partition::default();
            let began = Instant::now();
            world.history.iter().for_each(|event| evolve(&mut partition, event));
            let taken = began.elapsed().as_nanos();
            black_box(partition);
            taken
        })
    });
    table("decide, live runs of 10 tasks (per task)", &[10, 1_000, 10_000], |runs| {
        per_task(runs * 10, || {
            let mut world = World::new(plan(10, false), false);
            let began = Instant::now();
            (0..runs as u32).for_each(|run| world.start(run_id(run)));
            // In turns: all runs are live until the last task.
            for task in 0..10 {
                (0..runs as u32).for_each(|run| world.work(run_id(run), task));
            }
            assert!(world.partition.runs.is_empty());
            began.elapsed().as_nanos()
        })
    });
}
