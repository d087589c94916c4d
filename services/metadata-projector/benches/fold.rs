//! Events per second from the log's bytes into the store, sync included: no-op runs, four events per task. Large runs one after the
//! other, and many small ones side by side.
//!
//! Instructions of one fold, where time is worth nothing: `valgrind --tool=callgrind PROGRAM --test small`.
#![allow(clippy::unwrap_used, reason = "a bench that cannot prepare must stop")]

#[path = "../tests/support/mod.rs"]
mod support;

/// As in the services.
#[global_allocator]
static ALLOCATOR: downbeat_runtime::allocator::Allocator = downbeat_runtime::allocator::Allocator;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use downbeat_domain::Event;
use downbeat_event_log::{Entry, Hash, LogId, Record, Tail};
use downbeat_metadata_projector::{
    engine::{self, Fold},
    limits, store,
};
use support::*;

const RUNS: u32 = 100;
const TASKS: u32 = 250;
/// Small runs: those that events start.
const SMALL_RUNS: u32 = 10_000;
/// Small runs that begin in one record, and end in the next.
const SMALL_RUNS_PER_RECORD: u32 = 64;

fn synthetic(log: &LogId) -> (Vec<Entry>, u64) {
    let mut events = vec![pipeline(TASKS, 0)];
    for number in 0..RUNS {
        let run = run_id(number);
        events.push(created(run, i64::from(number)));
        (0..TASKS).for_each(|task| events.extend(whole_task(run, task)));
        events.push(finished(run, 9));
    }
    entries_of(log, events.chunks(50).map(<[Event]>::to_vec))
}

/// As a coordinator writes them: each record begins some runs and ends those that the record before began.
fn small(log: &LogId) -> (Vec<Entry>, u64) {
    let numbers: Vec<u32> = (0..SMALL_RUNS).collect();
    let mut records = vec![vec![pipeline(1, 0)]];
    let mut under_way: &[u32] = &[];
    for begun in numbers.chunks(SMALL_RUNS_PER_RECORD as usize).chain([&[][..]]) {
        let ends =
            |number: &u32| whole_task(run_id(*number), 0).into_iter().skip(2).chain([finished(run_id(*number), 9)]);
        let begins = |number: &u32| {
            let run = run_id(*number);
            [created(run, i64::from(*number))].into_iter().chain(whole_task(run, 0).into_iter().take(2))
        };
        records.push(under_way.iter().flat_map(ends).chain(begun.iter().flat_map(begins)).collect());
        under_way = begun;
    }
    entries_of(log, records)
}

fn entries_of(log: &LogId, records: impl IntoIterator<Item = Vec<Event>>) -> (Vec<Entry>, u64) {
    let (mut tail, mut count) = (Tail::start(log), 0);
    let entry = |(number, events): (u64, Vec<Event>)| {
        count += events.len() as u64;
        let record: Record = record_of(payload(events), number);
        let previous: Hash = tail.hash;
        tail = tail.next(&record);
        Entry { sequence: tail.sequence, id: record.id, previous, hash: tail.hash, payload: record.payload }
    };
    let entries = (1..).zip(records).map(entry).collect();
    (entries, count)
}

/// Into a fresh store, in commits of at least so many events.
fn into_store(criterion: &mut Criterion, name: &str, (entries, events): &(Vec<Entry>, u64), batch: usize) {
    let log = LogId("bench".into());
    let open = || {
        let folder = tempfile::tempdir().unwrap();
        let opened = store::open(folder.path(), limits::CACHE_BYTES_DEFAULT, &log).unwrap();
        (folder, opened)
    };
    let mut group = criterion.benchmark_group("fold");
    group.sample_size(10).throughput(Throughput::Elements(*events));
    group.bench_function(name, |bencher| {
        bencher.iter_batched(
            open,
            |(folder, opened)| {
                let mut fold = Fold::new(opened.head);
                for entry in entries {
                    fold.record(&opened.store, &log, entry).unwrap();
                    if fold.events() >= batch {
                        opened.store.apply(fold.take().writes).unwrap();
                    }
                }
                opened.store.apply(fold.take().writes).unwrap();
                opened.store.sync().unwrap();
                (folder, opened.store)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn fold(criterion: &mut Criterion) {
    let log = LogId("bench".into());
    let (entries, events) = synthetic(&log);
    let large = (entries, events);
    into_store(criterion, "into the store, batches of 4000 events", &large, limits::EVENTS_PER_BATCH_MAX);
    let few = small(&log);
    into_store(criterion, "small runs into the store, batches of 4000 events", &few, limits::EVENTS_PER_BATCH_MAX);
    into_store(criterion, "small runs into the store, record by record", &few, 1);
    let (entries, events) = large;
    let mut group = criterion.benchmark_group("fold");
    group.sample_size(10).throughput(Throughput::Elements(events));
    group.bench_function("in memory only", |bencher| {
        let empty = std::collections::BTreeMap::new();
        bencher.iter(|| {
            let mut fold = Fold::new(engine::start_of(&log));
            entries.iter().for_each(|entry| fold.record(&empty, &log, entry).unwrap());
            black_box(fold.take())
        });
    });
    group.finish();
}

criterion_group!(benches, fold);
criterion_main!(benches);
