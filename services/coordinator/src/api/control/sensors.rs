//! What the sensors of a pipeline are at: open windows, what their checks found, when they are asked again.

use downbeat_domain::{WindowRef, plan::PlanSensor, state::Window};
use downbeat_proto::{control::v1 as wire, convert};
use tonic::Status;

use super::{Control, request::pipeline_of};
use crate::{
    api::refused,
    engine::{Engine, Moment},
};

impl Control {
    pub(super) async fn sensors(&self, request: wire::ListSensorsRequest) -> Result<wire::ListSensorsResponse, Status> {
        let pipeline = pipeline_of(&request.pipeline)?;
        let asked = self.handle.ask(move |engine, now| {
            let state = engine.partition().pipelines.get(&pipeline).filter(|state| !state.deleted)?;
            let sensors = state.plan.plan.sensors.iter().map(|sensor| {
                let open = state.windows.get(&sensor.id);
                let next = open.and_then(|open| {
                    let window = WindowRef { pipeline, sensor: sensor.id.clone(), instant: open.instant };
                    next_poll(engine, &window, now)
                });
                sensor_of(sensor, open, next)
            });
            Some(sensors.collect::<Vec<_>>())
        });
        let found = asked.await.map_err(|error| refused(&error))?;
        let missing = || Status::not_found(format!("there is no pipeline `{}`; apply it first", request.pipeline));
        Ok(wire::ListSensorsResponse { sensors: found.ok_or_else(missing)? })
    }
}

/// On the wall, microseconds.
fn next_poll(engine: &Engine, window: &WindowRef, now: Moment) -> Option<i64> {
    let due = engine.next_poll(window)?.saturating_sub(now.monotonic);
    Some(convert::micros(now.wall).saturating_add(i64::try_from(due.as_micros()).unwrap_or(i64::MAX)))
}

fn sensor_of(sensor: &PlanSensor, open: Option<&Window>, next_poll: Option<i64>) -> wire::Sensor {
    let checks = sensor.checks.iter().enumerate().map(|(place, check)| {
        let found = open.and_then(|open| open.findings.get(place));
        wire::SensorCheckState {
            id: check.id.clone(),
            integration: check.integration.clone(),
            sensor_type: check.sensor_type.clone(),
            state: found.map(|found| found.state.as_str().to_owned()).unwrap_or_default(),
            message: found.map(|found| found.message.clone()).unwrap_or_default(),
        }
    });
    wire::Sensor {
        id: sensor.id.clone(),
        name: sensor.name.clone(),
        cron: sensor.schedule.cron.clone(),
        timezone: sensor.schedule.timezone.clone(),
        window: open.map(|open| wire::OpenWindow {
            instant: convert::micros(open.instant),
            opened_at: convert::micros(open.opened),
            closes_at: convert::micros(open.closes),
            next_poll_at: next_poll.unwrap_or_default(),
        }),
        checks: checks.collect(),
    }
}
