//! What is known of an asset, as its callers see it: tests, columns, use.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::sync::Arc;

use downbeat_domain::{
    Event,
    metadata::{Asset, AssetColumn, Collected, EdgeKind, LineageEdge, Operation},
};
use downbeat_proto::metadata::v1 as wire;
use support::{
    service::{Given, given},
    *,
};

/// Names and types.
type Columns = &'static [(&'static str, &'static str)];

const TABLE: &str = "db/main.t";

fn said(run: u32, task: u32, chunk: u32, collected: Collected) -> Event {
    Event::OperationsCollected { attempt: attempt(run_id(run), task, 1), chunk, collected: Arc::new(collected) }
}

fn test(name: &str, status: &str) -> Operation {
    Operation {
        external_id: name.into(),
        name: name.into(),
        kind: "TEST".into(),
        status: status.into(),
        asset: TABLE.into(),
        failures: Some(u64::from(status == "FAILED")),
        severity: "ERROR".into(),
        expected: "0".into(),
        actual: "1".into(),
        ..Operation::default()
    }
}

fn tests(results: &[(&str, &str)]) -> Collected {
    let operations = results.iter().map(|(name, status)| test(name, status)).collect();
    Collected { operations, ..Collected::default() }
}

fn columns(columns: &[(&str, &str)]) -> Collected {
    let column =
        |(name, kind): &(&str, &str)| AssetColumn { name: (*name).into(), kind: (*kind).into(), ..Default::default() };
    let asset = Asset { key: TABLE.into(), columns: columns.iter().map(column).collect(), ..Asset::default() };
    Collected { assets: vec![asset], ..Collected::default() }
}

fn uses(edges: &[(EdgeKind, &str)]) -> Collected {
    let edge = |(kind, to): &(EdgeKind, &str)| LineageEdge {
        from: TABLE.into(),
        to: (*to).into(),
        kind: *kind,
        ..LineageEdge::default()
    };
    Collected { edges: edges.iter().map(edge).collect(), ..Collected::default() }
}

impl Given {
    async fn asset(&mut self) -> wire::GetAssetResponse {
        let at_least = service::end(&self.log).await;
        let request = wire::GetAssetRequest { asset: "t".into(), at_least };
        self.service.assets.get_asset(request).await.unwrap().into_inner()
    }
}

#[tokio::test]
async fn results_of_tests_are_kept_and_the_latest_decide() {
    let mut given = given("quality").await;
    at_second(&given.log, 10, vec![said(0, 0, 0, tests(&[("unique", "SUCCEEDED"), ("not_null", "FAILED")]))]).await;
    at_second(&given.log, 20, vec![said(1, 0, 0, tests(&[("unique", "SUCCEEDED"), ("not_null", "FAILED")]))]).await;
    let row = given.asset().await.asset.unwrap();
    assert_eq!(row.status, "UNHEALTHY");
    let broken = row.tests.iter().find(|test| test.name == "not_null").unwrap();
    assert_eq!((broken.at, broken.since), (at(20).as_microsecond(), at(10).as_microsecond()));
    assert_eq!((broken.severity.as_str(), broken.expected.as_str(), broken.actual.as_str()), ("ERROR", "0", "1"));
    assert_eq!((broken.task.as_str(), broken.pipeline_id.clone()), ("t0", pipeline_id().to_string()));
    at_second(&given.log, 30, vec![said(2, 0, 0, tests(&[("not_null", "SUCCEEDED")]))]).await;
    assert_eq!(given.asset().await.asset.unwrap().status, "HEALTHY");

    let all = wire::ListTestResultsRequest { asset: "t".into(), ..Default::default() };
    let list = given.service.assets.list_test_results(all.clone()).await.unwrap().into_inner().results;
    let mut seen: Vec<_> = list.iter().map(|test| (-test.at, test.name.as_str(), test.status.as_str())).collect();
    assert!(seen.is_sorted_by_key(|(at, ..)| *at), "newest first");
    seen.sort_unstable();
    let micros = |second: i64| -at(second).as_microsecond();
    let expected = [
        (micros(30), "not_null", "SUCCEEDED"),
        (micros(20), "not_null", "FAILED"),
        (micros(20), "unique", "SUCCEEDED"),
        (micros(10), "not_null", "FAILED"),
        (micros(10), "unique", "SUCCEEDED"),
    ];
    assert_eq!(seen, expected);
    let one = wire::ListTestResultsRequest { name: "unique".into(), page_size: 1, ..all };
    let page = given.service.assets.list_test_results(one.clone()).await.unwrap().into_inner();
    assert_eq!((page.results.len(), page.next_page_token.is_empty()), (1, false));
    given.service.stop().await;
}

