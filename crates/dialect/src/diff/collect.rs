//! Differences of plain values, down to the part that differs.

use serde_json::{Map, Value};

use super::{Change, ChangeKind};

#[derive(Debug, Default)]
pub(super) struct Collector {
    pub(super) changes: Vec<Change>,
}

/// What a field's additions, removals and changes are called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    added: ChangeKind,
    removed: ChangeKind,
    changed: ChangeKind,
}

impl Kinds {
    pub(super) fn all(kind: ChangeKind) -> Self {
        Self { added: kind, removed: kind, changed: kind }
    }

    /// By the name of a field of the pipeline (`root`), or of a task or group.
    fn of(field: &str, root: bool) -> Self {
        match field {
            "parameters" => Self {
                added: ChangeKind::ParameterAdded,
                removed: ChangeKind::ParameterRemoved,
                changed: ChangeKind::ParameterChanged,
            },
            "condition" => Self::all(ChangeKind::ConditionChanged),
            "configuration" => Self::all(ChangeKind::ConfigurationChanged),
            "alerts" => Self::all(ChangeKind::AlertChanged),
            "meta" => Self::all(ChangeKind::MetaChanged),
            _ if root => Self::all(ChangeKind::PipelineChanged),
            _ => Self::all(ChangeKind::FieldChanged),
        }
    }
}

impl Collector {
    pub(super) fn push(&mut self, path: &[&str], kind: ChangeKind, old: Option<Value>, new: Option<Value>) {
        let path = path.iter().map(|segment| (*segment).to_owned()).collect();
        self.changes.push(Change { path, kind, old, new });
    }

    /// Fields of the pipeline (at an empty path), of a task or of a group.
    pub(super) fn fields(&mut self, path: &[&str], old: &Map<String, Value>, new: &Map<String, Value>) {
        for (name, old, new) in pairs(old, new) {
            self.compare(&[path, &[name]].concat(), Kinds::of(name, path.is_empty()), old, new);
        }
    }

    /// Two values, or one that came or went. Maps are compared key by key.
    pub(super) fn compare(&mut self, path: &[&str], kinds: Kinds, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (Some(old), Some(new)) if old == new => {}
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                for (name, old, new) in pairs(old, new) {
                    self.compare(&[path, &[name]].concat(), kinds, old, new);
                }
            }
            (Some(old), Some(new)) => self.push(path, kinds.changed, Some(old.clone()), Some(new.clone())),
            (None, Some(new)) => self.push(path, kinds.added, None, Some(new.clone())),
            (Some(old), None) => self.push(path, kinds.removed, Some(old.clone()), None),
            (None, None) => {}
        }
    }
}

type Paired<'a> = (&'a str, Option<&'a Value>, Option<&'a Value>);

/// The values of both maps by key: in the order of the old one, then what only the new one has.
pub(super) fn pairs<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> Vec<Paired<'a>> {
    let kept = old.iter().map(|(name, value)| (name.as_str(), Some(value), new.get(name)));
    let added = new.iter().filter(|(name, _)| !old.contains_key(*name));
    kept.chain(added.map(|(name, value)| (name.as_str(), None, Some(value)))).collect()
}
