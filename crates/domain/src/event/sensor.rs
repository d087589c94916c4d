//! What happens in the windows of sensors, and what others tell them.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    id::PipelineId,
    status::{CheckState, WindowEnd},
};

/// A window of a sensor: one per instant of its schedule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowRef {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Id of the sensor in the pipeline.
    pub sensor: String,
    /// The instant of its schedule that opened it.
    pub instant: Timestamp,
}

/// See [`super::Event::SensorOpened`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorOpened {
    /// Which window.
    pub window: WindowRef,
    /// When it closes by itself.
    pub closes: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Event::SensorChecked`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorChecked {
    /// Which window.
    pub window: WindowRef,
    /// What was found, one per check in their order.
    pub findings: Vec<Finding>,
    /// When.
    pub at: Timestamp,
}

/// What a check of a sensor found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it passed.
    pub state: CheckState,
    /// For people; empty where there is nothing to say.
    pub message: String,
}

/// See [`super::Event::SensorClosed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorClosed {
    /// Which window.
    pub window: WindowRef,
    /// Why it closed without a run.
    pub end: WindowEnd,
    /// More about why, for people.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Event::SensorEventTaken`].
#[derive(Clone, Debug, PartialEq)]
pub struct SensorEventTaken {
    /// What kind of event: checks ask for it by this name.
    pub event_type: String,
    /// What it carries.
    pub data: Value,
    /// When it came.
    pub at: Timestamp,
}
