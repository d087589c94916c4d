//! Changing a document without touching what stays: every byte that an operation does not have to change is the same afterwards,
//! comments, order, quotes, anchors and layout included. JSON documents stay JSON.
//!
//! Promises: an operation is done as a whole or not at all; the result is read again, and handed out only if it means exactly what
//! the operation says and a pipeline that was accepted still is. Knows nothing about files or screens.

mod change;
mod error;
mod lines;
mod operation;
mod path;
mod references;
mod text;

pub use error::EditError;
pub use operation::{Operation, References};
pub use path::{Path, Step};
use serde_json::Value;

use crate::{Severity, emit::same, layout, parse, yaml};
use change::Change;
use text::Text;

/// A document after an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Its text.
    pub source: String,
    /// Texts that still name what is gone, where that was asked for.
    pub dangling: Vec<Path>,
}

/// Does one operation.
///
/// # Errors
/// Says what is in the way; nothing is changed then.
pub fn edit(source: &str, operation: &Operation) -> Result<Edited, EditError> {
    let mut document = Document::open(source)?;
    let dangling = operation::perform(&mut document, operation)?;
    let edited = document.finish();
    let checks = dangling.is_empty() && parse(source).pipeline.is_some();
    if checks {
        let parsed = parse(&edited);
        if parsed.pipeline.is_none() {
            let errors = parsed.diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
            return Err(EditError::Refused(errors.collect()));
        }
    }
    Ok(Edited { source: edited, dangling })
}

/// A document that is being edited.
struct Document {
    /// Without byte order mark, with `\n` at the ends of lines.
    source: String,
    value: Value,
    json: bool,
    mark: bool,
    carriage_returns: bool,
}

impl Document {
    fn open(source: &str) -> Result<Self, EditError> {
        let body = source.strip_prefix('\u{feff}').unwrap_or(source);
        let carriage_returns = body.contains("\r\n");
        // With both kinds of line ends, bytes would change that no operation asked for.
        let mixed = carriage_returns && body.matches('\n').count() != body.matches("\r\n").count();
        if mixed {
            return Err(EditError::Invalid("the document mixes two kinds of line ends: format it first".to_owned()));
        }
        let text = if carriage_returns { body.replace("\r\n", "\n") } else { body.to_owned() };
        let value = read(&text)?;
        let json = serde_json::from_str::<Value>(&text).is_ok();
        Ok(Self { source: text, value, json, mark: body.len() != source.len(), carriage_returns })
    }

    fn finish(self) -> String {
        let text = if self.carriage_returns { self.source.replace('\n', "\r\n") } else { self.source };
        if self.mark { format!("\u{feff}{text}") } else { text }
    }

    /// Does several changes at once, all of which speak of the document as it is now; names of keys change last.
    fn apply(&mut self, changes: &[Change]) -> Result<(), EditError> {
        let Some(path) = changes.first().map(Change::path) else { return Ok(()) };
        let unsure = |reason| EditError::Unsupported { path: path.clone(), reason };
        let root = layout::read(&self.source).ok_or_else(|| unsure("the document is empty"))?;
        let text = Text { source: &self.source, root: &root, json: self.json };
        let mut expected = self.value.clone();
        let mut edits = Vec::new();
        for change in changes {
            change.apply(&mut expected).ok_or_else(|| unsure("it is not there"))?;
            match (text.edits(change, &self.value), change) {
                (Ok(found), _) => edits.extend(found),
                // What an alias or a merge key repeats changes where it is written; the comparison below tells.
                (Err(EditError::Unsupported { .. }), Change::Rewrite { .. }) => {}
                (Err(error), _) => return Err(error),
            }
        }
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let mut edited = String::with_capacity(self.source.len());
        let mut at = 0;
        for edit in &edits {
            let kept = self.source.get(at..edit.range.start).ok_or_else(|| unsure("two changes meet in one place"))?;
            edited.push_str(kept);
            edited.push_str(&edit.text);
            at = edit.range.end;
        }
        edited.push_str(self.source.get(at..).unwrap_or(""));
        let value = read(&edited).map_err(|_| unsure("the result could not be read"))?;
        if !same(&value, &expected) {
            return Err(unsure("something else would change with it, such as what an alias repeats"));
        }
        if self.json && serde_json::from_str::<Value>(&edited).is_err() {
            return Err(unsure("the result would be no JSON"));
        }
        (self.source, self.value) = (edited, value);
        Ok(())
    }
}

fn read(source: &str) -> Result<Value, EditError> {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics);
    diagnostics.retain(|found| found.severity == Severity::Error);
    match root {
        Some(root) if diagnostics.is_empty() => Ok(root.to_value()),
        _ => Err(EditError::Unreadable(diagnostics)),
    }
}
