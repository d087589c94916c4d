//! Columns of text, aligned by what a terminal shows and not by bytes.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Widest cell, columns; longer texts are cut.
const CELL_WIDTH_MAX: usize = 100;

/// A table without lines; columns that are empty throughout are left out.
pub(super) fn render(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let used: Vec<usize> = (0..header.len())
        .filter(|column| rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let head: Vec<String> = header.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
    let widths: Vec<usize> = used
        .iter()
        .map(|column| lines.iter().filter_map(|line| line.get(*column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let text = |line: &&Vec<String>| -> String {
        let cells = used.iter().zip(&widths).map(|(column, width)| {
            let cell = line.get(*column).map(String::as_str).unwrap_or_default();
            format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(text).collect::<Vec<_>>().join("\n")
}

fn cut(cell: &str) -> String {
    if cell.width() <= CELL_WIDTH_MAX {
        return cell.to_owned();
    }
    let mut kept = String::new();
    let mut width = 0;
    for character in cell.chars() {
        width += character.width().unwrap_or(0);
        if width >= CELL_WIDTH_MAX {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_empty_ones_vanish() {
        let rows = [["a", "", "long text"], ["日本", "", "x"]];
        let rows = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect());
        assert_eq!(render(&["ID", "NONE", "TEXT"], rows), "ID    TEXT\na     long text\n日本  x");
    }

    #[test]
    fn long_cells_are_cut() {
        let rows = [vec!["x".repeat(500)]];
        assert!(render(&["T"], rows.into_iter()).lines().nth(1).unwrap().width() <= CELL_WIDTH_MAX);
    }
}
