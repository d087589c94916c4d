//! The OpenAPI document is true: Schemathesis asks everything that it promises, well and badly, and every answer is one that it promises.
//! The tool comes from `make tools`; where it is missing, that is a failure with a word what to do.

use std::{process::Command, time::Duration};

use downbeat_integration_tests::{
    cluster::Dev,
    http::Client,
    process::{Process, eventually},
    repository,
};

/// How long all of it may take.
const AT_MOST: Duration = Duration::from_secs(300);
/// Requests of each operation that are drawn at random, beside those that cover each parameter's bounds.
const DRAWN: &str = "8";
/// What they are drawn with: a failure can be had again.
const SEED: &str = "20261128";
/// A pipeline, so that there are a run, tasks and a version to ask about.
const PIPELINE: &str = "version: v1\nname: Asked\npipeline:\n  person:\n    integration: ORCHESTRA\n    integration_job: APPROVAL\n    parameters: {}\n";

#[test]
fn every_answer_is_one_that_the_document_promises() {
    let tool = repository().join(".cache/tools/openapi/bin/schemathesis");
    assert!(tool.exists(), "no {}: run the tests with `make test`, which installs it", tool.display());
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 4);
    let file = folder.path().join("asked.yml");
    std::fs::write(&file, PIPELINE).expect("the pipeline is written");
    dev.addresses.downbeat_ok(&["apply", &file.to_string_lossy()]);
    let key = dev.addresses.downbeat_ok(&["key", "create", "schemathesis", "--role", "admin"]).trim().to_owned();
    let client = Client::with_key(&dev.api, &key);
    eventually("the gateway knows the key", Duration::from_secs(20), || {
        let answer = client.send("POST", "/api/engine/public/pipelines/asked/start", &[], b"{}");
        answer.is_ok_and(|answer| answer.status / 100 == 2).then_some(())
    });

    let base = format!("{}/api/engine/public", dev.api);
    let mut asking = Command::new(tool);
    asking.current_dir(folder.path()).args(["run", &format!("{base}/openapi.json"), "--url", &base]);
    asking.args(["--header", &format!("Authorization: Bearer {key}"), "--no-color"]);
    asking.args(["--phases", "coverage,fuzzing", "--max-examples", DRAWN, "--seed", SEED, "--workers", "2"]);
    asking.args(["--continue-on-failure", "--suppress-health-check", "all"]);
    // A request may fit its shape and still name two things where one is asked for: that it is refused is told by the text of the answer.
    asking.args(["--checks", "all", "--exclude-checks", "positive_data_acceptance"]);
    // It learns ids from answers, and would revoke its own key.
    asking.args(["--exclude-operation-id", "delete_keys_id"]);
    let mut asking = Process::start_with(&mut asking, &folder.path().join("asked.txt")).expect("it starts");
    let ended = asking.wait(AT_MOST);
    let printed = asking.printed();
    let status = ended.unwrap_or_else(|| panic!("it has not ended after {AT_MOST:?}:\n{printed}"));
    assert!(status.success(), "it ended with {status}:\n{printed}");
    let cases = printed.lines().find_map(|line| line.trim().split_once(" generated, ")?.0.parse::<u32>().ok());
    assert!(cases.is_some_and(|cases| cases > 1_000), "so few cases prove little:\n{printed}");
}
