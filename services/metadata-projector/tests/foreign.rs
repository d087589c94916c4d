//! What other systems say of their own runs, folded: events of real clients (those of `crates/lineage/tests/data`) become assets, edges,
//! tests and use, and operations of a task run of ours where that is their parent.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{fs, path::PathBuf, sync::Arc};

use downbeat_domain::{Event, TaskRunId, foreign::LineageReported};
use downbeat_event_log::memory::MemoryLog;
use downbeat_lineage::openlineage;
use downbeat_proto::metadata::v1 as wire;
use serde_json::{Value, json};
use support::{
    service::{Service, log},
    *,
};

/// Bodies of the requests of one client, in their order.
fn sent(client: &str) -> Vec<Value> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../crates/lineage/tests/data/openlineage").join(client);
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let body = |file: PathBuf| serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap()["body"].clone();
    files.into_iter().map(body).collect()
}

/// As the coordinator records it.
fn recorded(body: &Value) -> Vec<Event> {
    let report = openlineage::event(&serde_json::to_vec(body).unwrap()).unwrap();
    let record = |part: downbeat_domain::foreign::ReportLineage| LineageReported {
        said: part.said,
        part: part.part,
        collected: Arc::clone(&part.collected),
        at: at(60),
    };
    openlineage::parts(report).into_iter().map(|part| Event::LineageReported(Box::new(record(part)))).collect()
}

struct Given {
    log: MemoryLog,
    service: Service,
    _folder: tempfile::TempDir,
}

