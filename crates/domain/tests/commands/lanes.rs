//! LANGUAGE section 4: `concurrency` of a pipeline, counted per pipeline and environment.

use downbeat_domain::{Command, RunId, RunStatus, StartRun, Trigger, limits};
use serde_json::{Map, Value, json};

use crate::world::{
    Start, Step, World, apply, cancel, failed, given, lease, one, pipe, pipeline, start, start_in, start_pipeline,
    start_with, started, stopped, succeeded, task, wake,
};

/// A pipeline of one task that lets so many runs be live.
fn limited(concurrency: &str) -> String {
    format!("configuration: {{concurrency: {{{concurrency}}}}}\n{}", pipe(&[task("a", "")]))
}

/// Live, and two more that came after it.
fn three(concurrency: &str) -> World {
    given(&limited(concurrency)).after([start(), start().of("2"), start().of("3")])
}

fn statuses(world: &World) -> [RunStatus; 3] {
    ["", "2", "3"].map(|label| world.run_status_of(label))
}

use RunStatus::{Cancelled, Cancelling, Created, Queued, Running, Skipped, Succeeded};

#[test]
fn a_run_that_finds_no_free_slot_is_skipped_by_default() {
    for concurrency in ["max_active: 1", "max_active: 1, on_limit: SKIP"] {
        let world =
            given(&limited(concurrency)).when(start()).then(["RunCreated of version 1", "RunAdmitted", "TaskReady a"]);
        let world = world.when(start().of("2")).then([
            "2: RunCreated of version 1",
            "2: RunFinished SKIPPED skipped by concurrency: 1 of 1 runs are live",
        ]);
        assert_eq!(world.tasks_of("2"), ["a CREATED"], "nothing of it began");
        world.after([lease("a"), succeeded("a", 1)]).when(start().of("3")).then([
            "3: RunCreated of version 1",
            "3: RunAdmitted",
            "3: TaskReady a",
        ]);
    }
}

#[test]
fn queued_runs_go_in_the_order_in_which_they_came() {
    let world = given(&limited("max_active: 1, on_limit: QUEUE")).after([start()]);
    let world = world.when(start().of("2")).then(["2: RunCreated of version 1", "2: RunQueued: 1 of 1 runs are live"]);
    let world = world.after([start().of("3"), lease("a")]);
    assert_eq!(statuses(&world), [Created, Queued, Queued]);
    let world = world.when(succeeded("a", 1)).then([
        "AttemptSucceeded a#1 SUCCEEDED",
        "RunFinished SUCCEEDED",
        "2: RunAdmitted",
        "2: TaskReady a",
    ]);
    assert_eq!(statuses(&world), [Succeeded, Created, Queued]);
    let world = world.after([lease("a").of("2"), started("a", 1).of("2")]);
    assert_eq!(statuses(&world), [Succeeded, Running, Queued]);
    let world = world.after([failed("a", 1).of("2")]);
    assert_eq!(statuses(&world), [Succeeded, RunStatus::Failed, Created]);
}

#[test]
fn nothing_of_a_queued_run_moves() {
    let world = three("max_active: 1, on_limit: QUEUE");
    let world = world.when(lease("a").of("2")).refused_as("NOT_READY");
    world.when(wake().of("2")).then([]);
}

#[test]
fn several_runs_may_be_live() {
    assert_eq!(statuses(&three("max_active: 2, on_limit: QUEUE")), [Created, Created, Queued]);
    assert_eq!(statuses(&three("max_active: 2")), [Created, Created, Skipped]);
    assert_eq!(statuses(&three("max_active: 0, on_limit: QUEUE")), [Created, Created, Created]);
}

#[test]
fn only_the_newest_waits_where_the_limit_says_so() {
    let world = given(&limited("max_active: 1, on_limit: QUEUE_LATEST")).after([start(), start().of("2")]);
    let world = world.when(start().of("3")).then([
        "3: RunCreated of version 1",
        "2: RunFinished SKIPPED a newer run took its place in the queue: 33333333-3333-3333-3333-333333333333",
        "3: RunQueued: 1 of 1 runs are live",
    ]);
    assert_eq!(statuses(&world), [Created, Skipped, Queued]);
    let world = world.after([lease("a"), succeeded("a", 1)]);
    assert_eq!(statuses(&world), [Succeeded, Skipped, Created]);
}

