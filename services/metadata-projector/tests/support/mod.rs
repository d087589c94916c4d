//! A synthetic log: records of real wire bytes about pipelines and runs.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by several test files, each of which uses a part")]

pub mod killed;
pub mod others;
pub mod rows;
pub mod service;
pub mod stories;
pub mod teller;
pub mod worlds;

use std::sync::Arc;

use downbeat_domain::{
    AttemptRef, Event, Outcome, PipelineApplied, PipelineId, RunCreated, RunId, RunStatus, Trigger, WorkerId,
    id::with_version_4,
    metadata::{Asset, Collected, LineageEdge, Operation},
    plan::{Node, Plan, PlanGroup, PlanMatrix, PlanTask},
};
use downbeat_event_log::{EventLog, Record, RecordId, Tail};
use downbeat_proto::record::{self, Decision};
use jiff::Timestamp;
use serde_json::{Map, Value};

pub const WORKER: WorkerId = WorkerId([5; 16]);

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub fn run_id(number: u32) -> RunId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    RunId(with_version_4(bytes))
}

pub fn pipeline_id() -> PipelineId {
    PipelineId::derive("default", "weather")
}

/// Tasks `t0`, `t1`, ...; the first `grouped` of them in group `g0`, each of them after the one before.
pub fn pipeline(tasks: u32, grouped: u32) -> Event {
    let task = |place: u32| PlanTask {
        id: format!("t{place}"),
        name: format!("Task {place}"),
        group: (place < grouped).then_some(0),
        depends_on: if place > 0 && place < grouped { vec![Node::Task(place - 1)] } else { Vec::new() },
        integration: "PYTHON".into(),
        integration_job: "PYTHON_EXECUTE_SCRIPT".into(),
        ..PlanTask::default()
    };
    let matrix = PlanMatrix { inputs: vec![("x".into(), Value::from(vec![1, 2]))], ..PlanMatrix::default() };
    let group = PlanGroup { id: "g0".into(), matrix: Some(matrix), ..PlanGroup::default() };
    let groups = if grouped > 0 { vec![group] } else { Vec::new() };
    Event::PipelineApplied(Box::new(PipelineApplied {
        pipeline: pipeline_id(),
        alias: "weather".into(),
        version: 1,
        name: "Weather".into(),
        source: "version: v1".into(),
        source_root: "/repo".into(),
        digest: [3; 32],
        plan: Plan { groups, tasks: (0..tasks).map(task).collect(), ..Plan::default() },
        origin: None,
        storage: None,
    }))
}

pub fn created(run: RunId, second: i64) -> Event {
    Event::RunCreated(Box::new(RunCreated {
        run,
        pipeline: pipeline_id(),
        version: 1,
        trigger: Trigger::Manual { user: "me".into() },
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        gated: false,
        deadline: None,
        selection: None,
        at: at(second),
    }))
}

pub fn attempt(run: RunId, task: u32, number: u32) -> AttemptRef {
    AttemptRef { run, task, number }
}

pub fn ready(run: RunId, task: u32, second: i64) -> Event {
    Event::TaskReady { run, task, condition: None, at: at(second) }
}

pub fn leased(attempt: AttemptRef, second: i64) -> Event {
    Event::AttemptLeased { attempt, worker: WORKER, parameters: None, remote: false, at: at(second) }
}

pub fn started(attempt: AttemptRef, second: i64) -> Event {
    Event::AttemptStarted {
        attempt,
        at: at(second),
        handle: vec![1],
        external_id: "x-1".into(),
        link: String::new(),
        deadline: None,
    }
}

pub fn succeeded(attempt: AttemptRef, second: i64) -> Event {
    let (outputs, message) = (Map::new(), String::new());
    Event::AttemptSucceeded { attempt, outcome: Outcome::Succeeded, outputs, message, at: at(second) }
}

/// Its worker is gone; another attempt follows.
pub fn lost(attempt: AttemptRef, second: i64) -> Event {
    let (reason, retry_at) = ("its worker was lost".to_owned(), Some(at(second + 1)));
    Event::AttemptLost { attempt, reason, retry_at, as_warning: false, at: at(second) }
}

pub fn finished(run: RunId, second: i64) -> Event {
    Event::RunFinished { run, status: RunStatus::Succeeded, message: String::new(), at: at(second) }
}

/// Four events of one task.
pub fn whole_task(run: RunId, task: u32) -> Vec<Event> {
    let attempt = attempt(run, task, 1);
    vec![ready(run, task, 1), leased(attempt, 2), started(attempt, 3), succeeded(attempt, 4)]
}

pub fn collected(run: RunId, task: u32, number: u32, test_status: &str) -> Event {
    let operation = |kind: &str, name: &str, status: &str| Operation {
        external_id: name.into(),
        name: name.into(),
        kind: kind.into(),
        status: status.into(),
        asset: "db/main.orders".into(),
        rows_affected: (kind != "TEST").then_some(42),
        ..Operation::default()
    };
    let asset = |key: &str| Asset { key: key.into(), name: key.into(), kind: "TABLE".into(), ..Asset::default() };
    let collected = Collected {
        operations: vec![
            operation("MATERIALISATION", "orders", "SUCCEEDED"),
            operation("TEST", "not_null_orders_id", test_status),
        ],
        assets: vec![asset("db/main.raw_orders"), asset("db/main.orders")],
        edges: vec![LineageEdge {
            from: "db/main.raw_orders".into(),
            to: "db/main.orders".into(),
            operation: "orders".into(),
            ..LineageEdge::default()
        }],
    };
    Event::OperationsCollected { attempt: attempt(run, task, number), chunk: 0, collected: Arc::new(collected) }
}

/// Whole runs of four tasks, one with what it collected, in records of two events.
pub fn runs(count: u32) -> Vec<Vec<Event>> {
    let mut events = vec![pipeline(4, 2)];
    for number in 0..count {
        let run = run_id(number);
        events.push(created(run, i64::from(number)));
        events.push(Event::GroupOpened { run, group: 0, condition: None });
        for task in 0..4 {
            events.extend(whole_task(run, task));
        }
        events.push(collected(run, 0, 1, if number % 2 == 0 { "SUCCEEDED" } else { "FAILED" }));
        events.push(finished(run, 9));
    }
    events.chunks(2).map(<[Event]>::to_vec).collect()
}

pub fn payload(events: Vec<Event>) -> bytes::Bytes {
    let decision = Decision { command: None, actor: "test".into(), decided_at: at(0), events, ..Decision::default() };
    record::encode(0, at(0), vec![record::encode_decision(&decision)])
}

pub fn record_of(payload: bytes::Bytes, number: u64) -> Record {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Record { id: RecordId(id), payload }
}

pub async fn append(log: &dyn EventLog, events: Vec<Event>) -> Tail {
    append_payload(log, payload(events)).await
}

pub async fn append_payload(log: &dyn EventLog, payload: bytes::Bytes) -> Tail {
    let tail = log.tail().await.unwrap();
    log.append(tail, &record_of(payload, tail.sequence + 1)).await.unwrap()
}

/// Appends events that were decided at this second.
pub async fn at_second(log: &dyn EventLog, second: i64, events: Vec<Event>) {
    let decision =
        Decision { command: None, actor: "test".into(), decided_at: at(second), events, ..Decision::default() };
    append_payload(log, record::encode(0, at(second), vec![record::encode_decision(&decision)])).await;
}
