//! The expression language inside `${{ ... }}` and in conditions.
//!
//! Promises: parsing and evaluating are total (an error is a value with a place and a reason, never a panic), bounded in depth,
//! steps and output size, and pure: every name an expression reads comes from [`Names`]. Knows nothing about YAML or pipelines.

mod ast;
mod dates;
mod evaluate;
mod event;
mod functions;
mod lexer;
mod names;
mod operators;
mod parser;
mod reference;
mod rules;
mod sample;
mod samples;
mod shown;
mod statuses;
mod template;
mod text;
mod words;

use std::{fmt, ops::Range, sync::Arc};

pub(crate) use ast::Namespace;
pub use names::{EVENT_FIELDS, MATRIX_INDEX, Names, OrchestraName, TaskView};
pub use reference::Reference;
pub(crate) use sample::Scope;
use serde_json::Value;
pub use template::{Template, has_template, render_value};

use crate::span::{LineIndex, Span};

/// A parsed expression. Compares by text, structure and places.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: ast::Node,
    /// The text in which places count: the expression, or the longer text that it was cut out of.
    text: Arc<str>,
}

/// Why a text is no expression or template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// Whether the text cannot be read, or names what does not exist.
    pub kind: ExpressionErrorKind,
    /// Bytes of the parsed text that are at fault.
    pub span: Range<usize>,
    /// What is wrong, in one line.
    pub message: String,
    /// What to write instead, if we know.
    pub help: Option<String>,
}

/// What an [`ExpressionError`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionErrorKind {
    /// The text does not follow the grammar.
    Syntax,
    /// A namespace, function, attribute or field of `ORCHESTRA` that the language does not have.
    UnknownName,
}

impl ExpressionError {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { kind: ExpressionErrorKind::Syntax, span, message: message.into(), help: None }
    }

    pub(crate) fn unknown_name(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { kind: ExpressionErrorKind::UnknownName, ..Self::new(span, message) }
    }

    pub(crate) fn with_help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// The same error in a text in which the parsed one starts at `offset`.
    pub(crate) fn shifted(mut self, offset: usize) -> Self {
        self.span = self.span.start + offset..self.span.end + offset;
        self
    }
}

/// Why an expression has no value. Prints as one line that says what, where and in which text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct EvalError {
    /// Bytes of the text of the expression or template that are at fault.
    pub span: Range<usize>,
    /// Line of that text in which they begin, counted from 1.
    pub line: u32,
    /// Column in which they begin, counted from 1, in characters.
    pub column: u32,
    /// Which text inside a value ([`render_value`]) it is, such as `a.b[1]`; none where it is no part of one.
    pub path: Option<String>,
    /// What is wrong, with the operands (80 characters of each; nothing of what a secret went into), without the place.
    pub message: String,
}

impl EvalError {
    fn new(text: &str, span: Range<usize>, message: String) -> Self {
        let Span { line, column, .. } = LineIndex::new(text).span(span.clone());
        Self { span, line, column, path: None, message }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EvalError { line, column, message, .. } = self;
        match line {
            0..=1 => write!(formatter, "{message} at column {column}")?,
            _ => write!(formatter, "{message} at line {line}, column {column}")?,
        }
        match &self.path {
            Some(path) => write!(formatter, " (in `{path}`)"),
            None => Ok(()),
        }
    }
}

impl Expression {
    /// Reads one expression, without braces around it.
    pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
        parser::parse(text).map(|root| Expression { root, text: Arc::from(text) })
    }

    /// The value of the expression where `names` says what names mean.
    pub fn evaluate(&self, names: &dyn Names) -> Result<Value, EvalError> {
        evaluate::evaluate(&self.root, names).map_err(|fault| EvalError::new(&self.text, fault.span, fault.message))
    }

    /// Names, functions and attributes that the language does not have, and quantifiers out of place, in the order of the text.
    ///
    /// Evaluation fails where it reaches one. Whether a name is declared is not looked at.
    pub fn faults(&self) -> Vec<ExpressionError> {
        rules::faults(&self.root)
    }

    /// Why the language refuses the expression where `scope` says what exists; see [`sample`].
    pub(crate) fn refusal(&self, scope: &dyn Scope) -> Option<ExpressionError> {
        sample::refusal(&self.root, scope)
    }

    /// Every name the expression reads, in the order of the text, repeated ones each time.
    pub fn references(&self) -> Vec<Reference> {
        self.located_references().into_iter().map(|(reference, _)| reference).collect()
    }

    /// [`Expression::references`] with the bytes of the text where each stands.
    pub fn located_references(&self) -> Vec<(Reference, Range<usize>)> {
        reference::collect(&self.root)
    }

    /// Fields that the expression reads of `outputs` (`payload` in `outputs.payload.id`), with their places.
    pub(crate) fn fields_of_outputs(&self) -> Vec<(String, Range<usize>)> {
        reference::fields_of_outputs(&self.root)
    }

    /// Texts that the expression compares with the status of a task, with their places.
    pub(crate) fn compared_statuses(&self) -> Vec<(String, Range<usize>)> {
        statuses::compared(&self.root)
    }

    /// Bytes of the expression.
    pub(crate) fn length(&self) -> usize {
        self.root.span.len()
    }

    /// The same expression as part of the longer text out of which it was cut: places count there.
    pub(crate) fn inside(mut self, text: &Arc<str>, offset: usize) -> Self {
        self.root.shift(offset);
        self.text = Arc::clone(text);
        self
    }
}

/// Truth as in Python: null, false, zero and everything empty are false.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
