//! Windows of sensors.

use downbeat_domain::{
    Event, WindowRef,
    event::{Finding, SensorEventTaken},
};

use crate::{
    convert::{id_bytes, micros},
    event::{event, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::SensorOpened(opened) => event(
            EventKind::SensorOpened,
            &wire::SensorOpened {
                window: Some(window(&opened.window)),
                closes_at: micros(opened.closes),
                at: micros(opened.at),
            },
        ),
        Event::SensorChecked(checked) => event(
            EventKind::SensorChecked,
            &wire::SensorChecked {
                window: Some(window(&checked.window)),
                findings: checked.findings.iter().map(finding).collect(),
                at: micros(checked.at),
            },
        ),
        Event::SensorClosed(closed) => event(
            EventKind::SensorClosed,
            &wire::SensorClosed {
                window: Some(window(&closed.window)),
                end: words::window_end(closed.end) as i32,
                message: closed.message.clone(),
                at: micros(closed.at),
            },
        ),
        Event::SensorEventTaken(taken) => event(EventKind::SensorEventTaken, &event_taken(taken)),
        // The caller hands on the kinds above and no others.
        _ => wire::Event::default(),
    }
}

pub(super) fn window(window: &WindowRef) -> wire::SensorWindow {
    wire::SensorWindow {
        pipeline_id: id_bytes(&window.pipeline.0),
        sensor: window.sensor.clone(),
        instant: micros(window.instant),
    }
}

/// The wire form of what a check found.
pub(crate) fn finding(finding: &Finding) -> wire::SensorFinding {
    wire::SensorFinding { state: words::check_state(finding.state) as i32, message: finding.message.clone() }
}

/// The wire form of an event for sensors.
pub(crate) fn event_taken(taken: &SensorEventTaken) -> wire::SensorEventTaken {
    wire::SensorEventTaken { event_type: taken.event_type.clone(), data: taken.data.to_string(), at: micros(taken.at) }
}
