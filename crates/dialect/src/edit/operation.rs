//! What can be done to a pipeline document, in terms of small changes.

use std::{collections::BTreeMap, ops::Range};

use serde_json::{Map, Value, json};

use super::{
    Document, EditError, Path, Step,
    change::Change,
    references::{self, Named},
};
use crate::{expression::Reference, suggest::did_you_mean};

/// What becomes of texts that name what is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum References {
    /// The removal is refused.
    Refuse,
    /// They stay, and are told with the result; the pipeline is refused until they are changed.
    Keep,
}

/// One operation. Ids and names are found without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// A new task, at the top level or in a group.
    AddTask {
        /// Its id.
        id: String,
        /// The group, if any.
        group: Option<String>,
        /// Its place among its siblings; the end if absent.
        position: Option<usize>,
        /// The integration.
        integration: String,
        /// The job.
        integration_job: String,
        /// Its parameters.
        parameters: Map<String, Value>,
        /// Ids of siblings.
        depends_on: Vec<String>,
    },
    /// A new group without tasks.
    AddGroup {
        /// Its id.
        id: String,
        /// Its place at the top level; the end if absent.
        position: Option<usize>,
        /// Its shown name, if any.
        name: Option<String>,
        /// Ids of top-level entries.
        depends_on: Vec<String>,
    },
    /// A task or group goes to another place, a task also to another group.
    Move {
        /// Which.
        id: String,
        /// The group to go to; the top level if absent.
        group: Option<String>,
        /// The place among those that are there, itself not counted; the end if absent.
        position: Option<usize>,
    },
    /// A task or group goes, also from every `depends_on`.
    Remove {
        /// Which.
        id: String,
        /// What becomes of conditions and templates that name it or its tasks.
        references: References,
    },
    /// A field of a task or group gets a value.
    SetField {
        /// The task or group.
        id: String,
        /// The way to the field from there, such as `condition` or `parameters`, `code`.
        field: Vec<Step>,
        /// The value.
        value: Value,
    },
    /// A field of a task or group goes.
    RemoveField {
        /// The task or group.
        id: String,
        /// The way to the field from there.
        field: Vec<Step>,
    },
    /// A task or group gets another id, with everything that names it.
    Rename {
        /// The id now.
        id: String,
        /// The new id.
        to: String,
    },
    /// An input gets another name, with everything that names it.
    RenameInput {
        /// The name now.
        name: String,
        /// The new name.
        to: String,
    },
    /// A task or group waits for one more.
    AddDependency {
        /// Who waits.
        id: String,
        /// For whom.
        on: String,
    },
    /// A task or group waits for one less.
    RemoveDependency {
        /// Who waits.
        id: String,
        /// For whom no longer.
        on: String,
    },
}

/// Does an operation; returns the texts that still name what is gone.
pub(super) fn perform(document: &mut Document, operation: &Operation) -> Result<Vec<Path>, EditError> {
    let done = match operation {
        Operation::AddTask { id, group, position, integration, integration_job, parameters, depends_on } => {
            free(&document.value, id)?;
            let siblings = siblings(&document.value, group.as_deref())?;
            let mut task = Map::new();
            task.insert("integration".to_owned(), json!(integration));
            task.insert("integration_job".to_owned(), json!(integration_job));
            if !depends_on.is_empty() {
                task.insert("depends_on".to_owned(), json!(depends_on));
            }
            task.insert("parameters".to_owned(), Value::Object(parameters.clone()));
            add(document, siblings, *position, id, Value::Object(task))
        }
        Operation::AddGroup { id, position, name, depends_on } => {
            free(&document.value, id)?;
            let mut group = Map::new();
            group.extend(name.as_ref().map(|name| ("name".to_owned(), json!(name))));
            if !depends_on.is_empty() {
                group.insert("depends_on".to_owned(), json!(depends_on));
            }
            group.insert("tasks".to_owned(), json!({}));
            add(document, Path::of(&["pipeline"]), *position, id, Value::Object(group))
        }
        Operation::Move { id, group, position } => relocate(document, id, group.as_deref(), *position),
        Operation::Remove { id, references } => return remove(document, id, *references),
        Operation::SetField { id, field, value } => {
            let found = find(&document.value, id)?;
            set_field(document, &found.path, field, value)
        }
        Operation::RemoveField { id, field } => {
            let path = Path(find(&document.value, id)?.path.0.into_iter().chain(field.iter().cloned()).collect());
            if field.is_empty() || lookup(&document.value, &path).is_none() {
                return Err(EditError::NotFound { what: "field", name: path.to_string(), help: None });
            }
            document.apply(&[Change::Remove { path }])
        }
        Operation::Rename { id, to } => rename(document, id, to),
        Operation::RenameInput { name, to } => rename_input(document, name, to),
        Operation::AddDependency { id, on } => {
            let found = find(&document.value, id)?;
            let on = sibling(&document.value, &found, on)?;
            let path = found.path.key("depends_on");
            let waits = dependencies(&document.value, &found.path);
            if waits.iter().any(|waited| waited.to_lowercase() == on.to_lowercase()) {
                return Err(EditError::Taken { what: "dependency", name: on });
            }
            match lookup(&document.value, &path) {
                Some(Value::Array(items)) => {
                    document.apply(&[Change::InsertItem { list: path, at: items.len(), value: json!(on) }])
                }
                _ => set_field(document, &found.path, &[Step::from("depends_on")], &json!([on])),
            }
        }
        Operation::RemoveDependency { id, on } => {
            let found = find(&document.value, id)?;
            let waits = dependencies(&document.value, &found.path);
            if !waits.iter().any(|waited| waited.to_lowercase() == on.to_lowercase()) {
                let help = did_you_mean(on, waits.iter().map(String::as_str));
                return Err(EditError::NotFound { what: "dependency", name: on.clone(), help });
            }
            drop_dependency(document, &found.path, on)
        }
    };
    done.map(|()| Vec::new())
}

