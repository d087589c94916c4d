//! `orchestra-cli`: every command.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use downbeat_integration_tests::http::Client;
use serde_json::Value;

use super::{
    House,
    conversation::{Said, Table, run},
    program,
};

const CLI: &str = "orchestra-cli 0.5.2";
const BASE: &str = "/api/engine/public";

/// Prints twice, with a pause between: its log is followed while it is written.
const HELLO: &str = "version: v1
name: Hello
inputs:
  who:
    type: string
    default: world
pipeline:
  greet:
    tasks:
      hello:
        name: Say hello
        integration: PYTHON
        integration_job: PYTHON_EXECUTE_SCRIPT
        parameters:
          source: INLINE
          python_version: '3.11'
          code: |
            import time
            print('hello ${{ inputs.who }}', flush=True)
            time.sleep(4)
            print('and goodbye', flush=True)
        depends_on: []
      after:
        integration: ORCHESTRA
        integration_job: APPROVAL
        paused: true
        parameters: {}
        depends_on:
        - hello
";

fn cli(house: &House, arguments: &[&str]) -> Said {
    let mut command = Command::new(program("orchestra"));
    command
        .args(arguments)
        .current_dir(house.folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", house.folder.path())
        .env("COLUMNS", "500")
        .env("NO_COLOR", "1")
        .env("TERM", "dumb")
        .env("BASE_URL", &house.api)
        .env("ORCHESTRA_API_KEY", &house.key);
    run(&mut command)
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the folder is ours");
}

pub fn talk(house: &House, table: &mut Table) {
    let folder = house.folder.path();
    write(folder, "hello.yml", HELLO);
    write(folder, "broken.yml", &HELLO.replace("integration_job: APPROVAL", "integration_jobb: APPROVAL"));
    let mut says = |arguments: &str, code: i32, words: &[&str]| -> Said {
        let split: Vec<&str> = arguments.split(' ').collect();
        let said = cli(house, &split);
        table.says(CLI, &format!("orchestra {arguments}"), &said, code, words);
        said
    };
    says("pipeline validate hello.yml", 0, &["valid"]);
    says("pipeline validate broken.yml", 1, &["integration_jobb"]);
    says("accounts list", 0, &["default"]);
    says("pipeline new --path hello.yml --alias hello --publish", 0, &[]);
    says("pipeline new --path hello.yml --alias hello --publish", 1, &["hello"]);
    says("pipeline list", 0, &["hello"]);
    says("pipeline get --alias hello", 0, &["Hello"]);
    says("pipeline get --alias nothing", 1, &[]);
    says("pipeline run --alias hello --input who=moon --no-wait --force", 0, &[]);
    follow_logs(house, &mut says);
    says("pipeline run --alias hello --input who=sun --wait --force", 0, &["SUCCEEDED"]);
    says("pipeline run --alias hello --input nobody=x --no-wait --force", 1, &["nobody"]);
    says("pipeline run --alias hello --task hello --wait --force", 0, &["SUCCEEDED"]);
    write(folder, "hello.yml", &HELLO.replace("default: world", "default: everybody"));
    says("pipeline update --path hello.yml --alias hello --publish --force", 0, &[]);
    write(folder, "hello.yml", &HELLO.replace("default: world", "default: draft"));
    says("pipeline build --path hello.yml --alias hello --wait --force", 0, &["SUCCEEDED"]);
    says("pipeline run --alias hello --version-number 1 --no-wait --force", 0, &[]);
    says("pipeline delete --alias hello", 0, &[]);
    says("pipeline get --alias hello", 1, &[]);
}

/// The newest run's first task is followed from its first byte to its end.
fn follow_logs(house: &House, says: &mut impl FnMut(&str, i32, &[&str]) -> Said) {
    let client = Client::with_key(&house.api, &house.key);
    let runs = client.get(&format!("{BASE}/pipeline_runs?page_size=1")).json();
    let run = runs["results"][0]["id"].as_str().expect("a run").to_owned();
    let tasks = client.get(&format!("{BASE}/pipeline_runs/{run}/task_runs")).json();
    let hello = tasks["results"].as_array().and_then(|tasks| tasks.iter().find(|task| task["taskId"] == "hello"));
    let task = hello.and_then(|task| task["id"].as_str()).expect("the task").to_owned();
    let began = Instant::now();
    while client.get(&format!("{BASE}/pipeline_runs/{run}/task_runs/{task}/logs")).json()["filenames"]
        == Value::Array(Vec::new())
    {
        assert!(began.elapsed() < Duration::from_secs(120), "the task does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    let said = cli(house, &["task", "logs", "--task-run-id", &task]);
    assert!(said.code == 0 && said.text.contains("hello moon") && said.text.contains("and goodbye"), "{}", said.text);
    let _ = says;
}
