//! FireSchedule: one run per instant, whoever fires it and how often (INV-05).

use downbeat_domain::{Command, FireSchedule, PassReason, PassedInstants, RunId, Trigger};
use serde_json::json;

use crate::world::{self, Step, apply, given, object, pipeline};

const SCHEDULED: &str = "inputs:
  day: {type: string, default: none}
schedule:
  - name: daily
    cron: 0 8 * * ? *
    timezone: UTC
    run_inputs: {day: today}
  - cron: 0 9 * * ? *
    timezone: UTC
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

/// Instants that lie behind the world's now, as those of schedules that are due do.
fn instant(second: i64) -> jiff::Timestamp {
    world::instant(second - 1_000)
}

/// A question about an instant, by one who knows what was decided last.
fn question(schedule: &str, after: Option<i64>, second: i64) -> FireSchedule {
    FireSchedule {
        version: 0,
        pipeline: pipeline(),
        schedule: schedule.to_owned(),
        instant: instant(second),
        after: after.map(instant),
        passed: Vec::new(),
        fires: true,
    }
}

fn ask(question: FireSchedule) -> Step {
    Step::Do(Command::FireSchedule(question))
}

fn fire(schedule: &str, after: Option<i64>, second: i64) -> Step {
    ask(question(schedule, after, second))
}

fn passed(reason: PassReason, first: i64, last: i64, count: u64) -> PassedInstants {
    let (first, last) = (instant(first), instant(last));
    PassedInstants { reason, count, first, last, listed: vec![last], message: String::new() }
}

#[test]
fn a_fired_instant_starts_the_run_of_its_derived_id_with_the_inputs_of_its_schedule() {
    let world = given(SCHEDULED).after([fire("daily", None, 0)]);
    let run = &world.partition.runs[&RunId::of_schedule(pipeline(), "daily", instant(0))];
    assert_eq!(run.inputs, object(json!({"day": "today"})));
    let (schedule, coalesced) = ("daily".to_owned(), Vec::new());
    assert_eq!(run.trigger, Trigger::Scheduled { schedule, instant: instant(0), coalesced, coalesced_count: 0 });
}

#[test]
fn inputs_of_a_schedule_may_be_expressions() {
    let day = "${{ format_date(ORCHESTRA.CURRENT_TIME, '%Y/%m/%d') }}";
    let world = given(&SCHEDULED.replace("today", &format!("\"{day}\""))).after([fire("daily", None, 0)]);
    let run = &world.partition.runs[&RunId::of_schedule(pipeline(), "daily", instant(0))];
    assert_eq!(run.inputs, object(json!({"day": "2025/06/15"})));
}

#[test]
fn a_pipeline_that_declares_it_is_given_the_instants_that_its_run_stands_for() {
    let source = SCHEDULED.replacen("schedule:", "  downbeat_instants: {type: list, default: []}\nschedule:", 1);
    let (first, second) = (instant(0).to_string(), instant(300).to_string());
    let mut late = question("daily", None, 300);
    late.passed = vec![passed(PassReason::Coalesced, 0, 0, 1)];
    for (asked, second_of, expected) in
        [(question("daily", None, 0), 0, json!([first])), (late, 300, json!([first, second]))]
    {
        let world = given(&source).after([ask(asked)]);
        let run = &world.partition.runs[&RunId::of_schedule(pipeline(), "daily", instant(second_of))];
        assert_eq!(run.inputs["downbeat_instants"], expected);
    }
}

#[test]
fn an_instant_of_which_no_run_can_be_made_is_decided_and_the_next_one_goes_on() {
    let gone = SCHEDULED.replace("today", "\"${{ ENV.GONE }}\"");
    let world = given(&gone).after([fire("daily", None, 0)]);
    given(&gone).when(fire("daily", None, 0)).then(["ScheduleDecided daily: REFUSEDx1"]);
    assert!(world.partition.runs.is_empty());
    given(&gone)
        .after([fire("daily", None, 0)])
        .when(fire("daily", Some(0), 100))
        .then(["ScheduleDecided daily: REFUSEDx1"]);
}

#[test]
fn a_question_holds_only_if_nothing_was_decided_since() {
    for (fired, after, again, refused) in [
        (100, None, 100, true),
        (100, None, 101, true),
        (100, Some(40), 101, true),
        (100, Some(100), 100, true),
        (100, Some(100), 40, true),
        (100, Some(100), 101, false),
    ] {
        let outcome = given(SCHEDULED).after([fire("daily", None, fired)]).when(fire("daily", after, again));
        if refused {
            outcome.refused("was decided up to");
        } else {
            outcome.then(["RunCreated of version 1", "TaskReady a"]);
        }
    }
}

#[test]
fn passed_instants_are_recorded_before_the_run_that_follows_them() {
    let mut late = question("daily", None, 300);
    late.passed = vec![passed(PassReason::TooOld, 0, 100, 2), passed(PassReason::Coalesced, 150, 200, 3)];
    given(SCHEDULED).when(ask(late.clone())).then([
        "ScheduleDecided daily: TOO_OLDx2 COALESCEDx3",
        "RunCreated of version 1",
        "TaskReady a",
    ]);
    let world = given(SCHEDULED).after([ask(late)]);
    let run = &world.partition.runs[&RunId::of_schedule(pipeline(), "daily", instant(300))];
    let Trigger::Scheduled { coalesced, coalesced_count, .. } = &run.trigger else { panic!("not scheduled") };
    assert_eq!((coalesced.as_slice(), *coalesced_count), ([instant(200)].as_slice(), 3));
}

