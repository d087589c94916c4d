//! Manifests as files: what is refused and where that is said, and that all that are compiled in hold.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use serde_json::Value;

use super::load;

/// A job that the catalogue does not have.
const OWN: &str = r#"integration: ACME
job: ACME_LOAD
sources: [our own API]
parameters:
  table: {required: true}
connection:
  key: {secret: true, required: true}
base_url: https://acme.example.com
authentication:
  - method: bearer
    token: "{connection.key}"
reattach: token
start:
  request:
    method: POST
    path: /loads
    body: {table: "{parameters.table}", key: "{token}"}
  capture: {id: $.id}
poll:
  request: {method: GET, path: "/loads/{job.id}"}
  word: $.state
  states: {RUNNING: [run], SUCCEEDED: [ok], FAILED: [bad]}
"#;

const POLLS: &str = "{method: GET, path: \"/loads/{job.id}\"}";
const ENDS: &str = "FAILED: [bad]}";

/// What is written, and what instead.
type Change = (&'static str, &'static str);

fn faults(change: &[Change]) -> String {
    let mut text = OWN.to_owned();
    for (from, to) in change {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    load::read("acme.yaml", &text).err().map(|faults| faults.to_string()).unwrap_or_default()
}

#[test]
fn every_manifest_that_is_compiled_in_holds() {
    let manifests = load::load(None).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(manifests.len() >= 20, "{}", manifests.len());
}

#[test]
fn faults_say_where_they_are_and_what_to_do() {
    assert_eq!(faults(&[]), "");
    let cases: [(&[Change], &str); 23] = [
        (
            &[("{parameters.table}", "{parameters.tabel}")],
            "acme.yaml:17:20: there is no parameter tabel; ACME_LOAD has: table",
        ),
        (&[("{connection.key}", "{connection.kee}")], "acme.yaml:11:13: there is no field kee"),
        (&[("{job.id}", "{job.number}")], "acme.yaml:20:40: job.number is captured nowhere"),
        (&[("{parameters.table}", "{parameters.table")], "write it twice"),
        (&[("{parameters.table}", "{upper parameters.table}")], "is no shape; there are json"),
        (&[("$.state", "state")], "is no JSONPath like"),
        (&[("bearer", "bear")], "bear"),
        (&[("reattach: token", "reattach: maybe")], "maybe"),
        (&[("reattach: token", "reattach: look_up")], "look_up needs the entry find"),
        (&[(", key: \"{token}\"", "")], "acme.yaml:12:1: needs {token} or {token.uuid}"),
        (&[("word: $.state", "wort: $.state")], "wort"),
        (&[("FAILED: [bad]", "FAILED: [run]")], "the word \"run\" stands for two states"),
        (&[(", FAILED: [bad]", "")], "says nowhere what Failed is"),
        (&[("word: $.state", "each: $.loads[*]\n  word: $.state")], "each and match belong together"),
        (&[("capture: {id: $.id}", "capture: {}"), ("{job.id}", "1")], "captures no id, so the entry find"),
        (
            &[("integration: ACME", "integration: FIVETRAN"), ("ACME_LOAD", "PYTHON_EXECUTE_SCRIPT")],
            "is a job of PYTHON, not of FIVETRAN",
        ),
        (
            &[(POLLS, "{method: GET, path: \"/loads/{job.id}\", pages: {token: {at: $.next}}}")],
            "20:51: pages must say where",
        ),
        (&[(POLLS, "{method: POST, path: /l, pages: {link: $.next}}")], "followed by GET"),
        (&[(POLLS, "{method: GET, path: \"/loads/{job.id}\", pages: {next: $.next}}")], "next"),
        (
            &[("path: /loads\n", "path: /loads\n    pages: {link_header: next}\n")],
            "acme.yaml:17:5: belongs to a request of find, poll, outputs, test or collect",
        ),
        (
            &[(
                ENDS,
                "FAILED: [bad]}\ncollect: {operations: [{id: $.id, name: $.id, type: TASK, cost_basis: [{quantity: $.n, unit: US Dollar}]}]}",
            )],
            "must be small letters",
        ),
        (
            &[(
                ENDS,
                "FAILED: [bad]}\ncollect: {operations: [{id: $.id, name: $.id, type: TASK, cost_basis: [{quantity: $.n, unit: dbu, attributes: {sku: \"{parameters.sku}\"}}]}]}",
            )],
            "there is no parameter sku",
        ),
        (&[("sources: [our own API]", "sources: []")], "acme.yaml:3:1: must name where the facts come from"),
    ];
    for (change, says) in cases {
        let said = faults(change);
        assert!(said.contains(says) && said.starts_with("acme.yaml:"), "{change:?}: {said}");
    }
}

#[test]
fn a_folder_of_ones_own_adds_and_never_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("acme/load.yaml", OWN);
    write("notes.txt", "no manifest");
    let key = ("ACME".to_owned(), "ACME_LOAD".to_owned());
    assert!(load::load(Some(folder.path())).unwrap().contains_key(&key));

    write("again.yml", OWN);
    let said = load::load(Some(folder.path())).unwrap_err().to_string();
    assert!(said.contains(":2:1: ACME/ACME_LOAD is described by") && said.contains("replaces none"), "{said}");

    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("connectors/prefect_cloud/prefect_cloud_run_flow.yaml");
    write("again.yml", &fs::read_to_string(root).unwrap());
    let said = load::load(Some(folder.path())).unwrap_err().to_string();
    assert!(said.contains("is described by connectors/prefect_cloud/prefect_cloud_run_flow.yaml already"), "{said}");
}

/// A cluster mounts files as links into a folder of the day, which lies beside them.
#[test]
fn what_a_cluster_mounts_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("..2026_03_01")).unwrap();
    fs::write(at("..2026_03_01/load.yaml"), OWN).unwrap();
    symlink("..2026_03_01", at("..data")).unwrap();
    symlink("..data/load.yaml", at("load.yaml")).unwrap();
    let key = ("ACME".to_owned(), "ACME_LOAD".to_owned());
    assert!(load::load(Some(folder.path())).unwrap().contains_key(&key));
}

/// The schema for editors takes what is compiled in, and refuses what the worker refuses for its shape.
#[test]
fn the_schema_agrees() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let schema: Value = serde_json::from_str(&fs::read_to_string(root.join("manifest.schema.json")).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let mut looked_at = 0;
    for folder in fs::read_dir(&root).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(folder.path()).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if name.ends_with(".shape.yaml") {
                continue;
            }
            let document: Value = serde_saphyr::from_str(&fs::read_to_string(file.path()).unwrap()).unwrap();
            let faults: Vec<_> =
                schema.iter_errors(&document).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
            assert!(faults.is_empty(), "{name}: {faults:?}");
            looked_at += 1;
        }
    }
    assert!(looked_at >= 20);
    for (from, to) in [("word: $.state", "wort: $.state"), ("reattach: token", "reattach: maybe"), ("bearer", "bear")] {
        let document: Value = serde_saphyr::from_str(&OWN.replace(from, to)).unwrap();
        assert!(!schema.is_valid(&document), "{to}");
        assert!(load::read("acme.yaml", &OWN.replace(from, to)).is_err(), "{to}");
    }
}
