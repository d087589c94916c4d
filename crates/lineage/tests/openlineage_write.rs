//! Our own runs as events of OpenLineage: what our reader makes of them, and what stands in them.

#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

use std::collections::BTreeSet;

use downbeat_domain::{
    RunId,
    metadata::{Asset, AssetColumn, Collected, ColumnEdge, ColumnUse, EdgeKind, LineageEdge, Operation},
};
use downbeat_lineage::openlineage::{
    Report, State, event,
    jobs::{NAMESPACE, job_name},
    write::{Around, Change, Of, change, operations},
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

fn at() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn of(job: &str, number: u8) -> Of {
    Of { job: job.to_owned(), run: [number; 16] }
}

/// A task run of a run that nothing started.
fn around() -> Around {
    Around { parent: Some(of("daily", 1)), root: None }
}

fn task() -> Of {
    of("daily.load", 2)
}

/// The ends of what was done; each follows its beginning.
fn told(collected: &Collected) -> Vec<Value> {
    let told = operations(collected, &task(), &around(), "POSTGRES", 1, at());
    for run in told.chunks(2) {
        assert_eq!(run[0]["eventType"], json!("START"));
        assert_eq!((&run[0]["run"]["runId"], &run[0]["job"]), (&run[1]["run"]["runId"], &run[1]["job"]));
        assert!(run[0]["eventTime"].as_str().unwrap() <= run[1]["eventTime"].as_str().unwrap());
        assert_eq!((&run[0]["inputs"], &run[0]["outputs"]), (&json!([]), &json!([])));
    }
    told.chunks(2).map(|run| run[1].clone()).collect()
}

fn read(told: &Value) -> Report {
    event(&serde_json::to_vec(told).unwrap()).unwrap()
}

/// What edges say, without the operation that they are of.
fn said<'a>(edges: impl IntoIterator<Item = &'a LineageEdge>) -> BTreeSet<String> {
    let columns = |edge: &LineageEdge| {
        let columns = edge.columns.iter().map(|it| format!("{}>{}:{}", it.from, it.to, it.kind.as_str()));
        columns.collect::<BTreeSet<String>>().into_iter().collect::<Vec<_>>().join(",")
    };
    let line = |edge: &&LineageEdge| format!("{} {} > {} [{}]", edge.kind.as_str(), edge.from, edge.to, columns(edge));
    edges.into_iter().map(|edge| line(&edge)).collect()
}

fn read_back(collected: &Collected) -> BTreeSet<String> {
    let reports: Vec<Report> = told(collected).iter().map(read).collect();
    said(reports.iter().flat_map(|report| &report.collected.edges))
}

fn table(name: &str) -> String {
    format!("postgres://db:5432/shop.public.{name}")
}

fn edge(operation: &str, kind: EdgeKind, from: &str, to: &str, columns: &[(&str, &str, ColumnUse)]) -> LineageEdge {
    let key = |name: &str| if name.is_empty() { String::new() } else { table(name) };
    let column = |(from, to, kind): &(&str, &str, ColumnUse)| ColumnEdge {
        from: (*from).to_owned(),
        to: (*to).to_owned(),
        kind: *kind,
    };
    let columns = columns.iter().map(column).collect();
    LineageEdge { from: key(from), to: key(to), operation: operation.to_owned(), kind, columns }
}

fn operation(id: &str, kind: &str, status: &str) -> Operation {
    Operation {
        external_id: id.to_owned(),
        name: id.to_owned(),
        kind: kind.to_owned(),
        status: status.to_owned(),
        ..Operation::default()
    }
}

