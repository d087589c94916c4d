//! Histories folded into a store, without a service, and what is in it, read row by row.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{Event, RunId};
use downbeat_event_log::{Entry, LogId, Tail};
use downbeat_metadata_projector::{
    engine::{
        Fold, keys,
        rows::{self, RunHead},
    },
    limits,
    published::{Published, View},
    query::{shape::Shape, tasks},
    store,
};
use downbeat_proto::{
    metadata::v1 as wire,
    record::{self, Decision},
};

use super::{at, record_of};

/// Folds these events, one record each, decided a second apart from the 60th second on; two follow each other within a second now and then.
pub fn folded(folder: &std::path::Path, history: Vec<Event>) -> Published {
    let log = LogId("folded".into());
    let opened = store::open(folder, limits::CACHE_BYTES_DEFAULT, &log).unwrap();
    let (mut fold, mut tail) = (Fold::new(opened.head), Tail::start(&log));
    for (number, event) in (1_u64..).zip(history) {
        let decided_at = at(60 + i64::try_from(number / 3 * 2).unwrap());
        let decision = Decision { actor: "test".into(), decided_at, events: vec![event], ..Decision::default() };
        let payload = record::encode(0, decided_at, vec![record::encode_decision(&decision)]);
        let record = record_of(payload, number);
        let previous = tail.hash;
        tail = tail.next(&record);
        let (id, payload) = (record.id, record.payload);
        let entry = Entry { sequence: number, id, previous, hash: tail.hash, payload };
        fold.record(&opened.store, &log, &entry).unwrap();
        if fold.events() >= limits::EVENTS_PER_BATCH_MAX {
            opened.store.apply(fold.take().writes).unwrap();
        }
    }
    let commit = fold.take();
    opened.store.apply(commit.writes).unwrap();
    Published::new(opened.store, log, commit.head)
}

fn all<M: prost::Message + Default>(view: &View<'_>, prefix: &[u8]) -> Vec<(Vec<u8>, M)> {
    let row = |row: Result<(_, _), _>| {
        let (key, bytes): (sled::IVec, sled::IVec) = row.unwrap();
        (key.to_vec(), rows::read(&key, &bytes).unwrap())
    };
    view.store.scan(prefix, None).map(row).collect()
}

/// Every row of what lists show, in the order in which they show it.
pub struct Everything {
    pub runs: Vec<wire::Run>,
    pub tasks: Vec<(wire::Run, wire::TaskRun)>,
    /// By run and place.
    pub operations: Vec<wire::Operation>,
    /// By key, without aliases.
    pub assets: Vec<wire::Asset>,
}

impl Everything {
    pub fn of(view: &View<'_>) -> Self {
        let mut runs: Vec<wire::Run> = all(view, keys::RUNS).into_iter().map(|(_, run)| run).collect();
        runs.sort_by_key(|run| (-run.created_at, run.id.clone()));
        let (mut tasks, mut shapes) = (Vec::new(), BTreeMap::new());
        for row in &runs {
            let run: RunId = row.id.parse().unwrap();
            let shape = Shape::read(view.store, run, row).unwrap();
            tasks.extend(tasks::all(view.store, row, &shape).unwrap().into_iter().map(|task| (row.clone(), task)));
            shapes.insert(run, shape);
        }
        let mut operations = Vec::new();
        for (key, mut row) in all::<wire::Operation>(view, b"o") {
            let run = RunId::from_slice(&key[1..17]).unwrap();
            let place = u32::from_be_bytes(key[17..21].try_into().unwrap());
            let Some(shape) = shapes.get(&run).filter(|_| row.operation.is_some()) else { continue };
            if let Some(task) = shape.plan.tasks.get(shape.planned(place) as usize) {
                (row.task_id, row.integration) = (task.id.clone(), task.integration.clone());
            }
            operations.push(row);
        }
        let aliases: BTreeSet<Vec<u8>> = view.store.scan(b"La", None).map(|row| row.unwrap().0[2..].to_vec()).collect();
        let is_alias = |row: &wire::Asset| aliases.contains(&keys::graph::node(&key_of(row))[..]);
        // An empty row is an asset that was removed.
        let assets = all::<wire::Asset>(view, keys::ASSETS).into_iter().map(|(_, row)| row);
        let assets = assets.filter(|row| row.asset.is_some());
        Self { runs, tasks, operations, assets: assets.filter(|row| !is_alias(row)).collect() }
    }
}

/// The key of an asset.
pub fn key_of(row: &wire::Asset) -> String {
    row.asset.as_ref().unwrap().key.clone()
}

/// Task runs that a run has.
pub fn size_of(view: &View<'_>, run: RunId) -> u32 {
    view.get::<RunHead>(&keys::run_head(run)).unwrap().unwrap_or_default().total()
}