#[test]
fn the_newest_takes_the_place_of_the_oldest_where_the_limit_says_so() {
    let body =
        format!("meta: {{downbeat: {{concurrency: {{on_limit: CANCEL_RUNNING}}}}}}\n{}", limited("max_active: 1"));
    let world = given(&body).after([start(), lease("a"), started("a", 1)]);
    let world = world.when(start().of("2")).then([
        "2: RunCreated of version 1",
        "RunCancelRequested: concurrency: run 32323232-3232-3232-3232-323232323232 takes its place",
        "2: RunQueued: 1 of 1 runs are live",
        "AttemptStopRequested a#1 CANCELLED",
    ]);
    let world = world.after([start().of("3")]);
    assert_eq!(statuses(&world), [Cancelling, Skipped, Queued], "who waits is displaced, who goes is not asked twice");
    let world = world.when(stopped("a", 1)).then([
        "AttemptStopped a#1",
        "RunFinished CANCELLED",
        "3: RunAdmitted",
        "3: TaskReady a",
    ]);
    let world = world.after([start().of("4")]);
    assert_eq!(statuses(&world), [Cancelled, Skipped, Cancelled], "what nobody holds ends at once");
    assert_eq!(world.run_status_of("4"), Created);
}

#[test]
fn limits_count_per_environment() {
    let world =
        given(&limited("max_active: 1")).after([start_in("prod"), start_in("test").of("2"), start_in("prod").of("3")]);
    assert_eq!(statuses(&world), [Created, Created, Skipped]);
}

#[test]
fn a_limit_may_be_an_expression_of_inputs_and_environment() {
    let body = |max: &str, on: &str| {
        let inputs = "inputs:\n  n: {type: number, optional: true}\n  on: {type: string, optional: true}\n";
        format!("{inputs}{}", limited(&format!("max_active: \"{max}\", on_limit: \"{on}\"")))
    };
    let second = |max: &str, on: &str, inputs: Value| {
        let steps = [start_with(inputs.clone(), json!({"MAX": "1"})), start_with(inputs, json!({"MAX": "1"})).of("2")];
        let world = given(&body(max, on)).after(steps);
        world.run_status_of("2")
    };
    let cases = [
        ("${{ inputs.n }}", "${{ inputs.on }}", json!({"n": 1, "on": "QUEUE"}), Queued),
        ("${{ inputs.n }}", "${{ inputs.on }}", json!({"n": 1, "on": "SKIP"}), Skipped),
        ("${{ inputs.n }}", "${{ inputs.on }}", json!({"n": 1}), Skipped),
        ("${{ inputs.n }}", "${{ inputs.on }}", json!({"n": 2, "on": "QUEUE"}), Created),
        ("${{ inputs.n }}", "QUEUE", json!({"n": 0}), Created),
        ("${{ inputs.n }}", "QUEUE", json!({}), Created),
        ("${{ ENV.MAX }}", "QUEUE_LATEST", json!({}), Queued),
        ("${{ inputs.n + 1 }}", "QUEUE", json!({"n": 0}), Queued),
    ];
    for (max, on, inputs, expected) in cases {
        assert_eq!(second(max, on, inputs.clone()), expected, "{max} {on} {inputs}");
    }
}

#[test]
fn a_limit_that_does_not_evaluate_fails_the_run() {
    let inputs = "inputs:\n  n: {type: string, optional: true}\n";
    for (max, on, n, words) in [
        ("${{ inputs.n }}", "SKIP", json!("many"), "concurrency.max_active gave \"many\", not a number"),
        ("${{ inputs.n }}", "SKIP", json!("-1"), "concurrency.max_active gave \"-1\", not a number"),
        ("${{ ENV.GONE }}", "SKIP", Value::Null, "concurrency.max_active: "),
        ("1", "${{ inputs.n }}", json!("WAIT"), "concurrency.on_limit gave \"WAIT\", not SKIP, QUEUE or QUEUE_LATEST"),
        ("1", "${{ ENV.GONE }}", Value::Null, "concurrency.on_limit: "),
    ] {
        let body = format!("{inputs}{}", limited(&format!("max_active: \"{max}\", on_limit: \"{on}\"")));
        let world = given(&body).after([start_with(Value::Object(one("n", n)), Value::Null)]);
        assert_eq!(world.run_status(), RunStatus::Failed, "{max} {on}");
        assert!(world.message_of("").contains(words), "{}", world.message_of(""));
    }
}

#[test]
fn a_limit_that_changes_counts_for_who_waits() {
    let queue = |max: u32| limited(&format!("max_active: {max}, on_limit: QUEUE"));
    let cases = [
        (queue(3), [Created, Created, Created]),
        (queue(2), [Created, Created, Queued]),
        (limited("max_active: 0"), [Created, Created, Created]),
        (pipe(&[task("a", "")]), [Created, Created, Created]),
    ];
    for (edited, expected) in cases {
        let world = three("max_active: 1, on_limit: QUEUE").after([apply(&edited)]);
        assert_eq!(statuses(&world), expected, "{edited}");
    }
    // Lowered, it takes nothing from who is live, and lets nobody go until there is room.
    let world = three("max_active: 2, on_limit: QUEUE").after([apply(&queue(1)), lease("a"), succeeded("a", 1)]);
    assert_eq!(statuses(&world), [Succeeded, Created, Queued]);
    let world = world.after([lease("a").of("2"), succeeded("a", 1).of("2")]);
    assert_eq!(statuses(&world), [Succeeded, Succeeded, Created]);
}

