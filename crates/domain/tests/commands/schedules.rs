//! FireSchedule: one run per instant, whoever fires it and how often (INV-05).

use downbeat_domain::{Command, FireSchedule, RunId, Trigger};
use serde_json::json;

use crate::world::{self, Step, given, object, pipeline};

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

fn fire(schedule: &str, second: i64) -> Step {
    let fire = FireSchedule { pipeline: pipeline(), schedule: schedule.to_owned(), instant: instant(second) };
    Step::Do(Command::FireSchedule(fire))
}

#[test]
fn a_fired_instant_starts_the_run_of_its_derived_id_with_the_inputs_of_its_schedule() {
    let world = given(SCHEDULED).after([fire("daily", 0)]);
    let run = &world.partition.runs[&RunId::of_schedule(pipeline(), "daily", instant(0))];
    assert_eq!(run.inputs, object(json!({"day": "today"})));
    assert_eq!(run.trigger, Trigger::Scheduled { schedule: "daily".to_owned(), instant: instant(0) });
}

#[test]
fn inputs_of_a_schedule_may_be_expressions() {
    let day = "${{ format_date(ORCHESTRA.CURRENT_TIME, '%Y/%m/%d') }}";
    let world = given(&SCHEDULED.replace("today", &format!("\"{day}\""))).after([fire("daily", 0)]);
    let run = &world.partition.runs[&RunId::of_schedule(pipeline(), "daily", instant(0))];
    assert_eq!(run.inputs, object(json!({"day": "2025/06/15"})));
    let gone = SCHEDULED.replace("today", "\"${{ ENV.GONE }}\"");
    given(&gone).when(fire("daily", 0)).refused("pipeline input `day`: ");
}

#[test]
fn instants_up_to_the_watermark_are_refused() {
    for (fired, again, refused) in [(100, 100, true), (100, 40, true), (100, 101, false)] {
        let outcome = given(SCHEDULED).after([fire("daily", fired)]).when(fire("daily", again));
        if refused {
            outcome.refused("was decided up to");
        } else {
            outcome.then(["RunCreated of version 1", "TaskReady a"]);
        }
    }
}

#[test]
fn a_watermark_moves_with_every_fired_instant() {
    given(SCHEDULED).after([fire("daily", 0), fire("daily", 100)]).when(fire("daily", 60)).refused("was decided up to");
}

#[test]
fn schedules_have_watermarks_of_their_own() {
    given(SCHEDULED)
        .after([fire("daily", 100)])
        .when(fire("schedule-2", 40))
        .then(["RunCreated of version 1", "TaskReady a"]);
}

#[test]
fn a_watermark_outlives_a_new_version() {
    let next = SCHEDULED.replace("default: none", "default: nothing");
    let apply = Step::Do(Command::ApplyPipeline(Box::new(crate::world::applied(&next))));
    given(SCHEDULED).after([fire("daily", 100), apply]).when(fire("daily", 100)).refused("was decided up to");
}

#[test]
fn a_schedule_that_is_not_there_is_refused() {
    given(SCHEDULED).when(fire("weekly", 0)).refused("has no schedule `weekly`");
}

#[test]
fn an_instant_in_the_future_is_refused_and_moves_no_watermark() {
    let ahead = 1_000 + downbeat_domain::limits::SCHEDULE_AHEAD_SECONDS_MAX;
    given(SCHEDULED).when(fire("daily", ahead + 1)).refused("is not due at");
    given(SCHEDULED).when(fire("daily", ahead)).then(["RunCreated of version 1", "TaskReady a"]);
}
