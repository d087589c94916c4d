//! RestartRun: a run that has ended is run again as a new run of the current version, wholly or in part.

use downbeat_domain::{Command, Event, Report, RestartMode, RestartRun, RunStatus, Trigger};
use serde_json::{Value, json};

use crate::world::{
    Restart, Start, Step, World, apply, bad, cancel, carry_over, given, good, group, lease, pipe, restart, set, start,
    start_only, start_pipeline, start_with, succeeded, task, warning,
};

use RestartMode::{All, FromFailed, FromSelected, FromTasks};

/// `a`, then `b`, then `c`; beside them `d`.
fn four() -> String {
    pipe(&[task("a", ""), task("b", "depends_on: [a]"), task("c", "depends_on: [b]"), task("d", "")])
}

/// Run `RUN` of this pipeline, ended with these answers.
fn ended(body: &str, answers: &[(&str, Report)]) -> World {
    given(body).after([start()]).worked_off(answers)
}

/// That run, restarted as run `2`, which has ended as well, everything succeeding.
fn again(world: World, mode: RestartMode, tasks: &'static [&'static str]) -> World {
    world.after([restart(mode, tasks).of("2"), carry_over().of("2")]).worked_off(&[])
}

#[test]
fn what_runs_again_depends_on_the_mode() {
    let kept = |id: &str| format!("{id} SKIPPED seen as SUCCEEDED");
    let ran = |id: &str| format!("{id} SUCCEEDED");
    let cases: [(RestartMode, &'static [&'static str], &str); 8] = [
        (All, &[], "abcd"),
        (FromFailed, &[], "bc"),
        (FromTasks, &["c"], "c"),
        (FromTasks, &["b"], "bc"),
        (FromTasks, &["A", "d"], "abcd"),
        (FromSelected, &["a"], "a"),
        (FromSelected, &["D", "b"], "bd"),
        (FromSelected, &["c"], "c"),
    ];
    for (mode, tasks, again_ran) in cases {
        let world = again(ended(&four(), &[("b", bad())]), mode, tasks);
        let expected: Vec<String> =
            ["a", "b", "c", "d"].iter().map(|id| if again_ran.contains(id) { ran(id) } else { kept(id) }).collect();
        assert_eq!(world.tasks_of("2"), expected, "{mode} {tasks:?}");
        assert_eq!(world.run_status_of("2"), RunStatus::Succeeded);
    }
}

#[test]
fn a_restart_waits_for_what_it_takes_over_and_then_goes() {
    let world =
        ended(&four(), &[("b", bad())]).when(restart(FromFailed, &[]).of("2")).then(["2: RunCreated of version 1"]);
    world.when(carry_over().of("2")).then([
        "2: TaskCarriedOver a SUCCEEDED",
        "2: TaskCarriedOver d SUCCEEDED",
        "2: CarryCompleted",
        "2: TaskReady b",
    ]);
    let world = ended(&four(), &[]).after([restart(All, &[]).of("2")]);
    world.when(carry_over().of("2")).then(["2: CarryCompleted", "2: TaskReady a", "2: TaskReady d"]);
}

#[test]
fn the_run_before_never_changes_and_is_known_to_the_new_one() {
    let world = ended(&four(), &[("b", bad())]);
    let (before, prior) = (world.tasks_of(""), world.prior(""));
    let world = again(world, FromFailed, &[]);
    assert_eq!((world.tasks_of(""), world.run_status()), (before, RunStatus::Failed));
    assert_eq!(world.prior(""), prior);
    let created = world.history.iter().rev().find_map(|event| match event {
        Event::RunCreated(created) => Some(created.trigger.clone()),
        _ => None,
    });
    assert_eq!(created, Some(Trigger::Restart { user: "ada".to_owned(), run: crate::world::RUN, mode: FromFailed }));
}

