//! Everything on: how fast the log of a large installation becomes rows, and how fast they answer. 1,000,000 task runs; 100,000 assets with
//! 500,000 edges; a year of costs. Prints a table; takes some minutes.
//!
//! The graph is one as warehouses have it: an asset is made of five others that lie shortly before it, so that what is five edges away is
//! some hundreds of assets.
#![allow(clippy::unwrap_used, reason = "a bench that cannot prepare must stop")]

#[path = "../tests/support/mod.rs"]
mod support;

/// As in the services.
#[global_allocator]
static ALLOCATOR: downbeat_runtime::allocator::Allocator = downbeat_runtime::allocator::Allocator;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use downbeat_domain::{
    CostId, Event, PipelineApplied, PipelineId, RunCreated, RunStatus, TaskRunId,
    cost::{Basis, CostEntry, CostEvent, CostRecorded, Origin},
    metadata::{Asset, AssetColumn, Collected, LineageEdge, Operation, Quantity},
};
use downbeat_event_log::{Entry, LogId, Tail};
use downbeat_metadata_projector::{
    engine::Fold,
    limits,
    published::{Published, View},
    query::{
        Refusal, asset_list, assets, costs, lineage, operations, page::Page, runs, shape::Shape, task_runs, tasks,
    },
    store,
};
use downbeat_proto::metadata::v1 as wire;
use support::{at, attempt, created, payload, pipeline, record_of, run_id, whole_task};

const RUNS: u32 = 10_000;
const TASKS_PER_RUN: u32 = 100;
const ASSETS: u32 = 100_000;
const INPUTS_PER_ASSET: u32 = 5;
/// How far back an asset's inputs lie.
const WITHIN: u32 = 60;
const COST_DAYS: u32 = 365;
const COSTS_PER_DAY: u32 = 1_000;
/// Runs of 100 tasks on a busy day.
const DAY_RUNS: u32 = 1_000;
/// What they write, again and again.
const DAY_ASSETS: u32 = 1_000;
/// Events of one record, as a loaded coordinator writes them.
const EVENTS_PER_RECORD: usize = 256;
/// Questions of each kind.
const QUESTIONS: u32 = 2_000;

fn main() {
    // `cargo test --benches` only wants to know that it compiles.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut filling = Filling::begin(folder.path());
    println!(
        "| fold, all projections, into sled with sync | events/s | events | of them with metadata |\n|---|---|---|---|"
    );
    filling.measure("1,000,000 task runs in runs of 100", task_runs());
    filling.measure("a day: 100,000 task runs, one in 20 of which tells what it wrote", a_day());
    filling.measure("nothing but metadata: 100,000 assets, 500,000 edges, a column each", lineage_of_all());
    filling.measure("nothing but costs: 365,000 entries over a year", year_of_costs());
    let published = filling.end();
    println!("\n| question | p50 ms | p99 ms | max ms |\n|---|---|---|---|");
    ask_all(&published);
}

/// Folds into a store and measures only that.
struct Filling {
    log: LogId,
    tail: Tail,
    number: u64,
    store: store::Store,
    fold: Fold,
}

impl Filling {
    fn begin(folder: &std::path::Path) -> Self {
        let log = LogId("bench".into());
        let opened = store::open(folder, limits::CACHE_BYTES_DEFAULT, &log).unwrap();
        let tail = Tail::start(&log);
        Self { log, tail, number: 0, store: opened.store, fold: Fold::new(opened.head) }
    }

    fn measure(&mut self, what: &str, events: impl Iterator<Item = Event>) {
        let (mut spent, mut count, mut with_metadata) = (Duration::ZERO, 0_u64, 0_u64);
        let mut synced = Instant::now();
        let mut events = events.peekable();
        while events.peek().is_some() {
            let record: Vec<Event> = events.by_ref().take(EVENTS_PER_RECORD).collect();
            count += record.len() as u64;
            let told = |event: &&Event| matches!(event, Event::OperationsCollected { .. } | Event::Cost(_));
            with_metadata += record.iter().filter(told).count() as u64;
            let entry = self.entry(record);
            let began = Instant::now();
            self.fold.record(&self.store, &self.log, &entry).unwrap();
            if self.fold.events() >= limits::EVENTS_PER_BATCH_MAX {
                self.store.apply(self.fold.take().writes).unwrap();
                if synced.elapsed() >= limits::SYNC_INTERVAL {
                    self.store.sync().unwrap();
                    synced = Instant::now();
                }
            }
            spent += began.elapsed();
        }
        let began = Instant::now();
        self.store.apply(self.fold.take().writes).unwrap();
        self.store.sync().unwrap();
        spent += began.elapsed();
        println!("| {what} | {:.0} | {count} | {with_metadata} |", count as f64 / spent.as_secs_f64());
    }

