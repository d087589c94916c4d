//! What was found in documents, told to people and to programs: text for terminals, JSON, and SARIF for code scanning.
//!
//! Promises: the same findings give the same bytes, and nothing from a document reaches a terminal that could move its cursor. Knows
//! nothing about the rules, and nothing about where documents come from or where reports go.

mod excerpt;
mod json;
mod sarif;
mod text;
mod uri;
mod visible;

use crate::{Diagnostic, Parsed, Severity, Span, span::LineIndex};

pub use json::json;
pub use sarif::sarif;
pub use text::{Look, diagnostic, findings, summary, verdict_line};

/// A document and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// What people call it, mostly the path of its file.
    pub name: &'a str,
    /// What became of it.
    pub outcome: Outcome<'a>,
}

/// What became of a document.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// It was read and checked.
    Checked {
        /// The text that was parsed.
        source: &'a str,
        /// What was found.
        parsed: &'a Parsed,
    },
    /// It could not be read, and why.
    Unreadable(&'a str),
}

/// The judgement on one document or on several: the worst of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No error; there may be advice.
    Accepted,
    /// At least one error.
    Refused,
    /// It could not be read, so nothing is known.
    Unreadable,
}

impl Verdict {
    /// The worst verdict on these documents; accepted if there are none.
    pub fn worst(documents: &[Document<'_>]) -> Verdict {
        documents.iter().map(Document::verdict).max().unwrap_or(Verdict::Accepted)
    }

    /// `accepted`, `refused` or `unreadable`.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Refused => "refused",
            Verdict::Unreadable => "unreadable",
        }
    }
}

impl<'a> Document<'a> {
    /// The judgement.
    pub fn verdict(&self) -> Verdict {
        match self.outcome {
            Outcome::Checked { parsed, .. } if parsed.pipeline.is_some() => Verdict::Accepted,
            Outcome::Checked { .. } => Verdict::Refused,
            Outcome::Unreadable(_) => Verdict::Unreadable,
        }
    }

    /// What was found; nothing if it could not be read.
    pub fn diagnostics(&self) -> &'a [Diagnostic] {
        match self.outcome {
            Outcome::Checked { parsed, .. } => &parsed.diagnostics,
            Outcome::Unreadable(_) => &[],
        }
    }

    /// How many diagnostics have this weight.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics().iter().filter(|found| found.severity == severity).count()
    }
}

/// The bytes a diagnostic is about: a collection's span goes on to the next token, over blanks and comments that are not its own.
fn covered<'a>(source: &'a str, span: &Span) -> &'a str {
    let mut covered = source.get(span.start..span.end).unwrap_or("").trim_end();
    while let Some((before, last)) = covered.rsplit_once('\n') {
        if !last.trim_start().starts_with('#') {
            break;
        }
        covered = before.trim_end();
    }
    covered
}

/// Line and column of the place after the end of each of these, as [`json`] tells them: without the blanks and comments that come before what
/// follows.
pub fn ends<'a>(source: &str, spans: impl IntoIterator<Item = &'a Span>) -> Vec<(u32, u32)> {
    let lines = LineIndex::new(source);
    let end = |span: &Span| {
        let (_, end) = places(&lines, source, span);
        (end.line, end.column)
    };
    spans.into_iter().map(end).collect()
}

/// A place in a text: line and column as people count them, and the byte.
struct Place {
    line: u32,
    column: u32,
    offset: usize,
}

/// Where a diagnostic begins, and the place after its end.
fn places(lines: &LineIndex<'_>, source: &str, span: &Span) -> (Place, Place) {
    let end = span.start + covered(source, span).len();
    let after = lines.span(end..end);
    (
        Place { line: span.line, column: span.column, offset: span.start },
        Place { line: after.line, column: after.column, offset: end },
    )
}
