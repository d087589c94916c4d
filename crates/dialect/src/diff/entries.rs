//! Tasks and groups: which came, went, moved or changed.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{ChangeKind, additions, collect::Collector, values};
use crate::{Entry, Pipeline, Task};

/// A task or a group with where it stands.
struct Place<'a> {
    id: &'a str,
    /// The id of the group around it.
    group: Option<&'a str>,
    node: Node<'a>,
}

enum Node<'a> {
    Group(&'a crate::TaskGroup),
    Task(&'a Task),
}

impl<'a> Place<'a> {
    fn path(&self) -> Vec<&'a str> {
        std::iter::once("pipeline").chain(self.group).chain([self.id]).collect()
    }

    fn is_group(&self) -> bool {
        matches!(self.node, Node::Group(_))
    }

    fn whole(&self) -> Value {
        match self.node {
            Node::Group(group) => values::whole_entry(&Entry::Group(group.clone())),
            Node::Task(task) => values::whole_task(task),
        }
    }

    fn fields(&self) -> serde_json::Map<String, Value> {
        match self.node {
            Node::Group(group) => values::group(group),
            Node::Task(task) => values::task(task),
        }
    }

    fn additions(&self) -> serde_json::Map<String, Value> {
        match self.node {
            Node::Group(group) => additions::of_group(&group.additions),
            Node::Task(task) => additions::of_task(&task.additions),
        }
    }

    fn depends_on(&self) -> &'a [String] {
        match self.node {
            Node::Group(group) => &group.depends_on,
            Node::Task(task) => &task.depends_on,
        }
    }
}

/// All tasks and groups by kind and lower-case id, in the order of the document.
type Places<'a> = IndexMap<(bool, String), Place<'a>>;

impl Collector {
    pub(super) fn entries(&mut self, old: &Pipeline, new: &Pipeline) {
        let (before, after) = (places(old), places(new));
        let renamed = renamed(&before, &after);
        let sources: BTreeMap<_, _> = renamed.iter().map(|(old, new)| (new.clone(), old.clone())).collect();
        // Old ids of lower case to new ones, so that a dependency on something renamed is no other dependency.
        let names: BTreeMap<String, String> = renamed.iter().map(|(old, new)| (old.1.clone(), new.1.clone())).collect();
        for (key, place) in &before {
            let gone = !after.contains_key(key) && !renamed.contains_key(key);
            // Tasks go with their group.
            let with_group = place.group.is_some_and(|group| {
                let group = (true, group.to_lowercase());
                !after.contains_key(&group) && !renamed.contains_key(&group)
            });
            if gone && !with_group {
                let kind = if place.is_group() { ChangeKind::GroupRemoved } else { ChangeKind::TaskRemoved };
                self.push(&place.path(), kind, Some(place.whole()), None);
            }
        }
        for (key, place) in &after {
            match before.get(key).or_else(|| before.get(sources.get(key)?)) {
                Some(origin) => self.entry(origin, place, &names),
                None => {
                    let with_group = place.group.is_some_and(|group| {
                        let group = (true, group.to_lowercase());
                        !before.contains_key(&group) && !sources.contains_key(&group)
                    });
                    if !with_group {
                        let kind = if place.is_group() { ChangeKind::GroupAdded } else { ChangeKind::TaskAdded };
                        self.push(&place.path(), kind, None, Some(place.whole()));
                    }
                }
            }
        }
    }

    /// What changed of a task or group that exists on both sides.
    fn entry(&mut self, old: &Place<'_>, new: &Place<'_>, names: &BTreeMap<String, String>) {
        let path = new.path();
        if old.id != new.id {
            let kind = if new.is_group() { ChangeKind::GroupRenamed } else { ChangeKind::TaskRenamed };
            self.push(&path, kind, Some(json!(old.id)), Some(json!(new.id)));
        }
        let today = |id: &str| {
            let folded = id.to_lowercase();
            names.get(&folded).cloned().unwrap_or(folded)
        };
        if old.group.map(today) != new.group.map(str::to_lowercase) {
            self.push(&path, ChangeKind::TaskMoved, Some(json!(old.group)), Some(json!(new.group)));
        }
        let waited: BTreeSet<String> = old.depends_on().iter().map(|id| today(id)).collect();
        let waits: BTreeSet<String> = new.depends_on().iter().map(|id| id.to_lowercase()).collect();
        let path_of_dependencies = [&path[..], &["depends_on"]].concat();
        for id in old.depends_on().iter().filter(|id| !waits.contains(&today(id))) {
            self.push(&path_of_dependencies, ChangeKind::DependencyRemoved, Some(json!(id)), None);
        }
        for id in new.depends_on().iter().filter(|id| !waited.contains(&id.to_lowercase())) {
            self.push(&path_of_dependencies, ChangeKind::DependencyAdded, None, Some(json!(id)));
        }
        self.fields(&path, &old.fields(), &new.fields());
        self.additions(&path, &old.additions(), &new.additions());
    }
}

fn places(pipeline: &Pipeline) -> Places<'_> {
    let mut found = IndexMap::new();
    for entry in pipeline.entries.values() {
        match entry {
            Entry::Task(task) => {
                let place = Place { id: &task.id, group: None, node: Node::Task(task) };
                found.insert((false, task.id.to_lowercase()), place);
            }
            Entry::Group(group) => {
                let place = Place { id: &group.id, group: None, node: Node::Group(group) };
                found.insert((true, group.id.to_lowercase()), place);
                for task in group.tasks.values() {
                    let place = Place { id: &task.id, group: Some(&group.id), node: Node::Task(task) };
                    found.insert((false, task.id.to_lowercase()), place);
                }
            }
        }
    }
    found
}

type Key = (bool, String);

/// Old keys to new ones: removed and added at the same place, equal in everything but the id, and the only such pair.
fn renamed(before: &Places<'_>, after: &Places<'_>) -> BTreeMap<Key, Key> {
    let mut candidates: BTreeMap<String, (Vec<&Key>, Vec<&Key>)> = BTreeMap::new();
    // Serialized with sorted keys, so that the order in the document makes no difference.
    let form = |place: &Place<'_>| {
        json!([place.is_group(), place.group.map(str::to_lowercase), sorted(place.whole())]).to_string()
    };
    for (key, place) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        candidates.entry(form(place)).or_default().0.push(key);
    }
    for (key, place) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        candidates.entry(form(place)).or_default().1.push(key);
    }
    let single = candidates.into_values().filter_map(|(old, new)| match (old.as_slice(), new.as_slice()) {
        ([old], [new]) => Some(((*old).clone(), (*new).clone())),
        _ => None,
    });
    single.collect()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> =
                fields.into_iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
