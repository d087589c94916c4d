//! What keeps tasks apart from the rest, with real processes: a list of whom the worker may reach, limits of what a task may have, and logs that are read by
//! range while a task runs and after its worker was killed, in which no credential stands.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, text},
    process::eventually,
    programs,
};
use serde_json::{Value, json};

/// The first script makes an environment.
const SOON: Duration = Duration::from_secs(120);

/// Takes whatever comes and notes its first line; `redirect`: sends it on to there.
fn listen(redirect: Option<String>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let port = listener.local_addr().expect("it is bound").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let line = first_line(&mut stream);
            let answer = match &redirect {
                Some(place) if line.contains("/away") => format!("307 Away\r\nlocation: {place}"),
                _ => "200 OK".to_owned(),
            };
            noted.lock().expect("nobody panics").push(line);
            // Whoever asked may be gone.
            let _ = write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
        }
    });
    (port, asked)
}

fn first_line(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 1024];
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned()
}

fn connection(folder: &Path, name: &str, integration: &str, fields: Value) {
    let connections = folder.join("connections");
    std::fs::create_dir_all(&connections).expect("a folder");
    let file = json!({ "integration": integration, "fields": fields }).to_string();
    std::fs::write(connections.join(format!("{name}.json")), file).expect("a file");
}

/// Applies a pipeline of these tasks and runs it to its end; the message of each task that failed.
fn run(addresses: &Addresses, folder: &Path, alias: &str, tasks: Value) -> BTreeMap<String, String> {
    apply(addresses, folder, alias, tasks);
    let run = addresses.downbeat_ok(&["run", alias]).trim().to_owned();
    eventually("the run ends", SOON, || {
        let shown = addresses.downbeat_ok(&["run", "show", &run]);
        let head = shown.lines().next().unwrap_or_default();
        ["SUCCEEDED", "FAILED"].iter().any(|status| head.contains(status)).then_some(())
    });
    let mut failed = BTreeMap::new();
    for line in addresses.downbeat_ok(&["log", "cat", "--run", &run]).lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if event["kind"] == "ATTEMPT_FAILED" {
            let (class, message) = (event["class"].as_str().unwrap_or_default(), event["message"].as_str());
            let told = format!("{class}: {}", message.unwrap_or_default());
            failed.insert(event["task_id"].as_str().unwrap_or_default().to_owned(), told);
        }
    }
    failed
}

fn apply(addresses: &Addresses, folder: &Path, alias: &str, tasks: Value) {
    let file = folder.join(format!("{alias}.yml"));
    // JSON is YAML.
    let pipeline = json!({ "version": "v1", "name": alias, "pipeline": tasks }).to_string();
    std::fs::write(&file, pipeline).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text"), "--alias", alias]);
}

fn get(url: &str) -> Value {
    json!({ "integration": "HTTP", "integration_job": "HTTP_REQUEST", "parameters": { "method": "GET", "path": url } })
}

fn script(code: &str) -> Value {
    let parameters = json!({ "source": "INLINE", "python_version": "3.11", "code": code });
    json!({ "integration": "PYTHON", "integration_job": "PYTHON_EXECUTE_SCRIPT", "parameters": parameters })
}

