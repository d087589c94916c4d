//! MarkTask: a person decides the outcome of a task, in every phase of its life.

use downbeat_domain::{Mark, RunStatus, TaskStatus};
use serde_json::{Value, json};

use crate::world::{
    RUN, Step, World, after, cancel, core, failed, given, group, lease, lose, mark, pipe, set, start, started, stopped,
    succeeded, task, wake,
};

const MARKS: [(Mark, TaskStatus); 4] = [
    (Mark::Succeeded, TaskStatus::Succeeded),
    (Mark::Warning, TaskStatus::Warning),
    (Mark::Failed, TaskStatus::Failed),
    (Mark::Skipped, TaskStatus::Skipped),
];

/// `z`, then `t`, then `b`.
fn around(t: &str) -> String {
    pipe(&[task("z", ""), t.to_owned(), task("b", "depends_on: [t]")])
}

fn plain(more: &str) -> String {
    around(&task("t", more))
}

/// Worlds in which `t` is in a phase that nobody holds.
fn unheld() -> Vec<(&'static str, World)> {
    let retried = plain("configuration: {retries: 2, retry_delay: 1}");
    vec![
        ("Waiting", given(&plain("depends_on: [z]")).after([start()])),
        ("Ready", given(&plain("")).after([start()])),
        ("Backoff", given(&retried).after([start(), lease("t"), failed("t", 1)])),
        ("Sleeping", given(&around(&core("t", "WAIT", "wait_minutes: 3", ""))).after([start()])),
        ("Approving", given(&around(&core("t", "APPROVAL", "", ""))).after([start()])),
    ]
}

#[test]
fn what_nobody_holds_ends_at_once_as_marked() {
    for (decided, status) in MARKS {
        for (phase, world) in unheld() {
            let outcome = world.when(mark("t", decided));
            let lines = outcome.lines();
            assert_eq!(lines[0], format!("TaskMarked t {decided} by ada: known"), "{phase}");
            let follows = match status {
                TaskStatus::Succeeded | TaskStatus::Warning => "TaskReady b".to_owned(),
                _ => format!("TaskSkipped b: task `t` ended {status}"),
            };
            assert_eq!(lines[1..], [follows], "{phase} {decided}");
            assert_eq!(outcome.accepted().status_of("t"), status);
        }
    }
}

#[test]
fn what_was_marked_moves_no_further() {
    for (phase, world) in unheld() {
        let world = world.after([mark("t", Mark::Succeeded), after(3_600), wake()]);
        let world = world.when(lease("t")).refused_as("NOT_READY");
        assert_eq!(world.status_of("t"), TaskStatus::Succeeded, "{phase}");
    }
}

#[test]
fn what_a_worker_holds_is_stopped_first_and_ends_as_marked_whatever_the_worker_reports() {
    let body = plain("configuration: {retries: 2}");
    let reports = [stopped("t", 1), succeeded("t", 1), failed("t", 1), lose("t", 1)];
    for (decided, status) in MARKS {
        for steps in [vec![lease("t")], vec![lease("t"), started("t", 1)]] {
            for report in &reports {
                let outcome = given(&body).after([start()]).after(steps.clone()).when(mark("t", decided));
                assert_eq!(outcome.lines(), [format!("TaskMarked t {decided} by ada: known")]);
                let world = outcome.accepted();
                assert_eq!(world.status_of("t"), TaskStatus::Cancelling, "it is being stopped");
                assert_eq!(world.after([report.clone()]).status_of("t"), status, "{report:?}");
            }
        }
    }
}

