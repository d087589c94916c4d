//! What is refused, and as what: a refused command changes nothing. And expressions that fail when a run evaluates them.

use downbeat_domain::{Command, Mark, PipelineId, RestartMode, RunId, WorkerId};
use serde_json::{Value, json};

use crate::world::{
    Start, Step, approve, cancel, carry_over, collected, core, failed, given, group, lease, lose, mark, pipe,
    pipeline_of, reject, restart, set, start, start_only, start_pipeline, start_with, started, stopped, succeeded,
    task, wake,
};

fn body() -> String {
    let inputs = "inputs:\n  n: {type: number, optional: true}\n  s: {type: string, default: x, options: [x, y]}\n";
    format!(
        "{inputs}{}",
        pipe(&[
            task("a", "configuration: {retries: 1}"),
            task("b", "depends_on: [a]"),
            core("ask", "APPROVAL", "", "")
        ])
    )
}

fn ended() -> Vec<Step> {
    vec![start(), cancel()]
}

#[test]
fn every_command_names_why_it_is_refused() {
    let gone = PipelineId([9; 16]);
    let stranger = RunId([9; 16]);
    let do_ = Step::Do;
    let twice = |step: Step| vec![start(), lease("a"), step];
    let cases: Vec<(Vec<Step>, Step, &str)> = vec![
        (vec![], Step::Start(start_pipeline("gone")), "UNKNOWN_PIPELINE"),
        (vec![], do_(Command::PausePipeline { pipeline: gone, reason: String::new() }), "UNKNOWN_PIPELINE"),
        (vec![], do_(Command::ResumePipeline { pipeline: gone }), "UNKNOWN_PIPELINE"),
        (vec![], do_(Command::DeletePipeline { pipeline: gone }), "UNKNOWN_PIPELINE"),
        (vec![start()], Step::Start(start_pipeline("other")), "RUN_EXISTS"),
        (ended(), Step::Start(start_pipeline("other")), "RUN_EXISTS"),
        (vec![], start_with(json!({"n": "many"}), Value::Null), "INVALID_INPUTS"),
        (vec![], start_with(json!({"s": "z"}), Value::Null), "INVALID_INPUTS"),
        (vec![], start_with(json!({"z": 1}), Value::Null), "INVALID_INPUTS"),
        (vec![], start_only(&["z"]), "UNKNOWN_TASK"),
        (vec![], cancel(), "UNKNOWN_RUN"),
        (vec![], wake(), "UNKNOWN_RUN"),
        (vec![], lease("a"), "UNKNOWN_RUN"),
        (vec![], started("a", 1), "UNKNOWN_RUN"),
        (vec![], lose("a", 1), "UNKNOWN_RUN"),
        (vec![], mark("a", Mark::Failed), "UNKNOWN_RUN"),
        (vec![], approve("ask", "bob"), "UNKNOWN_RUN"),
        (ended(), cancel(), "RUN_FINISHED"),
        (ended(), wake(), "RUN_FINISHED"),
        (ended(), lease("a"), "RUN_FINISHED"),
        (ended(), succeeded("a", 1), "RUN_FINISHED"),
        (ended(), lose("a", 1), "RUN_FINISHED"),
        (ended(), mark("a", Mark::Failed), "RUN_FINISHED"),
        (ended(), reject("ask", "bob"), "RUN_FINISHED"),
        (vec![start()], do_(Command::CancelRun { run: stranger, reason: String::new() }), "UNKNOWN_RUN"),
        (
            vec![start()],
            do_(Command::LeaseTask { run: crate::world::RUN, task: 99, worker: WorkerId([1; 16]), remote: false }),
            "NOT_READY",
        ),
        (vec![start()], lease("b"), "NOT_READY"),
        (vec![start()], lease("ask"), "NOT_READY"),
        (twice(succeeded("a", 1)), lease("a"), "NOT_READY"),
        (vec![start()], started("a", 0), "STALE_ATTEMPT"),
        (vec![start()], started("a", 1), "STALE_ATTEMPT"),
        (vec![start(), lease("a")], started("a", 2), "STALE_ATTEMPT"),
        (vec![start(), lease("a")], succeeded("b", 1), "STALE_ATTEMPT"),
        (twice(failed("a", 1)), succeeded("a", 1), "STALE_ATTEMPT"),
        (twice(failed("a", 1)), succeeded("a", 2), "STALE_ATTEMPT"),
        (twice(lose("a", 1)), stopped("a", 1), "STALE_ATTEMPT"),
        (twice(succeeded("a", 1)), collected("a", 1, 0), "STALE_ATTEMPT"),
        (twice(mark("ask", Mark::Failed)), lose("ask", 1), "STALE_ATTEMPT"),
        (vec![start()], approve("a", "bob"), "TASK_UNFIT"),
        (vec![start(), approve("ask", "bob")], mark("ask", Mark::Failed), "TASK_ENDED"),
        (ended(), restart(RestartMode::FromTasks, &[]).of("2"), "INVALID_INPUTS"),
        (ended(), restart(RestartMode::FromSelected, &["z"]).of("2"), "UNKNOWN_TASK"),
        (ended(), restart(RestartMode::All, &["a"]).of("2"), "INVALID_INPUTS"),
    ];
    for (steps, step, code) in cases {
        let world = given(&body()).and("other", &pipe(&[task("o", "")])).after(steps);
        let before = format!("{:?}", world.partition);
        let world = world.when(step.clone()).refused_as(code);
        assert_eq!(format!("{:?}", world.partition), before, "{step:?} was refused and changed something");
    }
}

