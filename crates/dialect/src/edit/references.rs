//! Where expressions of a document name tasks, groups and inputs, down to the bytes of the name.

use std::ops::Range;

use serde_json::Value;

use super::{Path, Step};
use crate::expression::{Expression, Reference, Template};

/// A name in an expression.
pub(super) struct Named {
    /// The text that holds the expression.
    pub(super) path: Path,
    pub(super) reference: Reference,
    /// Bytes of the name in that text.
    pub(super) name: Range<usize>,
    /// The quote around it; none behind a point.
    pub(super) quote: Option<char>,
}

/// All names in all expressions, in the order of the document. Texts that cannot be read name nothing.
pub(super) fn all(root: &Value) -> Vec<Named> {
    let mut found = Vec::new();
    visit(root, &Path::default(), &mut found);
    found
}

fn visit(value: &Value, path: &Path, found: &mut Vec<Named>) {
    match value {
        Value::String(text) => read(text, path, found),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| visit(item, &path.index(at), found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| visit(value, &path.key(key), found)),
        _ => {}
    }
}

fn read(text: &str, path: &Path, found: &mut Vec<Named>) {
    let mut take = |expression: &Expression| {
        for (reference, range) in expression.located_references() {
            if let Some((name, quote)) = text.get(range.clone()).and_then(name_in) {
                let name = range.start + name.start..range.start + name.end;
                found.push(Named { path: path.clone(), reference, name, quote });
            }
        }
    };
    if text.contains("${{") {
        if let Ok(template) = Template::parse(text) {
            template.expressions().for_each(&mut take);
        }
    } else if is_condition(path)
        && let Ok(expression) = Expression::parse(text)
    {
        take(&expression);
    }
}

/// Whether a bare text at this place is an expression.
fn is_condition(path: &Path) -> bool {
    let keys: Vec<&str> = path.0.iter().map(|step| if let Step::Key(key) = step { key.as_str() } else { "" }).collect();
    match keys.as_slice() {
        [root, _, "condition"] => matches!(*root, "pipeline" | "sensors"),
        ["pipeline", _, "tasks", _, "condition"] => true,
        _ => false,
    }
}

/// The name at the end of a reference: in the last quotes, or behind the last point.
fn name_in(reference: &str) -> Option<(Range<usize>, Option<char>)> {
    if !reference.ends_with(']') {
        let start = reference.rfind(|character: char| !(character == '_' || character.is_alphanumeric()));
        let start = start.map_or(0, |at| at + reference[at..].chars().next().map_or(1, char::len_utf8));
        return Some((start..reference.len(), None));
    }
    let mut last = None;
    let mut characters = reference.char_indices();
    while let Some((start, quote)) = characters.next() {
        if !matches!(quote, '\'' | '"') {
            continue;
        }
        while let Some((at, character)) = characters.next() {
            if character == '\\' {
                characters.next();
            } else if character == quote {
                last = Some((start + 1..at, Some(quote)));
                break;
            }
        }
    }
    last
}

/// A name as it stands between quotes of an expression, or behind a point.
pub(super) fn written(name: &str, quote: Option<char>) -> String {
    let Some(quote) = quote else { return name.to_owned() };
    name.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"))
}