#[test]
fn outputs_of_a_mark_are_read_like_any_other() {
    let b = "b: {integration: X, integration_job: Y, depends_on: [t], parameters: {p: \"${{ tasks['t'].outputs.rows }}\"}}\n";
    let body = pipe(&[task("t", ""), b.to_owned()]);
    let world = given(&body).after([start(), Step::Mark("t", Mark::Succeeded, json!({"rows": 12}))]);
    world.when(lease("b")).then([r#"AttemptLeased b#1 with {"p":12}"#]);
}

#[test]
fn outputs_of_a_mark_stand_whatever_the_worker_reports() {
    for (given_outputs, expected) in [(json!({"rows": 12}), json!({"rows": 12})), (Value::Null, json!({}))] {
        let marked = Step::Mark("t", Mark::Succeeded, given_outputs);
        let steps = [start(), lease("t"), marked, set("t", 1, json!({"rows": 1}))];
        assert_eq!(given(&plain("")).after(steps).outputs_of("", "t"), expected);
    }
}

#[test]
fn outputs_of_a_mark_have_the_limit_of_all_outputs() {
    let large = json!({"t": "x".repeat(downbeat_domain::limits::OUTPUT_BYTES_MAX)});
    let world = given(&plain("")).after([start()]).when(Step::Mark("t", Mark::Succeeded, large));
    world.refused("cannot take outputs of 262152 bytes; at most 262144 are allowed");
}

#[test]
fn an_outcome_that_stands_is_not_marked() {
    let cases = [
        (vec![lease("t"), succeeded("t", 1)], "SUCCEEDED"),
        (vec![lease("t"), failed("t", 1)], "FAILED"),
        (vec![mark("t", Mark::Skipped)], "SKIPPED"),
    ];
    for (steps, status) in cases {
        let world = given(&plain("")).after([start()]).after(steps);
        let world = world.when(mark("t", Mark::Succeeded)).refused_as("TASK_ENDED");
        world.when(mark("t", Mark::Failed)).refused(status);
    }
}

#[test]
fn said_twice_while_a_worker_is_stopped_it_is_one_mark_and_another_one_is_refused() {
    let world = given(&plain("")).after([start(), lease("t"), mark("t", Mark::Warning)]);
    let world = world.when(mark("t", Mark::Warning)).then([]);
    let world = world.when(mark("t", Mark::Failed)).refused_as("TASK_UNFIT");
    assert_eq!(world.after([stopped("t", 1)]).status_of("t"), TaskStatus::Warning);
}

#[test]
fn what_is_being_stopped_for_another_reason_is_not_marked() {
    let timed =
        given(&plain("configuration: {timeout: 30}")).after([start(), lease("t"), started("t", 1), after(30), wake()]);
    timed.when(mark("t", Mark::Succeeded)).refused("is being stopped");
    let cancelled = given(&plain("")).after([start(), lease("t"), cancel()]);
    cancelled.when(mark("t", Mark::Succeeded)).refused("is being stopped");
}

#[test]
fn one_iteration_is_marked_but_not_the_task_that_stands_for_all() {
    let body = pipe(&[
        task("z", ""),
        group("g", "depends_on: [z], matrix: {inputs: {m: [1, 2]}}", &[task("t", "")]),
        task("b", "depends_on: [g]"),
    ]);
    let world = given(&body)
        .after([start()])
        .when(mark("t", Mark::Succeeded))
        .refused("stands for iterations; name one of them");
    let world = world.after([lease("z"), succeeded("z", 1)]).when(mark("t", Mark::Succeeded)).refused_as("TASK_UNFIT");
    let world = world.when(mark("t[1]", Mark::Warning)).then(["TaskMarked t[1] WARNING by ada: known"]);
    world.after([lease("t[0]")]).when(succeeded("t[0]", 1)).then([
        "AttemptSucceeded t[0]#1 SUCCEEDED",
        "IterationsEnded t WARNING",
        "TaskReady b",
    ]);
}

#[test]
fn a_mark_before_the_group_opens_is_seen_by_its_siblings() {
    let tasks = [task("t", ""), task("b", "depends_on: [t]")];
    let body = pipe(&[task("z", ""), group("g", "depends_on: [z]", &tasks), task("y", "depends_on: [g]")]);
    let world = given(&body).after([start(), mark("t", Mark::Succeeded), lease("z")]);
    let world = world.when(succeeded("z", 1)).then(["AttemptSucceeded z#1 SUCCEEDED", "GroupOpened g", "TaskReady b"]);
    assert_eq!(world.worked_off(&[]).tasks_of(""), ["z SUCCEEDED", "t SUCCEEDED", "b SUCCEEDED", "y SUCCEEDED"]);
    let world =
        given(&body).after([start(), mark("t", Mark::Succeeded), mark("b", Mark::Succeeded), mark("z", Mark::Failed)]);
    assert_eq!(world.tasks_of(""), ["z FAILED", "t SUCCEEDED", "b SUCCEEDED", "y QUEUED"], "all of the group is done");
}

#[test]
fn a_run_ends_by_the_marks_of_its_tasks() {
    let body = pipe(&[task("a", ""), task("t", "treat_failure_as_warning: true")]);
    for (decided, expected) in [
        (Mark::Succeeded, RunStatus::Succeeded),
        (Mark::Warning, RunStatus::Warning),
        (Mark::Failed, RunStatus::Failed),
        (Mark::Skipped, RunStatus::Succeeded),
    ] {
        let world = given(&body).after([start(), mark("a", Mark::Succeeded), mark("t", decided)]);
        assert_eq!(world.run_status(), expected, "{decided}");
    }
}

#[test]
fn a_queued_run_may_be_marked_to_its_end() {
    let body =
        format!("configuration: {{concurrency: {{max_active: 1, on_limit: QUEUE}}}}\n{}", pipe(&[task("t", "")]));
    let world = given(&body).after([start(), start().of("2"), mark("t", Mark::Succeeded).of("2")]);
    assert_eq!(
        (world.run_status_of("2"), world.partition.run_status(RUN)),
        (RunStatus::Succeeded, Some(RunStatus::Created))
    );
}
