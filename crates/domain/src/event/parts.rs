//! What events of runs are made of.

use serde_json::Value;

/// What a condition was and what it gave.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionResult {
    /// The expression as written.
    pub expression: String,
    /// Its value when it was evaluated.
    pub value: Value,
}

/// The part of a pipeline that a run is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Places of tasks in the plan.
    pub tasks: Vec<u32>,
    /// Also everything that follows from them.
    pub downstream: bool,
}
