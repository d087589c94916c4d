//! A sensor that looks at a real SFTP server, through a real worker: what the check found becomes the run's inputs, and the worker's
//! credentials are nowhere but in its own file.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use downbeat_integration_tests::{
    clockwork::fire_now,
    cluster::{Cluster, Dev},
    process::eventually,
    repository,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);
const PASSWORD: &str = "sftp-s3cret-password";

const PIPELINE: &str = "version: v1
name: Landing
inputs:
  file: {type: string}
sensors:
  landed:
    name: Landed
    cron: 0 0 1 1 ? 2199
    timezone: UTC
    timeout_mins: 60
    checks:
      newest:
        integration: SFTP
        sensor_type: SFTP_FILE
        connection: partner
        parameters: {path: 'in/*.csv', check_latest: true}
        map_outputs: {file: '${{ outputs.files[0].name }}'}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

/// A process that ends when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only if it has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server over that folder, and what it says about itself.
fn sftp_server(root: &Path) -> (Running, Value) {
    let python = std::env::var_os("DOWNBEAT_JUDGE_PYTHON")
        .map_or_else(|| repository().join(".cache/tools/bin/python"), std::path::PathBuf::from);
    let mut child = Command::new(python)
        .arg(repository().join("services/worker/tests/support/sftp_server.py"))
        .arg(root)
        .arg(PASSWORD)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`make tools` installs the interpreter");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("a line");
    (Running(child), serde_json::from_str(&line).expect("the server starts"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_on_an_sftp_server_starts_a_run_that_knows_its_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("files");
    std::fs::create_dir_all(root.join("in")).expect("a folder");
    std::fs::write(root.join("in/orders.csv"), "1,2\n").expect("a file");
    let (_server, said) = sftp_server(&root);
    let connections = folder.path().join("connections");
    std::fs::create_dir(&connections).expect("a folder");
    let fields = json!({
        "host": "127.0.0.1", "port": said["port"], "username": "looker", "password": "file:password",
        "host_key": said["host_key"],
    });
    std::fs::write(connections.join("partner.json"), json!({ "integration": "SFTP", "fields": fields }).to_string())
        .expect("a file");
    std::fs::write(connections.join("password"), PASSWORD).expect("a file");

    let cluster = Cluster::start(folder.path(), 1);
    let file = folder.path().join("landing.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    cluster.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    let log = || cluster.addresses.downbeat_ok(&["log", "cat"]);
    fire_now(&cluster.addresses, "sensor:landed").await;

    eventually("the window's run has ended", SOON, || {
        let runs = cluster.addresses.downbeat_ok(&["runs", "landing"]);
        (runs.contains("SUCCEEDED") && runs.contains("SENSOR")).then_some(())
    });
    let log = log();
    let created: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|event: &Value| event["kind"] == "RUN_CREATED")
        .collect();
    assert_eq!(created.len(), 1);
    assert_eq!(created[0]["inputs"], json!({ "file": "orders.csv" }));
    let printed = [&cluster.coordinator, &cluster.worker].map(|process| process.printed()).concat();
    assert!(!log.contains(PASSWORD) && !printed.contains(PASSWORD), "the password went somewhere");
    assert!(cluster.worker.printed().contains("chmod 600"), "others may read the file, and the worker says so");
}

const FEED: &str = "version: v1
name: Feed
inputs:
  rows: {type: number}
meta:
  downbeat:
    sensors:
      published:
        name: The feed is published
        cron: 0 0 1 1 ? 2199
        timezone: UTC
        timeout_mins: 60
        checks:
          feed:
            integration: HTTP
            sensor_type: HTTP_REQUEST
            parameters: {url: 'http://ADDRESS/feed.json', body_contains: complete}
            map_outputs: {rows: outputs.body.rows}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_over_http_starts_a_run_that_knows_what_it_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    // Answers one request, and ends.
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut request = BufReader::new(stream.try_clone().expect("a socket"));
        let mut line = String::new();
        while request.read_line(&mut line).is_ok_and(|read| read > 2) {
            line.clear();
        }
        let body = r#"{"state": "complete", "rows": 12}"#;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    });
    let dev = Dev::start(folder.path(), 1);
    let file = folder.path().join("feed.yml");
    std::fs::write(&file, FEED.replace("ADDRESS", &address)).expect("a file");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    fire_now(&dev.addresses, "sensor:published").await;
    eventually("the window's run has ended", SOON, || {
        let runs = dev.addresses.downbeat_ok(&["runs", "feed"]);
        (runs.contains("SUCCEEDED") && runs.contains("SENSOR")).then_some(())
    });
    server.join().expect("it answered");
    let log = dev.addresses.downbeat_ok(&["log", "cat"]);
    let created = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let created: Vec<Value> = created.filter(|event| event["kind"] == "RUN_CREATED").collect();
    assert_eq!(created.len(), 1);
    assert_eq!(created[0]["inputs"], json!({"rows": 12}));
}
