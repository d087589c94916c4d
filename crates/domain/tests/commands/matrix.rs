//! LANGUAGE section 5: the matrix. Its elements, what its tasks see of them, dependencies inside and outside, how it stops.

use serde_json::{Value, json};

use crate::world::{
    World, after, bad, cancel, failed, given, good, group, lease, lose, pipe, set, start, start_with, started, stopped,
    succeeded, task, wake, warning,
};

/// A matrix over `m`, with this rest of its mapping, of the tasks; and `after`, which depends on it.
fn over(elements: &str, more: &str, tasks: &[String]) -> String {
    let head = format!("matrix: {{inputs: {{m: {elements}}}{more}}}");
    format!(
        "inputs:\n  list: {{type: list, optional: true}}\n{}",
        pipe(&[group("g", &head, tasks), task("after", "depends_on: [g]")])
    )
}

fn ended(body: &str) -> Vec<String> {
    given(body).after([start()]).worked_off(&[]).tasks_of("")
}

#[test]
fn every_element_repeats_the_whole_group() {
    given(&over("[x, 2, {id: y}]", "", &[task("a", ""), task("b", "depends_on: [a]")])).when(start()).then([
        "RunCreated of version 1",
        "GroupOpened g",
        "MatrixExpanded g m=[\"x\",2,{\"id\":\"y\"}]",
        "IterationOpened g[0]",
        "IterationOpened g[1]",
        "IterationOpened g[2]",
        "TaskReady a[0]",
        "TaskReady a[1]",
        "TaskReady a[2]",
    ]);
}

