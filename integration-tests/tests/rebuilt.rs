//! The rows of the projector are nobody's truth: whatever it answers it answers again, byte for byte, after it was killed, and after its store
//! is gone and was filled anew from the log. With real processes, and with something of every kind in the log.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use downbeat_integration_tests::{
    answers::{self, Answers, NOT_ASKED},
    cluster::{Addresses, Cluster},
    pipelines,
    process::eventually,
    repository,
};
use downbeat_proto::control::v1::{KeepToolStateRequest, tool_state_service_client::ToolStateServiceClient};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(90);

const COSTLY: &str = "version: v1
name: Costly
alerts: [{name: ended, statuses: [ANY_COMPLETED], destinations: [{integration: SLACK, destination: '#data'}]}]
schedule: [{name: hourly, cron: '0 * * * ? *', timezone: UTC}]
meta:
  downbeat:
    owner: data
    budget: {amount: '0.50', currency: EUR, period: month, enforce: true}
    freshness: [{asset: nobody/makes/it, max_age: PT2S}]
pipeline:
  a:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters: {source: INLINE, python_version: '3.11', code: 'print(1)'}
";

/// Tables of a database in a file: operations, and assets that come of each other.
const DUCKS: &str = "version: v1
name: Ducks
pipeline:
  a:
    integration: DUCKDB
    integration_job: DUCKDB_EXECUTE_QUERY
    parameters: {query: 'create or replace table raw as select 1 as id; create or replace table orders as select id from raw'}
";

/// It fires as soon as it is applied, for the first day of the year. Two pipelines have this plan.
const YEARLY: &str = "version: v1
name: Yearly
schedule: [{name: yearly, cron: '0 0 1 1 ? *', timezone: UTC}]
meta:
  downbeat:
    schedule_options:
      yearly: {catchup: latest, catchup_window: P366D, start: '2026-01-01'}
pipeline:
  a:
    integration: PYTHON
    integration_job: PYTHON_EXECUTE_SCRIPT
    parameters: {source: INLINE, python_version: '3.11', code: 'print(2)'}
";

/// What somebody says of a table: these columns, at this minute.
fn described(minute: u32, columns: &[&str]) -> String {
    let fields: Vec<Value> = columns.iter().map(|name| json!({"name": name, "type": "bigint"})).collect();
    let event = json!({
        "eventTime": format!("2026-11-26T10:{minute:02}:00Z"),
        "producer": "https://example.org/catalogue",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
        "dataset": {
            "namespace": "postgres://warehouse:5432", "name": "shop.public.customers",
            "facets": {"schema": {
                "_producer": "https://example.org/catalogue",
                "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json",
                "fields": fields,
            }},
        },
    });
    event.to_string() + "\n"
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("test folders are text").to_owned()
}

/// Events of OpenLineage that real clients sent, one per line.
fn foreign(folder: &Path) -> String {
    let recorded = repository().join("crates/lineage/tests/data/openlineage");
    let mut files: Vec<PathBuf> = ["airflow", "dbt_ol", "client"]
        .iter()
        .flat_map(|client| std::fs::read_dir(recorded.join(client)).expect("recorded events"))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let body = |path: PathBuf| {
        let text = std::fs::read_to_string(path).expect("a file");
        let call: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        call["body"].to_string() + "\n"
    };
    let mut lines: String = files.into_iter().map(body).collect();
    lines += &described(1, &["id", "name"]);
    lines += &described(2, &["id", "email"]);
    write(folder, "foreign.jsonl", &lines)
}

