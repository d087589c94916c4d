//! The pipeline language: text in; a typed, resolved pipeline or diagnostics out.
//!
//! This crate promises that [`parse`] never panics, ends within the limits of [`limits`], reports every fault it can find in one
//! pass with line and column, and answers the same for the same text. It knows nothing about clocks, files, networks, storage or
//! how a pipeline is run: instants, zones and the names an expression may use come in as values.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod catalogue;
mod check;
mod code;
pub mod cron;
mod diagnostic;
pub mod expression;
pub mod limits;
mod model;
mod span;
pub mod suggest;
mod yaml;

pub use code::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use model::{
    Alert, AlertDestination, Concurrency, Condition, Configuration, Entry, Input, InputType, Matrix, MatrixValues,
    OnLimit, Pipeline, Schedule, Sensor, SensorCheck, Task, TaskGroup, Templated, TriggerEvent, Webhook,
};
pub use serde_json::{Map, Value};
pub use span::Span;

/// What [`parse`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The pipeline; present exactly when no diagnostic is an error.
    pub pipeline: Option<Pipeline>,
    /// All faults and advice, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads, checks and resolves one pipeline document.
///
/// `source` is the whole file (YAML, or JSON as its subset). Faults come back as [`Parsed::diagnostics`], never as a panic.
pub fn parse(source: &str) -> Parsed {
    check::check(source)
}
