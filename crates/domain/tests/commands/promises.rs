//! Ages of assets and deadlines of runs: each breach is said once, and each instant decided once.

use downbeat_domain::{Command, Context, Event, FireSchedule, RunStatus, execute, limits};

use crate::{assets::wrote, world::*};

fn look_at_the_clock(alias: &str) -> Step {
    Step::Do(Command::WakePipeline { pipeline: pipeline_of(alias) })
}

fn watches(rules: &str) -> String {
    format!("meta: {{downbeat: {{freshness: [{rules}]}}}}\n{}", pipe(&[task("b", "")]))
}

/// `demo` runs, and `watch` has these rules.
fn running(rules: &str) -> World {
    given(&pipe(&[task("a", "")])).and("watch", &watches(rules)).after([start(), lease("a")])
}

#[test]
fn an_asset_that_becomes_too_old_is_said_once_and_so_is_its_return() {
    let world = running("{asset: db/a, max_age: PT10S}").after([after(3), wrote(0, &["db/a"]), after(9)]);
    let world = world.when(look_at_the_clock("watch")).then([]);
    let world = world.after([after(1)]).when(look_at_the_clock("watch"));
    let world = world.then(["FreshnessBreached db/a of watch, last at 3 s"]);
    let world = world.after([after(100)]).when(look_at_the_clock("watch")).then([]);
    let world = world.after([wrote(1, &["db/a"])]).when(look_at_the_clock("watch"));
    let world = world.then(["FreshnessRestored db/a of watch by a run"]);
    let world = world.after([after(9)]).when(look_at_the_clock("watch")).then([]);
    world.after([after(1)]).when(look_at_the_clock("watch")).then(["FreshnessBreached db/a of watch, last at 113 s"]);
}

#[test]
fn one_that_was_never_materialised_counts_from_when_the_rule_came() {
    let rule = "{asset: db/a, max_age: PT10S, name: orders}";
    let world = given(&pipe(&[task("a", "")])).after([after(5)]).and("watch", &watches(rule));
    let world = world.after([after(9)]).when(look_at_the_clock("watch")).then([]);
    // A new version with the same rule does not begin anew, also where it takes longer.
    let longer = watches("{asset: db/a, max_age: PT12S, name: orders}");
    let world = world.and("watch", &longer).after([after(2)]).when(look_at_the_clock("watch")).then([]);
    let world = world.after([after(1)]).when(look_at_the_clock("watch"));
    world.then(["FreshnessBreached orders of watch, never"]);
}

#[test]
fn every_pipeline_that_watches_an_asset_is_told() {
    let world = running("{asset: db/a, max_age: PT10S}").and("other", &watches("{asset: db/a, max_age: PT20S}"));
    let world = world.after([after(10), look_at_the_clock("watch"), after(10), look_at_the_clock("other")]);
    let world = world.after([wrote(0, &["db/a"])]);
    for alias in ["watch", "other"] {
        let due = downbeat_domain::effects::next_deadline_of_pipeline(&world.partition.pipelines[&pipeline_of(alias)]);
        assert_eq!(due, Some(instant(20)), "{alias}");
    }
    let world = world.when(look_at_the_clock("watch")).then(["FreshnessRestored db/a of watch by a run"]);
    world.when(look_at_the_clock("other")).then(["FreshnessRestored db/a of other by a run"]);
}

#[test]
fn a_breach_ends_with_its_rule() {
    let breached = || running("{asset: db/a, max_age: PT10S, name: r}").after([after(10), look_at_the_clock("watch")]);
    let ended = "FreshnessRestored r of watch";
    let apply = |rules: &str| apply_as("watch", &watches(rules));
    breached().when(apply("{asset: db/b, max_age: PT10S, name: r}")).then([ended, "PipelineApplied version 2"]);
    breached().when(apply("{asset: db/a, max_age: PT10S, name: s}")).then([ended, "PipelineApplied version 2"]);
    // The same one with another age is still in breach.
    let world = breached().when(apply("{asset: db/a, max_age: PT90S, name: r}")).then(["PipelineApplied version 2"]);
    world.when(look_at_the_clock("watch")).then([]);
    let delete = Step::Do(Command::DeletePipeline { pipeline: pipeline_of("watch") });
    let world = breached().when(delete).then([ended, "PipelineDeleted"]);
    world.after([after(1_000)]).when(look_at_the_clock("watch")).then([]);
}

const MORNING: &str = "meta: {downbeat: {deadlines: [{name: morning, cron: 0 7 ? * * *, within: PT60S}]}}\n";

