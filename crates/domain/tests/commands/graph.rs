//! LANGUAGE section 2: the graph and the trigger rule, statuses of runs, what is paused, starting a part of a pipeline.

use downbeat_domain::{Report, RunStatus};

use crate::world::{bad, given, good, group, lease, pipe, start, start_from, start_only, succeeded, task, warning};
use serde_json::Value;

/// How a run of this pipeline ends where tasks named here do not succeed: its task runs, one line each, and its status.
fn ends(body: &str, answers: &[(&str, Report)]) -> (Vec<String>, RunStatus) {
    let world = given(body).after([start()]).worked_off(answers);
    (world.tasks_of(""), world.run_status())
}

#[test]
fn a_task_goes_when_all_it_depends_on_ended_succeeded_or_warning() {
    let body = pipe(&[task("a", ""), task("b", ""), task("c", "depends_on: [a, b]")]);
    let cases = [
        (good(Value::Null), good(Value::Null), "c SUCCEEDED", RunStatus::Succeeded),
        (warning(), good(Value::Null), "c SUCCEEDED", RunStatus::Warning),
        (warning(), warning(), "c SUCCEEDED", RunStatus::Warning),
        (bad(), good(Value::Null), "c SKIPPED", RunStatus::Failed),
        (warning(), bad(), "c SKIPPED", RunStatus::Failed),
        (bad(), bad(), "c SKIPPED", RunStatus::Failed),
    ];
    for (a, b, expected, status) in cases {
        let (tasks, ended) = ends(&body, &[("a", a), ("b", b)]);
        assert_eq!((tasks[2].as_str(), ended), (expected, status), "{tasks:?}");
    }
}

#[test]
fn a_failure_skips_everything_downstream() {
    let chain = [task("a", ""), task("b", "depends_on: [a]"), task("c", "depends_on: [b]"), task("d", "")];
    let (tasks, status) = ends(&pipe(&chain), &[("a", bad())]);
    assert_eq!(tasks, ["a FAILED", "b SKIPPED", "c SKIPPED", "d SUCCEEDED"]);
    assert_eq!(status, RunStatus::Failed);
}

#[test]
fn a_condition_replaces_the_default_rule_and_sees_every_ended_status() {
    let status_of_a = [(good(Value::Null), "SUCCEEDED"), (warning(), "WARNING"), (bad(), "FAILED")];
    for (report, status) in status_of_a {
        for (condition, runs) in [
            ("True".to_owned(), true),
            ("False".to_owned(), false),
            (format!("tasks['a'].status == '{status}'"), true),
            (format!("tasks['a'].status != '{status}'"), false),
            ("tasks['a'].status == 'COMPLETED'".to_owned(), true),
            ("tasks['A'].STATUS == 'SKIPPED'".to_owned(), false),
        ] {
            let body = pipe(&[task("a", ""), task("b", &format!("depends_on: [a], condition: \"{condition}\""))]);
            let (tasks, _) = ends(&body, &[("a", report.clone())]);
            let expected = if runs { "b SUCCEEDED" } else { "b SKIPPED" };
            assert_eq!(tasks[1], expected, "{condition} after {status}");
        }
    }
}

#[test]
fn a_condition_is_evaluated_once_all_dependencies_have_ended() {
    let body = pipe(&[task("a", ""), task("b", ""), task("c", "depends_on: [a, b], condition: \"True\"")]);
    let world = given(&body).after([start(), lease("a")]).when(succeeded("a", 1));
    let world = world.then(["AttemptSucceeded a#1 SUCCEEDED"]).after([lease("b")]);
    world.when(succeeded("b", 1)).then(["AttemptSucceeded b#1 SUCCEEDED", "TaskReady c"]);
}

#[test]
fn branches_that_were_skipped_are_joined_by_a_condition() {
    let join = |condition: &str| {
        pipe(&[
            task("a", ""),
            task("did", "depends_on: [a], condition: \"tasks['a'].status == 'SUCCEEDED'\""),
            task("didnt", "depends_on: [a], condition: \"tasks['a'].status == 'FAILED'\""),
            task("join", &format!("depends_on: [did, didnt]{condition}")),
        ])
    };
    let (tasks, status) = ends(&join(""), &[]);
    assert_eq!(tasks[3], "join SKIPPED", "a skipped dependency skips by the default rule");
    assert_eq!(status, RunStatus::Succeeded, "what was skipped does not worsen a run");
    let both = ", condition: \"tasks['did'].status in ['SUCCEEDED', 'SKIPPED'] and tasks['didnt'].status in ['SUCCEEDED', 'SKIPPED']\"";
    let (tasks, _) = ends(&join(both), &[]);
    assert_eq!(tasks[1..], ["did SUCCEEDED", "didnt SKIPPED", "join SUCCEEDED"]);
}

#[test]
fn a_handled_failure_leaves_the_run_failed() {
    let body = pipe(&[task("a", ""), task("repair", "depends_on: [a], condition: \"tasks['a'].status == 'FAILED'\"")]);
    let (tasks, status) = ends(&body, &[("a", bad())]);
    assert_eq!((tasks, status), (vec!["a FAILED".to_owned(), "repair SUCCEEDED".to_owned()], RunStatus::Failed));
}

