//! Small changes as replacements of bytes of the source; every byte that no replacement names stays as it is.

use std::ops::Range;

use serde_json::{Value, json};

use super::{
    EditError, Path, Step,
    change::{Change, rewritten},
    lines,
};
use crate::{
    Span,
    emit::write,
    layout::{Kind, Node, Shape, next_line, starts_line},
    yaml::{self, Places, Style},
};

/// Bytes of the source and what takes their place.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Edit {
    pub(super) fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }
}

/// What the edits are made in.
pub(super) struct Text<'a> {
    pub(super) source: &'a str,
    pub(super) root: &'a Node,
    /// Whether the document is JSON and has to stay so.
    pub(super) json: bool,
}

/// A node with its surroundings.
pub(super) struct Target<'a> {
    pub(super) node: &'a Node,
    pub(super) key: Option<&'a Node>,
    /// Behind the colon or dash before it.
    pub(super) slot: Option<usize>,
    /// Of the block collection that it stands in.
    pub(super) column: usize,
    /// Whether it stands between brackets.
    pub(super) in_brackets: bool,
}

impl<'a> Text<'a> {
    pub(super) fn refused(path: &Path, reason: &'static str) -> EditError {
        EditError::Unsupported { path: path.clone(), reason }
    }

    pub(super) fn find(&self, path: &Path) -> Result<Target<'a>, EditError> {
        let mut target = Target { node: self.root, key: None, slot: None, column: 0, in_brackets: false };
        for step in &path.0 {
            let (column, in_brackets) = match target.node.shape() {
                Some(Shape::Block { column }) => (column, false),
                _ => (target.column, true),
            };
            let (key, slot, node) = match (&target.node.kind, step) {
                (Kind::Map(_, pairs), Step::Key(key)) => {
                    let written =
                        |pair: &&crate::layout::Pair| pair.key.scalar().is_some_and(|found| found.text == *key);
                    let Some(pair) = pairs.iter().find(written) else {
                        return Err(Self::refused(
                            path,
                            "it comes from a merge key (`<<`) or an alias: edit it where it is written",
                        ));
                    };
                    if pair.explicit {
                        return Err(Self::refused(path, "its key is marked with `?`"));
                    }
                    (Some(&pair.key), pair.colon.map(|colon| colon + 1), &pair.value)
                }
                (Kind::List(_, items), Step::Index(at)) => {
                    let Some(item) = items.get(*at) else { return Err(Self::refused(path, "it is not written here")) };
                    (None, item.dash.map(|dash| dash + 1), &item.value)
                }
                (Kind::Alias, _) => {
                    return Err(Self::refused(path, "it is written elsewhere and repeated by an alias: edit it there"));
                }
                _ => return Err(Self::refused(path, "it is not written here")),
            };
            target = Target { node, key, slot, column, in_brackets };
        }
        Ok(target)
    }

    /// The edits of a change; `before` is the plain value of the document.
    pub(super) fn edits(&self, change: &Change, before: &Value) -> Result<Vec<Edit>, EditError> {
        match change {
            Change::Set { path, value } => self.set(path, value),
            Change::InsertKey { map, at, key, value } => {
                let single = json!({key: value});
                let text = |inside: bool, indent: usize| match inside {
                    true => write::flow_pair(key, value, self.json),
                    false => write::pair(key, value, indent),
                };
                self.insert(map, *at, &single, None, &text)
            }
            Change::InsertItem { list, at, value } => {
                let single = json!([value]);
                let text = |inside: bool, indent: usize| match inside {
                    true => write::flow(value, self.json),
                    false => write::item(value, indent),
                };
                self.insert(list, *at, &single, None, &text)
            }
            Change::Remove { path } => self.remove(path),
            Change::RenameKey { path, to } => {
                let target = self.find(path)?;
                let key = target.key.ok_or_else(|| Self::refused(path, "it has no key"))?;
                let style = key.scalar().map(|scalar| scalar.style);
                let name = if self.json { write::quoted(to) } else { write::scalar(to, style, target.in_brackets) };
                Ok(vec![Edit::new(key.content.clone(), name)])
            }
            Change::Rewrite { path, replacements } => self.rewrite(path, replacements),
            Change::Move { path, map, at } => self.relocate(path, map, *at, before),
        }
    }

    fn set(&self, path: &Path, value: &Value) -> Result<Vec<Edit>, EditError> {
        let target = self.find(path)?;
        let style = target.node.scalar().filter(|scalar| !scalar.absent).map(|scalar| scalar.style);
        if target.in_brackets {
            let text = match value {
                Value::String(text) if !self.json => write::scalar(text, style, true),
                other => write::flow(other, self.json),
            };
            return match (target.node.is_absent(), target.slot) {
                (true, Some(slot)) => Ok(vec![Edit::new(slot..slot, format!(" {text}"))]),
                (true, None) => Err(Self::refused(path, "it has no colon")),
                (false, _) => Ok(vec![Edit::new(target.node.content.clone(), text)]),
            };
        }
        let written = write::block(value, target.column + 2, style);
        let head = if written.head.is_empty() { String::new() } else { format!(" {}", written.head) };
        self.replace(path, &target, head, written.lines)
    }

    /// Puts another value behind a colon or dash of a block collection: the rest of the line, and lines below.
    pub(super) fn replace(
        &self,
        path: &Path,
        target: &Target<'_>,
        head: String,
        lines: String,
    ) -> Result<Vec<Edit>, EditError> {
        let node = target.node;
        let slot = target.slot.ok_or_else(|| Self::refused(path, "it is the whole document"))?;
        let slot = node.properties.as_ref().map_or(slot, |properties| properties.end);
        let content = &node.content;
        let below = node.is_block_collection() && content.start >= next_line(self.source, slot);
        let (inline, old_lines) = match node.scalar().and_then(|scalar| scalar.block.as_ref()) {
            Some(block) => (slot..block.header.end, block.body.clone()),
            None if below => (slot..slot, next_line(self.source, slot)..next_line(self.source, content.end)),
            None => {
                // A compact map in a list may end with a block scalar, and so with a line break.
                let ended = content.end > content.start && self.source[..content.end].ends_with('\n');
                let line_end = content.end - usize::from(ended);
                let line = next_line(self.source, line_end);
                (slot..line_end.max(slot), line..line)
            }
        };
        let lines = self.on_fresh_line(old_lines.end, lines);
        Ok(vec![Edit::new(inline, head), Edit::new(old_lines, lines)])
    }

    /// Lines that are added at the end of a text whose last line has no line break.
    pub(super) fn on_fresh_line(&self, at: usize, lines: String) -> String {
        let unended = at == self.source.len() && !self.source.ends_with('\n');
        if unended && !lines.is_empty() { format!("\n{}", lines.trim_end_matches('\n')) } else { lines }
    }

    fn remove(&self, path: &Path) -> Result<Vec<Edit>, EditError> {
        let (parent_path, _) = path.parent().ok_or_else(|| Self::refused(path, "it is the whole document"))?;
        let (parent, target) = (self.find(&parent_path)?, self.find(path)?);
        let children = parent.node.children();
        let of_target =
            |range: &Range<usize>| range.contains(&target.node.content.start) || range.end == target.node.content.end;
        let at = children.iter().position(of_target).ok_or_else(|| Self::refused(path, "it is not written here"))?;
        if !parent.node.is_block_collection() {
            return lines::remove_between_brackets(self, path, parent.node, at);
        }
        if children.len() > 1 {
            return lines::remove(self, path, &children, at).map(|edit| vec![edit]);
        }
        let empty = if matches!(parent.node.kind, Kind::Map(..)) { " {}" } else { " []" };
        self.replace(&parent_path, &parent, empty.to_owned(), String::new())
    }

    /// Adds to a collection. `text` writes what is added, between brackets or from a column on; `single` is a collection of
    /// nothing else, for where there is none yet. `without`: a child that goes at the same time.
    pub(super) fn insert(
        &self,
        path: &Path,
        at: usize,
        single: &Value,
        without: Option<usize>,
        text: &dyn Fn(bool, usize) -> String,
    ) -> Result<Vec<Edit>, EditError> {
        let target = self.find(path)?;
        let node = target.node;
        let mut children = node.children();
        let is_empty = match node.shape() {
            Some(_) => children.is_empty(),
            None => node.scalar().is_some_and(|scalar| scalar.absent || matches!(scalar.text.as_str(), "~" | "null")),
        };
        if let Some(without) = without.filter(|without| *without < children.len()) {
            children.remove(without);
        }
        match node.shape() {
            _ if is_empty && target.in_brackets => self.set(path, single),
            _ if is_empty && !self.json && target.slot.is_some() => {
                self.replace(path, &target, String::new(), text(false, target.column + 2))
            }
            Some(Shape::Block { column }) => {
                Ok(vec![lines::insert(self, node, &children, at, &text(false, column), column)])
            }
            Some(Shape::Flow { brackets: true }) => {
                Ok(vec![lines::insert_between_brackets(self, node, &children, at, &text(true, 0))])
            }
            Some(_) => Err(Self::refused(path, "it is a pair without brackets")),
            None => Err(Self::refused(path, "it is written elsewhere and repeated by an alias: edit it there")),
        }
    }

    fn rewrite(&self, path: &Path, replacements: &[(Range<usize>, String)]) -> Result<Vec<Edit>, EditError> {
        let target = self.find(path)?;
        let scalar = target.node.scalar().ok_or_else(|| Self::refused(path, "it is no text, or an alias"))?;
        let new = rewritten(&scalar.text, replacements).ok_or_else(|| Self::refused(path, "it is another text"))?;
        let node = yaml::Node {
            kind: yaml::Kind::Text(scalar.text.clone()),
            style: scalar.style,
            span: Span { start: scalar.span.start, end: scalar.span.end, ..Span::default() },
        };
        let places = Places::of(self.source, &node);
        let mut edits = Vec::new();
        for (range, replacement) in replacements {
            let place = places.range(range.clone());
            let text = match scalar.style {
                Style::SingleQuoted => replacement.replace('\'', "''"),
                Style::DoubleQuoted => write::escaped(replacement),
                _ => replacement.clone(),
            };
            edits.push(Edit::new(place, text));
        }
        let vague =
            replacements.iter().zip(&edits).any(|((range, _), edit)| !range.is_empty() && edit.range.is_empty());
        let needs_quotes = scalar.style == Style::Plain && !write::is_plain(&new, target.in_brackets);
        if vague || needs_quotes {
            return self.set(path, &Value::String(new));
        }
        Ok(edits)
    }

    /// A key with its value, its comments and its layout goes elsewhere.
    fn relocate(&self, path: &Path, map: &Path, at: usize, before: &Value) -> Result<Vec<Edit>, EditError> {
        let (parent_path, step) = path.parent().ok_or_else(|| Self::refused(path, "it is the whole document"))?;
        let Step::Key(key) = step else { return Err(Self::refused(path, "it has no key")) };
        let (parent, goal) = (self.find(&parent_path)?, self.find(map)?);
        let children = parent.node.children();
        let moved = self.find(path)?;
        let place = moved.key.and_then(|key| children.iter().position(|range| range.start == key.start()));
        let place = place.ok_or_else(|| Self::refused(path, "it is not written here"))?;
        let range = children.get(place).cloned().unwrap_or_default();
        let value = path.0.iter().try_fold(before, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(at) => value.get(at),
        });
        let value = value.cloned().unwrap_or(Value::Null);
        let from_lines = match parent.node.shape() {
            Some(Shape::Block { column }) if starts_line(self.source, range.start) => Some(column),
            _ => None,
        };
        // An empty map gives way to lines, whichever way it is written.
        let has_brackets = matches!(goal.node.shape(), Some(Shape::Flow { .. })) && !goal.node.children().is_empty();
        let into_lines = !goal.in_brackets && !self.json && !has_brackets;
        let taken = match from_lines {
            Some(_) => lines::extent(self, &children, place),
            None => range.clone(),
        };
        let written = self.source.get(taken).unwrap_or("");
        if from_lines.is_some() != into_lines && written.contains('#') && from_lines.is_some() {
            return Err(Self::refused(path, "its comments have no place between brackets"));
        }
        if from_lines.is_none() && into_lines && written.contains('\n') {
            return Err(Self::refused(path, "it is written between brackets over several lines"));
        }
        let text = |inside: bool, indent: usize| match (inside, from_lines) {
            (true, None) => written.to_owned(),
            (true, Some(_)) => write::flow_pair(key, &value, self.json),
            (false, None) => format!("{}{written}\n", " ".repeat(indent)),
            (false, Some(column)) => lines::shifted(written, column, indent),
        };
        let same = parent_path == *map;
        let mut edits = self.insert(map, at, &json!({key: value}), same.then_some(place), &text)?;
        edits.extend(self.remove(path)?);
        Ok(edits)
    }
}
