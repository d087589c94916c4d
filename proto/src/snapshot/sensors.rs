//! Windows of sensors and what they may ask about, both ways.

use std::collections::BTreeMap;

use downbeat_domain::{
    RunId, RunStatus,
    event::SensorEventTaken,
    state::{SensorEvents, Window},
};
use jiff::Timestamp;

use crate::{
    convert::{id_bytes, instant, micros},
    event::{self, words},
    events::v1::SensorEventTaken as EventMessage,
    snapshots::v1 as wire,
};

pub(super) fn encode_window(window: &Window) -> wire::Window {
    wire::Window {
        instant: micros(window.instant),
        opened_at: micros(window.opened),
        closes_at: micros(window.closes),
        findings: window.findings.iter().map(event::finding).collect(),
    }
}

pub(super) fn decode_window(window: wire::Window) -> Option<Window> {
    Some(Window {
        instant: instant(window.instant)?,
        opened: instant(window.opened_at)?,
        closes: instant(window.closes_at)?,
        findings: window.findings.into_iter().map(event::finding_of).collect::<Option<_>>()?,
    })
}

/// How runs of a pipeline ended last.
type Ends = BTreeMap<RunStatus, (RunId, Timestamp)>;

pub(super) fn encode_ends(ends: &Ends) -> Vec<wire::LastEnd> {
    let message = |(status, (run, at)): (&RunStatus, &(RunId, Timestamp))| wire::LastEnd {
        status: words::run_status(*status) as i32,
        run_id: id_bytes(&run.0),
        at: micros(*at),
    };
    ends.iter().map(message).collect()
}

pub(super) fn decode_ends(ends: Vec<wire::LastEnd>) -> Option<Ends> {
    let end = |end: wire::LastEnd| {
        Some((words::run_status_of(end.status)?, (RunId::from_slice(&end.run_id)?, instant(end.at)?)))
    };
    ends.into_iter().map(end).collect()
}

pub(super) fn encode_events(events: &SensorEvents) -> Vec<EventMessage> {
    let taken = |(event_type, (at, data)): (&String, &(Timestamp, serde_json::Value))| {
        event::sensor_event(&SensorEventTaken { event_type: event_type.clone(), data: data.clone(), at: *at })
    };
    events.latest.iter().map(taken).collect()
}

pub(super) fn decode_events(events: Vec<EventMessage>) -> Option<SensorEvents> {
    let latest = events.into_iter().map(|taken| {
        let taken = event::sensor_event_of(taken)?;
        Some((taken.event_type, (taken.at, taken.data)))
    });
    Some(SensorEvents { latest: latest.collect::<Option<_>>()? })
}
