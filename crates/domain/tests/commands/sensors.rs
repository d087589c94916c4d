//! Windows of sensors: opened by their schedule, one run per window (INV-05), closed by their time; and calls from outside.

use downbeat_domain::{
    Command, FireSchedule, PollSensor, RunId, TakeWebhook, Trigger, WindowRef,
    limits::WINDOWS_CLOSED_PER_DECISION_MAX,
    sensors::{self, CheckAnswer},
};
use serde_json::{Value, json};

use crate::world::*;

const LANDED: &str = "inputs:
  rows: {type: number, optional: true}
  note: {type: string, optional: true}
sensors:
  landed:
    name: Landed
    cron: 0 8 * * ? *
    timezone: UTC
    timeout_mins: 60
    run_inputs: {note: 'from ${{ ORCHESTRA.CURRENT_TIME }}'}
    checks:
      rows:
        integration: POSTGRES
        sensor_type: POSTGRES_QUERY
        parameters: {query: 'select 1'}
        map_outputs: {rows: '${{ outputs.results[0].n }}'}
      told:
        integration: ORCHESTRA
        sensor_type: ORCHESTRA_WEBHOOK_EVENT
        parameters: {event_type: loaded}
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

/// One check, with the given fields beside it and in the sensor.
fn one(sensor: &str, check: &str) -> String {
    format!(
        "inputs: {{n: {{type: number, optional: true}}}}\nsensors:\n  s:\n    name: S\n    cron: 0 8 * * ? *\n    timezone: UTC\n    \
         timeout_mins: 60\n{sensor}    checks:\n      c:\n{check}pipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}}}\n"
    )
}

fn query(rest: &str) -> String {
    format!(
        "        integration: POSTGRES\n        sensor_type: POSTGRES_QUERY\n        parameters: {{query: 'select 1'}}\n{rest}"
    )
}

fn window(sensor: &str, second: i64) -> WindowRef {
    WindowRef { pipeline: pipeline(), sensor: sensor.to_owned(), instant: instant(second) }
}

/// The schedule of a sensor is due.
fn open_after(sensor: &str, after: Option<i64>, second: i64) -> Step {
    Step::Do(Command::FireSchedule(FireSchedule {
        version: 0,
        pipeline: pipeline(),
        schedule: format!("sensor:{sensor}"),
        instant: instant(second),
        after: after.map(instant),
        passed: Vec::new(),
        fires: true,
    }))
}

fn open(sensor: &str) -> Step {
    open_after(sensor, None, 0)
}

fn polled(sensor: &str, second: i64, answers: Vec<Option<CheckAnswer>>) -> Step {
    Step::Do(Command::PollSensor(PollSensor { window: window(sensor, second), answers }))
}

fn passed(outputs: Value) -> Option<CheckAnswer> {
    Some(CheckAnswer::Passed(object(outputs)))
}

fn pending(why: &str) -> Option<CheckAnswer> {
    Some(CheckAnswer::Pending(why.to_owned()))
}

fn tell(event_type: &str, data: Value) -> Step {
    Step::Do(Command::TakeSensorEvent { event_type: event_type.to_owned(), data })
}

fn look_at_the_clock() -> Step {
    Step::Do(Command::WakePipeline { pipeline: pipeline() })
}

fn inputs(world: &World) -> Value {
    Value::Object(world.partition.runs.values().next_back().unwrap().inputs.clone())
}

#[test]
fn a_window_waits_until_all_checks_have_passed_in_one_poll() {
    let rows = || passed(json!({"results": [{"n": 3}]}));
    let world = given(LANDED).when(open("landed")).then(["SensorOpened landed"]);
    let world = world
        .when(polled("landed", 0, vec![pending("no row"), None]))
        .then(["SensorChecked landed: PENDING (no row), PENDING (no event `loaded` has come)"]);
    // The same again is no news.
    let world = world.when(polled("landed", 0, vec![pending("no row"), None])).then([]);
    let world = world
        .when(polled("landed", 0, vec![rows(), None]))
        .then(["SensorChecked landed: PASSED, PENDING (no event `loaded` has come)"]);
    let world = world.when(tell("loaded", json!({"table": "orders"}))).then(["SensorEventTaken loaded"]);
    // What had passed before must pass again.
    let world = world
        .when(polled("landed", 0, vec![pending("gone again"), None]))
        .then(["SensorChecked landed: PENDING (gone again), PASSED"]);
    let world = world.when(polled("landed", 0, vec![rows(), None])).then(["RunCreated of version 1", "TaskReady a"]);
    let run = world.partition.runs.values().next().unwrap();
    assert_eq!(run.id, RunId::of_sensor(&window("landed", 0)));
    assert_eq!(run.trigger, Trigger::Sensor { sensor: "landed".to_owned(), instant: instant(0) });
    assert_eq!(inputs(&world), json!({"rows": 3, "note": "from 2025-06-15T15:06:40.000000"}));
    // The window is closed: whoever polls it late changes nothing.
    world.when(polled("landed", 0, vec![rows(), None])).then([]);
}

