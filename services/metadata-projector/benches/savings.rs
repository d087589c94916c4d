//! How long it takes to say what could be saved, over a store with 100,000 assets that cost something, half of them unused.
#![allow(clippy::unwrap_used, reason = "a bench that cannot prepare must stop")]

#[path = "../tests/support/mod.rs"]
mod support;

/// As in the services.
#[global_allocator]
static ALLOCATOR: downbeat_runtime::allocator::Allocator = downbeat_runtime::allocator::Allocator;

use std::{hint::black_box, sync::Arc};

use criterion::{Criterion, criterion_group, criterion_main};
use downbeat_domain::{
    CostId, Event,
    cost::{Basis, CostEntry, CostEvent, CostRecorded, Origin},
    metadata::{Collected, EdgeKind, LineageEdge, Quantity},
};
use downbeat_event_log::LogId;
use downbeat_metadata_projector::{engine::Fold, limits, published::View, query::savings, served::Served, store};
use downbeat_proto::metadata::v1 as wire;
use support::*;

const ASSETS: u32 = 100_000;
/// Of one event.
const ASSETS_PER_EVENT: u32 = 100;

fn key(asset: u32) -> String {
    format!("db/asset_{asset}")
}

fn cost(asset: u32) -> CostEntry {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&asset.to_be_bytes());
    CostEntry {
        id: CostId(id),
        basis: Basis::Estimated,
        micros: 1_000 + i64::from(asset),
        currency: "EUR".parse().unwrap(),
        quantity: Quantity::new(1, 0),
        unit: "credits".into(),
        operation: String::new(),
        asset: key(asset),
        source: String::new(),
        external_id: String::new(),
        corrects: None,
        incurred_at: at(0),
    }
}

/// What these assets cost, and who reads every other one of them.
fn events(first: u32) -> [Event; 2] {
    let attempt = attempt(run_id(1), 0, 1);
    let assets = first..first + ASSETS_PER_EVENT;
    let origin =
        Origin { pipeline: Some(pipeline_id()), attempt: Some(attempt), task: "t0".into(), ..Origin::default() };
    let entries = assets.clone().map(cost).collect();
    let told = CostRecorded { origin, prices: 1, entries, unpriced: Vec::new(), at: at(0) };
    let read = |asset: u32| LineageEdge { from: key(asset), kind: EdgeKind::Reads, ..LineageEdge::default() };
    let collected =
        Collected { edges: assets.filter(|asset| asset % 2 == 0).map(read).collect(), ..Collected::default() };
    let read = Event::OperationsCollected { attempt, chunk: first, collected: Arc::new(collected) };
    [Event::Cost(Box::new(CostEvent::CostRecorded(told))), read]
}

fn savings(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let opened = store::open(folder.path(), limits::CACHE_BYTES_DEFAULT, &LogId("bench".into())).unwrap();
    let mut fold = Fold::new(opened.head);
    let now = at(0).as_microsecond();
    let begin = [pipeline(4, 0), created(run_id(1), 0)];
    let all = begin.into_iter().chain((0..ASSETS).step_by(ASSETS_PER_EVENT as usize).flat_map(events));
    for (sequence, event) in (1..).zip(all) {
        fold.known(&opened.store, sequence, 0, &event, now).unwrap();
        if fold.events() >= limits::EVENTS_PER_BATCH_MAX || sequence.is_multiple_of(50) {
            opened.store.apply(fold.take().writes).unwrap();
        }
    }
    let commit = fold.take();
    opened.store.apply(commit.writes).unwrap();
    let rows = Served::new(Arc::new(opened.store), None);
    let view = View { store: &rows, head: &commit.head };
    let asked = wire::GetSavingsRequest::default();
    // 29 days later nobody has read them but one time.
    let later = now + 29 * 86_400 * 1_000_000;
    criterion.bench_function("savings of 100,000 assets", |bencher| {
        bencher.iter(|| black_box(savings::find(&view, &asked, later).unwrap()));
    });
}

criterion_group!(benches, savings);
criterion_main!(benches);
