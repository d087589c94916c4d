//! The extent of a block scalar (`|` and `>`), as the text has it.

use std::ops::Range;

use super::next_line;

/// A block scalar in the text.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// `|` or `>` with its indicators.
    pub(crate) header: Range<usize>,
    /// Spaces before its lines that do not belong to its value.
    pub(crate) indent: usize,
    /// Its lines. Blank lines behind the last belong to it only where the header keeps them (`+`).
    pub(crate) body: Range<usize>,
    /// Whether the header says `+`.
    pub(crate) keeps: bool,
}

/// Reads on behind the header; `parent` is the column of the innermost block collection around it.
pub(crate) fn read(source: &str, header: Range<usize>, parent: Option<usize>) -> Block {
    let indicators = source.get(header.clone()).unwrap_or("");
    let keeps = indicators.contains('+');
    let told = indicators.chars().find_map(|character| character.to_digit(10));
    let start = next_line(source, header.end);
    let least = parent.map_or(0, |column| column + 1);
    let told = told.and_then(|digit| usize::try_from(digit).ok()).map(|digit| parent.unwrap_or(0) + digit);
    let indent =
        told.unwrap_or_else(|| first_indentation(source, start).filter(|found| *found >= least).unwrap_or(least));
    let mut at = start;
    let mut end = start;
    while at < source.len() {
        let next = source.get(at..).and_then(|rest| rest.find('\n')).map_or(source.len(), |found| at + found + 1);
        let line = source.get(at..next).unwrap_or("").trim_end_matches(['\n', '\r']);
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let blank = spaces == line.len() && spaces <= indent;
        if !blank && spaces < indent {
            break;
        }
        let marker = parent.is_none() && (line.starts_with("---") || line.starts_with("..."));
        if marker {
            break;
        }
        at = next;
        if !blank || keeps {
            end = next;
        }
    }
    Block { header, indent, body: start..end, keeps }
}

/// Spaces before the first line that holds more than spaces.
fn first_indentation(source: &str, start: usize) -> Option<usize> {
    let lines = source.get(start..)?.split('\n');
    let line = lines.map(|line| line.trim_end_matches('\r')).find(|line| !line.trim_start_matches(' ').is_empty())?;
    Some(line.len() - line.trim_start_matches(' ').len())
}