/// A task or group.
struct Found {
    id: String,
    /// The id of the group around it.
    group: Option<String>,
    path: Path,
    is_group: bool,
}

/// All tasks and groups, in the order of the document.
fn entries(root: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    let pipeline = Path::of(&["pipeline"]);
    for (id, entry) in root.get("pipeline").and_then(Value::as_object).into_iter().flatten() {
        let tasks = entry.get("tasks");
        let path = pipeline.key(id);
        found.push(Found { id: id.clone(), group: None, path: path.clone(), is_group: tasks.is_some() });
        for (task, _) in tasks.and_then(Value::as_object).into_iter().flatten() {
            let path = path.key("tasks").key(task);
            found.push(Found { id: task.clone(), group: Some(id.clone()), path, is_group: false });
        }
    }
    found
}

fn is(id: &str, other: &str) -> bool {
    id.to_lowercase() == other.to_lowercase()
}

fn find(root: &Value, id: &str) -> Result<Found, EditError> {
    let known = entries(root);
    let help = || did_you_mean(id, known.iter().map(|found| found.id.as_str()));
    let missing = EditError::NotFound { what: "task or group", name: id.to_owned(), help: help() };
    known.into_iter().find(|found| is(&found.id, id)).ok_or(missing)
}

fn lookup<'a>(root: &'a Value, path: &Path) -> Option<&'a Value> {
    path.0.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(at) => value.get(at),
    })
}

fn free(root: &Value, id: &str) -> Result<(), EditError> {
    if id.trim().is_empty() {
        return Err(EditError::Invalid("an id must not be empty".to_owned()));
    }
    match entries(root).into_iter().find(|found| is(&found.id, id)) {
        Some(found) => Err(EditError::Taken { what: if found.is_group { "group" } else { "task" }, name: found.id }),
        None => Ok(()),
    }
}

/// The map of the tasks of a group, or of the top level.
fn siblings(root: &Value, group: Option<&str>) -> Result<Path, EditError> {
    let Some(group) = group else { return Ok(Path::of(&["pipeline"])) };
    let found = find(root, group)?;
    match found.is_group {
        true => Ok(found.path.key("tasks")),
        false => Err(EditError::Invalid(format!("`{}` is a task, not a group", found.id))),
    }
}

fn sibling(root: &Value, of: &Found, id: &str) -> Result<String, EditError> {
    let known = entries(root).into_iter().filter(|found| match (&found.group, &of.group) {
        (Some(one), Some(other)) => is(one, other),
        (one, other) => one.is_none() && other.is_none(),
    });
    let known: Vec<String> = known.map(|found| found.id).filter(|found| !is(found, &of.id)).collect();
    let help = did_you_mean(id, known.iter().map(String::as_str))
        .or_else(|| Some(format!("`{}` can wait only for what stands beside it", of.id)));
    let missing = EditError::NotFound { what: "task or group", name: id.to_owned(), help };
    known.into_iter().find(|found| is(found, id)).ok_or(missing)
}