#[test]
fn edges_are_read_back_as_they_were_per_output_and_with_their_columns() {
    use ColumnUse::{Aggregation, Filter, Identity, Unknown};
    let edges = vec![
        edge("a", EdgeKind::Derives, "orders", "daily", &[("amount", "total", Aggregation), ("state", "", Filter)]),
        edge("a", EdgeKind::Derives, "customers", "daily", &[("name", "name", Identity), ("id", "name", Unknown)]),
        // Two outputs of one operation: each of its own inputs.
        edge("b", EdgeKind::Derives, "orders", "left", &[]),
        edge("b", EdgeKind::Derives, "daily", "right", &[]),
        edge("c", EdgeKind::Writes, "", "landed", &[]),
        edge("d", EdgeKind::Reads, "landed", "", &[]),
        edge("d", EdgeKind::Reads, "orders", "", &[]),
        edge("e", EdgeKind::Tests, "daily", "", &[]),
    ];
    let operations = ["a", "b", "c", "d"].map(|id| operation(id, "QUERY", "SUCCEEDED")).to_vec();
    let collected = Collected { operations, assets: Vec::new(), edges };
    assert_eq!(read_back(&collected), said(&collected.edges));
}

#[test]
fn what_failed_tells_of_no_edges_and_says_why() {
    let mut failed = operation("a", "QUERY", "FAILED");
    failed.message = "no such table".to_owned();
    let edges = vec![edge("a", EdgeKind::Derives, "orders", "daily", &[])];
    let collected = Collected { operations: vec![failed], assets: Vec::new(), edges };
    let told = told(&collected);
    assert_eq!(told[0]["eventType"], json!("FAIL"));
    assert_eq!(told[0]["run"]["facets"]["errorMessage"]["message"], json!("no such table"));
    assert_eq!(read_back(&collected), BTreeSet::new());
}

#[test]
fn an_event_names_its_parent_its_root_and_what_is_known_of_datasets() {
    let asset = Asset {
        key: table("daily"),
        kind: "TABLE".to_owned(),
        description: "sums".to_owned(),
        owners: vec!["data".to_owned()],
        columns: vec![AssetColumn { name: "total".to_owned(), kind: "numeric".to_owned(), description: String::new() }],
        ..Asset::default()
    };
    let mut built = operation("daily", "MATERIALISATION", "SUCCEEDED");
    (built.asset, built.rows_affected, built.bytes) = (table("daily"), Some(42), Some(1_024));
    built.completed_at = Some(Timestamp::from_second(1_700_000_009).unwrap());
    let edges =
        vec![edge("daily", EdgeKind::Derives, "orders", "daily", &[("amount", "total", ColumnUse::Aggregation)])];
    let told = told(&Collected { operations: vec![built], assets: vec![asset], edges });
    assert_eq!(told.len(), 1);
    let (run, output) = (&told[0]["run"], &told[0]["outputs"][0]);
    assert_eq!(told[0]["eventTime"], json!("2023-11-14T22:13:29Z"));
    assert_eq!(told[0]["job"]["namespace"], json!(NAMESPACE));
    assert_eq!(told[0]["job"]["name"], json!("daily.load.daily"));
    assert_eq!(told[0]["job"]["facets"]["jobType"]["jobType"], json!("MODEL"));
    let parent = &run["facets"]["parent"];
    assert_eq!(
        (&parent["run"]["runId"], &parent["job"]["name"]),
        (&json!(RunId([2; 16]).to_string()), &json!("daily.load"))
    );
    let root = &parent["root"];
    assert_eq!((&root["run"]["runId"], &root["job"]["name"]), (&json!(RunId([1; 16]).to_string()), &json!("daily")));
    assert_eq!((&output["namespace"], &output["name"]), (&json!("postgres://db:5432"), &json!("shop.public.daily")));
    assert_eq!(output["facets"]["schema"]["fields"], json!([{"name": "total", "type": "numeric"}]));
    assert_eq!(output["facets"]["documentation"]["description"], json!("sums"));
    assert_eq!(output["facets"]["ownership"]["owners"], json!([{"name": "data"}]));
    assert_eq!(output["outputFacets"]["outputStatistics"]["rowCount"], json!(42));
    assert_eq!(output["outputFacets"]["outputStatistics"]["size"], json!(1_024));
    let field = &output["facets"]["columnLineage"]["fields"]["total"]["inputFields"][0];
    let told_of = json!([{"type": "DIRECT", "subtype": "AGGREGATION", "description": "", "masking": false}]);
    assert_eq!((&field["field"], &field["transformations"]), (&json!("amount"), &told_of));
    assert_eq!(run["facets"]["processing_engine"]["name"], json!("downbeat"));
    let schema = &output["facets"]["columnLineage"]["_schemaURL"];
    assert_eq!(
        *schema,
        json!(
            "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
        )
    );
}