/// Something of every kind.
fn act(addresses: &Addresses, folder: &Path) {
    for (alias, text, _) in pipelines::mixed() {
        addresses.downbeat_ok(&["apply", &write(folder, &format!("{alias}.yml"), &text), "--alias", alias]);
    }
    addresses.downbeat_ok(&[
        "apply",
        &write(folder, "costly.yml", COSTLY),
        "--alias",
        "costly",
        "--because",
        "a trial",
    ]);
    for alias in ["yearly", "yearly_too"] {
        addresses.downbeat_ok(&["apply", &write(folder, "yearly.yml", YEARLY), "--alias", alias]);
    }
    addresses.downbeat_ok(&["pool", "set", "chaos", "2"]);
    for asset in ["dashboards/sales", "dashboards/stock", "dashboards/gone"] {
        addresses.downbeat_ok(&["asset", "declare", asset, "--name", "A dashboard", "--owner", "ada"]);
    }
    for arguments in [
        &["depend", "dashboards/sales", "--on", "dashboards/stock", "--on", "dashboards/gone"][..],
        &["remove", "dashboards/gone"],
    ] {
        // The projector is asked which asset is meant, and may not have read yet that there is one.
        eventually("the asset is there", SOON, || {
            let output = addresses.downbeat(&[&["asset"], arguments].concat());
            output.status.success().then_some(())
        });
    }
    let prices = write(folder, "prices.yaml", "prices:\n  - {unit: worker_seconds, amount: 10.00, currency: EUR}\n");
    addresses.downbeat_ok(&["cost", "prices", "apply", &prices]);
    addresses.downbeat_ok(&["budget", "set", "data", "5.00", "EUR", "--period", "month"]);
    addresses.downbeat_ok(&["apply", &write(folder, "ducks.yml", DUCKS), "--alias", "ducks"]);
    let runs = ["costly", "ducks", "chaos_wide", "chaos_retries", "chaos_warning", "chaos_matrix", "chaos_queue"];
    for alias in runs {
        addresses.downbeat_ok(&["run", alias, "--as", "ada"]);
    }
    let bills = "bills:\n  - {source: meter, id: 1, amount: '9.00', currency: EUR, pipeline: costly, owner: data}\n  - {source: meter, id: 2, amount: '1.25', currency: USD}\n";
    addresses.downbeat_ok(&["cost", "record", &write(folder, "bills.yaml", bills)]);
    // What the budget holds back is cancelled, and what is not there is refused.
    let held = addresses.downbeat_ok(&["run", "costly"]);
    addresses.downbeat_ok(&["run", "cancel", held.trim(), "--reason", "too dear"]);
    assert!(!addresses.downbeat(&["pipeline", "resume", "nowhere", "--as", "eve"]).status.success());
    addresses.downbeat_ok(&["openlineage", &foreign(folder)]);
    addresses.downbeat_ok(&["backfill", "costly", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T04:00:00Z"]);
    addresses.downbeat_ok(&["pipeline", "pause", "costly", "--reason", "enough"]);
    addresses.downbeat_ok(&["env", "set", "Live", "--var", "REGION=eu"]);
    remember(addresses);
}

/// What dbt would have kept of two models.
fn remember(addresses: &Addresses) {
    let state = json!({"last_updated": "2026-01-01T00:00:00Z", "checksum": "abc", "sources": {}}).to_string();
    let request = KeepToolStateRequest {
        integration: "DBT_CORE".to_owned(),
        entries: ["orders", "customers"].map(|model| (format!("model.{model}"), state.clone())).into(),
        ..Default::default()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = ToolStateServiceClient::connect(addresses.server.clone()).await;
        client.expect("the coordinator is there").keep_tool_state(request).await.expect("it is kept");
    });
}

/// What it answers once nothing changes any more: twice the same, at the end of the log.
fn at_rest(addresses: &Addresses) -> Answers {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let ask = || runtime.block_on(answers::all(&addresses.metadata)).ok();
    let mut before = None;
    eventually("everything has come to rest", SOON, || {
        let listed = addresses.downbeat(&["runs", "-n", "100"]);
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        // The first line says what the columns are.
        let moves = |line: &str| ["RUNNING", "CREATED", "CANCELLING"].iter().any(|status| line.contains(status));
        if listed.lines().skip(1).any(moves) {
            return None;
        }
        // An age that is too great, and somebody who cannot be told of an end.
        let now = ask().filter(|now| {
            says_something(now, "ListBreaches")
                && says_something(now, "ListAlerts")
                && says_something(now, "ListSchedules")
        });
        let same = now.is_some() && now == before;
        before = now;
        same.then(|| before.take()).flatten()
    })
}

/// What a projector answers that has got as far as another one was.
fn caught_up(addresses: &Addresses, before: &Answers) -> Answers {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let position = |answers: &Answers| {
        answers.iter().find(|(question, _)| question.starts_with("GetPosition")).map(|(_, answer)| answer.clone())
    };
    eventually("the projector has caught up", SOON, || {
        let now = runtime.block_on(answers::all(&addresses.metadata)).ok()?;
        (position(&now) == position(before)).then_some(now)
    })
}

/// A position takes fewer than a hundred bytes: an answer with no more has nothing that could be compared.
fn says_something(answers: &Answers, method: &str) -> bool {
    answers.iter().any(|(question, answer)| question.split(' ').next() == Some(method) && answer.len() > 100)
}

/// Names of the methods of the services that a projector serves.
fn served() -> BTreeSet<String> {
    let folder = repository().join("proto/downbeat/metadata/v1");
    let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let lines: Vec<String> = files
        .flat_map(|file| std::fs::read_to_string(file).expect("a file").lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let method = |line: &String| Some(line.trim().strip_prefix("rpc ")?.split('(').next()?.to_owned());
    lines.iter().filter_map(method).collect()
}

#[test]
fn a_projector_that_lost_its_rows_answers_byte_for_byte_as_before() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inputs = tempfile::tempdir().expect("a temporary folder");
    // There is a folder of connections, and the one that the alert asks for is not in it: a dead letter at once.
    let connections = folder.path().join("connections");
    std::fs::create_dir(&connections).expect("a folder");
    let database = json!({"integration": "DUCKDB", "fields": {"path": inputs.path().join("ducks.duckdb")}});
    write(&connections, "default_duckdb.json", &database.to_string());
    let mut cluster = Cluster::start(folder.path(), 4);
    let addresses = cluster.addresses.clone();
    act(&addresses, inputs.path());
    let before = at_rest(&addresses);

    let asked = answers::methods(&before);
    let never: Vec<String> = served()
        .into_iter()
        .filter(|name| !asked.contains(name.as_str()) && !NOT_ASKED.contains(&name.as_str()))
        .collect();
    assert!(never.is_empty(), "nobody compares what these answer: {never:?}");
    let silent: Vec<&&str> =
        asked.iter().filter(|method| !says_something(&before, method) && **method != "GetPosition").collect();
    assert!(silent.is_empty(), "these have nothing to say: {silent:?}");

    cluster.projector.kill9();
    cluster.restart_projector();
    let killed = caught_up(&addresses, &before);
    assert_eq!(answers::differences(&before, &killed), Vec::<String>::new(), "after it was killed");

    cluster.projector.kill9();
    std::fs::remove_dir_all(folder.path().join("metadata")).expect("its folder goes");
    cluster.restart_projector();
    let rebuilt = caught_up(&addresses, &before);
    assert_eq!(answers::differences(&before, &rebuilt), Vec::<String>::new(), "after its store was gone");
    println!("{} answers of {} methods are the same", before.len(), asked.len());
}