#[test]
fn a_window_opens_once_per_instant_and_closes_by_its_time() {
    let world = given(LANDED).when(open("landed")).then(["SensorOpened landed"]);
    let world = world.when(open_after("landed", None, 0)).refused_as("ALREADY_FIRED");
    let world = world.after([after(3_599)]).when(look_at_the_clock()).then([]);
    let world = world
        .after([after(1)])
        .when(look_at_the_clock())
        .then(["SensorClosed landed TIMED_OUT: its checks were never answered"]);
    // Nothing starts until the next instant.
    let world = world.when(polled("landed", 0, vec![passed(json!({})), None])).then([]);
    let world = world.when(open_after("landed", Some(0), 3_000)).then(["SensorOpened landed"]);
    let world = world.after([polled("landed", 3_000, vec![pending("no row"), None]), after(3_600)]);
    world.when(look_at_the_clock()).then([
        "SensorClosed landed TIMED_OUT: check `rows` PENDING: no row; check `told` PENDING: no event `loaded` has come",
    ]);
}

#[test]
fn the_next_window_takes_the_place_of_one_that_is_still_open() {
    let world = given(LANDED).after([open("landed"), after(60)]);
    let world =
        world.when(open_after("landed", Some(0), 60)).then(["SensorClosed landed FOLLOWED: ", "SensorOpened landed"]);
    world.when(polled("landed", 0, vec![passed(json!({})), None])).then([]);
}

#[test]
fn a_window_stays_open_over_a_new_version_that_leaves_its_sensor_as_it_is() {
    let other_task = LANDED.replace("  a: {", "  b: {");
    let other_sensor = LANDED.replace("timeout_mins: 60", "timeout_mins: 61");
    let world = given(LANDED).after([open("landed")]);
    let world = world.when(apply(&other_task)).then(["PipelineApplied version 2"]);
    let world = world.when(apply(&other_sensor)).then(["SensorClosed landed REPLACED: ", "PipelineApplied version 3"]);
    let world = world.after([open_after("landed", Some(0), 1)]);
    world
        .when(Step::Do(Command::DeletePipeline { pipeline: pipeline() }))
        .then(["SensorClosed landed DELETED: ", "PipelineDeleted"]);
}

#[test]
fn the_condition_is_asked_once_all_checks_have_passed() {
    let world = given(&one("    condition: '${{ 1 > 2 }}'\n", &query(""))).after([open("s")]);
    let world = world
        .when(polled("s", 0, vec![passed(json!({}))]))
        .then(["SensorChecked s: PASSED (condition `1 > 2` gave false)"]);
    let world = world.after([after(3_600)]);
    world.when(look_at_the_clock()).then(["SensorClosed s TIMED_OUT: condition `1 > 2` gave false"]);
}

#[test]
fn outputs_become_inputs_by_name_or_by_template_and_a_lack_of_them_is_the_end_of_the_window() {
    for (map, outputs, expected) in [
        ("{n: rows}", json!({"rows": 4}), Ok(json!({"n": 4}))),
        ("{n: '${{ outputs.rows }}'}", json!({"rows": 4}), Ok(json!({"n": 4}))),
        ("{n: '${{ outputs.rows * 2 }}'}", json!({"rows": 4}), Ok(json!({"n": 8}))),
        ("{n: rows}", json!({"rows": "5"}), Ok(json!({"n": 5}))),
        ("{n: rows}", json!({"a": 1, "b": 2}), Err("input `n`: check `c` gives no `rows`; it gave: a, b")),
        ("{n: rows}", json!({}), Err("input `n`: check `c` gives no `rows`; it gave: nothing")),
        ("{n: rows}", json!({"rows": "many"}), Err("pipeline input `n`")),
        // What comes from outside is never taken for an expression.
        ("{n: rows}", json!({"rows": "${{ 1 + 1 }}"}), Err("expressions are not evaluated in what a trigger gives")),
    ] {
        let world = given(&one("", &query(&format!("        map_outputs: {map}\n")))).after([open("s")]);
        let outcomes = world.when(polled("s", 0, vec![passed(outputs.clone())]));
        match expected {
            Ok(expected) => assert_eq!(inputs(&outcomes.accepted()), expected, "{map} {outputs}"),
            Err(words) => {
                let lines = outcomes.lines();
                assert!(lines[0].starts_with("SensorClosed s REFUSED: ") && lines[0].contains(words), "{lines:?}");
                assert_eq!(lines.len(), 1);
            }
        }
    }
}

