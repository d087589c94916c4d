//! Entries of a pipeline in one line each.

use serde_json::{Map, Value};

/// A task of no particular integration; `more` stands behind a comma inside its braces.
pub(crate) fn task(id: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!("{id}: {{integration: X, integration_job: Y, parameters: {{}}{more}}}\n")
}

/// A pipeline of these entries, each of one line.
pub(crate) fn pipe(entries: &[String]) -> String {
    let entries: Vec<String> = entries.iter().map(|entry| format!("  {entry}")).collect();
    format!("pipeline:\n{}", entries.concat())
}

/// An entry of a group in one line; `head` stands before its tasks.
pub(crate) fn group(id: &str, head: &str, tasks: &[String]) -> String {
    let head = if head.is_empty() { String::new() } else { format!("{head}, ") };
    let tasks: Vec<&str> = tasks.iter().map(|task| task.trim_end()).collect();
    format!("{id}: {{{head}tasks: {{{}}}}}\n", tasks.join(", "))
}

/// A job that the core does itself.
pub(crate) fn core(id: &str, job: &str, parameters: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!("{id}: {{integration: ORCHESTRA, integration_job: {job}, parameters: {{{parameters}}}{more}}}\n")
}

/// An environment or inputs of one entry.
pub(crate) fn one(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}
