//! The official schemas of OpenLineage: an event is valid as a whole, and each of its facets by the schema that it names.

use std::{collections::BTreeMap, fs, path::Path};

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

/// See the module.
pub struct Judge {
    registry: Registry<'static>,
    validators: BTreeMap<String, Validator>,
}

impl Judge {
    pub fn new() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openlineage_out/spec");
        let mut registry = Registry::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                let id = schema["$id"].as_str().unwrap().to_owned();
                registry = registry.add(id, schema).unwrap();
            }
        }
        Self { registry: registry.prepare().unwrap(), validators: BTreeMap::new() }
    }

    /// What is wrong with an event, with its place; nothing = it is valid.
    pub fn faults(&mut self, event: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(event, &event["schemaURL"], "event", &mut faults);
        self.facets(event, "event", &mut faults);
        faults
    }

    /// Every object that names a schema of its own, wherever it stands.
    fn facets(&mut self, value: &Value, place: &str, faults: &mut Vec<String>) {
        if let Some(schema) = value.get("_schemaURL") {
            self.check(value, schema, place, faults);
        }
        let inside: Vec<(String, &Value)> = match value {
            Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
            _ => Vec::new(),
        };
        for (name, value) in inside {
            self.facets(value, &format!("{place}.{name}"), faults);
        }
    }

    fn check(&mut self, value: &Value, schema: &Value, place: &str, faults: &mut Vec<String>) {
        let Some(schema) = schema.as_str() else {
            faults.push(format!("{place} names no schema"));
            return;
        };
        if !self.validators.contains_key(schema) {
            let options = jsonschema::options().with_registry(&self.registry).should_validate_formats(true).offline();
            match options.build(&json!({ "$ref": schema })) {
                Ok(validator) => self.validators.insert(schema.to_owned(), validator),
                Err(error) => return faults.push(format!("{place}: {schema} is no schema here: {error}")),
            };
        }
        let found = self.validators[schema].iter_errors(value);
        faults.extend(found.map(|error| format!("{place}{}: {error}", error.instance_path())));
    }
}

#[test]
fn the_judge_finds_what_is_wrong() {
    let facet = |schema: &str, mut fields: Value| {
        fields["_producer"] = json!("urn:x:1");
        fields["_schemaURL"] = json!(format!("https://openlineage.io/spec/facets/{schema}"));
        fields
    };
    let named = "1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet";
    let event = |run: &str, at: &str, producer: &str, facets: Value| {
        json!({
            "eventType": "FAIL", "eventTime": at, "producer": producer,
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": run, "facets": facets}, "job": {"namespace": "n", "name": "j"},
        })
    };
    let (run, at) = ("0ee42a4c-3b0f-4a51-8e2a-6d3a1c9a2f10", "2026-11-28T10:00:00Z");
    let error = facet(named, json!({"message": "no", "programmingLanguage": "unknown"}));
    let with = |facet: Value| event(run, at, "urn:x:1", json!({ "errorMessage": facet }));
    let mut wrong_type = with(error.clone());
    wrong_type["eventType"] = json!("DONE");
    let mut no_job = with(error.clone());
    no_job["job"] = json!({"name": "j"});
    let mut judge = Judge::new();
    for (event, found) in [
        (with(error.clone()), None),
        (wrong_type, Some("DONE")),
        (no_job, Some("namespace")),
        (event("7", at, "urn:x:1", json!({})), Some("uuid")),
        (event(run, "yesterday", "urn:x:1", json!({})), Some("date-time")),
        (event(run, at, "us", json!({})), Some("uri")),
        (with(json!({"message": "no"})), Some("anyOf")),
        (with(facet(named, json!({"message": "no"}))), Some("programmingLanguage")),
        (with(facet("9-9-9/None.json#/$defs/None", json!({}))), Some("no schema here")),
    ] {
        let faults = judge.faults(&event);
        match found {
            None => assert_eq!(faults, [""; 0]),
            Some(word) => assert!(faults.iter().any(|fault| fault.contains(word)), "{word} in {faults:?}"),
        }
    }
}