#[test]
fn a_pipeline_status_counts_if_it_came_about_since_the_window_opened() {
    let status = |status: &str| {
        let other = pipeline_of("other");
        let check = format!(
            "        integration: ORCHESTRA\n        sensor_type: ORCHESTRA_PIPELINE_STATUS\n        parameters: {{pipeline_id: {other}, status: {status}}}\n"
        );
        one("", &check)
    };
    const OTHER: &str = "pipeline:\n  b: {integration: X, integration_job: Y, parameters: {}}\n";
    let run = || Step::Start(start_pipeline("other"));
    let poll = || polled("s", 0, vec![None]);
    // There is no such pipeline yet.
    let lines = given(&status("SUCCEEDED")).after([open("s")]).when(poll()).lines();
    assert!(lines[0].contains("there is no pipeline"), "{lines:?}");
    // It ended before.
    let world = given(&status("SUCCEEDED")).and("other", OTHER).after([run()]).worked_off(&[]);
    let world = world.after([after(10), open("s")]).when(poll()).accepted();
    assert!(world.partition.runs.is_empty());
    // It ended since, in another way; then in this one.
    let world = world.after([after(1), run().of("2")]).worked_off(&[("b", bad())]).when(poll()).then([]);
    let world = world.after([run().of("3")]).worked_off(&[]);
    world.when(poll()).then(["RunCreated of version 1", "TaskReady a"]);
    // A status that is no end counts while it lasts.
    let world = given(&status("RUNNING")).and("other", OTHER).after([open("s"), run()]);
    let world = world.when(poll()).accepted().after([lease("b"), started("b", 1)]);
    world.when(poll()).then(["RunCreated of version 1", "TaskReady a"]);
}

#[test]
fn an_event_counts_if_it_came_since_the_window_opened_or_any_counts_for_seven_days() {
    let check = |rest: &str| {
        one(
            "",
            &format!(
                "        integration: ORCHESTRA\n        sensor_type: ORCHESTRA_WEBHOOK_EVENT\n        parameters: {{event_type: loaded{rest}}}\n        map_outputs: {{n: rows}}\n"
            ),
        )
    };
    let poll = || polled("s", 0, vec![None]);
    let told = |rest: &str, seconds: i64| {
        given(&check(rest)).after([tell("loaded", json!({"rows": 7})), after(seconds), open_after("s", None, 0)])
    };
    let lines = told("", 5).when(poll()).lines();
    assert!(lines[0].contains("before the window opened"), "{lines:?}");
    assert_eq!(inputs(&told(", check_latest_event: true", 7 * 86_400).when(poll()).accepted()), json!({"n": 7}));
    let lines = told(", check_latest_event: true", 7 * 86_400 + 1).when(poll()).lines();
    assert!(lines[0].contains("no event `loaded` has come"), "{lines:?}");
    // One that comes in the very moment counts.
    let world = given(&check("")).after([open("s"), tell("loaded", json!({"rows": 8}))]);
    assert_eq!(inputs(&world.when(poll()).accepted()), json!({"n": 8}));
}

#[test]
fn events_for_sensors_have_limits() {
    let world = given(LANDED);
    let world = world.when(tell("", json!({}))).refused("1 to 255 are allowed");
    let world = world.when(tell(&"x".repeat(256), json!({}))).refused("256 characters");
    let world = world.when(tell("x", json!("y".repeat(65_536)))).refused("at most 65536 are allowed");
    let world = world.without_checks((0..1_000).map(|number| tell(&number.to_string(), json!(1))));
    let world = world.when(tell("one more", json!(1))).refused_as("INVALID_SENSOR_EVENT");
    let world = world.when(tell("7", json!(2))).accepted();
    world.after([after(7 * 86_400 + 1)]).when(tell("one more", json!(1))).accepted();
}

#[test]
fn a_paused_pipeline_starts_nothing_and_its_window_goes_on() {
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: String::new() });
    let resume = Step::Do(Command::ResumePipeline { pipeline: pipeline() });
    let world = given(&one("", &query(""))).after([open("s"), pause]);
    let world = world.when(polled("s", 0, vec![passed(json!({}))])).refused_as("PIPELINE_PAUSED");
    let world = world.after([resume]);
    world.when(polled("s", 0, vec![passed(json!({}))])).then(["RunCreated of version 1", "TaskReady a"]);
}

