//! The data itself: every file is listed and can be read, and everything that it refers to exists.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;

use super::{Field, Model, Shape, ShapeKind, additions, core, integrations, job, sensor_type};

fn check(shape: &Shape) {
    for model in &shape.models {
        assert!(core().models.contains_key(model), "there is no model {model}");
    }
    if let Some(name) = shape.shared_words() {
        assert!(core().enums.contains_key(name), "there is no enum {name}");
    }
    assert_eq!(shape.kind == ShapeKind::Enum, !shape.allowed().is_empty(), "an enum has words, and only an enum has");
    for name in shape.shared_forms() {
        assert!(additions().forms.contains_key(name), "there is no form {name}");
    }
    for pattern in shape.pattern().into_iter().chain(shape.names()) {
        assert!(regex::Regex::new(pattern.expression()).is_ok(), "{}", pattern.expression());
    }
    shape.children().for_each(check);
}

fn check_fields(owner: &str, fields: &[Field]) {
    let names: BTreeSet<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names.len(), fields.len(), "{owner} has a key twice");
    fields.iter().for_each(|field| check(&field.shape));
}

#[test]
fn every_reference_of_the_data_is_resolved() {
    let of_core = core().models.iter().map(|(name, model)| (name.as_str(), &model.fields));
    let of_ours =
        [("pipeline", &additions().pipeline), ("group", &additions().task_group), ("task", &additions().task)];
    let of_ours = of_ours.into_iter().map(|(name, Model { fields, .. })| (name, fields));
    let of_jobs =
        integrations().iter().flat_map(|integration| &integration.jobs).map(|job| (job.name.as_str(), &job.parameters));
    let of_sensors = integrations().iter().flat_map(|integration| &integration.sensors);
    let of_sensors = of_sensors.map(|sensor| (sensor.name.as_str(), &sensor.parameters));
    of_core.chain(of_ours).chain(of_jobs).chain(of_sensors).for_each(|(owner, fields)| check_fields(owner, fields));
    for pattern in &core().key_patterns {
        assert!(regex::Regex::new(pattern.pattern.expression()).is_ok(), "{}", pattern.suffix);
    }
}

#[test]
fn every_file_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalogue/integrations");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let listed: Vec<String> =
        integrations().iter().map(|integration| format!("{}.json", integration.name.to_lowercase())).collect();
    assert_eq!(files.collect::<BTreeSet<_>>(), listed.iter().cloned().collect::<BTreeSet<_>>());
    assert!(listed.is_sorted());
}

#[test]
fn names_are_unique_and_known() {
    let jobs: Vec<&str> = integrations().iter().flat_map(|found| &found.jobs).map(|job| job.name.as_str()).collect();
    // The published language has 142; NOOP and RUN_JOB of KUBERNETES are ours.
    assert_eq!(jobs.len(), 144);
    for name in jobs {
        let (integration, found) = job(name).unwrap();
        assert!(
            found.name == name && integration.jobs.iter().any(|job| std::ptr::eq(job, found)),
            "{name} is listed twice"
        );
    }
    let words = &core().enums["integrations"];
    let ours = |name: &str| matches!(name, "DOWNBEAT" | "KUBERNETES");
    assert!(integrations().iter().all(|found| words.contains(&found.name) || ours(&found.name)));
    for name in &core().enums["sensor_types"] {
        assert_eq!(sensor_type(name).map(|(_, sensor)| sensor.name.as_str()), Some(name.as_str()));
    }
}
