//! Sensors of the random world: windows open, are polled, close; events come for them.

use downbeat_domain::{
    Command, PollSensor, TakeWebhook,
    plan::{PlanCheck, PlanSchedule, PlanSensor, PlanWebhook},
    sensors::{self, CheckAnswer},
};
use jiff::SignedDuration;
use serde_json::{Map, json};

use super::{MAIN, World, pick};

const IDS: [&str; 2] = ["landed", "told"];

/// One that a worker checks, one that the core checks by itself.
pub(super) fn sensors() -> Vec<PlanSensor> {
    let check = |integration: &str, sensor_type: &str| PlanCheck {
        id: "c".to_owned(),
        integration: integration.to_owned(),
        sensor_type: sensor_type.to_owned(),
        parameters: json!({"event_type": "done"}).as_object().cloned().unwrap_or_default(),
        connection: String::new(),
        map_outputs: vec![("n".to_owned(), "rows".to_owned())],
    };
    let sensor = |id: &str, checks| PlanSensor {
        id: id.to_owned(),
        name: id.to_owned(),
        schedule: PlanSchedule {
            name: PlanSensor::schedule_name(id),
            cron: "0 9 * * ? *".to_owned(),
            timezone: "UTC".to_owned(),
            ..PlanSchedule::default()
        },
        timeout_ms: 40_000,
        frequency_ms: 1_000,
        checks,
        condition: (id == "told").then(|| "true".to_owned()),
        run_inputs: Map::new(),
        alerts: super::alerts::alerts(),
    };
    let own = vec![check("POSTGRES", "POSTGRES_QUERY"), check("ORCHESTRA", "ORCHESTRA_WEBHOOK_EVENT")];
    vec![sensor(IDS[0], vec![check("POSTGRES", "POSTGRES_QUERY")]), sensor(IDS[1], own)]
}

pub(super) fn webhook() -> PlanWebhook {
    let run_inputs = json!({"n": "${{ outputs.payload.n }}"});
    PlanWebhook { run_inputs: run_inputs.as_object().cloned().unwrap_or_default() }
}

impl World {
    /// Something about sensors, or a call from outside.
    pub(super) fn of_sensors(&mut self, which: u8, detail: u8, more: u8) -> Command {
        let windows: Vec<_> = sensors::open_windows(&self.partition).collect();
        let open = pick(windows.into_iter(), which);
        match (detail % 8, open) {
            (0, _) => Command::TakeSensorEvent {
                event_type: "done".to_owned(),
                data: json!({"rows": if more.is_multiple_of(4) { json!("many") } else { json!(more) }}),
            },
            (1, Some(window)) => {
                self.now = self.now.checked_add(SignedDuration::from_secs(25)).unwrap_or(self.now);
                Command::WakePipeline { pipeline: window.pipeline }
            }
            (2, _) => Command::TakeWebhook(TakeWebhook {
                pipeline: MAIN,
                delivery: (more % 16).to_string(),
                payload: json!({"n": more % 5}),
                signature: ["", "standard-webhooks"][usize::from(which % 2)].to_owned(),
            }),
            (3..=6, Some(window)) => {
                let checks = sensors::poll(&self.partition, &window, self.now).map_or(1, |poll| poll.checks);
                let answer = |place: usize| match (more >> (2 * (place % 4))) & 3 {
                    0 => CheckAnswer::Pending("no file".to_owned()),
                    1 => CheckAnswer::Failed("host down".to_owned()),
                    _ => CheckAnswer::Passed(
                        json!({"rows": detail, "two words": true}).as_object().cloned().unwrap_or_default(),
                    ),
                };
                let answers = (0..checks).map(|place| (!more.is_multiple_of(7)).then(|| answer(place)));
                Command::PollSensor(PollSensor { window, answers: answers.collect() })
            }
            (7, None) if more.is_multiple_of(3) => Command::RaiseLevel,
            (7, None) => Command::NoteTimeZones { release: format!("20{}a", 20 + more % 40) },
            _ => self.due_now(PlanSensor::schedule_name(IDS[usize::from(which / 2 % 2)])),
        }
    }
}
