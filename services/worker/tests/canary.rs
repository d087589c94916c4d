//! A thousand planted credentials, printed, logged, set and said by a script in every dress: none of them leaves the worker.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use std::path::Path;

use downbeat_worker::testing::canary::{DRESSES_IN_PYTHON, Search, canary};
use serde_json::{Map, Value, json};
use support::{Stage, offer, servers};

const CANARIES: usize = 1_000;
const FLOCK: &str = "tweet";

/// Repeats everything that it is not supposed to know of, cut into pieces at every place.
const SCRIPT: &str = r#"
import os, sys, urllib.request
canaries = [os.environ[f"PYTHON__DEFAULT_PYTHON__CANARY_{n}"] for n in range(1000)]
for number, canary in enumerate(canaries):
    for dress in dresses:
        data = dress(canary).encode()
        cut = number % len(data)
        os.write(1, b"begin " + data[:cut])
        os.write(2, data[cut:] + b" end\n")
def post(**event):
    event["task_run_id"] = os.environ["ORCHESTRA_TASK_RUN_ID"]
    headers = {"authorization": "Bearer " + os.environ["ORCHESTRA_API_KEY"], "content-type": "application/json"}
    request = urllib.request.Request(os.environ["ORCHESTRA_WEBHOOK_URL"], json.dumps(event).encode(), headers)
    urllib.request.urlopen(request)
post(event_type="SET_OUTPUT", output_name="all", output_value={c: [d(c) for d in dresses] for c in canaries})
post(event_type="LOG", log_name="file", data="\n".join(d(c) for c in canaries for d in dresses))
for number, canary in enumerate(canaries):
    with open(os.path.join(os.environ["DOWNBEAT_ARTIFACTS"], f"report{number % 7}.txt"), "ab") as file:
        file.write(b"".join(b"in a file " + d(canary).encode() + b" end\n" for d in dresses))
if sys.argv[1:]:
    post(event_type="UPDATE_STATUS", status="FAILED", message="it was " + dresses[int(sys.argv[1])](canaries[7]))
"#;

/// All bytes of all files below a folder.
fn everything(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        // Interpreters and packages hold nothing of a task.
        if path.is_dir() && path.file_name().unwrap() != "environments" {
            everything(&path, found);
        } else if path.is_file() {
            found.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test]
async fn no_planted_credential_is_in_logs_messages_outputs_or_files() {
    let folder = tempfile::tempdir().unwrap();
    let fields: Map<String, Value> =
        (0..CANARIES).map(|number| (format!("canary_{number}"), json!(canary(FLOCK, number)))).collect();
    servers::connection(folder.path(), "default_python", "PYTHON", &Value::Object(fields));
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let mut said = String::new();
    for (arguments, task) in [("", 1), (" 0", 2), (" 1", 3), (" 2", 4), (" 3", 5), (" 4", 6), (" 5", 7)] {
        let command = format!("python main.py{arguments}");
        let parameters = json!({
            "source": "INLINE", "python_version": "3.11", "code": format!("{DRESSES_IN_PYTHON}{SCRIPT}"), "command": command,
            "set_outputs": true,
        });
        stage.offer(vec![offer(task, "PYTHON", "PYTHON_EXECUTE_SCRIPT", parameters)]).await;
        said.push_str(&format!("{:?}", stage.outcome(task).await));
        let log = stage.log(task).await;
        assert!(log.matches("begin *** end").count() >= 3 * CANARIES, "they were hidden, not lost");
        assert!(said.contains("it was ***") || arguments.is_empty() || arguments == " 5", "{said}");
    }
    everything(stage.folder.path(), &mut said);
    assert!(said.matches("in a file *** end").count() >= 7 * CANARIES, "of files, too, they were hidden and not lost");
    assert!(said.contains("***"));
    let search = Search::of(FLOCK, (0..CANARIES).map(|number| canary(FLOCK, number)));
    let found = search.find(said.as_bytes());
    assert!(found.is_empty(), "{} were found, like {:?}", found.len(), found.iter().take(5).collect::<Vec<_>>());
    stage.shut_down().await;
}
