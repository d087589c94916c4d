//! Where a stretch of a scalar's value stands in the source: through quotes, escapes, folded lines and indentation.
//!
//! The scalar is read once more, this time with the place of every byte. If that gives another value than the parser's, the place
//! is the whole scalar's first byte: vague, but never wrong.

use std::ops::Range;

use super::{Node, Style, block, flow};

/// The source bytes of `range` of the value of a text node; the node's first byte where that cannot be told.
pub(crate) fn source_range(source: &str, node: &Node, range: Range<usize>) -> Range<usize> {
    let whole = from_line_start(source, node)..node.span.end;
    let vague = node.span.start..node.span.start;
    let (Some(value), Some(slice)) = (node.text(), source.get(whole.clone())) else { return vague };
    let read = match node.style {
        Style::Literal | Style::Folded => block::read(slice, value, node.style == Style::Folded),
        _ => flow::read(slice, node.style),
    };
    let places = match read {
        Some(read) if read.matches(value) => read.places,
        _ => return vague,
    };
    let end_of = |at: usize| places.get(at).map(|place| place.end);
    let Some(start) = places.get(range.start).map(|place| place.start).or_else(|| end_of(range.start.checked_sub(1)?))
    else {
        return vague;
    };
    let end = range.end.checked_sub(1).and_then(end_of).unwrap_or(start);
    whole.start + start..whole.start + end.max(start)
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

/// A value with the source bytes that each of its bytes comes from.
#[derive(Debug, Default)]
pub(super) struct Located {
    value: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Located {
    /// A character that stands for the source bytes `place`.
    pub(super) fn push(&mut self, character: char, place: Range<usize>) {
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).as_bytes();
        self.value.extend(bytes);
        self.places.extend(std::iter::repeat_n(place, bytes.len()));
    }

    /// Source text that stands for itself, from `start` on.
    pub(super) fn push_text(&mut self, text: &str, start: usize) {
        for (at, character) in text.char_indices() {
            self.push(character, start + at..start + at + character.len_utf8());
        }
    }

    /// Whether this is the value, up to line breaks at its end: how many are kept is the parser's business.
    fn matches(&self, value: &str) -> bool {
        let (read, value) = (self.value.as_slice(), value.as_bytes());
        let common = read.len().min(value.len());
        let breaks = |rest: &[u8]| rest.iter().all(|byte| *byte == b'\n');
        read[..common] == value[..common] && breaks(&read[common..]) && breaks(&value[common..])
    }
}
