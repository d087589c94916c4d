//! Alerts: told, failed, given up, tried once more, held back; and durations that differ.

use downbeat_domain::{
    AlertId, AlertOutcome, Command, FailureClass, Outcome, Report,
    metadata::{Collected, CostBasis, Operation, Quantity},
};
use jiff::Timestamp;
use serde_json::Map;

use crate::recorder::Recorder;

const BODY: &str = "alerts:
  - {name: oops, statuses: [FAILED], max_live_alerts: 2, destinations: [{integration: SLACK, destination: '#data'}]}
anomalies:
  - {percentage_above_baseline: 50, min_baseline_seconds: 1, destinations: [{integration: WEBHOOK, connection_id: hook_12345}]}
pipeline:
  a:
    integration: X
    integration_job: Y
    parameters: {}
    alerts:
      - {name: task, statuses: [ANY_COMPLETED], destinations: [{integration: PAGER_DUTY}], custom_message: 'see ${{ ORCHESTRA.PIPELINE_RUN_ID }}'}
";

/// The oldest alert that is owed.
fn first(demo: &Recorder) -> AlertId {
    *demo.partition.alerts.owed.keys().next().expect("an alert is owed")
}

fn settle(demo: Recorder, outcome: AlertOutcome) -> Recorder {
    let alert = first(&demo);
    demo.run(Command::SettleAlert { alert, outcome })
}

const WATCHED: &str = "pipeline:
  a:
    integration: X
    integration_job: Y
    parameters: {}
    anomalies:
      - {type: operation_duration_above_baseline, percentage_above_baseline: 50, min_baseline_seconds: 1, destinations: [{integration: SLACK, destination: '#data'}]}
      - {type: operation_duration_below_baseline, operation_types: [QUERY], min_baseline_seconds: 1}
";

/// What an attempt of `a` did: a model and a query, with so many seconds each, and what they cost.
fn did(seconds: [i64; 2]) -> Report {
    // 0 stands for "not known" on the wire.
    let at = |second| Timestamp::from_second(1_000 + second).ok();
    let operation = |(kind, seconds): (&str, i64)| Operation {
        external_id: format!("{kind} {seconds}"),
        name: "orders".to_owned(),
        kind: kind.to_owned(),
        status: "SUCCEEDED".to_owned(),
        started_at: at(0),
        completed_at: at(seconds),
        bytes: Some(1_024),
        cost_basis: vec![CostBasis {
            quantity: Quantity::new(1, 500_000),
            unit: "dbu".to_owned(),
            ..CostBasis::default()
        }],
        ..Operation::default()
    };
    let operations = ["MATERIALISATION", "QUERY"].into_iter().zip(seconds).map(operation).collect();
    Report::Collected { chunk: 0, collected: Collected { operations, ..Collected::default() } }
}

/// Operations that take as long as ever, much longer, much shorter; and one attempt whose end is not told yet.
pub(crate) fn operations() -> Vec<Vec<u8>> {
    let (outcome, outputs, message) = (Outcome::Succeeded, Map::new(), String::new());
    let success = Report::Succeeded { outcome, outputs, message };
    let mut demo = Recorder::new(WATCHED);
    for (number, seconds) in [(1, [10, 20]), (2, [12, 20]), (3, [11, 22]), (4, [40, 2])] {
        demo =
            demo.start(number).work(number, "a").report(number, "a", did(seconds)).report(number, "a", success.clone());
    }
    let demo = settle(demo, AlertOutcome::Delivered);
    demo.start(5).work(5, "a").report(5, "a", did([9, 9])).into_records()
}

pub(crate) fn alerts() -> Vec<Vec<u8>> {
    let no_answer = |retryable| AlertOutcome::Failed { message: "no answer".to_owned(), retryable, pause_seconds: 0 };
    let (outcome, outputs, message) = (Outcome::Succeeded, Map::new(), String::new());
    let success = Report::Succeeded { outcome, outputs: outputs.clone(), message };
    let failure = Report::Failed { class: FailureClass::JobFailed, message: "it broke".to_owned(), outputs };
    let mut demo = Recorder::new(BODY);
    for (number, seconds) in [(1, 10), (2, 12), (3, 11), (4, 40)] {
        demo = demo.start(number).work(number, "a").after(seconds).report(number, "a", success.clone());
        demo = settle(demo, AlertOutcome::Delivered);
    }
    for number in [5, 6, 7] {
        demo = demo.start(number).work(number, "a").after(5).report(number, "a", failure.clone());
    }
    let demo = settle(settle(demo, no_answer(true)), no_answer(false));
    let dead = demo.partition.alerts.dead[0].alert.id;
    let demo = demo.run(Command::RetryAlert { alert: dead });
    settle(settle(demo, AlertOutcome::Delivered), no_answer(false)).into_records()
}
