//! What is told to others, over a real nats-server: in order, each thing once, whatever is killed, rebuilt or away.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{sync::Arc, time::Duration};

use downbeat_domain::{Event, cost::BudgetOf};
use downbeat_event_log::{
    EventLog, LogId, Restored,
    embedded::{EmbeddedLog, OpenOptions},
    testing::nats_server::{self, NatsServer},
};
use downbeat_metadata_projector::{ErrorKind, OutgoingConfig, outgoing::config::From};
use serde_json::json;
use support::{
    killed::{self, Killed},
    others::{Gated, other_versions_of},
    teller::{Subscriber, Teller, from_the_start, in_order_and_once, kinds, once},
    *,
};

const ALL: &str = "downbeat.events.>";
/// What is told of each run of [`runs`].
const TOLD_OF_A_RUN: usize = 15;

/// One of our own nats-server, and a folder. `None`: there is no nats-server here.
fn given() -> Option<(NatsServer, tempfile::TempDir)> {
    let program = nats_server::find_program()?;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("nats")).unwrap();
    Some((NatsServer::start(&program, &folder.path().join("nats")).unwrap(), folder))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_hears_the_life_of_a_run_in_order_with_names() {
    let Some((nats, folder)) = given() else { return };
    let log = service::log("told");
    for events in runs(2) {
        append(&log, events).await;
    }
    let config = from_the_start(folder.path(), &nats.url());
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let heard = Subscriber::of(&nats.url(), ALL).await.take(1 + 2 * TOLD_OF_A_RUN).await;
    in_order_and_once(&heard);
    let task = ["task_ready", "attempt_started", "attempt_succeeded"];
    let run = [&["run_created"][..], &task, &task, &task, &task, &["operations_collected", "run_finished"]].concat();
    assert_eq!(kinds(&heard), [&["pipeline_applied"][..], &run, &run].concat());

    let started = &heard[3];
    assert_eq!(started.subject, "downbeat.events.default.weather.attempt_started");
    for (name, expected) in [
        ("specversion", "1.0"),
        ("source", "/downbeat/default/weather"),
        ("type", "io.downbeat.attempt_started.v1"),
        ("time", "2023-11-14T22:13:23Z"),
        ("datacontenttype", "application/json"),
        ("subject", started.data["task_run_id"].as_str().unwrap()),
    ] {
        assert_eq!(started.attribute(name), expected, "{name}");
    }
    for (name, expected) in [
        ("pipeline", json!("weather")),
        ("pipeline_name", json!("Weather")),
        ("pipeline_version", json!(1)),
        ("run_id", json!(run_id(0).to_string())),
        ("task_id", json!("t0")),
        ("task_name", json!("Task 0")),
        ("group_id", json!("g0")),
        ("attempt", json!(1)),
        ("external_id", json!("x-1")),
        ("actor", json!("test")),
    ] {
        assert_eq!(started.data[name], expected, "{name} in {}", started.data);
    }
    let collected = &heard[14];
    assert_eq!(collected.data["materialised"], json!(["db/main.orders"]));
    assert_eq!((&collected.data["tests_not_passed"], &heard[29].data["tests_not_passed"]), (&json!(0), &json!(1)));
    assert_eq!(heard[15].data["status"], json!("SUCCEEDED"));
    // Counted once NATS has said that it has them, which may be after they were heard.
    once("the line of the metrics", || {
        teller.measured().lines().any(|line| line == "downbeat_outgoing_messages_total{feed=\"events\"} 31")
    })
    .await;
    teller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_subscribes_to_a_pipeline_or_a_kind_hears_nothing_else() {
    let Some((nats, folder)) = given() else { return };
    let log = service::log("filtered");
    for events in runs(3) {
        append(&log, events).await;
    }
    // Something of no pipeline.
    append(&log, vec![crossed(BudgetOf::Owner("data".into())), crossed(BudgetOf::Pipeline(pipeline_id()))]).await;
    let config = from_the_start(folder.path(), &nats.url());
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let all = Subscriber::of(&nats.url(), ALL).await.take(1 + 3 * TOLD_OF_A_RUN + 2).await;
    for (filter, expected) in [
        ("downbeat.events.default.weather.run_finished", vec!["run_finished"; 3]),
        ("downbeat.events.default.*.budget_crossed", vec!["budget_crossed"; 2]),
        ("downbeat.events.default._.>", vec!["budget_crossed"]),
        (
            "downbeat.events.default.weather.>",
            kinds(&all)[..all.len() - 2].iter().copied().chain(["budget_crossed"]).collect(),
        ),
    ] {
        let heard = Subscriber::of(&nats.url(), filter).await.take(expected.len()).await;
        assert_eq!(kinds(&heard), expected, "{filter}");
    }
    teller.stop().await;
}

fn crossed(of: BudgetOf) -> Event {
    use downbeat_domain::cost::{BudgetCrossed, CostEvent, Currency};
    let (currency, at) = ("EUR".parse::<Currency>().unwrap(), at(5));
    let crossed =
        BudgetCrossed { of, percent: 80, spent: 8_000_000, micros: 10_000_000, currency, from: at, to: at, at };
    Event::Cost(Box::new(CostEvent::BudgetCrossed(crossed)))
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuilding_the_projections_tells_nobody_anything_again() {
    let Some((nats, folder)) = given() else { return };
    let log = service::log("rebuilt");
    for events in runs(3) {
        append(&log, events).await;
    }
    let config = from_the_start(folder.path(), &nats.url());
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config.clone()).await.unwrap();
    let mut subscriber = Subscriber::of(&nats.url(), "downbeat.events.default.>").await;
    let before = subscriber.take(1 + 3 * TOLD_OF_A_RUN).await;
    // A message is heard before it is remembered as told; only what is remembered is not told again.
    let (file, end) = (config.outgoing_data.join("events.json"), log.tail().await.unwrap().sequence);
    once("the checkpoint at the end of the log", || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|written| written["sequence"] == json!(end))
    })
    .await;
    teller.stop().await;

    std::fs::remove_dir_all(folder.path().join("projections")).unwrap();
    // What NATS remembers must not be what makes the test pass.
    forget(&nats).await;
    append(&log, vec![created(run_id(77), 50)]).await;
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let next = subscriber.next().await;
    assert_eq!((next.kind.as_str(), &next.data["run_id"]), ("run_created", &json!(run_id(77).to_string())));
    in_order_and_once(&[before, vec![next]].concat());
    teller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_names_are_being_rebuilt_nothing_is_told_and_afterwards_everything_with_names() {
    let Some((nats, folder)) = given() else { return };
    let log = service::log("nameless");
    for events in runs(3) {
        append(&log, events).await;
    }
    let end = log.tail().await.unwrap().sequence;
    let old = service::Service::with(other_versions_of(&["pipelines"]), Arc::new(log.clone()), folder.path()).await;
    old.published.progress().wait_for(|progress| progress.sequence == end).await.unwrap();
    old.stop().await;

    // The feed gets records as far as the old store has them; the new one never gets as far.
    let gated = Arc::new(Gated::up_to(&log, 2));
    let config = from_the_start(folder.path(), &nats.url());
    let teller = Teller::start(gated.clone(), folder.path(), config).await.unwrap();
    // How far behind it is, it says once it has asked for names and got none: nothing was taken yet.
    let lag = format!("downbeat_outgoing_lag_records{{feed=\"events\"}} {end}");
    once("the line of the metrics", || teller.measured().lines().any(|line| line == lag)).await;
    assert!(teller.published.rebuild().is_some(), "it goes on until the gate is opened");
    assert!(!teller.measured().contains("downbeat_outgoing_messages_total{"), "{}", teller.measured());
    gated.open();
    let heard = Subscriber::of(&nats.url(), ALL).await.take(1 + 3 * TOLD_OF_A_RUN).await;
    in_order_and_once(&heard);
    assert!(heard.iter().all(|heard| heard.data["pipeline"] == json!("weather")), "{heard:?}");
    assert!(teller.published.rebuild().is_none());
    teller.stop().await;
}