fn dependencies(root: &Value, of: &Path) -> Vec<String> {
    let items = lookup(root, &of.key("depends_on")).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn add(document: &mut Document, map: Path, position: Option<usize>, id: &str, value: Value) -> Result<(), EditError> {
    let length = lookup(&document.value, &map).and_then(Value::as_object).map_or(0, Map::len);
    let at = position.unwrap_or(length).min(length);
    document.apply(&[Change::InsertKey { map, at, key: id.to_owned(), value }])
}

/// Sets what is there; adds the last key, or the first that is missing on the way, where it is not.
fn set_field(document: &mut Document, entry: &Path, field: &[Step], value: &Value) -> Result<(), EditError> {
    let mut path = entry.clone();
    for (at, step) in field.iter().enumerate() {
        let Some(parent) = lookup(&document.value, &path) else { break };
        let next = path.then(step.clone());
        if lookup(&document.value, &next).is_some() {
            path = next;
            continue;
        }
        let rest = field.get(at + 1..).unwrap_or_default();
        let value = rest.iter().rev().fold(value.clone(), |inner, step| match step {
            Step::Key(key) => json!({key: inner}),
            Step::Index(_) => json!([inner]),
        });
        let change = match (step, parent) {
            (Step::Key(key), Value::Object(fields)) => {
                Change::InsertKey { map: path, at: fields.len(), key: key.clone(), value }
            }
            (Step::Key(key), Value::Null) => Change::InsertKey { map: path, at: 0, key: key.clone(), value },
            (Step::Index(index), Value::Array(items)) if *index == items.len() => {
                Change::InsertItem { list: path, at: *index, value }
            }
            _ => return Err(EditError::Invalid(format!("`{next}` has no place: `{path}` is another kind of value"))),
        };
        return document.apply(&[change]);
    }
    if field.is_empty() {
        return Err(EditError::Invalid("which field? the way to it is empty".to_owned()));
    }
    document.apply(&[Change::Set { path, value: value.clone() }])
}

fn drop_dependency(document: &mut Document, of: &Path, on: &str) -> Result<(), EditError> {
    loop {
        let waits = dependencies(&document.value, of);
        let Some(at) = waits.iter().position(|waited| is(waited, on)) else { return Ok(()) };
        let list = of.key("depends_on");
        let path = if waits.len() == 1 { list } else { list.index(at) };
        document.apply(&[Change::Remove { path }])?;
    }
}

fn relocate(document: &mut Document, id: &str, group: Option<&str>, position: Option<usize>) -> Result<(), EditError> {
    let found = find(&document.value, id)?;
    let map = siblings(&document.value, group)?;
    if found.is_group && group.is_some() {
        return Err(EditError::Invalid(format!("`{}` is a group: groups do not nest", found.id)));
    }
    let from = siblings(&document.value, found.group.as_deref())?;
    if from != map {
        // Dependencies join what stands side by side.
        let waiting = entries(&document.value).into_iter().filter(|other| {
            other.group == found.group && dependencies(&document.value, &other.path).iter().any(|on| is(on, &found.id))
        });
        let places: Vec<Path> = waiting.map(|other| other.path.key("depends_on")).collect();
        if !places.is_empty() {
            return Err(EditError::Referenced { name: found.id, places });
        }
        if !dependencies(&document.value, &found.path).is_empty() {
            let message = format!("`{}` waits for what stands beside it: remove its dependencies first", found.id);
            return Err(EditError::Invalid(message));
        }
    }
    let length = lookup(&document.value, &map).and_then(Value::as_object).map_or(0, Map::len);
    let length = if from == map { length.saturating_sub(1) } else { length };
    let at = position.unwrap_or(length).min(length);
    let now = lookup(&document.value, &map)
        .and_then(Value::as_object)
        .and_then(|map| map.keys().position(|key| *key == found.id));
    if from == map && now == Some(at) {
        return Ok(());
    }
    document.apply(&[Change::Move { path: found.path, map, at }])
}

fn remove(document: &mut Document, id: &str, references: References) -> Result<Vec<Path>, EditError> {
    let found = find(&document.value, id)?;
    let gone: Vec<String> = entries(&document.value)
        .into_iter()
        .filter(|entry| is(&entry.id, &found.id) || (found.is_group && entry.group.as_deref() == Some(&found.id)))
        .map(|entry| entry.id.to_lowercase())
        .collect();
    let inside = |path: &Path| path.0.starts_with(&found.path.0);
    let names = |named: &Named| match &named.reference {
        Reference::Task { id, .. } | Reference::TaskGroup(id) => gone.contains(&id.to_lowercase()),
        _ => false,
    };
    let mut places: Vec<Path> = Vec::new();
    for named in references::all(&document.value).into_iter().filter(|named| names(named) && !inside(&named.path)) {
        if !places.contains(&named.path) {
            places.push(named.path);
        }
    }
    if !places.is_empty() && references == References::Refuse {
        return Err(EditError::Referenced { name: found.id, places });
    }
    for other in entries(&document.value).into_iter().filter(|other| other.group == found.group && other.id != found.id)
    {
        drop_dependency(document, &other.path, &found.id)?;
    }
    document.apply(&[Change::Remove { path: found.path }])?;
    Ok(places)
}

/// Replacements by the text that they are made in.
fn rewrites(named: Vec<Named>, to: &str) -> BTreeMap<Path, Vec<(Range<usize>, String)>> {
    let mut found: BTreeMap<Path, Vec<(Range<usize>, String)>> = BTreeMap::new();
    for one in named {
        found.entry(one.path).or_default().push((one.name, references::written(to, one.quote)));
    }
    found.values_mut().for_each(|replacements| replacements.sort_by_key(|(range, _)| range.start));
    found
}

fn rename(document: &mut Document, id: &str, to: &str) -> Result<(), EditError> {
    let found = find(&document.value, id)?;
    if !is(&found.id, to) {
        free(&document.value, to)?;
    }
    let names = |named: &Named| match (&named.reference, found.is_group) {
        (Reference::Task { id, .. }, false) | (Reference::TaskGroup(id), true) => is(id, &found.id),
        _ => false,
    };
    let named = references::all(&document.value).into_iter().filter(names).collect();
    let mut changes: Vec<Change> =
        rewrites(named, to).into_iter().map(|(path, replacements)| Change::Rewrite { path, replacements }).collect();
    for other in entries(&document.value).into_iter().filter(|other| other.group == found.group) {
        for (at, on) in
            dependencies(&document.value, &other.path).into_iter().enumerate().filter(|(_, on)| is(on, &found.id))
        {
            let path = other.path.key("depends_on").index(at);
            changes.push(Change::Rewrite { path, replacements: vec![(0..on.len(), to.to_owned())] });
        }
    }
    changes.push(Change::RenameKey { path: found.path, to: to.to_owned() });
    document.apply(&changes)
}

fn rename_input(document: &mut Document, name: &str, to: &str) -> Result<(), EditError> {
    let letter = |character: char| character == '_' || character.is_ascii_alphabetic();
    if !to.starts_with(letter) || !to.chars().all(|character| letter(character) || character.is_ascii_digit()) {
        let message = format!("`{to}` is no name of an input: a letter or `_`, then letters, digits and `_`");
        return Err(EditError::Invalid(message));
    }
    let declared: Vec<String> = keys(&document.value, &Path::of(&["inputs"]));
    let help = did_you_mean(name, declared.iter().map(String::as_str));
    let missing = EditError::NotFound { what: "input", name: name.to_owned(), help };
    let found = declared.iter().find(|known| is(known, name)).ok_or(missing)?;
    if !is(found, to) && declared.iter().any(|known| is(known, to)) {
        return Err(EditError::Taken { what: "input", name: to.to_owned() });
    }
    let names = |named: &Named| matches!(&named.reference, Reference::Input(input) if is(input, found));
    let named = references::all(&document.value).into_iter().filter(names).collect();
    let mut changes: Vec<Change> =
        rewrites(named, to).into_iter().map(|(path, replacements)| Change::Rewrite { path, replacements }).collect();
    for map in maps_of_inputs(&document.value) {
        for key in keys(&document.value, &map).into_iter().filter(|key| is(key, found)) {
            changes.push(Change::RenameKey { path: map.key(&key), to: to.to_owned() });
        }
    }
    document.apply(&changes)
}

/// The declaration, and every map of a trigger whose keys are names of inputs.
fn maps_of_inputs(root: &Value) -> Vec<Path> {
    let mut maps = vec![Path::of(&["inputs"]), Path::of(&["webhook", "run_inputs"])];
    for list in [Path::of(&["schedule"]), Path::of(&["trigger_events"]), Path::of(&["meta", "downbeat", "schedules"])] {
        let length = lookup(root, &list).and_then(Value::as_array).map_or(0, Vec::len);
        maps.extend((0..length).map(|at| list.index(at).key("run_inputs")));
    }
    let sensors = Path::of(&["sensors"]);
    for sensor in keys(root, &sensors) {
        let sensor = sensors.key(&sensor);
        maps.push(sensor.key("run_inputs"));
        let checks = sensor.key("checks");
        maps.extend(keys(root, &checks).iter().map(|check| checks.key(check).key("map_outputs")));
    }
    maps
}

fn keys(root: &Value, path: &Path) -> Vec<String> {
    lookup(root, path).and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned().collect()
}
