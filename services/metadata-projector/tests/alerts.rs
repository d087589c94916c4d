//! Alerts as rows: from the end that raised them to their delivery, also where it is folded twice.
#![allow(clippy::unwrap_used, reason = "of a test")]

use std::collections::BTreeMap;

use downbeat_domain::{
    AlertId, Event, PipelineId, RunId, RunStatus,
    event::{Alert, AlertSubject, AlertsRaised},
};
use downbeat_event_log::LogId;
use downbeat_metadata_projector::engine::{self, Fold, keys, rows};
use downbeat_proto::metadata::v1 as wire;
use jiff::Timestamp;
use serde_json::json;

const RUN: RunId = RunId([5; 16]);
const ALERT: AlertId = AlertId([9; 16]);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn raised() -> Event {
    let content = json!({"destination": "#data", "event_type": "TASK_RUN_COMPLETED"});
    let alert = Alert {
        id: ALERT,
        name: "oops".to_owned(),
        integration: "SLACK".to_owned(),
        connection: String::new(),
        content: content.as_object().cloned().unwrap(),
    };
    Event::AlertsRaised(Box::new(AlertsRaised {
        pipeline: PipelineId([4; 16]),
        subject: AlertSubject::Task(RUN, 2),
        scope: "load".to_owned(),
        status: RunStatus::Failed,
        took_ms: None,
        alerts: vec![alert],
        held: Vec::new(),
        anomalies: Vec::new(),
        at: at(10),
    }))
}

fn failed(failures: u32, retry_at: Option<i64>) -> Event {
    Event::AlertFailed {
        alert: ALERT,
        failures,
        message: format!("no answer {failures}"),
        retry_at: retry_at.map(at),
        at: at(10),
    }
}

fn retried(failures: u32) -> Event {
    Event::AlertRetried { alert: ALERT, failures, at: at(30) }
}

fn delivered() -> Event {
    Event::AlertDelivered { alert: ALERT, at: at(40) }
}

/// The row after these events were folded so often, one after the other.
fn row(events: &[Event], times: usize) -> wire::Alert {
    let mut store: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for _ in 0..times {
        let mut fold = Fold::new(engine::start_of(&LogId("alerts".into())));
        for (sequence, event) in (1..).zip(events) {
            fold.known(&store, sequence, 0, event, 0).unwrap();
        }
        store.extend(fold.take().writes);
    }
    let key = keys::alert(ALERT);
    let indexed: Vec<_> = store.keys().filter_map(|key| keys::indexed_alert(key)).collect();
    assert_eq!(indexed, [ALERT]);
    rows::read(&key, &store[&key]).unwrap()
}

#[test]
fn a_row_says_how_far_its_alert_is_however_often_it_was_folded() {
    let cases: [(&[Event], &str, u32, i64); 6] = [
        (&[raised()], "PENDING", 0, 0),
        (&[raised(), failed(1, Some(15))], "PENDING", 1, 15),
        (&[raised(), failed(1, Some(15)), delivered()], "DELIVERED", 1, 0),
        (&[raised(), failed(1, Some(15)), failed(2, None)], "DEAD", 2, 0),
        (&[raised(), failed(1, None), retried(1)], "PENDING", 1, 0),
        (&[raised(), failed(1, None), retried(1), failed(2, None)], "DEAD", 2, 0),
    ];
    for (events, state, failures, retry_at) in cases {
        for times in [1, 2] {
            let row = row(events, times);
            let seen = (row.state.as_str(), row.failures, row.retry_at / 1_000_000);
            assert_eq!(seen, (state, failures, retry_at), "{events:?} {times} times");
        }
    }
}

#[test]
fn a_row_says_what_was_to_be_told_to_whom() {
    let row = row(&[raised(), delivered()], 1);
    assert_eq!((row.task_id.as_str(), row.status.as_str(), row.name.as_str()), ("load", "FAILED", "oops"));
    assert_eq!((row.integration.as_str(), row.destination.as_str()), ("SLACK", "#data"));
    assert_eq!((row.run_id.clone(), row.event_type.as_str()), (RUN.to_string(), "TASK_RUN_COMPLETED"));
    assert_eq!(row.delivered_at, 40_000_000);
}