    fn entry(&mut self, events: Vec<Event>) -> Entry {
        self.number += 1;
        let record = record_of(payload(events), self.number);
        let previous = self.tail.hash;
        self.tail = self.tail.next(&record);
        Entry { sequence: self.tail.sequence, id: record.id, previous, hash: self.tail.hash, payload: record.payload }
    }

    fn end(mut self) -> Published {
        let head = self.fold.take().head;
        Published::new(self.store, self.log, head)
    }
}

fn task_runs() -> impl Iterator<Item = Event> {
    let run = |number: u32| {
        let run = run_id(number);
        let status = if number.is_multiple_of(10) { RunStatus::Failed } else { RunStatus::Succeeded };
        let end = Event::RunFinished { run, status, message: String::new(), at: at(9) };
        let tasks = (0..TASKS_PER_RUN).flat_map(move |task| whole_task(run, task));
        std::iter::once(created(run, i64::from(number))).chain(tasks).chain([end])
    };
    std::iter::once(pipeline(TASKS_PER_RUN, 0)).chain((0..RUNS).flat_map(run))
}

/// What a busy installation does: of the tasks of a run some collect, and what they wrote they wrote yesterday, too.
fn a_day() -> impl Iterator<Item = Event> {
    (0..DAY_RUNS).flat_map(|number| {
        let run = run_id(2 * RUNS + number);
        let tasks = (0..TASKS_PER_RUN).flat_map(move |task| {
            let mut events = whole_task(run, task);
            if task.is_multiple_of(20) {
                let told = Arc::new(collected((number * 5 + task / 20) % DAY_ASSETS));
                let attempt = attempt(run, task, 1);
                events.insert(3, Event::OperationsCollected { attempt, chunk: 0, collected: told });
            }
            events
        });
        let end = Event::RunFinished { run, status: RunStatus::Succeeded, message: String::new(), at: at(9) };
        std::iter::once(created(run, i64::from(2 * RUNS + number))).chain(tasks).chain([end])
    })
}

/// One of the pipelines that make assets.
fn maker(number: u32) -> PipelineId {
    PipelineId::derive("default", &format!("maker_{number}"))
}

fn key(number: u32) -> String {
    format!("postgres://warehouse:5432/shop.layer_{}.table_{number:06}", number / 10_000)
}

fn lineage_of_all() -> impl Iterator<Item = Event> {
    (0..ASSETS / TASKS_PER_RUN).flat_map(|number| {
        let run = run_id(RUNS + number);
        let Event::PipelineApplied(applied) = pipeline(TASKS_PER_RUN, 0) else { unreachable!() };
        let alias = format!("maker_{number}");
        let applied = PipelineApplied { pipeline: maker(number), alias, ..*applied };
        let Event::RunCreated(begun) = created(run, i64::from(RUNS + number)) else { unreachable!() };
        let begun = RunCreated { pipeline: maker(number), ..*begun };
        let tasks = (0..TASKS_PER_RUN).flat_map(move |task| {
            let mut events = whole_task(run, task);
            let told = collected(number * TASKS_PER_RUN + task);
            events.insert(
                3,
                Event::OperationsCollected { attempt: attempt(run, task, 1), chunk: 0, collected: Arc::new(told) },
            );
            events
        });
        [Event::PipelineApplied(Box::new(applied)), Event::RunCreated(Box::new(begun))].into_iter().chain(tasks)
    })
}

fn collected(number: u32) -> Collected {
    let column = |name: &str| AssetColumn { name: name.into(), kind: "bigint".into(), description: String::new() };
    let asset = Asset {
        key: key(number),
        name: format!("table_{number:06}"),
        kind: "TABLE".into(),
        columns: ["id", "customer", "amount"].map(column).to_vec(),
        ..Asset::default()
    };
    let operation = Operation {
        external_id: format!("model.table_{number:06}"),
        name: format!("table_{number:06}"),
        kind: "MATERIALISATION".into(),
        status: "SUCCEEDED".into(),
        asset: key(number),
        rows_affected: Some(1_000),
        ..Operation::default()
    };
    let mut inputs: Vec<u32> =
        (1..=INPUTS_PER_ASSET).filter_map(|input| number.checked_sub(mixed(number * 7 + input) % WITHIN + 1)).collect();
    inputs.sort_unstable();
    inputs.dedup();
    let edge = |input: u32| LineageEdge {
        from: key(input),
        to: key(number),
        operation: format!("model.table_{number:06}"),
        ..LineageEdge::default()
    };
    Collected { operations: vec![operation], assets: vec![asset], edges: inputs.into_iter().map(edge).collect() }
}

