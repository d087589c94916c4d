//! Groups: they open, are skipped, and end together.

use crate::world::{failed, given, lease, start, succeeded, warned};

fn grouped(condition: &str) -> String {
    format!(
        "pipeline:
  a: {{integration: X, integration_job: Y, parameters: {{}}}}
  g:
    depends_on: [a]
{condition}    tasks:
      b: {{integration: X, integration_job: Y, parameters: {{}}}}
      c:
        integration: X
        integration_job: Y
        parameters: {{}}
        depends_on: [b]
  d:
    depends_on: [g]
    integration: X
    integration_job: Y
    parameters: {{}}
"
    )
}

#[test]
fn a_group_opens_when_what_it_depends_on_has_ended_well() {
    for (report, line) in
        [(succeeded("a", 1), "AttemptSucceeded a#1 SUCCEEDED"), (warned("a", 1), "AttemptSucceeded a#1 WARNING")]
    {
        given(&grouped("")).after([start(), lease("a")]).when(report).then([line, "GroupOpened g", "TaskReady b"]);
    }
}

#[test]
fn a_group_is_skipped_with_its_tasks_when_what_it_depends_on_failed() {
    given(&grouped("")).after([start(), lease("a")]).when(failed("a", 1)).then([
        "AttemptFailed a#1 JOB_FAILED",
        "GroupSkipped g: task `a` ended FAILED",
        "TaskSkipped d: group `g` ended SKIPPED",
        "RunFinished FAILED failed: a",
    ]);
}

#[test]
fn what_depends_on_a_group_goes_when_the_last_of_its_tasks_has_ended() {
    let world = given(&grouped("")).after([start(), lease("a"), succeeded("a", 1), lease("b")]);
    let world = world.when(succeeded("b", 1)).then(["AttemptSucceeded b#1 SUCCEEDED", "TaskReady c"]);
    let world = world.after([lease("c")]);
    world.when(succeeded("c", 1)).then(["AttemptSucceeded c#1 SUCCEEDED", "TaskReady d"]);
}

#[test]
fn a_group_ends_as_the_worst_of_its_tasks() {
    given(&grouped("")).after([start(), lease("a"), succeeded("a", 1), lease("b")]).when(failed("b", 1)).then([
        "AttemptFailed b#1 JOB_FAILED",
        "TaskSkipped c: task `b` ended FAILED",
        "TaskSkipped d: group `g` ended FAILED",
        "RunFinished FAILED failed: b",
    ]);
}

#[test]
fn the_condition_of_a_group_replaces_the_default_rule() {
    let cases = [
        ("    condition: \"true\"\n", vec!["AttemptFailed a#1 JOB_FAILED", "GroupOpened g", "TaskReady b"]),
        (
            "    condition: ${{ tasks['a'].status == 'SUCCEEDED' }}\n",
            vec![
                "AttemptFailed a#1 JOB_FAILED",
                "GroupSkipped g: its condition gave false",
                "TaskSkipped d: group `g` ended SKIPPED",
                "RunFinished FAILED failed: a",
            ],
        ),
    ];
    for (condition, lines) in cases {
        given(&grouped(condition)).after([start(), lease("a")]).when(failed("a", 1)).then(lines);
    }
}

#[test]
fn a_condition_of_a_group_that_does_not_evaluate_fails_its_first_task_and_skips_the_rest() {
    let events = given(&grouped("    condition: ${{ tasks['a'].outputs.n > 3 }}\n"))
        .after([start(), lease("a")])
        .when(succeeded("a", 1))
        .events();
    let shown: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
    let kinds: Vec<&str> = shown.iter().map(|text| text.split([' ', '(']).next().unwrap_or_default()).collect();
    assert_eq!(kinds, ["AttemptSucceeded", "TaskFailed", "GroupSkipped", "TaskSkipped", "RunFinished"]);
    assert!(shown[1].contains("condition of group `g`"), "{}", shown[1]);
    assert!(shown[3].contains("group `g` ended FAILED"), "{}", shown[3]);
}
