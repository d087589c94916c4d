//! Addresses that others call to start a pipeline, with real processes: signed as Standard Webhooks and GitHub have it, rotated, replayed,
//! closed, and across a crash; and wherever anybody looks, neither an address nor a secret stands.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use downbeat_integration_tests::{
    cluster::{Dev, text},
    http::{Answer, Client},
    process::eventually,
};
use jiff::Timestamp;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);
const PIPELINE: &str = "version: v1
name: Orders
inputs:
  table: {type: string}
webhook: {enabled: true, run_inputs: {table: '${{ outputs.payload.table }}'}}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

/// What `webhook open` shows.
struct Opened {
    id: String,
    path: String,
    secret: String,
}

fn open(dev: &Dev, more: &[&str]) -> Opened {
    let output = dev.addresses.downbeat(&[&["webhook", "open", "orders"], more].concat());
    assert!(output.status.success(), "{}", text(&output));
    let (shown, beside) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line =
        |name: &str| shown.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    let id = beside.split_whitespace().nth(1).expect("endpoint ID").to_owned();
    Opened { id, path: line("path"), secret: line("secret") }
}

fn mac(key: &[u8], signed: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed).as_ref().to_vec()
}

/// Posts as a sender of Standard Webhooks does, so many seconds away from now.
fn standard(dev: &Dev, path: &str, secret: &str, id: &str, away: i64, body: &Value) -> Answer {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).expect("base64");
    let (body, at) = (body.to_string(), (Timestamp::now().as_second() + away).to_string());
    let signature = format!("v1,{}", STANDARD.encode(mac(&key, format!("{id}.{at}.{body}").as_bytes())));
    let headers = [
        ("webhook-id", id),
        ("webhook-timestamp", &at),
        ("webhook-signature", &signature),
        ("content-type", "application/json"),
    ];
    Client::new(&dev.api).send("POST", path, &headers, body.as_bytes()).expect("an answer")
}

/// Posts as GitHub does.
fn github(dev: &Dev, path: &str, secret: &str, more: &[(&str, &str)], body: &Value) -> Answer {
    let body = body.to_string();
    let digits: String = mac(secret.as_bytes(), body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let signature = format!("sha256={digits}");
    let headers = [&[("x-hub-signature-256", signature.as_str()), ("content-type", "application/json")], more].concat();
    Client::new(&dev.api).send("POST", path, &headers, body.as_bytes()).expect("an answer")
}

fn said(answer: &Answer, status: u16, word: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(word), "{}", answer.text());
}

/// Triggers and inputs of all runs in the log.
fn runs(dev: &Dev) -> Vec<(Value, Value)> {
    let log = dev.addresses.downbeat_ok(&["log", "cat"]);
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let created = events.filter(|event| event["kind"] == "RUN_CREATED");
    created.map(|event| (event["trigger"].clone(), event["inputs"]["table"].clone())).collect()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect()
}

/// Files of a folder that hold these bytes.
fn found_in(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| std::fs::read(path).unwrap_or_default().windows(bytes.len()).any(|part| part == bytes);
    files_of(folder).into_iter().filter(holds).collect()
}

