//! Windows of sensors: one that waits, one that started a run, one that timed out; and a call from outside.

use downbeat_domain::{Command, FireSchedule, PollSensor, TakeWebhook, WindowRef, sensors::CheckAnswer};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::recorder::{Recorder, pipeline};

const BODY: &str = "inputs: {n: {type: number, optional: true}}
webhook: {enabled: true, run_inputs: {n: '${{ outputs.payload.n }}'}}
sensors:
  rows:
    name: Rows
    cron: 0 8 ? * * *
    timezone: Europe/London
    timeout_mins: 30
    checks:
      c: {integration: POSTGRES, sensor_type: POSTGRES_QUERY, parameters: {query: select 1}, map_outputs: {n: rows}}
  told:
    name: Told
    cron: 0 9 ? * * *
    timezone: UTC
    timeout_mins: 60
    checks:
      c: {integration: ORCHESTRA, sensor_type: ORCHESTRA_WEBHOOK_EVENT, parameters: {event_type: loaded}}
pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}
";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("an instant")
}

fn open(sensor: &str, after: Option<i64>, second: i64) -> Command {
    Command::FireSchedule(FireSchedule {
        version: 0,
        pipeline: pipeline("demo"),
        schedule: format!("sensor:{sensor}"),
        instant: at(second),
        after: after.map(at),
        passed: Vec::new(),
        fires: true,
    })
}

fn poll(sensor: &str, second: i64, answer: Option<CheckAnswer>) -> Command {
    let window = WindowRef { pipeline: pipeline("demo"), sensor: sensor.to_owned(), instant: at(second) };
    Command::PollSensor(PollSensor { window, answers: vec![answer] })
}

fn passed(outputs: Value) -> Option<CheckAnswer> {
    Some(CheckAnswer::Passed(outputs.as_object().cloned().unwrap_or_default()))
}

pub(crate) fn sensors() -> Vec<Vec<u8>> {
    let tell = Command::TakeSensorEvent { event_type: "loaded".to_owned(), data: json!({"rows": 3}) };
    let call = Command::TakeWebhook(TakeWebhook {
        pipeline: pipeline("demo"),
        delivery: "msg_1".to_owned(),
        payload: json!({"n": 4}),
        signature: "standard-webhooks".to_owned(),
    });
    Recorder::new(BODY)
        .run(open("rows", None, 1_000))
        .run(open("told", None, 1_000))
        .run(tell)
        .run(poll("rows", 1_000, Some(CheckAnswer::Failed("host down".to_owned()))))
        .run(call)
        .after(1_801)
        .run(Command::WakePipeline { pipeline: pipeline("demo") })
        .run(poll("told", 1_000, None))
        .run(open("rows", Some(1_000), 2_000))
        .run(poll("rows", 2_000, passed(json!({"rows": 5}))))
        .run(open("rows", Some(2_000), 3_000))
        .run(poll("rows", 3_000, Some(CheckAnswer::Pending("no row".to_owned()))))
        .into_records()
}
