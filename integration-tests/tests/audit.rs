//! Who did what, with real processes: what people did and what was refused to them stands in the audit, with from where and why; an export is
//! whole, says what the log says, and whatever is done to it is found.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{
    cluster::{Addresses, Dev, text},
    process::eventually,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const SECRET: &str = "hunter2-of-the-refused-file";

fn pipeline(comment: &str) -> String {
    format!(
        "# {comment}\nversion: v1\nname: Orders\npipeline:\n  a: {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}}}\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("test folders are text").to_owned()
}

/// The entries that the audit lists for these arguments, oldest first.
fn audit(addresses: &Addresses, arguments: &[&str]) -> Vec<Value> {
    let listed = addresses.downbeat_ok(&[&["audit", "--json", "-n", "100"], arguments].concat());
    let mut entries: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    entries.reverse();
    entries
}

/// What people do, some of it refused.
fn act(addresses: &Addresses, folder: &Path) {
    let file = write(folder, "orders.yml", &pipeline("first"));
    addresses.downbeat_ok(&["apply", &file, "--as", "ada", "--because", "ticket 7: über alles"]);
    let broken = format!("version: v1\nname: Orders\npassword: [{SECRET}\n");
    let broken = write(folder, "broken.yml", &broken);
    assert!(!addresses.downbeat(&["apply", &broken, "--alias", "orders", "--as", "eve"]).status.success());
    addresses.downbeat_ok(&["run", "orders", "--as", "ada"]);
    addresses.downbeat_ok(&["pool", "set", "db", "3"]);
    addresses.downbeat_ok(&["pool", "set", "db", "5", "--because", "more room"]);
    addresses.downbeat_ok(&["pipeline", "pause", "orders", "--reason", "a while", "--as", "ada"]);
    // Said twice, it changes nothing and leaves nothing.
    addresses.downbeat_ok(&["pipeline", "pause", "orders", "--reason", "a while", "--as", "ada"]);
    assert!(!addresses.downbeat(&["run", "orders", "--as", "eve"]).status.success());
    assert!(!addresses.downbeat(&["pipeline", "resume", "nowhere", "--as", "eve"]).status.success());
}

fn column(entries: &[Value], name: &str) -> Vec<String> {
    entries.iter().map(|entry| entry[name].as_str().unwrap_or_default().to_owned()).collect()
}

fn check_entries(addresses: &Addresses) {
    eventually("the last command is listed", SOON, || (audit(addresses, &["--by", "user"]).len() == 8).then_some(()));
    let entries = audit(addresses, &["--by", "user"]);
    let found: Vec<(String, String, String)> = entries
        .iter()
        .map(|it| ["actor", "command", "outcome"].map(|name| it[name].as_str().unwrap_or_default().to_owned()).into())
        .collect();
    let expected = [
        ("user:ada", "APPLY_PIPELINE", "ACCEPTED"),
        ("user:eve", "APPLY_PIPELINE", "REJECTED"),
        ("user:ada", "START_RUN", "ACCEPTED"),
        ("user", "SET_POOL", "ACCEPTED"),
        ("user", "SET_POOL", "ACCEPTED"),
        ("user:ada", "PAUSE_PIPELINE", "ACCEPTED"),
        ("user:eve", "START_RUN", "REJECTED"),
        ("user:eve", "RESUME_PIPELINE", "REJECTED"),
    ];
    assert_eq!(found, expected.map(|(who, what, outcome)| (who.to_owned(), what.to_owned(), outcome.to_owned())));
    let version = concat!("downbeat/", env!("CARGO_PKG_VERSION"));
    for entry in &entries {
        let origin = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        assert!(origin("origin_address").starts_with("127.0.0.1:"), "{entry}");
        assert!(origin("origin_client").starts_with(version), "{entry}");
    }
    assert_eq!(column(&entries, "reason")[..6], ["ticket 7: über alles", "", "", "", "more room", "a while"]);
    assert_eq!((&entries[4]["before"], &entries[4]["after"]), (&json!({"slots": 3}), &json!({"slots": 5})));
    assert_eq!(column(&entries, "code")[6..], ["PIPELINE_PAUSED", "UNKNOWN_PIPELINE"]);
    assert_eq!(entries[7]["targets"][0]["name"], "nowhere", "as it was typed");
    assert!(entries[1]["message"].as_str().is_some_and(|message| message.contains("broken.yml:")), "{}", entries[1]);

    let refused = audit(addresses, &["--outcome", "rejected", "--actor", "eve", "--target", "orders"]);
    assert_eq!(column(&refused, "command"), ["APPLY_PIPELINE", "START_RUN"]);
    assert_eq!(audit(addresses, &["--kind", "set-pool", "--from", "2020-01-01T00:00:00Z"]).len(), 2);
    assert_eq!(audit(addresses, &["--to", "2020-01-01T00:00:00Z"]).len(), 0);
    let table = addresses.downbeat_ok(&["audit", "--target", "db"]);
    assert!(table.contains("pool db has 5 slots") && table.contains("more room"), "{table}");
    let cat = addresses.downbeat_ok(&["log", "cat"]);
    assert!(cat.contains("COMMAND_REJECTED") && !cat.contains(SECRET), "no line of a refused file is recorded");
}

#[test]
fn who_did_what_is_listed_exported_and_proven() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut dev = Dev::start(folder.path(), 1);
    let addresses = dev.addresses.clone();
    act(&addresses, folder.path());
    check_entries(&addresses);

    let export = folder.path().join("audit.jsonl");
    let export = export.to_str().expect("test folders are text");
    addresses.downbeat_ok(&["audit", "export", export]);
    assert!(!addresses.downbeat(&["audit", "export", export]).status.success(), "it is not overwritten");
    let written = std::fs::read_to_string(export).expect("it was written");
    assert!(!written.contains(SECRET));
    let part = addresses.downbeat_ok(&["audit", "export", "--actor", "eve"]);
    assert_eq!(part.lines().count(), 3 + 2);
    let part = write(folder.path(), "part.jsonl", &part);

    // Also while everything runs; and the file alone needs nothing that runs.
    for file in [export, &part] {
        let said = addresses.downbeat_ok(&["audit", "verify", file, "--log", &addresses.log]);
        assert!(said.starts_with("audit verify: ok, the log says the same"), "{said}");
    }
    assert!(dev.process.terminate().success());
    let said = addresses.downbeat_ok(&["audit", "verify", export]);
    assert!(said.starts_with("audit verify: ok\n"), "{said}");

    let lines: Vec<&str> = written.lines().collect();
    let tampered = |name: &str, edit: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        edit(&mut lines);
        write(folder.path(), name, &(lines.join("\n") + "\n"))
    };
    let eve = lines.iter().position(|line| line.contains("user:eve")).expect("she did something");
    let cases = [
        (tampered("changed.jsonl", &|it| it[eve] = it[eve].replace("user:eve", "user:ada")), eve + 1, "was changed"),
        (tampered("removed.jsonl", &|it| drop(it.remove(2))), 3, "does not follow the line before it"),
        (tampered("inserted.jsonl", &|it| it.insert(4, it[1].clone())), 5, "was inserted or moved here"),
        (tampered("cut.jsonl", &|it| it.truncate(4)), 5, "the end is missing"),
    ];
    for (file, line, words) in cases {
        let output = addresses.downbeat(&["audit", "verify", &file]);
        assert_eq!(output.status.code(), Some(1), "{file}: {}", text(&output));
        assert!(text(&output).contains(&format!("{file}:{line}: {words}")), "{file}: {}", text(&output));
    }
    // A log that is not there proves nothing.
    let output = addresses.downbeat(&[
        "audit",
        "verify",
        export,
        "--log",
        &format!("embedded:{}", folder.path().join("nowhere").display()),
    ]);
    assert!(!output.status.success(), "{}", text(&output));
    let absent = addresses.downbeat(&["audit", "verify", "nowhere.jsonl"]);
    assert_eq!(absent.status.code(), Some(2), "{}", text(&absent));
}
