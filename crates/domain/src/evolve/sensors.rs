//! Windows of sensors and what they may ask about.

use crate::{
    event::{Event, Trigger, WindowRef},
    id::{PipelineId, RunId},
    plan::{Plan, PlanSensor},
    state::{Partition, PipelineState, Window},
    status::RunStatus,
};

use jiff::Timestamp;

pub(super) fn evolve(partition: &mut Partition, event: &Event) {
    match event {
        Event::SensorOpened(opened) => {
            let WindowRef { pipeline, sensor, instant } = &opened.window;
            let Some(state) = partition.pipelines.get_mut(pipeline).filter(|state| !state.deleted) else { return };
            if state.plan.plan.sensor(sensor).is_none() {
                return;
            }
            super::decide_up_to(state, &PlanSensor::schedule_name(sensor), *instant);
            let window = Window { instant: *instant, opened: opened.at, closes: opened.closes, findings: Vec::new() };
            state.windows.insert(sensor.clone(), window);
        }
        Event::SensorChecked(checked) => {
            let known = partition.pipelines.get_mut(&checked.window.pipeline).and_then(|state| {
                let window = state.windows.get_mut(&checked.window.sensor)?;
                (window.instant == checked.window.instant).then_some(window)
            });
            if let Some(window) = known {
                window.findings = checked.findings.clone();
            }
        }
        Event::SensorClosed(closed) => close(partition, &closed.window),
        Event::SensorEventTaken(taken) => partition.sensor_events.take(taken),
        _ => {}
    }
}

/// The run that a window was waiting for begins to exist.
pub(super) fn close_by_run(partition: &mut Partition, pipeline: PipelineId, trigger: &Trigger) {
    if let Trigger::Sensor { sensor, instant } = trigger {
        close(partition, &WindowRef { pipeline, sensor: sensor.clone(), instant: *instant });
    }
}

fn close(partition: &mut Partition, window: &WindowRef) {
    let Some(state) = partition.pipelines.get_mut(&window.pipeline) else { return };
    if state.windows.get(&window.sensor).is_some_and(|open| open.instant == window.instant) {
        state.windows.remove(&window.sensor);
    }
}

/// Windows of sensors that are as they were stay open when a pipeline gets a new version.
pub(super) fn carry(before: &mut PipelineState, new: &Plan) {
    let old = &before.plan.plan;
    before.windows.retain(|sensor, _| new.sensor(sensor).is_some() && new.sensor(sensor) == old.sensor(sensor));
}

/// How runs of a pipeline ended last is kept, per status.
pub(super) fn note_end(partition: &mut Partition, pipeline: PipelineId, run: RunId, status: RunStatus, at: Timestamp) {
    if let Some(state) = partition.pipelines.get_mut(&pipeline) {
        state.ends.insert(status, (run, at));
        super::assets::note_end(state, run, status, at);
    }
}
