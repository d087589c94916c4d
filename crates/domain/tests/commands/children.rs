//! LANGUAGE section 9: TRIGGER_PIPELINE starts a run of another pipeline and ends as that run ends.

use downbeat_domain::{Command, Event, Mark, Report, RunStatus, Trigger, evolve, limits};
use serde_json::{Value, json};

use crate::world::{
    Step, World, after, bad, cancel, core, failed, given, good, lease, mark, pipe, pipeline_of, start, start_pipeline,
    started, stopped, succeeded, task, wake, warning,
};

/// A task `a` that starts the pipeline `child`, and a task `b` behind it.
fn parent(parameters: &str, more: &str) -> String {
    let parameters = format!("pipeline_id: child{parameters}");
    pipe(&[core("a", "TRIGGER_PIPELINE", &parameters, more), task("b", "depends_on: [a]")])
}

fn family(more: &str) -> World {
    given(&parent("", more)).and("child", &pipe(&[task("c", ""), task("d", "depends_on: [c]")]))
}

fn pause(alias: &str) -> Step {
    Step::Do(Command::PausePipeline { pipeline: pipeline_of(alias), reason: "busy".to_owned() })
}

fn delete(alias: &str) -> Step {
    Step::Do(Command::DeletePipeline { pipeline: pipeline_of(alias) })
}

#[test]
fn a_run_is_started_waited_for_and_ends_the_task() {
    let world = family("").when(start()).then([
        "RunCreated of version 1",
        "ChildStarted a#1",
        "a#1: RunCreated of version 1",
        "a#1: TaskReady c",
    ]);
    assert_eq!(world.run_status(), RunStatus::Running);
    let world = world.after([lease("c").of("a#1"), succeeded("c", 1).of("a#1"), lease("d").of("a#1")]);
    let world = world.when(succeeded("d", 1).of("a#1")).then([
        "a#1: AttemptSucceeded d#1 SUCCEEDED",
        "a#1: RunFinished SUCCEEDED",
        "ChildEnded a#1 SUCCEEDED",
        "TaskReady b",
    ]);
    let child = world.run("a#1").to_string();
    assert_eq!(world.outputs_of("", "a"), json!({"pipeline_run_id": child}));
}

#[test]
fn the_target_is_named_by_id_or_alias() {
    for name in ["child".to_owned(), pipeline_of("child").to_string(), "${{ inputs.it }}".to_owned()] {
        let body = pipe(&[core("a", "TRIGGER_PIPELINE", &format!("pipeline_id: \"{name}\""), "")]);
        let body = format!("inputs:\n  it: {{type: string, default: child}}\n{body}");
        let world = given(&body).and("child", &pipe(&[task("c", "")])).after([start()]).worked_off(&[]);
        assert_eq!(world.tasks_of(""), ["a SUCCEEDED"], "{name}");
    }
}

#[test]
fn the_status_of_the_run_becomes_that_of_the_task() {
    let ended = |more: &str, answers: &[(&str, Report)]| {
        let world = family(more).after([start()]).worked_off(answers);
        let tasks = world.tasks_of("");
        (tasks[0].clone(), tasks[1].clone(), world.run_status())
    };
    let shown = |a: &str, b: &str, status| (a.to_owned(), b.to_owned(), status);
    assert_eq!(ended("", &[]), shown("a SUCCEEDED", "b SUCCEEDED", RunStatus::Succeeded));
    assert_eq!(ended("", &[("c", warning())]), shown("a WARNING", "b SUCCEEDED", RunStatus::Warning));
    assert_eq!(ended("", &[("c", bad())]), shown("a FAILED", "b SKIPPED", RunStatus::Failed));
    let lenient = "treat_failure_as_warning: true";
    assert_eq!(ended(lenient, &[("c", bad())]), shown("a WARNING", "b SUCCEEDED", RunStatus::Warning));
}

