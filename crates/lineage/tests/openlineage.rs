//! Events as real clients sent them (`tests/data/openlineage`), and events that no client should send.

#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use downbeat_domain::metadata::{Collected, ColumnUse, EdgeKind};
use downbeat_lineage::{
    limits::{EVENT_BYTES_MAX, EVENTS_PER_BATCH_MAX},
    openlineage::{Report, State, all, batch, event, parts},
};
use serde_json::{Value, json};

/// Bodies of the requests of one client, in their order.
fn sent(client: &str) -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/openlineage").join(client);
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let body = |file: PathBuf| {
        let request: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        (file.file_stem().unwrap().to_string_lossy().into_owned(), request["body"].clone())
    };
    files.into_iter().map(body).collect()
}

fn read(body: &Value) -> Report {
    event(&serde_json::to_vec(body).unwrap()).unwrap()
}

fn reports(client: &str) -> BTreeMap<String, Report> {
    sent(client).into_iter().map(|(name, body)| (name, read(&body))).collect()
}

const PG: &str = "postgres://localhost:5432/postgres.";

/// Edges of all reports as `KIND from > to`, each once.
fn edges<'a>(reports: impl IntoIterator<Item = &'a Report>) -> BTreeSet<String> {
    let short = |key: &str| key.replace(PG, "");
    let edges = reports.into_iter().flat_map(|report| &report.collected.edges);
    edges.map(|edge| format!("{} {} > {}", edge.kind.as_str(), short(&edge.from), short(&edge.to))).collect()
}

/// Results of tests as `STATUS name(column) of asset`, each once.
fn tests<'a>(reports: impl IntoIterator<Item = &'a Report>) -> BTreeSet<String> {
    let done = reports.into_iter().flat_map(|report| &report.collected.operations);
    let tests = done.filter(|done| done.kind == "TEST" && !done.asset.is_empty());
    tests
        .map(|test| format!("{} {}({}) of {}", test.status, test.name, test.column, test.asset.replace(PG, "")))
        .collect()
}

#[test]
fn dbt_ol_tells_of_models_exposures_and_tests_in_both_of_its_modes() {
    let whole = reports("dbt_ol");
    let flow = |reports: &BTreeMap<String, Report>| -> Vec<String> {
        edges(reports.values()).into_iter().filter(|edge| !edge.starts_with("TESTS")).collect()
    };
    // The common table expressions `o` and `e`, which the client takes for tables, are none.
    let expected = [
        "DERIVES jaffle.raw_customers > jaffle.stg_customers",
        "DERIVES jaffle.raw_orders > jaffle.stg_orders",
        "DERIVES jaffle.stg_customers > jaffle.customers",
        "DERIVES jaffle.stg_customers > jaffle.customers_snapshot",
        "DERIVES jaffle.stg_events > jaffle.customers",
        "DERIVES jaffle.stg_orders > jaffle.customers",
        "DERIVES jaffle.stg_orders > jaffle.orders_inc",
        "DERIVES main.events > jaffle.stg_events",
        "EXPOSES jaffle.customers > dbt/exposure.jaffle.weekly_dashboard",
    ];
    assert_eq!(flow(&whole), expected);
    // Its live mode tells the same of what it was captured of, and of no table in which failures would be stored.
    let live = reports("dbt_ol_live");
    let known: BTreeSet<&str> = expected.into_iter().collect();
    let told = flow(&live);
    let strange: Vec<_> =
        told.iter().filter(|edge| !known.contains(edge.as_str()) && !edge.starts_with("WRITES")).collect();
    assert!(strange.is_empty() && told.len() >= 4, "{told:?}");
    for report in whole.values().chain(live.values()) {
        let keys: Vec<_> = report.collected.assets.iter().map(|asset| asset.key.as_str()).collect();
        assert!(keys.iter().all(|key| !key.contains("dbt_test__audit")), "{keys:?}");
    }
    let results = tests(whole.values());
    for result in [
        "SUCCEEDED unique_customers_customer_id(customer_id) of jaffle.customers",
        "FAILED assert_fail_on_purpose() of jaffle.orders_inc",
        "SUCCEEDED assert_positive_value() of jaffle.customers",
    ] {
        assert!(results.contains(result), "{result}: {results:?}");
    }
    let failed = &live["149_FAIL_test.jaffle.assert_fail_on_purpose"].collected.operations;
    assert_eq!((failed.len(), failed[0].status.as_str(), failed[0].failures), (1, "FAILED", Some(1)), "{failed:?}");
}

