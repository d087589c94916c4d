//! The text under construction: lines, indentation, comments.

use super::trivia::{Line, Trivia};

/// Spaces of one level.
pub(super) const STEP: usize = 2;

/// A construct that cannot be laid out.
#[derive(Debug)]
pub(super) struct Unsupported {
    /// Where, in bytes of the source.
    pub(super) at: usize,
    /// What.
    pub(super) what: &'static str,
}

/// A block collection that is open: where its keys or dashes stood, and where they stand now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) column: usize,
    pub(super) indent: usize,
}

pub(super) struct Writer<'a> {
    pub(super) source: &'a str,
    /// How far the source is written.
    pub(super) cursor: usize,
    pub(super) levels: Vec<Level>,
    /// The levels that were open where the last value ended.
    last_levels: Vec<Level>,
    out: String,
}

impl<'a> Writer<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            cursor: 0,
            levels: Vec::new(),
            last_levels: Vec::new(),
            out: String::with_capacity(source.len()),
        }
    }

    pub(super) fn finish(mut self) -> String {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out
    }

    pub(super) fn is_at_line_start(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn ends_with(&self, text: &str) -> bool {
        self.out.ends_with(text)
    }

    /// Goes to the start of a line, and in by `indent` spaces.
    pub(super) fn fresh_line(&mut self, indent: usize) {
        if !self.is_at_line_start() {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            self.out.push('\n');
        }
        self.out.push_str(&" ".repeat(indent));
    }

    pub(super) fn blank_line(&mut self) {
        if self.out.is_empty() {
            return;
        }
        self.fresh_line(0);
        if !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A comment behind what stands on the line.
    pub(super) fn trailing_comment(&mut self, comment: &str) {
        if !self.is_at_line_start() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.out.push_str(comment);
    }

    /// Notes that a value has ended here.
    pub(super) fn value_ended(&mut self, at: usize) {
        self.cursor = at;
        self.last_levels.clone_from(&self.levels);
    }

    /// Writes comments and blank lines before a part at the innermost open level.
    pub(super) fn trivia(&mut self, trivia: &Trivia<'_>) {
        let next = self.levels.last().copied().unwrap_or(Level { column: 0, indent: 0 });
        if let Some(comment) = trivia.trailing {
            self.trailing_comment(comment);
        }
        for line in &trivia.lines {
            match line {
                Line::Blank => self.blank_line(),
                Line::Comment(column, text) => {
                    self.fresh_line(self.indent_of_comment(*column, next));
                    self.push(text);
                    self.fresh_line(0);
                }
            }
        }
    }

    /// A comment keeps to the collection in whose column it stands, among those that end before the next part.
    fn indent_of_comment(&self, column: usize, next: Level) -> usize {
        if column == next.column {
            return next.indent;
        }
        let ended = self.last_levels.iter().skip(self.levels.len().max(1));
        ended.rev().find(|level| level.column <= column).map_or(next.indent, |level| level.indent)
    }

    /// Writes comments and blank lines before a part at a given indentation.
    pub(super) fn trivia_at(&mut self, trivia: &Trivia<'_>, indent: usize) {
        if let Some(comment) = trivia.trailing {
            self.trailing_comment(comment);
        }
        for line in &trivia.lines {
            match line {
                Line::Blank => self.blank_line(),
                Line::Comment(_, text) => {
                    self.fresh_line(indent);
                    self.push(text);
                    self.fresh_line(0);
                }
            }
        }
    }

    /// Blank lines at the end of the whole text go.
    pub(super) fn trim_blank_lines(&mut self) {
        while self.out.ends_with("\n\n") {
            self.out.pop();
        }
    }
}