#[test]
fn a_run_that_was_cancelled_cancels_the_task() {
    family("").after([start()]).when(cancel().of("a#1")).then([
        "a#1: RunCancelRequested: enough",
        "a#1: RunFinished CANCELLED",
        "ChildEnded a#1 CANCELLED",
        "TaskSkipped b: task `a` ended CANCELLED",
        "RunFinished CANCELLED cancelled: a",
    ]);
}

#[test]
fn a_run_that_concurrency_refused_skips_the_task() {
    let child = format!("configuration: {{concurrency: {{max_active: 1}}}}\n{}", pipe(&[task("c", "")]));
    let world = given(&parent("", "")).and("child", &child).after([Step::Start(start_pipeline("child")).of("2")]);
    world.when(start()).then([
        "RunCreated of version 1",
        "ChildStarted a#1",
        "a#1: RunCreated of version 1",
        "a#1: RunFinished SKIPPED skipped by concurrency: 1 of 1 runs are live",
        "ChildEnded a#1 SKIPPED",
        "TaskSkipped b: task `a` ended SKIPPED",
        "RunFinished SUCCEEDED",
    ]);
}

#[test]
fn inputs_are_passed_with_their_types() {
    let child = format!(
        "inputs:\n  n: {{type: number}}\n  l: {{type: list}}\n  s: {{type: string, default: x}}\n{}",
        pipe(&[task("c", "")])
    );
    let passed = |inputs: &str| {
        let body = pipe(&[
            task("t", ""),
            core("a", "TRIGGER_PIPELINE", &format!("pipeline_id: child, run_inputs: {inputs}"), "depends_on: [t]"),
        ]);
        given(&body).and("child", &child).after([start(), lease("t")]).when(Step::Report(
            "t",
            1,
            good(json!({"list": [1, "b"], "n": "5"})),
        ))
    };
    let world = passed("{n: \"${{ tasks['t'].outputs.n }}\", l: \"${{ tasks['t'].outputs.list }}\"}").accepted();
    assert_eq!(
        Value::Object(world.partition.runs[&world.run("a#1")].inputs.clone()),
        json!({"n": 5, "l": [1, "b"], "s": "x"})
    );
    for (inputs, words) in [
        ("{n: 1}", "Missing required pipeline input `l`"),
        ("{n: 1, l: [], z: 2}", "declares no input `z`"),
        ("{n: x, l: []}", "pipeline input `n`: expected a number"),
        ("{n: \"${{ tasks['t'].outputs.gone }}\", l: []}", "parameter `run_inputs`"),
    ] {
        let lines = passed(inputs).lines();
        assert!(lines[1].starts_with("TaskFailed a: ") && lines[1].contains(words), "{inputs}: {lines:?}");
    }
}

#[test]
fn a_run_sees_the_environment_of_the_run_that_started_it_and_knows_it() {
    let steps = [Step::Start(crate::world::Start {
        environment: json!({"A": 1}),
        environment_name: "prod",
        ..start_pipeline("demo")
    })];
    let world = family("").after(steps);
    let child = &world.partition.runs[&world.run("a#1")];
    assert_eq!((Value::Object(child.environment.clone()), child.environment_name.as_str()), (json!({"A": 1}), "prod"));
    let Trigger::Parent { attempt, pipeline, depth } = &child.trigger else { panic!("{:?}", child.trigger) };
    assert_eq!((attempt.run, attempt.number, *pipeline, *depth), (crate::world::RUN, 1, pipeline_of("demo"), 1));
}