#[test]
fn columns_that_dbt_ol_follows_are_kept() {
    let reports = reports("dbt_ol");
    let customers = &reports["020_COMPLETE_postgres.jaffle.jaffle.customers.build.run"];
    let asset = customers.collected.assets.iter().find(|asset| asset.key.ends_with(".customers")).unwrap();
    assert!(asset.columns.iter().any(|column| column.name == "customer_id" && !column.kind.is_empty()), "{asset:?}");
    assert_eq!(asset.owners, ["analytics@example.com"]);
    let from = |name: &str| customers.collected.edges.iter().find(|edge| edge.from.ends_with(name)).unwrap();
    let columns: Vec<_> =
        from(".stg_customers").columns.iter().map(|column| (column.from.as_str(), column.to.as_str())).collect();
    assert!(columns.contains(&("first_name", "full_name")), "{columns:?}");
    let operation = &customers.collected.operations[0];
    assert_eq!((operation.kind.as_str(), operation.rows_affected), ("MATERIALISATION", Some(3)), "{operation:?}");
    assert!(operation.asset.ends_with(".customers") && operation.materialises());
}

#[test]
fn airflow_repeats_its_statements_under_new_runs_and_they_are_one() {
    let reports = reports("airflow");
    let flow: Vec<_> = edges(reports.values()).into_iter().filter(|edge| edge.starts_with("DERIVES")).collect();
    assert_eq!(flow, ["DERIVES public.raw_orders > public.orders"]);
    let statement = |name: &str| reports[name].collected.operations[0].external_id.clone();
    let first = statement("012_START_etl_orders.export.query.3");
    let again = statement("019_START_etl_orders.export.query.3");
    let other_task = statement("026_START_etl_orders.boom.query.3");
    assert_ne!(
        reports["012_START_etl_orders.export.query.3"].said.run,
        reports["019_START_etl_orders.export.query.3"].said.run
    );
    assert_eq!(first, again, "the same statement in the same task");
    assert_ne!(first, other_task, "another task");
    let failed = &reports["035_FAIL_etl_orders.boom"];
    let run = failed.said.run.as_ref().unwrap();
    assert_eq!((failed.state.unwrap(), run.parent.as_ref().unwrap().job.name.as_str()), (State::Fail, "etl_orders"));
    let operation = &failed.collected.operations[0];
    assert_eq!((operation.status.as_str(), operation.message.as_str()), ("FAILED", "boom on purpose"));
}

#[test]
fn the_python_client_tells_of_runs_datasets_and_jobs() {
    let reports = reports("client");
    let run = &reports["002_COMPLETE_load_orders"];
    assert_eq!(run.said.producer, "https://example.com/producer");
    assert_eq!(run.said.job.as_ref().unwrap().name, "load_orders");
    let edge = &run.collected.edges[0];
    assert_eq!((edge.kind, edge.columns[0].kind), (EdgeKind::Derives, ColumnUse::Identity));
    let done = &run.collected.operations[0];
    assert_eq!((done.rows_affected, done.bytes), (Some(10), Some(100)));
    assert!(tests([run]).contains("FAILED not_null(x) of postgres://db:5432/shop.public.a"), "{:?}", tests([run]));
    let owned = &reports["004__"];
    assert!(owned.said.job.is_none() && owned.said.run.is_none() && owned.collected.edges.is_empty());
    assert_eq!(owned.collected.assets[0].owners, ["team:x"]);
    let job = &reports["005__load_orders"];
    assert!(job.said.run.is_none() && job.collected.operations.is_empty());
    assert_eq!(job.collected.edges.len(), 1);
    // What failed wrote nothing that can be relied on, and what only began neither.
    for name in ["001_START_load_orders", "003_FAIL_load_orders"] {
        assert!(reports[name].collected.edges.is_empty(), "{name}");
    }
}

#[test]
fn the_same_event_is_the_same_however_often_it_is_sent() {
    let mut seen = BTreeMap::new();
    for client in ["client", "dbt_ol", "dbt_ol_live", "airflow"] {
        for (name, body) in sent(client) {
            assert_eq!(read(&body), read(&body));
            let before = seen.insert(read(&body).said.identity, name.clone());
            assert_eq!(before, None, "{name}");
        }
    }
}