/// The same number every time, and far from its neighbours'.
fn mixed(number: u32) -> u32 {
    let mixed = number.wrapping_mul(0x9e37_79b9);
    (mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca6b) >> 8
}

fn year_of_costs() -> impl Iterator<Item = Event> {
    (0..COST_DAYS).flat_map(|day| {
        (0..COSTS_PER_DAY).map(move |number| {
            let incurred_at = at(i64::from(day) * 86_400 + i64::from(number));
            let mut id = [0; 16];
            id[..4].copy_from_slice(&day.to_be_bytes());
            id[4..8].copy_from_slice(&number.to_be_bytes());
            let entry = CostEntry {
                id: CostId(id),
                basis: Basis::Estimated,
                micros: i64::from(mixed(day * COSTS_PER_DAY + number) % 1_000_000),
                currency: "EUR".parse().unwrap(),
                quantity: Quantity::new(60, 0),
                unit: "worker_seconds".into(),
                operation: String::new(),
                asset: key(number),
                source: String::new(),
                external_id: String::new(),
                corrects: None,
                incurred_at,
            };
            let origin = Origin {
                pipeline: Some(maker(number / 10)),
                attempt: None,
                task: format!("t{}", number % 10),
                owner: format!("team_{}", number % 20),
                integration: "PYTHON".into(),
            };
            let recorded =
                CostRecorded { origin, prices: 1, entries: vec![entry], unpriced: Vec::new(), at: incurred_at };
            Event::Cost(Box::new(CostEvent::CostRecorded(recorded)))
        })
    })
}

fn ask_all(published: &Published) {
    let page = |size: u32| Page { size, token: "" };
    ask_lists(published);
    ask(published, "a run with its 100 task runs", |view, number| {
        let (run, row) = runs::find(view, &run_id(mixed(number) % RUNS).to_string())?;
        let shape = Shape::read(view.store, run, &row)?;
        tasks::all(view.store, &row, &shape).map(|_| ())
    });
    ask(published, "an asset", |view, number| assets::get(view, &key(mixed(number) % ASSETS)).map(|_| ()));
    for (name, up) in [("upstream, depth 5", true), ("downstream, depth 5", false)] {
        ask(published, name, |view, number| {
            let asset = key(mixed(number) % ASSETS);
            let question = lineage::Question { asset, depth: 5, up, down: !up, ..lineage::Question::default() };
            lineage::lineage(view, &question).map(|_| ())
        });
    }
    ask(published, "costs by month", |view, _| months(view, &[]));
    ask(published, "costs by month and pipeline", |view, _| months(view, &[wire::CostGroup::Pipeline]));
    ask(published, "costs by month and owner", |view, _| months(view, &[wire::CostGroup::Owner]));
    ask(published, "entries of costs, 100 of 365,000", |view, _| {
        costs::entries(view, &wire::CostFilter::default(), page(100)).map(|_| ())
    });
}

