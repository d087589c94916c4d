//! PREFECT_CLOUD_RUN_FLOW with a real Prefect server: `make products` brings it.

// Helpers outside of #[test] functions may fail their test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]
mod support;

use downbeat_proto::worker::v1::{Offer, Resume, report::Report as ReportKind};
use serde_json::json;
use support::{
    Stage, offer,
    prefect::Prefect,
    servers,
    wire::{Cut, Wire},
};

#[tokio::test]
async fn flows_are_run_once_watched_stopped_and_collected() {
    let Some(prefect) = Prefect::start().await else { return };
    let wire = Wire::to(prefect.port).await;
    let folder = tempfile::tempdir().unwrap();
    let fields = json!({ "api": format!("http://127.0.0.1:{}/api", wire.port) });
    servers::connection(folder.path(), "default_prefect_cloud", "PREFECT_CLOUD", &fields);
    let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
    let run = |task, day: &str| {
        let parameters =
            json!({ "deployment_id": prefect.deployment, "flow_run_parameters": json!({ "day": day }).to_string() });
        offer(task, "PREFECT_CLOUD", "PREFECT_CLOUD_RUN_FLOW", parameters)
    };

    // Prefect takes the run, and its answer is lost: the same run is carried on with.
    wire.cut(Cut::After("create_flow_run"));
    stage.offer(vec![run(1, "monday")]).await;
    let heard = stage.outcome(1).await;
    assert!(matches!(heard.last(), Some(ReportKind::Succeeded(_))), "{heard:?}");
    let mut named: Vec<_> = heard
        .iter()
        .filter_map(|report| match report {
            ReportKind::Collected(collected) => Some(&collected.operations),
            _ => None,
        })
        .flatten()
        .map(|operation| (operation.name.split('-').next().unwrap(), &*operation.status))
        .collect();
    named.sort_unstable();
    assert_eq!(named, [("extract", "SUCCEEDED"), ("load", "SUCCEEDED")]);
    let runs = prefect.runs().await;
    assert_eq!((runs.len(), &runs[0]["parameters"]["day"]), (1, &json!("monday")));

    // The worker that began it is lost without a trace: the next one begins none.
    let again = Offer { resume: Some(Resume { token_attempt: 1, ..Resume::default() }), ..run(2, "tuesday") };
    for offer in [run(2, "tuesday"), again] {
        let mut stage = Stage::with(|config| config.connections = Some(folder.path().to_owned())).await;
        stage.offer(vec![offer]).await;
        assert_eq!(stage.told(2).await.0, "succeeded");
        stage.shut_down().await;
    }
    assert_eq!(prefect.runs().await.len(), 2);

    stage.offer(vec![run(3, "broken")]).await;
    let (word, text, _) = stage.told(3).await;
    assert!(word == "failed" && text.contains("no such table"), "{word}: {text}");

    let nowhere = json!({ "deployment_id": "5a1f0e1c-1111-4222-8333-444455556666" });
    stage.offer(vec![offer(4, "PREFECT_CLOUD", "PREFECT_CLOUD_RUN_FLOW", nowhere)]).await;
    let (word, text, _) = stage.told(4).await;
    assert!(word == "misconfigured" && text.contains("404"), "{word}: {text}");

    // A stop is confirmed by looking.
    stage.offer(vec![run(5, "endless")]).await;
    let of = |runs: &[serde_json::Value], state: &str| {
        runs.iter().any(|run| run["parameters"]["day"] == "endless" && run["state"]["type"] == state)
    };
    prefect.until_runs(|runs| of(runs, "RUNNING")).await;
    stage.stop(5).await;
    let (word, text, _) = stage.told(5).await;
    assert_eq!(word, "stopped", "{text}");
    assert!(of(&prefect.runs().await, "CANCELLED"));
    stage.shut_down().await;
}
