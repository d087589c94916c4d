//! Open windows of sensors, and what those of any pipeline may ask about: events that others sent, and how runs ended.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    event::{Finding, SensorEventTaken},
    limits,
};

/// A window of a sensor that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The instant of the sensor's schedule that opened it.
    pub instant: Timestamp,
    /// Since when it is open: what is newer counts.
    pub opened: Timestamp,
    /// When it closes by itself.
    pub closes: Timestamp,
    /// What was found when it was last recorded, one per check; empty = nothing was recorded yet.
    pub findings: Vec<Finding>,
}

/// The latest event of each type that others sent to sensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SensorEvents {
    /// By type: when it came, and what it carries.
    pub latest: BTreeMap<String, (Timestamp, Value)>,
}

impl SensorEvents {
    /// The latest one of this type, unless it is too old to count.
    pub fn latest(&self, event_type: &str, now: Timestamp) -> Option<(Timestamp, &Value)> {
        let (at, data) = self.latest.get(event_type)?;
        is_kept(*at, now).then_some((*at, data))
    }

    /// Is there room for an event of this type?
    pub(crate) fn has_room(&self, event_type: &str, now: Timestamp) -> bool {
        self.latest.contains_key(event_type)
            || self.latest.values().filter(|(at, _)| is_kept(*at, now)).count() < limits::SENSOR_EVENT_TYPES_MAX
    }

    pub(crate) fn take(&mut self, taken: &SensorEventTaken) {
        self.latest.retain(|_, (at, _)| is_kept(*at, taken.at));
        self.latest.insert(taken.event_type.clone(), (taken.at, taken.data.clone()));
    }
}

fn is_kept(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) <= SignedDuration::from_hours(limits::SENSOR_EVENT_HOURS)
}
