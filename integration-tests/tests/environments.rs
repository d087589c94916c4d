//! Environments with real processes: schedules and people start runs that read them, and neither they nor what tools remember is lost when
//! everything is killed.

use std::{collections::BTreeMap, path::Path, time::Duration};

use downbeat_integration_tests::{
    clockwork::fire_now,
    cluster::{Cluster, text},
    process::eventually,
};
use downbeat_proto::{
    control::v1::{KeepToolStateRequest, tool_state_service_client::ToolStateServiceClient},
    metadata::v1::{ListToolStateRequest, Position, tool_state_query_service_client::ToolStateQueryServiceClient},
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(60);

/// Its task is only run, and it ends well, where the environment is as the input says that it is.
const PIPELINE: &str = "version: v1
name: Regional
inputs:
  region: {type: string, default: '${{ ENV.REGION }}'}
schedule:
  - {name: testing, cron: 0 0 1 1 ? 2199, timezone: UTC, environment: Test}
  - {name: later, cron: 0 0 2 1 ? 2199, timezone: UTC, environment: Test}
pipeline:
  a:
    integration: DOWNBEAT
    integration_job: NOOP
    condition: ENV.REGION == inputs.region and ENV.LIMIT == 7
    parameters: {}
";

fn apply(cluster: &Cluster, folder: &Path) {
    let file = folder.join("regional.yml");
    std::fs::write(&file, PIPELINE).expect("a file");
    cluster.addresses.downbeat_ok(&["apply", file.to_str().expect("text")]);
}

/// Environment and variables of the runs in the log, oldest first.
fn created(cluster: &Cluster) -> Vec<(Value, Value)> {
    let log = cluster.addresses.downbeat_ok(&["log", "cat"]);
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let created = events.filter(|event| event["kind"] == "RUN_CREATED");
    created.map(|event| (event["environment"].clone(), event["environment_variables"].clone())).collect()
}

async fn remembered(cluster: &Cluster, at_least: Option<Position>) -> Option<BTreeMap<String, String>> {
    let mut client = ToolStateQueryServiceClient::connect(cluster.addresses.metadata.clone()).await.ok()?;
    let request = ListToolStateRequest { integration: "DBT_CORE".to_owned(), at_least, ..Default::default() };
    let answer = client.list_tool_state(request).await.ok()?.into_inner();
    Some(answer.entries.into_iter().map(|entry| (entry.key, entry.value)).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn environments_and_what_tools_remember_outlive_every_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut cluster = Cluster::start(folder.path(), 1);
    let addresses = cluster.addresses.clone();
    let made = addresses.downbeat_ok(&["env", "set", "Live", "--var", "REGION=eu", "--int", "LIMIT=7", "--as", "ada"]);
    assert_eq!(made, "set: environment `Live`, the default\n");
    addresses.downbeat_ok(&["env", "set", "Test", "--var", "REGION=us", "--int", "LIMIT=7", "--bool", "DRY=true"]);
    // What is not named stays.
    let changed =
        addresses.downbeat_ok(&["env", "set", "Test", "--unset", "DRY", "--connection", "DB=warehouse_12345"]);
    assert_eq!(changed, "set: environment `Test`\n");
    assert_eq!(addresses.downbeat_ok(&["env", "set", "Test", "--int", "LIMIT=7"]), "unchanged: environment `Test`\n");
    let shown = addresses.downbeat_ok(&["env", "show", "Test"]);
    assert!(shown.contains("DB        integration_credential  \"warehouse_12345\""), "{shown}");
    assert!(!shown.contains("DRY"), "{shown}");

    apply(&cluster, folder.path());
    addresses.downbeat_ok(&["run", "regional"]);
    fire_now(&addresses, "testing").await;
    let gone = addresses.downbeat(&["run", "regional", "--environment", "Gone"]);
    assert!(text(&gone).contains("there is no environment `Gone`; there are: Live, Test"), "{}", text(&gone));
    let (live, test) =
        (json!({"REGION": "eu", "LIMIT": 7}), json!({"REGION": "us", "LIMIT": 7, "DB": "warehouse_12345"}));
    let expected = [(json!("Live"), live), (json!("Test"), test.clone())];
    assert_eq!(created(&cluster), expected);

    let entries = BTreeMap::from([("7.\"db\".\"t\"".to_owned(), r#"{"checksum":"a"}"#.to_owned())]);
    let keep = KeepToolStateRequest {
        integration: "DBT_CORE".to_owned(),
        entries: entries.clone(),
        idempotency_key: "once".to_owned(),
        ..Default::default()
    };
    let mut tools = ToolStateServiceClient::connect(addresses.server.clone()).await.expect("the coordinator is there");
    let position = tools.keep_tool_state(keep).await.expect("it is kept").into_inner().position;
    assert_eq!(remembered(&cluster, position.clone()).await, Some(entries.clone()));

    cluster.coordinator.kill9();
    cluster.projector.kill9();
    cluster.restart_coordinator();
    cluster.restart_projector();
    cluster.wait_ready();
    let listed = addresses.downbeat_ok(&["env", "list"]);
    assert!(listed.contains("Live") && listed.contains("default") && listed.contains("Test"), "{listed}");
    assert_eq!(remembered(&cluster, position).await, Some(entries));
    eventually("both runs have ended", SOON, || {
        let runs = addresses.downbeat_ok(&["runs", "regional"]);
        (runs.matches("SUCCEEDED").count() == 2).then_some(())
    });
    let tested = addresses.downbeat_ok(&["runs", "--environment", "Test"]);
    assert!(tested.contains("SCHEDULED testing") && !tested.contains("MANUAL"), "{tested}");

    // The next owner gives runs the same, and says who changed what.
    addresses.downbeat_ok(&["run", "regional", "--environment", "Test"]);
    assert_eq!(created(&cluster)[2], (json!("Test"), test));
    let refused = addresses.downbeat(&["env", "remove", "Live"]);
    assert!(text(&refused).contains("environment `Live` is the default"), "{}", text(&refused));
    addresses.downbeat_ok(&["env", "remove", "Test", "--because", "it is over"]);
    let audit = eventually("the audit says who", SOON, || {
        let audit = addresses.downbeat_ok(&["audit"]);
        audit.contains("removed environment Test").then_some(audit)
    });
    assert!(audit.contains("made environment Live") && audit.contains("changed environment Test"), "{audit}");
    fire_now(&addresses, "later").await;
    assert_eq!(created(&cluster).len(), 3, "its environment is gone: the instant is decided without a run");
}
