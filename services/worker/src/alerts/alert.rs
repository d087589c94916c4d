//! An alert as the coordinator asks for it, read within limits.
//!
//! It knows what an alert is about and how grave it is, and nothing of how one is sent.

use serde_json::{Map, Value};

use crate::attempt::Failure;
use crate::connectors::parameters;
use crate::limits::ALERT_ID_BYTES_MAX;

/// The event of something that took unusually long, or short, and ended well.
pub(super) const ANOMALY: &str = "ANOMALY_DETECTED";
/// A part of a budget was spent.
pub(super) const BUDGET: &str = "BUDGET_CROSSED";

/// One alert.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    /// The same at every try.
    pub(crate) id: String,
    /// How the pipeline's author calls it.
    pub(crate) name: String,
    /// PIPELINE_RUN_COMPLETED, TASK_RUN_COMPLETED, SENSOR_COMPLETED, [`ANOMALY`], [`BUDGET`], or a word of a newer coordinator.
    pub(crate) event_type: String,
    /// Of the run, task run or sensor.
    pub(crate) status: String,
    /// The author's own message, which may be empty; of an anomaly what was found.
    pub(crate) text: String,
    /// Channel, address or path; may be empty.
    pub(crate) destination: String,
    /// What the author set for this channel.
    pub(crate) parameters: Map<String, Value>,
    /// What happened; an entry that does not apply is not there.
    pub(crate) detail: Map<String, Value>,
}

/// How grave it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    Warning,
    Info,
    /// What failed before may work again.
    Success,
}

impl Alert {
    /// # Errors
    /// MISCONFIGURED; names the parameter.
    pub(super) fn read(given: &Map<String, Value>) -> Result<Self, Failure> {
        let text = |name: &str| match given.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(Failure::misconfigured(format!("the parameter {name} of the alert must be a text"))),
        };
        let table = |name: &str| match given.get(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(table)) => Ok(table.clone()),
            Some(_) => Err(Failure::misconfigured(format!("the parameter {name} of the alert must be an object"))),
        };
        Ok(Self {
            id: id(parameters::required(given, "alert_id")?)?,
            name: parameters::required(given, "alert")?,
            event_type: parameters::required(given, "event_type")?,
            status: parameters::required(given, "status")?,
            text: text("text")?,
            destination: text("destination")?.trim().to_owned(),
            parameters: table("parameters")?,
            detail: table("detail")?,
        })
    }

    /// An entry of the detail; `None`: absent, null or blank.
    pub(crate) fn said(&self, name: &str) -> Option<&str> {
        self.detail.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
    }

    /// What the alert is about, by whatever run: the same for each alert of that name about the same pipeline, task or sensor, so that
    /// systems which group alerts, or close one with the next, can. 73 letters, digits and `-`.
    pub(super) fn subject(&self) -> String {
        // As JSON, so that no two lists of names become one text.
        let of = |name: &str| self.said(name).unwrap_or_default();
        let about = [self.event_type.as_str(), self.name.as_str(), of("pipeline_id"), of("task_id"), of("sensor_id")];
        let about = Value::from(about.to_vec()).to_string();
        format!("downbeat-{}", blake3::hash(about.as_bytes()).to_hex())
    }

    pub(super) fn severity(&self) -> Severity {
        match (self.event_type.as_str(), self.status.as_str()) {
            (_, "FAILED") => Severity::Error,
            // It ended well, and is told all the same.
            (ANOMALY, _) | (_, "WARNING" | "CANCELLED") => Severity::Warning,
            (_, "SUCCEEDED") => Severity::Success,
            _ => Severity::Info,
        }
    }
}

/// It goes into headers.
fn id(id: String) -> Result<String, Failure> {
    if id.len() <= ALERT_ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(id);
    }
    Err(Failure::misconfigured(format!(
        "the parameter alert_id must be 1 to {ALERT_ID_BYTES_MAX} letters, digits and signs of ASCII, without spaces"
    )))
}
