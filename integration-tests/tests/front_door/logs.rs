//! Logs of attempts through the front door: of what wrote nothing, each way that somebody may ask for it.

use std::time::Duration;

use downbeat_integration_tests::{cluster::Dev, process::eventually};

use super::{BASE, somebody};

const NOTHING: &str = "version: v1\nname: Nothing\npipeline:\n  t:\n    integration: DOWNBEAT\n    integration_job: NOOP\n    parameters: {}\n";

#[test]
fn the_log_of_an_attempt_that_wrote_nothing_is_empty_and_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 1);
    let file = folder.path().join("nothing.yml");
    std::fs::write(&file, NOTHING).expect("the folder is ours");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("test folders are text")]);
    let operator = somebody(&dev, "runs", &["--role", "operator"]);
    let started = operator.ask("POST", &format!("{BASE}/pipelines/nothing/start"), None).json();
    let run = started["pipelineRunId"].as_str().or(started["id"].as_str()).expect("a run").to_owned();
    let log = eventually("the task has ended", Duration::from_secs(30), || {
        let tasks = operator.get(&format!("{BASE}/pipeline_runs/{run}/task_runs")).json();
        let task = tasks["results"].get(0).filter(|task| task["status"] == "SUCCEEDED")?;
        let id = task["id"].as_str()?;
        Some(format!("{BASE}/pipeline_runs/{run}/task_runs/{id}/logs/download?filename=attempt-1.log"))
    });
    for (range, status) in [
        (None, 200),
        (Some("bytes=-262144"), 200),
        (Some("bytes=-1"), 200),
        (Some("bytes=0-"), 416),
        (Some("bytes=-0"), 416),
    ] {
        let range: Vec<(&str, &str)> = range.map(|range| ("Range", range)).into_iter().collect();
        let answer = operator.send("GET", &log, &range, b"").expect("an answer");
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{range:?}");
    }
}