#[test]
fn a_carry_over_is_taken_from_the_run_before_and_from_no_other() {
    let steps = [start(), cancel(), start().of("3"), cancel().of("3"), restart(RestartMode::FromFailed, &[]).of("2")];
    let world = given(&body()).after(steps);
    let foreign = Command::CarryOver { run: world.run("2"), prior: std::sync::Arc::new(world.prior("3")) };
    let world = world.when(Step::Do(foreign)).refused_as("UNKNOWN_RUN");
    let world = world.when(carry_over().of("2")).accepted();
    world.when(carry_over().of("2")).then([]);
}

#[test]
fn a_run_that_is_no_restart_takes_nothing_over() {
    let world = given(&body()).after([start().of("3"), cancel().of("3"), start()]);
    let foreign = Command::CarryOver { run: crate::world::RUN, prior: std::sync::Arc::new(world.prior("3")) };
    world.when(Step::Do(foreign)).then([]);
}

/// The line in which task `a` fails; everything before it is of no interest.
fn failure(body: &str, steps: &[Step]) -> String {
    let (last, before) = steps.split_last().unwrap();
    let lines = given(body).after(before.to_vec()).when(last.clone()).lines();
    lines.into_iter().find(|line| line.starts_with("TaskFailed a")).expect("task `a` fails")
}

#[test]
fn an_expression_that_fails_in_a_run_fails_its_task_and_says_which_and_why() {
    let conditions = [
        ("tasks['first'].outputs.gone == 1", "gone"),
        ("ENV.GONE == 1", "GONE"),
        ("inputs.gone == 1", "gone"),
        ("tasks['first'].outputs.n < 'x'", "<"),
        ("tasks['first'].outputs.n / 0 > 1", "zero"),
        ("tasks['first'].outputs.list[7] == 1", "7"),
        ("int(tasks['first'].outputs.text) == 1", "int"),
    ];
    let steps = [start(), lease("first"), set("first", 1, json!({"n": 1, "list": [1], "text": "abc"}))];
    for (condition, reason) in conditions {
        let body = pipe(&[task("first", ""), task("a", &format!("depends_on: [first], condition: \"{condition}\""))]);
        let said = failure(&body, &steps);
        assert!(said.contains("condition") && said.contains(condition) && said.contains(reason), "{said}");
    }
    for (parameter, reason) in conditions {
        let a = format!(
            "a: {{integration: X, integration_job: Y, depends_on: [first], parameters: {{one: 1, two: [\"${{{{ {parameter} }}}}\"]}}}}\n"
        );
        let body = pipe(&[task("first", ""), a]);
        let said = failure(&body, &[&steps[..], &[lease("a")]].concat());
        assert!(said.contains("parameter `two`") && said.contains(reason), "{said}");
    }
}

#[test]
fn a_long_expression_that_fails_still_says_why() {
    let long =
        format!("{} or tasks['first'].outputs.gone == 1", ["tasks['first'].status == 'FAILED'"; 12].join(" or "));
    let body = pipe(&[task("first", ""), task("a", &format!("depends_on: [first], condition: \"{long}\""))]);
    let said = failure(&body, &[start(), lease("first"), succeeded("first", 1)]);
    assert!(said.contains("did not evaluate: ") && said.contains("gone"), "{said}");
}

#[test]
fn an_expression_of_a_group_that_fails_names_the_group() {
    for (head, what) in [
        ("condition: \"ENV.GONE == 1\"", "condition of group `g`"),
        ("matrix: {inputs: {m: \"${{ ENV.GONE }}\"}}", "matrix of group `g`: `m`"),
    ] {
        let body = pipe(&[group("g", head, &[task("a", ""), task("b", "")])]);
        let said = failure(&body, &[start()]);
        assert!(said.contains(what) && said.contains("GONE"), "{said}");
        assert_eq!(given(&body).after([start()]).tasks_of(""), ["a FAILED", "b SKIPPED"]);
    }
}

#[test]
fn pausing_resuming_and_deleting_again_changes_nothing() {
    let pipeline = pipeline_of("demo");
    let pause = || Step::Do(Command::PausePipeline { pipeline, reason: "busy".to_owned() });
    let resume = || Step::Do(Command::ResumePipeline { pipeline });
    let delete = || Step::Do(Command::DeletePipeline { pipeline });
    let world = given(&body()).when(resume()).then([]);
    let world = world.when(pause()).then(["PipelinePaused: busy"]).when(pause()).then([]);
    let world = world
        .when(start())
        .refused("pipeline `demo` is paused; resume it first")
        .when(start())
        .refused_as("PIPELINE_PAUSED");
    let world = world.when(resume()).then(["PipelineResumed"]).after([start(), pause()]);
    let world = world.when(lease("a")).then(["AttemptLeased a#1"]);
    let world = world.after([cancel(), stopped("a", 1)]);
    let world = world.when(restart(RestartMode::All, &[]).of("2")).refused_as("PIPELINE_PAUSED");
    let world = world.when(delete()).then(["PipelineDeleted"]).when(delete()).then([]);
    let world = world.when(pause()).refused_as("UNKNOWN_PIPELINE").when(resume()).refused_as("UNKNOWN_PIPELINE");
    let world = world.when(restart(RestartMode::All, &[]).of("2")).refused_as("UNKNOWN_PIPELINE");
    let world = world.when(start().of("3")).refused_as("UNKNOWN_PIPELINE");
    // The same text again brings it back, with the next number and not paused.
    let world = world.when(crate::world::apply(&body())).then(["PipelineApplied version 2"]);
    world.when(start().of("3")).accepted();
}

#[test]
fn a_paused_pipeline_that_gets_a_new_version_stays_paused() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline_of("demo"), reason: String::new() });
    let world = given(&body()).after([pause, crate::world::apply(&pipe(&[task("a", "")]))]);
    world.when(Step::Start(Start { ..start_pipeline("demo") })).refused_as("PIPELINE_PAUSED");
}
