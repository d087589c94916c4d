//! LANGUAGE section 4: retries and their pauses, timeouts of attempts and of runs. Section 8: limits of outputs.

use downbeat_domain::{FailureClass, RunStatus, TaskStatus, effects, limits};
use serde_json::{Value, json};

use crate::world::{
    RUN, after, approve, bad, cancel, core, failed, failed_as, given, good, lease, lose, pipe, set, start, started,
    stopped, succeeded, task, wake,
};

fn with(more: &str) -> String {
    pipe(&[task("a", more), task("b", "depends_on: [a]")])
}

#[test]
fn a_task_is_tried_as_often_as_its_retries_say_whatever_kind_of_failure_can_pass() {
    for class in [FailureClass::JobFailed, FailureClass::Transient, FailureClass::TimedOut] {
        for retries in 0..3u32 {
            let mut world = given(&with(&format!("configuration: {{retries: {retries}}}"))).after([start()]);
            for attempt in 1..=retries {
                world = world.after([lease("a"), failed_as("a", attempt, class)]);
                assert_eq!(world.status_of("a"), TaskStatus::Queued);
                world = world.after([wake()]);
            }
            let world = world.after([lease("a"), failed_as("a", retries + 1, class)]);
            assert_eq!(world.tasks_of(""), ["a FAILED", "b SKIPPED"], "{class} {retries}");
        }
    }
}

#[test]
fn pauses_between_attempts_grow_are_bounded_and_shortened_by_chance() {
    let retry = |more: &str| format!("configuration: {{retries: 5}}, meta: {{downbeat: {{retry: {{{more}}}}}}}");
    let cases = [
        (retry("delay: PT10S"), 0, [10, 10, 10, 10]),
        (retry("delay: PT10S, backoff: exponential"), 0, [10, 20, 40, 80]),
        (retry("delay: PT10S, backoff: exponential, max_delay: PT30S"), 0, [10, 20, 30, 30]),
        (retry("delay: PT10S, jitter: 0.5"), 4_000, [6, 6, 6, 6]),
        (retry("delay: PT10S, backoff: exponential, max_delay: PT30S, jitter: 1"), 9_000, [1, 11, 21, 21]),
        ("configuration: {retries: 5, retry_delay: 2}".to_owned(), 4_000, [120, 120, 120, 120]),
        ("configuration: {retries: 5}".to_owned(), 0, [0, 0, 0, 0]),
    ];
    for (more, random, pauses) in cases {
        let mut world = given(&with(&more)).drawing(random).after([start()]);
        for (number, pause) in (1..).zip(pauses) {
            let outcome = world.after([lease("a")]).when(failed("a", number));
            assert_eq!(
                outcome.lines(),
                [format!("AttemptFailed a#{number} JOB_FAILED again after {pause} s")],
                "{more}"
            );
            world = outcome.accepted();
            if pause > 0 {
                world = world.after([after(pause - 1)]).when(wake()).then([]).after([after(1)]);
            }
            world = world.when(wake()).then(["TaskReady a"]);
        }
    }
}

#[test]
fn retries_of_the_pipeline_are_those_of_tasks_that_name_none() {
    let body =
        format!("configuration: {{retries: 1}}\n{}", pipe(&[task("a", ""), task("b", "configuration: {retries: 0}")]));
    let world = given(&body).after([start(), lease("a"), lease("b")]);
    let world = world.when(failed("a", 1)).then(["AttemptFailed a#1 JOB_FAILED again after 0 s"]);
    world.when(failed("b", 1)).then(["AttemptFailed b#1 JOB_FAILED"]);
}

#[test]
fn a_timeout_counts_from_the_start_of_the_attempt_and_zero_is_none() {
    for (timeout, line) in [("30", "AttemptStarted a#1 for 30 s"), ("0", "AttemptStarted a#1")] {
        let world = given(&with(&format!("configuration: {{timeout: {timeout}}}"))).after([
            start(),
            after(900),
            lease("a"),
            after(900),
        ]);
        let world = world.when(started("a", 1)).then([line]);
        assert_eq!(effects::next_deadline(&world.partition.runs[&RUN]).is_some(), timeout == "30");
    }
}

#[test]
fn an_attempt_past_its_timeout_is_failed_only_once_it_is_stopped_and_its_own_word_counts_before() {
    let body = with("configuration: {timeout: 30}");
    let late = || given(&body).after([start(), lease("a"), started("a", 1), after(31), wake()]);
    late().when(succeeded("a", 1)).then(["AttemptSucceeded a#1 SUCCEEDED", "TaskReady b"]);
    late().when(lose("a", 1)).then(["AttemptLost a#1 again after 0 s"]);
    let world = late().after([stopped("a", 1)]);
    assert_eq!(
        (world.tasks_of(""), world.run_status()),
        (vec!["a FAILED".to_owned(), "b SKIPPED".to_owned()], RunStatus::Failed)
    );
}

const SHORT: &str = "meta: {downbeat: {timeout: PT1M}}\n";

#[test]
fn a_run_past_its_timeout_is_stopped_and_failed() {
    let body = format!("{SHORT}{}", pipe(&[task("a", ""), task("b", "depends_on: [a]"), task("c", "")]));
    let world = given(&body).after([start(), lease("a"), started("a", 1), after(59)]).when(wake()).then([]);
    let world = world.after([after(1)]).when(wake()).then(["RunTimedOut", "AttemptStopRequested a#1 CANCELLED"]);
    assert_eq!(world.run_status(), RunStatus::Cancelling);
    let world = world
        .when(stopped("a", 1))
        .then(["AttemptStopped a#1", "RunFinished FAILED took longer than its timeout of 60 s"]);
    assert_eq!(world.tasks_of(""), ["a CANCELLED", "b CANCELLED", "c CANCELLED"]);
}

