//! A cron schedule starts a run at its minute, once, although two schedulers are at it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use downbeat_integration_tests::{
    cluster::Cluster,
    process::{Process, eventually, free_port},
    programs,
};

/// What an address answers to a request for its metrics.
fn read(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it takes requests");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers with text");
    answer
}

#[test]
fn a_minute_fires_once_with_two_schedulers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = Cluster::start(folder.path(), 2);
    let addresses = &cluster.addresses;
    let metrics = format!("127.0.0.1:{}", free_port());
    let _second = Process::start(
        &programs().join("downbeat-scheduler"),
        &["--log", &addresses.log, "--coordinator", &addresses.server, "--metrics", &metrics],
        &folder.path().join("second.txt"),
    )
    .expect("the scheduler starts");
    let file = folder.path().join("every_minute.yml");
    let source = "version: v1\nname: every minute\nschedule:\n  - name: minutely\n    cron: '* * ? * * *'\npipeline:\n  \
                  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n";
    std::fs::write(&file, source).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);

    eventually("the next minute's run has ended", Duration::from_secs(90), || {
        let runs = addresses.downbeat_ok(&["runs", "every_minute"]);
        (runs.contains("SUCCEEDED") && runs.contains("SCHEDULED minutely")).then_some(())
    });
    // One of them was answered that it had started the run; the other one asked too late, or had no need to ask.
    let fired = |printed: String| printed.lines().filter(|line| line.contains("fired")).count();
    eventually("a scheduler has had its answer", Duration::from_secs(10), || {
        let second = std::fs::read_to_string(folder.path().join("second.txt")).unwrap_or_default();
        (fired(cluster.scheduler.printed()) + fired(second) >= 1).then_some(())
    });
    let measured = read(&metrics);
    assert!(measured.starts_with("HTTP/1.1 200") && measured.contains("\ndownbeat_schedules 1\n"), "{measured}");
    assert!(measured.contains("downbeat_schedule_lateness_seconds_bucket"), "{measured}");
    let created = addresses.downbeat_ok(&["log", "cat"]);
    let runs: Vec<&str> = created.lines().filter(|line| line.contains("\"RUN_CREATED\"")).collect();
    let instants: std::collections::BTreeSet<String> = runs
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["trigger"]["instant"].to_string())
        .collect();
    assert_eq!(instants.len(), runs.len(), "INV-05: one run per instant: {runs:#?}");
}
