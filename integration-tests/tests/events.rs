//! Events from real publishers start runs: over a real nats-server, with every service a process of its own.

use std::{path::PathBuf, process::Command, time::Duration};

use downbeat_integration_tests::{
    cluster::{Addresses, Cluster, Dev, text},
    process::eventually,
    repository,
};

const SOON: Duration = Duration::from_secs(60);

const PIPELINE: &str = "version: v1
name: Started by events
inputs:
  table: {type: string, optional: true}
meta:
  downbeat:
    triggers:
      - name: orders
        nats: orders.*.landed
        when: event.data.rows > 0
        run_inputs: {table: event.data.table}
      - name: both
        all_of:
          - {nats: customers.landed, run_inputs: {table: event.data.table}}
          - {nats: prices.landed}
        within: PT1H
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

/// A publisher that is not ours.
#[derive(Clone, Copy, Debug)]
enum Publisher {
    /// nats-py, with the mode.
    Python(&'static str),
    /// The nats CLI.
    Cli,
}

impl Publisher {
    fn publish(self, nats: &str, subject: &str, data: &str, id: &str) {
        let examples = repository().join("deploy/examples/publishers");
        let mut command = match self {
            Self::Python(mode) => {
                let mut command = Command::new(python());
                command.arg(examples.join("python/publish.py")).args(["--server", nats, "--mode", mode, "--id", id]);
                command.args(["--source", "shop"]);
                command
            }
            Self::Cli => {
                let mut command = Command::new(examples.join("nats-cli/publish.sh"));
                command.env("NATS_URL", nats).env("NATS_CLI", tool("nats"));
                command
            }
        };
        command.args([subject, data]);
        if matches!(self, Self::Cli) {
            command.arg(id);
        }
        let output = command.output().expect("the publisher starts");
        assert!(output.status.success(), "{self:?}: {}", text(&output));
    }
}

/// All services; the scheduler has made the stream that publishers publish to.
fn taking_events(folder: &std::path::Path) -> Cluster {
    let cluster = Cluster::start(folder, 4);
    eventually("the scheduler takes events", SOON, || {
        cluster.scheduler.printed().contains("takes events published below").then_some(())
    });
    cluster
}

/// The interpreter that has nats-py.
fn python() -> PathBuf {
    std::env::var_os("DOWNBEAT_JUDGE_PYTHON").map_or_else(|| tool("python"), PathBuf::from)
}

fn tool(name: &str) -> PathBuf {
    repository().join(".cache/tools/bin").join(name)
}

fn applied(addresses: &Addresses, folder: &std::path::Path) {
    let file = folder.join("events.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
}

/// Every run so far, one line each.
fn runs(addresses: &Addresses) -> Vec<String> {
    let printed = addresses.downbeat_ok(&["runs", "-n", "100"]);
    printed.lines().skip(1).map(str::to_owned).collect()
}

fn until_runs(addresses: &Addresses, expected: usize) {
    eventually(&format!("{expected} runs"), SOON, || {
        let found = runs(addresses);
        assert!(found.len() <= expected, "at most {expected} runs: {found:#?}");
        (found.len() == expected && found.iter().all(|run| run.contains("SUCCEEDED"))).then_some(())
    });
}

/// Events of a kind in the log.
fn recorded(addresses: &Addresses, kind: &str) -> usize {
    addresses.downbeat_ok(&["log", "cat"]).lines().filter(|line| line.contains(kind)).count()
}

/// A message that starts nothing, published last: when it lies among the dead letters, everything before it is settled too.
fn settle(nats: &str, addresses: &Addresses, id: &str) {
    Publisher::Python("binary").publish(nats, "orders.settled.landed", "{}", id);
    eventually("the message without rows is a dead letter", SOON, || {
        dead(addresses).iter().any(|line| line.contains("orders.settled.landed")).then_some(())
    });
}

fn dead(addresses: &Addresses) -> Vec<String> {
    let printed = addresses.downbeat_ok(&["trigger", "dead", "list"]);
    printed.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_form_of_every_publisher_starts_one_run_however_often_it_is_sent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = taking_events(folder.path());
    let (addresses, nats) = (&cluster.addresses, cluster.nats.url());
    applied(addresses, folder.path());
    let mut publishers = vec![Publisher::Python("binary"), Publisher::Python("structured"), Publisher::Python("plain")];
    if tool("nats").is_file() {
        publishers.push(Publisher::Cli);
    } else {
        let said = std::fs::read_to_string(repository().join(".cache/tools/nats-cli")).unwrap_or_default();
        assert_eq!(said.trim(), "absent", "no nats CLI: `make tools` installs it, or says that it cannot be had");
        println!("skipped: the nats CLI cannot be had here");
    }
    for (at, publisher) in publishers.iter().enumerate() {
        let (data, id) = (format!("{{\"rows\": 3, \"table\": \"table_{at}\"}}"), format!("id-{at}"));
        for _ in 0..2 {
            publisher.publish(&nats, "orders.eu.landed", &data, &id);
        }
        until_runs(addresses, at + 1);
        let show = addresses.downbeat_ok(&["run", "show", "last"]);
        assert!(show.contains(&format!("event {id} from ")) && show.contains(" on orders.eu.landed"), "{show}");
        let created: Vec<String> = addresses
            .downbeat_ok(&["log", "cat"])
            .lines()
            .filter(|line| line.contains("RUN_CREATED"))
            .map(str::to_owned)
            .collect();
        assert!(created[at].contains(&format!("table_{at}")), "{}", created[at]);
    }
    // Neither what the filter does not ask for nor what nobody listens to starts anything.
    Publisher::Python("binary").publish(&nats, "orders.eu.landed", "{\"rows\": 0}", "none");
    Publisher::Python("binary").publish(&nats, "elsewhere", "{\"rows\": 3}", "nobody");
    settle(&nats, addresses, "last");
    assert_eq!(recorded(addresses, "RUN_CREATED"), publishers.len());
    assert!(addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
}

#[test]
fn a_message_that_is_published_while_every_scheduler_is_down_starts_its_run_afterwards_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = taking_events(folder.path());
    let (addresses, nats) = (cluster.addresses.clone(), cluster.nats.url());
    applied(&addresses, folder.path());
    // The stream is there once the scheduler has said so.
    eventually("the scheduler takes events", SOON, || {
        cluster.scheduler.printed().contains("takes events").then_some(())
    });
    cluster.scheduler.kill9();
    for _ in 0..2 {
        Publisher::Python("binary").publish(&nats, "orders.eu.landed", "{\"rows\": 3, \"table\": \"t\"}", "7");
    }
    // The coordinator is away as well when schedulers come back: two of them, which share the work.
    cluster.coordinator.kill9();
    cluster.restart_scheduler();
    let mut second = cluster.another_scheduler();
    cluster.restart_coordinator();
    cluster.wait_ready();
    until_runs(&addresses, 1);
    settle(&nats, &addresses, "last");
    assert_eq!(recorded(&addresses, "RUN_CREATED"), 1);
    second.terminate();
}

#[test]
fn what_no_trigger_can_take_is_a_dead_letter_with_its_reason_and_can_be_replayed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cluster = taking_events(folder.path());
    let (addresses, nats) = (&cluster.addresses, cluster.nats.url());
    applied(addresses, folder.path());
    addresses.downbeat_ok(&["pipeline", "pause", "events", "--reason", "repairs"]);
    let rows = "{\"rows\": 3, \"table\": \"t\"}";
    Publisher::Python("plain").publish(&nats, "orders.paused.landed", rows, "8");
    Publisher::Python("structured").publish(&nats, "orders.poison.landed", "{\"rows\": \"many\"}", "9");
    let letters = eventually("two dead letters", SOON, || Some(dead(addresses)).filter(|letters| letters.len() == 2));
    assert!(
        letters.iter().any(|line| line.contains("orders.paused.landed") && line.contains("is paused")),
        "{letters:#?}"
    );
    let poison = letters.iter().find(|line| line.contains("orders.poison.landed")).expect("it is listed");
    assert!(poison.contains("trigger `orders` of pipeline `events`: when `event.data.rows > 0`"), "{poison}");
    let id = poison.split_whitespace().next().expect("an id");
    let show = addresses.downbeat_ok(&["trigger", "dead", "show", id]);
    assert!(show.contains("downbeat.trigger.orders.poison.landed") && show.contains("many"), "{show}");

    // Replayed after the cause is gone, the one starts its run, the other is as dead as before.
    addresses.downbeat_ok(&["pipeline", "resume", "events"]);
    assert!(addresses.downbeat_ok(&["trigger", "dead", "replay", "all"]).contains("published again: 2"));
    until_runs(addresses, 1);
    let left = eventually("the poison is back", SOON, || Some(dead(addresses)).filter(|letters| letters.len() == 1));
    assert!(left[0].contains("orders.poison.landed"), "{left:#?}");
    // The same event once more, under the id that it had before it died.
    Publisher::Python("plain").publish(&nats, "orders.other.landed", rows, "8");
    settle(&nats, addresses, "last");
    assert_eq!(recorded(addresses, "RUN_CREATED"), 1);
}

#[test]
fn two_events_within_their_time_start_one_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = taking_events(folder.path());
    let (addresses, nats) = (cluster.addresses.clone(), cluster.nats.url());
    applied(&addresses, folder.path());
    Publisher::Python("binary").publish(&nats, "customers.landed", "{\"table\": \"c\"}", "1");
    eventually("the first waits", SOON, || (recorded(&addresses, "EVENT_TAKEN") == 1).then_some(()));
    // What waits outlives the coordinator.
    cluster.coordinator.kill9();
    cluster.restart_coordinator();
    Publisher::Python("structured").publish(&nats, "prices.landed", "{}", "2");
    until_runs(&addresses, 1);
    let show = addresses.downbeat_ok(&["run", "show", "last"]);
    assert!(
        show.contains("trigger both: event 1 from shop") && show.contains("trigger both: event 2 from shop"),
        "{show}"
    );
}

#[test]
fn without_nats_events_are_published_by_hand() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 4);
    applied(&dev.addresses, folder.path());
    let publish = |id: &str, data: &str| {
        dev.addresses.downbeat(&["trigger", "publish", "orders.eu.landed", "--id", id, "--data", data])
    };
    let rows = "{\"rows\": 3, \"table\": \"t\"}";
    assert!(text(&publish("1", rows)).contains("events orders: started run "));
    assert!(text(&publish("1", rows)).contains("has started run "));
    assert!(text(&publish("2", "{\"rows\": 0}")).contains("does not ask for this event"));
    let refused = publish("3", "{}");
    assert!(!refused.status.success() && text(&refused).contains("there is no `rows`"), "{}", text(&refused));
    assert!(text(&publish("4", "{")).contains("this is no event: its payload is no JSON"));
    let nobody = dev.addresses.downbeat(&["trigger", "publish", "elsewhere", "--data", "{}"]);
    assert!(text(&nobody).contains("no pipeline has a trigger that listens to elsewhere"));
    let dead = dev.addresses.downbeat(&["trigger", "dead", "list"]);
    assert!(text(&dead).contains("an embedded log has no NATS"), "{}", text(&dead));
    until_runs(&dev.addresses, 1);
}
