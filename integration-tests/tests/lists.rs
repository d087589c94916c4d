//! Lists as people type them, over a real process: runs, task runs, operations and assets by what they are.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{
    cluster::{Dev, text},
    process::eventually,
};
use serde_json::json;

const SOON: Duration = Duration::from_secs(60);

const LOAD: &str = "version: v1
name: Load
pipeline:
  fetch:
    integration: DOWNBEAT
    integration_job: NOOP
    parameters: {}
  publish:
    depends_on: [fetch]
    integration: ORCHESTRA
    integration_job: APPROVAL
    parameters: {message: 'Publish?'}
";

const REPORT: &str = "version: v1
name: Report
pipeline:
  build:
    integration: DOWNBEAT
    integration_job: NOOP
    parameters: {}
";

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder is ours");
    path.to_str().expect("the path is text").to_owned()
}

/// What a job of another system says of itself that hangs below a task run, and of the table that it wrote.
fn foreign(task_run: &str, run: &str) -> String {
    let job = json!({"namespace": "downbeat", "name": "report"});
    let parent = json!({"run": {"runId": task_run}, "job": job, "root": {"run": {"runId": run}, "job": job}});
    let event = json!({
        "eventType": "COMPLETE", "eventTime": "2026-03-01T12:00:00Z", "producer": "p",
        "run": {"runId": "0190a2b0-0000-7000-8000-000000000001", "facets": {"parent": parent}},
        "job": {"namespace": "spark", "name": "sum_orders"},
        "outputs": [
            {"namespace": "postgres://warehouse:5432", "name": "shop.mart.orders"},
        ],
    });
    event.to_string()
}

/// The lines of a table below its header, and of each the cell that begins where this title does.
fn column(table: &str, title: &str) -> Vec<String> {
    let mut lines = table.lines();
    let header: Vec<char> = lines.next().unwrap_or_default().chars().collect();
    let titles: String = header.iter().collect();
    let at = titles.split(title).next().map_or(0, |before| before.chars().count());
    let cell = |line: &str| line.chars().skip(at).collect::<String>().split("  ").next().unwrap_or_default().to_owned();
    lines.map(cell).collect()
}

#[test]
fn people_list_what_they_look_for() {
    let (folder, inputs) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let dev = Dev::start(folder.path(), 2);
    let downbeat = |arguments: &[&str]| dev.addresses.downbeat_ok(arguments);
    let count = |arguments: &[&str]| downbeat(&[arguments, &["--count"]].concat()).trim().to_owned();
    downbeat(&["apply", &file(inputs.path(), "load.yaml", LOAD), "--alias", "load"]);
    downbeat(&["apply", &file(inputs.path(), "report.yaml", REPORT), "--alias", "report"]);
    for environment in ["dev", "prod", "prod"] {
        downbeat(&["run", "report", "--environment", environment, "--wait"]);
    }
    let waiting = downbeat(&["run", "load"]).trim().to_owned();
    eventually("the approval waits", SOON, || {
        (count(&["tasks", "--pipeline", "load", "--status", "running"]) == "1").then_some(())
    });

    // Runs.
    for (filters, expected) in [
        (&[][..], "4"),
        (&["report"], "3"),
        (&["--status", "succeeded"], "3"),
        (&["--status", "running,failed"], "1"),
        (&["--environment", "prod"], "2"),
        (&["--environment", "dev,prod", "--pipeline", "report"], "3"),
        (&["--environment", "prod", "--pipeline", "load"], "0"),
        (&["--pipeline", "load,report"], "4"),
        (&["--since", "2026-01-01T00:00:00Z"], "4"),
        (&["--until", "2026-01-01T00:00:00Z"], "0"),
    ] {
        assert_eq!(count(&[&["runs"][..], filters].concat()), expected, "runs {filters:?}");
    }
    let listed = downbeat(&["runs", "--status", "running"]);
    assert_eq!(column(&listed, "RUN"), [waiting.as_str()], "{listed}");
    assert_eq!(column(&downbeat(&["runs", "-n", "2"]), "PIPELINE"), ["load", "report"]);

    // Task runs.
    for (filters, expected) in [
        (&[][..], "5"),
        (&[waiting.as_str()], "2"),
        (&["last", "--status", "running"], "1"),
        (&["--integration", "orchestra"], "1"),
        (&["--integration", "downbeat", "--status", "succeeded"], "4"),
        (&["--pipeline", "report", "--status", "created"], "0"),
    ] {
        assert_eq!(count(&[&["tasks"][..], filters].concat()), expected, "tasks {filters:?}");
    }
    let listed = downbeat(&["tasks", "--integration", "downbeat", "--pipeline", "report", "-n", "1"]);
    let (task_run, run) =
        (column(&listed, "TASK RUN").remove(0), column(&downbeat(&["runs", "report"]), "RUN").remove(0));
    assert_eq!(column(&downbeat(&["tasks", "--id", &task_run]), "TASK"), ["build"], "{listed}");

    // Operations and assets.
    downbeat(&["openlineage", &file(inputs.path(), "spark.json", &foreign(&task_run, &run))]);
    eventually("what was said is there", SOON, || (count(&["run", "operations"]) == "1").then_some(()));
    for (filters, expected) in [
        (&["--status", "succeeded"][..], "1"),
        (&["--status", "failed,running"], "0"),
        (&["--integration", "downbeat"], "1"),
        (&["--integration", "snowflake"], "0"),
        (&["--task-run", &task_run], "1"),
        (&[&run], "1"),
        (&["last"], "0"),
        (&["--type", "test"], "0"),
    ] {
        assert_eq!(count(&[&["run", "operations"][..], filters].concat()), expected, "operations {filters:?}");
    }
    let listed = downbeat(&["run", "operations"]);
    assert!(
        column(&listed, "OPERATION")[0].ends_with("sum_orders") && run.starts_with(&column(&listed, "RUN")[0]),
        "{listed}"
    );
    for (filters, expected) in [
        (&["--schema", "MART"][..], "1"),
        (&["--schema", "raw"], "0"),
        (&["--database", "shop", "--state", "unknown"], "1"),
        (&["--state", "healthy"], "0"),
    ] {
        assert_eq!(count(&[&["asset", "list"][..], filters].concat()), expected, "assets {filters:?}");
    }
    let listed = downbeat(&["asset", "list", "--sort", "updated", "--descending"]);
    assert_eq!(column(&listed, "ASSET"), ["postgres://warehouse:5432/shop.mart.orders"], "{listed}");

    // What is none is refused in words.
    for (arguments, status, said) in [
        (&["runs", "--status", "done"][..], 1, "`DONE` is none of CREATED, QUEUED, RUNNING"),
        (&["runs", "--pipeline", "nowhere"], 1, "there is no pipeline `nowhere`"),
        (&["runs", "--since", "soon"], 2, "--since soon"),
        (&["tasks", "--id", "build"], 1, "`build` is no id"),
        (&["run", "operations", "--type", "model"], 1, "`MODEL` is none of AGGREGATION"),
        (&["run", "operations", "--task", "build"], 2, "RUN"),
    ] {
        let output = dev.addresses.downbeat(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains(said), "{arguments:?}: {}", text(&output));
    }
}