#[test]
fn a_run_past_its_timeout_ends_at_once_where_nobody_holds_anything_of_it() {
    let bodies = [
        pipe(&[task("a", "")]),
        pipe(&[core("a", "WAIT", "wait_minutes: 5", "")]),
        pipe(&[core("a", "APPROVAL", "", "")]),
    ];
    for body in bodies {
        let world = given(&format!("{SHORT}{body}")).after([start(), after(60)]);
        world.when(wake()).then(["RunTimedOut", "RunFinished FAILED took longer than its timeout of 60 s"]);
    }
}

#[test]
fn a_run_that_goes_no_further_asks_for_no_more_wake_ups() {
    let body = format!("{SHORT}{}", pipe(&[task("a", "")]));
    let halted = [
        vec![start(), lease("a"), started("a", 1), after(60), wake()],
        vec![start(), lease("a"), started("a", 1), cancel()],
    ];
    for steps in halted {
        let world = given(&body).after(steps);
        assert_eq!(effects::next_deadline(&world.partition.runs[&RUN]), None);
    }
}

#[test]
fn a_run_within_its_timeout_is_not_touched_by_it() {
    let body = format!("{SHORT}{}", pipe(&[task("a", "")]));
    given(&body)
        .after([start(), after(59), lease("a")])
        .when(succeeded("a", 1))
        .then(["AttemptSucceeded a#1 SUCCEEDED", "RunFinished SUCCEEDED"]);
}

#[test]
fn the_timeout_of_a_run_that_waits_counts_from_when_it_is_let_go() {
    let body = format!(
        "configuration: {{concurrency: {{max_active: 1, on_limit: QUEUE}}}}\n{SHORT}{}",
        pipe(&[task("a", "")])
    );
    let world = given(&body).after([start(), start().of("2"), lease("a"), after(50)]);
    let world = world.when(succeeded("a", 1)).then([
        "AttemptSucceeded a#1 SUCCEEDED",
        "RunFinished SUCCEEDED",
        "2: RunAdmitted for 60 s",
        "2: TaskReady a",
    ]);
    let world = world.after([after(59)]).when(wake().of("2")).then([]);
    let world = world.after([after(1), wake().of("2")]);
    assert_eq!(world.run_status_of("2"), RunStatus::Failed);
}

#[test]
fn outputs_up_to_the_limit_are_kept_whatever_json_they_are() {
    let fits = "x".repeat(limits::OUTPUT_BYTES_MAX - r#"{"t":""}"#.len());
    for outputs in [json!({"t": fits}), json!({"n": 1, "l": [1, {"a": null}], "Ü-b_1": true}), json!({})] {
        let world = given(&with("")).after([start(), lease("a"), set("a", 1, outputs.clone())]);
        assert_eq!(world.outputs_of("", "a"), outputs);
    }
}

#[test]
fn outputs_over_the_limit_fail_the_task_and_those_of_a_failure_are_left_out() {
    let large = json!({"t": "x".repeat(limits::OUTPUT_BYTES_MAX)});
    let world = given(&with("configuration: {retries: 3}")).after([start(), lease("a"), set("a", 1, large.clone())]);
    assert_eq!((world.tasks_of("")[0].as_str(), world.outputs_of("", "a")), ("a FAILED", json!({})));
    let report = downbeat_domain::Report::Failed {
        class: FailureClass::JobFailed,
        message: String::new(),
        outputs: crate::world::object(large),
    };
    let world = given(&with("")).after([start()]).worked_off(&[("a", report)]);
    assert_eq!((world.tasks_of("")[0].as_str(), world.outputs_of("", "a")), ("a FAILED", json!({})));
}

#[test]
fn output_names_are_read_without_regard_to_case() {
    let b = "b: {integration: X, integration_job: Y, depends_on: [a], parameters: {p: \"${{ tasks['a'].OUTPUTS.Rows[0][0] }}\"}}\n";
    let world =
        given(&pipe(&[task("a", ""), b.to_owned()])).after([start(), lease("a"), set("a", 1, json!({"rows": [[42]]}))]);
    world.when(lease("b")).then([r#"AttemptLeased b#1 with {"p":42}"#]);
}

#[test]
fn the_last_attempt_that_set_outputs_is_the_one_that_is_read() {
    let body = with("configuration: {retries: 2}");
    let seen = |reports: [downbeat_domain::Report; 2]| {
        let mut world = given(&body).after([start()]);
        for (number, report) in (1..).zip(reports) {
            world = world.after([lease("a"), crate::world::Step::Report("a", number, report), wake()]);
        }
        world.outputs_of("", "a")
    };
    let failed_with = |outputs: Value| downbeat_domain::Report::Failed {
        class: FailureClass::JobFailed,
        message: String::new(),
        outputs: crate::world::object(outputs),
    };
    assert_eq!(seen([failed_with(json!({"n": 1})), good(json!({"n": 2}))]), json!({"n": 2}));
    assert_eq!(seen([failed_with(json!({"n": 1})), bad()]), json!({"n": 1}));
}

#[test]
fn a_person_who_decides_late_but_before_the_clock_was_looked_at_still_decides() {
    let body = pipe(&[core("a", "APPROVAL", "", "configuration: {timeout: 60}")]);
    let world = given(&body).after([start(), after(61)]).when(approve("a", "bob"));
    world.then(["ApprovalDecided a#1 approved by bob", "RunFinished SUCCEEDED"]);
}