#[test]
fn tests_are_read_back_with_what_they_found() {
    let test = |id: &str, status: &str, column: &str, severity: &str, actual: &str| Operation {
        asset: table("daily"),
        column: column.to_owned(),
        severity: severity.to_owned(),
        actual: actual.to_owned(),
        ..operation(id, "TEST", status)
    };
    let operations = vec![
        test("unique", "SUCCEEDED", "id", "", ""),
        test("not_null", "FAILED", "total", "ERROR", "3"),
        test("fresh", "WARNING", "", "WARN", "2"),
        // It was not made.
        test("skipped", "SKIPPED", "", "", ""),
    ];
    let reports: Vec<Report> =
        told(&Collected { operations, assets: Vec::new(), edges: Vec::new() }).iter().map(read).collect();
    let found: BTreeSet<String> = reports
        .iter()
        .flat_map(|report| &report.collected.operations)
        .filter(|done| done.kind == "TEST")
        .map(|test| format!("{} {}({}) {} {}", test.status, test.name, test.column, test.severity, test.actual))
        .collect();
    let expected = ["FAILED not_null(total) ERROR 3", "SUCCEEDED unique(id)  ", "WARNING fresh() WARN 2"];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn the_same_facts_give_the_same_events_and_different_ones_different_runs() {
    let edges = vec![
        edge("b", EdgeKind::Derives, "orders", "left", &[]),
        edge("b", EdgeKind::Derives, "daily", "right", &[]),
        edge("c", EdgeKind::Derives, "daily", "right", &[]),
    ];
    let collected = Collected { operations: Vec::new(), assets: Vec::new(), edges };
    assert_eq!(told(&collected), told(&collected));
    let runs: BTreeSet<String> = told(&collected).iter().map(|it| it["run"]["runId"].to_string()).collect();
    assert_eq!(runs.len(), 3);
    // Another attempt does the same in runs of its own: what failed before is not what goes well now.
    let again = operations(&collected, &task(), &around(), "POSTGRES", 2, at());
    assert!(again.iter().all(|it| !runs.contains(&it["run"]["runId"].to_string())));
}

#[test]
fn an_operation_begins_when_it_says_and_never_after_its_end() {
    let second = |second: i64| Some(Timestamp::from_second(1_700_000_000 + second).unwrap());
    for (began, ended, expected) in [
        (second(-5), second(3), ["2023-11-14T22:13:15Z", "2023-11-14T22:13:23Z"]),
        (second(9), second(3), ["2023-11-14T22:13:23Z", "2023-11-14T22:13:23Z"]),
        (None, second(3), ["2023-11-14T22:13:23Z", "2023-11-14T22:13:23Z"]),
        (None, None, ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z"]),
    ] {
        let done =
            Operation { started_at: began, completed_at: ended, ..operation("a", "MATERIALISATION", "SUCCEEDED") };
        let edges = vec![edge("a", EdgeKind::Derives, "orders", "daily", &[])];
        let collected = Collected { operations: vec![done], assets: Vec::new(), edges };
        let told = operations(&collected, &task(), &around(), "POSTGRES", 1, at());
        let times: Vec<&str> = told.iter().map(|it| it["eventTime"].as_str().unwrap()).collect();
        assert_eq!(times, expected, "{began:?} to {ended:?}");
    }
}

#[test]
fn changes_of_runs_are_read_back_with_their_parents() {
    for (state, error) in [(State::Start, ""), (State::Complete, ""), (State::Fail, "exit code 1"), (State::Abort, "")]
    {
        let (of, around) = (task(), Around { parent: Some(of("daily", 1)), root: Some(of("outer", 9)) });
        let told = Change {
            of: &of,
            around: &around,
            state,
            at: at(),
            job_type: "TASK",
            integration: "PYTHON",
            error,
            description: "Load",
            nominal: Some(at()),
        };
        assert_eq!(change(&told)["run"]["facets"]["nominalTime"]["nominalStartTime"], json!("2023-11-14T22:13:20Z"));
        let report = read(&change(&told));
        let run = report.said.run.as_ref().unwrap();
        assert_eq!((report.state, run.id, report.said.said_at), (Some(state), [2; 16], at()));
        let (parent, root) = (run.parent.as_ref().unwrap(), run.root.as_ref().unwrap());
        assert_eq!((parent.run, parent.job.name.as_str()), ([1; 16], "daily"));
        assert_eq!((root.run, root.job.name.as_str()), ([9; 16], "outer"));
        assert_eq!(report.collected.operations[0].message, error);
    }
}

#[test]
fn no_name_of_a_job_holds_a_slash() {
    for (pipeline, task, expected) in [
        ("daily", Some("load"), "daily.load"),
        ("daily", None, "daily"),
        ("daily", Some("a/b"), "daily.a%2Fb"),
        ("daily", Some("50%"), "daily.50%25"),
        ("daily load", Some("größe"), "daily%20load.gr%C3%B6%C3%9Fe"),
        ("a-b_c.d~e", None, "a-b_c.d~e"),
    ] {
        assert_eq!(job_name(pipeline, task), expected);
    }
}

fn any_edge() -> impl Strategy<Value = LineageEdge> {
    let columns = prop::collection::vec((0..3u8, 0..3u8, 0..10usize), 0..4);
    (0..4u8, 0..4u8, 0..6u8, 0..6u8, columns).prop_map(|(operation, kind, from, to, columns)| {
        let columns = columns.into_iter().map(|(from, to, kind)| {
            let kind = ColumnUse::ALL[kind];
            // What decides about rows decides about all columns.
            let to = if kind.is_direct() { format!("c{to}") } else { String::new() };
            ColumnEdge { from: format!("c{from}"), to, kind }
        });
        // That nobody knows how a column is used cannot be told beside a use that somebody knows.
        let mut columns: Vec<ColumnEdge> = columns.collect();
        let known: BTreeSet<(String, String)> = columns
            .iter()
            .filter(|column| column.kind != ColumnUse::Unknown)
            .map(|column| (column.from.clone(), column.to.clone()))
            .collect();
        columns.retain(|it| it.kind != ColumnUse::Unknown || !known.contains(&(it.from.clone(), it.to.clone())));
        let (from, to) = (format!("from{from}"), format!("to{to}"));
        let operation = format!("o{operation}");
        match kind {
            0 => LineageEdge { columns, ..edge(&operation, EdgeKind::Derives, &from, &to, &[]) },
            1 => edge(&operation, EdgeKind::Reads, &from, "", &[]),
            2 => edge(&operation, EdgeKind::Tests, &from, "", &[]),
            _ => edge(&operation, EdgeKind::Derives, &from, &to, &[]),
        }
    })
}

proptest! {
    #[test]
    fn whatever_is_told_is_read_back(edges in prop::collection::vec(any_edge(), 0..12)) {
        // An edge stands once per operation.
        let mut once = std::collections::BTreeMap::new();
        for edge in edges {
            once.entry((edge.operation.clone(), edge.from.clone(), edge.to.clone())).or_insert(edge);
        }
        let edges: Vec<LineageEdge> = once.into_values().collect();
        let collected = Collected { operations: Vec::new(), assets: Vec::new(), edges };
        prop_assert_eq!(read_back(&collected), said(&collected.edges));
    }
}