/// The stream forgets the ids of what it has.
async fn forget(nats: &NatsServer) {
    let context = async_nats::jetstream::new(async_nats::connect(nats.url()).await.unwrap());
    let mut config = context.get_stream("DOWNBEAT_EVENTS").await.unwrap().cached_info().config.clone();
    config.duplicate_window = Duration::from_millis(100);
    context.update_stream(config).await.unwrap();
    let probe = |id: &'static str| {
        let context = context.clone();
        async move {
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("Nats-Msg-Id", id);
            let sent = context.publish_with_headers("downbeat.events.probe.x", headers, "{}".into()).await.unwrap();
            sent.await.unwrap().duplicate
        }
    };
    // Ids go in the order in which they came: when this one is forgotten, all are.
    assert!(!probe("probe").await);
    while probe("probe").await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let stream = context.get_stream("DOWNBEAT_EVENTS").await.unwrap();
    stream.purge().filter("downbeat.events.probe.x").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_is_away_holds_up_no_projection_and_is_told_everything_later() {
    let Some((mut nats, folder)) = given() else { return };
    let log = service::log("away");
    append(&log, vec![pipeline(4, 2)]).await;
    let config = from_the_start(folder.path(), &nats.url());
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let mut subscriber = Subscriber::of(&nats.url(), ALL).await;
    assert_eq!(subscriber.next().await.kind, "pipeline_applied");

    nats.kill9().unwrap();
    let more: Vec<Vec<Event>> = runs(20).into_iter().collect();
    let records = more.len();
    // The first record applies the pipeline once more, together with a run.
    for events in more {
        append(&log, events).await;
    }
    teller.folded(&log).await;
    // It is told that somebody is away; how far behind it is can be read.
    let failing = "downbeat_outgoing_failures_total{feed=\"events\"}";
    while !teller.measured().contains(failing) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let lag = format!("downbeat_outgoing_lag_records{{feed=\"events\"}} {records}");
    assert!(teller.measured().lines().any(|line| line == lag), "{lag} in\n{}", teller.measured());

    nats.restart().unwrap();
    let heard = Subscriber::of(&nats.url(), ALL).await.take(1 + 1 + 20 * TOLD_OF_A_RUN).await;
    in_order_and_once(&heard);
    assert_eq!(kinds(&heard).iter().filter(|kind| **kind == "run_finished").count(), 20);
    teller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_never_told_begins_where_the_operator_says() {
    let Some((nats, folder)) = given() else { return };
    let log = service::log("new");
    append(&log, vec![pipeline(4, 2), created(run_id(1), 1)]).await;
    let config = OutgoingConfig { outgoing_from: From::End, ..from_the_start(folder.path(), &nats.url()) };
    // The place is remembered before anything is told.
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config.clone()).await.unwrap();
    teller.stop().await;
    append(&log, vec![created(run_id(2), 2)]).await;
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let first = Subscriber::of(&nats.url(), ALL).await.next().await;
    assert_eq!(first.data["run_id"], json!(run_id(2).to_string()));
    teller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_that_is_no_place_of_the_log_is_never_continued_from() {
    let folder = tempfile::tempdir().unwrap();
    let log = service::log("here");
    append(&log, vec![pipeline(4, 2)]).await;
    let hash = log.tail().await.unwrap().hash.to_string();
    let config = from_the_start(folder.path(), "nats://127.0.0.1:1");
    std::fs::create_dir_all(&config.outgoing_data).unwrap();
    for (checkpoint, said) in [
        (json!({"log_id": "elsewhere", "partition": 0, "sequence": 1, "hash": hash}), "belongs to the log `elsewhere`"),
        (json!({"log_id": "here", "partition": 0, "sequence": 9, "hash": hash}), "9"),
        (json!({"log_id": "here", "partition": 0, "sequence": 1, "hash": "0".repeat(64)}), "hash"),
        (json!({"log_id": "here", "partition": 3, "sequence": 1, "hash": hash}), "says no position"),
        (json!("nothing"), "belongs to the log ``"),
    ] {
        let file = config.outgoing_data.join("events.json");
        std::fs::write(&file, checkpoint.to_string()).unwrap();
        let error = Teller::start(Arc::new(log.clone()), folder.path(), config.clone()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::ForeignPosition, "{error}");
        let text = error.to_string();
        assert!(text.contains(said) && text.contains("events.json") && text.contains("remove that file"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_the_log_that_was_restored_from_is_gone_on_from_as_far_as_it_was() {
    for (told, next) in [(2, 2), (3, 3), (4, 3)] {
        let Some((nats, folder)) = given() else { return };
        let before = service::log("before");
        append(&before, vec![pipeline(4, 2)]).await;
        for number in 1..=4 {
            append(&before, vec![created(run_id(number), i64::from(number))]).await;
        }
        // Given that others were told so many records, and that the first three of them were restored.
        let config = from_the_start(folder.path(), &nats.url());
        std::fs::create_dir_all(&config.outgoing_data).unwrap();
        let hash = before.read(told - 1, 1).await.unwrap()[0].hash.to_string();
        let checkpoint = json!({"log_id": "before", "partition": 0, "sequence": told, "hash": hash});
        std::fs::write(config.outgoing_data.join("events.json"), checkpoint.to_string()).unwrap();
        let from = Restored { origin: before.id().clone(), up_to: 3 };
        let restored = service::log(&LogId::restored("after", &from).0);
        restored.restore_frames(before.stored_frames()[..3].to_vec());
        append(&restored, vec![created(run_id(9), 9)]).await;
        // When it is told on, then nothing of what they know comes again, and nothing is left out.
        let teller = Teller::start(Arc::new(restored), folder.path(), config).await.unwrap();
        let mut subscriber = Subscriber::of(&nats.url(), ALL).await;
        let first = subscriber.next().await;
        let expected = if next == 2 { run_id(2) } else { run_id(9) };
        assert_eq!(first.data["run_id"], json!(expected.to_string()), "told {told}");
        teller.stop().await;
    }
}

/// Events that the subscriber hears before the projector of each round is killed: within the first portion, whose messages go one by one, and
/// in later ones, whose messages go together.
const HEARD_BEFORE_KILL: [usize; 4] = [40, 300, 1, 700];
const KILLED_RUNS: u32 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_is_killed_in_the_middle_loses_nothing_and_changes_no_order() {
    let test = "a_projector_that_is_killed_in_the_middle_loses_nothing_and_changes_no_order";
    // This very test is also the child that it kills.
    if let Some((folder, server)) = killed::asked() {
        return killed::tell_until_killed(&folder, from_the_start(&folder, &server)).await;
    }
    let Some((nats, folder)) = given() else { return };
    {
        let log = EmbeddedLog::open(folder.path().join("log"), OpenOptions::default()).await.unwrap();
        for events in runs(KILLED_RUNS).chunks(4) {
            append(&log, events.concat()).await;
        }
    }
    let expected = 1 + KILLED_RUNS as usize * TOLD_OF_A_RUN;
    let mut child = Killed::start(test, folder.path(), &nats.url());
    let mut subscriber = Subscriber::of(&nats.url(), ALL).await;
    let mut heard = Vec::new();
    for count in HEARD_BEFORE_KILL {
        heard.extend(subscriber.take(count).await);
        drop(child);
        child = Killed::start(test, folder.path(), &nats.url());
    }
    heard.extend(subscriber.take(expected - heard.len()).await);
    in_order_and_once(&heard);
    assert_eq!(kinds(&heard).iter().filter(|kind| **kind == "run_finished").count(), KILLED_RUNS as usize);
    let last = heard.last().unwrap();
    assert_eq!(last.data["run_id"], json!(run_id(KILLED_RUNS - 1).to_string()));
}
