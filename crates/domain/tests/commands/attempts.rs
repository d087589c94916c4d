//! LeaseTask, Report, LoseAttempt, WakeRun: the life of attempts.

use downbeat_domain::{FailureClass, Report, RunStatus, TaskStatus, limits};
use serde_json::{Value, json};

use crate::{
    chain,
    world::{
        Step, after, collected, failed, failed_as, given, lease, lose, object, set, start, start_with, started,
        stopped, succeeded, wake, warned,
    },
};

const TEMPLATED: &str = "inputs:
  day: {type: string, default: monday}
pipeline:
  first: {integration: X, integration_job: Y, parameters: {}}
  a:
    depends_on: [first]
    integration: X
    integration_job: Y
    parameters:
      text: \"on ${{ inputs.day }} with ${{ ENV.COLOUR }}\"
      rows: \"${{ tasks['first'].outputs.rows }}\"
      plain: 1
";

#[test]
fn parameters_are_resolved_when_the_task_is_leased_and_recorded() {
    let steps = [start_with(json!({"day": "friday"}), json!({"COLOUR": "red"})), lease("first")];
    given(TEMPLATED)
        .after(steps)
        .after([set("first", 1, json!({"rows": 12}))])
        .when(lease("a"))
        .then([r#"AttemptLeased a#1 with {"text":"on friday with red","rows":12,"plain":1}"#]);
}

#[test]
fn parameters_that_do_not_resolve_fail_the_task_without_an_attempt() {
    let events = given(TEMPLATED)
        .after([start_with(Value::Null, json!({"COLOUR": "red"})), lease("first"), succeeded("first", 1)])
        .when(lease("a"))
        .events();
    let shown = format!("{events:?}");
    assert!(shown.contains("TaskFailed") && shown.contains("parameter `rows`"), "{shown}");
    assert!(shown.contains("RunFinished") && shown.contains("failed: a"), "{shown}");
}

#[test]
fn parameters_over_the_limit_fail_the_task() {
    let text = "x".repeat(limits::PARAMETER_BYTES_MAX / 2);
    let body = "pipeline:\n  first: {integration: X, integration_job: Y, parameters: {}}\n  a:\n    depends_on: [first]\n    integration: X\n    integration_job: Y\n    parameters: {one: \"${{ tasks['first'].outputs.t }}\", two: \"${{ tasks['first'].outputs.t }}\"}\n";
    let events =
        given(body).after([start(), lease("first"), set("first", 1, json!({"t": text}))]).when(lease("a")).events();
    assert!(format!("{events:?}").contains("the resolved parameters take"), "{}", events.len());
}

#[test]
fn only_a_task_that_waits_for_a_worker_is_leased() {
    let cases: [Vec<Step>; 3] = [
        vec![start(), lease("a")],
        vec![start(), lease("a"), started("a", 1)],
        vec![start(), lease("a"), succeeded("a", 1)],
    ];
    for steps in cases {
        given(&chain("")).after(steps).when(lease("a")).refused("is not waiting for a worker");
    }
    given(&chain("")).after([start()]).when(lease("b")).refused("is not waiting for a worker");
    given(&chain("")).when(lease("a")).refused("there is no run");
}

#[test]
fn a_report_of_any_attempt_but_the_held_one_is_stale() {
    let retried = chain("    configuration: {retries: 1, retry_delay: 0}\n");
    let cases: [(Vec<Step>, Step); 6] = [
        (vec![start()], succeeded("a", 1)),
        (vec![start(), lease("a")], succeeded("a", 2)),
        (vec![start(), lease("a"), failed("a", 1)], succeeded("a", 1)),
        (vec![start(), lease("a"), failed("a", 1), wake(), lease("a")], succeeded("a", 1)),
        (vec![start(), lease("a"), lose("a", 1), wake(), lease("a"), started("a", 2)], failed("a", 1)),
        (vec![start(), lease("a"), succeeded("a", 1)], succeeded("a", 1)),
    ];
    for (steps, late) in cases {
        given(&retried).after(steps.clone()).when(late).refused("is not the current one");
        given(&retried).after(steps).when(lose("a", 9)).refused("is not the current one");
    }
}

#[test]
fn a_start_said_twice_or_while_stopping_is_nothing_new() {
    let timed = chain("    configuration: {timeout: 30}\n");
    for steps in [vec![], vec![after(30), wake()]] {
        given(&timed).after([start(), lease("a"), started("a", 1)]).after(steps).when(started("a", 1)).then([]);
    }
}

#[test]
fn an_outcome_before_the_start_counts() {
    given(&chain(""))
        .after([start(), lease("a")])
        .when(warned("a", 1))
        .then(["AttemptSucceeded a#1 WARNING", "TaskReady b"]);
}

#[test]
fn a_failed_task_skips_what_depends_on_it() {
    given(&chain("")).after([start(), lease("a"), started("a", 1)]).when(failed("a", 1)).then([
        "AttemptFailed a#1 JOB_FAILED",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
}

#[test]
fn treat_failure_as_warning_lets_the_run_go_on() {
    let world = given(&chain("    treat_failure_as_warning: true\n"))
        .after([start(), lease("a")])
        .when(failed("a", 1))
        .then(["AttemptFailed a#1 JOB_FAILED as a warning", "TaskReady b"]);
    assert_eq!(world.status_of("a"), TaskStatus::Warning);
    let world = world.after([lease("b"), succeeded("b", 1)]);
    assert_eq!(world.run_status(), RunStatus::Warning);
}

#[test]
fn a_failed_attempt_is_tried_again_after_the_delay_as_often_as_the_pipeline_says() {
    let body = chain("    configuration: {retries: 2, retry_delay: 3}\n");
    let world = given(&body)
        .after([start(), lease("a"), started("a", 1)])
        .when(failed("a", 1))
        .then(["AttemptFailed a#1 JOB_FAILED again after 180 s"]);
    let world = world.after([after(179)]).when(wake()).then([]);
    let world = world.after([after(1)]).when(wake()).then(["TaskReady a"]);
    let world = world.after([lease("a"), failed("a", 2), after(180), wake(), lease("a")]);
    world.when(failed_as("a", 3, FailureClass::Transient)).then([
        "AttemptFailed a#3 TRANSIENT",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
}

#[test]
fn what_cannot_work_as_it_is_written_is_not_tried_again() {
    given(&chain("    configuration: {retries: 5}\n"))
        .after([start(), lease("a")])
        .when(failed_as("a", 1, FailureClass::Misconfigured))
        .then([
            "AttemptFailed a#1 MISCONFIGURED",
            "TaskSkipped b: task `a` ended FAILED",
            "RunFinished FAILED failed: a",
        ]);
}

#[test]
fn an_attempt_that_runs_too_long_is_stopped_then_failed_or_tried_again() {
    let world = given(&chain("    configuration: {timeout: 30, retries: 1, retry_delay: 1}\n"))
        .after([start(), lease("a"), after(100)])
        .when(started("a", 1))
        .then(["AttemptStarted a#1 for 30 s"]);
    let world = world.after([after(30)]).when(wake()).then(["AttemptStopRequested a#1 TIMED_OUT"]);
    assert_eq!(world.status_of("a"), TaskStatus::Running);
    let world = world.when(stopped("a", 1)).then(["AttemptFailed a#1 TIMED_OUT again after 60 s"]);
    world.after([after(60), wake(), lease("a"), started("a", 2), after(30), wake()]).when(stopped("a", 2)).then([
        "AttemptFailed a#2 TIMED_OUT",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
}

#[test]
fn lost_attempts_follow_each_other_up_to_the_limit_whatever_retries_say() {
    let mut world = given(&chain("")).after([start()]);
    for number in 1..limits::LOST_ATTEMPTS_MAX {
        world = world.after([lease("a"), started("a", number), lose("a", number), wake()]);
    }
    world.after([lease("a")]).when(lose("a", limits::LOST_ATTEMPTS_MAX)).then([
        "AttemptLost a#3",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
}

#[test]
fn losses_do_not_use_up_retries() {
    given(&chain("    configuration: {retries: 1, retry_delay: 1}\n"))
        .after([start(), lease("a"), lose("a", 1), wake(), lease("a"), lose("a", 2), wake(), lease("a")])
        .when(failed("a", 3))
        .then(["AttemptFailed a#3 JOB_FAILED again after 60 s"]);
}

#[test]
fn a_stop_that_nobody_asked_for_is_a_loss() {
    given(&chain(""))
        .after([start(), lease("a"), started("a", 1)])
        .when(stopped("a", 1))
        .then(["AttemptLost a#1 again after 0 s"]);
}

#[test]
fn collected_chunks_are_recorded_once_per_attempt() {
    let world = given(&chain("    configuration: {retries: 1, retry_delay: 0}\n")).after([
        start(),
        lease("a"),
        started("a", 1),
    ]);
    let world = world.when(collected("a", 1, 0)).then(["OperationsCollected a#1 chunk 0"]);
    let world = world.when(collected("a", 1, 1)).then(["OperationsCollected a#1 chunk 1"]);
    let world = world.when(collected("a", 1, 0)).then([]);
    let world = world.when(collected("a", 1, 1)).then([]);
    let world = world.after([failed("a", 1), wake(), lease("a")]);
    world.when(collected("a", 2, 0)).then(["OperationsCollected a#2 chunk 0"]);
}

#[test]
fn what_is_too_large_for_the_log_fails_the_attempt_and_is_not_recorded() {
    let big = "x".repeat(limits::OUTPUT_BYTES_MAX);
    let handle = Report::Started {
        handle: vec![0; limits::HANDLE_BYTES_MAX + 1],
        external_id: String::new(),
        link: String::new(),
    };
    for step in [set("a", 1, json!({"t": big})), Step::Report("a", 1, handle)] {
        given(&chain("")).after([start(), lease("a")]).when(step).then([
            "AttemptFailed a#1 MISCONFIGURED",
            "TaskSkipped b: task `a` ended FAILED",
            "RunFinished FAILED failed: a",
        ]);
    }
}

#[test]
fn outputs_that_a_failed_attempt_set_before_are_kept() {
    let report = Report::Failed {
        class: FailureClass::JobFailed,
        message: "m".repeat(limits::MESSAGE_BYTES_MAX + 1),
        outputs: object(json!({"seen": 3})),
    };
    let body = "pipeline:\n  a: {integration: X, integration_job: Y, parameters: {}}\n  b:\n    depends_on: [a]\n    condition: \"${{ tasks['a'].outputs.seen == 3 }}\"\n    integration: X\n    integration_job: Y\n    parameters: {}\n";
    given(body)
        .after([start(), lease("a")])
        .when(Step::Report("a", 1, report))
        .then(["AttemptFailed a#1 JOB_FAILED", "TaskReady b"]);
}

#[test]
fn a_wait_holds_no_worker_and_ends_by_itself() {
    let body = "pipeline:\n  a: {integration: ORCHESTRA, integration_job: WAIT, parameters: {wait_minutes: 2}}\n";
    let world = given(body).when(start()).then(["RunCreated of version 1", "WaitStarted a#1 for 120 s"]);
    assert_eq!(world.run_status(), RunStatus::Running);
    let world = world.after([after(119)]).when(wake()).then([]);
    let world = world.when(succeeded("a", 1)).refused("is not the current one");
    world.after([after(1)]).when(wake()).then(["AttemptSucceeded a#1 SUCCEEDED", "RunFinished SUCCEEDED"]);
}
