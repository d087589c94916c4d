//! `orchestra-cli`: every command.

use std::{path::Path, process::Command, time::Duration};

use downbeat_integration_tests::{http::Client, process::eventually};
use serde_json::Value;

use super::{
    House,
    conversation::{Said, Table, run},
    program,
};

pub const CLI: &str = "orchestra-cli 0.5.2";
pub const BASE: &str = "/api/engine/public";

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

pub fn cli(house: &House, arguments: &[&str]) -> Said {
    let mut command = Command::new(program("orchestra"));
    // Whoever is asked says yes.
    let yes = std::fs::File::open(house.folder.path().join("yes")).expect("it was written");
    command
        .stdin(yes)
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

/// A conversation with it.
struct Talk<'a> {
    house: &'a House,
    table: &'a mut Table,
}

impl Talk<'_> {
    fn says(&mut self, arguments: &str, code: i32, words: &[&str]) {
        let said = cli(self.house, &arguments.split(' ').collect::<Vec<_>>());
        self.table.says(CLI, &format!("orchestra {arguments}"), &said, code, words);
    }
}

pub fn talk(house: &House, table: &mut Table) {
    let folder = house.folder.path();
    write(folder, "hello.yml", HELLO);
    write(folder, "yes", "y\n");
    write(folder, "broken.yml", &HELLO.replace("integration_job: APPROVAL", "integration_jobb: APPROVAL"));
    let mut talk = Talk { house, table };
    talk.says("pipeline validate hello.yml", 0, &["Validation passed"]);
    talk.says(
        "pipeline validate broken.yml",
        1,
        &["pipeline.greet.TaskGroupModel.tasks.after.integration_jobb", "did you mean"],
    );
    talk.says("accounts list", 0, &["default"]);
    talk.says("pipeline new --path hello.yml --alias hello --publish", 0, &["created successfully"]);
    talk.says(
        "pipeline new --path hello.yml --alias hello --publish",
        1,
        &["status 400", "there is a pipeline `hello` already"],
    );
    talk.says("pipeline list", 0, &["\"alias\": \"hello\"", "\"numTasks\": 2"]);
    talk.says("pipeline get --alias hello", 0, &["Alias: hello", "Name: Hello"]);
    talk.says("pipeline get --alias nothing", 1, &["status 404"]);
    talk.says("pipeline run --alias hello --input who=moon --no-wait --force", 0, &["Started pipeline"]);
    follow_logs(&mut talk);
    talk.says("pipeline run --alias hello --input who=sun --wait --force", 0, &["status: SUCCEEDED"]);
    talk.says(
        "pipeline run --alias hello --input nobody=x --no-wait --force",
        1,
        &["status 400", "declares no input `nobody`"],
    );
    talk.says("pipeline run --alias hello --task hello --wait --force", 0, &["status: SUCCEEDED"]);
    write(folder, "hello.yml", &HELLO.replace("default: world", "default: everybody"));
    talk.says("pipeline update --path hello.yml --alias hello --publish --force", 0, &["updated successfully"]);
    write(folder, "hello.yml", &HELLO.replace("default: world", "default: draft"));
    talk.says(
        "pipeline build --path hello.yml --alias hello --wait --force",
        0,
        &["updated as version 3", "status: SUCCEEDED"],
    );
    talk.says("pipeline run --alias hello --version-number 1 --no-wait --force", 0, &["Started pipeline"]);
    talk.says("pipeline run --alias hello --version-number 9 --no-wait --force", 1, &["status 404"]);
    talk.says("pipeline delete --alias hello", 0, &["deleted"]);
    talk.says("pipeline get --alias hello", 1, &["status 404"]);
}

/// The newest run's first task is followed from its first byte to its end.
fn follow_logs(talk: &mut Talk<'_>) {
    let client = Client::with_key(&talk.house.api, &talk.house.key);
    let runs = client.get(&format!("{BASE}/pipeline_runs?page_size=1")).json();
    let run = runs["results"][0]["id"].as_str().expect("a run").to_owned();
    let tasks = client.get(&format!("{BASE}/pipeline_runs/{run}/task_runs")).json();
    let hello = tasks["results"].as_array().and_then(|tasks| tasks.iter().find(|task| task["taskId"] == "hello"));
    let task = hello.and_then(|task| task["id"].as_str()).expect("the task").to_owned();
    let files = format!("{BASE}/pipeline_runs/{run}/task_runs/{task}/logs");
    eventually("the task begins", Duration::from_secs(120), || {
        (client.get(&files).json()["filenames"] != Value::Array(Vec::new())).then_some(())
    });
    let said = cli(talk.house, &["task", "logs", "--task-run-id", &task]);
    talk.table.says(
        CLI,
        "orchestra task logs --task-run-id ID, while it runs",
        &said,
        0,
        &["hello moon", "and goodbye"],
    );
    let said = cli(talk.house, &["task", "logs", "--task-run-id", &task, "--no-watch"]);
    talk.table.says(CLI, "orchestra task logs --task-run-id ID --no-watch", &said, 0, &["hello moon", "and goodbye"]);
}