#[test]
fn a_worker_reaches_whom_it_may_and_its_tasks_have_what_they_may() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (elsewhere, asked_elsewhere) = listen(None);
    let (here, asked_here) = listen(Some(format!("http://127.0.0.1:{elsewhere}/")));
    let at = json!({ "host": "127.0.0.1", "port": elsewhere, "username": "u", "password": "p-s3cret" });
    let mut database = at.clone();
    database["database"] = json!("d");
    database["sslmode"] = json!("disable");
    connection(folder.path(), "postgres", "POSTGRES", database.clone());
    connection(folder.path(), "mysql", "MYSQL", database.clone());
    connection(folder.path(), "clickhouse", "CLICKHOUSE", database);
    let mut ssh = at;
    ssh["insecure_accept_any_host_key"] = json!(true);
    connection(folder.path(), "ssh", "LINUX_SSH", ssh);
    let endpoint = json!({ "api_key": "k-s3cret", "endpoint": format!("http://127.0.0.1:{elsewhere}") });
    connection(folder.path(), "manifest", "HIGHTOUCH", endpoint);

    let mut cluster = Cluster::start(folder.path(), 8);
    cluster.worker.kill9();
    let allowed = format!("127.0.0.1:{here},*.invalid");
    // Without a cgroup it is the address space of a process, of which interpreters take much.
    cluster.restart_worker_with(&["--egress-allow", &allowed, "--task-memory", "4GiB"]);
    let query = |integration: &str, job: &str, connection: &str| json!({ "integration": integration, "integration_job": job, "connection": connection, "parameters": { "statement": "SELECT 1" } });
    let failed = run(
        &cluster.addresses,
        folder.path(),
        "reach",
        json!({
            "allowed": get(&format!("http://127.0.0.1:{here}/")),
            // The name leads to an address that is allowed.
            "named": get(&format!("http://localhost:{here}/named")),
            "refused": get(&format!("http://127.0.0.1:{elsewhere}/")),
            "redirected": get(&format!("http://127.0.0.1:{here}/away")),
            "unknown": get("http://nobody.example/"),
            "nowhere": get("http://nobody.invalid/"),
            "postgres": query("POSTGRES", "POSTGRES_RUN_QUERY", "postgres"),
            "mysql": query("MYSQL", "MYSQL_RUN_QUERY", "mysql"),
            "clickhouse": query("CLICKHOUSE", "CLICKHOUSE_RUN_QUERY", "clickhouse"),
            "ssh": { "integration": "LINUX_SSH", "integration_job": "LINUX_SSH_EXECUTE_COMMAND", "connection": "ssh",
                "parameters": { "command": "true" } },
            "manifest": { "integration": "HIGHTOUCH", "integration_job": "HIGHTOUCH_SYNC", "connection": "manifest",
                "parameters": { "sync_id": 17 } },
            "greedy": script("held = bytearray(8 << 30)\nprint(len(held))"),
            "modest": script("held = bytearray(8 << 20)\nprint(len(held))"),
        }),
    );
    let refused = format!("127.0.0.1:{elsewhere} is refused");
    for task in ["refused", "redirected", "postgres", "mysql", "clickhouse", "ssh", "manifest", "unknown"] {
        let told = failed.get(task).unwrap_or_else(|| panic!("{task} did not fail: {failed:#?}"));
        let place = if task == "unknown" { "nobody.example:80 is refused" } else { &refused };
        assert!(told.contains(place) && told.contains("--egress-allow"), "{task}: {told}");
        assert!(told.starts_with("MISCONFIGURED") && !told.contains("s3cret"), "{task}: {told}");
    }
    let told = failed.get("nowhere").expect("it is nowhere");
    assert!(told.starts_with("TRANSIENT") && !told.contains("refused"), "it may be reached, if it were there: {told}");
    let told = failed.get("greedy").expect("it wants too much");
    assert!(told.contains("MemoryError") || told.contains("--task-memory"), "{told}");
    for task in ["allowed", "named", "modest"] {
        assert_eq!(failed.get(task), None, "{task}");
    }
    assert_eq!(*asked_elsewhere.lock().expect("nobody panics"), Vec::<String>::new(), "nothing was sent");
    assert_eq!(asked_here.lock().expect("nobody panics").len(), 3);
}

#[test]
fn a_worker_that_cannot_hold_what_it_must_does_not_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (arguments, what) in [
        (&["--egress-allow", "https://example.com"][..], "DOWNBEAT_WORKER_EGRESS_ALLOW"),
        (&["--task-pids", "64", "--cgroup", "/nowhere"], "/nowhere is no cgroup of version 2"),
        (&["--task-pids", "64", "--cgroup", "/nowhere", "--require-limits"], "limits of tasks are required"),
    ] {
        let data = folder.path().join("worker");
        let mut command = Command::new(programs().join("downbeat-worker"));
        let output = command.args(arguments).arg("--data").arg(&data).arg("--blobs").arg(folder.path()).output();
        let output = output.expect("the worker starts");
        assert!(!output.status.success() && text(&output).contains(what), "{arguments:?}: {}", text(&output));
    }
}

/// A cgroup of version 2 in which this user can make others.
fn writable_cgroup() -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?.split(' ').nth(4).map(PathBuf::from)?;
    let probe = mount.join(format!("downbeat-test-{}", std::process::id()));
    std::fs::create_dir(&probe).ok()?;
    let kills = probe.join("cgroup.kill").exists();
    std::fs::remove_dir(&probe).expect("it is empty");
    kills.then_some(mount)
}

/// How many processes there are with this command line.
fn processes(command: &[&str]) -> usize {
    let wanted = command.join("\0") + "\0";
    let entries = std::fs::read_dir("/proc").expect("a list of processes").flatten();
    let lines = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok());
    lines.filter(|line| *line == wanted).count()
}

