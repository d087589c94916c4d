//! CarryOver: what a restart takes over, in portions; iterations by their ids; operations that a task is resumed for.

use std::sync::Arc;

use downbeat_domain::{
    Command, Event, Report, RestartMode, limits,
    metadata::{Collected, Operation},
};
use serde_json::{Value, json};

use crate::world::{
    Step, World, apply, bad, cancel, carry_over, failed, given, good, group, lease, pipe, restart, start, started,
    succeeded, task, warning,
};

use RestartMode::{All, FromFailed, FromSelected, FromTasks};

/// A group over `m`, and `d` behind it.
fn over(elements: &str, more: &str, tasks: &[String]) -> String {
    let head = format!("matrix: {{inputs: {{m: {elements}}}{more}, continue_on_error: true}}");
    pipe(&[group("g", &head, tasks), task("d", "depends_on: [g]")])
}

fn ended(body: &str, answers: &[(&str, Report)]) -> World {
    given(body).after([start()]).worked_off(answers)
}

fn again(world: World, mode: RestartMode, tasks: &'static [&'static str]) -> World {
    world.after([restart(mode, tasks).of("2"), carry_over().of("2")]).worked_off(&[])
}

#[test]
fn iterations_are_taken_over_one_by_one() {
    let body = over("[x, y]", "", &[task("a", ""), task("b", "depends_on: [a]")]);
    let world = again(ended(&body, &[("b[1]", bad())]), FromFailed, &[]);
    assert_eq!(
        world.tasks_of("2")[3..],
        [
            "a[0] SKIPPED seen as SUCCEEDED",
            "b[0] SKIPPED seen as SUCCEEDED",
            "a[1] SKIPPED seen as SUCCEEDED",
            "b[1] SUCCEEDED"
        ]
    );
    assert_eq!(world.tasks_of("2")[2], "d SUCCEEDED");
}

#[test]
fn a_matrix_of_which_everything_was_taken_over_is_seen_as_it_ended() {
    for (report, seen) in [(good(Value::Null), "SUCCEEDED"), (warning(), "WARNING")] {
        let world = ended(&over("[x, y]", "", &[task("a", "")]), &[("a[0]", report), ("d", bad())]);
        let world = again(world, FromFailed, &[]);
        assert_eq!(world.tasks_of("2")[..2], [format!("a SKIPPED seen as {seen}"), "d SUCCEEDED".to_owned()]);
    }
}

#[test]
fn iterations_are_found_by_the_id_of_their_element_and_else_by_their_place() {
    let run = |before: &str, edited: &str, failed: &'static str| {
        let world = ended(&over(before, "", &[task("a", "")]), &[(failed, bad())]);
        again(world.after([apply(&over(edited, "", &[task("a", "")]))]), FromFailed, &[]).tasks_of("2")[2..].to_vec()
    };
    let kept = |n: u32| format!("a[{n}] SKIPPED seen as SUCCEEDED");
    let ran = |n: u32| format!("a[{n}] SUCCEEDED");
    let ids = "[{id: p}, {id: q}, {id: r}]";
    assert_eq!(run(ids, "[{id: r}, {id: new}, {id: p}, {id: q}]", "a[1]"), [kept(0), ran(1), kept(2), ran(3)]);
    assert_eq!(run("[{id: 1}, {id: 2}]", "[{id: 2}, {id: 1}]", "a[0]"), [kept(0), ran(1)]);
    assert_eq!(run("[x, y]", "[y, x, z]", "a[0]"), [ran(0), kept(1), ran(2)], "scalars have their place only");
    assert_eq!(
        run("[{id: p}, {id: p}]", "[{id: p}, {id: p}]", "a[1]"),
        [kept(0), ran(1)],
        "the second of two goes by its place"
    );
    assert_eq!(run(ids, "[{id: p}]", "a[0]"), [ran(0)]);
}

