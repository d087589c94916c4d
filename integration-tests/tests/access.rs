//! Keys, with real processes: the first start shows one, people make and revoke others, a crash forgets none of that; and wherever anybody
//! looks afterwards, no key stands there. Whoever asks too often with one is told when to come again, and nobody else is.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, Dev, text},
    http::Client,
    process::eventually,
};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);
/// `downbeat_`, eight digits of the id, `_`.
const BEGINNING: usize = 18;
const LENGTH: usize = BEGINNING + 43;

/// The keys in a text, whole.
fn keys_in(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|word| word.starts_with("downbeat_") && word.len() == LENGTH);
    words.map(str::to_owned).collect()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect()
}

/// How often the chance in this key stands in the files of a folder.
fn found_in(folder: &Path, key: &str) -> Vec<PathBuf> {
    let digits = &key.as_bytes()[BEGINNING..];
    let holds = |path: &PathBuf| {
        // What is gone meanwhile holds nothing.
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(digits.len()).any(|part| part == digits)
    };
    files_of(folder).into_iter().filter(holds).collect()
}

fn listed(addresses: &Addresses) -> String {
    addresses.downbeat_ok(&["key", "list"])
}

fn audit(addresses: &Addresses, kind: &str) -> Vec<Value> {
    let lines = addresses.downbeat_ok(&["audit", "--json", "-n", "100", "--kind", kind]);
    lines.lines().map(|line| serde_json::from_str(line).expect("a line")).collect()
}

#[test]
fn keys_are_shown_once_and_stand_nowhere() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut dev = Dev::start(folder.path(), 1);
    let first = keys_in(&dev.process.printed());
    assert_eq!(first.len(), 1, "{}", dev.process.printed());
    assert!(listed(&dev.addresses).contains("admin"), "{}", listed(&dev.addresses));

    // Made by hand: the key alone goes to standard output.
    let made = dev.addresses.downbeat(&["key", "create", "ci", "--role", "operator", "--label", "eu", "--days", "30"]);
    assert!(made.status.success(), "{}", text(&made));
    let key = String::from_utf8(made.stdout).expect("text").trim_end().to_owned();
    assert_eq!(keys_in(&key), [key.as_str()], "nothing but the key");
    let beside = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(beside.contains("key `ci` expires on") && keys_in(&beside).is_empty(), "{beside}");
    assert_ne!(first[0], key);
    let again = dev.addresses.downbeat(&["key", "create", "ci", "--role", "viewer"]);
    assert!(!again.status.success() && text(&again).contains("there is a key `ci` already"), "{}", text(&again));
    let wrong = dev.addresses.downbeat(&["key", "create", "x", "--role", "viewer", "--label", "E U"]);
    assert!(text(&wrong).contains("`E U` is no label"), "{}", text(&wrong));

    // Whoever starts it again, however it ended, gets no second one.
    dev.process.kill9();
    drop(dev);
    let mut dev = Dev::start(folder.path(), 1);
    let addresses = dev.addresses.clone();
    assert_eq!(keys_in(&dev.process.printed()), first, "of both starts");
    let table = listed(&addresses);
    assert!(table.contains("operator of eu") && table.lines().count() == 3, "{table}");

    eventually("both are in the audit", SOON, || (audit(&addresses, "create-key").len() >= 4).then_some(()));
    let entries = audit(&addresses, "create-key");
    let outcomes: Vec<(&str, &str)> =
        entries.iter().map(|it| (it["actor"].as_str().unwrap_or(""), it["outcome"].as_str().unwrap_or(""))).collect();
    assert_eq!(
        outcomes,
        [("user", "REJECTED"), ("user", "REJECTED"), ("user", "ACCEPTED"), ("first-start", "ACCEPTED")],
        "newest first"
    );

    assert!(addresses.downbeat_ok(&["key", "revoke", "dev"]).contains("revoked: key `dev`"));
    assert!(addresses.downbeat_ok(&["key", "revoke", "dev"]).contains("was revoked before"));
    assert!(!addresses.downbeat(&["key", "revoke", "nobody"]).status.success());
    assert!(!listed(&addresses).contains("admin"));

    let said =
        [addresses.downbeat_ok(&["log", "cat"]), listed(&addresses), addresses.downbeat_ok(&["audit", "--json"])];
    assert!(said[0].contains("KEY_CREATED") && said[0].contains("KEY_REVOKED"), "{}", said[0]);
    for key in [&first[0], &key] {
        assert!(said.iter().all(|said| !said.contains(&key[BEGINNING..])));
        assert_eq!(found_in(&folder.path().join("data"), key), Vec::<PathBuf>::new(), "log, store, snapshots, blobs");
    }
    // The search would have found one: what was printed at the first start holds that one, and not the other.
    assert_eq!(found_in(folder.path(), &first[0]), [folder.path().join("dev.txt")]);
    assert_eq!(found_in(folder.path(), &key), Vec::<PathBuf>::new());
    assert!(dev.process.terminate().success(), "{}", dev.process.printed());

    // Where all keys are gone, none is made: somebody wanted that.
    let mut dev = Dev::start(folder.path(), 1);
    assert_eq!(keys_in(&dev.process.printed()), first);
    assert!(dev.process.terminate().success());
}

#[test]
fn one_key_may_not_ask_more_often_than_is_set_and_others_are_not_concerned() {
    const IN_A_MINUTE: usize = 40;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = Cluster::start(folder.path(), 1);
    let (_gateway, api) = cluster.gateway(&["--requests-per-minute", &IN_A_MINUTE.to_string()]);
    let key =
        |name: &str| cluster.addresses.downbeat_ok(&["key", "create", name, "--role", "viewer"]).trim().to_owned();
    let (eager, calm) = (Client::with_key(&api, &key("eager")), Client::with_key(&api, &key("calm")));
    let target = "/api/engine/public/pipelines";
    eventually("the gateway knows the keys", SOON, || {
        calm.send("GET", target, &[], b"").is_ok_and(|answer| answer.status == 200).then_some(())
    });
    // The minute may end in between: then it takes as many again.
    let mut answers = (0..=2 * IN_A_MINUTE).map(|_| eager.get(target));
    let refused = answers.find(|answer| answer.status == 429).expect("it is enough at some time");
    let wait: u32 = refused.header("retry-after").expect("when to come again").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(refused.text().contains("more than 40 requests in a minute"), "{}", refused.text());
    assert_eq!(calm.get(target).status, 200, "others are not concerned");
    assert_eq!(calm.get("/api/engine/public/health").status, 200, "what needs no key is not counted");
}
