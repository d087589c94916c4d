//! Events over a nats-server that is killed, a stream that is full, and a publisher that floods: nothing that NATS took is lost or counts twice.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use async_nats::jetstream::{
    self, Context,
    stream::{Config, DiscardPolicy, RetentionPolicy},
};
use downbeat_domain::{Event, Trigger};
use downbeat_event_log::{Access, LogAddress, Nats};
use downbeat_integration_tests::{
    cluster::{Addresses, Cluster},
    process::{eventually, free_port},
    sim::checks,
};

const SOON: Duration = Duration::from_secs(90);
/// A publisher that heard nothing sends again after this.
const AGAIN: Duration = Duration::from_millis(50);

const PIPELINE: &str = "version: v1
name: Started by events
meta:
  downbeat:
    triggers:
      - {name: every, nats: shop.>}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

fn applied(cluster: &Cluster, folder: &Path) {
    let file = folder.join("events.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    cluster.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    takes_events(cluster, 1);
}

/// The how-manieth scheduler of this cluster has begun to take events.
fn takes_events(cluster: &Cluster, schedulers: usize) {
    eventually("the scheduler takes events", SOON, || {
        (cluster.scheduler.printed().matches("takes events published below").count() >= schedulers).then_some(())
    });
}

async fn publisher(nats: &str) -> Context {
    let options = async_nats::ConnectOptions::new().max_reconnects(None);
    let mut context = jetstream::new(options.connect(nats).await.expect("nats-server answers"));
    context.set_timeout(Duration::from_secs(2));
    context
}

/// Publishes an event through JetStream; well = the stream has it.
async fn publish(context: &Context, subject: &str, id: &str) -> Result<(), String> {
    let mut headers = async_nats::HeaderMap::new();
    for (name, value) in [("ce-specversion", "1.0"), ("ce-id", id), ("ce-source", "/shop"), ("ce-type", "landed")] {
        headers.insert(name, value);
    }
    let sent = context.publish_with_headers(format!("downbeat.trigger.shop.{subject}"), headers, "{}".into()).await;
    sent.map_err(|error| error.to_string())?.await.map(drop).map_err(|error| error.to_string())
}

/// Ids of the events that have started runs, each as often as it has; the log is whole.
async fn started(addresses: &Addresses) -> Vec<String> {
    let log: LogAddress = addresses.log.parse().expect("an address");
    let log = log.open(Access::Read, "test", &Nats::default()).await.expect("the log");
    let (mut records, mut position) = (Vec::new(), 0);
    loop {
        let entries = log.read(position, 1_000).await.expect("the log");
        let Some(last) = entries.last() else { break };
        position = last.sequence;
        records.extend(entries.iter().map(|entry| checks::Record::read(entry).expect("a record")));
    }
    let created = records.iter().flat_map(checks::Record::events).filter_map(|event| match event {
        Event::RunCreated(created) => match &created.trigger {
            Trigger::Event { events, .. } => Some(events[0].id.clone()),
            _ => None,
        },
        _ => None,
    });
    let ids = created.collect();
    assert_eq!(checks::check(records.into_iter()), []);
    ids
}

/// Waits until these events have started their runs, and each one run.
async fn until_started(addresses: &Addresses, expected: &BTreeSet<String>) {
    let began = std::time::Instant::now();
    loop {
        let found = started(addresses).await;
        let distinct: BTreeSet<String> = found.iter().cloned().collect();
        assert_eq!(found.len(), distinct.len(), "an event has started two runs: {found:?}");
        if distinct == *expected {
            return;
        }
        let missing: Vec<&String> = expected.difference(&distinct).collect();
        assert!(
            began.elapsed() < SOON,
            "without a run: {missing:?}; not published: {:?}",
            distinct.difference(expected)
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_server_that_is_killed_while_events_are_published_loses_and_doubles_none() {
    const KILLS: usize = 3;
    const BETWEEN: usize = 150;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 4);
    applied(&cluster, folder.path());
    let context = publisher(&cluster.nats.url()).await;
    let (accepted, enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    // Eight at once; each sends the same event until somebody says that it is there.
    let publishing = futures::future::join_all((0..8).map(async |publisher| {
        let mut ids = BTreeSet::new();
        while !enough.load(Ordering::Relaxed) {
            let id = format!("{publisher}-{}", ids.len());
            while publish(&context, &format!("orders.{publisher}"), &id).await.is_err() {
                tokio::time::sleep(AGAIN).await;
            }
            accepted.fetch_add(1, Ordering::Relaxed);
            ids.insert(id);
        }
        ids
    }));
    let killing = async {
        for kill in 1..=KILLS {
            while accepted.load(Ordering::Relaxed) < kill * BETWEEN {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::task::block_in_place(|| {
                cluster.nats.kill9().expect("it is ours");
                cluster.nats.restart().expect("it starts again");
            });
        }
        while accepted.load(Ordering::Relaxed) < (KILLS + 1) * BETWEEN {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        enough.store(true, Ordering::Relaxed);
    };
    let (ids, ()) = tokio::join!(publishing, killing);
    until_started(&cluster.addresses, &ids.into_iter().flatten().collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_refuses_publishers_which_is_said_and_goes_on_when_there_is_room() {
    const ROOM: i64 = 20;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 4);
    applied(&cluster, folder.path());
    let context = publisher(&cluster.nats.url()).await;
    // As an operator may have it: less room.
    let config = context.get_stream("DOWNBEAT_TRIGGER").await.expect("it is there").cached_info().config.clone();
    assert_eq!((config.retention, config.discard), (RetentionPolicy::WorkQueue, DiscardPolicy::New));
    context.update_stream(Config { max_messages: ROOM, ..config }).await.expect("an operator may");
    // Nobody takes events: they wait in the stream, until it is full.
    cluster.coordinator.kill9();
    let (mut expected, mut refused) = (BTreeSet::new(), Vec::new());
    for at in 0..ROOM + 5 {
        let id = at.to_string();
        match publish(&context, "orders", &id).await {
            Ok(()) => drop(expected.insert(id)),
            Err(error) => refused.push((id, error)),
        }
    }
    assert_eq!(expected.len(), ROOM as usize);
    assert!(refused.iter().all(|(_, error)| error.contains("maximum messages exceeded")), "{refused:?}");
    eventually("the scheduler says that it is full", SOON, || {
        cluster.scheduler.printed().contains("DOWNBEAT_TRIGGER is 100 % full (20 of 20 messages)").then_some(())
    });
    // What is taken makes room.
    cluster.restart_coordinator();
    cluster.wait_ready();
    until_started(&cluster.addresses, &expected).await;
    for (id, _) in refused {
        while publish(&context, "orders", &id).await.is_err() {
            tokio::time::sleep(AGAIN).await;
        }
        expected.insert(id);
    }
    until_started(&cluster.addresses, &expected).await;
    eventually("the scheduler says that there is room", SOON, || {
        cluster.scheduler.printed().contains("DOWNBEAT_TRIGGER has room again").then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_that_floods_waits_for_its_turn_is_reported_and_harms_no_other() {
    const FLOOD: usize = 300;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 4);
    applied(&cluster, folder.path());
    let metrics = format!("127.0.0.1:{}", free_port());
    cluster.scheduler.terminate();
    cluster.restart_scheduler_with(&["--trigger-rate", "30", "--metrics", &metrics]);
    takes_events(&cluster, 2);
    let context = publisher(&cluster.nats.url()).await;
    let flood: Vec<String> = (0..FLOOD).map(|at| format!("flood-{at}")).collect();
    let sent = futures::future::join_all(flood.iter().map(|id| publish(&context, "loud", id))).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    let quiet: Vec<String> = (0..5).map(|at| format!("quiet-{at}")).collect();
    for id in &quiet {
        publish(&context, "quiet", id).await.expect("there is room");
    }
    // Others pass while the flood waits.
    let began = std::time::Instant::now();
    loop {
        let found = started(&cluster.addresses).await;
        if quiet.iter().all(|id| found.contains(id)) {
            assert!(found.len() < FLOOD, "the flood was not slowed down: {} runs", found.len());
            break;
        }
        assert!(began.elapsed() < SOON, "the quiet ones wait: {found:?}");
    }
    until_started(&cluster.addresses, &flood.into_iter().chain(quiet).collect()).await;
    eventually("the flood is reported", SOON, || {
        let printed = cluster.scheduler.printed();
        let reported = printed.lines().any(|line| line.contains("a subject floods") && line.contains("shop.loud"));
        assert!(!printed.contains("shop.quiet"), "{printed}");
        reported.then_some(())
    });
    let slowed = metric(&metrics, "downbeat_event_messages_slowed_total");
    assert!(slowed >= (FLOOD - 100) as f64, "{slowed} messages were slowed down");
}

/// A measure, as Prometheus reads it.
fn metric(address: &str, name: &str) -> f64 {
    use std::io::{Read as _, Write as _};
    let mut connection = std::net::TcpStream::connect(address).expect("the scheduler shows its measures");
    connection.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").expect("it listens");
    let mut text = String::new();
    connection.read_to_string(&mut text).expect("it answers");
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in\n{text}"))
}
