//! A fault or a piece of advice with its place, and how it is shown to a person. Knows nothing about the rules.

use std::fmt::Write as _;

use crate::{Code, Span, limits::SHOWN_LINE_CHARACTERS};

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

    /// The text a person sees: place and message, the source line underlined, the help. No trailing line break.
    ///
    /// `file` is shown as given; `source` must be the text that was parsed.
    pub fn render(&self, file: &str, source: &str) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let Span { line, column, .. } = self.span;
        let mut text = format!("{file}:{line}:{column}: {severity}[{}]: {}", self.code, self.message);
        if let Some((shown, underline)) = self.underlined(source) {
            let width = line.to_string().len();
            let _ = write!(text, "\n{line} | {shown}\n{:width$} | {underline}", "");
        }
        if let Some(help) = &self.help {
            let _ = write!(text, "\nhelp: {help}");
        }
        text
    }

    /// The source line (cut around a far column) and the line of carets under it.
    fn underlined(&self, source: &str) -> Option<(String, String)> {
        let line_number = usize::try_from(self.span.line.checked_sub(1)?).ok()?;
        let column = usize::try_from(self.span.column.checked_sub(1)?).ok()?;
        let line = source.strip_prefix('\u{feff}').unwrap_or(source).split('\n').nth(line_number)?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let skipped = column.saturating_sub(SHOWN_LINE_CHARACTERS / 2);
        let skipped = if column < SHOWN_LINE_CHARACTERS { 0 } else { skipped };
        // Tabs and control characters would move the carets or the terminal's cursor.
        let clean = |character: char| if character.is_control() { ' ' } else { character };
        let shown: String = line.chars().skip(skipped).take(SHOWN_LINE_CHARACTERS).map(clean).collect();
        if shown.trim().is_empty() {
            return None;
        }
        let covered = source.get(self.span.start..self.span.end).unwrap_or("");
        let covered = covered.lines().next().unwrap_or("").chars().count();
        let room = shown.chars().count().saturating_sub(column - skipped);
        let carets = covered.min(room).max(1);
        Some((shown, format!("{}{}", " ".repeat(column - skipped), "^".repeat(carets))))
    }
}
