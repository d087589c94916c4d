//! A pipeline is checked, with the verdict of the language and places as the published validator names them.

use axum::response::Response;
use downbeat_dialect::{
    Code, Diagnostic, Severity,
    edit::{Path, Step},
    emit, path_at,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    http::{Call, Fault, Json, Place, Violation, camel, json},
    limits,
    server::whose,
};

/// It is one.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Checked {
    message: &'static str,
    status: &'static str,
    /// The pipeline with names written likeThis, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pipeline: Option<Value>,
    /// What works and could be better.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

pub(super) async fn check(mut call: Call) -> Result<Response, Fault> {
    let now = call.edge.clock.now().monotonic;
    // Whoever shows a key is no stranger: behind one proxy there may be many.
    let known = call.identify().await.is_ok();
    let taken =
        if known { Ok(()) } else { call.edge.checks.take(whose(call.peer), now, limits::SCHEMA_CHECKS_PER_MINUTE) };
    if let Err(wait) = taken {
        let said = format!("at most {} checks a minute", limits::SCHEMA_CHECKS_PER_MINUTE);
        return Err(Fault::TooEarly(wait, said));
    }
    let tree = Json::value(&call.body)?;
    let canonical = call.query.flag("canonicalize")?.then(|| canonical(&tree, Names::Ours));
    // Reading it takes a while where it is large.
    let checked = tokio::task::spawn_blocking(move || verdict(&tree)).await;
    let (_, warnings) = checked.map_err(|_| Fault::bad("the pipeline cannot be read"))??;
    json(200, &Checked { message: "Pipeline schema is valid", status: "valid", pipeline: canonical, warnings })
}

/// The text of a tree that is a pipeline, and what works and could be better.
///
/// # Errors
/// 422: it is none, with the places.
pub(super) fn verdict(tree: &Value) -> Result<(String, Vec<String>), Fault> {
    if !tree.is_object() {
        let said = "expected a pipeline: an object with version, name and pipeline";
        return Err(Fault::Violations(vec![Violation::new(Vec::new(), "model_attributes_type", said)]));
    }
    let source = emit::to_yaml(tree)
        .map_err(|error| Fault::Violations(vec![Violation::new(Vec::new(), "value_error", error.to_string())]))?;
    let parsed = downbeat_dialect::parse(&source);
    let (errors, advice): (Vec<_>, Vec<_>) =
        parsed.diagnostics.iter().partition(|found| found.severity == Severity::Error);
    if parsed.pipeline.is_none() {
        return Err(Fault::Violations(errors.into_iter().map(|found| violation(found, &source, tree)).collect()));
    }
    let told = advice
        .into_iter()
        .map(|found| format!("{}: {} [{}]", path_at(&source, found.span.start), found.message, found.code));
    let told = told.collect();
    Ok((source, told))
}

fn violation(found: &Diagnostic, source: &str, tree: &Value) -> Violation {
    let mut path = path_at(source, found.span.start);
    // The place of what is missing is where it should be: in the map whose first key the fault is shown at.
    let missing = found.message.split('`').nth(1).filter(|_| found.code == Code::MissingKey);
    if let Some(missing) = missing {
        path.0.pop();
        path.0.push(Step::from(missing));
    }
    let loc = places(&path, tree);
    let help = found.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let mut violation = Violation::new(loc, kind(found.code), format!("{}{help}", found.message));
    violation.ctx = Some(serde_json::json!({ "code": found.code.to_string() }));
    violation
}

/// The way to a value as the published validator names it: behind the id of a task group stands the name of its model.
fn places(path: &Path, tree: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    for (at, step) in path.0.iter().enumerate() {
        match step {
            Step::Key(key) => {
                places.push(Place::Key(key.clone()));
                let group = at == 1
                    && path.0.first() == Some(&Step::from("pipeline"))
                    && tree
                        .pointer("/pipeline")
                        .and_then(|entries| entries.get(key))
                        .is_some_and(|it| it.get("tasks").is_some());
                if group && path.0.len() > 2 {
                    places.push(Place::from("TaskGroupModel"));
                }
            }
            Step::Index(index) => places.push(Place::Index(*index)),
        }
    }
    places
}

/// The published word for a kind of fault.
fn kind(code: Code) -> &'static str {
    match code {
        Code::UnknownKey => "extra_forbidden",
        Code::MissingKey => "missing",
        Code::WrongType => "type_error",
        Code::NotInEnum => "enum",
        Code::BadFormat => "string_pattern_mismatch",
        _ => "value_error",
    }
}

/// Whose names a map holds.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// The language's.
    Ours,
    /// The user's: they stay, and below them the language's follow.
    Theirs,
    /// The user's, all the way down.
    Free,
}

/// The same with the language's names written likeThis.
fn canonical(value: &Value, names: Names) -> Value {
    match value {
        Value::Object(fields) => {
            let written = fields.iter().map(|(name, value)| {
                let below = match (names, name.as_str()) {
                    (Names::Free, _) | (Names::Ours, "meta" | "parameters" | "run_inputs" | "default") => Names::Free,
                    (Names::Ours, "pipeline" | "tasks" | "inputs" | "sensors" | "checks" | "operation_metadata") => {
                        Names::Theirs
                    }
                    _ => Names::Ours,
                };
                let name = if names == Names::Ours { camel(name) } else { name.clone() };
                (name, canonical(value, below))
            });
            Value::Object(written.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| canonical(item, names)).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pipeline(task: Value) -> Value {
        json!({"version": "v1", "name": "n", "pipeline": {"g1": {"tasks": {"t1": task}}}})
    }

    #[test]
    fn faults_have_the_places_and_words_of_the_published_validator() {
        let task = json!({"integration": "HTTP", "integration_job": "HTTP_REQUEST", "parameters": {}, "nmae": "x"});
        for (tree, loc, kind) in [
            (pipeline(task), json!(["pipeline", "g1", "TaskGroupModel", "tasks", "t1", "nmae"]), "extra_forbidden"),
            (
                pipeline(json!({"integration": "HTTP", "parameters": {}})),
                json!(["pipeline", "g1", "TaskGroupModel", "tasks", "t1", "integration_job"]),
                "missing",
            ),
            (json!({"version": "v1", "pipeline": {}}), json!(["name"]), "missing"),
            (json!({"version": "v2", "name": "n", "pipeline": {}}), json!(["version"]), "enum"),
            (json!([1]), json!([]), "model_attributes_type"),
        ] {
            let Err(Fault::Violations(found)) = verdict(&tree) else { panic!("{tree} is taken") };
            let found =
                found.iter().find(|found| found.kind == kind).unwrap_or_else(|| panic!("{found:?} has no {kind}"));
            assert_eq!(json!(found.loc), loc, "{found:?}");
        }
    }

    #[test]
    fn canonical_names_leave_those_of_the_user() {
        let tree = json!({
            "trigger_events": [{"pipeline_id": "p"}], "meta": {"my_key": 1},
            "inputs": {"my_day": {"default": {"a_b": 1}}},
            "pipeline": {"my_group": {"depends_on": [], "tasks": {"my_task": {"integration_job": "X", "parameters": {"a_b": 1}}}}},
        });
        let expected = json!({
            "triggerEvents": [{"pipelineId": "p"}], "meta": {"my_key": 1},
            "inputs": {"my_day": {"default": {"a_b": 1}}},
            "pipeline": {"my_group": {"dependsOn": [], "tasks": {"my_task": {"integrationJob": "X", "parameters": {"a_b": 1}}}}},
        });
        assert_eq!(canonical(&tree, Names::Ours), expected);
    }
}
