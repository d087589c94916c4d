//! Rules of time zones are looked for again at a SIGHUP; from when on which ones count is in the log.

use std::{fs, path::Path, process::Command, time::Duration};

use downbeat_integration_tests::{
    cluster::Cluster,
    process::{Process, eventually},
    programs,
};
use nix::{sys::signal::Signal, unistd::Pid};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

/// A folder of zones that says to be of this release; its only zone is a copy of the system's UTC.
fn release(folder: &Path, name: &str) {
    fs::create_dir_all(folder.join("Etc")).expect("a folder");
    let utc = b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    fs::write(folder.join("Etc/UTC"), utc).expect("a zone");
    fs::write(folder.join("tzdata.zi"), format!("# version {name}\n")).expect("a release");
}

/// What the log says of changed rules.
fn releases(cluster: &Cluster) -> Vec<(String, String)> {
    let log = cluster.addresses.downbeat_ok(&["log", "cat"]);
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let changed = events.filter(|event| event["kind"] == "TIME_ZONES_CHANGED");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    changed.map(|event| (word(&event["before"]), word(&event["release"]))).collect()
}

#[test]
fn newer_rules_are_used_at_a_hangup_and_the_log_says_from_when() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let zones = folder.path().join("zones");
    release(&zones, "2998a");
    let mut cluster = Cluster::start(folder.path(), 1);
    let first = eventually("the scheduler has told of its rules", SOON, || releases(&cluster).pop());
    assert!(first.0.is_empty() && first.1.starts_with("20"), "{first:?}");

    cluster.scheduler.kill9();
    let mut command = Command::new(programs().join("downbeat-scheduler"));
    command.args(["--log", &cluster.addresses.log, "--coordinator", &cluster.addresses.server]);
    command.env("DOWNBEAT_TZDIR", &zones);
    let scheduler = Process::start_with(&mut command, &folder.path().join("named.txt")).expect("the scheduler starts");
    let named = (first.1.clone(), "2998a".to_owned());
    eventually("the folder's rules count", SOON, || releases(&cluster).contains(&named).then_some(()));

    release(&zones, "2999b");
    let pid = Pid::from_raw(i32::try_from(scheduler.pid()).expect("a pid"));
    nix::sys::signal::kill(pid, Signal::SIGHUP).expect("it lives");
    eventually("the newer rules count", SOON, || (releases(&cluster).len() == 3).then_some(()));
    assert_eq!(releases(&cluster)[2], ("2998a".to_owned(), "2999b".to_owned()));
    assert!(scheduler.printed().contains("looked for time zone rules"), "{}", scheduler.printed());
}
