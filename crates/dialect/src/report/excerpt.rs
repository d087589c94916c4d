//! The lines of a source text that a diagnostic is about, cut to what fits, with the place of the carets under them.

use super::{covered, visible::shown};
use crate::{Span, limits::SHOWN_LINES};

/// A row of an excerpt.
pub(super) enum Row {
    /// A line of the source.
    Line {
        /// Counted from 1.
        number: u32,
        /// What is shown of it.
        text: String,
        /// Columns before the first caret.
        before: usize,
        /// Columns of the carets.
        carets: usize,
    },
    /// Lines that are left out.
    Gap,
}

/// The rows for a span; none if there is nothing to see there. Takes time in what is covered and shown, not in the whole text.
pub(super) fn rows(source: &str, span: &Span, columns: usize) -> Vec<Row> {
    let covered = covered(source, span);
    let Some(before) = source.get(..span.start) else { return Vec::new() };
    let mut at = before.rfind('\n').map_or(0, |line_break| line_break + 1);
    if at == 0 && source.starts_with('\u{feff}') {
        at = '\u{feff}'.len_utf8();
    }
    let last = covered.matches('\n').count();
    let gap = last >= SHOWN_LINES;
    let end = span.start + covered.len();
    let mut rows = Vec::new();
    for (index, number) in (0..=last).zip(span.line..) {
        let line = source.get(at..).unwrap_or("").split('\n').next().unwrap_or("");
        let blank = line.trim().is_empty();
        if gap && index == 1 {
            rows.push(Row::Gap);
        }
        if !blank && (!gap || index == 0 || index == last) {
            let start = if index == 0 { span.start.saturating_sub(at) } else { line.len() - line.trim_start().len() };
            let line = line.trim_end_matches('\r');
            rows.push(row(number, line, start, end.saturating_sub(at).min(line.len()), columns));
        }
        at += line.len() + 1;
    }
    rows
}

/// One line with the bytes `from..to` marked. A line that does not fit is cut on both sides: half of the room goes to what comes before.
fn row(number: u32, line: &str, from: usize, to: usize, columns: usize) -> Row {
    let (head, rest) = line.split_at_checked(from).unwrap_or((line, ""));
    let (marked, tail) = rest.split_at_checked(to.saturating_sub(from)).unwrap_or((rest, ""));
    let fits = !Taken::of(line.chars(), columns).cut;
    let mut head = Taken::of(head.chars().rev(), if fits { columns } else { columns / 2 });
    head.characters.reverse();
    let marked = Taken::of(marked.chars(), columns - head.columns);
    let tail = Taken::of(tail.chars(), if marked.cut { 0 } else { columns - head.columns - marked.columns });

    let mut text = String::from(if head.cut { "…" } else { "" });
    for (character, width) in head.characters.iter().chain(&marked.characters).chain(&tail.characters) {
        text.push(*character);
        // A tab is shown as several spaces.
        text.extend(std::iter::repeat_n(' ', if *character == ' ' { width - 1 } else { 0 }));
    }
    if marked.cut || tail.cut {
        text.push('…');
    }
    let before = usize::from(head.cut) + head.columns;
    Row::Line { number, text: text.trim_end().to_owned(), before, carets: marked.columns.max(1) }
}

/// As many characters as fit, as they are shown, with their widths.
struct Taken {
    characters: Vec<(char, usize)>,
    columns: usize,
    /// Some did not fit.
    cut: bool,
}

impl Taken {
    fn of(characters: impl Iterator<Item = char>, columns: usize) -> Taken {
        let mut taken = Taken { characters: Vec::new(), columns: 0, cut: false };
        for (character, width) in characters.map(shown) {
            // Characters without a width of their own are bounded too.
            if taken.columns + width > columns || taken.characters.len() > columns * 4 {
                taken.cut = true;
                break;
            }
            taken.columns += width;
            taken.characters.push((character, width));
        }
        taken
    }
}