#[test]
fn a_retry_starts_another_run() {
    let world = family("configuration: {retries: 1, retry_delay: 1}").after([start(), lease("c").of("a#1")]);
    let world = world.when(failed("c", 1).of("a#1")).then([
        "a#1: AttemptFailed c#1 JOB_FAILED",
        "a#1: TaskSkipped d: task `c` ended FAILED",
        "a#1: RunFinished FAILED failed: c",
        "ChildEnded a#1 FAILED again after 60 s",
    ]);
    let world = world.after([after(60)]).when(wake()).then([
        "ChildStarted a#2",
        "a#2: RunCreated of version 1",
        "a#2: TaskReady c",
    ]);
    let world = world.worked_off(&[("c", bad())]);
    assert_eq!(
        (world.tasks_of(""), world.run_status_of("a#2")),
        (vec!["a FAILED".to_owned(), "b SKIPPED".to_owned()], RunStatus::Failed)
    );
}

#[test]
fn a_timeout_recalls_the_run_and_waits_for_its_end() {
    let world = family("configuration: {timeout: 60}").after([start(), lease("c").of("a#1"), after(60)]);
    let world = world.when(wake()).then([
        "AttemptStopRequested a#1 TIMED_OUT",
        "a#1: RunCancelRequested: run 07070707-0707-0707-0707-070707070707 that started it goes no further with it",
        "a#1: AttemptStopRequested c#1 CANCELLED",
    ]);
    world.when(stopped("c", 1).of("a#1")).then([
        "a#1: AttemptStopped c#1",
        "a#1: RunFinished CANCELLED",
        "ChildEnded a#1 FAILED",
        "TaskSkipped b: task `a` ended FAILED",
        "RunFinished FAILED failed: a",
    ]);
}

#[test]
fn a_cancel_of_the_parent_cancels_the_run_and_waits_for_it() {
    let world = family("").after([start(), lease("c").of("a#1"), started("c", 1).of("a#1"), cancel()]);
    assert_eq!((world.run_status(), world.run_status_of("a#1")), (RunStatus::Cancelling, RunStatus::Cancelling));
    world.when(stopped("c", 1).of("a#1")).then([
        "a#1: AttemptStopped c#1",
        "a#1: RunFinished CANCELLED",
        "ChildEnded a#1 CANCELLED",
        "RunFinished CANCELLED",
    ]);
    let world = family("").after([start()]).when(cancel()).then([
        "RunCancelRequested: enough",
        "AttemptStopRequested a#1 CANCELLED",
        "a#1: RunCancelRequested: run 07070707-0707-0707-0707-070707070707 that started it goes no further with it",
        "a#1: RunFinished CANCELLED",
        "ChildEnded a#1 CANCELLED",
        "RunFinished CANCELLED",
    ]);
    assert_eq!(world.tasks_of("a#1"), ["c CANCELLED", "d CANCELLED"]);
}

#[test]
fn a_mark_recalls_the_run_and_decides_whatever_it_came_to() {
    let world = family("").after([start(), lease("c").of("a#1"), mark("a", Mark::Succeeded)]);
    world.when(stopped("c", 1).of("a#1")).then([
        "a#1: AttemptStopped c#1",
        "a#1: RunFinished CANCELLED",
        "ChildEnded a#1 CANCELLED",
        "TaskReady b",
    ]);
}

#[test]
fn a_detached_run_is_not_waited_for_and_outlives_its_parent() {
    let world = family("meta: {downbeat: {wait: false}}").when(start()).then([
        "RunCreated of version 1",
        "ChildStarted a#1 detached",
        "a#1: RunCreated of version 1",
        "ChildEnded a#1 SUCCEEDED",
        "TaskReady b",
        "a#1: TaskReady c",
    ]);
    let world = world.after([lease("b"), succeeded("b", 1)]);
    assert_eq!((world.run_status(), world.run_status_of("a#1")), (RunStatus::Succeeded, RunStatus::Created));
    assert_eq!(world.worked_off(&[("c", bad())]).run_status_of("a#1"), RunStatus::Failed);
    let cancelled = family("meta: {downbeat: {wait: false}}").after([start(), cancel()]);
    assert_eq!((cancelled.run_status(), cancelled.run_status_of("a#1")), (RunStatus::Cancelled, RunStatus::Created));
}

