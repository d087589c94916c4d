//! Whoever is killed, or stopped in the middle of something, loses nothing; whoever is silent holds up nobody else.

use std::{path::Path, sync::Arc};

use downbeat_domain::{
    Event,
    metadata::{Collected, LineageEdge, Operation},
};
use downbeat_event_log::{
    EventLog,
    embedded::{EmbeddedLog, OpenOptions},
};
use downbeat_metadata_projector::OpenLineageConfig;
use serde_json::Value;
use tokio::net::TcpListener;

use super::{
    feeds::{append_last, events, file_in, is_last, lines, of_last, telling, to_file},
    receiver::{Given, Receiver, anywhere},
    support::{
        append, attempt,
        killed::{self, Killed},
        leased, ready, run_id, runs, service, started,
        stories::{applied, begun, by_hand, plan},
        succeeded,
        teller::{Teller, once},
    },
};

/// Events that the server gets before the projector of each round is killed.
const GIVEN_BEFORE_KILL: [usize; 4] = [40, 300, 1, 500];
const KILLED_RUNS: u32 = 100;

fn to_server(url: &str) -> OpenLineageConfig {
    OpenLineageConfig { openlineage_url: Some(url.to_owned()), ..OpenLineageConfig::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_that_is_killed_in_the_middle_loses_nothing() {
    // This very test is also the child that it kills.
    if let Some((folder, server)) = killed::asked() {
        return killed::tell_until_killed(&folder, telling(&folder, to_server(&server))).await;
    }
    let test = "restarts::a_projector_that_is_killed_in_the_middle_loses_nothing";
    let folder = tempfile::tempdir().unwrap();
    {
        let log = EmbeddedLog::open(folder.path().join("log"), OpenOptions::default()).await.unwrap();
        for events in runs(KILLED_RUNS).chunks(4) {
            append(&log, events.concat()).await;
        }
        append_last(&log).await;
    }
    let receiver = Receiver::taking(anywhere()).await;
    let mut child = Killed::start(test, folder.path(), &receiver.url());
    for count in GIVEN_BEFORE_KILL {
        let before = receiver.given().len();
        receiver.once(|given| given.len() >= before + count).await;
        drop(child);
        child = Killed::start(test, folder.path(), &receiver.url());
    }
    let given = receiver.once(|given| given.iter().any(|one| is_last(&one.body))).await;
    drop(child);

    // What one that nobody kills says of the same log.
    let whole = tempfile::tempdir().unwrap();
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    let log = Arc::new(EmbeddedLog::open(folder.path().join("log"), options).await.unwrap());
    let teller = Teller::start(log, whole.path(), telling(whole.path(), to_file(whole.path()))).await.unwrap();
    let expected = lines(&file_in(whole.path())).await;
    teller.stop().await;
    assert_eq!(first_of_each(&given), expected);
    assert!(given.len() > expected.len(), "nobody was killed in the middle");
}

/// Each body once, in the order of coming. Two of the same event that differ are two.
fn first_of_each(given: &[Given]) -> Vec<String> {
    let mut known = std::collections::BTreeSet::new();
    let ours = given.iter().filter(|one| !of_last(&one.body));
    ours.filter(|one| known.insert(one.body.clone())).map(|one| one.body.clone()).collect()
}

fn chunk(task: u32, number: u32, collected: Collected) -> Event {
    let collected = Arc::new(collected);
    Event::OperationsCollected { attempt: attempt(run_id(1), task, 1), chunk: number, collected }
}

fn operation(name: &str) -> Collected {
    let operation = Operation {
        external_id: name.to_owned(),
        name: name.to_owned(),
        kind: "MATERIALISATION".to_owned(),
        status: "SUCCEEDED".to_owned(),
        rows_affected: Some(42),
        asset: format!("db/{name}"),
        ..Operation::default()
    };
    Collected { operations: vec![operation], ..Collected::default() }
}

fn made_of(operation: &str, from: &str) -> Collected {
    let edge = LineageEdge {
        from: format!("db/{from}"),
        to: format!("db/{operation}"),
        operation: operation.to_owned(),
        ..LineageEdge::default()
    };
    Collected { edges: vec![edge], ..Collected::default() }
}

fn checkpoint(folder: &Path) -> u64 {
    let text = std::fs::read_to_string(folder.join("outgoing/openlineage-file.json")).unwrap_or_default();
    serde_json::from_str::<Value>(&text).map_or(0, |value| value["sequence"].as_u64().unwrap())
}

/// Two attempts deliver what they collected side by side; one ends before the projector is stopped, the other after it.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_end_of_an_attempt_is_there_after_a_restart_and_is_told_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = service::log("waiting");
    let run = run_id(1);
    append(&log, vec![applied("p", 1, plan(&["a", "b"])), begun("p", 1, run, 1, by_hand())]).await;
    let begins =
        |task: u32| vec![ready(run, task, 1), leased(attempt(run, task, 1), 2), started(attempt(run, task, 1), 2)];
    append(&log, begins(0)).await;
    append(&log, begins(1)).await;
    append(&log, vec![chunk(0, 0, operation("one"))]).await;
    let before = log.tail().await.unwrap().sequence;
    append(&log, vec![chunk(1, 0, operation("two"))]).await;
    append(&log, vec![chunk(0, 1, made_of("one", "raw"))]).await;
    append(&log, vec![succeeded(attempt(run, 0, 1), 5)]).await;

    let config = telling(folder.path(), to_file(folder.path()));
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config.clone()).await.unwrap();
    let file = file_in(folder.path());
    // It has told of the first attempt, and remembers where what waits of the second begins.
    once("the checkpoint before what waits", || checkpoint(folder.path()) == before).await;
    let first = std::fs::read_to_string(&file).unwrap();
    teller.stop().await;

    append(&log, vec![chunk(1, 1, made_of("two", "raw"))]).await;
    append(&log, vec![succeeded(attempt(run, 1, 1), 6)]).await;
    append_last(&log).await;
    let end = log.tail().await.unwrap().sequence;
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let told = events(&lines(&file).await);
    once("the checkpoint at the end", || checkpoint(folder.path()) == end).await;
    teller.stop().await;
    assert!(std::fs::read_to_string(&file).unwrap().starts_with(&first));

    // Whole, also where its beginning was read by the projector before; what was told whole is never told in part.
    let models: Vec<&Value> = told
        .iter()
        .filter(|event| event["job"]["facets"]["jobType"]["jobType"] == "MODEL" && event["eventType"] == "COMPLETE")
        .collect();
    let names: Vec<&str> = models.iter().map(|event| event["job"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["p.a.one", "p.b.two"]);
    for model in models {
        assert_eq!(model["inputs"][0]["name"], "raw", "{model}");
        assert_eq!(model["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 42, "{model}");
    }
    // The end of the first attempt came again, the same as before.
    let ends: Vec<&Value> =
        told.iter().filter(|event| event["job"]["name"] == "p.a" && event["eventType"] == "COMPLETE").collect();
    assert_eq!(ends.len(), 2);
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_connections_and_says_nothing_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let log = service::log("silent");
    for events in runs(6) {
        append(&log, events).await;
    }
    append_last(&log).await;
    let silent = TcpListener::bind(anywhere()).await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let openlineage = OpenLineageConfig { openlineage_url: Some(url), ..to_file(folder.path()) };
    let config = telling(folder.path(), openlineage);
    let teller = Teller::start(Arc::new(log.clone()), folder.path(), config).await.unwrap();
    let (connection, _) = silent.accept().await.unwrap();
    teller.folded(&log).await;
    assert!(!lines(&file_in(folder.path())).await.is_empty());
    // It ends at once, although somebody still waits for an answer.
    teller.stop().await;
    drop(connection);
}