#[test]
fn a_question_may_only_pass_instants_and_does_so_while_the_pipeline_is_paused() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: "moving".to_owned() });
    let passes = FireSchedule {
        passed: vec![passed(PassReason::Paused, 0, 100, 2)],
        fires: false,
        ..question("daily", None, 100)
    };
    given(SCHEDULED).after([pause.clone()]).when(fire("daily", None, 0)).refused("is paused");
    given(SCHEDULED).after([pause, ask(passes.clone())]).when(ask(passes)).refused("was decided up to");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let passing = |passed: Vec<PassedInstants>, instant: i64, fires: bool| {
        ask(FireSchedule { passed, fires, ..question("daily", Some(0), instant) })
    };
    let given = || given(SCHEDULED).after([fire("daily", None, 0)]);
    let of = |first, last| vec![passed(PassReason::Missed, first, last, 1)];
    for (step, why) in [
        (passing(Vec::new(), 100, false), "nothing is decided"),
        (passing(of(50, 60), 100, false), "nothing is decided"),
        (passing(of(0, 60), 100, true), "do not lie between"),
        (passing(of(60, 50), 100, true), "do not lie between"),
        (passing(of(50, 100), 100, true), "do not lie between"),
        (passing(vec![of(50, 60).remove(0); 9], 100, true), "too many"),
        (
            passing(vec![PassedInstants { listed: vec![instant(60); 101], ..of(50, 60).remove(0) }], 100, true),
            "too many",
        ),
    ] {
        given().when(step).refused(why);
    }
}

#[test]
fn what_is_not_late_yet_cannot_be_missed() {
    // Now is the second 1,000 of these tests.
    for (last, refused) in [(971, true), (970, false)] {
        let missed = vec![passed(PassReason::Missed, 0, last, 5)];
        let outcome =
            given(SCHEDULED).when(ask(FireSchedule { passed: missed, fires: false, ..question("daily", None, last) }));
        if refused {
            outcome.refused("is not due at");
        } else {
            outcome.then(["ScheduleDecided daily: MISSEDx5"]);
        }
    }
}

#[test]
fn a_paused_schedule_does_not_fire() {
    let paused = format!("meta: {{downbeat: {{schedule_options: {{daily: {{paused: true}}}}}}}}\n{SCHEDULED}");
    given(&paused).when(fire("daily", None, 0)).refused("it is paused");
}

#[test]
fn schedules_have_watermarks_of_their_own() {
    given(SCHEDULED)
        .after([fire("daily", None, 100)])
        .when(fire("schedule-2", None, 40))
        .then(["RunCreated of version 1", "TaskReady a"]);
}

#[test]
fn a_watermark_outlives_a_new_version() {
    let next = SCHEDULED.replace("default: none", "default: nothing");
    let apply = Step::Do(Command::apply(crate::world::applied(&next)));
    given(SCHEDULED)
        .after([fire("daily", None, 100), apply])
        .when(fire("daily", Some(100), 100))
        .refused("was decided up to");
}

#[test]
fn a_schedule_that_is_not_there_is_refused() {
    given(SCHEDULED).when(fire("weekly", None, 0)).refused("has no schedule `weekly`");
}

#[test]
fn an_instant_in_the_future_is_refused_and_moves_no_watermark() {
    let ahead = 1_000 + downbeat_domain::limits::SCHEDULE_AHEAD_SECONDS_MAX;
    given(SCHEDULED).when(fire("daily", None, ahead + 1)).refused("is not due at");
    given(SCHEDULED).when(fire("daily", None, ahead)).then(["RunCreated of version 1", "TaskReady a"]);
}

#[test]
fn the_newest_rules_of_time_zones_are_noted_once() {
    let note = |release: &str| Step::Do(Command::NoteTimeZones { release: release.to_owned() });
    let world = given(SCHEDULED).when(note("2025b")).then(["TimeZonesChanged  to 2025b"]);
    let world = world.when(note("2026f")).then(["TimeZonesChanged 2025b to 2026f"]);
    // A scheduler that lags behind, and one that says it again.
    let mut world = world.when(note("2025b")).then([]).when(note("2026f")).then([]);
    for wrong in ["", "2026", "26f", "year", "2026-f", "2026\u{e9}", "2026abcdefghijklm"] {
        world = world.when(note(wrong)).refused_as("INVALID_RELEASE");
    }
}

#[test]
fn a_question_about_the_schedule_of_another_version_decides_nothing() {
    let of = |version: u32, instant: i64| FireSchedule { version, ..question("daily", None, instant) };
    let world = given(SCHEDULED).after([apply(&SCHEDULED.replace("0 8 * * ? *", "0 7 * * ? *"))]);
    let world = world.when(ask(of(1, 0))).refused("it was asked of version 1, and 2 is current");
    world.when(ask(of(2, 0))).accepted();
}