#[test]
fn the_status_of_a_run_is_the_worst_of_its_tasks() {
    let body = pipe(&[task("a", ""), task("b", ""), task("c", "condition: \"False\"")]);
    let cases = [
        (good(Value::Null), good(Value::Null), RunStatus::Succeeded),
        (warning(), good(Value::Null), RunStatus::Warning),
        (warning(), bad(), RunStatus::Failed),
        (bad(), good(Value::Null), RunStatus::Failed),
    ];
    for (a, b, expected) in cases {
        assert_eq!(ends(&body, &[("a", a), ("b", b)]).1, expected);
    }
    let skipped = pipe(&[task("a", "condition: \"False\"")]);
    assert_eq!(ends(&skipped, &[]), (vec!["a SKIPPED".to_owned()], RunStatus::Succeeded), "nothing failed");
}

#[test]
fn a_failure_that_counts_as_a_warning_lets_everything_go_on() {
    let body = pipe(&[task("a", "treat_failure_as_warning: true"), task("b", "depends_on: [a]")]);
    assert_eq!(
        ends(&body, &[("a", bad())]),
        (vec!["a WARNING".to_owned(), "b SUCCEEDED".to_owned()], RunStatus::Warning)
    );
}

#[test]
fn depending_on_a_group_means_waiting_for_all_of_it_and_seeing_the_worst_of_it() {
    let body = pipe(&[group("g", "", &[task("a", ""), task("b", "")]), task("c", "depends_on: [g]")]);
    let cases = [
        (good(Value::Null), warning(), "c SUCCEEDED"),
        (good(Value::Null), bad(), "c SKIPPED"),
        (bad(), warning(), "c SKIPPED"),
    ];
    for (a, b, expected) in cases {
        assert_eq!(ends(&body, &[("a", a), ("b", b)]).0[2], expected);
    }
    let world = given(&body).after([start(), lease("a"), lease("b"), succeeded("a", 1)]);
    world.when(succeeded("b", 1)).then(["AttemptSucceeded b#1 SUCCEEDED", "TaskReady c"]);
}

#[test]
fn a_group_of_which_a_part_was_skipped_ended_well() {
    let body = pipe(&[
        group("g", "", &[task("a", ""), task("b", "condition: \"False\"")]),
        task("c", "depends_on: [g]"),
        group("h", "", &[task("d", "condition: \"False\"")]),
        task("e", "depends_on: [h]"),
    ]);
    let (tasks, _) = ends(&body, &[]);
    assert_eq!(tasks, ["a SUCCEEDED", "b SKIPPED", "c SUCCEEDED", "d SKIPPED", "e SKIPPED"]);
}

#[test]
fn the_conditions_of_a_group_and_of_its_task_must_both_hold() {
    for (of_group, of_task, expected) in [
        ("True", "True", "a SUCCEEDED"),
        ("True", "False", "a SKIPPED"),
        ("False", "True", "a SKIPPED"),
        ("False", "False", "a SKIPPED"),
    ] {
        let tasks = [task("a", &format!("condition: \"{of_task}\""))];
        let body = pipe(&[group("g", &format!("condition: \"{of_group}\""), &tasks)]);
        assert_eq!(ends(&body, &[]).0, [expected], "{of_group} and {of_task}");
    }
}

#[test]
fn conditions_look_at_all_or_any_of_a_group() {
    let cases = [
        ("task_groups['g'].all().status == 'SUCCEEDED'", [true, false, false]),
        ("task_groups['g'].any().status == 'FAILED'", [false, true, true]),
        ("task_groups['G'].all().status == 'FAILED'", [false, false, true]),
        ("task_groups['g'].all().status != 'FAILED'", [true, false, false]),
        ("task_groups['g'].any().status in ['SUCCEEDED', 'WARNING']", [true, true, false]),
        ("task_groups['g'][1].status == 'FAILED'", [false, true, true]),
        ("len(task_groups['g']) == 2", [true, true, true]),
    ];
    for (condition, expected) in cases {
        let body = pipe(&[
            group("g", "", &[task("a", ""), task("b", "")]),
            task("c", &format!("depends_on: [g], condition: \"{condition}\"")),
        ]);
        let answers: [&[(&str, Report)]; 3] = [&[], &[("b", bad())], &[("a", bad()), ("b", bad())]];
        for (answers, runs) in answers.iter().zip(expected) {
            let shown = if runs { "c SUCCEEDED" } else { "c SKIPPED" };
            assert_eq!(ends(&body, answers).0[2], shown, "{condition} with {answers:?}");
        }
    }
}

