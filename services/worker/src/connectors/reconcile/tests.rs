//! Reconciliations of warehouses, over servers of their APIs' recorded shapes, through the runner. SQL servers: `tests/reconcile.rs`.

use std::{path::Path, sync::Arc};

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::Offer;
use downbeat_runtime::blob::BlobStore;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::attempt::{AttemptId, Ending};
use crate::config::WorkerConfig;
use crate::connections::Connections;
use crate::connectors::{Registry, Submit};
use crate::git::Git;
use crate::home::Home;
use crate::manifest;
use crate::runner::Runner;
use crate::script_events::ScriptEvents;
use crate::stop::stop_channel;
use crate::testing::recorded::{Plan, Recorded, Shape};
use crate::toolchain::Toolchain;

const ATTEMPT: AttemptId = AttemptId { run: [1; 16], task: 0, number: 1 };

async fn runner(folder: &Path) -> Runner {
    let config = WorkerConfig::new("http://127.0.0.1:1", folder.join("worker"), folder.join("blobs"));
    let home = Home::open(&config.data).unwrap();
    let toolchain = Arc::new(Toolchain::new(&config, home.environments(), home.tools()));
    let connections = Connections::new(Some(folder.to_owned()));
    let blobs = BlobStore::open(&config.blobs).unwrap();
    let events = Arc::new(ScriptEvents::serve().await.unwrap());
    let registry = Registry::new(toolchain, events, &connections, Git::default(), &blobs);
    let manifests = manifest::load::load(None).unwrap_or_else(|faults| panic!("{faults}"));
    let registry = registry.and(manifest::jobs(&manifests, &connections)).unwrap();
    Runner { home, blobs, registry }
}

async fn warehouse(folder: &Path, integration: &str, job: &str) -> Recorded {
    let shape = Shape::of(integration, job).unwrap();
    let mut fields = shape.connection.clone();
    let server = Recorded::serve(shape, Plan::default()).await.unwrap();
    fields.insert("endpoint".to_owned(), json!(server.url()));
    let file = folder.join(format!("{}.json", integration.to_ascii_lowercase()));
    std::fs::write(file, json!({ "integration": integration, "fields": fields }).to_string()).unwrap();
    server
}

async fn run(runner: &Runner, job: &str, parameters: Value) -> Ending {
    let offer = Offer {
        attempt: Some(ATTEMPT.to_wire()),
        task_run_id: Uuid::from_u128(5).to_string(),
        integration: "ORCHESTRA".to_owned(),
        integration_job: job.to_owned(),
        parameters: parameters.to_string(),
        ..Offer::default()
    };
    let (_ask, stop) = stop_channel();
    runner.run(ATTEMPT, offer, stop, Submit::nobody()).await.ending
}

fn sides(changes: &Value) -> Value {
    let mut parameters = json!({
        "source_integration": "SNOWFLAKE", "source_connection_id": "snowflake", "source_warehouse": "load",
        "source_query": "SELECT 1", "destination_integration": "DATABRICKS", "destination_connection_id": "databricks",
        "destination_warehouse_id": "w1", "destination_query": "WITH a AS (SELECT 1 AS b) SELECT b FROM a",
    });
    parameters.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    parameters
}

#[tokio::test]
async fn warehouses_are_asked_by_the_jobs_of_their_manifests() {
    let folder = tempfile::tempdir().unwrap();
    let snowflake = warehouse(folder.path(), "SNOWFLAKE", "SNOWFLAKE_RUN_QUERY").await;
    let databricks = warehouse(folder.path(), "DATABRICKS", "DATABRICKS_EXECUTE_STATEMENT").await;
    let ended = run(&runner(folder.path()).await, "DATA_RECONCILIATION_MANUAL_QUERY", sides(&json!({}))).await;
    let Ending::Succeeded { warning: false, outputs, .. } = ended else { panic!("{ended:?}") };
    assert_eq!(outputs, r#"{"value":{"source":"0","destination":"0","difference":0}}"#);
    for server in [snowflake, databricks] {
        assert_eq!(server.submitted().into_values().sum::<u32>(), 1);
        assert!(server.unknown().is_empty() && server.strangers() == 0);
    }
}

#[tokio::test]
async fn what_a_side_cannot_be_asked_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let _snowflake = warehouse(folder.path(), "SNOWFLAKE", "SNOWFLAKE_RUN_QUERY").await;
    let _databricks = warehouse(folder.path(), "DATABRICKS", "DATABRICKS_EXECUTE_STATEMENT").await;
    let runner = runner(folder.path()).await;
    for (changes, expected) in [
        (json!({ "source_integration": "ORACLE" }), "which this version does not reconcile; it does POSTGRES"),
        (json!({ "source_query": " " }), "source_query"),
        (json!({ "source_query": "DELETE FROM a" }), "the source: the query must only look"),
        (
            json!({ "destination_query": "WITH a AS (SELECT 1) MERGE INTO b" }),
            "the destination: the query must only look",
        ),
        (json!({ "destination_warehouse_id": null }), "destination_warehouse_id is missing"),
        (json!({ "destination_role": "r" }), "destination_role is for SNOWFLAKE"),
        (json!({ "destination_database": "d" }), "destination_database is not for DATABRICKS"),
        (json!({ "error_threshold_expression": "more" }), "error_threshold_expression is \"more\""),
        (json!({ "source_connection_id": "absent" }), "the source: connection \"absent\": there is no file"),
        (json!({ "source_connection_id": "../absent" }), "a name has letters, digits"),
    ] {
        let ended = run(&runner, "DATA_RECONCILIATION_MANUAL_QUERY", sides(&changes)).await;
        let Ending::Failed(failure) = ended else { panic!("{changes}: {ended:?}") };
        assert_eq!(failure.class, FailureClass::Misconfigured, "{changes}: {}", failure.message);
        assert!(failure.message.contains(expected), "{changes}: {}", failure.message);
    }
}