#[test]
fn nothing_of_a_task_hides_from_the_end_of_its_cgroup() {
    let Some(cgroup) = writable_cgroup() else {
        eprintln!("skipped: no cgroup of version 2 can be written here");
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 2);
    cluster.worker.kill9();
    let cgroup = cgroup.to_str().expect("text").to_owned();
    let confined: &[&str] = &["--cgroup", &cgroup, "--require-limits"];
    cluster.restart_worker_with(confined);
    let addresses = cluster.addresses.clone();
    // Nobody else sleeps for so long.
    let seconds = (1_000_000 + std::process::id()).to_string();
    let hides = format!(
        "import subprocess, time\nsubprocess.Popen(['setsid', 'env', '-i', 'sleep', '{seconds}'])\ntime.sleep(100_000)"
    );
    apply(&addresses, folder.path(), "hides", json!({ "hide": script(&hides) }));
    let run = addresses.downbeat_ok(&["run", "hides"]).trim().to_owned();
    let hidden = || processes(&["sleep", &seconds]);
    eventually("it hides somebody", SOON, || (hidden() == 1).then_some(()));

    cluster.worker.kill9();
    assert_eq!(hidden(), 1, "the worker is gone, and cannot end it");
    cluster.restart_worker_with(confined);
    let ended = |attempt: u64| {
        addresses
            .downbeat_ok(&["log", "cat", "--run", &run])
            .lines()
            .any(|line| line.contains("\"ATTEMPT_LOST\"") && line.contains(&format!("\"attempt\":{attempt}")))
    };
    eventually("the next worker says so", SOON, || ended(1).then_some(()));
    eventually("the next attempt hides somebody, too, and the first one is gone", SOON, || {
        let started = addresses.downbeat(&["logs", &run, "hide", "--attempt", "2"]).status.success();
        (started && hidden() == 1).then_some(())
    });
    addresses.downbeat_ok(&["run", "cancel", &run]);
    eventually("nobody is left", SOON, || (hidden() == 0).then_some(()));
    eventually("no cgroup is left", SOON, || {
        let left = std::fs::read_dir(&cgroup).expect("a cgroup").flatten();
        let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with("downbeat-task-")).count();
        (left == 0).then_some(())
    });
}

const SECRET: &str = "s3cret-canary-word";

/// Says a credential in two pieces, over and over, until it is ended.
const TALKS: &str = "import os, sys, time
secret = os.environ['PYTHON__KEYS__CANARY']
for number in range(1_000_000):
    for part in (f'line {number} begins, says ', secret[:9], secret[9:], ' and is over\\n'):
        sys.stdout.write(part)
        sys.stdout.flush()
    time.sleep(0.002)
";

#[test]
fn a_log_is_read_by_range_while_its_task_runs_and_after_its_worker_was_killed_and_shows_no_credential() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    connection(folder.path(), "keys", "PYTHON", json!({ "canary": SECRET }));
    let mut cluster = Cluster::start(folder.path(), 2);
    let addresses = cluster.addresses.clone();
    let mut task = script(TALKS);
    task["connection"] = json!("keys");
    apply(&addresses, folder.path(), "talks", json!({ "talk": task }));
    let run = addresses.downbeat_ok(&["run", "talks"]).trim().to_owned();
    let read = |more: &[&str]| {
        let output = addresses.downbeat(&[&["logs", &run, "talk", "--attempt", "1"], more].concat());
        output.status.success().then_some(output.stdout)
    };
    let seen = eventually("it has said something", SOON, || {
        read(&[]).filter(|seen| seen.windows(9).filter(|window| window == b" and is o").count() > 50)
    });
    // Of what was there once, every range is the same for ever.
    let check = |seen: &[u8], of: &str| {
        for (from, count) in [(0, 100), (1, 1), (37, 1_000), (seen.len() - 10, 10), (seen.len() / 2, 333)] {
            let range = read(&["--from", &from.to_string(), "--bytes", &count.to_string()]).expect("a range");
            assert_eq!(range, &seen[from..(from + count).min(seen.len())], "{of}: {count} bytes from {from}");
        }
        // Borders inside of what hides the credential.
        let hidden = seen.windows(3).position(|window| window == b"***").expect("it said it, and that was hidden");
        for from in hidden - 2..hidden + 4 {
            let range = read(&["--from", &from.to_string(), "--bytes", "4"]).expect("a range");
            assert_eq!(range, &seen[from..from + 4], "{of}: from {from}");
        }
        assert!(!String::from_utf8_lossy(seen).contains(&SECRET[..9]), "{of}: a part of the credential is shown");
    };
    check(&seen, "while it runs");

    // Somebody follows from there on, while its worker dies: to the end of what was written.
    let from = seen.len().to_string();
    let mut follows = addresses.command(&["logs", &run, "talk", "--attempt", "1", "--follow", "--from", &from]);
    let follows = follows.stdout(std::process::Stdio::piped()).spawn().expect("downbeat starts");
    eventually("it goes on", SOON, || read(&["--from", &from]).filter(|more| more.len() > 1_000));
    cluster.worker.kill9();
    cluster.restart_worker();
    let followed = follows.wait_with_output().expect("it ends with the attempt");
    let whole = read(&[]).expect("its worker is gone, and the log is there");
    assert!(followed.status.success() && whole.starts_with(&seen) && whole.len() > seen.len() + 1_000);
    assert_eq!(followed.stdout, &whole[seen.len()..], "who follows sees all of it, and once");
    check(&whole, "after its worker was killed");
    let last = read(&["--last", "25"]).expect("its end");
    assert_eq!(last, &whole[whole.len() - 25..]);
    assert!(!addresses.downbeat(&["logs", &run, "talk", "--last", "5", "--from", "3"]).status.success());
    // The next attempt has a log of its own.
    eventually("it is run again", SOON, || {
        addresses.downbeat(&["logs", &run, "talk", "--attempt", "2", "--bytes", "10"]).status.success().then_some(())
    });
    addresses.downbeat_ok(&["run", "cancel", &run]);
}
