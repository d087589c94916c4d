//! Findings for programs, in a shape of ours. Keys are only ever added; `format` counts up if one changes its meaning.

use serde_json::{Value, json};

use super::{Document, Outcome, Place, Verdict, places};
use crate::{Diagnostic, Severity, span::LineIndex};

/// The number under `format`.
const FORMAT: u32 = 1;

/// All findings: `{format, verdict, files: [{file, verdict, pipeline | reason, diagnostics}]}`.
///
/// `severity` is ours; `official_severity` says how the official offline validator grades the rule, null where it does not look.
/// Lines and columns count from 1, columns in characters; offsets are bytes. `end` is the place after the last character.
pub fn json(documents: &[Document<'_>]) -> Value {
    let files: Vec<Value> = documents.iter().map(file).collect();
    json!({"format": FORMAT, "verdict": Verdict::worst(documents).word(), "files": files})
}

fn file(document: &Document<'_>) -> Value {
    let verdict = document.verdict().word();
    match document.outcome {
        Outcome::Checked { source, parsed } => {
            let lines = LineIndex::new(source);
            let found = parsed.diagnostics.iter().map(|found| diagnostic(found, source, &lines));
            let pipeline = parsed.pipeline.as_ref().map(|pipeline| &pipeline.name);
            json!({
                "file": document.name,
                "verdict": verdict,
                "pipeline": pipeline,
                "diagnostics": found.collect::<Vec<_>>(),
            })
        }
        Outcome::Unreadable(reason) => {
            json!({"file": document.name, "verdict": verdict, "reason": reason, "diagnostics": []})
        }
    }
}

fn diagnostic(found: &Diagnostic, source: &str, lines: &LineIndex<'_>) -> Value {
    let (start, end) = places(lines, source, &found.span);
    json!({
        "code": found.code.to_string(),
        "title": found.code.title(),
        "severity": found.severity.word(),
        "official_severity": found.code.official().map(Severity::word),
        "message": found.message,
        "help": found.help,
        "range": {"start": place(&start), "end": place(&end)},
    })
}

fn place(place: &Place) -> Value {
    json!({"line": place.line, "column": place.column, "offset": place.offset})
}
