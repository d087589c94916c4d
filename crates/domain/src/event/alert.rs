//! Alerts: what is to be told, and what became of it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Event, WindowRef};
use crate::{
    cost::BudgetOf,
    id::{AlertId, PipelineId, RunId},
    status::RunStatus,
};

/// What ended, or what else there is to tell of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertSubject {
    /// A run.
    Run(RunId),
    /// A task of a run, by its place.
    Task(RunId, u32),
    /// A window of a sensor.
    Window(WindowRef),
    /// A part of a budget was spent; see [`crate::cost::BudgetCrossed`].
    Budget {
        /// Whose.
        of: BudgetOf,
        /// Which part, per cent.
        percent: u32,
        /// When it was crossed.
        at: Timestamp,
    },
}

/// See [`super::Event::AlertsRaised`]. It also stands where nothing is told, because alerts of this end or those that follow are counted by it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertsRaised {
    /// Of which pipeline.
    pub pipeline: PipelineId,
    /// What ended.
    pub subject: AlertSubject,
    /// Whose ends these are, for counting: empty = runs, a task's id, `sensor:` and a sensor's id; `budget:` counts nothing.
    pub scope: String,
    /// How it ended.
    pub status: RunStatus,
    /// How long it took, milliseconds; where the baseline of its scope learns from it.
    pub took_ms: Option<u64>,
    /// What is told, one per destination.
    pub alerts: Vec<Alert>,
    /// Names of alerts that were not raised, because as many as may be are live, or too many wait to be sent.
    pub held: Vec<String>,
    /// It took unusually long, or short.
    pub anomalies: Vec<Anomaly>,
    /// When.
    pub at: Timestamp,
}

/// One thing to tell one destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Derived, so that the same cause is told once.
    pub id: AlertId,
    /// Name of the alert; of an anomaly its type.
    pub name: String,
    /// For example `SLACK`.
    pub integration: String,
    /// Name of the connection; empty = the default one.
    pub connection: String,
    /// What the worker is given: docs/alerts.md.
    pub content: Map<String, Value>,
}

/// A duration that differs from those before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// Its type, as the language has it.
    pub kind: String,
    /// What is usual, milliseconds: the median of those compared.
    pub baseline_ms: u64,
    /// What was seen, milliseconds.
    pub observed_ms: u64,
    /// From where on it is unusual, milliseconds.
    pub threshold_ms: u64,
    /// How many were compared.
    pub compared: u32,
    /// Name of the operation that it is about; empty = the run or the task.
    pub operation: String,
}

impl Event {
    /// What was said of the end of a task, for people; empty where nothing was.
    pub(crate) fn said(&self) -> &str {
        match self {
            Event::AttemptSucceeded { message, .. }
            | Event::AttemptFailed { message, .. }
            | Event::TaskFailed { message, .. }
            | Event::ChildEnded { message, .. } => message,
            Event::AttemptLost { reason, .. }
            | Event::TaskSkipped { reason, .. }
            | Event::TaskMarked { reason, .. } => reason,
            Event::AttemptStopped { unconfirmed, .. } => unconfirmed,
            Event::ApprovalDecided { comment, .. } => comment,
            _ => "",
        }
    }
}