#[test]
fn a_limit_that_appears_counts_the_runs_that_are_live() {
    let world = given(&pipe(&[task("a", "")])).after([start(), apply(&limited("max_active: 1")), start().of("2")]);
    assert_eq!(world.run_status_of("2"), Skipped);
}

#[test]
fn a_queued_run_is_cancelled_without_moving_the_others() {
    let world = three("max_active: 1, on_limit: QUEUE")
        .when(cancel().of("2"))
        .then(["2: RunCancelRequested: enough", "2: RunFinished CANCELLED"]);
    let world = world.after([lease("a"), succeeded("a", 1)]);
    assert_eq!(statuses(&world), [Succeeded, Cancelled, Created]);
}

#[test]
fn a_slot_is_free_again_however_its_run_ended() {
    let cases: [Vec<Step>; 4] = [
        vec![lease("a"), failed("a", 1)],
        vec![cancel()],
        vec![lease("a"), cancel(), stopped("a", 1)],
        vec![crate::world::mark("a", downbeat_domain::Mark::Skipped)],
    ];
    for steps in cases {
        let world = three("max_active: 1, on_limit: QUEUE").after(steps);
        assert_eq!(statuses(&world)[1..], [Created, Queued]);
    }
}

fn pause() -> Step {
    Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: "busy".to_owned() })
}

fn resume() -> Step {
    Step::Do(Command::ResumePipeline { pipeline: pipeline() })
}

fn delete() -> Step {
    Step::Do(Command::DeletePipeline { pipeline: pipeline() })
}

#[test]
fn while_a_pipeline_is_paused_its_queue_stands_still() {
    let world = three("max_active: 1, on_limit: QUEUE").after([pause(), lease("a"), succeeded("a", 1)]);
    assert_eq!(statuses(&world), [Succeeded, Queued, Queued]);
    let world = world.when(resume()).then(["PipelineResumed", "2: RunAdmitted", "2: TaskReady a"]);
    assert_eq!(statuses(&world), [Succeeded, Created, Queued]);
}

#[test]
fn a_deleted_pipeline_cancels_who_is_live_and_skips_who_waits() {
    let world = three("max_active: 1, on_limit: QUEUE").after([lease("a")]);
    let world = world.when(delete()).then([
        "PipelineDeleted",
        "RunCancelRequested: its pipeline was deleted",
        "AttemptStopRequested a#1 CANCELLED",
        "2: RunFinished SKIPPED its pipeline was deleted before it could begin",
        "3: RunFinished SKIPPED its pipeline was deleted before it could begin",
    ]);
    // It comes back while a run of it is still being stopped: that run still counts.
    let queue = limited("max_active: 1, on_limit: QUEUE");
    let world = world.after([apply(&queue), start().of("4")]);
    assert_eq!(world.run_status_of("4"), Queued);
    assert_eq!(world.after([stopped("a", 1)]).run_status_of("4"), Created);
}

#[test]
fn all_live_runs_of_a_deleted_pipeline_are_cancelled_however_many() {
    let many =
        (0..limits::EVENTS_PER_ADVANCE_MAX + 30).map(|number| Step::Do(Command::StartRun(Box::new(numbered(number)))));
    let world = given(&pipe(&[task("a", "")])).without_checks(many.chain([delete()]));
    assert_eq!(world.partition.runs.len(), 0);
}

fn numbered(number: usize) -> StartRun {
    let mut id = [1; 16];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    StartRun {
        run: RunId(id),
        pipeline: pipeline(),
        trigger: Trigger::Manual { user: "ada".to_owned() },
        inputs: Map::new(),
        environment: Map::new(),
        environment_name: String::new(),
        selection: None,
        version: 0,
    }
}

#[test]
fn a_thousand_runs_wait_and_one_more_is_skipped() {
    let many = (0..limits::QUEUED_RUNS_MAX).map(|number| Step::Do(Command::StartRun(Box::new(numbered(number)))));
    let world = given(&limited("max_active: 1, on_limit: QUEUE")).without_checks([start()].into_iter().chain(many));
    assert_eq!(world.partition.run_status(numbered(999).run), Some(Queued));
    let world = world.without_checks([start().of("2")]);
    assert_eq!(world.run_status_of("2"), Skipped);
    assert_eq!(world.message_of("2"), "skipped by concurrency: 1 of 1 runs are live, and 1000 wait already");
}

#[test]
fn runs_of_other_pipelines_do_not_count() {
    let other = Step::Start(Start { ..start_pipeline("other") });
    let world =
        given(&limited("max_active: 1")).and("other", &limited("max_active: 1")).after([start(), other.of("2")]);
    assert_eq!(world.run_status_of("2"), Created);
}
