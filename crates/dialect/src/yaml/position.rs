//! Where a stretch of a scalar's value stands in the source: through quotes, escapes, folded lines and indentation.

use std::ops::Range;

use super::{Node, Style};

/// The source bytes of `range` of the value of a text node; the node's first byte where that cannot be told.
pub(crate) fn source_range(source: &str, node: &Node, range: Range<usize>) -> Range<usize> {
    let whole = node.span.start..node.span.end;
    let (Some(value), Some(slice)) = (node.text(), source.get(whole.clone())) else { return whole };
    let places = match node.style {
        Style::Literal | Style::Folded => block_places(value, slice),
        _ => flow_places(value, slice, node.style),
    };
    let Some(places) = places else { return whole.start..whole.start };
    let Some(start) = places.get(range.start) else { return whole };
    // The end is the place after the last byte of the range, not the place of the next one: that may be lines below.
    let end = range.end.checked_sub(1).and_then(|last| places.get(last)).map_or(*start, |last| last + 1);
    whole.start + start..whole.start + end.max(*start)
}

/// For every byte of the value (and its end) the byte of the slice it comes from; none if the two cannot be matched.
fn flow_places(value: &str, slice: &str, style: Style) -> Option<Vec<usize>> {
    let quote = match style {
        Style::SingleQuoted => Some('\''),
        Style::DoubleQuoted => Some('"'),
        _ => None,
    };
    let mut places = Vec::with_capacity(value.len() + 1);
    // The span may include an anchor or a tag before the quote.
    let mut at = quote.map_or(Some(0), |quote| slice.find(quote).map(|found| found + 1))?;
    for character in value.chars() {
        if style == Style::DoubleQuoted {
            at += line_continuation(&slice[at..]);
        }
        let rest = slice.get(at..)?;
        let length = if style == Style::DoubleQuoted && rest.starts_with('\\') {
            escape_length(rest)
        } else if style == Style::SingleQuoted && rest.starts_with("''") {
            2
        } else if rest.starts_with(character) && (character == '\n' || fold_length(rest).is_none()) {
            character.len_utf8()
        } else if character == ' ' {
            fold_length(rest)?
        } else {
            return None;
        };
        places.extend(std::iter::repeat_n(at, character.len_utf8()));
        // Bytes of one character of the value point into the same character of the source.
        if length == character.len_utf8() {
            let first = places.len() - length;
            places[first..].iter_mut().enumerate().for_each(|(byte, place)| *place = at + byte);
        }
        at += length;
    }
    places.push(at);
    Some(places)
}

/// White space around a line break, read as one space.
fn fold_length(rest: &str) -> Option<usize> {
    let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t', '\r']).len();
    let before = blank(rest);
    let after_break = rest[before..].strip_prefix('\n')?;
    Some(before + 1 + blank(after_break))
}

/// `\` at the end of a line: nothing of it is in the value.
fn line_continuation(rest: &str) -> usize {
    let after = rest.strip_prefix("\\\n").or_else(|| rest.strip_prefix("\\\r\n"));
    after.map_or(0, |after| rest.len() - after.trim_start_matches([' ', '\t']).len())
}

fn escape_length(rest: &str) -> usize {
    let length = match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
    };
    length.min(rest.len())
}

/// A block scalar: every line of the value is the end of a line of the source. Folded lines are matched word by word.
fn block_places(value: &str, slice: &str) -> Option<Vec<usize>> {
    let mut places = Vec::with_capacity(value.len() + 1);
    // The header may or may not be part of the span.
    let mut at = if slice.starts_with(['|', '>']) { slice.find('\n')? + 1 } else { 0 };
    for character in value.chars() {
        let line_start = at == 0 || slice[..at].ends_with('\n');
        if line_start && character != '\n' && !slice.get(at..)?.starts_with(character) {
            at += slice[at..].len() - slice[at..].trim_start_matches(' ').len();
        } else if line_start && character != '\n' {
            // Indented further than the block: the last spaces belong to the value.
            at += indentation_before(value, places.len(), &slice[at..]);
        }
        let rest = slice.get(at..)?;
        let length = match character {
            _ if rest.starts_with(character) => character.len_utf8(),
            '\n' if rest.is_empty() => 0,
            ' ' | '\n' => rest.find('\n').filter(|before| rest[..*before].trim().is_empty())? + 1,
            _ => return None,
        };
        let first = places.len();
        places.extend(std::iter::repeat_n(at, character.len_utf8()));
        places[first..].iter_mut().enumerate().for_each(|(byte, place)| *place = at + byte.min(length));
        at += length;
    }
    places.push(at);
    Some(places)
}

/// Spaces of the source line that are not in the value's line.
fn indentation_before(value: &str, value_at: usize, line: &str) -> usize {
    let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
    spaces(line).saturating_sub(spaces(&value[value_at..]))
}
