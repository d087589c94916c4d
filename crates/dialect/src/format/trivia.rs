//! White space and comments between the parts of a document.

use std::ops::Range;

use super::write::Unsupported;

/// What stands between two parts.
#[derive(Debug, Default)]
pub(super) struct Trivia<'a> {
    /// The comment at the end of the line on which the part before ends.
    pub(super) trailing: Option<&'a str>,
    /// The lines of their own.
    pub(super) lines: Vec<Line<'a>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Line<'a> {
    Blank,
    /// With the column it stands in.
    Comment(usize, &'a str),
}

impl Trivia<'_> {
    pub(super) fn has_comment(&self) -> bool {
        self.trailing.is_some() || self.lines.iter().any(|line| matches!(line, Line::Comment(..)))
    }
}

/// Reads a stretch that holds nothing but white space and comments. `fresh`: it begins at the start of a line.
pub(super) fn read(source: &str, range: Range<usize>, fresh: bool) -> Result<Trivia<'_>, Unsupported> {
    let mut trivia = Trivia::default();
    let mut segments = source.get(range.clone()).unwrap_or("").split('\n').peekable();
    let mut first = !fresh;
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let text = segment.trim();
        match (text.starts_with('#'), std::mem::take(&mut first)) {
            (true, true) => trivia.trailing = Some(text),
            (true, false) => trivia.lines.push(Line::Comment(segment.len() - segment.trim_start().len(), text)),
            (false, _) if !text.is_empty() => {
                return Err(Unsupported { at: range.start, what: "what stands here cannot be formatted" });
            }
            // The rest of the line before, and the indentation of the part behind, are no lines.
            (false, true) => {}
            (false, false) if is_last => {}
            (false, false) => trivia.lines.push(Line::Blank),
        }
    }
    Ok(trivia)
}
