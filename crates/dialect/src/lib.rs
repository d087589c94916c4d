//! The pipeline language: text in; a typed, resolved pipeline or diagnostics out.
//!
//! This crate promises that [`parse`] never panics, ends within the limits of [`limits`], reports every fault it can find in one
//! pass with line and column, and answers the same for the same text. It knows nothing about clocks, files, networks, storage or
//! how a pipeline is run: instants, zones and the names an expression may use come in as values.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod catalogue;
mod check;
mod code;
pub mod cron;
mod diagnostic;
pub mod diff;
pub mod edit;
pub mod emit;
mod explain;
pub mod expression;
mod format;
mod label;
mod layout;
pub mod limits;
mod model;
mod places;
pub mod report;
pub mod schema;
pub mod sheet;
mod span;
pub mod subject;
pub mod suggest;
mod yaml;

use std::borrow::Cow;

pub use code::Code;
pub use diagnostic::{Diagnostic, Severity};
pub use explain::Explanation;
pub use format::format;
pub use label::is_label;
pub use model::{
    Alert, AlertDestination, AssetTrigger, BudgetRule, Catchup, Concurrency, Condition, Configuration, Deadline, Entry,
    EventPart, EventTrigger, FreshnessRule, GroupAdditions, Input, InputType, Matrix, MatrixValues, Moment, OnLimit,
    Pipeline, PipelineAdditions, PoolUse, RetryDelay, Schedule, ScheduleOptions, Sensor, SensorCheck, Task,
    TaskAdditions, TaskGroup, Templated, TriggerEvent, Webhook,
};
pub use places::{path_at, paths_at};
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

/// The text of a file's bytes, or where it stops being one.
///
/// A fault's place counts in the text in which every broken byte sequence is replaced ([`String::from_utf8_lossy`]).
pub fn decode(bytes: &[u8]) -> Result<&str, Diagnostic> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or("");
        let at = span::LineIndex::new(valid).span(valid.len()..valid.len());
        let broken = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
        let fault = Diagnostic::error(Code::NotUtf8, at, format!("the byte 0x{broken:02X} is no UTF-8"));
        fault.with_help("save the file as UTF-8".to_owned())
    })
}

/// Reads, checks and resolves one pipeline document.
///
/// `source` is the whole file (YAML, or JSON as its subset). Faults come back as [`Parsed::diagnostics`], never as a panic.
pub fn parse(source: &str) -> Parsed {
    check::check(source)
}

/// [`parse`] for the bytes of a file, with the text in which the places of the diagnostics count.
pub fn parse_bytes(bytes: &[u8]) -> (Cow<'_, str>, Parsed) {
    match decode(bytes) {
        Ok(text) => (Cow::Borrowed(text), parse(text)),
        Err(fault) => (String::from_utf8_lossy(bytes), Parsed { pipeline: None, diagnostics: vec![fault] }),
    }
}

/// The whole document as JSON, as the API of the reference takes it; none where the text cannot be read. Checks nothing.
pub fn to_json(source: &str) -> Option<Value> {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics)?;
    diagnostics.is_empty().then(|| root.to_value())
}
