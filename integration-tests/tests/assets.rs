//! Assets through the real services: three materialisations close together start one run; an age is breached and restored; deadlines are
//! looked at by the scheduler. Who writes the assets is a worker of the test's own, over the wire that all workers use.

use std::time::Duration;

use downbeat_integration_tests::{cluster::Dev, process::eventually};
use downbeat_proto::{
    events::v1::{Attempt, Operation, Outcome},
    worker::v1::{
        Collected, Heartbeat, Hello, Job, Report, Reports, Started, Succeeded, WorkerMessage,
        coordinator_message::Message as Told, report::Report as Said, worker_message::Message,
        worker_service_client::WorkerServiceClient,
    },
};
use futures::StreamExt;
use serde_json::Value;
use tokio::sync::mpsc;

const SOON: Duration = Duration::from_secs(60);
const MINUTES: Duration = Duration::from_secs(150);

const WRITES: &str = "version: v1
name: Writes
meta: {downbeat: {deadlines: [{name: punctual, cron: '* * ? * * *', within: PT1H}]}}
pipeline:
  a: {integration: X, integration_job: Y, parameters: {}}
";

const READS: &str = "version: v1
name: Reads
inputs:
  table: {type: string}
  by: {type: string}
meta:
  downbeat:
    triggers:
      - {name: tables, asset: 'db/*', debounce: PT4S, run_inputs: {table: event.data.asset, by: event.data.run_id}}
    freshness: [{asset: db/orders, max_age: PT8S, name: orders}]
pipeline:
  b: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

const NEVER: &str = "version: v1
name: Never
meta: {downbeat: {deadlines: [{name: late, unix_cron: '* * * * *', within: PT1H}]}}
pipeline:
  c: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

/// Attaches and writes `db/orders` whenever it is offered a task, until the test is over.
async fn write_orders(server: String) {
    let mut client = WorkerServiceClient::connect(server).await.expect("the coordinator answers");
    let (send, mut waiting) = mpsc::channel::<Message>(64);
    let hello = Hello {
        worker_id: bytes::Bytes::from_static(b"a worker of test"),
        name: "test".to_owned(),
        slots: 1,
        jobs: vec![Job { integration: "X".to_owned(), integration_job: "Y".to_owned(), ..Job::default() }],
        ..Hello::default()
    };
    send.send(Message::Hello(hello)).await.expect("there is room");
    let messages = async_stream(move |context| waiting.poll_recv(context));
    let mut told = client.attach(messages).await.expect("it attaches").into_inner();
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    let mut number = 0;
    loop {
        tokio::select! {
            _ = beat.tick() => {
                let _ = send.send(Message::Heartbeat(Heartbeat {})).await;
            }
            message = told.next() => {
                let Some(Ok(message)) = message else { return };
                let Some(Told::Offers(offers)) = message.message else { continue };
                for attempt in offers.offers.into_iter().filter_map(|offer| offer.attempt) {
                    let reports = work(&attempt, &mut number);
                    let _ = send.send(Message::Reports(Reports { reports })).await;
                }
            }
        }
    }
}

/// What is to be sent, as a stream.
fn async_stream(
    mut poll: impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<Message>> + Send + 'static,
) -> impl futures::Stream<Item = WorkerMessage> + Send + 'static {
    futures::stream::poll_fn(move |context| {
        poll(context).map(|message| message.map(|message| WorkerMessage { message: Some(message) }))
    })
}

/// It begins, has built a model, and ends well.
fn work(attempt: &Attempt, number: &mut u64) -> Vec<Report> {
    let operation = Operation {
        external_id: "model.orders".to_owned(),
        name: "orders".to_owned(),
        r#type: "MATERIALISATION".to_owned(),
        status: "SUCCEEDED".to_owned(),
        asset: "db/orders".to_owned(),
        ..Operation::default()
    };
    let succeeded = Succeeded { outcome: Outcome::Succeeded as i32, ..Succeeded::default() };
    let said = [
        Said::Started(Started::default()),
        Said::Collected(Collected { operations: vec![operation], ..Collected::default() }),
        Said::Succeeded(succeeded),
    ];
    let report = |said| {
        *number += 1;
        Report { number: *number, attempt: Some(attempt.clone()), report: Some(said) }
    };
    said.into_iter().map(report).collect()
}

