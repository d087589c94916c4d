//! Sensors and webhooks with real processes: a window outlives the coordinator that opened it, and one run comes of it; a delivery is one
//! run however often it is delivered.

use std::{path::Path, time::Duration};

use downbeat_integration_tests::{
    cluster::{Cluster, text},
    process::eventually,
};
use downbeat_proto::control::v1::{
    FireSchedulesRequest, Firing, control_service_client::ControlServiceClient, firing_outcome::Outcome,
};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);

const PIPELINE: &str = "version: v1
name: Sensing
inputs:
  rows: {type: number, optional: true}
webhook: {enabled: true, run_inputs: {rows: '${{ outputs.payload.rows }}'}}
sensors:
  told:
    name: Told
    cron: 0 0 1 1 ? 2199
    timezone: UTC
    timeout_mins: 60
    checks:
      loaded:
        integration: ORCHESTRA
        sensor_type: ORCHESTRA_WEBHOOK_EVENT
        parameters: {event_type: loaded}
        map_outputs: {rows: rows}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

/// The schedule of the sensor is due now, by a scheduler that is this test.
async fn open_window(cluster: &Cluster, pipeline: &str) {
    let channel = downbeat_runtime::grpc::endpoint(&cluster.addresses.server).expect("an address").connect().await;
    let firing = Firing {
        pipeline_id: pipeline.to_owned(),
        pipeline_version: 1,
        schedule: "sensor:told".to_owned(),
        instant: jiff::Timestamp::now().as_microsecond(),
        ..Firing::default()
    };
    let mut client = ControlServiceClient::new(channel.expect("it listens"));
    let answer = client.fire_schedules(FireSchedulesRequest { firings: vec![firing] }).await.expect("an answer");
    let outcome = answer.into_inner().outcomes.remove(0).outcome;
    assert!(matches!(&outcome, Some(Outcome::Decided(decided)) if !decided.decided_before), "{outcome:?}");
}

fn apply(cluster: &Cluster, folder: &Path, name: &str, source: &str) {
    let file = folder.join(format!("{name}.yml"));
    std::fs::write(&file, source).expect("a file");
    cluster.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
}

/// Events of the log of these kinds.
fn events(cluster: &Cluster, kind: &str) -> Vec<Value> {
    let log = cluster.addresses.downbeat_ok(&["log", "cat"]);
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    events.filter(|event| event["kind"] == kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_outlives_its_coordinator_and_a_delivery_is_one_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 1);
    apply(&cluster, folder.path(), "sensing", PIPELINE);
    let shown = cluster.addresses.downbeat_ok(&["sensor", "show", "sensing"]);
    assert!(shown.contains("told  0 0 1 1 ? 2199  UTC  no window is open"), "{shown}");
    let applied = &events(&cluster, "PIPELINE_APPLIED")[0];
    let pipeline = applied["pipeline_id"].as_str().expect("an id").to_owned();

    open_window(&cluster, &pipeline).await;
    let shown = cluster.addresses.downbeat_ok(&["sensor", "show", "sensing"]);
    assert!(shown.contains("asks again at") && shown.contains("PENDING  no event `loaded` has come"), "{shown}");
    let tell = ["sensor", "tell", "loaded", "--data", r#"{"rows": 3}"#, "--key", "k"];
    assert_eq!(cluster.addresses.downbeat_ok(&tell), "stored\n");
    assert_eq!(cluster.addresses.downbeat_ok(&tell), "was stored before\n");

    // The next owner asks at once.
    cluster.coordinator.kill9();
    cluster.restart_coordinator();
    cluster.wait_ready();
    let runs = eventually("the window's run has ended", SOON, || {
        let runs = cluster.addresses.downbeat_ok(&["runs", "sensing"]);
        runs.contains("SUCCEEDED").then_some(runs)
    });
    assert!(runs.contains("SENSOR"), "{runs}");
    let why = cluster.addresses.downbeat_ok(&["run", "why", "last"]);
    assert!(why.contains("created by sensor `told`"), "{why}");
    let created = events(&cluster, "RUN_CREATED");
    assert_eq!(created.len(), 1);
    assert_eq!(created[0]["inputs"], serde_json::json!({"rows": 3}));

    let send =
        |data: &str, id: &str| cluster.addresses.downbeat(&["webhook", "send", "sensing", "--data", data, "--id", id]);
    let (first, again) = (text(&send(r#"{"rows": 4}"#, "d1")), text(&send(r#"{"rows": 5}"#, "d1")));
    assert_eq!(first.strip_prefix("started run "), again.strip_prefix("has started before: run "), "{first} {again}");
    for (data, words) in
        [("{", "body: not JSON"), (r#"{"rows": "many"}"#, "pipeline input `rows`"), ("{}", "pipeline input `rows`")]
    {
        let refused = send(data, "d2");
        assert!(!refused.status.success() && text(&refused).contains(words), "{data}: {}", text(&refused));
    }
    assert_eq!(events(&cluster, "RUN_CREATED").len(), 2);
    apply(&cluster, folder.path(), "deaf", &PIPELINE.replace("enabled: true", "enabled: false"));
    let refused = cluster.addresses.downbeat(&["webhook", "send", "deaf"]);
    assert!(text(&refused).contains("pipeline `deaf` has no webhook"), "{}", text(&refused));
}