#[test]
fn what_is_taken_over_is_seen_as_it_ended_with_its_outputs() {
    let c = "c: {integration: X, integration_job: Y, depends_on: [a, b], parameters: {p: \"${{ tasks['a'].outputs.n }}\", q: \"${{ tasks['a'].status }}\"}}\n";
    let body = pipe(&[task("a", ""), task("b", ""), c.to_owned()]);
    let report = Report::Succeeded {
        outcome: downbeat_domain::Outcome::Warning,
        outputs: crate::world::object(json!({"n": [1]})),
        message: String::new(),
    };
    let world =
        ended(&body, &[("a", report), ("b", bad())]).after([restart(FromFailed, &[]).of("2"), carry_over().of("2")]);
    let world = world.after([lease("b").of("2"), succeeded("b", 1).of("2")]);
    let world = world.when(lease("c").of("2")).then([r#"2: AttemptLeased c#1 with {"p":[1],"q":"WARNING"}"#]);
    let world = world.after([succeeded("c", 1).of("2")]);
    assert_eq!(world.tasks_of("2")[0], "a SKIPPED seen as WARNING");
    assert_eq!(world.run_status_of("2"), RunStatus::Succeeded, "the warning was that of the run before");
}

#[test]
fn what_was_skipped_or_cancelled_runs_again_from_failed() {
    let body = pipe(&[task("a", ""), task("b", "depends_on: [a]"), task("c", "condition: \"ENV.GO\"")]);
    let in_environment = |go: bool| start_with(Value::Null, json!({ "GO": go }));
    let world = given(&body).after([in_environment(false), lease("a"), cancel(), succeeded("a", 1)]);
    assert_eq!(world.tasks_of(""), ["a SUCCEEDED", "b CANCELLED", "c SKIPPED"]);
    let world = again(world, FromFailed, &[]);
    assert_eq!(
        world.tasks_of("2"),
        ["a SKIPPED seen as SUCCEEDED", "b SUCCEEDED", "c SKIPPED"],
        "conditions are asked again"
    );
}

#[test]
fn inputs_and_environment_are_those_of_the_run_before_unless_overridden() {
    let body = format!("inputs:\n  n: {{type: number, default: 1}}\n  s: {{type: string, optional: true}}\n{}", four());
    let first = Step::Start(Start {
        inputs: json!({"n": 5, "s": "x"}),
        environment: json!({"A": 1}),
        environment_name: "prod",
        ..start_pipeline("demo")
    });
    let with = |inputs: Value| Step::Restart(Restart { of: "", mode: All, tasks: &[], inputs });
    for (inputs, expected) in [
        (json!({}), json!({"n": 5, "s": "x"})),
        (json!({"n": "6"}), json!({"n": 6, "s": "x"})),
        (json!({"s": null}), json!({"n": 5, "s": null})),
    ] {
        let world = given(&body).after([first.clone(), cancel(), with(inputs).of("2")]);
        let run = &world.partition.runs[&world.run("2")];
        assert_eq!(Value::Object(run.inputs.clone()), expected);
        assert_eq!((Value::Object(run.environment.clone()), run.environment_name.as_str()), (json!({"A": 1}), "prod"));
    }
    for (inputs, words) in [(json!({"z": 1}), "declares no input `z`"), (json!({"n": "x"}), "expected a number")] {
        given(&body).after([first.clone(), cancel()]).when(with(inputs).of("2")).refused(words);
    }
}

#[test]
fn inputs_that_the_current_version_does_not_declare_are_left_behind() {
    let with = |inputs: &str| format!("inputs:\n{inputs}{}", four());
    let world = given(&with("  old: {type: string, optional: true}\n"))
        .after([start_with(json!({"old": "x"}), Value::Null), cancel()]);
    let world = world.after([apply(&with("  new: {type: number, default: 3}\n")), restart(All, &[]).of("2")]);
    assert_eq!(Value::Object(world.partition.runs[&world.run("2")].inputs.clone()), json!({"new": 3}));
    let missing = with("  must: {type: number}\n");
    let world = given(&four()).after([start(), cancel(), apply(&missing)]);
    world.when(restart(All, &[]).of("2")).refused("Missing required pipeline input `must`");
}

#[test]
fn a_restart_of_a_restart_still_knows_what_the_first_run_did() {
    let c =
        "c: {integration: X, integration_job: Y, depends_on: [b], parameters: {p: \"${{ tasks['a'].outputs.n }}\"}}\n";
    let body = pipe(&[task("a", ""), task("b", "depends_on: [a]"), c.to_owned()]);
    let world = ended(&body, &[("a", good(json!({"n": 1}))), ("b", bad())]);
    let world = world.after([restart(FromFailed, &[]).of("2"), carry_over().of("2")]).worked_off(&[("c", bad())]);
    assert_eq!(world.tasks_of("2"), ["a SKIPPED seen as SUCCEEDED", "b SUCCEEDED", "c FAILED"]);
    let of_second = Step::Restart(Restart { of: "2", mode: FromFailed, tasks: &[], inputs: Value::Null });
    let world = world.after([of_second.of("3"), carry_over().of("3")]);
    let world = world.when(lease("c").of("3")).then([r#"3: AttemptLeased c#1 with {"p":1}"#]);
    let world = world.after([succeeded("c", 1).of("3")]);
    assert_eq!(world.tasks_of("3"), ["a SKIPPED seen as SUCCEEDED", "b SKIPPED seen as SUCCEEDED", "c SUCCEEDED"]);
}

#[test]
fn a_restart_of_a_part_stays_one_of_that_part() {
    let world = given(&four()).after([start_only(&["b", "c"])]).worked_off(&[("b", bad())]);
    assert_eq!(
        world.tasks_of(""),
        ["a SKIPPED seen as SUCCEEDED", "b FAILED", "c SKIPPED", "d SKIPPED seen as SUCCEEDED"]
    );
    for mode in [All, FromFailed] {
        let world = given(&four()).after([start_only(&["b", "c"])]).worked_off(&[("b", bad())]);
        let tasks = again(world, mode, &[]).tasks_of("2");
        assert_eq!(
            tasks,
            ["a SKIPPED seen as SUCCEEDED", "b SUCCEEDED", "c SUCCEEDED", "d SKIPPED seen as SUCCEEDED"],
            "{mode}"
        );
    }
    let world = again(world, FromTasks, &["a"]);
    assert_eq!(
        world.tasks_of("2"),
        ["a SUCCEEDED", "b SUCCEEDED", "c SUCCEEDED", "d SKIPPED seen as SUCCEEDED"],
        "what is named counts"
    );
}

#[test]
fn the_current_version_runs_and_tasks_are_found_by_their_ids() {
    let world = || ended(&four(), &[("b", bad())]);
    // `c` is gone, `n` is new, the others stand elsewhere.
    let edited = pipe(&[task("D", ""), task("n", "depends_on: [d]"), task("b", "depends_on: [a]"), task("a", "")]);
    let after = again(world().after([apply(&edited)]), FromFailed, &[]);
    assert_eq!(
        after.tasks_of("2"),
        ["D SKIPPED seen as SUCCEEDED", "n SUCCEEDED", "b SUCCEEDED", "a SKIPPED seen as SUCCEEDED"]
    );
    // A task that moved into a plain group is the same one; into a matrix it is another.
    let grouped = pipe(&[group("g", "", &[task("a", ""), task("b", "depends_on: [a]")])]);
    let after = again(world().after([apply(&grouped)]), FromFailed, &[]);
    assert_eq!(after.tasks_of("2"), ["a SKIPPED seen as SUCCEEDED", "b SUCCEEDED"]);
    let matrix = pipe(&[group("g", "matrix: {inputs: {m: [1]}}", &[task("a", ""), task("b", "depends_on: [a]")])]);
    let after = again(world().after([apply(&matrix)]), FromFailed, &[]);
    assert_eq!(after.tasks_of("2")[2..], ["a[0] SUCCEEDED", "b[0] SUCCEEDED"]);
    // And out of one.
    let before = ended(&matrix, &[("b[0]", bad())]).after([apply(&four())]);
    assert_eq!(again(before, FromFailed, &[]).tasks_of("2")[0], "a SUCCEEDED");
}

#[test]
fn a_live_run_or_one_that_nobody_knows_is_not_restarted() {
    let world = ended(&four(), &[]).after([start().of("3")]);
    let restart = |run: &World, of: &str| {
        let mut prior = run.prior("");
        prior.run = run.run(of);
        let user = "ada".to_owned();
        let (tasks, inputs) = (Vec::new(), crate::world::object(Value::Null));
        Step::Do(Command::RestartRun(Box::new(RestartRun {
            run: run.run("2"),
            prior: prior.into(),
            mode: All,
            tasks,
            inputs,
            user,
        })))
    };
    let (live, unknown) = (restart(&world, "3"), restart(&world, "9"));
    let world = world.when(live).refused("is CREATED; cancel it or wait for its end before it is restarted");
    world.when(unknown).refused_as("UNKNOWN_RUN");
}

#[test]
fn the_same_new_id_again_is_answered_from_state() {
    let world = ended(&four(), &[]).after([restart(All, &[]).of("2")]).when(restart(All, &[]).of("2")).then([]);
    let world = world.after([carry_over().of("2")]).worked_off(&[]).when(restart(FromFailed, &[]).of("2")).then([]);
    assert_eq!(world.run_status_of("2"), RunStatus::Succeeded);
}

#[test]
fn a_restart_counts_for_concurrency_like_any_run() {
    let body = format!("configuration: {{concurrency: {{max_active: 1, on_limit: QUEUE}}}}\n{}", four());
    let world = ended(&body, &[("b", bad())]).after([start().of("3"), restart(FromFailed, &[]).of("2")]);
    assert_eq!(world.run_status_of("2"), RunStatus::Queued);
    let world = world.when(carry_over().of("2")).then([
        "2: TaskCarriedOver a SUCCEEDED",
        "2: TaskCarriedOver d SUCCEEDED",
        "2: CarryCompleted",
    ]);
    let world = world.worked_off(&[]);
    assert_eq!(world.tasks_of("2")[..2], ["a SKIPPED seen as SUCCEEDED", "b SUCCEEDED"]);
}

#[test]
fn a_restart_that_is_cancelled_before_it_took_anything_over_is_over() {
    let world = ended(&four(), &[("b", bad())]).after([restart(FromFailed, &[]).of("2")]);
    let prior = std::sync::Arc::new(world.prior(""));
    let world = world.when(cancel().of("2")).then(["2: RunCancelRequested: enough", "2: RunFinished CANCELLED"]);
    let late = Step::Do(Command::CarryOver { run: world.run("2"), prior });
    world.when(late).refused_as("RUN_FINISHED");
}

#[test]
fn a_group_of_which_all_was_taken_over_is_seen_as_it_ended() {
    let body = pipe(&[group("g", "", &[task("a", ""), task("b", "")]), task("c", "depends_on: [g]")]);
    for (report, seen) in [(good(Value::Null), "b SKIPPED seen as SUCCEEDED"), (warning(), "b SKIPPED seen as WARNING")]
    {
        let world = again(ended(&body, &[("b", report), ("c", bad())]), FromFailed, &[]);
        assert_eq!(world.tasks_of("2"), ["a SKIPPED seen as SUCCEEDED", seen, "c SUCCEEDED"]);
    }
}

#[test]
fn a_join_that_looks_at_what_was_taken_over_decides_as_before() {
    let body = pipe(&[
        task("a", ""),
        task("b", ""),
        task(
            "c",
            "depends_on: [a, b], condition: \"tasks['a'].status == 'SUCCEEDED' and tasks['b'].status == 'SUCCEEDED'\"",
        ),
    ]);
    let world = ended(&body, &[("b", bad())]);
    assert_eq!(world.tasks_of("")[2], "c SKIPPED");
    assert_eq!(again(world, FromFailed, &[]).tasks_of("2")[2], "c SUCCEEDED");
}

#[test]
fn outputs_survive_any_number_of_tasks_between() {
    let steps = [start(), lease("a"), set("a", 1, json!({"n": 1}))];
    let world = again(given(&four()).after(steps).worked_off(&[("b", bad())]), FromFailed, &[]);
    assert_eq!(world.outputs_of("2", "a"), json!({"n": 1}));
}

#[test]
fn what_failed_and_does_not_run_again_is_not_taken_over_but_no_part_of_the_run() {
    let world = ended(&four(), &[("b", bad())]).after([restart(FromSelected, &["c"]).of("2")]);
    world.when(carry_over().of("2")).then([
        "2: TaskCarriedOver a SUCCEEDED",
        "2: TaskCarriedOver d SUCCEEDED",
        "2: CarryCompleted",
        "2: TaskSkipped b: it is not part of this run",
        "2: TaskReady c",
    ]);
}
