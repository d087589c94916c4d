//! A real Prefect server over SQLite, and a process that serves flows of it, in a folder of their own.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Running, ask, free_port, optional_tool};

const FLOWS: &str = r#"
import time
from prefect import flow, serve, task

@task
def extract():
    return 3

@task
def load(rows, day):
    print(rows, day)

@flow
def daily(day: str = "never"):
    if day == "broken":
        raise ValueError("no such table")
    if day == "endless":
        while True:
            time.sleep(1)
    load(extract(), day)

if __name__ == "__main__":
    serve(daily.to_deployment(name="shop"), limit=2)
"#;

pub struct Prefect {
    pub port: u16,
    /// Of the deployment of the only flow.
    pub deployment: String,
    client: reqwest::Client,
    // They end in this order, and then their folder goes.
    _running: Vec<Running>,
    _folder: TempDir,
}

impl Prefect {
    /// `None`: `make products` has not been run.
    pub async fn start() -> Option<Self> {
        let program = optional_tool("prefect")?;
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        std::fs::write(folder.path().join("flows.py"), FLOWS).unwrap();
        let serve = ["server", "start", "--host", "127.0.0.1", "--port", &port.to_string(), "--no-ui"];
        let mut running = vec![Running::with(command(&program, folder.path(), port).args(serve), Signal::SIGTERM)];
        let client = reqwest::Client::new();
        let mut server = Self { port, deployment: String::new(), client, _running: Vec::new(), _folder: folder };
        server.until("health", |answer| answer == &json!(true)).await;
        let python = program.with_file_name("python");
        let mut flows = command(&python, server._folder.path(), port);
        running.insert(0, Running::with(flows.arg("flows.py"), Signal::SIGTERM));
        server._running = running;
        let found = server.until("deployments/name/daily/shop", |answer| answer["id"].is_string()).await;
        server.deployment = found["id"].as_str().unwrap().to_owned();
        Some(server)
    }

    /// All runs, the oldest first.
    pub async fn runs(&self) -> Vec<Value> {
        let url = format!("http://127.0.0.1:{}/api/flow_runs/filter", self.port);
        let wanted = json!({ "sort": "EXPECTED_START_TIME_ASC" });
        let answer = ask(self.client.post(url), Some(wanted)).await.unwrap();
        answer.as_array().unwrap().clone()
    }

    /// Waits until the runs are as they should be.
    pub async fn until_runs(&self, good: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        for _ in 0..1_200 {
            let runs = self.runs().await;
            if good(&runs) {
                return runs;
            }
            // Prefect tells nobody.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("the runs never were as they should be: {:?}", self.runs().await)
    }

    async fn until(&self, path: &str, good: impl Fn(&Value) -> bool) -> Value {
        let url = format!("http://127.0.0.1:{}/api/{path}", self.port);
        for _ in 0..1_200 {
            if let Ok(answer) = ask(self.client.get(&url), None).await
                && good(&answer)
            {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{path} never was as it should be")
    }
}

fn command(program: &Path, home: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .env("PREFECT_HOME", home)
        .env("PREFECT_API_URL", format!("http://127.0.0.1:{port}/api"))
        .env("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        .env("DO_NOT_TRACK", "1");
    command
}
