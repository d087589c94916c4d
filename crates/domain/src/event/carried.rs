//! What a restart takes over from the run before.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{id::RunId, status::TaskStatus};

/// See [`super::Event::TaskCarriedOver`].
#[derive(Clone, Debug, PartialEq)]
pub struct TaskCarriedOver {
    /// The run.
    pub run: RunId,
    /// Place in the plan.
    pub task: u32,
    /// Which iteration of its matrix; `None` outside of one.
    pub iteration: Option<String>,
    /// How others see it.
    pub status: TaskStatus,
    /// What it had set.
    pub outputs: Map<String, Value>,
    /// When.
    pub at: Timestamp,
}
