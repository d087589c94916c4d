//! Alerts with real processes: a run fails, somebody is told over HTTP; the coordinator is killed while they cannot be reached, and they are told
//! all the same, under the id that the log names, and what was told is there to look at.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::{Cluster, text},
    process::eventually,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);

const PIPELINE: &str = "version: v1
name: Nightly load
inputs: {day: {type: string}}
alerts:
  - name: oops
    statuses: [FAILED]
    custom_message: 'orders of ${{ inputs.day }}'
    destinations: [{integration: WEBHOOK, connection_id: ops}]
pipeline:
  load:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters: {source: INLINE, python_version: '3.11', code: 'raise SystemExit(3)'}
    alerts:
      - {name: task, statuses: [FAILED], destinations: [{integration: WEBHOOK, connection_id: nobody}]}
";

/// What came: the header `webhook-id` and the body.
type Told = Arc<Mutex<Vec<(String, Value)>>>;

/// Answers 503 until it is open, and takes everything then.
fn listen() -> (String, Arc<AtomicBool>, Told, Arc<Mutex<u32>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = listener.local_addr().expect("it is bound").to_string();
    let (open, told, refused) = (Arc::new(AtomicBool::new(false)), Told::default(), Arc::new(Mutex::new(0)));
    let (is_open, taken, turned_away) = (Arc::clone(&open), Arc::clone(&told), Arc::clone(&refused));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let (mut id, mut length, mut line) = (String::new(), 0, String::new());
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("webhook-id:") {
                    value.trim().clone_into(&mut id);
                }
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a number");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let status = if is_open.load(Ordering::SeqCst) {
                taken.lock().expect("nobody panics").push((id, serde_json::from_slice(&body).expect("JSON")));
                "200 OK"
            } else {
                *turned_away.lock().expect("nobody panics") += 1;
                "503 Service Unavailable"
            };
            // Whoever asked may be gone.
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (address, open, told, refused)
}

fn connection(folder: &Path, name: &str, address: &str) {
    let connections = folder.join("connections");
    std::fs::create_dir_all(&connections).expect("a folder");
    let fields = json!({"url": format!("http://{address}/hook")});
    let file = json!({"integration": "WEBHOOK", "fields": fields}).to_string();
    std::fs::write(connections.join(format!("{name}.json")), file).expect("a file");
}

#[test]
fn whoever_asks_is_told_of_a_failure_once_they_can_be_reached_whatever_was_killed_meanwhile() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (address, open, told, refused) = listen();
    connection(folder.path(), "ops", &address);
    let mut cluster = Cluster::start(folder.path(), 1);
    let file = folder.path().join("nightly.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    let applied = cluster.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    assert!(!applied.contains("alert"), "nothing is left out any more: {applied}");
    let run = cluster.addresses.downbeat(&["run", "nightly", "--wait", "--input", "day=monday"]);
    assert!(!run.status.success(), "{}", text(&run));

    eventually("it was tried", SOON, || (*refused.lock().expect("nobody panics") > 0).then_some(()));
    cluster.coordinator.kill9();
    open.store(true, Ordering::SeqCst);
    cluster.restart_coordinator();
    cluster.wait_ready();
    eventually("somebody was told", SOON, || (!told.lock().expect("nobody panics").is_empty()).then_some(()));

    let listed = eventually("the list says so", SOON, || {
        let listed = cluster.addresses.downbeat_ok(&["alert", "list", "nightly"]);
        listed.contains("DELIVERED").then_some(listed)
    });
    let line = listed.lines().find(|line| line.contains("oops")).expect("a line");
    let (id, body) = told.lock().expect("nobody panics")[0].clone();
    assert!(line.contains(&id), "{id}: {listed}");
    assert_eq!(body["event_type"], "PIPELINE_RUN_COMPLETED");
    assert_eq!(
        (&body["detail"]["status"], &body["detail"]["pipeline_name"]),
        (&json!("FAILED"), &json!("Nightly load"))
    );

    // The other one names a connection that is not there: a dead letter, and somebody mends that.
    let dead = eventually("it is given up", SOON, || {
        let listed = cluster.addresses.downbeat_ok(&["alert", "list", "--state", "dead"]);
        listed.contains("nobody").then_some(listed)
    });
    let line = dead.lines().find(|line| line.contains("load in")).expect("a line").to_owned();
    let dead = line.split_whitespace().next().expect("an id").to_owned();
    connection(folder.path(), "nobody", &address);
    cluster.addresses.downbeat_ok(&["alert", "retry", &dead]);
    eventually("it arrives", SOON, || {
        let told = told.lock().expect("nobody panics");
        told.iter().any(|(id, body)| *id == dead && body["event_type"] == "TASK_RUN_COMPLETED").then_some(())
    });
    let again = eventually("it is settled", SOON, || {
        let again = cluster.addresses.downbeat(&["alert", "retry", &dead]);
        (!again.status.success()).then(|| text(&again))
    });
    assert!(again.contains("there is no undelivered alert"), "{again}");
}
