//! Windows of sensors.

use downbeat_domain::{Event, WindowRef};
use serde_json::{Value, json};

use super::at;

pub(super) fn to_json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::SensorOpened(opened) => {
            json!({"window": window(&opened.window), "closes_at": at(opened.closes), "at": at(opened.at)})
        }
        Event::SensorChecked(checked) => {
            let findings = checked.findings.iter();
            let findings = findings.map(|it| json!({"state": it.state.as_str(), "message": it.message}));
            let findings: Vec<Value> = findings.collect();
            json!({"window": window(&checked.window), "findings": findings, "at": at(checked.at)})
        }
        Event::SensorClosed(closed) => json!({
            "window": window(&closed.window), "end": closed.end.as_str(), "message": closed.message,
            "at": at(closed.at),
        }),
        Event::SensorEventTaken(taken) => {
            json!({"event_type": taken.event_type, "data": taken.data, "at": at(taken.at)})
        }
        _ => return None,
    })
}

fn window(window: &WindowRef) -> Value {
    json!({"pipeline_id": window.pipeline.to_string(), "sensor": window.sensor, "instant": at(window.instant)})
}
