//! Our own runs as events of OpenLineage, with real processes: what `downbeat dev` writes names runs and jobs by the very words that tasks are
//! handed, so that whatever a task starts hangs below the event of that task.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use downbeat_domain::PipelineId;
use downbeat_integration_tests::{
    cluster::{Dev, text},
    process::eventually,
};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);

/// A script that keeps the variables that it was handed, in a file of this name.
fn keeps_variables(folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    let code = format!(
        "import json, os\nnames = ['OPENLINEAGE_PARENT_ID', 'OPENLINEAGE_ROOT_PARENT_ID']\nopen({:?}, 'w').write(json.dumps([os.environ[name] for name in names]))",
        file.to_str().expect("the path is text")
    );
    let code = Value::from(code);
    format!(
        "{{integration: PYTHON, integration_job: PYTHON_EXECUTE_SCRIPT, parameters: {{source: INLINE, python_version: '3.11', code: {code}}}}}"
    )
}

fn handed(folder: &Path, name: &str) -> [String; 2] {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).expect("the task wrote it")).expect("JSON")
}

fn word<'a>(event: &'a Value, path: &str) -> &'a str {
    event.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// As tasks are told: namespace, job and run.
fn named(of: &Value) -> String {
    format!("{}/{}/{}", word(of, "/job/namespace"), word(of, "/job/name"), word(of, "/run/runId"))
}

#[test]
fn what_is_told_of_runs_has_the_names_that_tasks_are_handed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("events.jsonl");
    let dev = Dev::start_with(folder.path(), 2, &["--openlineage-file", file.to_str().expect("text")]);
    let apply = |alias: &str, pipeline: &str| {
        let path = folder.path().join(format!("{alias}.yml"));
        fs::write(&path, format!("version: v1\nname: {alias} of the shop\npipeline:\n{pipeline}")).expect("a file");
        dev.addresses.downbeat_ok(&["apply", path.to_str().expect("text"), "--alias", alias]);
    };
    apply("inner", &format!("  work/it: {}\n", keeps_variables(folder.path(), "inner.json")));
    let inner = PipelineId::derive("default", "inner");
    let call =
        format!("{{integration: ORCHESTRA, integration_job: TRIGGER_PIPELINE, parameters: {{pipeline_id: {inner}}}}}");
    apply("outer", &format!("  first: {}\n  call: {call}\n", keeps_variables(folder.path(), "outer.json")));
    dev.addresses.downbeat_ok(&["run", "outer", "--wait"]);

    let told = eventually("the end of the run is told", SOON, || {
        let text = fs::read_to_string(&file).ok()?;
        let told: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let over = |event: &Value| word(event, "/job/name") == "outer" && word(event, "/eventType") == "COMPLETE";
        told.iter().any(over).then_some(told)
    });
    let starts = told.iter().filter(|event| word(event, "/eventType") == "START");
    let started: BTreeMap<&str, &Value> = starts.map(|event| (word(event, "/job/name"), event)).collect();
    let jobs: Vec<&str> = started.keys().copied().collect();
    assert_eq!(jobs, ["inner", "inner.work%2Fit", "outer", "outer.call", "outer.first"]);
    for (file, task, run) in [("outer.json", "outer.first", "outer"), ("inner.json", "inner.work%2Fit", "inner")] {
        assert_eq!(handed(folder.path(), file), [named(started[task]), named(started[run])], "{task}");
    }
    let parent = |job: &str| started[job].pointer("/run/facets/parent").expect("it has a parent");
    assert_eq!(named(parent("inner")), named(started["outer.call"]));
    assert_eq!(named(&parent("inner.work%2Fit")["root"]), named(started["outer"]));
    for job in started.keys() {
        let ended =
            told.iter().filter(|event| word(event, "/job/name") == *job && word(event, "/eventType") == "COMPLETE");
        assert_eq!(ended.count(), 1, "{job}");
    }

    // Another Downbeat takes all of it.
    let other = tempfile::tempdir().expect("a folder");
    let reader = Dev::start(other.path(), 1);
    let said = reader.addresses.downbeat_ok(&["openlineage", file.to_str().expect("text")]);
    assert!(said.contains(" 0 known before"), "{said}");
}

#[test]
fn an_address_that_makes_no_sense_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut command = std::process::Command::new(downbeat_integration_tests::programs().join("downbeat"));
    let output = command
        .args([
            "dev",
            "--listen",
            "127.0.0.1:0",
            "--api",
            "127.0.0.1:0",
            "--openlineage-url",
            "https://me:hunter2@marquez",
            "--data",
        ])
        .arg(&data)
        .output()
        .expect("it starts");
    let said = text(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("--openlineage-api-key-file") && !said.contains("hunter2"), "{said}");
}
