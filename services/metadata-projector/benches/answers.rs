//! What is broken, and what is happening, over 1,000,000 task runs of which 1,000 fail now: 1,000 pipelines that read each other's assets. Prints
//! percentiles of single questions, which a mean would hide.
#![allow(clippy::unwrap_used, reason = "a bench that cannot prepare must stop")]

#[path = "../tests/support/mod.rs"]
mod support;

/// As in the services.
#[global_allocator]
static ALLOCATOR: downbeat_runtime::allocator::Allocator = downbeat_runtime::allocator::Allocator;

use std::time::Instant;

use downbeat_domain::{Event, FailureClass, RunStatus};
use downbeat_event_log::{Entry, LogId, Record, Tail};
use downbeat_metadata_projector::{engine::Fold, limits, published::Published, query::answers, store};
use support::{stories::*, *};

/// Pipelines, each of which fails in its last run.
const PIPELINES: u32 = 1_000;
/// Runs of each.
const RUNS: u32 = 100;
/// Task runs of each run.
const TASKS: u32 = 10;
/// Questions that are timed.
const QUESTIONS: usize = 1_000;

fn name(pipeline: u32) -> String {
    format!("p{pipeline}")
}

fn run(pipeline: u32, number: u32) -> Vec<Event> {
    let (id, second) = (run_id(pipeline * RUNS + number), i64::from(number) * 10);
    let last = number + 1 == RUNS;
    let mut events = vec![begun(&name(pipeline), 1, id, second, by_hand())];
    for task in 0..TASKS {
        match last && task == 1 {
            true => events.extend(fails(id, task, second, FailureClass::JobFailed, "relation \"x\" does not exist")),
            false => events.extend(goes_well(id, task, second)),
        }
    }
    if number == 0 {
        // Ten of a kind read what the first of them writes.
        let edge = format!("t{}>t{pipeline}", pipeline / 10 * 10);
        let edge = if pipeline.is_multiple_of(10) { format!(">t{pipeline}") } else { edge };
        events.push(says(id, 1, &[&edge]));
    }
    events.push(ended(id, if last { RunStatus::Failed } else { RunStatus::Succeeded }, second + 5));
    events
}

fn main() {
    let log = LogId("bench".into());
    let folder = tempfile::tempdir().unwrap();
    let opened = store::open(folder.path(), limits::CACHE_BYTES_DEFAULT, &log).unwrap();
    let (mut fold, mut tail) = (Fold::new(opened.head), Tail::start(&log));
    let (mut count, began) = (0_u64, Instant::now());
    let mut take = |events: Vec<Event>, fold: &mut Fold| {
        count += events.len() as u64;
        let record: Record = record_of(payload(events), tail.sequence + 1);
        let previous = tail.hash;
        tail = tail.next(&record);
        let entry =
            Entry { sequence: tail.sequence, id: record.id, previous, hash: tail.hash, payload: record.payload };
        fold.record(&opened.store, &log, &entry).unwrap();
        if fold.events() >= limits::EVENTS_PER_BATCH_MAX {
            opened.store.apply(fold.take().writes).unwrap();
        }
    };
    let tasks: Vec<String> = (0..TASKS).map(|task| format!("t{task}")).collect();
    let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
    for pipeline in 0..PIPELINES {
        take(vec![applied(&name(pipeline), 1, plan(&tasks))], &mut fold);
    }
    for number in 0..RUNS {
        for pipeline in 0..PIPELINES {
            take(run(pipeline, number), &mut fold);
        }
    }
    let commit = fold.take();
    let head = commit.head.clone();
    opened.store.apply(commit.writes).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    println!("folded {count} events in {seconds:.1} s, {:.0} a second", count as f64 / seconds);
    let published = Published::new(opened.store, log, head);
    let now = at(2_000).as_microsecond();
    let ask = |question: &dyn Fn()| {
        let mut took: Vec<f64> = (0..QUESTIONS)
            .map(|_| {
                let began = Instant::now();
                question();
                began.elapsed().as_secs_f64() * 1_000.0
            })
            .collect();
        took.sort_by(f64::total_cmp);
        (took[QUESTIONS / 2], took[QUESTIONS * 99 / 100], took[QUESTIONS - 1])
    };
    let broken = published.view(|view| answers::broken(view, 0, now)).unwrap();
    println!(
        "{} pipelines fail; {} groups, {} more",
        broken.failing_pipelines,
        broken.groups.len(),
        broken.more_groups
    );
    let told = |what: &str, (median, ninety_nine, most): (f64, f64, f64)| {
        println!("{what}: {median:.2} ms, p99 {ninety_nine:.2} ms, most {most:.2} ms");
    };
    told("broken", ask(&|| drop(published.view(|view| answers::broken(view, 0, now)).unwrap())));
    told("now", ask(&|| drop(published.view(|view| answers::now(view, 0, now)).unwrap())));
}
