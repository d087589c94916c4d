//! What is told of a day of two pipelines, line by line; what our own reader makes of it; and how the work of others hangs below it.

use std::{collections::BTreeSet, sync::Arc};

use downbeat_domain::{
    AttemptRef, Event, FailureClass, RunId, RunStatus, TaskRunId, TaskStatus, Trigger,
    foreign::{ForeignJob, ForeignParent, ForeignRun, LineageReported, Said},
    metadata::{Asset, AssetColumn, Collected, ColumnEdge, ColumnUse, EdgeKind, LineageEdge, Operation},
};
use downbeat_lineage::openlineage;
use serde_json::{Map, Value, json};

use super::{
    feeds::{append_last, events, file_in, lines, telling, to_file},
    judge::Judge,
    support::{
        append, at, attempt, leased, ready, run_id, service, started,
        stories::{applied, begun, by_hand, ended, failed, fails, goes_well, pipeline_of, plan},
        succeeded,
        teller::Teller,
    },
};

const DAILY: &str = "daily load";

fn daily() -> RunId {
    run_id(1)
}

fn child() -> RunId {
    run_id(2)
}

fn cancelled() -> RunId {
    run_id(3)
}

fn key(name: &str) -> String {
    format!("postgres://db:5432/shop.public.{name}")
}

fn edge(operation: &str, kind: EdgeKind, from: &str, to: &str, columns: Vec<ColumnEdge>) -> LineageEdge {
    let key = |name: &str| if name.is_empty() { String::new() } else { key(name) };
    LineageEdge { from: key(from), to: key(to), operation: operation.to_owned(), kind, columns }
}

fn column(from: &str, to: &str, kind: ColumnUse) -> ColumnEdge {
    ColumnEdge { from: from.to_owned(), to: to.to_owned(), kind }
}

fn edges() -> Vec<LineageEdge> {
    vec![
        edge(
            "model.orders",
            EdgeKind::Derives,
            "raw_orders",
            "orders",
            vec![column("amount", "total", ColumnUse::Aggregation), column("state", "", ColumnUse::Filter)],
        ),
        edge(
            "model.orders",
            EdgeKind::Derives,
            "customers",
            "orders",
            vec![column("name", "name", ColumnUse::Identity)],
        ),
        edge("seed.rates", EdgeKind::Writes, "", "rates", Vec::new()),
        edge("query", EdgeKind::Reads, "orders", "", Vec::new()),
        edge("test.not_null", EdgeKind::Tests, "orders", "", Vec::new()),
    ]
}

fn operation(id: &str, kind: &str, asset: &str, status: &str) -> Operation {
    Operation {
        external_id: id.to_owned(),
        name: id.to_owned(),
        kind: kind.to_owned(),
        status: status.to_owned(),
        asset: if asset.is_empty() { String::new() } else { key(asset) },
        started_at: Some(at(20)),
        completed_at: Some(at(25)),
        ..Operation::default()
    }
}

/// What dbt collects: operations first, edges last, each in a chunk of its own.
fn chunks() -> Vec<Collected> {
    let operations = vec![
        Operation { rows_affected: Some(42), ..operation("model.orders", "MATERIALISATION", "orders", "SUCCEEDED") },
        operation("seed.rates", "SEED", "rates", "SUCCEEDED"),
        operation("query", "QUERY", "", "SUCCEEDED"),
        Operation { column: "total".to_owned(), ..operation("test.not_null", "TEST", "orders", "FAILED") },
    ];
    let columns = vec![AssetColumn { name: "total".to_owned(), kind: "numeric".to_owned(), ..AssetColumn::default() }];
    let orders = Asset { key: key("orders"), kind: "TABLE".to_owned(), columns, ..Asset::default() };
    vec![
        Collected { operations, ..Collected::default() },
        Collected { assets: vec![orders], ..Collected::default() },
        Collected { edges: edges(), ..Collected::default() },
    ]
}

fn collected(attempt: AttemptRef) -> Vec<Event> {
    let chunk = |(chunk, collected)| Event::OperationsCollected { attempt, chunk, collected: Arc::new(collected) };
    (0..).zip(chunks()).map(chunk).collect()
}

