//! What could be saved, as callers see it: each rule on a history that shows it, the same answer from a rebuilt store, bad input.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, CostId, Event, FailureClass, PipelineApplied, PipelineId, RunId, Trigger,
    cost::{Basis, CostEntry, CostEvent, CostRecorded, Origin},
    metadata::{Collected, EdgeKind, LineageEdge, Operation, Quantity},
    plan::{Plan, PlanTask},
};
use downbeat_event_log::memory::MemoryLog;
use downbeat_proto::metadata::v1 as wire;
use support::{
    service::{Service, end, log},
    *,
};
use tonic::Code;

const DAY: i64 = 86_400;
/// When everything happens, and when somebody asks.
const SEEN: i64 = 0;
const THEN: i64 = 40 * DAY;
const NOW: i64 = 50 * DAY;

fn id(alias: &str) -> PipelineId {
    PipelineId::derive("default", alias)
}

/// Two tasks: `build`, which runs this statement, and `other` with one of its own.
fn applied(alias: &str, version: u32, statement: &str) -> Event {
    let task = |id: &str, statement: &str| PlanTask {
        id: id.into(),
        integration: "SNOWFLAKE".into(),
        integration_job: "SNOWFLAKE_RUN_QUERY".into(),
        parameters: [("statement".to_owned(), statement.into())].into_iter().collect(),
        ..PlanTask::default()
    };
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: id(alias),
        alias: alias.into(),
        version,
        name: alias.into(),
        source: "version: v1".into(),
        source_root: format!("/{alias}"),
        digest: [3; 32],
        plan: Plan { tasks: vec![task("build", statement), task("other", alias)], ..Plan::default() },
        origin: None,
        storage: None,
    }))
}

fn run_of(alias: &str, run: RunId, second: i64) -> Event {
    let Event::RunCreated(mut run) = created(run, second) else { unreachable!() };
    run.pipeline = id(alias);
    Event::RunCreated(run)
}

fn scheduled(alias: &str, run: RunId, second: i64) -> Event {
    let Event::RunCreated(mut run) = run_of(alias, run, second) else { unreachable!() };
    let (schedule, coalesced) = ("hourly".to_owned(), Vec::new());
    run.trigger = Trigger::Scheduled { schedule, instant: at(second), coalesced, coalesced_count: 0 };
    Event::RunCreated(run)
}

fn costs(alias: &str, attempt: AttemptRef, asset: &str, (micros, currency): (i64, &str), second: i64) -> Event {
    let mut number = [0; 16];
    number[..8].copy_from_slice(&attempt.run.0[12..].repeat(2));
    number[8..].copy_from_slice(&blake(asset, attempt.number, currency));
    let entry = CostEntry {
        id: CostId(number),
        basis: Basis::Estimated,
        micros,
        currency: currency.parse().unwrap(),
        quantity: Quantity::new(1, 0),
        unit: "credits".into(),
        operation: String::new(),
        asset: asset.into(),
        source: String::new(),
        external_id: String::new(),
        corrects: None,
        incurred_at: at(second),
    };
    let origin =
        Origin { pipeline: Some(id(alias)), attempt: Some(attempt), task: "build".into(), ..Origin::default() };
    let told = CostRecorded { origin, prices: 1, entries: vec![entry], unpriced: Vec::new(), at: at(second) };
    Event::Cost(Box::new(CostEvent::CostRecorded(told)))
}

fn blake(asset: &str, number: u32, currency: &str) -> [u8; 8] {
    let digest = blake3::hash(format!("{asset} {number} {currency}").as_bytes());
    digest.as_bytes()[..8].try_into().unwrap()
}

/// A task builds an asset, and perhaps reads another for it.
fn built(attempt: AttemptRef, asset: &str, rows: u64, from: &str) -> Event {
    let done = Operation {
        external_id: "1".into(),
        kind: "MATERIALISATION".into(),
        status: "SUCCEEDED".into(),
        rows_affected: Some(rows),
        asset: asset.into(),
        ..Operation::default()
    };
    let edge = LineageEdge {
        from: from.into(),
        to: asset.into(),
        operation: "1".into(),
        kind: if from.is_empty() { EdgeKind::Writes } else { EdgeKind::Derives },
        ..LineageEdge::default()
    };
    let collected = Collected { operations: vec![done], edges: vec![edge], ..Collected::default() };
    Event::OperationsCollected { attempt, chunk: 0, collected: Arc::new(collected) }
}

