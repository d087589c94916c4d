//! AIRFLOW_RUN_DAG with a real Airflow: `make products` brings it.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::worker::v1::{Offer, Resume, report::Report as ReportKind};
use serde_json::json;
use support::{
    Stage,
    airflow::Airflow,
    offer, servers,
    wire::{Cut, Wire},
};

fn run(task: u32, dag: &str) -> Offer {
    offer(task, "AIRFLOW", "AIRFLOW_RUN_DAG", json!({ "dag_id": dag }))
}

#[tokio::test]
async fn dags_are_run_once_watched_stopped_and_collected() {
    let Some(airflow) = Airflow::start().await else { return };
    let wire = Wire::to(airflow.port).await;
    let folder = tempfile::tempdir().unwrap();
    servers::connection(folder.path(), "default_airflow", "AIRFLOW", &airflow.fields(wire.port));
    let mut wrong = airflow.fields(wire.port);
    wrong["password"] = json!("wr0ng-s3cret");
    servers::connection(folder.path(), "wrong", "AIRFLOW", &wrong);
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;

    // Airflow takes the run, and its answer is lost: the same run is carried on with.
    wire.cut(Cut::After("POST /api/v2/dags/daily_load/dagRuns"));
    stage.offer(vec![run(1, "daily_load")]).await;
    let heard = stage.outcome(1).await;
    assert!(matches!(heard.last(), Some(ReportKind::Succeeded(_))), "{heard:?}");
    let operations: Vec<_> = heard
        .iter()
        .filter_map(|report| match report {
            ReportKind::Collected(collected) => Some(&collected.operations),
            _ => None,
        })
        .flatten()
        .collect();
    let named: Vec<_> = operations.iter().map(|operation| (&*operation.name, &*operation.status)).collect();
    assert_eq!(named, [("extract", "SUCCEEDED"), ("load", "SUCCEEDED")]);
    assert!(
        operations.iter().all(|operation| operation.completed_at >= operation.started_at && operation.started_at > 0)
    );
    assert_eq!(airflow.runs("daily_load").await, 1);
    // Airflow's provider for OpenLineage finds there whose child the run is.
    let runs = airflow.until("dags/daily_load/dagRuns", |answer| answer["total_entries"] == 1).await;
    let parent = &runs["dag_runs"][0]["conf"]["openlineage"];
    assert_eq!(parent["parentRunId"], json!(support::task_run_id(1)), "{runs}");
    assert_eq!((&parent["parentJobNamespace"], &parent["parentJobName"]), (&json!("downbeat"), &json!("test.task1")));
    assert_eq!(parent["rootParentJobName"], json!("test"));
    assert!(parent["rootParentRunId"].is_string(), "{parent}");

    // The worker that began it is lost without a trace: the next one finds it, and begins none.
    let again = Offer { resume: Some(Resume { token_attempt: 1, ..Resume::default() }), ..run(2, "daily_load") };
    for offer in [run(2, "daily_load"), again] {
        let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
        stage.offer(vec![offer]).await;
        assert_eq!(stage.told(2).await.0, "succeeded");
        stage.shut_down().await;
    }
    assert_eq!(airflow.runs("daily_load").await, 2);

    stage.offer(vec![run(3, "broken")]).await;
    let (word, text, operation) = stage.told(3).await;
    assert_eq!((word, operation.unwrap().status.as_str()), ("failed", "FAILED"), "{text}");

    for (task, offer, expected) in [
        (4, run(4, "no_such_dag"), "no_such_dag"),
        (5, Offer { connection: "wrong".to_owned(), ..run(5, "daily_load") }, "credentials"),
    ] {
        stage.offer(vec![offer]).await;
        let (word, text, _) = stage.told(task).await;
        assert!(word == "misconfigured" && text.contains(expected), "{word}: {text}");
    }

    // A stop is confirmed by looking.
    stage.offer(vec![run(6, "endless")]).await;
    let running = |answer: &serde_json::Value| answer["dag_runs"][0]["state"] == "running";
    airflow.until("dags/endless/dagRuns", running).await;
    stage.stop(6).await;
    let (word, text, _) = stage.told(6).await;
    assert_eq!(word, "stopped", "{text}");
    let ended = airflow.until("dags/endless/dagRuns", |answer| answer["dag_runs"][0]["state"] != "running").await;
    assert_eq!((ended["total_entries"].as_u64(), ended["dag_runs"][0]["state"].as_str()), (Some(1), Some("failed")));
    stage.shut_down().await;
}
