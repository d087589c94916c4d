//! `trigger_events`: the end of a run of one pipeline starts runs of others, each of them once.

use downbeat_domain::{Command, RunStatus, Trigger, limits};
use serde_json::{Value, json};

use crate::world::{
    Step, World, applied_as, bad, cancel, given, lease, object, pipe, pipeline_of, set, start, start_pipeline, task,
    warning,
};

/// A pipeline with a task `b` that follows what stands in the trigger.
fn follows(trigger: &str) -> String {
    format!("trigger_events:\n  - {{type: pipeline, {trigger}}}\n{}", pipe(&[task("b", "")]))
}

fn of_demo(more: &str) -> String {
    follows(&format!("pipeline_id: {}{more}", pipeline_of("demo")))
}

fn one_task() -> World {
    given(&pipe(&[task("a", "")]))
}

fn apply(alias: &str, body: &str) -> Step {
    Step::Do(Command::apply(applied_as(alias, body)))
}

#[test]
fn the_end_of_a_run_starts_what_follows_it() {
    let world = one_task().and("next", &of_demo("")).after([start(), lease("a")]);
    let world = world.when(set("a", 1, Value::Null)).then([
        "AttemptSucceeded a#1 SUCCEEDED",
        "FollowersDue next by 0",
        "RunFinished SUCCEEDED",
        ">next: RunCreated of version 1",
        ">next: TaskReady b",
    ]);
    let created = world.partition.runs[&world.run(">next")].trigger.clone();
    let Trigger::PipelineEnded { run, status, trigger, chain } = created else { panic!("{created:?}") };
    assert_eq!((run, status, trigger), (world.run(""), RunStatus::Succeeded, 0));
    assert_eq!(chain, [pipeline_of("demo")]);
}

#[test]
fn only_the_statuses_that_it_names_count() {
    let ends = |statuses: &str, answer: &dyn Fn(World) -> World| {
        let world = one_task().and("next", &of_demo(statuses)).after([start()]);
        let world = answer(world);
        world.history.iter().any(|event| matches!(event, downbeat_domain::Event::FollowersDue { .. }))
    };
    let well = |world: World| world.worked_off(&[]);
    let warned = |world: World| world.worked_off(&[("a", warning())]);
    let badly = |world: World| world.worked_off(&[("a", bad())]);
    let cancelled = |world: World| world.after([cancel()]);
    let table: [(&str, [bool; 4]); 4] = [
        ("", [true, true, false, false]),
        (", statuses: [FAILED]", [false, false, true, false]),
        (", statuses: [CANCELLED, WARNING]", [false, true, false, true]),
        (", statuses: [RUNNING]", [false, false, false, false]),
    ];
    for (statuses, expected) in table {
        let found =
            [ends(statuses, &well), ends(statuses, &warned), ends(statuses, &badly), ends(statuses, &cancelled)];
        assert_eq!(found, expected, "{statuses}");
    }
}

#[test]
fn its_inputs_read_what_the_run_that_ended_has_set() {
    let body = of_demo(", run_inputs: {rows: \"${{ outputs['a']['rows'] }}\"}");
    let body = format!("inputs:\n  rows: {{type: number}}\n{body}");
    let world = one_task().and("next", &body).after([start(), lease("a"), set("a", 1, json!({"rows": 7}))]);
    assert_eq!(world.partition.runs[&world.run(">next")].inputs, object(json!({"rows": 7})));
    // What it has not set is said, and nothing starts.
    let world = one_task().and("next", &body).after([start(), lease("a")]);
    let ended = world.when(set("a", 1, json!({"lines": 7})));
    ended.then([
        "AttemptSucceeded a#1 SUCCEEDED",
        "FollowersDue next by 0",
        "RunFinished SUCCEEDED",
        "FollowerDeclined next: pipeline input `rows`: there is no `rows` in the dict {'lines': 7} at column 5",
    ]);
}

