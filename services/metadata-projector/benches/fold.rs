//! Events per second from the log's bytes into the store, sync included: no-op runs, four events per task.
#![allow(clippy::unwrap_used, reason = "a bench that cannot prepare must stop")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use downbeat_event_log::{Entry, Hash, LogId, Record, Tail};
use downbeat_metadata_projector::{
    engine::{self, Fold},
    limits, store,
};
use support::*;

const RUNS: u32 = 100;
const TASKS: u32 = 250;

fn synthetic(log: &LogId) -> (Vec<Entry>, u64) {
    let mut events = vec![pipeline(TASKS, 0)];
    for number in 0..RUNS {
        let run = run_id(number);
        events.push(created(run, i64::from(number)));
        (0..TASKS).for_each(|task| events.extend(whole_task(run, task)));
        events.push(finished(run, 9));
    }
    let mut tail = Tail::start(log);
    let entry = |(number, events): (u64, &[downbeat_domain::Event])| {
        let record: Record = record_of(payload(events.to_vec()), number);
        let previous: Hash = tail.hash;
        tail = tail.next(&record);
        Entry { sequence: tail.sequence, id: record.id, previous, hash: tail.hash, payload: record.payload }
    };
    let entries = (1..).zip(events.chunks(50)).map(entry).collect();
    (entries, events.len() as u64)
}

fn fold(criterion: &mut Criterion) {
    let log = LogId("bench".into());
    let (entries, events) = synthetic(&log);
    let mut group = criterion.benchmark_group("fold");
    group.sample_size(10).throughput(Throughput::Elements(events));
    let open = || {
        let folder = tempfile::tempdir().unwrap();
        let opened = store::open(folder.path(), limits::CACHE_BYTES_DEFAULT, &log).unwrap();
        (folder, opened)
    };
    group.bench_function("into the store, batches of 1000 events", |bencher| {
        bencher.iter_batched(
            open,
            |(folder, opened)| {
                let mut fold = Fold::new(opened.head);
                for entry in &entries {
                    fold.record(&opened.store, &log, entry).unwrap();
                    if fold.events() >= limits::EVENTS_PER_BATCH_MAX {
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