/// A scheduled run whose first task needs two attempts, whose second one collects, whose third one starts a run that fails; and one that
/// is cancelled while a task of it waits for its second attempt.
fn story() -> Vec<Event> {
    let (daily, child, cancelled) = (daily(), child(), cancelled());
    let scheduled =
        Trigger::Scheduled { schedule: "nightly".into(), instant: at(0), coalesced: Vec::new(), coalesced_count: 0 };
    let again = |attempt: AttemptRef, second: i64, message: &str| match failed(
        attempt,
        second,
        FailureClass::JobFailed,
        message,
    ) {
        Event::AttemptFailed { attempt, class, message, outputs, as_warning, at: when, .. } => {
            let retry_at = Some(at(second + 1));
            Event::AttemptFailed { attempt, class, message, outputs, as_warning, at: when, retry_at }
        }
        other => other,
    };
    let (first, second) = (attempt(daily, 0, 1), attempt(daily, 0, 2));
    let mut story = vec![
        applied(DAILY, 1, plan(&["extract", "build/dbt<extract", "call<build/dbt"])),
        applied("child", 1, plan(&["inner"])),
        begun(DAILY, 1, daily, 1, scheduled),
        ready(daily, 0, 2),
        leased(first, 3),
        started(first, 4),
        again(first, 5, "no such host"),
        ready(daily, 0, 6),
        leased(second, 7),
        started(second, 8),
        succeeded(second, 9),
        ready(daily, 1, 10),
        leased(attempt(daily, 1, 1), 11),
        started(attempt(daily, 1, 1), 12),
    ];
    story.extend(collected(attempt(daily, 1, 1)));
    story.push(succeeded(attempt(daily, 1, 1), 30));
    let call = attempt(daily, 2, 1);
    let (pipeline, deadline) = (pipeline_of("child"), None);
    story.push(Event::ChildStarted { attempt: call, child, pipeline, detached: false, deadline, at: at(31) });
    story.push(begun("child", 1, child, 31, Trigger::Parent { attempt: call, pipeline: pipeline_of(DAILY), depth: 1 }));
    story.extend(fails(child, 0, 32, FailureClass::JobFailed, "exit code 1"));
    story.push(Event::RunFinished {
        run: child,
        status: RunStatus::Failed,
        message: "inner failed".into(),
        at: at(33),
    });
    story.push(Event::ChildEnded {
        attempt: call,
        status: TaskStatus::Failed,
        message: "run failed".into(),
        outputs: Map::new(),
        retry_at: None,
        at: at(33),
    });
    story.push(ended(daily, RunStatus::Failed, 34));
    story.push(reported());
    story.push(begun("child", 1, cancelled, 40, by_hand()));
    story.push(ready(cancelled, 0, 40));
    story.push(leased(attempt(cancelled, 0, 1), 41));
    story.push(again(attempt(cancelled, 0, 1), 42, "a moment"));
    story.push(Event::RunCancelRequested { run: cancelled, reason: "enough".into(), at: at(43) });
    story.push(ended(cancelled, RunStatus::Cancelled, 43));
    story
}

/// dbt-ol, started by the first task, told of a run of its own.
fn reported() -> Event {
    let job = |name: &str| ForeignJob { namespace: "dbt".into(), name: name.into() };
    let parent = ForeignParent { run: TaskRunId::derive(daily(), 0).0, job: job("x") };
    let run = ForeignRun { id: [77; 16], state: "COMPLETE".into(), parent: Some(parent), root: None };
    let said =
        Said { identity: [7; 16], producer: "dbt".into(), job: Some(job("theirs")), run: Some(run), said_at: at(30) };
    let collected = Collected {
        operations: vec![operation("theirs", "MATERIALISATION", "theirs", "SUCCEEDED")],
        edges: vec![edge("theirs", EdgeKind::Derives, "orders", "theirs", Vec::new())],
        ..Collected::default()
    };
    Event::LineageReported(Box::new(LineageReported { said, part: 0, collected: Arc::new(collected), at: at(35) }))
}

async fn told(name: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let log = service::log(name);
    for event in story() {
        append(&log, vec![event]).await;
    }
    append_last(&log).await;
    let config = telling(folder.path(), to_file(folder.path()));
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let lines = lines(&file_in(folder.path())).await;
    teller.stop().await;
    events(&lines)
}

