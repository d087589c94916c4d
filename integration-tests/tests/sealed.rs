//! Sealed connections with real processes: a value goes in by the terminal or the API, reaches the site that it is for, outlives kill -9,
//! changes at once, and is nowhere to be found.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::{Dev, text},
    http::Client,
    postgres::Postgres,
    process::eventually,
};
use serde_json::json;

const BASE: &str = "/api/engine/public";
const SOON: Duration = Duration::from_secs(60);

const PIPELINE: &str = "version: v1
name: Asks
pipeline:
  ask: {integration: HTTP, integration_job: HTTP_REQUEST, connection: site_1, parameters: {method: GET, path: data}}
";

/// A site that keeps which credential each request brought.
fn site() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut brought = String::new();
            for line in BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("x-secret: ") {
                    brought = value.to_owned();
                }
            }
            // A site that tells everybody what it was told.
            let body = format!("you said {brought}");
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            kept.lock().expect("nobody panics with it").push(brought);
            // Whoever asked may be gone.
            stream.write_all((head + &body).as_bytes()).ok();
        }
    });
    (url, seen)
}

/// What the last request brought.
fn last(seen: &Mutex<Vec<String>>) -> String {
    seen.lock().expect("nobody panics with it").last().cloned().unwrap_or_default()
}

fn runs(dev: &Dev) {
    let said = dev.addresses.downbeat_ok(&["run", "asks", "--wait"]);
    assert!(said.contains("SUCCEEDED"), "{said}");
}

