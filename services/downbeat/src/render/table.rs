//! Columns of text, aligned by what a terminal shows and not by bytes.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Widest cell, columns; longer texts are cut.
const CELL_WIDTH_MAX: usize = 100;
/// So much of the last column is left when a table is cut to the width of a terminal.
const LAST_COLUMN_MIN: usize = 16;
/// Between two columns.
const GAP: &str = "  ";

/// A table without lines, its header first; columns that are empty throughout are left out. With a width the columns that can be
/// spared are left out where it does not fit, and then the last column is cut.
pub(super) fn lines(header: &[&str], rows: &[Vec<String>], columns: Option<usize>, spared: &[&str]) -> Vec<String> {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cut(cell, CELL_WIDTH_MAX)).collect()).collect();
    let mut used: Vec<usize> = (0..header.len())
        .filter(|column| rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty())))
        .collect();
    // Once, and not per row: a table may have thousands.
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.chain([header[column].width()]).max().unwrap_or(0)
        })
        .collect();
    let width_of = |column: usize| widths[column];
    let mut last_width = used.last().map_or(0, |column| width_of(*column));
    if let Some(columns) = columns {
        // How much the last column has to give up.
        let excess = |used: &[usize]| {
            let widths: usize = used.iter().map(|column| width_of(*column)).sum();
            (widths + GAP.len() * used.len().saturating_sub(1)).saturating_sub(columns)
        };
        for title in spared {
            if excess(&used) > last_width.saturating_sub(LAST_COLUMN_MIN) {
                used.retain(|column| header[*column] != *title);
                last_width = used.last().map_or(0, |column| width_of(*column));
            }
        }
        last_width = last_width.saturating_sub(excess(&used)).max(LAST_COLUMN_MIN.min(last_width));
    }
    let head: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    let line = |row: &Vec<String>| {
        let cells = used.iter().enumerate().map(|(place, column)| {
            let cell = row.get(*column).map(String::as_str).unwrap_or_default();
            if place + 1 == used.len() { cut(cell, last_width) } else { padded(cell, width_of(*column)) }
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    std::iter::once(&head).chain(&rows).map(line).collect()
}

/// A table whose last column is running text: nothing of it is cut, and with a width it is broken between words.
pub(super) fn with_text(rows: &[(Vec<String>, String)], columns: Option<usize>) -> Vec<String> {
    let count = rows.iter().map(|(cells, _)| cells.len()).max().unwrap_or(0);
    let width_of =
        |column: usize| rows.iter().filter_map(|(cells, _)| cells.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..count).map(|column| width_of(column).unwrap_or(0)).collect();
    let mut lines = Vec::new();
    for (cells, text) in rows {
        let used = cells.iter().zip(&widths).filter(|(_, width)| **width > 0);
        let prefix: String = used.map(|(cell, width)| padded(cell, *width) + GAP).collect();
        let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(prefix.width()).max(LAST_COLUMN_MIN));
        for (at, part) in broken(text, room).into_iter().enumerate() {
            let before = if at == 0 { prefix.clone() } else { " ".repeat(prefix.width()) };
            lines.push(format!("{before}{part}").trim_end().to_owned());
        }
    }
    lines
}

/// Whether a line needs no more than so many columns.
pub(super) fn fits(line: &str, columns: usize) -> bool {
    line.width() <= columns
}

fn padded(cell: &str, width: usize) -> String {
    format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
}

/// Lines of at most so many columns, broken between words; a longer word stays whole. At least one line.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if width > 0 && width + 1 + word.width() > room {
            lines.push(String::new());
            width = 0;
        }
        if let Some(line) = lines.last_mut() {
            if width > 0 {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += word.width();
        }
    }
    lines
}

/// The text in at most so many columns.
fn cut(cell: &str, most: usize) -> String {
    if cell.width() <= most {
        return cell.to_owned();
    }
    let mut kept = String::new();
    let mut width = 0;
    for character in cell.chars() {
        width += character.width().unwrap_or(0);
        if width >= most {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn columns_line_up_and_empty_ones_vanish() {
        let rows = rows(&[&["a", "", "long text"], &["日本", "", "x"]]);
        assert_eq!(lines(&["ID", "NONE", "TEXT"], &rows, None, &[]), ["ID    TEXT", "a     long text", "日本  x"]);
    }

    #[test]
    fn long_cells_are_cut() {
        let rows = rows(&[&["x".repeat(500).as_str()]]);
        assert!(lines(&["T"], &rows, None, &[])[1].width() <= CELL_WIDTH_MAX);
    }

    #[test]
    fn narrow_terminals_lose_what_can_be_spared_and_then_the_end_of_the_last_column() {
        let rows = rows(&[&["task", "a long group", &"word ".repeat(10)]]);
        let header = ["TASK", "GROUP", "MESSAGE"];
        assert_eq!(lines(&header, &rows, Some(80), &["GROUP"])[0], "TASK  GROUP         MESSAGE");
        let narrow = lines(&header, &rows, Some(40), &["GROUP"]);
        assert_eq!(narrow[0], "TASK  GROUP         MESSAGE");
        assert!(narrow[1].ends_with('…') && narrow[1].width() <= 40, "{narrow:?}");
        let narrower = lines(&header, &rows, Some(30), &["GROUP"]);
        assert_eq!(narrower[0], "TASK  MESSAGE");
        assert!(narrower[1].width() <= 30, "{narrower:?}");
        // Too narrow for anything: it is wider then, and something of the text stays.
        assert!(lines(&header, &rows, Some(5), &["GROUP"])[1].width() > 16);
    }

    #[test]
    fn running_text_is_broken_between_words() {
        let rows = [(vec!["1".to_owned(), String::new()], "one two three four five".to_owned())];
        assert_eq!(with_text(&rows, Some(19)), ["1  one two three", "   four five"]);
        assert_eq!(with_text(&rows, None), ["1  one two three four five"]);
    }
}