fn text<'a>(event: &'a Value, path: &str) -> &'a str {
    event.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn line(event: &Value) -> String {
    let seconds = |time: &str| time.parse::<jiff::Timestamp>().unwrap().as_second() - 1_700_000_000;
    let parent = text(event, "/run/facets/parent/job/name");
    let below = if parent.is_empty() { String::new() } else { format!(" below {parent}") };
    let why = text(event, "/run/facets/errorMessage/message");
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    format!(
        "{} {} {} {}{below}{why}",
        seconds(text(event, "/eventTime")),
        text(event, "/job/facets/jobType/jobType"),
        text(event, "/job/name"),
        text(event, "/eventType"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_told_in_order_with_names_and_reasons() {
    let told = told("story").await;
    let lines: Vec<String> = told.iter().map(line).collect();
    let build = "daily%20load.build%2Fdbt";
    let expected: [&str; 25] = [
        "1 PIPELINE daily%20load START",
        "3 TASK daily%20load.extract START below daily%20load",
        "7 TASK daily%20load.extract RUNNING below daily%20load",
        "9 TASK daily%20load.extract COMPLETE below daily%20load",
        &format!("11 TASK {build} START below daily%20load"),
        &format!("20 MODEL {build}.model.orders START below {build}"),
        &format!("25 MODEL {build}.model.orders COMPLETE below {build}"),
        &format!("20 QUERY {build}.query START below {build}"),
        &format!("25 QUERY {build}.query COMPLETE below {build}"),
        &format!("20 SEED {build}.seed.rates START below {build}"),
        &format!("25 SEED {build}.seed.rates COMPLETE below {build}"),
        &format!("30 TEST {build}.tests START below {build}"),
        &format!("30 TEST {build}.tests COMPLETE below {build}"),
        &format!("30 TASK {build} COMPLETE below daily%20load"),
        "31 TASK daily%20load.call START below daily%20load",
        "31 PIPELINE child START below daily%20load.call",
        "32 TASK child.inner START below child",
        "32 TASK child.inner FAIL below child: exit code 1",
        "33 PIPELINE child FAIL below daily%20load.call: inner failed",
        "33 TASK daily%20load.call FAIL below daily%20load: run failed",
        "34 PIPELINE daily%20load FAIL",
        "40 PIPELINE child START",
        "41 TASK child.inner START below child",
        "43 TASK child.inner ABORT below child",
        "43 PIPELINE child ABORT",
    ];
    assert_eq!(lines, expected);
    let mut judge = Judge::new();
    for event in &told {
        assert_eq!(judge.faults(event), [""; 0], "{event}");
        let kind = text(event, "/job/facets/jobType/jobType");
        let integration = if matches!(kind, "PIPELINE" | "TASK") { "DOWNBEAT" } else { "SNOWFLAKE" };
        assert_eq!(text(event, "/job/facets/jobType/integration"), integration);
        assert_eq!(text(event, "/job/facets/jobType/processingType"), "BATCH");
    }
    // The instant of the schedule stands at the run of that schedule, and at no other.
    let nominal = |event: &&Value| event.pointer("/run/facets/nominalTime").is_some();
    let nominal: Vec<String> = told.iter().filter(nominal).map(line).collect();
    assert_eq!(nominal, ["1 PIPELINE daily%20load START", "34 PIPELINE daily%20load FAIL"]);
    assert_eq!(text(&told[0], "/run/facets/nominalTime/nominalStartTime"), "2023-11-14T22:13:20Z");
    assert_eq!(text(&told[0], "/job/facets/documentation/description"), DAILY);
    // The outermost run is the root of everything below it, also in the run that a task started.
    for event in told.iter().take(20).skip(1) {
        let root = event.pointer("/run/facets/parent/root").unwrap();
        assert_eq!(
            (text(root, "/run/runId"), text(root, "/job/name")),
            (&*daily().to_string(), "daily%20load"),
            "{event}"
        );
    }
    let model = &told[6];
    assert_eq!(model["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], json!(42));
    assert_eq!(model["outputs"][0]["facets"]["schema"]["fields"], json!([{"name": "total", "type": "numeric"}]));
    let columns = &model["outputs"][0]["facets"]["columnLineage"]["fields"];
    assert_eq!(columns["total"]["inputFields"][0]["field"], json!("amount"));
    let test = &told[12]["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"];
    assert_eq!(*test, json!([{"assertion": "test.not_null", "success": false, "column": "total"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_reader_reads_the_edges_that_were_collected() {
    let told = told("read-back").await;
    let bytes: String = told.iter().map(|event| format!("{event}\n")).collect();
    let reports: Vec<_> = openlineage::all(bytes.as_bytes(), usize::MAX).into_iter().map(Result::unwrap).collect();
    assert_eq!(reports.len(), told.len());
    let read = said(reports.iter().flat_map(|report| &report.collected.edges));
    assert_eq!(read, said(&edges()));
}

/// What edges say, without the operation that they are of.
fn said<'a>(edges: impl IntoIterator<Item = &'a LineageEdge>) -> BTreeSet<String> {
    let line = |edge: &LineageEdge| {
        let columns = edge.columns.iter().map(|it| format!("{}>{}:{}", it.from, it.to, it.kind.as_str()));
        let columns: BTreeSet<String> = columns.collect();
        format!("{} {} > {} {columns:?}", edge.kind.as_str(), edge.from, edge.to)
    };
    edges.into_iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_that_a_task_starts_hangs_below_the_event_of_the_task() {
    let told = told("connected").await;
    // The variables that a worker hands down; `integration-tests` holds the real ones against what is told.
    let (run, task_run) = (daily(), TaskRunId::derive(daily(), 1));
    let parent = format!("downbeat/daily%20load.build%2Fdbt/{task_run}");
    let root = format!("downbeat/daily%20load/{run}");
    let named = |variable: &str| {
        let parts: Vec<&str> = variable.split('/').collect();
        let [namespace, job, run] = parts[..] else { panic!("{variable}") };
        json!({"run": {"runId": run}, "job": {"namespace": namespace, "name": job}})
    };
    let mut facet = named(&parent);
    facet["root"] = named(&root);
    let dbt = json!({
        "eventType": "COMPLETE", "eventTime": "2026-11-28T10:00:00Z", "producer": "urn:dbt",
        "run": {"runId": "0ee42a4c-3b0f-4a51-8e2a-6d3a1c9a2f10", "facets": {"parent": facet}},
        "job": {"namespace": "dbt", "name": "dbt-run-shop"},
    });
    let theirs = openlineage::event(dbt.to_string().as_bytes()).unwrap().said.run.unwrap();
    let reports = openlineage::all(told.iter().map(Value::to_string).collect::<String>().as_bytes(), usize::MAX);
    let ours: Vec<Said> = reports.into_iter().map(|report| report.unwrap().said).collect();
    let known = |parent: &ForeignParent| {
        ours.iter().any(|said| {
            said.job.as_ref() == Some(&parent.job) && said.run.as_ref().is_some_and(|run| run.id == parent.run)
        })
    };
    assert!(known(theirs.parent.as_ref().unwrap()), "{parent}");
    assert!(known(theirs.root.as_ref().unwrap()), "{root}");
    // What was only received is not sent again.
    assert!(!told.iter().any(|event| event.to_string().contains("theirs")));
    // A run that a task started hangs below that task, by the same names.
    let inner = told.iter().find(|event| line(event) == "31 PIPELINE child START below daily%20load.call").unwrap();
    let parent = inner.pointer("/run/facets/parent").unwrap();
    assert_eq!(text(parent, "/run/runId"), TaskRunId::derive(daily(), 2).to_string());
    assert_eq!(text(inner, "/run/runId"), child().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_begins_when_it_is_admitted_and_one_that_never_is_has_no_event() {
    let folder = tempfile::tempdir().unwrap();
    let log = service::log("well");
    let run = run_id(9);
    let queued = run_id(10);
    let gated = |event: Event| match event {
        Event::RunCreated(mut created) => {
            created.gated = true;
            Event::RunCreated(created)
        }
        other => other,
    };
    let admitted = |run: RunId, second: i64| Event::RunAdmitted { run, deadline: None, at: at(second) };
    let mut story = vec![
        applied("p", 1, plan(&["t"])),
        gated(begun("p", 1, run, 1, by_hand())),
        // What waits, and is refused then, has never begun.
        gated(begun("p", 1, queued, 1, by_hand())),
        ended(queued, RunStatus::Skipped, 2),
        admitted(run, 5),
    ];
    story.extend(goes_well(run, 0, 6));
    story.push(ended(run, RunStatus::Warning, 7));
    append(&log, story).await;
    append_last(&log).await;
    let config = telling(folder.path(), to_file(folder.path()));
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let told = events(&lines(&file_in(folder.path())).await);
    teller.stop().await;
    let lines: Vec<String> = told.iter().map(line).collect();
    let expected =
        ["5 PIPELINE p START", "6 TASK p.t START below p", "6 TASK p.t COMPLETE below p", "7 PIPELINE p COMPLETE"];
    assert_eq!(lines, expected);
}