#[test]
fn a_pipeline_that_cannot_start_is_declined_and_the_others_start() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline_of("paused"), reason: "busy".to_owned() });
    let world = one_task().and("paused", &of_demo("")).and("next", &of_demo("")).after([pause, start()]);
    let world = world.worked_off(&[]);
    assert_eq!(world.run_status_of(">next"), RunStatus::Succeeded);
    let declined = world.history.iter().find_map(|event| match event {
        downbeat_domain::Event::FollowerDeclined { pipeline, reason, .. } => Some((*pipeline, reason.clone())),
        _ => None,
    });
    assert_eq!(declined, Some((pipeline_of("paused"), "pipeline `paused` is paused; resume it first".to_owned())));
}

#[test]
fn a_star_follows_every_other_pipeline_but_nothing_that_led_to_the_run() {
    let world = one_task().and("audit", &follows("pipeline_id: \"*\"")).and("report", &follows("pipeline_id: \"*\""));
    let world = world.after([start()]).worked_off(&[]);
    let mut followed: Vec<&str> = [">audit", ">report", ">audit>report", ">report>audit"]
        .into_iter()
        .filter(|label| world.knows(label))
        .collect();
    followed.sort_unstable();
    assert_eq!(followed, [">audit", ">audit>report", ">report", ">report>audit"]);
    assert_eq!(world.partition.finished.len(), 5, "nobody follows itself, and no circle goes on");
}

#[test]
fn pipelines_that_start_each_other_in_a_circle_are_refused() {
    let of = |alias: &str| follows(&format!("pipeline_id: {}", pipeline_of(alias)));
    one_task().when(apply("self", &of("self"))).refused("these pipelines start each other in a circle: self -> self");
    let world = one_task().and("next", &of("demo")).and("last", &of("next"));
    world.when(apply("demo", &of("last"))).refused("in a circle: demo -> next -> last -> demo");
    // A task that starts a pipeline, and its end that starts that task's pipeline again.
    let starts = pipe(&[crate::world::core("a", "TRIGGER_PIPELINE", "pipeline_id: child", "")]);
    let world = given(&starts).and("child", &pipe(&[task("c", "")]));
    world
        .when(apply(
            "demo",
            &format!("{starts}trigger_events:\n  - {{type: pipeline, pipeline_id: {}}}\n", pipeline_of("child")),
        ))
        .refused("in a circle: demo -> child -> demo");
}

#[test]
fn a_new_version_without_the_trigger_or_a_deleted_pipeline_follows_nothing() {
    let gone = Step::Do(Command::DeletePipeline { pipeline: pipeline_of("next") });
    for change in [apply("next", &pipe(&[task("b", "")])), gone] {
        let world = one_task().and("next", &of_demo("")).after([change, start()]).worked_off(&[]);
        assert_eq!(world.partition.finished.len(), 1);
    }
}

#[test]
fn the_end_of_one_run_starts_at_most_so_many_pipelines() {
    let mut world = one_task();
    for number in 0..limits::FOLLOWERS_MAX {
        world = world.and(&format!("next-{number}"), &of_demo(""));
    }
    let again = apply("next-0", &of_demo(", statuses: [FAILED]"));
    let world = world.after([again]);
    world.when(apply("one-more", &of_demo(""))).refused("the end of a run may start at most 100 pipelines");
}

#[test]
fn a_run_that_concurrency_skipped_is_followed_where_skipped_counts() {
    let demo = format!("configuration: {{concurrency: {{max_active: 1}}}}\n{}", pipe(&[task("a", "")]));
    let world = given(&demo).and("next", &of_demo(", statuses: [SKIPPED]")).after([start()]);
    let world = world.after([Step::Start(start_pipeline("demo")).of("2")]);
    assert_eq!(world.run_status_of("2"), RunStatus::Skipped);
    assert!(world.knows("2>next"));
}
