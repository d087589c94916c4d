//! Literal and folded scalars, read with the place of every character.

use super::position::Located;

/// A line without the indentation of the block, and where it starts in the slice.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    start: usize,
}

impl Line<'_> {
    fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// Indented further than the block, so that it is not folded.
    fn is_deeper(self) -> bool {
        self.text.starts_with([' ', '\t'])
    }
}

/// Reads the block scalar of `slice`; its indentation follows from the value, since the slice does not show the parent's.
pub(super) fn read(slice: &str, value: &str, folded: bool) -> Option<Located> {
    // The span may start at the header (perhaps after an anchor or a tag) or at the first line.
    let header = slice.find(['|', '>']).filter(|at| !slice[..*at].contains('\n') && is_header(slice, *at));
    let body = match header {
        Some(at) => at + slice[at..].find('\n')? + 1,
        None => 0,
    };
    let lines = lines(slice, body, value);
    let mut located = Located::default();
    if folded {
        fold(&lines, &mut located);
    } else {
        for line in &lines {
            located.push_text(line.text, line.start);
            let end = line.start + line.text.len();
            located.push('\n', end..end);
        }
    }
    Some(located)
}

/// `|` or `>`, then indicators, then nothing but a comment.
fn is_header(slice: &str, at: usize) -> bool {
    let rest = slice[at + 1..].lines().next().unwrap_or("");
    let rest = rest.trim_start_matches(['+', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']).trim_start();
    rest.is_empty() || rest.starts_with('#')
}

fn lines<'a>(slice: &'a str, body: usize, value: &str) -> Vec<Line<'a>> {
    let spaces = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let first = |text: &str| text.lines().find(|line| !line.trim_matches(' ').is_empty()).map(spaces);
    let source = slice.get(body..).unwrap_or("");
    let indentation = first(source).unwrap_or(0).saturating_sub(first(value).unwrap_or(0));
    let mut start = body;
    let mut lines = Vec::new();
    for written in source.split_inclusive('\n') {
        let line = written.strip_suffix('\n').unwrap_or(written);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let indented = spaces(line).min(indentation);
        lines.push(Line { text: &line[indented..], start: start + indented });
        start += written.len();
    }
    lines
}

/// Joins lines with spaces, except around empty and deeper ones.
fn fold(lines: &[Line<'_>], located: &mut Located) {
    let mut last: Option<Line<'_>> = None;
    let mut empty = 0;
    for line in lines {
        if line.is_empty() {
            empty += 1;
            continue;
        }
        let breaks = match last {
            None => empty,
            Some(last) if last.is_deeper() || line.is_deeper() => empty + 1,
            Some(_) => empty,
        };
        let from = last.map_or(line.start, |last| last.start + last.text.len());
        if breaks == 0 && last.is_some() {
            located.push(' ', from..line.start);
        }
        (0..breaks).for_each(|_| located.push('\n', from..line.start));
        located.push_text(line.text, line.start);
        (last, empty) = (Some(*line), 0);
    }
    let end = last.map_or(0, |last| last.start + last.text.len());
    (0..=empty).for_each(|_| located.push('\n', end..end));
}