#[test]
fn a_signed_call_starts_a_run_and_only_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut dev = Dev::start(folder.path(), 1);
    let file = folder.path().join("orders.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);

    let shop = open(&dev, &["--name", "shop"]);
    assert!(shop.secret.starts_with("whsec_") && shop.path.len() == "/hooks/".len() + 22, "{}", shop.path);
    let body = json!({"table": "orders"});
    let first = eventually("the gateway has heard of it", SOON, || {
        Some(standard(&dev, &shop.path, &shop.secret, "msg_1", 0, &body)).filter(|answer| answer.status != 404)
    });
    said(&first, 200, "Run created");
    let again = standard(&dev, &shop.path, &shop.secret, "msg_1", 1, &body);
    said(&again, 200, "This call came before");
    assert_eq!(first.json()["pipelineRunId"], again.json()["pipelineRunId"]);
    assert_eq!((first.json()["created"].clone(), again.json()["created"].clone()), (json!(true), json!(false)));
    // What differs from what was signed, is too old, or goes elsewhere.
    said(&standard(&dev, &shop.path, &shop.secret, "msg_2", -400, &body), 401, "too old");
    said(&standard(&dev, &shop.path, &STANDARD.encode([7; 32]), "msg_2", 0, &body), 401, "no signature fits");
    said(&Client::new(&dev.api).send("POST", &shop.path, &[], b"{}").expect("an answer"), 401, "webhook-id");
    said(&standard(&dev, "/hooks/0000000000000000000000", &shop.secret, "msg_2", 0, &body), 404, "not found");
    said(&Client::new(&dev.api).get(&shop.path), 405, "");
    // What the pipeline does not take is told to whoever sends it.
    said(&standard(&dev, &shop.path, &shop.secret, "msg_3", 0, &json!({"tables": 1})), 400, "table");

    // A second secret: both are valid for a while, then the first one is not; the crash in between forgets none of it.
    let rotated = dev.addresses.downbeat(&["webhook", "rotate", &shop.id]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let second = String::from_utf8_lossy(&rotated.stdout).trim().to_owned();
    dev.process.kill9();
    drop(dev);
    let mut dev = Dev::start(folder.path(), 1);
    for (id, secret) in [("msg_4", &shop.secret), ("msg_5", &second)] {
        said(&standard(&dev, &shop.path, secret, id, 0, &body), 200, "Run created");
    }
    said(&standard(&dev, &shop.path, &second, "msg_1", 0, &body), 200, "This call came before");
    dev.addresses.downbeat_ok(&["webhook", "rotate", &shop.id, "--overlap-hours", "0"]);
    eventually("the gateway has heard of it", SOON, || {
        (standard(&dev, &shop.path, &second, "msg_1", 0, &body).status == 401).then_some(())
    });

    // GitHub: a secret that its people chose, a ping, a form by mistake, a delivery that is sent again.
    let chosen = folder.path().join("secret.txt");
    std::fs::write(&chosen, "chosen-by-somebody-else\n").expect("a file");
    let chosen = chosen.to_str().expect("text");
    let code = open(&dev, &["--name", "code", "--sign", "github", "--secret-file", chosen]);
    assert_eq!(code.secret, "chosen-by-somebody-else");
    let event = |id: &'static str| [("x-github-delivery", id), ("x-github-event", "push")];
    let ping = [("x-github-delivery", "0"), ("x-github-event", "ping")];
    let pong = eventually("the gateway has heard of it", SOON, || {
        Some(github(&dev, &code.path, &code.secret, &ping, &json!({"zen": "x"}))).filter(|answer| answer.status != 404)
    });
    said(&pong, 200, "pong");
    for word in ["Run created", "This call came before"] {
        said(&github(&dev, &code.path, &code.secret, &event("1"), &json!({"table": "code"})), 200, word);
    }
    said(&github(&dev, &code.path, "another", &event("2"), &json!({"table": "code"})), 401, "no signature fits");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let plain = open(&dev, &["--name", "plain", "--sign", "none"]);
    assert_eq!(plain.secret, "");
    let by_hand =
        |headers: &[(&str, &str)], body: &[u8]| Client::new(&dev.api).send("POST", &plain.path, headers, body);
    eventually("the gateway has heard of it", SOON, || {
        by_hand(&form, b"table=x").ok().filter(|answer| answer.status != 404)
    });
    said(&by_hand(&form, b"table=x").expect("an answer"), 415, "application/json");
    said(&by_hand(&[], b"{\"table\": \"plain\"}").expect("an answer"), 200, "Run created");
    said(&by_hand(&[], b"no JSON").expect("an answer"), 400, "not JSON");

    let listed = dev.addresses.downbeat_ok(&["webhook", "list", "orders"]);
    assert!(
        listed.contains("standard webhooks") && listed.contains("github") && listed.lines().count() == 4,
        "{listed}"
    );
    let refused = dev.addresses.downbeat(&["webhook", "open", "orders", "--name", "shop"]);
    assert!(text(&refused).contains("has an endpoint `shop` already"), "{}", text(&refused));
    let no_secret = dev.addresses.downbeat(&["webhook", "rotate", &plain.id]);
    assert!(text(&no_secret).contains("are not signed: it has no secret"), "{}", text(&no_secret));
    assert!(dev.addresses.downbeat_ok(&["webhook", "close", &code.id]).contains("closed: endpoint"));
    eventually("the gateway has heard of it", SOON, || {
        (github(&dev, &code.path, &code.secret, &event("1"), &json!({})).status == 404).then_some(())
    });
    dev.addresses.downbeat_ok(&["pipeline", "delete", "orders", "--yes"]);
    eventually("its endpoints go with the pipeline", SOON, || {
        (standard(&dev, &shop.path, &second, "msg_1", 0, &body).status == 404).then_some(())
    });

    let runs = runs(&dev);
    let tables: Vec<&str> = runs.iter().map(|(_, table)| table.as_str().unwrap_or_default()).collect();
    assert_eq!(tables, ["orders", "orders", "orders", "code", "plain"]);
    let schemes: Vec<&str> =
        runs.iter().map(|(trigger, _)| trigger["signature"].as_str().unwrap_or_default()).collect();
    assert_eq!(schemes, ["STANDARD_WEBHOOKS", "STANDARD_WEBHOOKS", "STANDARD_WEBHOOKS", "GITHUB", "NONE"], "{runs:?}");

    assert!(dev.process.terminate().success(), "{}", dev.process.printed());
    let said = [dev.process.printed()];
    for secret in [&shop.secret, &second, &code.secret, &shop.path, &plain.path] {
        let bare = secret.trim_start_matches("whsec_").trim_start_matches("/hooks/");
        assert_eq!(found_in(&folder.path().join("data"), bare.as_bytes()), Vec::<PathBuf>::new(), "log, store, blobs");
        assert!(said.iter().all(|said| !said.contains(bare)));
        if let Ok(key) = STANDARD.decode(bare) {
            assert_eq!(found_in(&folder.path().join("data"), &key), Vec::<PathBuf>::new(), "nor its bytes");
        }
    }
}
