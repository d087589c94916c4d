//! A fault or a piece of advice with its place. Knows nothing about the rules.

use crate::{
    Code, Span,
    report::{self, Look},
};

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is accepted, with advice.
    Warning,
}

/// One fault or piece of advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule.
    pub code: Code,
    /// Refused, or accepted with advice.
    pub severity: Severity,
    /// What is wrong, in one line, without the place.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do, if we know.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), span, help: None }
    }

    pub(crate) fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, message: message.into(), span, help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// The text a person sees: place and message, the source underlined, the help. No trailing line break.
    ///
    /// `file` is shown as given; `source` must be the text that was parsed.
    pub fn render(&self, file: &str, source: &str) -> String {
        report::diagnostic(self, file, source, Look::default())
    }
}

impl Severity {
    /// `error` or `warning`.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}
