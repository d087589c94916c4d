//! Findings for a terminal: `file:line:column: error[code]: message`, the lines it is about with carets under them, the help.

use std::fmt::Write as _;

use super::{
    Document, Outcome, Verdict,
    excerpt::{Row, rows},
    visible,
};
use crate::{
    Diagnostic, Severity,
    limits::{SHOWN_LINE_COLUMNS, SHOWN_MESSAGE_CHARACTERS},
};

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// With the escape sequences of terminals for colours.
    pub colour: bool,
    /// Columns for an excerpt of the source; what is longer is cut.
    pub columns: usize,
}

impl Default for Look {
    /// No colour, for source lines of 160 columns.
    fn default() -> Self {
        Look { colour: false, columns: SHOWN_LINE_COLUMNS }
    }
}

const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "34";
const GREEN: &str = "32";

impl Look {
    /// A heading.
    pub fn strong(&self, text: &str) -> String {
        self.paint(BOLD, text)
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Everything found in a document, in the order of its text; empty if there is nothing. No line break at the end.
pub fn findings(document: &Document<'_>, look: Look) -> String {
    match document.outcome {
        Outcome::Checked { source, .. } => {
            let found = document.diagnostics().iter().map(|found| diagnostic(found, document.name, source, look));
            found.collect::<Vec<_>>().join("\n")
        }
        Outcome::Unreadable(reason) => {
            let label = look.paint(RED, "error");
            format!("{label}: cannot read {}: {}", one_line(document.name), one_line(reason))
        }
    }
}

/// The verdict on a document in one line.
pub fn verdict_line(document: &Document<'_>, look: Look) -> String {
    let name = one_line(document.name);
    match document.outcome {
        Outcome::Checked { parsed, .. } => match &parsed.pipeline {
            Some(pipeline) => {
                let advice = counted(document.count(Severity::Warning), "warning")
                    .map_or(String::new(), |count| format!(", {count}"));
                format!("{name}: {}: pipeline `{}`{advice}", look.paint(GREEN, "ok"), one_line(&pipeline.name))
            }
            None => format!("{name}: {}: {}", look.paint(RED, "refused"), weights(&[*document])),
        },
        Outcome::Unreadable(_) => format!("{name}: {}", look.paint(RED, "unreadable")),
    }
}

/// How many documents were accepted, refused and unreadable, in one line; none for a single document, which needs no summing up.
pub fn summary(documents: &[Document<'_>]) -> Option<String> {
    let of = |verdict: Verdict| documents.iter().filter(|document| document.verdict() == verdict).count();
    let kinds = [Verdict::Accepted, Verdict::Refused, Verdict::Unreadable];
    let parts = kinds.map(|verdict| (of(verdict), verdict)).into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, verdict)| format!("{count} {}", verdict.word())).collect();
    let weights = Some(weights(documents))
        .filter(|weights| !weights.is_empty())
        .map_or(String::new(), |weights| format!(" ({weights})"));
    (documents.len() > 1).then(|| format!("{} files: {}{weights}", documents.len(), parts.join(", ")))
}

/// "2 errors, 1 warning"; empty if there is neither.
fn weights(documents: &[Document<'_>]) -> String {
    let count = |severity| documents.iter().map(|document| document.count(severity)).sum();
    let parts = [counted(count(Severity::Error), "error"), counted(count(Severity::Warning), "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// "1 error", "2 errors"; none for zero.
fn counted(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
}

/// One diagnostic with its place, its lines and its help; no line break at the end.
pub fn diagnostic(found: &Diagnostic, file: &str, source: &str, look: Look) -> String {
    let colour = match found.severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
    };
    let place = format!("{}:{}:{}:", one_line(file), found.span.line, found.span.column);
    let kind = look.paint(colour, &format!("{}[{}]", found.severity.word(), found.code));
    let mut text = format!("{} {kind}: {}", look.paint(BOLD, &place), look.paint(BOLD, &one_line(&found.message)));
    let rows = rows(source, &found.span, look.columns);
    let widest =
        rows.iter().map(|row| if let Row::Line { number, .. } = row { number.to_string().len() } else { 0 }).max();
    let width = widest.unwrap_or(0);
    for row in rows {
        match row {
            Row::Line { number, text: line, before, carets } => {
                let gutter = look.paint(BLUE, &format!("{number:>width$} |"));
                let _ = write!(text, "\n{gutter} {line}");
                let gutter = look.paint(BLUE, &format!("{:width$} |", ""));
                let marks = look.paint(colour, &"^".repeat(carets));
                let _ = write!(text, "\n{gutter} {:before$}{marks}", "");
            }
            Row::Gap => text.push_str(&format!("\n{}", look.paint(BLUE, "..."))),
        }
    }
    if let Some(help) = &found.help {
        let _ = write!(text, "\n{}: {}", look.paint(BLUE, "help"), one_line(help));
    }
    text
}

fn one_line(text: &str) -> String {
    visible::line(text, SHOWN_MESSAGE_CHARACTERS)
}
