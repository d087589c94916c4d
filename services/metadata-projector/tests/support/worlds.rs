//! Worlds in which much has happened, random ones and one that was made for lists, each with everything that is in it.

use downbeat_domain::{
    Event, FailureClass, RunCreated, RunId, RunStatus, TaskRunId,
    foreign::ForeignParent,
    metadata::{Asset, Collected, Operation},
};
use downbeat_metadata_projector::published::View;
use downbeat_proto::testing::World;

use super::{
    at, attempt, created, finished, leased, pipeline, ready,
    rows::{Everything, folded},
    run_id, started,
    stories::{failed, goes_well, skipped},
};

/// The same numbers for the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// Some of these, mostly none: then nothing is filtered by it.
    pub fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        let count = if of.is_empty() || self.roll(2) == 0 { 0 } else { 1 + self.roll(2) };
        (0..count).map(|_| of[usize::try_from(self.roll(of.len() as u64)).unwrap()].clone()).collect()
    }

    pub fn window(&mut self, instants: &[i64]) -> (i64, i64) {
        let mut one = || self.some(instants).first().copied().unwrap_or(0);
        let (from, to) = (one(), one());
        if from != 0 && to != 0 && from >= to { (0, to) } else { (from, to) }
    }
}

/// What a world decided, and what other systems say below a task run of its first run.
fn random_history(seed: u64) -> Vec<Event> {
    let mut history = World::random(seed, 260).history.concat();
    let first = history.iter().find_map(|event| match event {
        Event::RunCreated(created) => Some(created.run),
        _ => None,
    });
    let parent = |run| Some(ForeignParent { run, ..ForeignParent::default() });
    for event in &mut history {
        if let (Event::LineageReported(reported), Some(run)) = (event, first)
            && let Some(foreign) = &mut reported.said.run
        {
            // Some of them are known by the run alone.
            let below = if seed.is_multiple_of(2) { TaskRunId::derive(run, 1).0 } else { run.0 };
            (foreign.parent, foreign.root) = (parent(below), parent(run.0));
        }
    }
    history
}

/// Runs of the pipeline `weather` at the same few instants, in all kinds of states, one of them with iterations; reports of operations and assets.
fn told_history() -> Vec<Event> {
    let mut dice = Dice(7);
    let mut events = vec![pipeline(6, 2)];
    for number in 0..40 {
        let run = run_id(number);
        let Event::RunCreated(begun) = created(run, i64::from(number) % 9) else { unreachable!() };
        let environment_name = ["", "dev", "prod"][usize::try_from(dice.roll(3)).unwrap()].to_owned();
        events.push(Event::RunCreated(Box::new(RunCreated { environment_name, ..*begun })));
        if number.is_multiple_of(5) {
            let axes = vec![("x".to_owned(), vec![1.into(), 2.into(), 3.into()])];
            events.push(Event::MatrixExpanded { run, group: 0, axes, at: at(20) });
        }
        for task in 2..6 {
            match dice.roll(5) {
                0 => {}
                1 => events.push(skipped(run, task, 21)),
                2 => events.extend([ready(run, task, 21), leased(attempt(run, task, 1), 22)]),
                3 => {
                    let attempt = attempt(run, task, 1);
                    events.extend([ready(run, task, 21), leased(attempt, 22), started(attempt, 23)]);
                    events.push(failed(attempt, 24, FailureClass::JobFailed, "no"));
                }
                _ => events.extend(goes_well(run, task, 25)),
            }
        }
        if dice.roll(2) == 0 {
            events.push(reported(&mut dice, run, number));
        }
        // What has not ended yet goes no further: no run ends before its task runs.
        let halted = Event::RunCancelRequested { run, reason: String::new(), at: at(30) };
        match dice.roll(4) {
            0 => events.push(halted),
            1 => events.extend([halted, finished(run, 31)]),
            2 => {
                let message = String::new();
                events.extend([halted, Event::RunFinished { run, status: RunStatus::Failed, message, at: at(31) }]);
            }
            _ => {}
        }
    }
    events
}

fn reported(dice: &mut Dice, run: RunId, number: u32) -> Event {
    let schema = ["public", "raw", "Mart"][usize::try_from(dice.roll(3)).unwrap()];
    let key = format!("postgres://db:5432/shop.{schema}.t{}", dice.roll(12));
    let asset = Asset {
        key: key.clone(),
        name: key.rsplit('.').next().unwrap().to_owned(),
        kind: ["TABLE", "VIEW", ""][usize::try_from(dice.roll(3)).unwrap()].to_owned(),
        integration: ["POSTGRES", "DBT_CORE"][usize::try_from(dice.roll(2)).unwrap()].to_owned(),
        aliases: if dice.roll(9) == 0 { vec!["mysql://db:3306/shop.t1".to_owned()] } else { Vec::new() },
        ..Asset::default()
    };
    let operation = |number: u64| Operation {
        external_id: format!("op{}", number % 4),
        name: "op".to_owned(),
        kind: ["MATERIALISATION", "TEST", "QUERY"][usize::try_from(number % 3).unwrap()].to_owned(),
        status: ["SUCCEEDED", "FAILED"][usize::try_from(number % 2).unwrap()].to_owned(),
        asset: key.clone(),
        ..Operation::default()
    };
    let operations = (0..dice.roll(4)).map(|_| operation(dice.roll(40))).collect();
    let collected = Collected { operations, assets: vec![asset], edges: Vec::new() };
    let attempt = attempt(run, 2 + number % 4, 1);
    Event::OperationsCollected { attempt, chunk: number % 2, collected: collected.into() }
}

/// Every world, with everything that is in it.
pub fn worlds(mut each: impl FnMut(&View<'_>, &Everything, &mut Dice)) {
    for seed in 0..12 {
        let history = if seed == 0 { told_history() } else { random_history(seed) };
        let folder = tempfile::tempdir().unwrap();
        let published = folded(folder.path(), history);
        published.view(|view| {
            let everything = Everything::of(view);
            let rounds = if seed == 0 { 60 } else { 15 };
            (0..rounds).for_each(|round| each(view, &everything, &mut Dice(seed * 1_000 + round)));
        });
    }
}
