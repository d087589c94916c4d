//! Adding to and taking from collections: whole lines with their comments in block collections, parts and commas in brackets.

use std::ops::Range;

use super::{
    EditError, Path,
    text::{Edit, Text},
};
use crate::layout::{Node, column, line_start, next_line, starts_line};

/// The lines of a child of a block collection: the comments right above it, itself, and the comment behind it.
pub(super) fn extent(text: &Text<'_>, children: &[Range<usize>], at: usize) -> Range<usize> {
    let Some(child) = children.get(at) else { return 0..0 };
    let floor = at
        .checked_sub(1)
        .and_then(|before| children.get(before))
        .map_or(0, |before| next_line(text.source, before.end));
    first_line(text.source, child.start, floor)..next_line(text.source, child.end)
}

/// Where the comments right above a child start, in the child's own column.
fn first_line(source: &str, start: usize, floor: usize) -> usize {
    let indent = column(source, start);
    let mut first = line_start(source, start);
    while first > floor {
        let above = line_start(source, first - 1);
        let line = source.get(above..first).unwrap_or("");
        let attached =
            line.len() > indent && line[..indent].bytes().all(|byte| byte == b' ') && line[indent..].starts_with('#');
        if !attached || above < floor {
            break;
        }
        first = above;
    }
    first
}

/// Takes a child out of a block collection that has others.
pub(super) fn remove(text: &Text<'_>, path: &Path, children: &[Range<usize>], at: usize) -> Result<Edit, EditError> {
    let source = text.source;
    let Some(child) = children.get(at) else { return Err(Text::refused(path, "it is not written here")) };
    if !starts_line(source, child.start) {
        // The first key of a map behind a dash: the next one takes its place.
        let next = children.get(at + 1).map_or(child.end, |next| next.start);
        if source.get(child.end..next).is_some_and(|gap| gap.contains('#')) {
            return Err(Text::refused(path, "a comment behind it would be lost"));
        }
        return Ok(Edit::new(child.start..next, ""));
    }
    let mut range = extent(text, children, at);
    let blank_before = line_start(source, range.start.saturating_sub(1))..range.start;
    let is_blank =
        |range: Range<usize>| source.get(range).is_some_and(|line| !line.is_empty() && line.trim().is_empty());
    let after = range.end..next_line(source, range.end + 1).min(source.len());
    if at > 0 && is_blank(blank_before.clone()) && (range.end >= source.len() || is_blank(after)) {
        range.start = blank_before.start;
    }
    Ok(Edit::new(range, ""))
}

/// Adds lines to a block collection.
pub(super) fn insert(
    text: &Text<'_>,
    node: &Node,
    children: &[Range<usize>],
    at: usize,
    lines: &str,
    indent: usize,
) -> Edit {
    let source = text.source;
    let before = at.min(children.len()).checked_sub(1).and_then(|before| children.get(before));
    match (before, children.first()) {
        (Some(before), _) => {
            let place = next_line(source, before.end);
            // Blank lines keep entries of several lines apart, not single fields.
            let airy = children.windows(2).any(|pair| match pair {
                [one, other] => {
                    let is_tall = source.get(one.clone()).is_some_and(|written| written.trim_end().contains('\n'));
                    is_tall && has_blank_line(source.get(one.end..other.start).unwrap_or(""))
                }
                _ => false,
            });
            // Behind a block scalar that keeps them, a blank line would become a part of it.
            let values = node.pairs().iter().map(|pair| &pair.value).chain(node.items().iter().map(|item| &item.value));
            let kept = values.filter(|value| value.content.end == before.end).any(Node::ends_with_kept_lines);
            let space = if airy && !kept { "\n" } else { "" };
            Edit::new(place..place, text.on_fresh_line(place, format!("{space}{lines}")))
        }
        (None, Some(first)) if starts_line(source, first.start) => {
            let place = extent(text, children, 0).start;
            Edit::new(place..place, lines)
        }
        (None, first) => {
            let place = first.map_or(node.content.start, |first| first.start);
            Edit::new(place..place, format!("{}{}", lines.trim_start_matches(' '), " ".repeat(indent)))
        }
    }
}

fn has_blank_line(gap: &str) -> bool {
    gap.split('\n').skip(1).any(|line| line.trim().is_empty()) && gap.matches('\n').count() > 1
}

/// Takes a child out of brackets, with the comma that is no longer needed.
pub(super) fn remove_between_brackets(
    text: &Text<'_>,
    path: &Path,
    node: &Node,
    at: usize,
) -> Result<Vec<Edit>, EditError> {
    let children = node.children();
    let Some(child) = children.get(at) else { return Err(Text::refused(path, "it is not written here")) };
    let range = match (children.get(at + 1), at.checked_sub(1).and_then(|before| children.get(before))) {
        (Some(next), _) => child.start..next.start,
        (None, Some(before)) => before.end..child.end,
        // Nothing else between the brackets: nothing is left there.
        (None, None) => node.content.start + 1..node.content.end.saturating_sub(1),
    };
    let outside = [range.start..child.start.max(range.start), child.end.min(range.end)..range.end];
    if outside.into_iter().any(|gap| text.source.get(gap).is_some_and(|gap| gap.contains('#'))) {
        return Err(Text::refused(path, "a comment beside it would be lost"));
    }
    Ok(vec![Edit::new(range, "")])
}

/// Adds to what stands between brackets; on a line of its own where the others have one.
pub(super) fn insert_between_brackets(
    text: &Text<'_>,
    node: &Node,
    children: &[Range<usize>],
    at: usize,
    new: &str,
) -> Edit {
    let source = text.source;
    let Some(first) = children.first() else {
        let inside = node.content.start + 1;
        return Edit::new(inside..inside, new);
    };
    let separator = match starts_line(source, first.start) && first.start > 0 {
        true => format!(",\n{}", " ".repeat(column(source, first.start))),
        false => ", ".to_owned(),
    };
    match at.min(children.len()).checked_sub(1).and_then(|before| children.get(before)) {
        None => Edit::new(first.start..first.start, format!("{new}{separator}")),
        Some(before) => Edit::new(before.end..before.end, format!("{separator}{new}")),
    }
}

/// Lines in another column; what is deeper stays deeper.
pub(super) fn shifted(lines: &str, from: usize, to: usize) -> String {
    let shift = |line: &str| {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        match line.trim().is_empty() && spaces < from {
            true => "\n".to_owned(),
            false => format!("{}{}", " ".repeat((spaces + to).saturating_sub(from)), &line[spaces..]),
        }
    };
    let shifted: String = lines.split_inclusive('\n').map(shift).collect();
    if shifted.ends_with('\n') { shifted } else { shifted + "\n" }
}
