//! Events to rows: the statuses of the domain, and the rules that every projection keeps.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::collections::BTreeMap;

use downbeat_domain::{
    Event, FailureClass, Mark, Partition, RunStatus, StopReason, TaskCarriedOver, TaskStatus, evolve,
};
use downbeat_event_log::{Entry, EventLog, LogId, memory::MemoryLog};
use downbeat_metadata_projector::engine::{
    self, Fold, keys,
    rows::{self, Phase, Quarantined, TaskRow},
};
use downbeat_proto::{events::v1 as events, metadata::v1 as wire};
use support::*;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

async fn log_of(records: Vec<Vec<Event>>) -> MemoryLog {
    let log = MemoryLog::new(LogId("fold".into()));
    for events in records {
        append(&log, events).await;
    }
    log
}

async fn entries(log: &MemoryLog) -> Vec<Entry> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let more = log.read(after, 1_000).await.unwrap();
        let Some(last) = more.last() else { return entries };
        after = last.sequence;
        entries.extend(more);
    }
}

/// Folds in batches of so many records.
fn fold(rows: &mut Rows, log: &MemoryLog, entries: &[Entry], records_per_batch: usize) -> rows::Head {
    let head = rows.get(keys::HEAD).map(|bytes| rows::read(keys::HEAD, bytes).unwrap());
    let mut fold = Fold::new(head.unwrap_or_else(|| engine::start_of(log.id())));
    let mut head = fold.take().head;
    for batch in entries.chunks(records_per_batch) {
        for entry in batch {
            fold.record(&*rows, log.id(), entry).unwrap();
        }
        let commit = fold.take();
        head = commit.head;
        rows.extend(commit.writes);
    }
    head
}

async fn folded(records: Vec<Vec<Event>>) -> Rows {
    let log = log_of(records).await;
    let mut rows = Rows::new();
    fold(&mut rows, &log, &entries(&log).await, 3);
    rows
}

fn row<M: prost::Message + Default>(rows: &Rows, key: Vec<u8>) -> M {
    M::decode(rows[&key].as_slice()).unwrap()
}

#[tokio::test]
async fn the_rows_do_not_depend_on_batches_repetitions_or_restarts() {
    let log = log_of(runs(40)).await;
    let entries = entries(&log).await;
    let mut expected = Rows::new();
    fold(&mut expected, &log, &entries, 1);
    assert!(expected.len() > 400);
    for records_per_batch in [7, 1_000] {
        let mut rows = Rows::new();
        fold(&mut rows, &log, &entries, records_per_batch);
        assert_eq!(rows, expected, "batches of {records_per_batch}");
        fold(&mut rows, &log, &entries, records_per_batch);
        assert_eq!(rows, expected, "folded twice in batches of {records_per_batch}");
    }
    for cut in [1, 100, entries.len() - 1] {
        let mut rows = Rows::new();
        fold(&mut rows, &log, &entries[..cut], 5);
        fold(&mut rows, &log, &entries[cut..], 5);
        assert_eq!(rows, expected, "stopped after record {cut}");
    }
}

/// Any events at all, legal or not: the projection has the statuses that the domain has.
#[tokio::test]
async fn statuses_are_those_of_the_domain() {
    for seed in 0..600_u64 {
        let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        let run = run_id(1);
        let mut records = vec![vec![pipeline(4, 2), created(run, 0)]];
        records.extend((0..60).map(|_| vec![random_event(&mut roll)]));
        let mut partition = Partition::default();
        records.iter().flatten().for_each(|event| evolve(&mut partition, event));
        let rows = folded(records.clone()).await;
        let state = &partition.runs[&run];
        let shown: wire::Run = row(&rows, keys::run(run));
        assert_eq!(shown.status, state.status().as_str(), "seed {seed}: {records:?}");
        assert_eq!(shown.tasks as usize, state.tasks.len(), "seed {seed}: {records:?}");
        for (place, task) in (0..).zip(&state.tasks) {
            let stored = rows.get(&keys::task_run(run, place));
            let status = stored.map(|bytes| rows::read::<TaskRow>(b"t", bytes).unwrap().shown.status);
            let status = status.unwrap_or_else(|| "CREATED".into());
            assert_eq!(status, task.status().as_str(), "seed {seed}, task {place}: {records:?}");
        }
    }
}

