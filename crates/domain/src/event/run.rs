//! A run begins to exist.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Selection, Trigger};
use crate::id::{PipelineId, RunId};

/// See [`super::Event::RunCreated`].
#[derive(Clone, Debug, PartialEq)]
pub struct RunCreated {
    /// The run.
    pub run: RunId,
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// The version it runs.
    pub version: u32,
    /// What started it.
    pub trigger: Trigger,
    /// Inputs, defaults filled in; frozen.
    pub inputs: Map<String, Value>,
    /// What `ENV.NAME` reads.
    pub environment: Map<String, Value>,
    /// Name of that environment; empty = none. Limits of live runs count per pipeline and environment.
    pub environment_name: String,
    /// It waits until `concurrency` lets it go.
    pub gated: bool,
    /// When its timeout ends it; of a gated run the one of [`crate::Event::RunAdmitted`] counts.
    pub deadline: Option<Timestamp>,
    /// What of the pipeline runs; `None` = everything.
    pub selection: Option<Selection>,
    /// When.
    pub at: Timestamp,
}