/// The files below a folder that hold this text.
fn holding(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, secret));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(secret.len()).any(|at| at == secret.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_value_that_was_sealed_reaches_its_site_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let (url, seen) = site();
    let apart = tempfile::tempdir().expect("a temporary folder");
    let secret = apart.path().join("headers.json");
    let put = |value: &str| std::fs::write(&secret, json!({ "x-secret": value }).to_string()).expect("a file");
    let from_file = format!("headers=@{}", secret.display());
    let address = format!("base_url={url}");
    let mut dev = Dev::start(folder, 2);
    let key = dev.data.join("master.key");
    assert_eq!(std::fs::metadata(&key).expect("dev makes one").permissions().mode() & 0o777, 0o600);

    // Sealed, and used.
    put("first-tulip-4711");
    let made = ["connection", "set", "site_1", "--integration", "HTTP", "--field", &address, "--json", &from_file];
    let said = dev.addresses.downbeat_ok(&made);
    assert!(said.contains("set: connection `site_1` of HTTP, version 1"), "{said}");
    assert!(dev.addresses.downbeat_ok(&made).contains("unchanged"), "the same again is no version");
    let file = folder.join("asks.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    runs(&dev);
    assert_eq!(last(&seen), "first-tulip-4711");

    // Tried, and shown without values.
    let tried = dev.addresses.downbeat_ok(&["connection", "test", "site_1"]);
    assert!(tried.contains("works") && tried.contains("200"), "{tried}");
    let shown = dev.addresses.downbeat_ok(&["connection", "show", "site_1"]);
    assert!(shown.contains("fields: base_url, headers") && shown.contains("used by asks: task ask"), "{shown}");
    let refused = text(&dev.addresses.downbeat(&["connection", "remove", "site_1"]));
    assert!(refused.contains("used by asks (task ask)"), "{refused}");

    // Killed in the middle of everything: it is there, and what was said by the API counts at once.
    dev.process.kill9();
    drop(dev);
    let mut dev = Dev::start(folder, 2);
    runs(&dev);
    assert_eq!(last(&seen), "first-tulip-4711");
    let admin = dev.addresses.downbeat_ok(&["key", "create", "admin", "--role", "admin"]);
    let client = Client::with_key(&dev.api, admin.trim());
    let path = format!("{BASE}/integrations/connections/site_1");
    let changed = json!({ "fields": { "headers": { "x-secret": "second-tulip-4712" } } });
    let answer = client.ask("PATCH", &path, Some(&changed));
    assert_eq!((answer.status, &answer.json()["version"]), (200, &json!(2)), "{}", answer.text());
    runs(&dev);
    assert_eq!(last(&seen), "second-tulip-4712");
    let listed = client.get(&format!("{BASE}/integrations/connections?integration=HTTP")).json();
    let one = &listed[0];
    assert_eq!((&one["connectionName"], &one["authStatus"]), (&json!("site_1"), &json!("INITIATED")), "{listed}");
    let id = one["connectionId"].as_str().expect("an id").to_owned();
    let validated = client.ask("POST", &format!("{BASE}/integrations/HTTP/validate/{id}"), None);
    assert_eq!((validated.status, &validated.json()["status"]), (200, &json!("SUCCEEDED")), "{}", validated.text());
    let failed = client.get(&format!("{BASE}/integrations/connections?authStatus=FAILED")).json();
    assert_eq!(failed, json!([]));

    // What is wrong is said without values.
    let secret = "third-tulip-4713";
    let wrong = [
        ("POST", json!({ "name": "site_1", "integration": "HTTP", "fields": { "headers": { "x": secret } } }), 400),
        ("POST", json!({ "name": "a b", "integration": "HTTP", "fields": { "headers": { "x": secret } } }), 0),
        ("POST", json!({ "name": "other", "integration": "HTTP", "fields": { "headers": [secret] } }), 0),
        ("POST", json!({ "name": "other", "integration": "HTTP", "fields": secret }), 422),
        ("PATCH", json!({ "fields": { secret: "x", "a b": "y" } }), 0),
    ];
    for (method, body, status) in wrong {
        let target = if method == "POST" { format!("{BASE}/integrations/connections") } else { path.clone() };
        let answer = client.ask(method, &target, Some(&body));
        assert!(
            (400..500).contains(&answer.status) && (status == 0 || status == answer.status),
            "{body}: {}",
            answer.status
        );
        assert!(!answer.text().contains(secret), "{body}: {}", answer.text());
    }
    let operator = dev.addresses.downbeat_ok(&["key", "create", "editor", "--role", "editor"]);
    let editor = Client::with_key(&dev.api, operator.trim());
    assert_eq!(editor.ask("PATCH", &path, Some(&changed)).status, 403);
    assert_eq!(editor.get(&path).status, 200);

    // Removed: the worker forgets it at once.
    dev.addresses.downbeat_ok(&["connection", "remove", "site_1", "--force"]);
    let said = text(&dev.addresses.downbeat(&["run", "asks", "--wait"]));
    assert!(said.contains("no sealed connection has this name"), "{said}");
    dev.process.terminate();
    for secret in ["first-tulip-4711", "second-tulip-4712", "third-tulip-4713"] {
        assert_eq!(holding(folder, secret), Vec::<String>::new());
    }
}

#[test]
fn without_the_master_key_connections_are_refused_and_with_another_one_not_opened() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let (url, _) = site();
    let mut dev = Dev::start(folder, 2);
    let address = format!("base_url={url}");
    dev.addresses.downbeat_ok(&["connection", "set", "site_1", "--integration", "HTTP", "--field", &address]);
    let file = folder.join("asks.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    runs(&dev);
    let resealed = dev.addresses.downbeat_ok(&["connection", "reseal"]);
    assert!(resealed.contains("resealed: 0 connections"), "{resealed}");
    dev.process.terminate();
    let key = dev.data.join("master.key");
    drop(dev);
    let kept = std::fs::read(&key).expect("a file");

    // The key is lost: whoever needs the connection hears of it, and it can be saved again as a whole.
    std::fs::remove_file(&key).expect("a file");
    let mut dev = Dev::start(folder, 2);
    let said = text(&dev.addresses.downbeat(&["run", "asks", "--wait"]));
    assert!(said.contains("not among those that are set here"), "{said}");
    let partial = text(&dev.addresses.downbeat(&["connection", "set", "site_1", "--json", "headers={}"]));
    assert!(partial.contains("cannot be opened"), "{partial}");
    dev.process.terminate();
    let new = std::fs::read(&key).expect("a file");
    drop(dev);

    // Both are set, the new one first: everything opens, and is sealed anew.
    std::fs::write(&key, [new.as_slice(), b"\n", &kept].concat()).expect("a file");
    let mut dev = Dev::start(folder, 2);
    runs(&dev);
    let resealed = dev.addresses.downbeat_ok(&["connection", "reseal"]);
    assert!(resealed.contains("resealed: 1 connections"), "{resealed}");
    dev.process.terminate();
    drop(dev);
    std::fs::write(&key, &new).expect("a file");
    let mut dev = Dev::start(folder, 2);
    runs(&dev);
    dev.process.terminate();
    drop(dev);

    // A key that others may read is refused.
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("ours");
    let program = downbeat_integration_tests::programs().join("downbeat");
    let started = std::process::Command::new(program)
        .args(["dev", "--listen", "127.0.0.1:0", "--api", "127.0.0.1:0", "--data"])
        .arg(folder.join("data"))
        .output()
        .expect("it is built");
    assert!(!started.status.success() && text(&started).contains("chmod 600"), "{}", text(&started));
}

#[test]
fn a_database_is_asked_with_what_was_sealed() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let dev = Dev::start(folder, 2);
    let fields = json!({
        "host": "127.0.0.1", "port": postgres.port, "database": "postgres", "username": "downbeat",
        "password": Postgres::PASSWORD, "sslmode": "disable",
    });
    let file = folder.join("fields.json");
    let mut arguments: Vec<String> =
        ["connection", "set", "default_postgres", "--integration", "POSTGRES"].map(str::to_owned).to_vec();
    for (name, value) in fields.as_object().expect("fields") {
        arguments.extend(["--json".to_owned(), format!("{name}={value}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = dev.addresses.downbeat_ok(&arguments);
    assert!(said.contains("the default of its integration"), "{said}");
    // Until its worker is attached nobody can try it.
    eventually("it is tried", SOON, || {
        let tried = text(&dev.addresses.downbeat(&["connection", "test", "default_postgres"]));
        tried.contains("`select 1` was answered").then_some(())
    });
    std::fs::write(
        &file,
        "version: v1
name: Looks
pipeline:
  look: {integration: POSTGRES, integration_job: POSTGRES_RUN_QUERY, parameters: {statement: select 1}}
",
    )
    .expect("a file");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text"), "--alias", "looks"]);
    let said = dev.addresses.downbeat_ok(&["run", "looks", "--wait"]);
    assert!(said.contains("SUCCEEDED"), "{said}");
    eventually("it is used by the task", SOON, || {
        let shown = dev.addresses.downbeat_ok(&["connection", "show", "default_postgres"]);
        (shown.contains("SUCCEEDED") && shown.contains("used by looks: task look")).then_some(())
    });
}