#[test]
fn a_matrix_outside_of_what_runs_again_keeps_its_outputs() {
    let d = "d: {integration: X, integration_job: Y, depends_on: [g], parameters: {p: \"${{ task_groups['g'][1].outputs.n }}\"}}\n";
    let head = "matrix: {inputs: {m: [x, y]}}";
    let body = pipe(&[group("g", head, &[task("a", "")]), d.to_owned()]);
    for (mode, tasks) in [(FromTasks, &["d"] as &[&str]), (FromSelected, &["d"]), (FromFailed, &[])] {
        let world = ended(&body, &[("a[1]", good(json!({"n": 7}))), ("d", bad())]);
        let world = world.after([restart(mode, tasks).of("2"), carry_over().of("2")]);
        let world = world.when(lease("d").of("2")).then([r#"2: AttemptLeased d#1 with {"p":7}"#]);
        assert_eq!(world.tasks_of("2")[0], "a SKIPPED seen as SUCCEEDED", "{mode}");
    }
}

#[test]
fn of_a_matrix_outside_of_what_runs_again_nothing_runs() {
    let world = ended(&over("[x, y]", "", &[task("a", "")]), &[("a[0]", bad())]);
    let world = again(world, FromSelected, &["d"]);
    assert_eq!(
        world.tasks_of("2"),
        [
            "a SKIPPED seen as SUCCEEDED",
            "d SUCCEEDED",
            "a[0] SKIPPED seen as SUCCEEDED",
            "a[1] SKIPPED seen as SUCCEEDED"
        ]
    );
}

/// What an attempt did: models, of which these did not end well.
fn models(task: &'static str, number: u32, bad: &[&str]) -> Step {
    let operation = |id: &str, status: &str| Operation {
        external_id: id.to_owned(),
        status: status.to_owned(),
        ..Operation::default()
    };
    let mut operations = vec![operation("model.fine", "SUCCEEDED"), operation("model.reused", "REUSED")];
    operations.extend(bad.iter().zip(["FAILED", "SKIPPED", "CANCELLED"]).map(|(id, status)| operation(id, status)));
    let collected = Collected { operations, ..Collected::default() };
    Step::Report(task, number, Report::Collected { chunk: 0, collected })
}

#[test]
fn a_task_whose_operations_failed_is_resumed_for_those() {
    let body = pipe(&[task("a", "configuration: {retries: 1}"), task("b", "depends_on: [a]")]);
    let steps = [
        start(),
        lease("a"),
        models("a", 1, &["model.old"]),
        failed("a", 1),
        crate::world::wake(),
        lease("a"),
        models("a", 2, &["model.x", "model.y"]),
        failed("a", 2),
    ];
    let world = given(&body).after(steps.clone()).after([restart(FromFailed, &[]).of("2")]);
    let world = world.when(carry_over().of("2")).then([
        "2: TaskResumes a: model.x, model.y",
        "2: CarryCompleted",
        "2: TaskReady a",
    ]);
    let resumed = world.partition.runs[&world.run("2")].tasks[0].resumes.as_deref().cloned();
    assert_eq!(resumed, Some(vec!["model.x".to_owned(), "model.y".to_owned()]), "those of the last attempt");
    for (mode, tasks) in [(All, &[] as &[&str]), (FromTasks, &["a"]), (FromSelected, &["a"])] {
        let world = given(&body).after(steps.clone()).after([restart(mode, tasks).of("2"), carry_over().of("2")]);
        assert_eq!(world.partition.runs[&world.run("2")].tasks[0].resumes, None, "{mode} runs it as a whole");
    }
}

#[test]
fn an_iteration_is_resumed_on_its_own() {
    let body = over("[{id: p}, {id: q}]", "", &[task("a", "")]);
    let steps = [start(), lease("a[1]"), started("a[1]", 1), models("a[1]", 1, &["model.x"]), failed("a[1]", 1)];
    let world = given(&body).after(steps).worked_off(&[]).after([restart(FromFailed, &[]).of("2")]);
    let world = world.when(carry_over().of("2")).then([
        "2: TaskCarriedOver a[p] SUCCEEDED",
        "2: TaskResumes a[q]: model.x",
        "2: CarryCompleted",
        "2: GroupOpened g",
        "2: MatrixExpanded g m=[{\"id\":\"p\"},{\"id\":\"q\"}]",
        "2: IterationOpened g[0]",
        "2: IterationOpened g[1]",
        "2: TaskReady a[1]",
    ]);
    let run = &world.partition.runs[&world.run("2")];
    assert_eq!(run.tasks[3].resumes.as_deref(), Some(&vec!["model.x".to_owned()]));
    assert!(run.carried.is_empty() && run.resumes.is_empty(), "nothing of it is kept twice");
}

#[test]
fn a_task_with_too_many_failed_operations_runs_as_a_whole() {
    let many: Vec<Operation> = (0..=limits::RESUMED_OPERATIONS_MAX)
        .map(|n| Operation { external_id: n.to_string(), status: "FAILED".to_owned(), ..Operation::default() })
        .collect();
    let report = Report::Collected { chunk: 0, collected: Collected { operations: many, ..Collected::default() } };
    let steps = [start(), lease("a"), Step::Report("a", 1, report), failed("a", 1), restart(FromFailed, &[]).of("2")];
    given(&pipe(&[task("a", "")]))
        .after(steps)
        .when(carry_over().of("2"))
        .then(["2: CarryCompleted", "2: TaskReady a"]);
}

/// How many tasks each carry over takes, until there is nothing more.
fn portions(mut world: World) -> (Vec<usize>, World) {
    let mut found = Vec::new();
    while world.partition.runs[&world.run("2")].awaits_carry {
        let command = Command::CarryOver { run: world.run("2"), prior: Arc::new(world.prior("")) };
        let outcome = world.when(Step::Do(command));
        found.push(outcome.lines().iter().filter(|line| line.starts_with("2: TaskCarriedOver")).count());
        world = outcome.accepted();
    }
    (found, world)
}

#[test]
fn outputs_larger_than_one_decision_are_taken_over_in_portions() {
    let names = ["a", "b", "c", "d"];
    let body = pipe(&[names.map(|id| task(id, "")).to_vec(), vec![task("z", "depends_on: [a]")]].concat());
    let large = |bytes: usize| good(json!({"t": "x".repeat(bytes)}));
    let reports = [large(200_000), large(100_000), large(100_000), large(limits::OUTPUT_BYTES_MAX - 8), bad()];
    let answers: Vec<(&str, Report)> = names.into_iter().chain(["z"]).zip(reports).collect();
    let world = ended(&body, &answers).after([restart(FromFailed, &[]).of("2")]);
    let (found, world) = portions(world);
    assert_eq!(found, [1, 2, 1]);
    assert_eq!(world.outputs_of("2", "d"), world.outputs_of("", "d"));
    assert_eq!(world.worked_off(&[]).tasks_of("2")[4], "z SUCCEEDED");
}

#[test]
fn many_tasks_are_taken_over_in_portions() {
    let elements: Vec<String> = (0..230).map(|n| n.to_string()).collect();
    let body = over(&format!("[{}]", elements.join(", ")), "", &[task("a", "")]);
    let world = given(&body).without_checks([start()]).worked_off_unchecked(&[("d", bad())]);
    let (found, world) = portions(world.without_checks([restart(FromFailed, &[]).of("2")]));
    assert_eq!(found, [limits::CARRIED_PER_DECISION_MAX, limits::CARRIED_PER_DECISION_MAX, 30]);
    let run = &world.partition.runs[&world.run("2")];
    assert_eq!((run.ready.len(), run.unfinished), (1, 1), "only what failed is left");
}

#[test]
fn a_cancel_between_portions_ends_the_run() {
    let body = pipe(&[task("a", ""), task("b", ""), task("z", "depends_on: [a]")]);
    let large = || good(json!({"t": "x".repeat(200_000)}));
    let world = ended(&body, &[("a", large()), ("b", large()), ("z", bad())]).after([restart(FromFailed, &[]).of("2")]);
    let world = world.when(carry_over().of("2")).then(["2: TaskCarriedOver a SUCCEEDED"]).after([cancel().of("2")]);
    assert_eq!(world.tasks_of("2"), ["a SKIPPED seen as SUCCEEDED", "b CANCELLED", "z CANCELLED"]);
}

#[test]
fn a_portion_that_is_said_again_takes_what_is_left() {
    let body = pipe(&[task("a", ""), task("b", "depends_on: [a]")]);
    let world = ended(&body, &[("b", bad())]).after([restart(FromFailed, &[]).of("2"), carry_over().of("2")]);
    let carried =
        |world: &World| world.history.iter().filter(|event| matches!(event, Event::TaskCarriedOver(_))).count();
    let before = carried(&world);
    let world = world.when(carry_over().of("2")).then([]);
    assert_eq!((before, carried(&world)), (1, 1));
    let world = world.after([lease("b").of("2"), succeeded("b", 1).of("2")]);
    assert_eq!(world.tasks_of("2"), ["a SKIPPED seen as SUCCEEDED", "b SUCCEEDED"]);
}
