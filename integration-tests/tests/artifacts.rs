//! Files that tasks leave, with real processes: a script leaves some and fails, and is tried again; everybody who may see its run gets them, by the API, by a tool, by the
//! command, and nobody else does.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{cluster::Dev, http::Client, process::eventually};
use serde_json::{Value, json};

const BASE: &str = "/api/engine/public";
/// The first script makes an environment.
const SOON: Duration = Duration::from_secs(240);
const HOSTILE: &str = "a \"quoted\"; name=ü.txt";

/// Leaves files, and ends badly; of the second attempt there is one file alone.
const SCRIPT: &str = r#"
import os, pathlib, sys
folder = pathlib.Path(os.environ["DOWNBEAT_ARTIFACTS"])
marker = pathlib.Path(MARKER)
if marker.exists():
    (folder / "second.txt").write_text("of the second attempt")
else:
    marker.write_text("")
    (folder / "report.txt").write_text("0123456789")
    (folder / "large.txt").write_text("x" * 300_000 + "the end")
    (folder / "data.bin").write_bytes(bytes(range(256)))
    (folder / 'a "quoted"; name=ü.txt').write_text("<script>alert(1)</script>")
    (folder / "empty").write_text("")
    (folder / "nested").mkdir()
    (folder / "link").symlink_to("/etc/hostname")
sys.exit(3)
"#;

fn start(dev: &Dev, folder: &Path) -> (String, String) {
    let code = format!("MARKER = {:?}\n{SCRIPT}", folder.join("marker"));
    let definition = json!({
        "version": "v1", "name": "leaves",
        "meta": {"downbeat": {"labels": ["eu"]}},
        "pipeline": {"g": {"tasks": {"load": {
            "integration": "PYTHON", "integration_job": "PYTHON_EXECUTE_SCRIPT",
            "parameters": {"source": "INLINE", "python_version": "3.11", "code": code},
            "configuration": {"retries": 1, "retry_delay": 1},
        }}}},
    });
    let file = folder.join("leaves.yml");
    std::fs::write(&file, definition.to_string()).expect("the folder is ours");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("test folders are text"), "--alias", "leaves"]);
    dev.addresses.downbeat(&["run", "leaves", "--wait"]);
    let admin = somebody(dev, "looks", &["--role", "admin"]);
    let tasks = eventually("the task has failed twice", SOON, || {
        let tasks = admin.get(&format!("{BASE}/task_runs")).json();
        (tasks["results"][0]["numberOfAttempts"] == 2 && tasks["results"][0]["status"] == "FAILED").then_some(tasks)
    });
    let id = |name: &str| tasks["results"][0][name].as_str().expect("an id").to_owned();
    (id("pipelineRunId"), id("id"))
}

fn somebody(dev: &Dev, name: &str, arguments: &[&str]) -> Client {
    let made = dev.addresses.downbeat_ok(&[&["key", "create", name], arguments].concat());
    Client::with_key(&dev.api, made.trim())
}

fn tool(client: &Client, name: &str, arguments: &Value) -> Value {
    let params = json!({"name": name, "arguments": arguments});
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
    let headers = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
    let answer = client.send("POST", "/mcp", &headers, message.as_bytes()).expect("an answer").json();
    answer["result"].clone()
}

fn check_api(reader: &Client, artifacts: &str) {
    let list = |query: &str| reader.get(&format!("{artifacts}{query}"));
    assert_eq!(list("").json(), json!({"filenames": ["second.txt"]}), "of the last attempt");
    let first = list("?attempt=1").json();
    assert_eq!(first, json!({"filenames": [HOSTILE, "data.bin", "empty", "large.txt", "report.txt"]}));
    assert_eq!(list("?attempt=3").status, 404);
    assert_eq!(list("?attempt=x").status, 422);

    let get = |name: &str, headers: &[(&str, &str)]| {
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let target = format!("{artifacts}/download?attempt=1&filename={encoded}");
        reader.send("GET", &target, headers, b"").expect("an answer")
    };
    let whole = get("report.txt", &[]);
    assert_eq!((whole.status, whole.text().as_str()), (200, "0123456789"));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"report.txt\"; filename*=UTF-8''report.txt"),
        ("x-content-type-options", "nosniff"),
        ("content-length", "10"),
    ] {
        assert_eq!(whole.header(name), Some(value), "{name}");
    }
    let hostile = get(HOSTILE, &[]);
    let disposition = hostile.header("content-disposition").expect("it says that it is an attachment").to_owned();
    assert!(
        disposition.starts_with("attachment; filename=\"a _quoted_; name=_.txt\"; filename*=UTF-8''a%20"),
        "{disposition}"
    );
    assert_eq!(get("data.bin", &[]).body, (0..=255).collect::<Vec<u8>>());
    assert_eq!((get("empty", &[]).status, get("empty", &[]).body.len()), (200, 0));
    assert_eq!(get("large.txt", &[]).body.len(), 300_007);
    for (range, status, body, content_range) in [
        ("bytes=3-5", 206, "345", "bytes 3-5/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=8-", 206, "89", "bytes 8-9/10"),
        ("bytes=10-", 416, "", "bytes */10"),
        ("bytes=-0", 416, "", "bytes */10"),
    ] {
        let part = get("report.txt", &[("Range", range)]);
        assert_eq!((part.status, part.text().as_str()), (status, body), "{range}");
        assert_eq!(part.header("content-range"), Some(content_range), "{range}");
    }
    for (range, status) in [("bytes=-2", 200), ("bytes=-0", 416), ("bytes=0-", 416)] {
        assert_eq!(get("empty", &[("Range", range)]).status, status, "{range}");
    }
    for name in ["nested", "link", "second.txt", "index.json", "../1/report.txt", "..", "a\0", "/etc/hostname"] {
        let refused = get(name, &[]);
        assert_eq!((refused.status, refused.json()["detail"].as_str()), (404, Some("Artifact not found")), "{name:?}");
    }
    assert_eq!(reader.get(&format!("{artifacts}/download")).status, 422);
}

