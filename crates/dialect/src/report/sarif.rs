//! Findings as SARIF 2.1.0, the exchange format of code scanning (OASIS standard), with what GitHub asks for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Document, Outcome, places, uri};
use crate::{Code, Diagnostic, Severity, span::LineIndex};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// All findings as one run of one tool. `version` is that of the program, as `1.2.3`.
pub fn sarif(documents: &[Document<'_>], version: &str) -> Value {
    let codes: BTreeSet<Code> = documents.iter().flat_map(Document::diagnostics).map(|found| found.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let results: Vec<Value> = documents.iter().flat_map(|document| results(document, &codes)).collect();
    let unreadable: Vec<Value> = documents.iter().filter_map(notification).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Downbeat",
                "semanticVersion": version,
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": unreadable.is_empty(),
                "toolExecutionNotifications": unreadable,
            }],
            "results": results,
        }],
    })
}

/// What code scanning shows about a code: its explanation.
fn rule(code: Code) -> Value {
    let explanation = code.explanation();
    let first = explanation.text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let (wrong, corrected) = (explanation.wrong, explanation.corrected);
    let severity = if explanation.refuses() { Severity::Error } else { Severity::Warning };
    json!({
        "id": code.to_string(),
        "name": format!("{code:?}"),
        "shortDescription": {"text": sentence(explanation.title)},
        "fullDescription": {"text": first},
        "help": {
            "text": format!("{}\n\nWrong:\n\n{wrong}\nCorrected:\n\n{corrected}", explanation.text),
            "markdown": format!(
                "{}\n\n**Wrong**\n\n```yaml\n{wrong}```\n\n**Corrected**\n\n```yaml\n{corrected}```\n",
                explanation.text
            ),
        },
        "defaultConfiguration": {"level": severity.word()},
        "properties": {"precision": "very-high", "problem.severity": severity.word(), "tags": ["pipeline"]},
    })
}

fn results(document: &Document<'_>, codes: &[Code]) -> Vec<Value> {
    let Outcome::Checked { source, parsed } = document.outcome else { return Vec::new() };
    let lines = LineIndex::new(source);
    let location = location(document);
    parsed.diagnostics.iter().map(|found| result(found, source, &lines, &location, codes)).collect()
}

fn result(found: &Diagnostic, source: &str, lines: &LineIndex<'_>, file: &Value, codes: &[Code]) -> Value {
    let (start, end) = places(lines, source, &found.span);
    let help = found.help.as_ref().map_or(String::new(), |help| format!("\n{}", sentence(help)));
    json!({
        "ruleId": found.code.to_string(),
        "ruleIndex": codes.binary_search(&found.code).unwrap_or_default(),
        "level": found.severity.word(),
        "message": {"text": format!("{}{help}", sentence(&found.message))},
        "locations": [{"physicalLocation": {
            "artifactLocation": file,
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        }}],
    })
}

/// A file that could not be read.
fn notification(document: &Document<'_>) -> Option<Value> {
    let Outcome::Unreadable(reason) = document.outcome else { return None };
    Some(json!({
        "level": "error",
        "message": {"text": format!("cannot read {}: {reason}", document.name)},
        "locations": [{"physicalLocation": {"artifactLocation": location(document)}}],
    }))
}

/// Relative names are those of the repository's root.
fn location(document: &Document<'_>) -> Value {
    let uri = uri::of(document.name);
    if uri.starts_with("file:") { json!({"uri": uri}) } else { json!({"uri": uri, "uriBaseId": "%SRCROOT%"}) }
}

/// With a capital first letter and a full stop, as code scanning shows texts.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}
