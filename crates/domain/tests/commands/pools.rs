//! Named pools (`meta.downbeat.pool`) and `concurrency` of a task: attempts of different runs share slots.

use downbeat_domain::{Command, FailureClass, Mark, TaskStatus};

use crate::world::{
    Step, World, after, cancel, core, failed, failed_as, given, group, lease, lose, mark, pipe, set, start, started,
    stopped, succeeded, task, wake,
};
use serde_json::json;

fn pool(slots: Option<u32>) -> Step {
    Step::Do(Command::SetPool { name: "db".to_owned(), slots })
}

fn uses(slots: u32) -> String {
    format!("meta: {{downbeat: {{pool: {{name: db, slots: {slots}}}}}}}")
}

/// Tasks `a` and `b` that need these slots.
fn two(a: u32, b: u32) -> String {
    pipe(&[task("a", &uses(a)), task("b", &uses(b))])
}

#[test]
fn attempts_take_slots_and_wait_where_there_are_none() {
    let world = given(&two(1, 1)).after([pool(Some(1)), start(), lease("a")]);
    let world = world.when(lease("b")).refused_as("POOL_FULL").when(lease("b")).refused("needs slots of pool `db`");
    assert_eq!(world.status_of("b"), TaskStatus::Queued);
    world.after([succeeded("a", 1)]).when(lease("b")).then(["AttemptLeased b#1"]);
}

#[test]
fn a_pool_is_shared_by_all_runs_of_all_pipelines() {
    let other = Step::Start(crate::world::start_pipeline("other"));
    let world = given(&two(1, 1)).and("other", &two(1, 1)).after([pool(Some(1)), start(), other.of("2"), lease("a")]);
    let world = world.when(lease("a").of("2")).refused_as("POOL_FULL");
    world.after([succeeded("a", 1)]).when(lease("a").of("2")).accepted();
}

#[test]
fn an_attempt_takes_as_many_slots_as_it_says() {
    for (size, a, b, fits) in [(5, 2, 3, true), (4, 2, 3, false), (3, 3, 1, false), (2, 1, 1, true)] {
        let world = given(&two(a, b)).after([pool(Some(size)), start(), lease("a")]);
        let outcome = world.when(lease("b"));
        if fits {
            outcome.accepted()
        } else {
            outcome.refused_as("POOL_FULL")
        };
    }
    given(&two(4, 1)).after([pool(Some(3)), start()]).when(lease("a")).refused_as("POOL_FULL");
}

#[test]
fn what_needs_a_pool_that_nobody_has_set_waits() {
    let world = given(&two(1, 1)).after([start()]).when(lease("a")).refused_as("POOL_FULL");
    let world = world.after([pool(Some(0))]).when(lease("a")).refused_as("POOL_FULL");
    let world = world.after([pool(Some(1))]).when(lease("a")).accepted();
    let world = world.when(pool(None)).then(["PoolSet db None"]).after([succeeded("a", 1)]);
    world.when(lease("b")).refused_as("POOL_FULL");
}

#[test]
fn a_pool_that_shrinks_takes_nothing_away() {
    let world = given(&two(2, 1)).after([pool(Some(3)), start(), lease("a"), lease("b"), pool(Some(1))]);
    let world = world.when(pool(Some(1))).then([]);
    assert_eq!(world.partition.pools.named["db"].used(), 3);
    let world = world.after([start().of("2"), succeeded("a", 1)]).when(lease("b").of("2")).refused_as("POOL_FULL");
    world.after([succeeded("b", 1)]).when(lease("b").of("2")).accepted();
}

/// The ways in which an attempt of `a` stops holding anything.
fn endings() -> Vec<(&'static str, Vec<Step>)> {
    vec![
        ("success", vec![succeeded("a", 1)]),
        ("failure", vec![failed("a", 1)]),
        ("failure for good", vec![failed_as("a", 1, FailureClass::Misconfigured)]),
        ("loss", vec![lose("a", 1)]),
        ("stop", vec![started("a", 1), after(30), wake(), stopped("a", 1)]),
        ("cancel", vec![cancel(), stopped("a", 1)]),
        ("mark", vec![mark("a", Mark::Succeeded), stopped("a", 1)]),
    ]
}

#[test]
fn a_slot_is_free_again_however_the_attempt_ended_and_not_before() {
    let body = pipe(&[task("a", &format!("configuration: {{timeout: 30, retries: 1, retry_delay: 5}}, {}", uses(1)))]);
    for (name, steps) in endings() {
        let world = given(&body).after([pool(Some(1)), start(), start().of("2"), lease("a")]);
        let (last, before) = steps.split_last().unwrap();
        let world = world.after(before.to_vec()).when(lease("a").of("2")).refused_as("POOL_FULL");
        let world = world.after([last.clone()]).when(lease("a").of("2")).accepted();
        assert_eq!(world.partition.pools.named["db"].used(), 1, "{name}");
    }
}

#[test]
fn iterations_of_a_matrix_share_a_pool_as_well() {
    let body = pipe(&[group("g", "matrix: {inputs: {m: [1, 2, 3]}}", &[task("a", &uses(1))])]);
    let world = given(&body).after([pool(Some(2)), start(), lease("a[0]"), lease("a[2]")]);
    world.when(lease("a[1]")).refused_as("POOL_FULL").after([succeeded("a[2]", 1)]).when(lease("a[1]")).accepted();
}