fn random_event(roll: &mut impl FnMut(u64) -> u64) -> Event {
    let run = run_id(1);
    let task = u32::try_from(roll(9)).unwrap();
    let attempt = attempt(run, task, 1 + u32::try_from(roll(2)).unwrap());
    let retry_at = (roll(2) == 0).then(|| at(50));
    let as_warning = roll(4) == 0;
    let (at, message) = (at(1), String::from("because"));
    let iteration = (roll(2) == 0).then(|| roll(2).to_string());
    let (status, mark) = (TaskStatus::Succeeded, Mark::ALL[usize::try_from(roll(4)).unwrap()]);
    let outputs = serde_json::Map::new();
    let element = |number: u64| serde_json::Value::from(number);
    match roll(70) {
        0 if roll(4) == 0 => Event::RunCancelRequested { run, reason: message, at },
        40 if roll(4) == 0 => Event::RunTimedOut { run, at },
        41..=43 => {
            let axes = vec![("x".to_owned(), (0..roll(3)).map(element).collect())];
            Event::MatrixExpanded { run, group: 0, axes, at }
        }
        44 | 45 => Event::IterationOpened { run, group: 0, iteration: u32::try_from(roll(2)).unwrap() },
        46 | 47 => {
            let iteration = u32::try_from(roll(2)).unwrap();
            Event::IterationSkipped { run, group: 0, iteration, reason: message, at }
        }
        48 | 49 => Event::IterationsEnded { run, task, status, at },
        50 | 51 => Event::TaskCarriedOver(Box::new(TaskCarriedOver { run, task, iteration, status, outputs, at })),
        52 => Event::TaskResumes { run, task, iteration, operations: vec![message] },
        53..=56 => Event::TaskMarked { run, task, mark, outputs, reason: message, by: "ada".into(), at },
        57..=59 => Event::ApprovalRequested { attempt, approvers: Vec::new(), message, until: retry_at, at },
        60 | 61 => {
            let approved = roll(2) == 0;
            Event::ApprovalDecided { attempt, approved, by: "ada".into(), comment: message, outputs, as_warning, at }
        }
        62..=64 => {
            let (child, pipeline) = (run_id(7), pipeline_id());
            Event::ChildStarted { attempt, child, pipeline, detached: as_warning, deadline: None, at }
        }
        65 | 66 => {
            let status = [status, TaskStatus::Failed, TaskStatus::Cancelled][usize::try_from(roll(3)).unwrap()];
            Event::ChildEnded { attempt, status, message, outputs, retry_at, at }
        }
        67 => Event::AttemptStopRequested { attempt, reason: StopReason::Marked, at },
        68 => Event::RunQueued { run, reason: message, at },
        69 => Event::RunAdmitted { run, deadline: retry_at, at },
        1 => Event::GroupOpened { run, group: 0, condition: None },
        2 => Event::GroupSkipped { run, group: 0, reason: message, condition: None, at },
        3 => {
            let seen_as = as_warning.then_some(status);
            Event::TaskSkipped { run, task, reason: message, condition: None, seen_as, at }
        }
        4 => Event::TaskFailed { run, task, message, as_warning, at },
        5 => Event::WaitStarted { attempt, at, until: at },
        6..=12 => ready(run, task, 1),
        13..=19 => leased(attempt, 1),
        20..=25 => started(attempt, 1),
        26 => succeeded(attempt, 1),
        27..=30 => {
            let class = FailureClass::JobFailed;
            Event::AttemptFailed { attempt, class, message, outputs, retry_at, as_warning, at }
        }
        31..=33 => Event::AttemptLost { attempt, reason: message, retry_at, as_warning, at },
        34..=36 => Event::AttemptStopRequested { attempt, reason: StopReason::Cancelled, at },
        37 => Event::AttemptStopRequested { attempt, reason: StopReason::TimedOut, at },
        _ => Event::AttemptStopped { attempt, unconfirmed: String::new(), at },
    }
}

#[tokio::test]
async fn a_retried_task_lists_its_attempts_and_says_when_it_goes_on() {
    let run = run_id(1);
    let first = attempt(run, 3, 1);
    let failure = Event::AttemptFailed {
        attempt: first,
        class: FailureClass::JobFailed,
        message: "exit status 1".into(),
        outputs: serde_json::Map::new(),
        retry_at: Some(at(60)),
        as_warning: false,
        at: at(30),
    };
    let begun = vec![pipeline(4, 0), created(run, 0), ready(run, 3, 1), leased(first, 2), started(first, 3), failure];
    let task: TaskRow = row(&folded(vec![begun.clone()]).await, keys::task_run(run, 3));
    assert_eq!((task.phase(), task.shown.status.as_str()), (Phase::Backoff, "QUEUED"));
    assert_eq!(task.shown.retry_at, at(60).as_microsecond());
    assert!(
        task.shown.message.starts_with("attempt 1 failed: exit status 1; retrying at 2023-"),
        "{}",
        task.shown.message
    );

    let second = attempt(run, 3, 2);
    let again =
        vec![ready(run, 3, 60), leased(second, 61), started(second, 62), succeeded(second, 63), finished(run, 64)];
    let rows = folded(vec![begun, again]).await;
    let task = row::<TaskRow>(&rows, keys::task_run(run, 3)).shown;
    assert_eq!((task.status.as_str(), task.message.as_str(), task.attempts, task.retry_at), ("SUCCEEDED", "", 2, 0));
    assert_eq!((task.started_at, task.completed_at), (at(3).as_microsecond(), at(63).as_microsecond()));
    let ended: Vec<_> =
        task.ended_attempts.iter().map(|one| (one.number, one.outcome.as_str(), one.started_at)).collect();
    assert_eq!(ended, [(1, "FAILED", at(3).as_microsecond()), (2, "SUCCEEDED", at(62).as_microsecond())]);
    let run: wire::Run = row(&rows, keys::run(run));
    assert_eq!((run.status.as_str(), run.started_at), ("SUCCEEDED", at(3).as_microsecond()));
}