#[test]
fn what_is_paused_does_not_run_and_what_depends_on_it_goes_as_if_it_were_absent() {
    let paused = [task("a", ""), task("p", "depends_on: [a], paused: true"), task("b", "depends_on: [p]")];
    let (tasks, status) = ends(&pipe(&paused), &[]);
    assert_eq!(tasks, ["a SUCCEEDED", "p SKIPPED seen as SUCCEEDED", "b SUCCEEDED"]);
    assert_eq!(status, RunStatus::Succeeded);
    // Its own dependencies are passed through: what failed before it still counts.
    assert_eq!(ends(&pipe(&paused), &[("a", bad())]).0[1..], ["p SKIPPED seen as SUCCEEDED", "b SKIPPED"]);
    let world = given(&pipe(&paused)).when(start());
    world.then(["RunCreated of version 1", "TaskReady a", "TaskSkipped p: it is paused"]);
}

#[test]
fn a_paused_group_is_passed_through_and_seen_as_succeeded() {
    let body = pipe(&[
        task("a", ""),
        group("g", "depends_on: [a], paused: true", &[task("p", ""), task("q", "depends_on: [p]")]),
        task("b", "depends_on: [g]"),
        task("c", "depends_on: [g], condition: \"task_groups['g'].all().status == 'SUCCEEDED'\""),
        task("d", "depends_on: [g], condition: \"tasks['q'].status == 'SUCCEEDED'\""),
    ]);
    let (tasks, _) = ends(&body, &[]);
    let unseen = ["p SKIPPED seen as SUCCEEDED", "q SKIPPED seen as SUCCEEDED"];
    assert_eq!(tasks[1..3], unseen);
    assert_eq!(tasks[3..], ["b SUCCEEDED", "c SUCCEEDED", "d SUCCEEDED"]);
    let (tasks, _) = ends(&body, &[("a", bad())]);
    assert_eq!(tasks[1..], [unseen[0], unseen[1], "b SKIPPED", "c SUCCEEDED", "d SUCCEEDED"]);
}

#[test]
fn a_group_with_a_paused_task_ends_as_the_others_do() {
    let body = |p: &str| {
        let tasks =
            [task("a", ""), task("p", "depends_on: [a], paused: true"), task("b", &format!("depends_on: [{p}]"))];
        pipe(&[group("g", "", &tasks), task("c", "depends_on: [g]")])
    };
    let (tasks, _) = ends(&body("p"), &[]);
    assert_eq!(tasks, ["a SUCCEEDED", "p SKIPPED seen as SUCCEEDED", "b SUCCEEDED", "c SUCCEEDED"]);
    assert_eq!(ends(&body("p"), &[("a", bad())]).0[2..], ["b SKIPPED", "c SKIPPED"]);
    let all_paused = pipe(&[group("g", "", &[task("p", "paused: true")]), task("c", "depends_on: [g]")]);
    assert_eq!(ends(&all_paused, &[]).0, ["p SKIPPED seen as SUCCEEDED", "c SUCCEEDED"]);
}

const PARTS: &str = "pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
  g:
    depends_on: [a]
    tasks:
      b: {integration: X, integration_job: Y, parameters: {}}
      c: {integration: X, integration_job: Y, parameters: {}, depends_on: [b]}
  d: {integration: X, integration_job: Y, parameters: {}, depends_on: [g]}
  e: {integration: X, integration_job: Y, parameters: {}, depends_on: [a]}
";

#[test]
fn of_a_part_only_that_part_runs_and_the_rest_is_seen_as_succeeded() {
    let only = |ids| given(PARTS).after([start_only(ids)]).worked_off(&[]).tasks_of("");
    let from = |ids| given(PARTS).after([start_from(ids)]).worked_off(&[]).tasks_of("");
    let ran = |tasks: Vec<String>| -> String {
        tasks
            .iter()
            .for_each(|line| assert!(!line.contains("SKIPPED") || line.ends_with("seen as SUCCEEDED"), "{line}"));
        tasks
            .iter()
            .filter(|line| line.ends_with(" SUCCEEDED") && !line.contains("SKIPPED"))
            .map(|line| &line[..1])
            .collect()
    };
    let cases: [(&[&str], &str, &str); 6] = [
        (&["a"], "a", "abcde"),
        (&["c"], "c", "cd"),
        (&["b"], "b", "bcd"),
        (&["G"], "bc", "bcd"),
        (&["E", "d"], "de", "de"),
        (&["g", "e", "b"], "bce", "bcde"),
    ];
    for (ids, alone, with_downstream) in cases {
        assert_eq!((ran(only(ids)), ran(from(ids))), (alone.to_owned(), with_downstream.to_owned()), "{ids:?}");
    }
}

#[test]
fn a_part_that_fails_skips_what_follows_in_it() {
    let world = given(PARTS).after([start_from(&["b"])]).worked_off(&[("b", bad())]);
    assert_eq!(
        world.tasks_of(""),
        ["a SKIPPED seen as SUCCEEDED", "b FAILED", "c SKIPPED", "d SKIPPED", "e SKIPPED seen as SUCCEEDED"]
    );
    assert_eq!(world.run_status(), RunStatus::Failed);
}

#[test]
fn a_part_is_named_by_ids_that_exist() {
    given(PARTS)
        .when(start_only(&["b", "z"]))
        .refused("pipeline `demo` has no task or group `z`; it has: g, a, b, c, d, e");
}
