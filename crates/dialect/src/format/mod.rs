//! The canonical layout of a document: `format(format(x)) == format(x)`, and the document means the same before and after.
//!
//! Kept as written: comments, the order of keys, quotes, the content of block scalars, anchors, and whether a collection is
//! written with brackets. Made equal: indentation (two spaces, lists too), one space behind `:` and before ` #`, at most one blank
//! line in a row, none of the blanks at line ends, LF, one line break at the end, no byte order mark.
//! Knows nothing about pipelines.

mod block;
mod flow;
mod trivia;
mod write;

use crate::{
    Code, Diagnostic, Severity,
    layout::{self, Kind, Node, Shape},
    span::LineIndex,
    yaml,
};

/// The document in its canonical layout; what stands against it if it cannot be read, or is written in a way that cannot be kept.
pub fn format(source: &str) -> Result<String, Vec<Diagnostic>> {
    let before = read(source)?;
    let body = source.strip_prefix('\u{feff}').unwrap_or(source);
    let refused = |at: usize, message: &str| {
        let at = at + source.len() - body.len();
        vec![Diagnostic::error(Code::UnsupportedYaml, LineIndex::new(source).span(at..at), message)]
    };
    let Some(root) = layout::read(body) else {
        return Err(refused(0, "the document holds nothing that could be formatted"));
    };
    if !matches!(root.kind, Kind::Map(..)) {
        return Err(refused(root.start(), "only a map can be formatted"));
    }
    let mut writer = write::Writer::new(body);
    writer.document(&root).map_err(|write::Unsupported { at, what }| refused(at, what))?;
    let formatted = writer.finish();
    // The last word has the reader: a layout that would change what the text means is never handed out.
    match read(&formatted) {
        Ok(after) if same_value(&before, &after) => Ok(formatted),
        _ => Err(refused(root.start(), "something in this document cannot be laid out anew without changing it")),
    }
}

/// Whether two texts mean the same, the order of keys included.
pub(crate) fn same_value(one: &yaml::Node, other: &yaml::Node) -> bool {
    match (&one.kind, &other.kind) {
        (yaml::Kind::List(one), yaml::Kind::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_value(one, other))
        }
        (yaml::Kind::Map(one), yaml::Kind::Map(other)) => {
            let same = |(one, other): (&yaml::Entry, &yaml::Entry)| {
                one.key == other.key && same_value(&one.value, &other.value)
            };
            one.len() == other.len() && one.iter().zip(other).all(same)
        }
        (one, other) => one == other,
    }
}

fn read(source: &str) -> Result<yaml::Node, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let root = yaml::read(source, &mut diagnostics);
    diagnostics.retain(|found| found.severity == Severity::Error);
    match root {
        Some(root) if diagnostics.is_empty() => Ok(root),
        _ if diagnostics.is_empty() => {
            let at = LineIndex::new(source).span(0..0);
            Err(vec![Diagnostic::error(Code::Syntax, at, "the document is empty")])
        }
        _ => Err(diagnostics),
    }
}

/// Whether the node stands between brackets of its own or of its parents.
fn is_flow(node: &Node) -> bool {
    matches!(node.shape(), Some(Shape::Flow { .. }))
}
