//! Breaches as rows: one from its beginning to its end, also where it is folded twice.
#![allow(clippy::unwrap_used, reason = "of a test")]

use std::collections::BTreeMap;

use downbeat_domain::{
    Event, PipelineApplied, PipelineId, RunId, RunStatus,
    event::{DeadlineBreached, DeadlineMet, FreshnessBreached, FreshnessRestored},
    plan::{Plan, PlanDeadline},
};
use downbeat_event_log::LogId;
use downbeat_metadata_projector::engine::{self, Fold, keys, rows};
use downbeat_proto::metadata::v1 as wire;
use jiff::Timestamp;

const PIPELINE: PipelineId = PipelineId([4; 16]);
const RUN: RunId = RunId([5; 16]);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn applied(version: u32, deadlines: &[&str]) -> Event {
    let deadline = |name: &&str| PlanDeadline { name: (*name).to_owned(), ..PlanDeadline::default() };
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: PIPELINE,
        alias: "revenue".to_owned(),
        version,
        name: "Revenue".to_owned(),
        source: String::new(),
        source_root: String::new(),
        digest: [0; 32],
        plan: Plan { deadlines: deadlines.iter().map(deadline).collect(), ..Plan::default() },
        origin: None,
        storage: None,
    }))
}

fn missed(name: &str, second: i64, live: Option<RunId>) -> Event {
    Event::DeadlineBreached(Box::new(DeadlineBreached {
        pipeline: PIPELINE,
        deadline: name.to_owned(),
        instant: at(second),
        live: live.map(|run| (run, RunStatus::Running)),
        at: at(second + 1),
    }))
}

fn met(name: &str, second: i64) -> Event {
    let (deadline, instant) = (name.to_owned(), at(second));
    Event::DeadlineMet(Box::new(DeadlineMet {
        pipeline: PIPELINE,
        deadline,
        instant,
        run: Some(RUN),
        at: at(second + 1),
    }))
}

fn too_old(second: i64) -> Event {
    let (rule, asset) = ("orders".to_owned(), "db/orders".to_owned());
    let last = Some((RUN, at(second - 9)));
    Event::FreshnessBreached(Box::new(FreshnessBreached { pipeline: PIPELINE, rule, asset, last, at: at(second) }))
}

fn fresh(second: i64, run: Option<RunId>) -> Event {
    let (rule, asset) = ("orders".to_owned(), "db/orders".to_owned());
    Event::FreshnessRestored(Box::new(FreshnessRestored { pipeline: PIPELINE, rule, asset, run, at: at(second) }))
}

/// Breaches of the pipeline, newest first, in a line each: kind, name, seconds from and to, how often, by whom it was ended.
fn lines(events: &[Event]) -> Vec<String> {
    let mut store: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut fold = Fold::new(engine::start_of(&LogId("breaches".into())));
    for (sequence, event) in (1..).zip(events) {
        let decided_at = event.at().map_or(99_000_000, |at| at.as_microsecond());
        fold.known(&store, sequence, 0, event, decided_at).unwrap();
    }
    let commit = fold.take();
    assert_eq!(commit.head.quarantined_events, 0);
    store.extend(commit.writes);
    let prefix = keys::breaches_of(PIPELINE);
    let found = store.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
    let line = |(key, bytes): (&Vec<u8>, &Vec<u8>)| {
        let row: wire::Breach = rows::read(key, bytes).unwrap();
        assert_eq!((row.pipeline_alias.as_str(), row.pipeline_id), ("revenue", PIPELINE.to_string()));
        let by = if row.ended_by_run_id.is_empty() { "nobody" } else { "a run" };
        let (from, to) = (row.started_at / 1_000_000, row.ended_at / 1_000_000);
        format!("{} {} {from}-{to} x{} {by}", row.kind, row.name, row.times)
    };
    found.map(line).collect()
}

#[test]
fn instants_that_are_missed_one_after_the_other_are_one_breach() {
    let mut events = vec![applied(1, &["morning"]), missed("morning", 10, None), missed("morning", 20, Some(RUN))];
    assert_eq!(lines(&events), ["DEADLINE morning 10-0 x2 nobody"]);
    events.push(met("morning", 30));
    assert_eq!(lines(&events), ["DEADLINE morning 10-30 x2 a run"]);
    events.extend([met("morning", 40), missed("morning", 50, None)]);
    assert_eq!(lines(&events), ["DEADLINE morning 50-0 x1 nobody", "DEADLINE morning 10-30 x2 a run"]);
}

#[test]
fn a_deadline_that_is_gone_is_missed_no_longer() {
    let missed_both = [applied(1, &["a", "b"]), missed("a", 10, None), missed("b", 10, None)];
    let next = [&missed_both[..], &[applied(2, &["b"])]].concat();
    assert_eq!(lines(&next), ["DEADLINE a 10-99 x1 nobody", "DEADLINE b 10-0 x1 nobody"]);
    let gone = [&missed_both[..], &[Event::PipelineDeleted { pipeline: PIPELINE, at: at(60) }]].concat();
    assert_eq!(lines(&gone), ["DEADLINE a 10-60 x1 nobody", "DEADLINE b 10-60 x1 nobody"]);
}

#[test]
fn an_asset_is_too_old_until_a_run_writes_it_or_its_rule_is_gone() {
    let begun = [applied(1, &[]), too_old(10)];
    assert_eq!(lines(&begun), ["FRESHNESS orders 10-0 x1 nobody"]);
    // A version without deadlines says nothing about rules: they end by events of their own.
    assert_eq!(lines(&[&begun[..], &[applied(2, &[])]].concat()), ["FRESHNESS orders 10-0 x1 nobody"]);
    assert_eq!(lines(&[&begun[..], &[fresh(25, Some(RUN))]].concat()), ["FRESHNESS orders 10-25 x1 a run"]);
    assert_eq!(
        lines(&[&begun[..], &[fresh(25, None), fresh(26, None)]].concat()),
        ["FRESHNESS orders 10-25 x1 nobody"]
    );
}

#[test]
fn folding_the_same_again_changes_nothing() {
    let events =
        [applied(1, &["a"]), missed("a", 10, None), missed("a", 20, None), too_old(30), met("a", 40), fresh(50, None)];
    let mut store: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut once = BTreeMap::new();
    for turn in 0..2 {
        let mut fold = Fold::new(engine::start_of(&LogId("breaches".into())));
        for (sequence, event) in (1..).zip(&events) {
            fold.known(&store, sequence, 0, event, 0).unwrap();
        }
        store.extend(fold.take().writes);
        if turn == 0 {
            once = store.clone();
        }
    }
    let breaches = |rows: &BTreeMap<Vec<u8>, Vec<u8>>| -> Vec<(Vec<u8>, Vec<u8>)> {
        let prefix = keys::breaches_of(PIPELINE);
        rows.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(key, row)| (key.clone(), row.clone())).collect()
    };
    assert_eq!(breaches(&once), breaches(&store));
    assert_eq!(breaches(&once).len(), 2);
}