/// A run that builds an asset and ends well after so many seconds.
fn builds(created: Event, alias: &str, asset: &str, (rows, micros): (u64, i64), second: i64, took: i64) -> Vec<Event> {
    let run = created.run().unwrap();
    let first = attempt(run, 0, 1);
    vec![
        created,
        ready(run, 0, second),
        leased(first, second),
        started(first, second),
        built(first, asset, rows, ""),
        costs(alias, first, asset, (micros, "EUR"), second),
        succeeded(first, second + took),
        finished(run, second + took),
    ]
}

async fn history(log: &MemoryLog) {
    at_second(log, SEEN, vec![applied("a", 1, "select 1"), applied("b", 1, "select 1")]).await;
    // The asset is old enough for somebody to have read it.
    let first = run_id(0);
    at_second(log, SEEN, builds(run_of("a", first, SEEN), "a", "db/unused", (1, 5), SEEN, 1)).await;
    for number in 1..=6 {
        let (second, run) = (THEN + i64::from(number) * 3_600, run_id(number));
        // Every hour the same table, and nothing of it is new.
        at_second(log, second, builds(scheduled("a", run, second), "a", "db/unused", (0, 1_000), second, 60)).await;
    }
    // Another pipeline builds a table four times of one that nobody else reads; one reader of it.
    for number in 11..=14 {
        let (second, run) = (THEN + i64::from(number) * 3_600, run_id(number));
        at_second(log, second, builds(run_of("b", run, second), "b", "db/unused2", (7, 400), second, 90)).await;
    }
    let reader = run_id(20);
    at_second(log, THEN, vec![run_of("b", reader, THEN), built(attempt(reader, 1, 1), "db/mart", 3, "db/unused2")])
        .await;
    // Three attempts fail, of which two cost something in time, one of these in another currency as well.
    let run = run_id(30);
    let mut events = vec![run_of("b", run, THEN)];
    for number in 1..=3 {
        let attempt = attempt(run, 0, number);
        events.extend([ready(run, 0, THEN), leased(attempt, THEN), started(attempt, THEN)]);
        if number < 3 {
            events.push(costs("b", attempt, "", (70, "EUR"), THEN));
        }
        events.push(Event::AttemptFailed {
            attempt,
            class: FailureClass::Transient,
            message: String::new(),
            outputs: serde_json::Map::new(),
            retry_at: Some(at(THEN)),
            as_warning: false,
            at: at(THEN + 10),
        });
        if number == 2 {
            // What is told of an attempt after its end is wasted as well.
            events.push(costs("b", attempt, "", (9, "USD"), THEN + 10));
        }
    }
    at_second(log, THEN, events).await;
}

async fn savings(service: &mut Service, log: &MemoryLog, request: wire::GetSavingsRequest) -> wire::GetSavingsResponse {
    let request = wire::GetSavingsRequest { at: at(NOW).as_microsecond(), at_least: end(log).await, ..request };
    service.costs.get_savings(request).await.unwrap().into_inner()
}

/// Rule, subject, currency, saved, seconds.
fn told(answer: &wire::GetSavingsResponse) -> Vec<(&str, &str, &str, &str, u64)> {
    answer
        .savings
        .iter()
        .map(|it| (it.rule.as_str(), it.subject.as_str(), it.currency.as_str(), it.saved.as_str(), it.saved_seconds))
        .collect()
}

