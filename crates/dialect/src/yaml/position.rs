//! Where a stretch of a scalar's value stands in the source: through quotes, escapes, folded lines and indentation.
//!
//! The scalar is read once more, this time with the place of every byte. If that gives another value than the parser's, the place
//! is the whole scalar's first byte: vague, but never wrong.

use std::ops::Range;

use super::{Node, Style, block, flow};

/// The places of a text node's value in the source.
#[derive(Debug)]
pub(crate) struct Places {
    /// The node's first byte.
    node: usize,
    /// The value as read once more, and the byte of the source at which that began.
    read: Option<(Located, usize)>,
}

impl Places {
    /// Reads a text node again.
    pub(crate) fn of(source: &str, node: &Node) -> Places {
        let start = from_line_start(source, node);
        let slice = source.get(start..node.span.end);
        let read = slice.zip(node.text()).and_then(|(slice, value)| {
            let located = match node.style {
                Style::Literal | Style::Folded => block::read(slice, value, node.style == Style::Folded),
                _ => flow::read(slice, node.style),
            };
            located.filter(|located| located.matches(value))
        });
        Places { node: node.span.start, read: read.map(|located| (located, start)) }
    }

    /// Whether these are the places of a node.
    pub(crate) fn are_of(&self, node: &Node) -> bool {
        self.node == node.span.start
    }

    /// The source bytes of `range` of the value; the node's first byte where that cannot be told.
    pub(crate) fn range(&self, range: Range<usize>) -> Range<usize> {
        let vague = self.node..self.node;
        let Some((located, offset)) = &self.read else { return vague };
        let before = |at: usize| located.place(at.checked_sub(1)?).map(|place| place.end);
        let Some(start) = located.place(range.start).map(|place| place.start).or_else(|| before(range.start)) else {
            return vague;
        };
        let end = before(range.end).unwrap_or(start).max(start);
        offset + start..offset + end
    }
}

/// A block scalar's span may leave out the indentation of its first line, which is needed to tell that of the block, and empty
/// lines before it.
fn from_line_start(source: &str, node: &Node) -> usize {
    let start = node.span.start;
    let before = source.get(..start).unwrap_or("");
    match node.style {
        Style::Literal | Style::Folded => {
            let blank = before.trim_end_matches([' ', '\r', '\n']);
            // What is not blank is the header's line; the block begins after its break.
            before[blank.len()..].find('\n').map_or(start, |line_end| blank.len() + line_end + 1)
        }
        _ => start,
    }
}

/// A value with the source bytes that its bytes come from.
#[derive(Debug, Default)]
pub(super) struct Located {
    value: String,
    pieces: Vec<Piece>,
}

/// Bytes of the value that come from one stretch of the source: each from its own byte, or all of them from all of it.
#[derive(Debug)]
struct Piece {
    value_start: usize,
    source: Range<usize>,
    each: bool,
}

impl Located {
    /// A character that stands for the source bytes `source`.
    pub(super) fn push(&mut self, character: char, source: Range<usize>) {
        self.pieces.push(Piece { value_start: self.value.len(), source, each: false });
        self.value.push(character);
    }

    /// Source text that stands for itself, from `start` on.
    pub(super) fn push_text(&mut self, text: &str, start: usize) {
        let value_start = self.value.len();
        self.value.push_str(text);
        match self.pieces.last_mut() {
            // Goes on where the last piece ended, so that a long text is one piece.
            Some(last) if last.each && last.source.end == start => last.source.end += text.len(),
            _ => self.pieces.push(Piece { value_start, source: start..start + text.len(), each: true }),
        }
    }

    /// The source of the character that the byte `at` of the value belongs to.
    fn place(&self, at: usize) -> Option<Range<usize>> {
        if at >= self.value.len() {
            return None;
        }
        let number = self.pieces.partition_point(|piece| piece.value_start <= at);
        let piece = self.pieces.get(number.checked_sub(1)?)?;
        if !piece.each {
            return Some(piece.source.clone());
        }
        let byte = piece.source.start + (at - piece.value_start);
        Some(byte..byte + 1)
    }

    /// Whether this is the value, up to line breaks at its end: how many are kept is the parser's business.
    fn matches(&self, value: &str) -> bool {
        let (read, value) = (self.value.as_bytes(), value.as_bytes());
        let common = read.len().min(value.len());
        let breaks = |rest: &[u8]| rest.iter().all(|byte| *byte == b'\n');
        read[..common] == value[..common] && breaks(&read[common..]) && breaks(&value[common..])
    }
}
