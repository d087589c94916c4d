//! What stands between two nodes of a YAML text: punctuation, properties, comments. Knows nothing about the nodes.

use std::ops::Range;

/// The parts of a gap that belong to the node behind it.
#[derive(Debug, Default)]
pub(crate) struct Gap {
    /// The `:` before a value.
    pub(crate) colon: Option<usize>,
    /// The `-` before an item.
    pub(crate) dash: Option<usize>,
    /// Whether there is a `?` before a key.
    pub(crate) explicit: bool,
    /// Anchor and tag: from the first to the last byte.
    pub(crate) properties: Option<Range<usize>>,
    /// `|` or `>` with its indicators, which ends the gap.
    pub(crate) header: Option<Range<usize>>,
}

/// Reads the bytes of `source` in `range`, none of which belong to a scalar but for the header of a block scalar.
pub(crate) fn read(source: &str, range: Range<usize>) -> Gap {
    let mut gap = Gap::default();
    let bytes = source.as_bytes();
    let mut at = range.start;
    while at < range.end {
        let length = match bytes.get(at) {
            Some(b'#') => line_length(source, at),
            Some(b'&' | b'!') => {
                let length = word_length(source, at);
                let start = gap.properties.map_or(at, |properties| properties.start);
                gap.properties = Some(start..at + length);
                length
            }
            Some(b'|' | b'>') => {
                gap.header = Some(at..at + word_length(source, at));
                return gap;
            }
            Some(b':') => {
                gap.colon = Some(at);
                1
            }
            Some(b'-') => {
                gap.dash = Some(at);
                1
            }
            Some(b'?') => {
                gap.explicit = true;
                1
            }
            _ => 1,
        };
        at += length.max(1);
    }
    gap
}

/// Bytes up to the end of the line, the line break left out.
fn line_length(source: &str, at: usize) -> usize {
    let rest = source.get(at..).unwrap_or("");
    rest.find('\n').unwrap_or(rest.len())
}

fn word_length(source: &str, at: usize) -> usize {
    let rest = source.get(at..).unwrap_or("");
    let ends = |character: char| character.is_whitespace() || matches!(character, ',' | '[' | ']' | '{' | '}');
    // A verbatim tag `!<...>` may hold what ends other words.
    let verbatim = if rest.starts_with("!<") { rest.find('>').map_or(0, |found| found + 1) } else { 0 };
    verbatim + rest[verbatim..].find(ends).unwrap_or(rest.len() - verbatim)
}