#[test]
fn pools_have_names_and_sizes() {
    let set = |name: &str, slots| Step::Do(Command::SetPool { name: name.to_owned(), slots });
    for (name, slots, words) in [
        ("", Some(1), "a pool's name takes 1 to 100 characters"),
        ("a b", Some(1), "a pool's name takes"),
        ("ü", Some(1), "a pool's name takes"),
        (&*"x".repeat(101), Some(1), "a pool's name takes"),
        ("a", Some(1_000_001), "a pool has at most 1000000 slots"),
    ] {
        given(&two(1, 1)).when(set(name, slots)).refused(words).when(set(name, slots)).refused_as("INVALID_POOL");
    }
    let world = given(&two(1, 1)).when(set("A.b_c-1", Some(0))).then(["PoolSet A.b_c-1 Some(0)"]);
    world.when(set("unknown", None)).then([]);
}

/// A task that limits its own attempts over all runs.
fn limited(concurrency: &str, more: &str) -> String {
    pipe(&[
        task("a", &format!("configuration: {{concurrency: {{{concurrency}}}{more}}}")),
        task("b", "depends_on: [a]"),
    ])
}

fn runs(body: &str) -> World {
    given(body).after([start(), start().of("2")])
}

#[test]
fn a_task_without_a_free_place_is_skipped_by_default() {
    for concurrency in ["max_active: 1", "max_active: 1, on_limit: SKIP"] {
        let world = given(&limited(concurrency, "")).after([start()]);
        world.when(start().of("2")).then([
            "2: RunCreated of version 1",
            "2: TaskSkipped a: skipped by concurrency: 1 of 1 attempts of it are live",
            "2: TaskSkipped b: task `a` ended SKIPPED",
            "2: RunFinished SUCCEEDED",
        ]);
    }
}

#[test]
fn a_task_without_a_free_place_waits_where_it_says_so() {
    let world = runs(&limited("max_active: 1, on_limit: QUEUE", "")).after([lease("a")]);
    let world = world.when(lease("a").of("2")).refused("needs slots of the concurrency of task `a`");
    world.after([succeeded("a", 1)]).when(lease("a").of("2")).then(["2: AttemptLeased a#1"]);
}

#[test]
fn a_place_of_a_task_is_free_again_however_the_attempt_ended_and_not_before() {
    let body = limited("max_active: 1, on_limit: QUEUE", ", timeout: 30, retries: 1, retry_delay: 5");
    for (name, steps) in endings() {
        let world = runs(&body).after([lease("a")]);
        let (last, before) = steps.split_last().unwrap();
        let world = world.after(before.to_vec()).when(lease("a").of("2")).refused_as("POOL_FULL");
        let world = world.after([last.clone()]).when(lease("a").of("2")).accepted();
        assert!(world.partition.runs[&world.run("2")].held.contains(&0), "{name}");
    }
}

#[test]
fn what_waits_for_a_worker_or_its_next_attempt_counts_for_who_would_be_skipped() {
    let body = limited("max_active: 1", ", retries: 1, retry_delay: 5");
    for steps in [vec![], vec![lease("a"), started("a", 1)], vec![lease("a"), failed("a", 1)]] {
        let world = given(&body).after([start()]).after(steps).after([start().of("2")]);
        assert_eq!(world.tasks_of("2"), ["a SKIPPED", "b SKIPPED"]);
    }
    for steps in [vec![lease("a"), succeeded("a", 1)], vec![mark("a", Mark::Failed)], vec![cancel()]] {
        let world = given(&body).after([start()]).after(steps).after([start().of("2")]);
        assert_eq!(world.partition.runs[&world.run("2")].ready.len(), 1);
    }
}

#[test]
fn a_limit_of_a_task_may_be_an_expression() {
    let body = |max: &str| {
        format!(
            "inputs:\n  n: {{type: number, default: 2}}\n{}",
            pipe(&[task("a", &format!("configuration: {{concurrency: {{max_active: \"{max}\", on_limit: QUEUE}}}}"))])
        )
    };
    let world = given(&body("${{ inputs.n }}")).after([
        start(),
        start().of("2"),
        start().of("3"),
        lease("a"),
        lease("a").of("2"),
    ]);
    world.when(lease("a").of("3")).refused_as("POOL_FULL");
    let lines = given(&body("${{ ENV.GONE }}")).when(start()).lines();
    assert!(lines[1].starts_with("TaskFailed a: concurrency.max_active: "), "{lines:?}");
}

#[test]
fn iterations_count_for_the_limit_of_their_task() {
    let tasks = [task("a", "configuration: {concurrency: {max_active: 2, on_limit: QUEUE}}")];
    let body = pipe(&[group("g", "matrix: {inputs: {m: [1, 2, 3]}}", &tasks)]);
    let world = given(&body).after([start(), lease("a[1]"), lease("a[2]")]).when(lease("a[0]")).refused_as("POOL_FULL");
    world.after([set("a[2]", 1, json!({}))]).when(lease("a[0]")).accepted();
}

#[test]
fn what_needs_no_worker_needs_no_slot() {
    let body = pipe(&[core("a", "WAIT", "wait_minutes: 1", &uses(1))]);
    given(&body).when(start()).then(["RunCreated of version 1", "WaitStarted a#1 for 60 s"]);
}
