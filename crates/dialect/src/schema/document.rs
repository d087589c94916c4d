//! The definitions of the schema: the models of the language, the typed jobs, the sensor checks, and our additions under `meta`.

use serde_json::{Map, Value, json};

use super::{
    Draft,
    shape::{field, fields, model, words_name},
};
use crate::catalogue::{Job, Model, SensorType, additions, core, integrations};

pub(super) fn definitions(draft: Draft) -> Map<String, Value> {
    let mut definitions = Map::new();
    for (name, words) in &core().enums {
        definitions.insert(words_name(name), json!({"enum": words}));
    }
    for (name, of) in &core().models {
        definitions.insert(name.clone(), model(draft, of));
    }
    for (owner, of) in
        [("pipeline", &additions().pipeline), ("task_group", &additions().task_group), ("task", &additions().task)]
    {
        if let Some(meta) = definitions.get_mut(owner).and_then(|owner| owner.pointer_mut("/properties/meta")) {
            *meta = open_meta(draft, of);
        }
    }
    for job in integrations().iter().flat_map(|integration| &integration.jobs) {
        let mut parameters = fields(draft, &job.parameters, false);
        parameters["title"] = Value::from(job.display_name.as_str());
        definitions.insert(job_name(job), parameters);
    }
    graph(draft, &mut definitions);
    task(draft, &mut definitions);
    sensor_check(draft, &mut definitions);
    definitions
}

fn job_name(job: &Job) -> String {
    format!("job.{}", job.name)
}

/// `meta` takes anything, but `meta.downbeat` is ours.
fn open_meta(draft: Draft, additions: &Model) -> Value {
    let mut ours = model(draft, additions);
    // Another version than the first is refused whatever else stands there.
    ours["properties"]["version"]["const"] = Value::from(1);
    ours["description"] = Value::from("what Downbeat adds to the language");
    json!({
        "type": ["object", "null"],
        "description": "notes of yours, under any keys",
        "properties": {"downbeat": ours},
    })
}

/// What has `tasks` is a group.
fn graph(draft: Draft, definitions: &mut Map<String, Value>) {
    let entry = json!({
        "if": {"type": "object", "required": ["tasks"]},
        "then": draft.reference("task_group"),
        "else": draft.reference("task"),
    });
    let entries = |of: Value, description: &str| json!({"type": "object", "description": description, "additionalProperties": of});
    if let Some(pipeline) = definitions.get_mut("pipeline") {
        pipeline["properties"]["pipeline"] = entries(entry, "tasks and task groups, by id");
    }
    if let Some(group) = definitions.get_mut("task_group") {
        group["properties"]["tasks"] = entries(draft.reference("task"), "the tasks of the group, by id");
    }
}

/// A listed job has its integration and its parameters; any other name is taken with any parameters.
fn task(draft: Draft, definitions: &mut Map<String, Value>) {
    let rules: Vec<Value> = integrations()
        .iter()
        .flat_map(|integration| integration.jobs.iter().map(move |job| (integration, job)))
        .map(|(integration, job)| {
            let parameters = draft.reference(&job_name(job));
            let then = json!({"integration": {"const": integration.name}, "parameters": parameters});
            chosen("integration_job", &job.name, then)
        })
        .collect();
    let jobs: Vec<&str> =
        integrations().iter().flat_map(|integration| &integration.jobs).map(|job| job.name.as_str()).collect();
    let names: Vec<&str> = integrations().iter().map(|integration| integration.name.as_str()).collect();
    if let Some(task) = definitions.get_mut("task") {
        task["properties"]["integration"] = suggested(&names);
        task["properties"]["integration_job"] = suggested(&jobs);
        task["allOf"] = Value::from(rules);
    }
}

/// Any text; editors offer these.
fn suggested(words: &[&str]) -> Value {
    json!({"anyOf": [{"enum": words}, {"type": "string"}]})
}

/// The parameters of a check are open: what is known of them is offered and not demanded.
fn sensor_check(draft: Draft, definitions: &mut Map<String, Value>) {
    let known = |sensor: &SensorType| {
        let offered = sensor.parameters.iter().map(|parameter| {
            let known = field(draft, parameter);
            let mut offered = json!({"anyOf": [known, true]});
            if let Some(description) = known.get("description") {
                offered["description"] = description.clone();
            }
            (parameter.name.clone(), offered)
        });
        let mut parameters = json!({"properties": offered.collect::<Map<_, _>>(), "title": sensor.display_name});
        if let Some(note) = &sensor.note {
            parameters["description"] = Value::from(note.as_str());
        }
        chosen("sensor_type", &sensor.name, json!({"parameters": parameters}))
    };
    let rules: Vec<Value> = integrations().iter().flat_map(|integration| &integration.sensors).map(known).collect();
    if let Some(check) = definitions.get_mut("sensor_check") {
        check["allOf"] = Value::from(rules);
    }
}

/// What holds if a key has a certain value.
fn chosen(key: &str, value: &str, then: Value) -> Value {
    json!({
        "if": {"properties": {key: {"const": value}}, "required": [key]},
        "then": {"properties": then},
    })
}
