//! Windows of sensors.

use downbeat_domain::{
    Event, WindowRef,
    event::{Finding, SensorChecked, SensorClosed, SensorEventTaken, SensorOpened},
};

use super::fields::Fields;
use crate::{
    convert,
    event::{DecodeError, words},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    Ok(match kind {
        EventKind::SensorOpened => {
            let opened: wire::SensorOpened = fields.parse(payload)?;
            Event::SensorOpened(Box::new(SensorOpened {
                window: window(fields, opened.window)?,
                closes: fields.at(opened.closes_at)?,
                at: fields.at(opened.at)?,
            }))
        }
        EventKind::SensorChecked => {
            let checked: wire::SensorChecked = fields.parse(payload)?;
            let findings = checked.findings.into_iter().map(finding);
            Event::SensorChecked(Box::new(SensorChecked {
                window: window(fields, checked.window)?,
                findings: findings.collect::<Option<_>>().ok_or(fields.missing("findings"))?,
                at: fields.at(checked.at)?,
            }))
        }
        EventKind::SensorClosed => {
            let closed: wire::SensorClosed = fields.parse(payload)?;
            Event::SensorClosed(Box::new(SensorClosed {
                window: window(fields, closed.window)?,
                end: words::window_end_of(closed.end).ok_or(fields.missing("end"))?,
                message: closed.message,
                at: fields.at(closed.at)?,
            }))
        }
        EventKind::SensorEventTaken => {
            let taken = event_taken(fields.parse(payload)?).ok_or(fields.missing("data"))?;
            Event::SensorEventTaken(Box::new(taken))
        }
        _ => return Err(fields.missing("kind")),
    })
}

fn window(fields: Fields, window: Option<wire::SensorWindow>) -> Result<WindowRef, DecodeError> {
    let window = window.ok_or(fields.missing("window"))?;
    let pipeline = fields.pipeline(&window.pipeline_id)?;
    Ok(WindowRef { pipeline, sensor: window.sensor, instant: fields.at(window.instant)? })
}

/// What a check found; `None` = its state is none.
pub(crate) fn finding(finding: wire::SensorFinding) -> Option<Finding> {
    Some(Finding { state: words::check_state_of(finding.state)?, message: finding.message })
}

/// An event for sensors; `None` = it carries no JSON value, or its instant is none.
pub(crate) fn event_taken(taken: wire::SensorEventTaken) -> Option<SensorEventTaken> {
    let (data, at) = (serde_json::from_str(&taken.data).ok()?, convert::instant(taken.at)?);
    Some(SensorEventTaken { event_type: taken.event_type, data, at })
}
