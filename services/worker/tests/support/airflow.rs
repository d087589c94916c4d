//! A real Airflow: API server, scheduler and DAG processor over SQLite, in a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::servers::{Running, ask, free_port, optional_tool};

const DAGS: &str = r#"
import time
from airflow.sdk import DAG, task

with DAG("daily_load", schedule=None):
    @task
    def extract():
        return 3

    @task
    def load(rows):
        print(rows)

    load(extract())

with DAG("broken", schedule=None):
    @task
    def fails():
        raise ValueError("no such table")

    fails()

with DAG("endless", schedule=None):
    @task
    def waits():
        while True:
            time.sleep(1)

    waits()
"#;

pub struct Airflow {
    pub port: u16,
    client: reqwest::Client,
    // They end in this order, and then their folder goes.
    _running: Vec<Running>,
    _folder: TempDir,
}

impl Airflow {
    pub const PASSWORD: &str = "airflow-s3cret-password";

    /// `None`: `make products` has not been run.
    pub async fn start() -> Option<Self> {
        let program = optional_tool("airflow")?;
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        std::fs::create_dir(folder.path().join("dags")).unwrap();
        std::fs::write(folder.path().join("dags/shop.py"), DAGS).unwrap();
        std::fs::write(folder.path().join("users.json"), json!({ "downbeat": Self::PASSWORD }).to_string()).unwrap();
        let command = |arguments: &[&str]| command(&program, folder.path(), port, arguments);
        let made = command(&["db", "migrate"]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let running = [&["api-server"] as &[&str], &["scheduler", "--skip-serve-logs"], &["dag-processor"]]
            .map(|arguments| Running::with(&mut command(arguments), Signal::SIGTERM));
        let server = Self { port, client: reqwest::Client::new(), _running: running.into(), _folder: folder };
        for dag in ["daily_load", "broken", "endless"] {
            server.until(&format!("dags/{dag}"), |dag| dag["is_paused"] == false).await;
        }
        Some(server)
    }

    /// The fields of a connection to it, through the given port.
    pub fn fields(&self, port: u16) -> Value {
        json!({ "url": format!("http://127.0.0.1:{port}"), "username": "downbeat", "password": Self::PASSWORD })
    }

    /// How many runs there are of a DAG.
    pub async fn runs(&self, dag: &str) -> u64 {
        self.get(&format!("dags/{dag}/dagRuns")).await.unwrap()["total_entries"].as_u64().unwrap()
    }

    /// The answer once it is as it should be.
    pub async fn until(&self, path: &str, good: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1_200 {
            if let Ok(answer) = self.get(path).await
                && good(&answer)
            {
                return answer;
            }
            // Airflow tells nobody when it is ready.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{path} never was as it should be: {:?}", self.get(path).await)
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        let base = format!("http://127.0.0.1:{}", self.port);
        let user = json!({ "username": "downbeat", "password": Self::PASSWORD });
        let signed = ask(self.client.post(format!("{base}/auth/token")), Some(user)).await?;
        let token = signed["access_token"].as_str().unwrap_or_default();
        ask(self.client.get(format!("{base}/api/v2/{path}")).bearer_auth(token), None).await
    }
}

fn command(program: &Path, home: &Path, port: u16, arguments: &[&str]) -> Command {
    let base = format!("http://127.0.0.1:{port}");
    let secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let path = |name: &str| PathBuf::from(home).join(name).display().to_string();
    let mut command = Command::new(program);
    command.args(arguments).current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for (name, value) in [
        ("AIRFLOW_HOME", path("")),
        ("AIRFLOW__CORE__DAGS_FOLDER", path("dags")),
        ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".to_owned()),
        ("AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION", "False".to_owned()),
        ("AIRFLOW__CORE__PARALLELISM", "2".to_owned()),
        ("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "downbeat:admin".to_owned()),
        ("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", path("users.json")),
        ("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", format!("{base}/execution/")),
        ("AIRFLOW__API__HOST", "127.0.0.1".to_owned()),
        ("AIRFLOW__API__PORT", port.to_string()),
        ("AIRFLOW__API__WORKERS", "1".to_owned()),
        ("AIRFLOW__API__SECRET_KEY", secret.to_owned()),
        ("AIRFLOW__API_AUTH__JWT_SECRET", secret.to_owned()),
    ] {
        command.env(name, value);
    }
    command
}