fn check_tools(reader: &Client, run: &str, task: &str) {
    let arguments = json!({"pipeline_run_id": run, "task_run_id": task, "attempt": 1});
    let listed = tool(reader, "list_task_run_artifacts", &arguments);
    assert_eq!(listed["structuredContent"]["filenames"][4], "report.txt", "{listed}");
    let get = |name: &str, offset: u64| {
        let mut arguments = arguments.clone();
        (arguments["filename"], arguments["offset"]) = (json!(name), json!(offset));
        tool(reader, "download_task_run_artifact", &arguments)
    };
    let small = get("report.txt", 0);
    assert_eq!(small["content"], json!([{"type": "text", "text": "0123456789"}]), "{small}");
    let large = get("large.txt", 0);
    assert_eq!(large["content"][0]["text"].as_str().map(str::len), Some(262_144));
    assert_eq!(
        large["content"][1]["text"],
        "These are bytes 0 to 262143 of 300007; the next ones begin at offset 262144."
    );
    let rest = get("large.txt", 262_144);
    assert!(rest["content"][0]["text"].as_str().is_some_and(|text| text.ends_with("the end")), "{rest}");
    assert_eq!(get("empty", 0)["content"][0]["text"], "");
    for (answer, words) in [(get("data.bin", 0), "no text"), (get("no such file", 0), "not found")] {
        let text = answer["content"][0]["text"].as_str().expect("words");
        assert!(answer["isError"] == true && text.contains(words), "{answer}");
    }
}

#[test]
fn files_of_a_failed_script_are_there_for_whoever_may_see_its_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let dev = Dev::start(folder.path(), 2);
    let (run, task) = start(&dev, folder.path());
    let artifacts = format!("{BASE}/pipeline_runs/{run}/task_runs/{task}/artifacts");
    check_api(&somebody(&dev, "reads", &["--role", "viewer", "--label", "eu"]), &artifacts);
    check_tools(&somebody(&dev, "assists", &["--role", "viewer"]), &run, &task);

    let other = somebody(&dev, "other", &["--role", "admin", "--label", "us"]);
    for target in [artifacts.clone(), format!("{artifacts}/download?filename=second.txt")] {
        assert_eq!(other.get(&target).status, 404);
        assert_eq!(Client::new(&dev.api).get(&target).status, 401);
    }

    // At the terminal.
    let listed = dev.addresses.downbeat_ok(&["artifacts", "last", "load", "--attempt", "1"]);
    assert!(listed.starts_with("BYTES") && listed.contains("\n10      report.txt\n"), "{listed}");
    let path = folder.path().join("got.txt");
    let to = path.to_str().expect("test folders are text");
    let download = ["artifacts", "last", "load", "--attempt", "1", "--download", "report.txt"];
    assert_eq!(dev.addresses.downbeat_ok(&download), "0123456789");
    let into_file = [&download[..], &["--output", to]].concat();
    dev.addresses.downbeat_ok(&into_file);
    assert_eq!(std::fs::read_to_string(&path).expect("it was written"), "0123456789");
    assert!(!dev.addresses.downbeat(&into_file).status.success(), "a file that is there is not touched");
    let log = dev.addresses.downbeat_ok(&["logs", "last", "load", "--attempt", "1"]);
    for line in ["\"link\" was left out: it is a link", "\"nested\" was left out: it is no regular file"] {
        assert!(log.contains(line), "{log}");
    }
}