#[tokio::test]
async fn nothing_changes_in_a_finished_run() {
    let run = run_id(1);
    let mut events = vec![pipeline(1, 0), created(run, 0)];
    events.extend(whole_task(run, 0));
    events.push(finished(run, 5));
    let cancel = Event::RunCancelRequested { run, reason: "late".into(), at: at(9) };
    let again = Event::RunFinished { run, status: RunStatus::Failed, message: "late".into(), at: at(9) };
    let late = vec![cancel, again, ready(run, 0, 9), created(run, 9)];
    let mut before = folded(vec![events.clone(), vec![]]).await;
    let mut after = folded(vec![events, late]).await;
    // That somebody asked is told all the same.
    for rows in [&mut before, &mut after] {
        rows.retain(|key, _| key != keys::HEAD && !matches!(key.first(), Some(b'y' | b'Y' | b'z')));
    }
    assert_eq!(before, after);
}

#[tokio::test]
async fn tests_are_attributes_of_their_asset() {
    for (status, health) in
        [("SUCCEEDED", "HEALTHY"), ("WARNING", "WARNING"), ("FAILED", "UNHEALTHY"), ("SKIPPED", "UNKNOWN")]
    {
        let run = run_id(1);
        // The same report by two attempts: nothing is listed twice.
        let events =
            vec![pipeline(1, 0), created(run, 0), collected(run, 0, 1, "FAILED"), collected(run, 0, 2, status)];
        let rows = folded(vec![events]).await;
        for key in [keys::asset("db/main.orders"), keys::run_asset(run, "db/main.orders")] {
            let asset: wire::Asset = row(&rows, key);
            let tests: Vec<_> = asset.tests.iter().map(|test| (test.name.as_str(), test.status.as_str())).collect();
            assert_eq!(tests, [("not_null_orders_id", status)]);
            assert_eq!((asset.status.as_str(), asset.rows_affected), (health, 42));
        }
        let source: wire::Asset = row(&rows, keys::asset("db/main.raw_orders"));
        assert_eq!((source.status.as_str(), source.rows_affected, source.tests.len()), ("UNKNOWN", -1, 0));
        assert_eq!(rows.keys().filter(|key| key.starts_with(&keys::edges(run))).count(), 1);
        assert_eq!(rows.keys().filter(|key| key.starts_with(&keys::operations(run))).count(), 4);
    }
}

#[tokio::test]
async fn a_later_run_replaces_the_tests_of_an_earlier_one_only_in_the_newest_state() {
    let (first, second) = (run_id(1), run_id(2));
    let events = vec![
        pipeline(1, 0),
        created(first, 0),
        created(second, 1),
        collected(first, 0, 1, "FAILED"),
        collected(second, 0, 1, "SUCCEEDED"),
    ];
    let rows = folded(vec![events]).await;
    let status = |key| row::<wire::Asset>(&rows, key).status;
    assert_eq!(status(keys::asset("db/main.orders")), "HEALTHY");
    assert_eq!(status(keys::run_asset(first, "db/main.orders")), "UNHEALTHY");
    assert_eq!(status(keys::run_asset(second, "db/main.orders")), "HEALTHY");
}

#[tokio::test]
async fn unknown_kinds_are_counted_and_unreadable_events_go_into_quarantine() {
    let log = log_of(vec![vec![pipeline(1, 0)]]).await;
    let event = |kind, payload: &'static [u8]| events::Event { kind, payload: bytes::Bytes::from_static(payload) };
    let decision = events::Decision {
        events: vec![
            event(7_777, b"new"),
            event(events::EventKind::TaskReady as i32, b"\xff\xff"),
            downbeat_proto::event::encode(&created(run_id(1), 0)),
        ],
        ..events::Decision::default()
    };
    append_payload(&log, downbeat_proto::record::encode(0, at(0), vec![decision])).await;
    append_payload(&log, bytes::Bytes::from_static(b"\xff not a record")).await;
    append(&log, vec![finished(run_id(1), 2)]).await;

    let mut rows = Rows::new();
    let head = fold(&mut rows, &log, &entries(&log).await, 10);
    assert_eq!((head.unknown_events, head.quarantined_events, engine::sequence_of(&head)), (1, 2, 4));
    assert!(!head.lacks_events(), "nobody could have known the kind");
    let quarantined: Quarantined = row(&rows, keys::quarantine(2, 1, ""));
    assert!(!quarantined.reason.is_empty());
    assert!(rows.contains_key(&keys::quarantine(3, 0, "")));
    assert_eq!(row::<wire::Run>(&rows, keys::run(run_id(1))).status, "SUCCEEDED", "the others were applied");
}
