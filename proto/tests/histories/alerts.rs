//! Alerts: told, failed, given up, tried once more, held back; and durations that differ.

use downbeat_domain::{AlertId, AlertOutcome, Command, FailureClass, Outcome, Report};
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