/// Run 0 of a pipeline of four tasks, and what was said.
async fn given(name: &str, said: &[Value]) -> Given {
    let log = log(name);
    append(&log, vec![pipeline(4, 0), created(run_id(0), 0)]).await;
    for body in said {
        append(&log, recorded(body)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let service = Service::over(&log, folder.path()).await;
    Given { log, service, _folder: folder }
}

impl Given {
    async fn operations(&mut self) -> Vec<wire::Operation> {
        let at_least = service::end(&self.log).await;
        let request = wire::ListOperationsRequest { run_id: run_id(0).to_string(), at_least, ..Default::default() };
        self.service.client.list_operations(request).await.unwrap().into_inner().operations
    }

    async fn lineage(&mut self, asset: &str) -> Vec<String> {
        let at_least = service::end(&self.log).await;
        let request = wire::GetLineageRequest { asset: asset.into(), depth: 9, at_least, ..Default::default() };
        let answer = self.service.lineage.get_lineage(request).await.unwrap().into_inner();
        let short = |key: &str| key.rsplit('/').next().unwrap().trim_start_matches("postgres.").to_owned();
        answer.edges.iter().map(|edge| format!("{} > {}", short(&edge.from), short(&edge.to))).collect()
    }
}

#[tokio::test]
async fn dbt_and_airflow_give_one_graph_over_one_database() {
    let said = [sent("dbt_ol"), sent("airflow")].concat();
    let mut given = given("one graph", &said).await;
    let expected = [
        "raw_customers > stg_customers",
        "stg_customers > customers",
        "stg_customers > customers_snapshot",
        "customers > exposure.jaffle.weekly_dashboard",
        "stg_events > customers",
        "stg_orders > customers",
    ];
    let jaffle = |edge: &&str| edge.split(" > ").map(|end| format!("jaffle.{end}")).collect::<Vec<_>>().join(" > ");
    let mut expected: Vec<String> =
        expected.iter().map(jaffle).map(|edge| edge.replace("jaffle.exposure", "exposure")).collect();
    expected.push("main.events > jaffle.stg_events".to_owned());
    expected.push("jaffle.raw_orders > jaffle.stg_orders".to_owned());
    let mut found = given.lineage("jaffle.customers").await;
    found.sort_unstable();
    expected.retain(|edge| !edge.contains("customers_snapshot"));
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(given.lineage("public.orders").await, ["public.raw_orders > public.orders"]);
    // The same things said again change nothing.
    let before = given.lineage("jaffle.customers").await;
    for body in &said {
        append(&given.log, recorded(body)).await;
    }
    assert_eq!(given.lineage("jaffle.customers").await, before);
    given.service.stop().await;
}

#[tokio::test]
async fn what_a_job_of_another_system_tests_and_uses_is_known_of_the_asset() {
    let mut given = given("quality", &sent("dbt_ol")).await;
    let at_least = service::end(&given.log).await;
    let request = wire::GetAssetRequest { asset: "jaffle.orders_inc".into(), at_least };
    let answer = given.service.assets.get_asset(request).await.unwrap().into_inner();
    let asset = answer.asset.unwrap();
    assert_eq!(asset.status, "UNHEALTHY");
    assert!(asset.tests.iter().any(|test| test.name == "assert_fail_on_purpose" && test.status == "FAILED"));
    let writer = &answer.writers[0];
    assert_eq!(
        (writer.pipeline_id.as_str(), writer.task.as_str()),
        ("", "dbt-prod/postgres.jaffle.jaffle.orders_inc.build.run")
    );
    let request = wire::GetAssetRequest { asset: "jaffle.stg_orders".into(), at_least: None };
    let answer = given.service.assets.get_asset(request).await.unwrap().into_inner();
    assert!(answer.consumers.iter().all(|consumer| consumer.kind == "JOB" && consumer.uses == 1), "{answer:?}");
    assert_eq!(answer.consumers.len(), 2);
    given.service.stop().await;
}

fn run_event(kind: &str, second: u32, run: &str, job: &str, parent: Option<(&str, &str)>) -> Value {
    let mut facets = json!({});
    if let Some((parent, root)) = parent {
        let of = |run: &str| json!({"run": {"runId": run}, "job": {"namespace": "downbeat", "name": "weather"}});
        facets["parent"] = of(parent);
        facets["parent"]["root"] = of(root);
    }
    json!({
        "eventType": kind, "eventTime": format!("2026-03-01T12:00:{second:02}Z"), "producer": "p",
        "run": {"runId": run, "facets": facets}, "job": {"namespace": "dbt", "name": job},
    })
}

#[tokio::test]
async fn steps_below_a_task_run_of_ours_are_its_operations_in_whatever_order_they_are_told() {
    let (root, task) = (run_id(0).to_string(), TaskRunId::derive(run_id(0), 2).to_string());
    let (dbt, model, other) = (
        "01a203d2-d739-7b7d-a872-000000000001",
        "01a203d2-d739-7b7d-a872-000000000002",
        "01a203d2-d739-7b7d-a872-000000000003",
    );
    let said = [
        run_event("START", 1, dbt, "dbt-run", Some((&task, &root))),
        // Its end is told before its beginning.
        run_event("COMPLETE", 9, model, "model.a", Some((dbt, &root))),
        run_event("START", 5, model, "model.a", Some((dbt, &root))),
        run_event("FAIL", 10, dbt, "dbt-run", Some((&task, &root))),
        // Below nothing of ours.
        run_event("COMPLETE", 1, other, "elsewhere", Some(("01a203d2-d739-7b7d-a872-000000000009", other))),
    ];
    let mut given = given("below", &said).await;
    let mut operations = given.operations().await;
    operations.sort_by_key(|operation| operation.operation.as_ref().unwrap().started_at);
    let seen: Vec<_> = operations
        .iter()
        .map(|operation| {
            let done = operation.operation.as_ref().unwrap();
            let took = (done.completed_at - done.started_at) / 1_000_000;
            (operation.task_id.as_str(), operation.task_run_id.as_str(), done.name.as_str(), done.status.as_str(), took)
        })
        .collect();
    assert_eq!(seen, [("t2", task.as_str(), "dbt-run", "FAILED", 9), ("t2", task.as_str(), "model.a", "SUCCEEDED", 4)]);
    given.service.stop().await;
}

/// Airflow tells of a DAG's run after its tasks. The order in which runs are told of changes nothing.
#[tokio::test]
async fn children_that_are_told_of_before_their_parents_come_to_the_task_with_them() {
    let (root, task) = (run_id(0).to_string(), TaskRunId::derive(run_id(0), 1).to_string());
    let (dag, step, statement) = (
        "01a203d2-d739-7b7d-a872-000000000001",
        "01a203d2-d739-7b7d-a872-000000000002",
        "01a203d2-d739-7b7d-a872-000000000003",
    );
    let told = [
        run_event("START", 1, dag, "dag", Some((&task, &root))),
        run_event("START", 2, step, "dag.step", Some((dag, &root))),
        run_event("START", 3, statement, "dag.step.query", Some((step, &root))),
        run_event("COMPLETE", 4, statement, "dag.step.query", Some((step, &root))),
        run_event("COMPLETE", 5, step, "dag.step", Some((dag, &root))),
        run_event("COMPLETE", 6, dag, "dag", Some((&task, &root))),
    ];
    let orders: [&[usize]; 6] = [
        &[0, 1, 2, 3, 4, 5],
        &[5, 4, 3, 2, 1, 0],
        &[1, 2, 3, 4, 5, 0],
        &[3, 2, 4, 5, 1, 0],
        &[2, 5, 3, 4, 0, 1],
        // The beginning of the run is never told.
        &[3, 1, 2, 4, 5],
    ];
    for order in orders {
        let said: Vec<Value> = order.iter().map(|place| told[*place].clone()).collect();
        let mut given = given(&format!("order {order:?}"), &said).await;
        let operations = given.operations().await;
        let mut seen: Vec<_> = operations
            .iter()
            .map(|operation| {
                let done = operation.operation.as_ref().unwrap();
                (done.name.as_str(), operation.task_id.as_str(), operation.task_run_id == task, done.status.as_str())
            })
            .collect();
        seen.sort_unstable();
        let expected = ["dag", "dag.step", "dag.step.query"].map(|name| (name, "t1", true, "SUCCEEDED"));
        assert_eq!(seen, expected, "{order:?}");
        given.service.stop().await;
    }
}

#[tokio::test]
async fn runs_that_hang_below_each_other_in_a_circle_stay_below_our_run() {
    let root = run_id(0).to_string();
    let (one, other) = ("01a203d2-d739-7b7d-a872-000000000001", "01a203d2-d739-7b7d-a872-000000000002");
    let said = [
        run_event("COMPLETE", 1, one, "one", Some((other, &root))),
        run_event("COMPLETE", 2, other, "other", Some((one, &root))),
        run_event("COMPLETE", 3, one, "itself", Some((one, &root))),
    ];
    let mut given = given("circle", &said).await;
    let operations = given.operations().await;
    assert!(operations.iter().all(|operation| operation.task_id.is_empty()), "{operations:?}");
    assert_eq!(operations.len(), 2);
    given.service.stop().await;
}

#[tokio::test]
async fn a_run_that_only_knows_our_run_hangs_below_no_task() {
    let root = run_id(0).to_string();
    let unknown = "01a203d2-d739-7b7d-a872-000000000007";
    let said = [run_event("COMPLETE", 3, "01a203d2-d739-7b7d-a872-000000000002", "step", Some((unknown, &root)))];
    let mut given = given("root", &said).await;
    let operations = given.operations().await;
    assert_eq!(operations.len(), 1);
    assert_eq!((operations[0].task_id.as_str(), operations[0].task_run_id.as_str()), ("", ""));
    given.service.stop().await;
}