#[test]
fn a_target_that_cannot_start_fails_the_task() {
    for (steps, words) in [
        (vec![pause("child")], "TaskFailed a: pipeline `child` is paused"),
        (vec![delete("child")], "TaskFailed a: there is no pipeline"),
    ] {
        let lines = family("").after(steps).when(start()).lines();
        assert!(lines[1].starts_with(words), "{lines:?}");
    }
    let lines = given(&parent("", "")).when(start()).lines();
    assert!(lines[1].starts_with("TaskFailed a: there is no pipeline `child`; apply it first"), "{lines:?}");
    let lenient = given(&parent("", "treat_failure_as_warning: true")).after([start()]).worked_off(&[]);
    assert_eq!(lenient.tasks_of(""), ["a WARNING", "b SUCCEEDED"]);
}

fn starts(target: &str) -> String {
    pipe(&[core("a", "TRIGGER_PIPELINE", &format!("pipeline_id: {target}"), "")])
}

#[test]
fn a_circle_is_refused_when_the_pipeline_that_closes_it_is_applied() {
    let apply = |alias: &str, target: &str| crate::world::apply_as(alias, &starts(target));
    let world = given(&starts("two")).after([apply("two", "three")]);
    let world = world
        .when(apply("three", "demo"))
        .refused("these pipelines start each other in a circle: three -> demo -> two -> three");
    let world = world.when(apply("self", "self")).refused_as("TRIGGER_CIRCLE");
    let world = world.when(apply("three", &pipeline_of("two").to_string())).refused_as("TRIGGER_CIRCLE");
    world.after([delete("two"), apply("three", "demo")]).when(apply("two", "three")).refused_as("TRIGGER_CIRCLE");
}

#[test]
fn a_circle_through_expressions_fails_the_task_that_closes_it() {
    let computed = |target: &str| {
        format!("inputs:\n  to: {{type: string, default: {target}}}\n{}", starts("\"${{ inputs.to }}\""))
    };
    let world = given(&computed("two")).and("two", &computed("demo")).after([start()]);
    assert_eq!(world.run_status_of("a#1"), RunStatus::Failed);
    let lines = given(&computed("two")).and("two", &computed("demo")).when(start()).lines();
    assert!(
        lines.contains(
            &"a#1: TaskFailed a: these pipelines start each other in a circle: demo -> two -> demo".to_owned()
        ),
        "{lines:?}"
    );
}

#[test]
fn runs_start_runs_twenty_levels_deep() {
    let deepest = limits::CHILD_DEPTH_MAX;
    let mut world = given(&starts("p1")).and(&format!("p{}", deepest + 1), &pipe(&[task("c", "")]));
    for level in (1..=deepest).rev() {
        world = world.and(&format!("p{level}"), &starts(&format!("p{}", level + 1)));
    }
    let world = world.after([start()]);
    assert_eq!(world.run_status(), RunStatus::Failed);
    let created = world.history.iter().filter(|event| matches!(event, Event::RunCreated(_))).count();
    assert_eq!(created as u32, deepest + 1, "the first, and twenty below it");
    let said = format!("{:?}", world.history);
    assert!(said.contains("20 runs stand above this one already"), "{said}");
}

#[test]
fn a_run_that_has_ended_when_its_parent_is_stopped_still_ends_the_task() {
    let stops: [fn() -> Step; 2] = [cancel, || mark("a", Mark::Failed)];
    for stop in stops {
        let mut world = family("").after([start()]);
        let child = world.run("a#1");
        // The end of the run is in the log, and what follows of it was not decided yet.
        let ended =
            Event::RunFinished { run: child, status: RunStatus::Succeeded, message: String::new(), at: world.now };
        evolve(&mut world.partition, &ended);
        world.history.push(ended);
        assert!(world.after([stop()]).run_status().is_final());
    }
}