/// The parameters that the iterations of `a` are leased with.
fn parameters(body: &str, inputs: Value, iterations: &[&'static str]) -> Vec<String> {
    let mut world = given(body).after([start_with(inputs, Value::Null)]);
    let mut found = Vec::new();
    for name in iterations {
        let outcome = world.when(lease(name));
        found.extend(outcome.lines().iter().filter_map(|line| Some(line.split_once(" with ")?.1.to_owned())));
        world = outcome.accepted();
    }
    found
}

#[test]
fn tasks_see_their_element_its_fields_and_its_place() {
    let a = "a: {integration: X, integration_job: Y, parameters: {p: \"${{ SEEN }}\", q: \"<${{ SEEN }}>\"}}";
    let cases = [
        ("[x, y]", "matrix.m", [r#"{"p":"x","q":"<x>"}"#, r#"{"p":"y","q":"<y>"}"#]),
        ("[1, 2.5]", "MATRIX.M", [r#"{"p":1,"q":"<1>"}"#, r#"{"p":2.5,"q":"<2.5>"}"#]),
        ("[{t: a}, {t: b}]", "matrix.m.t", [r#"{"p":"a","q":"<a>"}"#, r#"{"p":"b","q":"<b>"}"#]),
        ("[{t: a}, {t: b}]", "matrix.m['t']", [r#"{"p":"a","q":"<a>"}"#, r#"{"p":"b","q":"<b>"}"#]),
        ("[[1, 2], [3]]", "len(matrix.m)", [r#"{"p":2,"q":"<2>"}"#, r#"{"p":1,"q":"<1>"}"#]),
        ("[x, y]", "matrix.index", [r#"{"p":0,"q":"<0>"}"#, r#"{"p":1,"q":"<1>"}"#]),
    ];
    for (elements, seen, expected) in cases {
        let body = over(elements, "", &[format!("{}\n", a.replace("SEEN", seen))]);
        assert_eq!(parameters(&body, Value::Null, &["a[0]", "a[1]"]), expected, "{elements} {seen}");
    }
}

#[test]
fn an_input_of_the_matrix_named_index_goes_before_the_place() {
    let head = "matrix: {inputs: {index: [7, 8]}}";
    let a = "a: {integration: X, integration_job: Y, parameters: {p: \"${{ matrix.index }}\"}}\n".to_owned();
    let body = pipe(&[group("g", head, &[a])]);
    assert_eq!(parameters(&body, Value::Null, &["a[0]", "a[1]"]), [r#"{"p":7}"#, r#"{"p":8}"#]);
}

#[test]
fn elements_are_written_or_computed_when_the_group_opens() {
    let a = "a: {integration: X, integration_job: Y, parameters: {p: \"${{ matrix.m }}\"}}\n".to_owned();
    let body = over("\"${{ inputs.list }}\"", "", std::slice::from_ref(&a));
    assert_eq!(parameters(&body, json!({"list": ["u", 4]}), &["a[0]", "a[1]"]), [r#"{"p":"u"}"#, r#"{"p":4}"#]);
    let written = over("[\"${{ inputs.list[0] }}\", z]", "", &[a]);
    assert_eq!(parameters(&written, json!({"list": ["u"]}), &["a[0]", "a[1]"]), [r#"{"p":"u"}"#, r#"{"p":"z"}"#]);
}

/// `first` sets a list, over which the group repeats.
fn fed(more: &str) -> String {
    let head =
        format!("depends_on: [first], matrix: {{inputs: {{m: \"${{{{ tasks['first'].outputs.list }}}}\"}}{more}}}");
    pipe(&[task("first", ""), group("g", &head, &[task("a", "")]), task("after", "depends_on: [g]")])
}

fn fed_with(value: Value) -> World {
    given(&fed("")).after([start()]).worked_off(&[("first", good(json!({ "list": value })))])
}

#[test]
fn outputs_of_a_task_before_are_elements() {
    assert_eq!(
        fed_with(json!([{"t": 1}, {"t": 2}])).tasks_of(""),
        ["first SUCCEEDED", "a SUCCEEDED", "after SUCCEEDED", "a[0] SUCCEEDED", "a[1] SUCCEEDED"]
    );
}

#[test]
fn an_empty_matrix_succeeds_without_runs() {
    assert_eq!(fed_with(json!([])).tasks_of(""), ["first SUCCEEDED", "a SUCCEEDED", "after SUCCEEDED"]);
    assert_eq!(ended(&over("[]", "", &[task("a", "")])), ["a SUCCEEDED", "after SUCCEEDED"]);
}

#[test]
fn what_is_no_list_fails_the_first_task_of_the_group_and_skips_the_rest() {
    for (value, words) in [
        (json!("text"), "gave a text, and a matrix needs a list"),
        (json!(3), "gave a number"),
        (json!({"a": 1}), "gave a map"),
        (Value::Null, "gave nothing"),
        (json!(true), "gave a boolean"),
    ] {
        let events = given(&fed("")).after([start(), lease("first")]).when(set("first", 1, json!({"list": value})));
        let lines = events.lines();
        assert!(
            lines[1].starts_with("TaskFailed a: matrix of group `g`: `m` ") && lines[1].contains(words),
            "{lines:?}"
        );
        let world = events.accepted();
        assert_eq!(world.tasks_of(""), ["first SUCCEEDED", "a FAILED", "after SKIPPED"]);
    }
    let lines = given(&fed("")).after([start(), lease("first")]).when(succeeded("first", 1)).lines();
    assert!(lines[1].starts_with("TaskFailed a: matrix of group `g`: `m`: "), "{lines:?}");
}

#[test]
fn a_matrix_of_two_keys_runs_every_combination_the_last_key_turning_fastest() {
    let head = "matrix: {inputs: {x: [1, 2], y: [a, b, c]}}";
    let a = "a: {integration: X, integration_job: Y, parameters: {p: \"${{ matrix.x }}${{ matrix.y }}${{ matrix.index }}\"}}\n";
    let body = pipe(&[group("g", head, &[a.to_owned()])]);
    let found = parameters(&body, Value::Null, &["a[0]", "a[1]", "a[2]", "a[3]", "a[4]", "a[5]"]);
    let expected = ["1a0", "1b1", "1c2", "2a3", "2b4", "2c5"].map(|text| format!(r#"{{"p":"{text}"}}"#));
    assert_eq!(found, expected);
    let empty = pipe(&[group("g", "matrix: {inputs: {x: [1, 2], y: []}}", &[task("a", "")])]);
    assert_eq!(ended(&empty), ["a SUCCEEDED"]);
}

#[test]
fn a_matrix_that_is_too_large_is_refused_before_it_begins() {
    let head = "depends_on: [first], matrix: {inputs: {x: \"${{ tasks['first'].outputs.x }}\", y: \"${{ ENV.Y }}\"}}";
    let body = pipe(&[task("first", ""), group("g", head, &[task("a", "")])]);
    let large = "x".repeat(150_000);
    let cases = [
        (json!(vec![0; 11]), json!(vec![1; 9_091]), "100001 elements for 1 tasks are too many; at most 100000"),
        (json!(vec![0; 70_000]), json!(vec![1; 50_000]), "3500000000 elements for 1 tasks are too many"),
        (json!([large]), json!(vec!["0123456789"; 9_000]), "its elements take 267003 bytes; at most 262144"),
    ];
    for (x, y, words) in cases {
        let world = given(&body).after([start_with(Value::Null, json!({ "Y": y })), lease("first")]);
        let lines = world.when(set("first", 1, json!({ "x": x }))).lines();
        assert!(
            lines[1].starts_with("TaskFailed a: matrix of group `g`: ") && lines[1].contains(words),
            "{}",
            lines[1]
        );
    }
}

#[test]
fn conditions_of_tasks_are_evaluated_per_iteration() {
    let tasks = [
        task("a", "condition: \"matrix.m.go\""),
        task("b", "depends_on: [a], condition: \"tasks['a'].status == 'SUCCEEDED' and matrix.index != 2\""),
    ];
    let body = over("[{go: true}, {go: false}, {go: true}]", "", &tasks);
    assert_eq!(
        ended(&body),
        [
            "a SUCCEEDED",
            "b SUCCEEDED",
            "after SUCCEEDED",
            "a[0] SUCCEEDED",
            "b[0] SUCCEEDED",
            "a[1] SKIPPED",
            "b[1] SKIPPED",
            "a[2] SUCCEEDED",
            "b[2] SKIPPED",
        ]
    );
}

#[test]
fn dependencies_inside_the_group_hold_per_iteration() {
    let body = over("[x, y]", "", &[task("a", ""), task("b", "depends_on: [a]")]);
    let world = given(&body).after([start(), lease("a[0]"), lease("a[1]"), failed("a[0]", 1)]);
    let world = world.when(succeeded("a[1]", 1)).then([
        "AttemptSucceeded a[1]#1 SUCCEEDED",
        "IterationsEnded a FAILED",
        "TaskReady b[1]",
    ]);
    assert_eq!(
        world.worked_off(&[]).tasks_of("")[3..],
        ["a[0] FAILED", "b[0] SKIPPED", "a[1] SUCCEEDED", "b[1] SUCCEEDED"]
    );
}

#[test]
fn a_sibling_is_that_of_the_same_iteration() {
    let b =
        "b: {integration: X, integration_job: Y, depends_on: [a], parameters: {p: \"${{ tasks['a'].outputs.n }}\"}}\n";
    let body = over("[x, y]", "", &[task("a", ""), b.to_owned()]);
    let steps =
        [start(), lease("a[0]"), lease("a[1]"), set("a[0]", 1, json!({"n": 10})), set("a[1]", 1, json!({"n": 11}))];
    let world = given(&body).after(steps).when(lease("b[1]")).then([r#"AttemptLeased b[1]#1 with {"p":11}"#]);
    world.when(lease("b[0]")).then([r#"AttemptLeased b[0]#1 with {"p":10}"#]);
}

#[test]
fn from_outside_a_group_is_all_of_its_iterations_and_a_task_of_it_stands_for_them() {
    let cases = [
        ("len(task_groups['g']) == 3", [true, true]),
        ("task_groups['g'].all().status == 'SUCCEEDED'", [true, false]),
        ("task_groups['g'].any().status == 'FAILED'", [false, true]),
        ("task_groups['g'][2].status == 'SUCCEEDED'", [true, true]),
        ("task_groups['g'][1].status == 'FAILED'", [false, true]),
        ("tasks['a'].status == 'SUCCEEDED'", [true, false]),
        ("tasks['a'].status == 'FAILED'", [false, true]),
    ];
    for (condition, expected) in cases {
        let head = "matrix: {inputs: {m: [x, y, z]}, continue_on_error: true}";
        let last = task("c", &format!("depends_on: [g], condition: \"{condition}\""));
        let body = pipe(&[group("g", head, &[task("a", "")]), last]);
        for (report, runs) in [good(Value::Null), bad()].into_iter().zip(expected) {
            let tasks = given(&body).after([start()]).worked_off(&[("a[1]", report)]).tasks_of("");
            assert_eq!(tasks[1], if runs { "c SUCCEEDED" } else { "c SKIPPED" }, "{condition}: {tasks:?}");
        }
    }
}

#[test]
fn the_task_that_stands_for_iterations_has_their_worst_status_and_no_outputs() {
    let body = over("[x, y]", ", continue_on_error: true", &[task("a", "")]);
    for (reports, expected) in [
        ([good(json!({"n": 1})), good(json!({"n": 2}))], "a SUCCEEDED"),
        ([good(Value::Null), warning()], "a WARNING"),
        ([warning(), bad()], "a FAILED"),
    ] {
        let [first, second] = reports;
        let world = given(&body).after([start()]).worked_off(&[("a[0]", first), ("a[1]", second)]);
        assert_eq!((world.tasks_of("")[0].as_str(), world.outputs_of("", "a")), (expected, json!({})));
    }
}

#[test]
fn max_parallel_bounds_the_iterations_under_way() {
    for (more, at_once) in [
        ("", 4),
        (", max_parallel: 2", 2),
        (", max_parallel: 9", 4),
        (", sequential: true", 1),
        (", sequential: true, max_parallel: 3", 1),
    ] {
        let body = over("[p, q, r, s]", more, &[task("a", ""), task("b", "depends_on: [a]")]);
        let world = given(&body).after([start()]);
        assert_eq!(world.partition.runs[&crate::world::RUN].ready.len(), at_once, "{more}");
        assert_eq!(world.worked_off(&[]).tasks_of("")[2], "after SUCCEEDED");
    }
}

#[test]
fn the_next_iteration_begins_when_a_whole_one_has_ended() {
    let body = over("[p, q]", ", sequential: true", &[task("a", ""), task("b", "depends_on: [a]")]);
    let world = given(&body).after([start(), lease("a[0]")]);
    let world = world.when(succeeded("a[0]", 1)).then(["AttemptSucceeded a[0]#1 SUCCEEDED", "TaskReady b[0]"]);
    world.after([lease("b[0]")]).when(succeeded("b[0]", 1)).then([
        "AttemptSucceeded b[0]#1 SUCCEEDED",
        "IterationOpened g[1]",
        "TaskReady a[1]",
    ]);
}

#[test]
fn iterations_that_have_not_begun_are_skipped_after_a_failure_and_running_ones_go_on() {
    let body = over("[p, q, r, s]", ", max_parallel: 2", &[task("a", "")]);
    let world = given(&body).after([start(), lease("a[0]"), lease("a[1]")]);
    let world = world.when(failed("a[0]", 1)).then([
        "AttemptFailed a[0]#1 JOB_FAILED",
        "IterationSkipped g[2]: an iteration before it failed",
        "IterationSkipped g[3]: an iteration before it failed",
    ]);
    world.when(succeeded("a[1]", 1)).then([
        "AttemptSucceeded a[1]#1 SUCCEEDED",
        "IterationsEnded a FAILED",
        "TaskSkipped after: group `g` ended FAILED",
        "RunFinished FAILED failed: a[0]",
    ]);
}

#[test]
fn only_a_failure_that_counts_as_one_stops_a_matrix() {
    let plain = [task("a", "")];
    let lenient = [task("a", "treat_failure_as_warning: true")];
    for (more, tasks, report, expected) in [
        (", sequential: true", &plain, bad(), ["a[0] FAILED", "a[1] SKIPPED"]),
        (", sequential: true, continue_on_error: true", &plain, bad(), ["a[0] FAILED", "a[1] SUCCEEDED"]),
        (", sequential: true", &lenient, bad(), ["a[0] WARNING", "a[1] SUCCEEDED"]),
        (", sequential: true", &plain, warning(), ["a[0] WARNING", "a[1] SUCCEEDED"]),
    ] {
        let world = given(&over("[p, q]", more, tasks)).after([start()]).worked_off(&[("a[0]", report)]);
        assert_eq!(world.tasks_of("")[2..], expected, "{more}");
    }
}

#[test]
fn an_iteration_is_tried_again_on_its_own() {
    let body = over("[p, q]", ", sequential: true", &[task("a", "configuration: {retries: 1, retry_delay: 1}")]);
    let world = given(&body).after([start(), lease("a[0]"), started("a[0]", 1)]);
    let world = world.when(failed("a[0]", 1)).then(["AttemptFailed a[0]#1 JOB_FAILED again after 60 s"]);
    let world = world.after([after(60)]).when(wake()).then(["TaskReady a[0]"]);
    let world = world.after([lease("a[0]"), lose("a[0]", 2), wake(), lease("a[0]")]);
    world.when(succeeded("a[0]", 3)).then([
        "AttemptSucceeded a[0]#3 SUCCEEDED",
        "IterationOpened g[1]",
        "TaskReady a[1]",
    ]);
}

#[test]
fn a_cancel_half_way_ends_what_nobody_holds_and_stops_the_rest() {
    let body = over("[p, q, r, s]", ", max_parallel: 3", &[task("a", ""), task("b", "depends_on: [a]")]);
    let steps = [start(), lease("a[0]"), succeeded("a[0]", 1), lease("a[1]"), started("a[1]", 1)];
    let world = given(&body)
        .after(steps)
        .when(cancel())
        .then(["RunCancelRequested: enough", "AttemptStopRequested a[1]#1 CANCELLED"]);
    let world = world.when(stopped("a[1]", 1)).then(["AttemptStopped a[1]#1", "RunFinished CANCELLED"]);
    assert_eq!(world.tasks_of("")[3..6], ["a[0] SUCCEEDED", "b[0] CANCELLED", "a[1] CANCELLED"]);
}

#[test]
fn a_paused_task_is_passed_through_in_every_iteration() {
    let tasks = [task("a", ""), task("p", "depends_on: [a], paused: true"), task("b", "depends_on: [p]")];
    let world = given(&over("[x]", "", &tasks)).after([start()]).worked_off(&[]);
    assert_eq!(
        world.tasks_of(""),
        [
            "a SUCCEEDED",
            "p SKIPPED seen as SUCCEEDED",
            "b SUCCEEDED",
            "after SUCCEEDED",
            "a[0] SUCCEEDED",
            "p[0] SKIPPED seen as SUCCEEDED",
            "b[0] SUCCEEDED"
        ]
    );
    let alone = given(&over("[x]", "", &[task("p", "paused: true")])).after([start()]).worked_off(&[]);
    assert_eq!(alone.tasks_of("")[..2], ["p SKIPPED seen as SUCCEEDED", "after SUCCEEDED"]);
}

#[test]
fn a_matrix_whose_condition_does_not_hold_is_never_evaluated() {
    let head = "condition: \"False\", matrix: {inputs: {m: \"${{ inputs.gone }}\"}}";
    let body = pipe(&[group("g", head, &[task("a", "")]), task("after", "depends_on: [g]")]);
    assert_eq!(ended(&body), ["a SKIPPED", "after SKIPPED"]);
}

#[test]
fn a_failure_stops_a_matrix_that_takes_several_decisions_to_skip() {
    let elements: Vec<String> =
        (0..2 * downbeat_domain::limits::EVENTS_PER_ADVANCE_MAX).map(|n| n.to_string()).collect();
    let body = over(&format!("[{}]", elements.join(", ")), ", sequential: true", &[task("a", "")]);
    let world = given(&body).after([start()]).worked_off(&[("a[0]", bad())]);
    let tasks = world.tasks_of("");
    assert_eq!(tasks[..3], ["a FAILED", "after SKIPPED", "a[0] FAILED"]);
    assert!(tasks[3..].iter().all(|line| line.ends_with(" SKIPPED")), "{tasks:?}");
}