#[test]
fn workers_are_asked_for_what_they_can_find_out_with_every_expression_resolved() {
    let body = one(
        "",
        "        integration: POSTGRES\n        sensor_type: POSTGRES_QUERY\n        parameters: {query: 'select ${{ 1 + 1 }}'}\n        connection: shop_12345\n",
    );
    let world = given(&body).after([open("s"), after(7)]);
    assert_eq!(sensors::open_windows(&world.partition).collect::<Vec<_>>(), [window("s", 0)]);
    let poll = sensors::poll(&world.partition, &window("s", 0), world.now).unwrap();
    assert_eq!((poll.checks, poll.frequency_ms, poll.to_make.len()), (1, 60_000, 1));
    let check = &poll.to_make[0];
    assert_eq!((check.place, check.connection.as_str(), check.since), (0, "shop_12345", instant(0)));
    assert_eq!(Value::Object(check.parameters.clone()), json!({"query": "select 2"}));
    assert_eq!(sensors::poll(&world.partition, &window("s", 1), world.now), None);
    // What the core finds out by itself is nobody's work.
    let world = given(LANDED).after([open("landed")]);
    assert_eq!(sensors::poll(&world.partition, &window("landed", 0), world.now).unwrap().to_make.len(), 1);
}

const HOOK: &str = "inputs: {table: {type: string, optional: true}}
webhook: {enabled: true, run_inputs: {table: '${{ outputs.payload.table }}'}}
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

fn call(delivery: &str, payload: Value) -> Step {
    Step::Do(Command::TakeWebhook(TakeWebhook {
        pipeline: pipeline(),
        delivery: delivery.to_owned(),
        payload,
        signature: "github".to_owned(),
    }))
}

#[test]
fn a_delivery_starts_one_run_however_often_it_comes() {
    let world =
        given(HOOK).when(call("1", json!({"table": "orders"}))).then(["RunCreated of version 1", "TaskReady a"]);
    assert_eq!(inputs(&world), json!({"table": "orders"}));
    let run = world.partition.runs.values().next().unwrap();
    assert_eq!(run.trigger, Trigger::Webhook { delivery: "1".to_owned(), signature: "github".to_owned() });
    let world = world.when(call("1", json!({"table": "other"}))).then([]);
    let world = world.worked_off(&[]).when(call("1", json!({}))).then([]);
    let world = world.when(call("2", json!({"table": "${{ 1 }}"}))).accepted();
    assert_eq!(inputs(&world), json!({"table": "${{ 1 }}"}));
}

#[test]
fn calls_that_cannot_start_anything_are_refused() {
    let world = given(HOOK).when(call("1", json!({}))).refused("pipeline input `table`");
    let world = world.when(call("", json!({"table": "x"}))).refused("1 to 255 are allowed");
    let pause = Step::Do(Command::PausePipeline { pipeline: pipeline(), reason: String::new() });
    world.after([pause]).when(call("1", json!({"table": "x"}))).refused_as("PIPELINE_PAUSED");
    given(&HOOK.replace("enabled: true", "enabled: false")).when(call("1", json!({}))).refused_as("NO_WEBHOOK");
}

#[test]
fn windows_that_are_over_together_are_closed_in_decisions_of_bounded_size() {
    let ids: Vec<String> = (0..60).map(|number| format!("s{number}")).collect();
    let sensor = |id: &String| {
        format!(
            "  {id}:\n    name: S\n    cron: 0 8 * * ? *\n    timezone: UTC\n    timeout_mins: 60\n    checks:\n      c:\n{}",
            query("")
        )
    };
    let sensors: String = ids.iter().map(sensor).collect();
    let body = format!("sensors:\n{sensors}pipeline:\n  a: {{integration: X, integration_job: Y, parameters: {{}}}}\n");
    let world = given(&body).after(ids.iter().map(|id| open(id))).after([after(3_600)]);
    let outcomes = world.when(look_at_the_clock());
    assert_eq!(outcomes.lines().len(), WINDOWS_CLOSED_PER_DECISION_MAX);
    let outcomes = outcomes.accepted().when(look_at_the_clock());
    assert_eq!(outcomes.lines().len(), 60 - WINDOWS_CLOSED_PER_DECISION_MAX);
    outcomes.accepted().when(look_at_the_clock()).then([]);
}
