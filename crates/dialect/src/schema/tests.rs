//! The schema against the checks: both say the same about everything that a schema can say.
#![allow(clippy::disallowed_methods, reason = "tests read the examples")]

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{Draft, schema};
use crate::{Code, Parsed, Severity, parse, yaml};

/// Rules that a schema can say.
const STRUCTURE: &[Code] = &[
    Code::UnknownKey,
    Code::MissingKey,
    Code::WrongType,
    Code::NotInEnum,
    Code::OutOfRange,
    Code::BadFormat,
    Code::NestedGroup,
    Code::WrongIntegration,
    Code::TemplateOutOfPlace,
    Code::Threshold,
    Code::NewerAdditions,
];

fn validators() -> Vec<(Draft, Validator)> {
    let compiled = |draft| (draft, jsonschema::validator_for(&schema(draft)).expect("the schema is a schema"));
    Draft::ALL.into_iter().map(compiled).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every YAML pipeline below `deploy/examples`, with its path.
fn examples() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![repository().join("deploy/examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                let text = std::fs::read_to_string(&path).expect("an example");
                found.push((path, text));
            }
        }
    }
    found.retain(|(_, text)| text.contains("\nversion: v1\n"));
    found.sort();
    assert!(found.len() > 25, "the examples are found");
    found
}

fn value(source: &str) -> Option<Value> {
    yaml::read(source, &mut Vec::new()).map(|root| root.to_value())
}

/// What the schema must say; none where only the checks can tell (a cron expression of six words) or where the schema is stricter.
fn expected(parsed: &Parsed) -> Option<bool> {
    let errors = || parsed.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    if errors().any(|found| STRUCTURE.contains(&found.code)) {
        return Some(false);
    }
    let unsaid = parsed.diagnostics.iter().any(|found| {
        found.code == Code::Cron
            || found.code == Code::MoreFaults
            || found.message.contains(" will not be ")
            // The schema asks for a text, so that editors say so at once.
            || (found.severity == Severity::Warning && found.message.starts_with("`integration_job` must be"))
    });
    (!unsaid).then_some(true)
}

/// Says the same as the checks, or what differs.
fn agrees(validators: &[(Draft, Validator)], document: &Value, parsed: &Parsed) -> Result<(), String> {
    let Some(valid) = expected(parsed) else { return Ok(()) };
    for (draft, validator) in validators {
        if validator.is_valid(document) != valid {
            let faults: Vec<String> = validator
                .iter_errors(document)
                .map(|error| format!("{} at {}", error, error.instance_path()))
                .collect();
            let found: Vec<String> =
                parsed.diagnostics.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
            return Err(format!("{draft:?} says {faults:?}, the checks say {found:?}, of {document}"));
        }
    }
    Ok(())
}

#[test]
fn both_drafts_are_valid_schemas_of_their_draft() {
    for draft in Draft::ALL {
        let schema = schema(draft);
        jsonschema::meta::validate(&schema).expect("valid against its meta-schema");
        assert_eq!(schema["$schema"], draft.uri());
    }
}

#[test]
fn every_example_and_fixture_is_valid() {
    let validators = validators();
    let full = include_str!("../../tests/data/full.yml").to_owned();
    for (path, text) in examples().into_iter().chain([(PathBuf::from("full.yml"), full)]) {
        let document = value(&text).expect("an example can be read");
        for (draft, validator) in &validators {
            let faults: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(faults.is_empty(), "{} by {draft:?}: {faults:?}", path.display());
        }
    }
}

#[test]
fn documents_with_faults_of_structure_are_refused_and_only_those() {
    let validators = validators();
    let cases = include_str!("../../tests/data/refused.txt").split("\n=== ").skip(1);
    let cases = cases.filter_map(|case| case.split_once('\n')?.1.split_once("---- shown\n"));
    let cases = cases.map(|(document, _)| document.replacen("...\n", "version: v1\nname: demo\n", 1));
    let explained = Code::ALL.iter().flat_map(|code| [code.explanation().wrong, code.explanation().corrected]);
    let (mut refused, mut accepted) = (0, 0);
    for source in cases.chain(explained.map(str::to_owned)) {
        let parsed = parse(&source);
        let broken = parsed.diagnostics.iter().any(|found| found.code == Code::DuplicateKey);
        let Some(document) = value(&source).filter(|_| !broken) else { continue };
        agrees(&validators, &document, &parsed).unwrap_or_else(|difference| panic!("{difference}"));
        match expected(&parsed) {
            Some(true) => accepted += 1,
            Some(false) => refused += 1,
            None => {}
        }
    }
    assert!(refused >= 20 && accepted >= 40, "{refused} refused, {accepted} accepted");
}

/// Every value of every example replaced by others, every key taken away or renamed: schema and checks judge alike.
#[test]
fn the_schema_agrees_with_the_checks_on_broken_examples() {
    let validators = validators();
    let full = include_str!("../../tests/data/full.yml").to_owned();
    let mut compared = 0;
    for text in examples().into_iter().map(|(_, text)| text).chain([full]) {
        let original = value(&text).expect("an example can be read");
        let mut places = Vec::new();
        collect(&original, String::new(), &mut places);
        for (index, place) in places.iter().enumerate() {
            for change in [index % CHANGES, (index / 2 + 3) % CHANGES] {
                let mut document = original.clone();
                if !changed(&mut document, place, change) {
                    continue;
                }
                let source = serde_json::to_string(&document).expect("JSON");
                agrees(&validators, &document, &parse(&source)).unwrap_or_else(|difference| panic!("{difference}"));
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared} documents");
}

const CHANGES: usize = 10;

/// JSON pointers of all values below this one.
fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            map.iter().map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect(),
        _ => return,
    };
    for (key, child) in children {
        places.push(format!("{at}/{key}"));
        collect(child, format!("{at}/{key}"), places);
    }
}

/// Breaks one place of a document, mostly; false if this change does not fit the place.
fn changed(document: &mut Value, place: &str, change: usize) -> bool {
    let values = [json!(null), json!(7), json!(-1.5), json!(true), json!(""), json!("${{ 1 }}"), json!([]), json!({})];
    if let Some(new) = values.get(change) {
        return document.pointer_mut(place).map(|value| *value = new.clone()).is_some();
    }
    let Some((parent, key)) = place.rsplit_once('/') else { return false };
    let key = key.replace("~1", "/").replace("~0", "~");
    let Some(Value::Object(map)) = document.pointer_mut(parent) else { return false };
    let Some(value) = map.shift_remove(&key) else { return false };
    if change == CHANGES - 1 {
        map.insert(format!("{key}_x"), value);
    }
    true
}
