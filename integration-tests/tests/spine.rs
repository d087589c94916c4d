//! One real pipeline, end to end: the same file over the embedded log in one process and over NATS in four, with the same result.

use std::{collections::BTreeMap, path::Path, time::Duration};

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, Dev},
    pipelines,
    process::{Process, eventually},
    repository,
};
use serde_json::Value;

/// Installing dbt the first time takes a while.
const RUN_AT_MOST: Duration = Duration::from_secs(900);

#[test]
fn the_weather_pipeline_gives_the_same_over_both_logs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = folder.path().join("one");
    let many = folder.path().join("many");
    std::fs::create_dir_all(&one).expect("a folder");
    std::fs::create_dir_all(&many).expect("a folder");

    let embedded = {
        let dev = Dev::start(&one, 4);
        outcome_of_the_weather(&dev.addresses, &one)
    };
    let distributed = {
        let cluster = Cluster::start(&many, 4);
        outcome_of_the_weather(&cluster.addresses, &many)
    };
    assert_eq!(embedded, distributed);

    // And it is what the data says.
    assert!(
        embedded.tasks.contains("load SUCCEEDED") && embedded.tasks.contains("heat_alert SUCCEEDED"),
        "{embedded:#?}"
    );
    assert!(embedded.lineage.contains("1,461 rows"), "{embedded:#?}");
    assert!(embedded.lineage.contains("tests passed 15/15"), "{embedded:#?}");
    assert_eq!(embedded.outcomes, 4, "one outcome per task");
}

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    tasks: String,
    lineage: String,
    outcomes: usize,
}

/// Applies and runs it as a person would, and reads everything back.
fn outcome_of_the_weather(addresses: &Addresses, folder: &Path) -> Outcome {
    let pipeline = repository().join("deploy/examples/weather/pipeline.yml");
    addresses.downbeat_ok(&["apply", pipeline.to_str().expect("text")]);
    let mut command = addresses.command(&["run", "weather", "--wait"]);
    let mut run = Process::start_with(&mut command, &folder.join("run.txt")).expect("downbeat starts");
    let status = run.wait(RUN_AT_MOST).unwrap_or_else(|| panic!("the run does not end:\n{}", run.printed()));
    assert!(status.success(), "{}", run.printed());
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    assert!(addresses.downbeat_ok(&["logs", "last", "build"]).contains("Completed successfully"));
    Outcome {
        tasks: task_statuses(&run.printed()),
        lineage: addresses.downbeat_ok(&["lineage", "last"]),
        outcomes: outcomes_per_attempt(addresses).len(),
    }
}

/// `TASK STATUS` of every task, from the lines that `run --wait` prints when it ends.
fn task_statuses(printed: &str) -> String {
    let statuses = ["SUCCEEDED", "WARNING", "FAILED", "SKIPPED", "CANCELLED"];
    let ended = printed.lines().filter(|line| line.starts_with("  ")).filter_map(|line| {
        let mut words = line.split_whitespace();
        let (task, status) = (words.next()?, words.next()?);
        statuses.contains(&status).then(|| format!("{task} {status}"))
    });
    ended.collect::<Vec<_>>().join("\n")
}

/// How many outcomes the log holds for each (run, task, attempt) that has one (INV-01: never more than one).
fn outcomes_per_attempt(addresses: &Addresses) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for line in addresses.downbeat_ok(&["log", "cat"]).lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let kind = event["kind"].as_str().unwrap_or_default();
        if matches!(kind, "ATTEMPT_SUCCEEDED" | "ATTEMPT_FAILED" | "ATTEMPT_LOST" | "ATTEMPT_STOPPED") {
            let key = format!("{} {} {}", event["run_id"], event["task_id"], event["attempt"]);
            *outcomes.entry(key).or_insert(0) += 1;
        }
    }
    outcomes
}

/// How often the coordinator is killed; `DOWNBEAT_KILL_ROUNDS=20 cargo test kill` for the long form.
fn rounds() -> usize {
    std::env::var("DOWNBEAT_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2)
}

#[test]
fn a_run_survives_kill_9_of_the_coordinator_with_each_outcome_recorded_once() {
    for round in 0..rounds() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut cluster = Cluster::start(folder.path(), 4);
        let file = folder.path().join("scripts.yml");
        std::fs::write(&file, pipelines::scripts(4, 4, 0.3)).expect("a file");
        let addresses = cluster.addresses.clone();
        addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
        let run = addresses.downbeat_ok(&["run", "scripts"]).trim().to_owned();

        // In the middle: a different place in every round.
        let after = 2 + round % 7;
        eventually("some tasks have succeeded", Duration::from_secs(60), || {
            (outcomes_per_attempt(&addresses).len() >= after).then_some(())
        });
        cluster.coordinator.kill9();
        cluster.restart_coordinator();

        let show = eventually("the run ends", Duration::from_secs(120), || {
            let show = addresses.downbeat_ok(&["run", "show", &run]);
            show.lines()
                .next()
                .is_some_and(|head| head.contains("SUCCEEDED") || head.contains("FAILED"))
                .then_some(show)
        });
        assert!(show.lines().next().is_some_and(|head| head.contains("SUCCEEDED")), "round {round}:\n{show}");
        let outcomes = outcomes_per_attempt(&addresses);
        assert_eq!(outcomes.len(), 16, "round {round}: every task once: {outcomes:#?}");
        assert!(outcomes.values().all(|times| *times == 1), "round {round}: INV-01: {outcomes:#?}");
        assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    }
}

#[test]
fn a_run_survives_kill_9_of_the_worker_which_leaves_nothing_running() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 2);
    let addresses = cluster.addresses.clone();
    let file = folder.path().join("slow.yml");
    std::fs::write(&file, pipelines::scripts(2, 2, 2.0)).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    let run = addresses.downbeat_ok(&["run", "slow"]).trim().to_owned();
    eventually("both tasks of the first row run", Duration::from_secs(60), || {
        (addresses.downbeat_ok(&["run", "show", &run]).matches("RUNNING").count() == 3).then_some(())
    });
    cluster.worker.kill9();
    cluster.restart_worker();

    let show = eventually("the run ends", Duration::from_secs(120), || {
        let show = addresses.downbeat_ok(&["run", "show", &run]);
        show.lines().next().is_some_and(|head| head.contains("SUCCEEDED") || head.contains("FAILED")).then_some(show)
    });
    assert!(show.lines().next().is_some_and(|head| head.contains("SUCCEEDED")), "{show}");
    let lost: Vec<String> = addresses
        .downbeat_ok(&["log", "cat", "--run", &run])
        .lines()
        .filter(|line| line.contains("ATTEMPT_LOST"))
        .map(str::to_owned)
        .collect();
    assert_eq!(lost.len(), 2, "{lost:#?}");
    assert!(lost.iter().all(|line| line.contains("its worker was restarted")), "{lost:#?}");
    let outcomes = outcomes_per_attempt(&addresses);
    assert!(outcomes.len() == 6 && outcomes.values().all(|times| *times == 1), "{outcomes:#?}");
}
