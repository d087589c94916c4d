//! The typed pipeline: what a checked document means, with defaults and word forms resolved.
//!
//! These types promise that every reference and every expression in them was checked. They know nothing about YAML, except for
//! the [`Span`](crate::Span)s that point back into the text.

mod additions;
mod cost;
mod input;
mod pipeline;
mod promise;
mod task;
mod trigger;

pub use additions::{
    Catchup, EventPart, EventTrigger, GroupAdditions, Moment, PipelineAdditions, PoolUse, RetryDelay, ScheduleOptions,
    TaskAdditions,
};
pub use cost::BudgetRule;
pub use input::{Input, InputType};
pub use pipeline::{Alert, AlertDestination, Concurrency, Condition, Configuration, OnLimit, Pipeline, Templated};
pub use promise::{AssetTrigger, Deadline, FreshnessRule};
pub use task::{Entry, Matrix, MatrixValues, Task, TaskGroup};
pub use trigger::{Schedule, Sensor, SensorCheck, TriggerEvent, Webhook};
