//! Documents and block collections.

use super::{
    is_flow, trivia,
    write::{Level, STEP, Unsupported, Writer},
};
use crate::layout::{Block, Item, Kind, Node, Pair, Shape};

impl Writer<'_> {
    pub(super) fn document(&mut self, root: &Node) -> Result<(), Unsupported> {
        self.prologue(root.start());
        if root.properties.is_some() {
            self.fresh_line(0);
            self.properties(root);
            let trivia = trivia::read(self.source, self.cursor..root.content.start, false)?;
            self.trivia_at(&trivia, 0);
        }
        self.cursor = root.content.start;
        self.fresh_line(0);
        if is_flow(root) {
            self.flow(root, 0)?;
            self.value_ended(root.content.end);
        } else {
            self.collection(root, 0)?;
        }
        self.epilogue(root)
    }

    /// Directives, the document's mark and comments, each on its line.
    fn prologue(&mut self, end: usize) {
        let source = self.source;
        for line in source.get(..end).unwrap_or("").lines() {
            let line = line.trim();
            match line.strip_prefix("---") {
                Some(rest) => {
                    self.fresh_line(0);
                    self.push("---");
                    if rest.trim_start().starts_with('#') {
                        self.trailing_comment(rest.trim_start());
                    }
                }
                None if line.is_empty() => self.blank_line(),
                None => {
                    self.fresh_line(0);
                    self.push(line);
                }
            }
        }
        self.cursor = end;
    }

    fn epilogue(&mut self, root: &Node) -> Result<(), Unsupported> {
        let source = self.source;
        let rest = source.get(self.cursor..).unwrap_or("");
        let mark = rest.starts_with("...").then_some(0).or_else(|| rest.find("\n...").map(|found| found + 1));
        let end = mark.map_or(source.len(), |found| self.cursor + found);
        let trivia = trivia::read(source, self.cursor..end, self.is_at_line_start())?;
        self.trivia(&trivia);
        let keeps = root.ends_with_kept_lines();
        if !keeps || trivia.has_comment() {
            self.trim_blank_lines();
        }
        for line in source.get(end..).unwrap_or("").lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.fresh_line(0);
            self.push(line);
        }
        Ok(())
    }

    /// The entries of a block collection; the first begins where the text ends.
    fn collection(&mut self, node: &Node, indent: usize) -> Result<(), Unsupported> {
        let column = match node.shape() {
            Some(Shape::Block { column }) => column,
            _ => indent,
        };
        self.levels.push(Level { column, indent });
        match &node.kind {
            Kind::Map(_, pairs) => {
                for (at, pair) in pairs.iter().enumerate() {
                    self.lead(pair.key.start(), at, indent)?;
                    self.pair(pair, indent)?;
                }
            }
            Kind::List(_, items) => {
                for (at, item) in items.iter().enumerate() {
                    let dash = item.dash.unwrap_or(item.value.start());
                    self.lead(dash, at, indent)?;
                    self.item(item, dash, indent)?;
                }
            }
            Kind::Scalar(_) | Kind::Alias => {}
        }
        self.levels.pop();
        Ok(())
    }

    /// What stands before an entry; the first one's was written by its parent.
    fn lead(&mut self, start: usize, at: usize, indent: usize) -> Result<(), Unsupported> {
        if at > 0 {
            let trivia = trivia::read(self.source, self.cursor..start, self.is_at_line_start())?;
            self.trivia(&trivia);
            self.fresh_line(indent);
        }
        self.cursor = start;
        Ok(())
    }

    fn pair(&mut self, pair: &Pair, indent: usize) -> Result<(), Unsupported> {
        let start = pair.key.start();
        if pair.explicit {
            return Err(Unsupported { at: start, what: "a key that is marked with `?` cannot be formatted" });
        }
        let Some(colon) = pair.colon else {
            return Err(Unsupported { at: start, what: "a key without a colon cannot be formatted" });
        };
        if pair.key.properties.is_some() {
            self.properties(&pair.key);
            self.push(" ");
        }
        self.push(self.source.get(pair.key.content.clone()).unwrap_or(""));
        // An alias would take the colon for a part of its name.
        self.push(if matches!(pair.key.kind, Kind::Alias) { " :" } else { ":" });
        self.cursor = colon + 1;
        self.value(&pair.value, indent, false)
    }

    fn item(&mut self, item: &Item, dash: usize, indent: usize) -> Result<(), Unsupported> {
        self.push("-");
        self.cursor = dash + 1;
        self.value(&item.value, indent, true)
    }

    /// A value behind its colon or dash, both of which stand in a collection at `indent`.
    fn value(&mut self, node: &Node, indent: usize, in_list: bool) -> Result<(), Unsupported> {
        let mut before = trivia::read(self.source, self.cursor..node.start(), false)?;
        if node.properties.is_some() {
            self.push(" ");
            self.properties(node);
            let behind = trivia::read(self.source, self.cursor..node.content.start, false)?;
            if before.trailing.is_none() {
                before.trailing = behind.trailing;
            } else if let Some(comment) = behind.trailing {
                before.lines.push(trivia::Line::Comment(indent + STEP, comment));
            }
            before.lines.extend(behind.lines);
        }
        self.cursor = node.content.start;
        if node.is_absent() {
            self.value_ended(node.content.end);
            return Ok(());
        }
        if node.is_block_collection() {
            let compact = in_list && node.properties.is_none() && !before.has_comment();
            if compact {
                self.push(" ");
            } else {
                self.trivia_at(&before, indent + STEP);
                self.fresh_line(indent + STEP);
            }
            return self.collection(node, indent + STEP);
        }
        if before.has_comment() {
            self.trivia_at(&before, indent + STEP);
            self.fresh_line(indent + STEP);
        } else {
            self.push(" ");
        }
        match &node.kind {
            Kind::Scalar(scalar) => match &scalar.block {
                Some(block) => self.block_scalar(block, indent + STEP),
                None => self.inline_scalar(node, indent + STEP),
            },
            Kind::Alias => self.push(self.source.get(node.content.clone()).unwrap_or("")),
            _ => self.flow(node, indent)?,
        }
        self.value_ended(node.content.end);
        Ok(())
    }

    /// Anchor and tag, with one space between them.
    pub(super) fn properties(&mut self, node: &Node) {
        if let Some(properties) = &node.properties {
            let written = self.source.get(properties.clone()).unwrap_or("");
            let words: Vec<&str> = written.split_whitespace().collect();
            self.push(&words.join(" "));
            self.cursor = properties.end;
        }
    }

    /// A scalar on one or more lines; all but the first go to `indent`, which does not change what they mean.
    pub(super) fn inline_scalar(&mut self, node: &Node, indent: usize) {
        let written = self.source.get(node.content.clone()).unwrap_or("");
        let escapes = written.starts_with('"');
        let mut lines = written.split('\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            let is_last = lines.peek().is_none();
            let line = if first { line } else { line.trim_start_matches([' ', '\t', '\r']) };
            let line = if is_last { line } else { end_trimmed(line, escapes) };
            if !first {
                self.push("\n");
                self.push(&" ".repeat(if line.is_empty() { 0 } else { indent }));
            }
            self.push(line);
            first = false;
        }
    }

    fn block_scalar(&mut self, block: &Block, indent: usize) {
        let source = self.source;
        let header = source.get(block.header.clone()).unwrap_or("");
        // The lines go in by one step, so that is what an indicator of their indentation has to say.
        let header: String = header.chars().map(|each| if each.is_ascii_digit() { '2' } else { each }).collect();
        self.push(&header);
        let rest = source.get(block.header.end..block.body.start).unwrap_or("").trim();
        if !rest.is_empty() {
            self.trailing_comment(rest);
        }
        self.push("\n");
        for line in source.get(block.body.clone()).unwrap_or("").lines() {
            match line.get(block.indent..) {
                Some(content) if !content.is_empty() => {
                    self.push(&" ".repeat(indent));
                    self.push(content);
                }
                _ => {}
            }
            self.push("\n");
        }
    }
}

/// Without white space at its end, but for a space that a backslash makes a part of the value.
fn end_trimmed(line: &str, escapes: bool) -> &str {
    let trimmed = line.trim_end_matches([' ', '\t', '\r']);
    let backslashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
    if escapes && backslashes % 2 == 1 && line.get(trimmed.len()..).is_some_and(|rest| rest.starts_with([' ', '\t'])) {
        return line.get(..trimmed.len() + 1).unwrap_or(trimmed);
    }
    trimmed
}