/// The deadline is looked at: the instant of this second, after the one decided before.
fn look(after: Option<i64>, second: i64) -> Step {
    Step::Do(Command::FireSchedule(FireSchedule {
        version: 0,
        pipeline: pipeline(),
        schedule: "deadline:morning".to_owned(),
        instant: instant(second),
        after: after.map(instant),
        passed: Vec::new(),
        fires: true,
    }))
}

fn with_deadline() -> World {
    given(&format!("{MORNING}{}", pipe(&[task("a", "")])))
}

#[test]
fn a_run_that_has_ended_well_in_time_meets_a_deadline() {
    let world = with_deadline().after([start(), lease("a"), after(10), succeeded("a", 1)]);
    for (second, met) in [(10, true), (70, true), (71, false)] {
        let world = with_deadline().after([start(), lease("a"), after(10), succeeded("a", 1), after(61)]);
        let said = if met { "DeadlineMet morning by a run" } else { "DeadlineBreached morning" };
        world.when(look(None, second)).then([said]);
    }
    // Each instant is decided once.
    let world = world.after([look(None, 20)]);
    world.when(look(None, 20)).refused("was decided up to 2025-06-15T15:07:00Z already");
}

#[test]
fn runs_that_ended_badly_or_live_do_not_and_the_live_one_is_named() {
    let world = with_deadline().after([start(), lease("a"), failed("a", 1)]);
    let world = world.when(look(None, 5)).then(["DeadlineBreached morning"]);
    let world =
        world.after([start_2()]).when(look(Some(5), 6)).then(["DeadlineBreached morning while a run is CREATED"]);
    let world = world.after([lease("a").of("2"), started("a", 1).of("2")]);
    let world = world.when(look(Some(6), 7)).then(["DeadlineBreached morning while a run is RUNNING"]);
    world.after([warned("a", 1).of("2")]).when(look(Some(7), 8)).then(["DeadlineMet morning by a run"]);
}

fn start_2() -> Step {
    start().of("2")
}

#[test]
fn an_instant_that_is_decided_late_is_decided_by_what_had_ended_then() {
    let world = with_deadline().after([after(100), start(), lease("a"), succeeded("a", 1)]);
    // It ended at 100: too late for 90, in time for 110, long ago for 170.
    let world = world.after([after(100)]);
    let world = world.when(look(None, 90)).then(["DeadlineBreached morning"]);
    let world = world.when(look(Some(90), 110)).then(["DeadlineMet morning by a run"]);
    let world = world.when(look(Some(110), 170)).then(["DeadlineBreached morning"]);
    // A later run does not hide an earlier one.
    let world = world.after([start_2(), lease("a").of("2"), succeeded("a", 1).of("2")]);
    let world = world.when(look(Some(170), 180)).then(["DeadlineBreached morning"]);
    world.when(look(Some(180), 201)).then(["DeadlineMet morning by a run"]);
    let world = with_deadline().after([start(), lease("a"), succeeded("a", 1), after(50)]);
    let world = world.after([start_2(), lease("a").of("2"), succeeded("a", 1).of("2")]);
    let found = world.when(look(None, 40)).then(["DeadlineMet morning by a run"]);
    let Some(Event::DeadlineMet(met)) = found.history.last() else { panic!() };
    assert_eq!(met.run, Some(RUN), "the one that had ended by then");
}

#[test]
fn a_deadline_of_a_paused_pipeline_is_not_looked_at() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: "rest".to_owned() });
    with_deadline().after([pause]).when(look(None, 5)).refused("pipeline `demo` is paused; resume it first");
    // And a run is never started by one.
    let world = with_deadline().after([look(None, 5)]);
    assert!(world.partition.runs.is_empty() && world.partition.finished.is_empty());
    assert_eq!(world.partition.run_status(RUN), None::<RunStatus>);
}

#[test]
fn where_more_runs_have_ended_since_than_are_remembered_an_instant_counts_as_met() {
    for (remembered, met) in [(limits::GOOD_ENDS_MAX - 1, false), (limits::GOOD_ENDS_MAX, true)] {
        let mut partition = with_deadline().partition;
        let state = partition.pipelines.get_mut(&pipeline()).unwrap();
        state.assets.good_ends = (0..remembered).map(|place| (instant(1_000 + place as i64), RUN)).collect();
        let Step::Do(command) = look(None, 40) else { panic!() };
        let context = Context { now: instant(2_000), random: 0 };
        let events = execute(&mut partition, &command, &context).unwrap();
        let found = matches!(&events[..], [Event::DeadlineMet(met)] if met.run.is_none());
        assert_eq!(found, met, "{remembered}: {events:?}");
    }
}