#[tokio::test]
async fn columns_that_change_are_told_once() {
    let mut given = given("schema").await;
    let told: [(i64, u32, Columns); 6] = [
        (10, 0, &[("id", "int"), ("name", "text")]),
        (20, 1, &[("id", "int"), ("name", "text")]),
        // A reporter that knows no types says nothing about them.
        (30, 2, &[("id", ""), ("name", "")]),
        (40, 3, &[("id", "bigint"), ("name", "text"), ("new", "date")]),
        (50, 4, &[]),
        (60, 5, &[("id", "bigint"), ("new", "date")]),
    ];
    for (second, run, described) in told {
        at_second(&given.log, second, vec![said(run, 0, 0, columns(described))]).await;
    }
    let shown = given.asset().await.asset.unwrap().asset.unwrap().columns;
    assert_eq!(shown.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["id", "new"]);
    for asset in ["t", ""] {
        let at_least = service::end(&given.log).await;
        let request = wire::ListSchemaChangesRequest { asset: asset.into(), at_least, ..Default::default() };
        let list = given.service.assets.list_schema_changes(request).await.unwrap().into_inner().changes;
        let seen: Vec<_> = list
            .iter()
            .map(|change| {
                let columns = change.columns.iter().map(|column| format!("{} {}", column.name, column.change));
                (change.at, change.run_id.clone(), change.task.as_str(), columns.collect::<Vec<_>>().join(", "))
            })
            .collect();
        let second = |second: i64| at(second).as_microsecond();
        let expected = [
            (second(60), run_id(5).to_string(), "t0", "name REMOVED".to_owned()),
            (second(40), run_id(3).to_string(), "t0", "id TYPE_CHANGED, new ADDED".to_owned()),
        ];
        assert_eq!(seen, expected, "of `{asset}`");
    }
    given.service.stop().await;
}

#[tokio::test]
async fn use_is_counted_by_report_and_by_who() {
    let mut given = given("usage").await;
    let edges = [(EdgeKind::Derives, "db/main.a"), (EdgeKind::Derives, "db/main.b"), (EdgeKind::Exposes, "dbt/board")];
    // Both parts of one report.
    at_second(&given.log, 10, vec![said(0, 0, 0, uses(&edges)), said(0, 0, 1, uses(&edges[..1]))]).await;
    at_second(&given.log, 20, vec![said(1, 0, 0, uses(&edges)), said(1, 1, 0, uses(&[(EdgeKind::Reads, "")]))]).await;
    // Tests are no use, and an update in place is none of another.
    at_second(&given.log, 30, vec![said(2, 2, 0, uses(&[(EdgeKind::Tests, ""), (EdgeKind::Derives, TABLE)]))]).await;
    let answer = given.asset().await;
    let seen: Vec<_> = answer
        .consumers
        .iter()
        .map(|one| (one.kind.as_str(), one.name.as_str(), one.uses, one.first_used_at, one.last_used_at))
        .collect();
    let second = |second: i64| at(second).as_microsecond();
    let expected = [
        ("EXPOSURE", "dbt/board", 2, second(10), second(20)),
        ("TASK", "t0", 2, second(10), second(20)),
        ("TASK", "t1", 1, second(20), second(20)),
    ];
    assert_eq!(seen, expected);
    let usage = answer.usage.unwrap();
    assert_eq!((usage.uses, usage.last_used_at), (3, second(20)));
    assert_eq!(usage.days.iter().map(|day| day.uses).sum::<u32>(), 3);
    assert_eq!((answer.upstream, answer.downstream), (0, 3));
    given.service.stop().await;
}
