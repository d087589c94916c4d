//! What is measured, and what is shown of it: a real Prometheus reads the metrics of every service while they work, and every question of every
//! dashboard and every alert is put to it. An empty panel fails here. The list of all metrics (`docs/metrics.md`) is what these processes say.
//!
//! Prometheus and promtool come from Debian (`make tools`); where they cannot be had, the tests say that they were skipped.

mod load;
mod measured;
mod prometheus;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use downbeat_integration_tests::{
    arms::Arms,
    cluster::{Cluster, text},
    process::{Process, free_port},
    repository,
};
use load::Load;
use prometheus::Prometheus;
use serde_json::Value;

/// A schedule fires once in a minute; then everything has been seen twice.
const ANSWERED_AT_MOST: Duration = Duration::from_secs(150);

/// The folder of Debian's programs; `None` = they cannot be had here.
fn tools() -> Option<PathBuf> {
    let said = std::fs::read_to_string(repository().join(".cache/tools/prometheus")).unwrap_or_default();
    let root = said.trim();
    assert!(!root.is_empty(), "no Prometheus: `make tools` unpacks it, or says that it cannot be had");
    if root == "absent" {
        println!("skipped: Prometheus cannot be had here");
        return None;
    }
    Some(Path::new(root).join("usr/bin"))
}

/// A panel and one question of it.
#[derive(Clone, Debug)]
struct Asked {
    panel: String,
    expression: String,
}

/// Every question of every dashboard, with the variables as a reader has them who chose nothing.
fn asked() -> Vec<Asked> {
    let mut found = Vec::new();
    let files = std::fs::read_dir(repository().join("deploy/grafana")).expect("the dashboards").flatten();
    for file in files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|ending| ending == "json")) {
        let text = std::fs::read_to_string(&file).expect("a dashboard");
        let dashboard: Value = serde_json::from_str(&text).expect("JSON");
        let name = dashboard["title"].as_str().expect("a title");
        for panel in dashboard["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let expression = target["expr"].as_str().expect("an expression");
                let expression = expression.replace("$__rate_interval", "2m").replace("$namespace", ".*");
                assert!(!expression.contains('$'), "{expression} has a variable that is not known");
                found.push(Asked {
                    panel: format!("{name}: {}", panel["title"].as_str().expect("a title")),
                    expression,
                });
            }
        }
    }
    assert!(found.len() > 80, "only {} questions", found.len());
    found
}

#[test]
fn every_panel_has_an_answer_while_downbeat_works_and_every_metric_is_documented() {
    let Some(tools) = tools() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let services = ["coordinator", "scheduler", "projector", "worker", "gateway"];
    let ports: BTreeMap<&str, u16> = services.iter().map(|service| (*service, free_port())).collect();
    let at = |service: &str| format!("127.0.0.1:{}", ports[service]);
    let variable = |service: &'static str, name: &'static str| (service, name, at(service));
    let listeners = load::listeners(folder.path());
    let arms = Arms {
        more: vec![
            variable("coordinator", "DOWNBEAT_COORDINATOR_METRICS"),
            variable("scheduler", "DOWNBEAT_SCHEDULER_METRICS"),
            variable("projector", "DOWNBEAT_PROJECTOR_METRICS"),
            variable("worker", "DOWNBEAT_WORKER_METRICS"),
            ("projector", "DOWNBEAT_EVENTS_NATS", listeners.url()),
        ],
        ..Arms::default()
    };
    let cluster = Cluster::start_armed(folder.path(), 4, arms);
    let (_gateway, api) = cluster.gateway(&["--health", &at("gateway")]);
    let prometheus = Prometheus::start(&tools, folder.path(), &ports);
    let mut load = Load::new(&cluster, folder.path(), &api);

    let began = Instant::now();
    let mut open = asked();
    let mut why = BTreeMap::new();
    while !open.is_empty() {
        load.step();
        open.retain(|asked| match prometheus.answer(&asked.expression) {
            Ok(()) => false,
            Err(reason) => {
                why.insert(asked.expression.clone(), format!("{}: {}: {reason}", asked.panel, asked.expression));
                true
            }
        });
        let left: Vec<&String> = open.iter().filter_map(|asked| why.get(&asked.expression)).collect();
        assert!(began.elapsed() < ANSWERED_AT_MOST, "panels without an answer: {left:#?}");
    }
    prometheus.rules_are_well();
    let pages = services.map(|service| (service, prometheus::page(&at(service))));
    measured::documented(&pages);
}

/// Runs a program in a folder to its end.
fn done(program: &Path, folder: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    let output = command.current_dir(repository().join(folder)).args(arguments).output().expect("it starts");
    assert!(output.status.success(), "{} {arguments:?}: {}", program.display(), text(&output));
    text(&output)
}

#[test]
fn every_alert_fires_when_it_should_and_only_then() {
    let Some(tools) = tools() else { return };
    let promtool = tools.join("promtool");
    done(&promtool, "deploy/prometheus", &["check", "config", "prometheus.yaml"]);
    done(&promtool, "deploy/prometheus", &["check", "rules", "rules.yaml"]);
    let said = done(&promtool, "deploy/prometheus", &["test", "rules", "rules_test.yaml"]);
    assert!(said.contains("SUCCESS"), "{said}");
    // Each alert is tried twice, with what makes it fire and with what does not.
    let rules = std::fs::read_to_string(repository().join("deploy/prometheus/rules.yaml")).expect("the rules");
    let tests = std::fs::read_to_string(repository().join("deploy/prometheus/rules_test.yaml")).expect("the tests");
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        for how in ["fires", "does not fire"] {
            assert!(tests.contains(&format!("name: {alert} {how}\n")), "{alert} {how}");
        }
    }
}

#[test]
fn dashboards_and_alerts_are_written_anew_from_what_describes_them() {
    let python = repository().join(".cache/tools/helm/bin/python");
    assert!(python.exists(), "no {}: run the tests with `make test`, which installs it", python.display());
    let said = done(&python, "", &["-B", "deploy/monitoring/write.py", "--check"]);
    assert!(said.ends_with("0 faults\n"), "{said}");
}

/// A process of the test, with what it prints in a file.
fn started(program: &Path, arguments: &[&str], output: &Path) -> Process {
    Process::start(program, arguments, output).unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}
