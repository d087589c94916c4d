//! Conditions of tasks: on statuses, outputs, inputs; their values are recorded.

use downbeat_domain::{ConditionResult, Event};
use serde_json::json;

use crate::world::{World, failed, given, lease, set, start, start_with, succeeded};

fn after_a(condition: &str, more: &str) -> String {
    format!(
        "inputs:\n  go: {{type: boolean, default: true}}\npipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}}}\n  b:\n    depends_on: [a]\n    condition: {condition}\n{more}    integration: X\n    integration_job: Y\n    parameters: {{}}\n"
    )
}

fn began(body: &str) -> World {
    given(body).after([start(), lease("a")])
}

#[test]
fn with_braces_and_without_a_condition_means_the_same() {
    for condition in ["\"inputs.go\"", "${{ inputs.go }}", "\" ${{ inputs.go }} \""] {
        began(&after_a(condition, "")).when(succeeded("a", 1)).then(["AttemptSucceeded a#1 SUCCEEDED", "TaskReady b"]);
    }
}

#[test]
fn a_condition_on_outputs_decides_and_its_value_is_recorded() {
    let body = after_a("${{ tasks['a'].outputs.max_temp > 30 }}", "");
    for (temperature, go) in [(31, true), (30, false)] {
        let events = began(&body).when(set("a", 1, json!({"max_temp": temperature}))).events();
        let expected = ConditionResult { expression: "tasks['a'].outputs.max_temp > 30".to_owned(), value: json!(go) };
        match &events[1] {
            Event::TaskReady { condition, .. } => assert_eq!((condition, go), (&Some(expected), true)),
            Event::TaskSkipped { condition, reason, .. } => {
                assert_eq!((condition, go), (&Some(expected), false));
                assert_eq!(reason, "its condition gave false");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_condition_replaces_the_default_rule() {
    began(&after_a("${{ tasks['a'].status == 'FAILED' }}", ""))
        .when(failed("a", 1))
        .then(["AttemptFailed a#1 JOB_FAILED", "TaskReady b"]);
}

#[test]
fn inputs_decide() {
    let body = after_a("${{ inputs.go }}", "");
    given(&body).after([start_with(json!({"go": false}), json!(null)), lease("a")]).when(succeeded("a", 1)).then([
        "AttemptSucceeded a#1 SUCCEEDED",
        "TaskSkipped b: its condition gave false",
        "RunFinished SUCCEEDED",
    ]);
}

#[test]
fn a_condition_that_does_not_evaluate_fails_its_task() {
    for (more, status) in [("", "RunFinished"), ("    treat_failure_as_warning: true\n", "RunFinished")] {
        let events = began(&after_a("${{ tasks['a'].outputs.n > 3 }}", more)).when(succeeded("a", 1)).events();
        let Event::TaskFailed { message, as_warning, .. } = &events[1] else { panic!("{events:?}") };
        assert!(message.starts_with("condition: `tasks['a'].outputs.n > 3` did not evaluate"), "{message}");
        assert_eq!(*as_warning, !more.is_empty());
        assert!(format!("{:?}", events[2]).starts_with(status), "{events:?}");
    }
}
