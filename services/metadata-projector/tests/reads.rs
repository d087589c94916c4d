//! What each projection says of itself, against what it does: whose rows it reads, and which rows it writes. Whether an answer may be
//! given from rows of other versions depends on it.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use downbeat_domain::{Event, TaskRunId, foreign::ForeignParent};
use downbeat_event_log::{Entry, LogId, Tail};
use downbeat_metadata_projector::{
    Error,
    engine::{
        Fold,
        batch::ReadRows,
        keys::{self, owners},
        projection::ALL,
        start_of,
    },
};
use downbeat_proto::testing::World;
use support::*;

/// Rows that remember who was asked for.
struct Watched<'a> {
    rows: &'a BTreeMap<Vec<u8>, Vec<u8>>,
    read: RefCell<BTreeSet<Vec<u8>>>,
}

impl ReadRows for Watched<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.read.borrow_mut().insert(key.to_vec());
        Ok(self.rows.get(key).cloned())
    }
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Folds every event of a history with all projections, one record each, and shows the rows before and after it.
fn each(history: Vec<Event>, mut seen: impl FnMut(&Entry, &Rows)) {
    let log = LogId("reads".into());
    let (mut rows, mut fold, mut tail) = (Rows::new(), Fold::new(start_of(&log)), Tail::start(&log));
    for (number, event) in (1..).zip(history) {
        let record = record_of(payload(vec![event]), number);
        let previous = tail.hash;
        tail = tail.next(&record);
        let entry = Entry { sequence: number, id: record.id, previous, hash: tail.hash, payload: record.payload };
        seen(&entry, &rows);
        fold.record(&rows, &log, &entry).unwrap();
        rows.extend(fold.take().writes);
        seen(&entry, &rows);
    }
}

/// What other systems say in these histories, below a task run of run 0.
fn below(histories: &[Vec<Event>]) -> Vec<Event> {
    let run = run_id(0);
    let parent = |run| Some(ForeignParent { run, ..ForeignParent::default() });
    let said = histories.iter().flatten().filter_map(|event| match event {
        Event::LineageReported(reported) => {
            let mut reported = reported.clone();
            let foreign = reported.said.run.as_mut()?;
            (foreign.parent, foreign.root) = (parent(TaskRunId::derive(run, 1).0), parent(run.0));
            Some(Event::LineageReported(reported))
        }
        _ => None,
    });
    [pipeline(4, 2), created(run, 0)].into_iter().chain(said).collect()
}

#[test]
fn every_projection_reads_what_it_says_and_writes_what_is_its_own() {
    let log = LogId("reads".into());
    let mut others: BTreeMap<&str, BTreeSet<&str>> = ALL.iter().map(|one| (one.name, BTreeSet::new())).collect();
    let mut wrote = BTreeSet::new();
    let mut histories: Vec<_> = (0..40).map(|seed| World::random(seed, 150).history.concat()).collect();
    histories.extend([runs(4).concat(), below(&histories)]);
    for history in histories {
        each(history, |entry, rows| {
            for one in ALL {
                let mut head = start_of(&log);
                head.position.as_mut().unwrap().sequence = entry.sequence - 1;
                let watched = Watched { rows, read: RefCell::default() };
                let mut fold = Fold::with(std::slice::from_ref(one), head);
                fold.record(&watched, &log, entry).unwrap();
                for key in watched.read.into_inner() {
                    let writers = owners::writers(&key);
                    assert!(!writers.is_empty(), "{} reads rows of nobody at {key:?}", one.name);
                    if !writers.contains(&one.name) {
                        others.get_mut(one.name).unwrap().extend(writers);
                    }
                }
                for key in fold.take().writes.into_keys().filter(|key| key != keys::HEAD) {
                    assert!(owners::writers(&key).contains(&one.name), "{} writes {key:?}", one.name);
                    wrote.insert(one.name);
                }
            }
        });
    }
    let says: BTreeMap<&str, BTreeSet<&str>> =
        ALL.iter().map(|one| (one.name, one.reads.iter().copied().collect())).collect();
    assert_eq!(others, says);
    assert_eq!(wrote, ALL.iter().map(|one| one.name).collect(), "all of them write");
}