fn run_event(changes: Value) -> Value {
    let dataset = |name: &str| json!({"namespace": "postgres://db", "name": name});
    let mut event = json!({
        "eventType": "COMPLETE", "eventTime": "2026-03-01T12:00:00Z", "producer": "p",
        "run": {"runId": "01a203d2-d739-7b7d-a872-04a13e9c0cdd"}, "job": {"namespace": "n", "name": "j"},
        "inputs": [dataset("s.p.a"), dataset("s.p.b")], "outputs": [dataset("s.p.t")],
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

#[test]
fn edges_run_per_output_and_never_from_everything_to_everything() {
    let dataset = |name: &str| json!({"namespace": "postgres://db", "name": name});
    let told = |name: &str, from: &str| {
        let input = json!({"namespace": "postgres://db", "name": from, "field": "x"});
        json!({"namespace": "postgres://db", "name": name, "facets": {"columnLineage": {"fields": {"y": {"inputFields": [input]}}}}})
    };
    let elsewhere = |from: &str| {
        let mut output = told("s.p.t", from);
        output["facets"]["columnLineage"]["fields"]["y"]["inputFields"][0]["namespace"] = json!("postgres://other");
        output
    };
    let test = json!({"namespace": "n", "name": "j", "facets": {"jobType": {"jobType": "TEST", "integration": "X"}}});
    let cases = [
        // An origin that is no input: dbt-ol leaves seeds out, and takes a common table expression for a table.
        (json!({"outputs": [told("s.p.t", "s.p.seed")]}), vec!["DERIVES a > t", "DERIVES b > t", "DERIVES seed > t"]),
        (json!({"outputs": [told("s.p.t", "cte")]}), vec!["DERIVES a > t", "DERIVES b > t"]),
        (json!({"outputs": [told("s.p.t", "s.cte")]}), vec!["DERIVES a > t", "DERIVES b > t"]),
        (json!({"outputs": [elsewhere("s.p.seed")]}), vec!["DERIVES a > t", "DERIVES b > t"]),
        (json!({"inputs": [], "outputs": [told("s.p.t", "s.p.seed")]}), vec!["DERIVES seed > t"]),
        (json!({}), vec!["DERIVES a > t", "DERIVES b > t"]),
        (json!({"outputs": [told("s.p.t", "s.p.a"), told("s.p.u", "s.p.b")]}), vec!["DERIVES a > t", "DERIVES b > u"]),
        (
            json!({"outputs": [told("s.p.t", "s.p.a"), dataset("s.p.u")]}),
            vec!["DERIVES a > t", "READS b > ", "WRITES  > u"],
        ),
        (json!({"outputs": []}), vec!["READS a > ", "READS b > "]),
        (json!({"inputs": []}), vec!["WRITES  > t"]),
        // An update in place comes of itself, which is no edge.
        (json!({"inputs": [dataset("s.p.t")]}), vec!["WRITES  > t"]),
        (json!({"inputs": [dataset("S.P.A"), dataset("s.p.a")]}), vec!["DERIVES a > t"]),
        (json!({"eventType": "RUNNING"}), vec!["DERIVES a > t", "DERIVES b > t"]),
        (json!({"eventType": "START"}), vec![]),
        (json!({"eventType": "FAIL"}), vec![]),
        (json!({"eventType": "ABORT"}), vec![]),
        (json!({"eventType": "FAIL", "job": test}), vec!["TESTS a > ", "TESTS b > "]),
        (json!({"inputs": null, "outputs": null}), vec![]),
    ];
    for (changes, expected) in cases {
        let report = read(&run_event(changes.clone()));
        let found: Vec<_> =
            edges([&report]).into_iter().map(|edge| edge.replace("postgres://db:5432/s.p.", "")).collect();
        assert_eq!(found, expected, "{changes}");
    }
}

/// Great Expectations leaves out the port and the database, and tells them in the facet `dataSource`.
#[test]
fn a_name_that_is_not_whole_is_completed_by_the_source_of_its_data() {
    let cases = [
        (
            "postgresql+psycopg2://db",
            "raw.Orders",
            "postgresql+psycopg2://db:5433/shop",
            "postgres://db:5433/shop.raw.orders",
        ),
        ("postgresql://db", "orders", "postgresql://u@db/shop?sslmode=off", "postgres://db:5432/shop.public.orders"),
        ("mssql+pyodbc://db", "orders", "mssql+pyodbc://db:1433/shop", "mssql://db:1433/shop.dbo.orders"),
        ("postgresql://db", "orders", "postgresql://db:5433/a.b\"c", "postgres://db:5433/a.b\"c.public.orders"),
        // Nothing is missing, nobody tells it, or it is told of something else.
        ("postgres://db", "shop.raw.orders", "postgres://db:5433/other", "postgres://db:5432/shop.raw.orders"),
        ("postgres://db", "raw.orders", "postgres://db:5433", "postgres://db:5432/raw.orders"),
        ("postgres://db", "raw.orders", "postgres://db:5433/", "postgres://db:5432/raw.orders"),
        ("postgres://db", "raw.orders", "postgres://other:5432/shop", "postgres://db:5432/raw.orders"),
        ("postgres://db", "raw.orders", "mysql://db:5432/shop", "postgres://db:5432/raw.orders"),
        ("mysql://db", "shop.orders", "mysql://db:3307/other", "mysql://db:3306/shop.orders"),
    ];
    for (namespace, name, uri, expected) in cases {
        let dataset =
            json!({"namespace": namespace, "name": name, "facets": {"dataSource": {"name": "x", "uri": uri}}});
        let report = read(&run_event(json!({"inputs": [dataset], "outputs": []})));
        let keys: Vec<_> = report.collected.assets.iter().map(|asset| asset.key.as_str()).collect();
        assert_eq!(keys, [expected], "{namespace} {name} {uri}");
        assert_eq!(report.collected.assets[0].name, "orders");
    }
}

#[test]
fn results_of_great_expectations_are_tests() {
    let assertions = json!([
        {"expectationType": "expect_column_values_to_not_be_null", "success": false, "column": "id"},
        {"expectationType": "expect_table_row_count_to_be_between", "success": true, "column": null},
        {"expectationType": "expect_nothing_of_the_kind"},
    ]);
    let checked = json!({"namespace": "postgres://db", "name": "s.p.a", "inputFacets": {"greatExpectations_assertions": {"assertions": assertions}}});
    let report = read(&run_event(json!({"inputs": [checked], "outputs": []})));
    let found: Vec<_> = tests([&report]).into_iter().map(|test| test.replace("postgres://db:5432/", "")).collect();
    assert_eq!(
        found,
        [
            "FAILED expect_column_values_to_not_be_null(id) of s.p.a",
            "SUCCEEDED expect_table_row_count_to_be_between() of s.p.a",
        ]
    );
}

#[test]
fn facets_that_are_not_what_they_should_be_count_as_absent() {
    let strange = [
        json!({"facets": {"schema": 7, "columnLineage": [], "ownership": {"owners": {}}, "symlinks": {"identifiers": [7]}}}),
        json!({"facets": {"schema": {"_deleted": true, "fields": [{"name": "x"}]}}}),
        json!({"facets": {"schema": {"fields": [{"nam": "x"}, 7, null]}, "unknown": {"a": {"b": [1]}}}}),
        json!({"facets": null, "outputFacets": {"outputStatistics": {"rowCount": -7, "size": "many"}}}),
    ];
    for extra in strange {
        let mut dataset = json!({"namespace": "postgres://db", "name": "s.p.t"});
        dataset.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let report = read(&run_event(json!({"outputs": [dataset]})));
        let asset = report.collected.assets.iter().find(|asset| asset.key.ends_with(".t")).unwrap();
        assert!(asset.columns.is_empty() && asset.owners.is_empty() && asset.aliases.is_empty(), "{extra}");
        let done = &report.collected.operations[0];
        assert_eq!((done.rows_affected, done.bytes), (None, None), "{extra}");
    }
}

#[test]
fn what_is_no_event_is_refused_with_place_and_reason() {
    let without = |name: &str| {
        let mut event = run_event(json!({}));
        event.as_object_mut().unwrap().remove(name);
        event
    };
    let mut about_nothing = without("run");
    about_nothing.as_object_mut().unwrap().remove("job");
    let cases = [
        (json!([]), "event: is no JSON object"),
        (without("eventTime"), "eventTime: is missing"),
        (run_event(json!({"eventTime": "yesterday"})), "eventTime: is \"yesterday\""),
        (run_event(json!({"run": {}})), "run.runId: is missing"),
        (run_event(json!({"run": {"runId": "7"}})), "run.runId: is \"7\", and no UUID"),
        (run_event(json!({"eventType": "DONE"})), "eventType: is \"DONE\""),
        (run_event(json!({"job": {"name": "j"}})), "job.namespace: is missing"),
        (run_event(json!({"job": {"namespace": "n", "name": " "}})), "job.name: is missing"),
        (without("job"), "job: is missing"),
        (about_nothing, "event: has no run, no job and no dataset"),
    ];
    for (body, expected) in cases {
        let refused = event(&serde_json::to_vec(&body).unwrap()).unwrap_err().to_string();
        assert!(refused.starts_with(expected), "{refused}");
    }
    for (bytes, expected) in [
        (b"{".to_vec(), "event: is no JSON"),
        (vec![b' '; EVENT_BYTES_MAX + 1], "event: has 16777217 bytes"),
        ([vec![b'['; 500], vec![b']'; 500]].concat(), "event: is no JSON"),
    ] {
        let refused = event(&bytes).unwrap_err().to_string();
        assert!(refused.starts_with(expected), "{refused}");
    }
}

#[test]
fn a_large_report_comes_in_parts_that_hold_all_of_it() {
    let field = |number: usize| json!({"name": format!("column_{number}_{}", "x".repeat(60)), "type": "VARCHAR"});
    let fields: Vec<Value> = (0..1_000).map(field).collect();
    let dataset = |number: usize| json!({"namespace": "postgres://db", "name": format!("s.p.t{number}"), "facets": {"schema": {"fields": fields}}});
    let inputs: Vec<Value> = (0..20).map(dataset).collect();
    let report = read(&run_event(json!({"inputs": inputs})));
    let parts = parts(report.clone());
    assert!(parts.len() > 3, "{}", parts.len());
    assert!(parts.iter().enumerate().all(|(place, part)| part.part as usize == place && part.said == report.said));
    let count = |of: fn(&Collected) -> usize| -> usize { parts.iter().map(|part| of(&part.collected)).sum() };
    assert_eq!(count(|part| part.assets.len()), report.collected.assets.len());
    assert_eq!(count(|part| part.operations.len()), report.collected.operations.len());
    assert_eq!(count(|part| part.edges.len()), report.collected.edges.len());
    assert_eq!(downbeat_lineage::openlineage::parts(read(&run_event(json!({})))).len(), 1);
}

#[test]
fn files_of_events_are_read_to_the_first_thing_that_is_no_json() {
    let one = run_event(json!({})).to_string();
    let cases = [
        (String::new(), vec![]),
        (one.clone(), vec![true]),
        (format!("{one}\n{one}\n\n{one}"), vec![true, true, true]),
        (format!("[{one}, 7]{one}"), vec![true, false, true]),
        (format!("{one}\n{{\n{one}"), vec![true, false]),
    ];
    for (text, expected) in cases {
        let read: Vec<_> = all(text.as_bytes(), 100).iter().map(Result::is_ok).collect();
        assert_eq!(read, expected, "{text}");
    }
    // No more than were asked for, and then a word that there were more.
    for text in [format!("{one}{one}{one}"), format!("[{one}, {one}, {one}]")] {
        let read: Vec<_> = all(text.as_bytes(), 2).iter().map(Result::is_ok).collect();
        assert_eq!(read, [true, true, false], "{text}");
    }
}

#[test]
fn a_batch_is_taken_event_by_event() {
    let events = json!([run_event(json!({})), 7, run_event(json!({"eventType": "START"}))]);
    let taken = batch(&serde_json::to_vec(&events).unwrap()).unwrap();
    assert_eq!(taken.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert!(batch(b"{}").unwrap_err().to_string().contains("no JSON array"));
    let many = format!("[{}]", vec!["0"; EVENTS_PER_BATCH_MAX + 1].join(","));
    assert!(batch(many.as_bytes()).unwrap_err().to_string().contains("at most 10000"));
}