/// Events of a kind in the log.
fn logged(dev: &Dev, kind: &str) -> Vec<Value> {
    let log = dev.addresses.downbeat_ok(&["log", "cat"]);
    let lines = log.lines().filter(|line| line.contains(&format!("\"{kind}\"")));
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn assets_start_runs_and_promises_about_time_are_watched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 2);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let worker = runtime.spawn(write_orders(dev.addresses.server.clone()));
    for (alias, source) in [("writes", WRITES), ("reads", READS), ("never", NEVER)] {
        let file = folder.path().join(format!("{alias}.yml"));
        std::fs::write(&file, source).expect("a file");
        dev.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
    }
    let write = || dev.addresses.downbeat_ok(&["run", "writes", "--wait"]);

    // Written three times, one run.
    (0..3).for_each(|_| drop(write()));
    assert_eq!(logged(&dev, "ASSETS_MATERIALISED").len(), 3);
    let health = dev.addresses.downbeat_ok(&["pipeline", "health", "reads"]);
    assert!(health.contains("has gathered") && health.contains("db/orders"), "{health}");
    eventually("its run has ended", SOON, || {
        let runs = dev.addresses.downbeat_ok(&["runs", "reads"]);
        (runs.contains("SUCCEEDED") && runs.contains("ASSET tables")).then_some(())
    });
    let started: Vec<Value> =
        logged(&dev, "RUN_CREATED").into_iter().filter(|event| event["trigger"]["type"] == "ASSET").collect();
    let [started] = &started[..] else { panic!("{started:#?}") };
    assert_eq!(started["trigger"]["runs"].as_array().map(Vec::len), Some(3));
    assert_eq!(started["inputs"]["table"], "db/orders");
    assert_eq!(started["inputs"]["by"], started["trigger"]["runs"][2]);

    // Nobody writes it: it becomes too old, once; then somebody does.
    let breaches = || dev.addresses.downbeat_ok(&["breaches", "reads"]);
    let shown = eventually("it is too old", SOON, || Some(breaches()).filter(|shown| shown.contains("goes on")));
    assert!(shown.contains("FRESHNESS") && shown.contains("orders"), "{shown}");
    assert!(dev.addresses.downbeat_ok(&["pipeline", "health", "reads"]).contains("TOO OLD"));
    write();
    eventually("it is fresh again", SOON, || {
        let ended = !logged(&dev, "FRESHNESS_RESTORED").is_empty();
        ended.then_some(())
    });
    let first = logged(&dev, "FRESHNESS_RESTORED").remove(0);
    assert_eq!(first["rule"], "orders");
    assert!(first["source_run_id"].is_string(), "{first}");

    // Deadlines come with the minute.
    let met = eventually("a deadline is met", MINUTES, || logged(&dev, "DEADLINE_MET").pop());
    assert_eq!((&met["deadline"], met["met_by_run_id"].is_string()), (&Value::from("punctual"), true));
    let missed = eventually("a deadline is missed", MINUTES, || logged(&dev, "DEADLINE_BREACHED").pop());
    assert_eq!((&missed["deadline"], &missed["live_run_id"]), (&Value::from("late"), &Value::Null));
    let health = dev.addresses.downbeat_ok(&["pipeline", "health", "never"]);
    assert!(health.contains("late") && health.contains("BREACHED"), "{health}");
    let listed = eventually("the breach is listed", SOON, || {
        Some(dev.addresses.downbeat_ok(&["breaches"])).filter(|shown| shown.contains("DEADLINE"))
    });
    assert!(listed.contains("late"), "{listed}");
    assert!(dev.addresses.downbeat_ok(&["log", "verify"]).contains("log verify: ok"));
    worker.abort();
}
