//! Small changes of a document, and what they do to its plain value: against that the edited text is held.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{Path, Step};

#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Another value at a path that is there.
    Set { path: Path, value: Value },
    /// A new key at a place of a map.
    InsertKey { map: Path, at: usize, key: String, value: Value },
    /// A new item at a place of a list.
    InsertItem { list: Path, at: usize, value: Value },
    /// A key or an item goes.
    Remove { path: Path },
    /// A key gets another name.
    RenameKey { path: Path, to: String },
    /// Stretches of a text are replaced; they are in order and do not touch each other.
    Rewrite { path: Path, replacements: Vec<(Range<usize>, String)> },
    /// A key goes from one map to a place of another, which is counted without it.
    Move { path: Path, map: Path, at: usize },
}

impl Change {
    /// Does it to the plain value; none if it does not fit.
    pub(super) fn apply(&self, root: &mut Value) -> Option<()> {
        match self {
            Change::Set { path, value } => *find(root, path)? = value.clone(),
            Change::InsertKey { map, at, key, value } => insert(find(root, map)?, *at, key, value.clone())?,
            Change::InsertItem { list, at, value } => {
                let items = find(root, list)?.as_array_mut()?;
                items.insert((*at).min(items.len()), value.clone());
            }
            Change::Remove { path } => {
                remove(root, path)?;
            }
            Change::RenameKey { path, to } => {
                let (parent, step) = path.parent()?;
                let Step::Key(from) = step else { return None };
                let map = find(root, &parent)?.as_object_mut()?;
                let renamed = std::mem::take(map).into_iter();
                *map = renamed.map(|(key, value)| (if key == *from { to.clone() } else { key }, value)).collect();
            }
            Change::Rewrite { path, replacements } => {
                let text = find(root, path)?;
                *text = Value::String(rewritten(text.as_str()?, replacements)?);
            }
            Change::Move { path, map, at } => {
                let (_, Step::Key(key)) = path.parent()? else { return None };
                let value = remove(root, path)?;
                insert(find(root, map)?, *at, key, value)?;
            }
        }
        Some(())
    }
}

/// The text with its stretches replaced.
pub(super) fn rewritten(text: &str, replacements: &[(Range<usize>, String)]) -> Option<String> {
    let mut written = String::new();
    let mut at = 0;
    for (range, replacement) in replacements {
        written.push_str(text.get(at..range.start)?);
        written.push_str(replacement);
        at = range.end;
    }
    written.push_str(text.get(at..)?);
    Some(written)
}

fn find<'a>(root: &'a mut Value, path: &Path) -> Option<&'a mut Value> {
    path.0.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.as_object_mut()?.get_mut(key),
        Step::Index(at) => value.as_array_mut()?.get_mut(*at),
    })
}

fn insert(target: &mut Value, at: usize, key: &str, value: Value) -> Option<()> {
    if target.is_null() {
        *target = Value::Object(Map::new());
    }
    let map = target.as_object_mut()?;
    let mut entries: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
    entries.insert(at.min(entries.len()), (key.to_owned(), value));
    *map = entries.into_iter().collect();
    Some(())
}

fn remove(root: &mut Value, path: &Path) -> Option<Value> {
    let (parent, step) = path.parent()?;
    match (find(root, &parent)?, step) {
        (Value::Object(map), Step::Key(key)) => map.shift_remove(key),
        (Value::Array(items), Step::Index(at)) if *at < items.len() => Some(items.remove(*at)),
        _ => None,
    }
}

impl Change {
    /// What it is about.
    pub(super) fn path(&self) -> &Path {
        match self {
            Change::Set { path, .. }
            | Change::Remove { path }
            | Change::RenameKey { path, .. }
            | Change::Rewrite { path, .. }
            | Change::Move { path, .. }
            | Change::InsertKey { map: path, .. }
            | Change::InsertItem { list: path, .. } => path,
        }
    }
}