#[tokio::test]
async fn the_rules_find_what_the_history_shows_and_a_rebuilt_store_says_the_same() {
    let (log, folder) = (log("savings"), tempfile::tempdir().unwrap());
    history(&log).await;
    let mut service = Service::over(&log, folder.path()).await;
    let answer = savings(&mut service, &log, wire::GetSavingsRequest::default()).await;
    let expected = [
        // Six builds of 1,000 in the period; the first one is older.
        ("UNCHANGED_DATA", "a/hourly", "EUR", "6000", 0),
        ("UNUSED_ASSET", "db/unused", "EUR", "6000", 0),
        // Whichever of the two pipelines stays: the cheaper one is `b`, 4 × 400 and 140 for what failed.
        ("SAME_JOB", "a/build", "EUR", "1740", 0),
        // Read once, built four times: 1,600 × 3 ÷ 4.
        ("BUILT_MORE_THAN_READ", "db/unused2", "EUR", "1200", 0),
        ("WASTED_ATTEMPTS", "b/build", "EUR", "140", 0),
        ("WASTED_ATTEMPTS", "b/build", "USD", "9", 0),
    ];
    assert_eq!(told(&answer), expected, "{:#?}", answer.savings);
    assert!(answer.incomplete.is_empty());
    for saving in &answer.savings {
        assert!(!saving.what.is_empty() && !saving.advice.is_empty() && !saving.estimate.is_empty(), "{saving:?}");
        assert!(!saving.figures.is_empty() && !saving.evidence.is_empty(), "{saving:?}");
    }
    let unchanged = &answer.savings[0];
    let runs: Vec<_> = unchanged.evidence.iter().filter(|it| it.kind == "RUN").map(|it| it.id.clone()).collect();
    assert_eq!(runs, (2..=6).rev().map(|number| run_id(number).to_string()).collect::<Vec<_>>());
    assert!(unchanged.evidence.iter().filter(|it| it.kind == "RUN").all(|it| it.sequence > 0));
    service.stop().await;

    let other = tempfile::tempdir().unwrap();
    let mut rebuilt = Service::over(&log, other.path()).await;
    assert_eq!(savings(&mut rebuilt, &log, wire::GetSavingsRequest::default()).await, answer);

    // The same statement no longer: a new version counts, and only that.
    at_second(&log, THEN, vec![applied("b", 2, "select 2")]).await;
    let rules = vec!["SAME_JOB".to_owned(), "SAME_PIPELINE".to_owned()];
    let none =
        savings(&mut rebuilt, &log, wire::GetSavingsRequest { rules: rules.clone(), ..Default::default() }).await;
    assert_eq!(told(&none), []);
    rebuilt.stop().await;
}

#[tokio::test]
async fn what_is_done_twice_is_said_once() {
    let (log, folder) = (log("twice"), tempfile::tempdir().unwrap());
    let copy = |alias: &str| {
        let Event::PipelineApplied(mut applied) = applied("x", 1, "select 1") else { unreachable!() };
        (applied.pipeline, applied.alias) = (id(alias), alias.into());
        Event::PipelineApplied(applied)
    };
    let mut events = vec![copy("x"), copy("y")];
    for (number, alias, micros) in [(1, "x", 50), (2, "y", 20)] {
        let run = run_id(number);
        events.extend(builds(run_of(alias, run, THEN), alias, "db/both", (1, micros), THEN, 5));
    }
    at_second(&log, THEN, events).await;
    let mut service = Service::over(&log, folder.path()).await;
    let answer = savings(&mut service, &log, wire::GetSavingsRequest::default()).await;
    let expected = [("SAME_PIPELINE", "x", "EUR", "20", 0), ("WRITTEN_TWICE", "db/both", "EUR", "20", 0)];
    assert_eq!(told(&answer), expected, "and no SAME_JOB for each of its tasks");
    let only = wire::GetSavingsRequest { pipeline: "y".into(), ..Default::default() };
    assert_eq!(savings(&mut service, &log, only).await.savings.len(), 2);
    let gone = Event::PipelineDeleted { pipeline: id("y"), at: at(THEN) };
    at_second(&log, THEN, vec![gone]).await;
    assert_eq!(told(&savings(&mut service, &log, wire::GetSavingsRequest::default()).await), []);
    service.stop().await;
}

#[tokio::test]
async fn questions_about_savings_that_make_no_sense_are_refused_with_words() {
    let (log, folder) = (log("refused"), tempfile::tempdir().unwrap());
    history(&log).await;
    let mut service = Service::over(&log, folder.path()).await;
    let all = wire::GetSavingsRequest::default;
    let cases = [
        (wire::GetSavingsRequest { pipeline: "nobody".into(), ..all() }, Code::NotFound, "no pipeline `nobody`"),
        (wire::GetSavingsRequest { rules: vec!["MAGIC".into()], ..all() }, Code::InvalidArgument, "but UNUSED_ASSET"),
        (wire::GetSavingsRequest { rules: vec!["x".repeat(9_000)], ..all() }, Code::InvalidArgument, "there is no"),
        (wire::GetSavingsRequest { rules: vec!["SAME_JOB".into(); 51], ..all() }, Code::InvalidArgument, "at most 50"),
    ];
    for (request, code, words) in cases {
        let refused = service.costs.get_savings(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{words}");
        assert!(refused.message().contains(words) && refused.message().len() < 1_000, "{}", refused.message());
    }
    let at_least = end(&log).await;
    for far in [i64::MIN, 1, i64::MAX] {
        let request = wire::GetSavingsRequest { at: far, at_least: at_least.clone(), ..all() };
        let answer = service.costs.get_savings(request).await.unwrap().into_inner();
        let periodic = answer.savings.iter().filter(|it| it.rule != "SAME_JOB").count();
        assert_eq!(periodic, 0, "nothing happened in the 30 days before {far}");
    }
    service.stop().await;
}
