//! Versions over real processes: drafts, runs of any version, also after those who kept it in memory were killed.

use std::{path::Path, process::Output};

use downbeat_integration_tests::cluster::{Cluster, text};

/// A pipeline with one task of this id.
fn write(folder: &Path, task: &str) -> String {
    let file = folder.join("weather.yml");
    let job = "{integration: DOWNBEAT, integration_job: NOOP, parameters: {}}";
    std::fs::write(&file, format!("version: v1\nname: Weather\npipeline:\n  {task}: {job}\n")).expect("a file");
    file.to_str().expect("test folders are text").to_owned()
}

#[test]
fn a_run_of_any_version_that_there_ever_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 2);
    cluster.wait_ready();
    let draft = |cluster: &Cluster, task: &str| {
        cluster.addresses.downbeat_ok(&["apply", &write(folder.path(), task), "--draft"])
    };
    let run = |cluster: &Cluster, more: &[&str]| -> Output {
        cluster.addresses.downbeat(&[&["run", "weather", "--wait"], more].concat())
    };
    let ran = |cluster: &Cluster, task: &str| {
        let shown = cluster.addresses.downbeat_ok(&["run", "show", "last"]);
        assert!(shown.contains(task), "no task {task} in\n{shown}");
    };

    // Drafts only: nothing runs that is not asked for by its number.
    assert!(draft(&cluster, "first").starts_with("drafted: pipeline `weather` version 1"));
    assert!(draft(&cluster, "first").starts_with("unchanged: pipeline `weather` version 1"));
    let listed = cluster.addresses.downbeat_ok(&["pipeline", "list"]);
    assert!(listed.contains("draft 1"), "{listed}");
    let refused = run(&cluster, &[]);
    assert!(!refused.status.success() && text(&refused).contains("drafts only"), "{}", text(&refused));
    assert!(run(&cluster, &["--version", "1"]).status.success());
    ran(&cluster, "first");

    // One is applied; then more drafts than stand beside it.
    let applied = cluster.addresses.downbeat_ok(&["apply", &write(folder.path(), "second")]);
    assert!(applied.starts_with("applied: pipeline `weather` version 2"), "{applied}");
    for number in 3..9 {
        draft(&cluster, &format!("draft{number}"));
    }
    let listed = cluster.addresses.downbeat_ok(&["pipeline", "list"]);
    assert!(listed.contains("2 (draft 8)"), "{listed}");
    assert!(run(&cluster, &[]).status.success());
    ran(&cluster, "second");

    // The next owner of the partition begins with a snapshot, or with the log: what it has not it reads back.
    cluster.coordinator.kill9();
    cluster.restart_coordinator();
    cluster.wait_ready();
    for (version, task) in [("8", "draft8"), ("3", "draft3"), ("1", "first")] {
        let output = run(&cluster, &["--version", version]);
        assert!(output.status.success(), "version {version}: {}", text(&output));
        ran(&cluster, task);
    }
    let unknown = run(&cluster, &["--version", "9"]);
    assert!(!unknown.status.success() && text(&unknown).contains("its versions are 1 to 8"), "{}", text(&unknown));
    // A restart of a run of a version that was not current is one of that version again.
    let again = cluster.addresses.downbeat(&["run", "restart", "last", "--all", "--wait"]);
    assert!(again.status.success(), "{}", text(&again));
    ran(&cluster, "first");
    assert!(cluster.addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
}