/// Lists, and what they are filtered by.
fn ask_lists(published: &Published) {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let runs_of = |what: &str, request: wire::ListRunsRequest| {
        let request = wire::ListRunsRequest { page_size: 100, ..request };
        ask(published, what, |view, _| runs::list(view, &request).map(|_| ()));
    };
    let weather = || vec![support::pipeline_id().to_string()];
    let failed = || wire::ListRunsRequest { statuses: words(&["FAILED"]), ..Default::default() };
    runs_of("list of runs, 100 of 11,000", wire::ListRunsRequest::default());
    runs_of(
        "list of the runs of a pipeline, 100 of 10,000",
        wire::ListRunsRequest { pipeline: "weather".into(), ..Default::default() },
    );
    runs_of("failed runs, 100 of 1,000", failed());
    runs_of("failed runs, page 9, and how many", wire::ListRunsRequest { page: 9, count: true, ..failed() });
    runs_of(
        "runs of a pipeline and status that is rare, and how many",
        wire::ListRunsRequest {
            pipeline_ids: weather(),
            statuses: words(&["CREATED", "CANCELLED"]),
            count: true,
            ..Default::default()
        },
    );

    let tasks_of = |what: &str, request: wire::ListTaskRunsRequest| {
        let request = wire::ListTaskRunsRequest { page_size: 100, ..request };
        ask(published, what, |view, _| task_runs::list(view, &request).map(|_| ()));
    };
    let by = |statuses: &[&str]| wire::ListTaskRunsRequest {
        pipeline_ids: weather(),
        statuses: words(statuses),
        ..Default::default()
    };
    tasks_of("task runs, 100 of 1,100,000", wire::ListTaskRunsRequest::default());
    tasks_of("task runs, and how many", wire::ListTaskRunsRequest { count: true, ..Default::default() });
    tasks_of("task runs of a status and pipeline, 100 of 1,000,000", by(&["SUCCEEDED"]));
    tasks_of("the same, and how many", wire::ListTaskRunsRequest { count: true, ..by(&["SUCCEEDED"]) });
    tasks_of("task runs of a status that none has", by(&["FAILED"]));
    tasks_of("the same, and how many", wire::ListTaskRunsRequest { count: true, ..by(&["FAILED"]) });
    tasks_of(
        "task runs of an integration, page 100, and how many",
        wire::ListTaskRunsRequest { integrations: words(&["PYTHON"]), page: 100, count: true, ..Default::default() },
    );
    ask(published, "a task run by its id", |view, number| {
        let (run, place) = (run_id(mixed(number) % RUNS), number % TASKS_PER_RUN);
        let task_run_ids = vec![TaskRunId::derive(run, place).to_string()];
        let found = task_runs::list(view, &wire::ListTaskRunsRequest { task_run_ids, ..Default::default() })?;
        assert_eq!(found.rows.len(), 1);
        Ok(())
    });

    let operations_of = |what: &str, request: wire::ListOperationsRequest| {
        let request = wire::ListOperationsRequest { page_size: 100, ..request };
        ask(published, what, |view, _| operations::list(view, &request).map(|_| ()));
    };
    ask(published, "operations of a run", |view, number| {
        let run_id = run_id(RUNS + mixed(number) % (ASSETS / TASKS_PER_RUN)).to_string();
        operations::list(view, &wire::ListOperationsRequest { run_id, ..Default::default() }).map(|_| ())
    });
    let of_type = |kind: &str| wire::ListOperationsRequest { types: words(&[kind]), ..Default::default() };
    operations_of("operations of a type, 100 of 100,000", of_type("MATERIALISATION"));
    operations_of("the same, and how many", wire::ListOperationsRequest { count: true, ..of_type("MATERIALISATION") });
    operations_of("operations of a type that none has", of_type("TEST"));

    let assets_of = |what: &str, request: wire::ListAssetsRequest| {
        let request = wire::ListAssetsRequest { page_size: 100, ..request };
        ask(published, what, |view, _| asset_list::list(view, &request).map(|_| ()));
    };
    let first_seen = wire::AssetSort::FirstSeen as i32;
    let in_schema = wire::ListAssetsRequest { schemas: words(&["layer_7"]), ..Default::default() };
    assets_of("assets by key, 100 of 100,000", wire::ListAssetsRequest::default());
    assets_of("assets of a schema, 100 of 10,000, and how many", wire::ListAssetsRequest { count: true, ..in_schema });
    assets_of(
        "all assets by age, and how many",
        wire::ListAssetsRequest { sort: first_seen, descending: true, count: true, ..Default::default() },
    );
}

fn months(view: &View<'_>, more: &[wire::CostGroup]) -> Result<(), Refusal> {
    let by = [wire::CostGroup::Month].iter().chain(more).map(|group| *group as i32).collect();
    costs::get(view, &wire::GetCostRequest { by, ..Default::default() }).map(|_| ())
}

fn ask(published: &Published, what: &str, question: impl Fn(&View<'_>, u32) -> Result<(), Refusal>) {
    let mut times: Vec<Duration> = Vec::new();
    let begun = Instant::now();
    for number in 0..QUESTIONS {
        let began = Instant::now();
        published.view(|view| question(view, number)).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        times.push(began.elapsed());
        // What is slow needs no second more to be seen.
        if begun.elapsed() > Duration::from_secs(10) {
            break;
        }
    }
    times.sort();
    let share = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    println!("| {what} | {:.2} | {:.2} | {:.2} |", share(0.5), share(0.99), share(1.0));
}
