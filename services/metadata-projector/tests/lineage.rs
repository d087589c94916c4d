//! Lineage over all runs, as its callers see it: reports of tasks come in, questions go out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests too")]

mod support;

use std::sync::Arc;

use downbeat_domain::{
    Event, RunId,
    metadata::{Asset, AssetColumn, Collected, ColumnEdge, ColumnUse, EdgeKind, LineageEdge, Operation},
};
use downbeat_proto::metadata::v1::{self as wire, LineageDirection};
use support::{
    service::{Given, given},
    *,
};
use tonic::Code;

/// `a > b: x=y, z~` = b was made of a, column y of column x, and z decided which rows there are.
fn edge(text: &str) -> LineageEdge {
    let (ends, columns) = text.split_once(':').unwrap_or((text, ""));
    let (from, to, kind) = match (ends.split_once('>'), ends.split_once("=>")) {
        (_, Some((from, to))) => (from, to, EdgeKind::Exposes),
        (Some((from, to)), _) => (from, to, EdgeKind::Derives),
        _ => panic!("{text}: no edge"),
    };
    let column = |column: &str| match column.trim().split_once('=') {
        Some((from, to)) => ColumnEdge { from: from.into(), to: to.into(), kind: ColumnUse::Identity },
        None => {
            let from = column.trim().trim_end_matches('~').to_owned();
            ColumnEdge { from, to: String::new(), kind: ColumnUse::Filter }
        }
    };
    let columns = columns.split(',').filter(|column| !column.trim().is_empty()).map(column).collect();
    let key = |name: &str| if name.trim().is_empty() { String::new() } else { format!("db/main.{}", name.trim()) };
    let kind = if from.trim().is_empty() { EdgeKind::Writes } else { kind };
    LineageEdge { from: key(from), to: key(to), operation: "op".into(), kind, columns }
}

fn asset(name: &str) -> Asset {
    Asset { key: format!("db/main.{name}"), name: name.into(), kind: "TABLE".into(), ..Asset::default() }
}

fn said(run: RunId, task: u32, chunk: u32, collected: Collected) -> Event {
    Event::OperationsCollected { attempt: attempt(run, task, 1), chunk, collected: Arc::new(collected) }
}

/// What a task of a run says, in one part.
fn report(run: u32, task: u32, edges: &[&str]) -> Event {
    let edges: Vec<_> = edges.iter().map(|text| edge(text)).collect();
    let ends = edges.iter().flat_map(|edge| [&edge.from, &edge.to]).filter(|key| !key.is_empty());
    let mut assets: Vec<_> = ends.map(|key| asset(key.trim_start_matches("db/main."))).collect();
    assets.dedup();
    said(run_id(run), task, 0, Collected { assets, edges, ..Collected::default() })
}

fn micros(second: i64) -> i64 {
    at(second).as_microsecond()
}

/// Assets and the columns of them that are reached.
type Reached = &'static [(&'static str, &'static str)];
type Names = &'static [&'static str];

impl Given {
    async fn lineage(&mut self, request: wire::GetLineageRequest) -> Result<wire::GetLineageResponse, tonic::Status> {
        let at_least = service::end(&self.log).await;
        let request = wire::GetLineageRequest { at_least, ..request };
        self.service.lineage.get_lineage(request).await.map(tonic::Response::into_inner)
    }

    /// Edges as `a>b`, in order.
    async fn edges(&mut self, asset: &str, direction: LineageDirection, depth: u32, at_time: i64) -> Vec<String> {
        let direction = direction.into();
        let request = wire::GetLineageRequest { asset: asset.into(), direction, depth, at_time, ..Default::default() };
        shown(&self.lineage(request).await.unwrap().edges)
    }
}

fn shown(edges: &[wire::AssetEdge]) -> Vec<String> {
    let short = |key: &str| key.trim_start_matches("db/main.").to_owned();
    edges.iter().map(|edge| format!("{}>{}", short(&edge.from), short(&edge.to))).collect()
}

const BOTH: LineageDirection = LineageDirection::Both;
const UP: LineageDirection = LineageDirection::Upstream;
const DOWN: LineageDirection = LineageDirection::Downstream;

#[tokio::test]
async fn a_walk_goes_as_far_as_it_is_asked_to_and_says_where_there_is_more() {
    let mut given = given("walk").await;
    let reports = vec![
        report(0, 0, &["raw_a > stg_a", "raw_b > stg_b"]),
        report(0, 1, &["stg_a > mart", "stg_b > mart", "seed > mart"]),
        report(0, 2, &["mart => dashboard"]),
    ];
    at_second(&given.log, 10, reports).await;
    let cases: [(&str, LineageDirection, u32, &[&str]); 7] = [
        ("mart", BOTH, 1, &["mart>dashboard", "seed>mart", "stg_a>mart", "stg_b>mart"]),
        ("mart", UP, 1, &["seed>mart", "stg_a>mart", "stg_b>mart"]),
        ("mart", UP, 5, &["raw_a>stg_a", "raw_b>stg_b", "seed>mart", "stg_a>mart", "stg_b>mart"]),
        ("raw_a", DOWN, 2, &["raw_a>stg_a", "stg_a>mart"]),
        ("raw_a", DOWN, 0, &["mart>dashboard", "raw_a>stg_a", "stg_a>mart"]),
        ("dashboard", DOWN, 9, &[]),
        ("db/main.raw_b", UP, 9, &[]),
    ];
    for (asset, direction, depth, expected) in cases {
        assert_eq!(given.edges(asset, direction, depth, 0).await, expected, "{asset} {direction:?} {depth}");
    }
    let request = wire::GetLineageRequest { asset: "raw_a".into(), depth: 2, ..Default::default() };
    let answer = given.lineage(request).await.unwrap();
    let nodes: Vec<_> = answer.nodes.iter().map(|node| (node.key.as_str(), node.distance, node.more)).collect();
    assert_eq!(nodes, [("db/main.raw_a", 0, false), ("db/main.stg_a", 1, false), ("db/main.mart", 2, true)]);
    assert_eq!(answer.nodes[2].writers[0].task, "t1");
    assert_eq!(answer.nodes[2].writers[0].pipeline_id, pipeline_id().to_string());
    given.service.stop().await;
}

#[tokio::test]
async fn an_edge_lasts_until_its_task_says_otherwise() {
    let mut given = given("time").await;
    at_second(&given.log, 10, vec![report(0, 0, &["a > t", "b > t"])]).await;
    at_second(&given.log, 20, vec![report(1, 0, &["a > t", "b > t"])]).await;
    // The task does not read b any more. Another one that writes the same table does not end what the first says.
    at_second(&given.log, 30, vec![report(2, 0, &["a > t", "c > t"]), report(2, 1, &["d > t"])]).await;
    // It reads b again, and c no more.
    at_second(&given.log, 40, vec![report(3, 0, &["a > t", "b > t"])]).await;
    // A report that says that it wrote the table, but not of what, ends nothing; one that says "of nothing" does.
    let wrote = Operation {
        kind: "MATERIALISATION".into(),
        status: "SUCCEEDED".into(),
        asset: "db/main.t".into(),
        ..Operation::default()
    };
    let unknown = Collected { operations: vec![wrote], ..Collected::default() };
    at_second(&given.log, 50, vec![said(run_id(4), 0, 0, unknown)]).await;
    at_second(&given.log, 60, vec![report(5, 0, &[" > t"])]).await;
    let cases: [(i64, &[&str]); 8] = [
        (9, &[]),
        (10, &["a>t", "b>t"]),
        (29, &["a>t", "b>t"]),
        (30, &["a>t", "c>t", "d>t"]),
        (40, &["a>t", "b>t", "d>t"]),
        (59, &["a>t", "b>t", "d>t"]),
        (60, &["d>t"]),
        (99, &["d>t"]),
    ];
    for (second, expected) in cases {
        assert_eq!(given.edges("t", UP, 1, micros(second)).await, expected, "at {second}");
    }
    let request = wire::GetLineageRequest { asset: "t".into(), at_time: micros(25), ..Default::default() };
    let answer = given.lineage(request).await.unwrap();
    let source = &answer.edges[0].sources[0];
    assert_eq!((source.since, source.until), (micros(10), micros(60)), "both reports are one time");
    assert_eq!(answer.edges[1].sources[0].until, micros(30));
    given.service.stop().await;
}

#[tokio::test]
async fn parts_of_a_report_are_one_report() {
    let mut given = given("parts").await;
    let part = |run: u32, chunk: u32, edges: &[&str]| {
        let edges = edges.iter().map(|text| edge(text)).collect();
        said(run_id(run), 0, chunk, Collected { edges, ..Collected::default() })
    };
    at_second(&given.log, 10, vec![part(0, 0, &["a > t: x=y"]), part(0, 1, &["b > t", "a > t: z=w"])]).await;
    at_second(&given.log, 20, vec![part(1, 0, &["a > t: x=y, z=w"])]).await;
    at_second(&given.log, 21, vec![part(1, 1, &["b > t"])]).await;
    assert_eq!(given.edges("db/main.t", UP, 1, 0).await, ["a>t", "b>t"]);
    let request = wire::GetLineageRequest { asset: "db/main.t".into(), ..Default::default() };
    let answer = given.lineage(request).await.unwrap();
    assert_eq!(answer.edges[0].columns.len(), 2, "columns of both parts");
    assert!(answer.edges.iter().all(|edge| edge.sources[0].since == micros(10)), "neither ended: {answer:?}");
    given.service.stop().await;
}

#[tokio::test]
async fn a_report_that_knows_no_columns_leaves_them_as_they_were() {
    let mut given = given("reused").await;
    at_second(&given.log, 10, vec![report(0, 0, &["a > t: x=y"])]).await;
    at_second(&given.log, 20, vec![report(1, 0, &["a > t"])]).await;
    at_second(&given.log, 30, vec![report(2, 0, &["a > t: z=y"])]).await;
    for (second, column) in [(10, "x"), (25, "x"), (30, "z")] {
        let at_time = micros(second);
        let request = wire::GetLineageRequest { asset: "t".into(), at_time, ..Default::default() };
        let answer = given.lineage(request).await.unwrap();
        let columns: Vec<_> = answer.edges[0].columns.iter().map(|column| column.from.as_str()).collect();
        assert_eq!(columns, [column], "at {second}");
    }
    given.service.stop().await;
}

#[tokio::test]
async fn a_column_is_followed_through_what_is_made_of_it() {
    let mut given = given("columns").await;
    let reports = vec![
        report(0, 0, &["raw > stg: id=order_id, total=amount, status~"]),
        report(0, 1, &["stg > mart: order_id=orders, amount=revenue", "mart > copy"]),
        report(0, 2, &["mart > board: revenue=figure"]),
    ];
    at_second(&given.log, 10, reports).await;
    let cases: [(&str, &str, LineageDirection, Reached); 5] = [
        ("raw", "TOTAL", DOWN, &[("raw", "total"), ("stg", "amount"), ("mart", "revenue"), ("board", "figure")]),
        ("raw", "id", DOWN, &[("raw", "id"), ("stg", "order_id"), ("mart", "orders")]),
        ("raw", "status", DOWN, &[("raw", "status")]),
        ("board", "figure", UP, &[("board", "figure"), ("mart", "revenue"), ("stg", "amount"), ("raw", "total")]),
        ("board", "nothing", UP, &[("board", "nothing")]),
    ];
    for (asset, column, direction, expected) in cases {
        let request = wire::GetLineageRequest {
            asset: asset.into(),
            column: column.into(),
            direction: direction.into(),
            ..Default::default()
        };
        let answer = given.lineage(request).await.unwrap();
        let reached: Vec<_> = answer.nodes.iter().map(|node| (node.key.as_str(), node.columns.join(","))).collect();
        let expected: Vec<_> =
            expected.iter().map(|(asset, column)| (format!("db/main.{asset}"), (*column).to_owned())).collect();
        let expected: Vec<_> = expected.iter().map(|(asset, column)| (asset.as_str(), column.clone())).collect();
        assert_eq!(reached, expected, "{asset}.{column} {direction:?}");
    }
    given.service.stop().await;
}

#[tokio::test]
async fn what_breaks_is_everything_that_depends_on_it_however_it_is_used() {
    let mut given = given("impact").await;
    let owned = Asset { owners: vec!["sales".into()], ..asset("mart") };
    // People look at it whatever leads there.
    let chart = Asset { kind: "CHART".into(), ..asset("chart") };
    let owner = Collected { assets: vec![owned, chart], ..Collected::default() };
    let reports = vec![
        report(0, 0, &["raw > stg: id=id, total=amount, status~"]),
        report(0, 1, &["stg > mart: amount=revenue", "stg > other: id=id"]),
        report(0, 2, &["mart => board", "other > chart"]),
        said(run_id(0), 3, 0, owner),
    ];
    at_second(&given.log, 10, reports).await;
    let cases: [(&str, &str, Names, Names, Names); 5] = [
        ("raw", "", &["stg", "mart", "other", "board", "chart"], &["board", "chart"], &["t0", "t1", "t2"]),
        ("raw", "total", &["stg", "mart", "board"], &["board"], &["t0", "t1", "t2"]),
        ("raw", "id", &["stg", "other", "chart"], &["chart"], &["t0", "t1", "t2"]),
        // It decides which rows there are: all that comes of them breaks.
        ("raw", "status", &["stg", "mart", "other", "board", "chart"], &["board", "chart"], &["t0", "t1", "t2"]),
        ("board", "", &[], &[], &[]),
    ];
    for (asset, column, affected, exposed, tasks) in cases {
        let at_least = service::end(&given.log).await;
        let request =
            wire::GetImpactRequest { asset: asset.into(), column: column.into(), at_least, ..Default::default() };
        let answer = given.service.lineage.get_impact(request).await.unwrap().into_inner();
        let short = |key: &String| key.trim_start_matches("db/main.").to_owned();
        let keys: Vec<_> = answer.affected.iter().map(|node| short(&node.key)).collect();
        assert_eq!(keys, affected, "{asset}.{column}");
        assert_eq!(answer.exposed.iter().map(short).collect::<Vec<_>>(), exposed, "{asset}.{column}");
        assert_eq!(answer.tasks.iter().map(|task| task.task.as_str()).collect::<Vec<_>>(), tasks, "{asset}.{column}");
        assert_eq!(answer.owners.is_empty(), !affected.contains(&"mart"), "{asset}.{column}");
    }
    given.service.stop().await;
}

#[tokio::test]
async fn a_way_is_the_shortest_and_says_when_it_goes_the_other_way() {
    let mut given = given("path").await;
    let edges = ["a > b", "b > c", "c > d", "a > x", "x > d", "lonely > island", "d > a2", "a2 > d"];
    at_second(&given.log, 10, vec![report(0, 0, &edges)]).await;
    let cases: [(&str, &str, &[&str], bool); 5] = [
        ("a", "d", &["a>x", "x>d"], false),
        ("d", "a", &["a>x", "x>d"], true),
        ("d", "a2", &["d>a2"], false),
        ("a", "island", &[], false),
        ("a", "a", &[], false),
    ];
    for (from, to, expected, reversed) in cases {
        let at_least = service::end(&given.log).await;
        let request = wire::FindLineagePathRequest { from: from.into(), to: to.into(), at_least, ..Default::default() };
        let answer = given.service.lineage.find_lineage_path(request).await.unwrap().into_inner();
        assert_eq!(
            (shown(&answer.edges), answer.reversed),
            (expected.iter().map(ToString::to_string).collect(), reversed)
        );
    }
    given.service.stop().await;
}

#[tokio::test]
async fn an_alias_is_the_asset_that_it_means_whenever_it_became_known() {
    let mut given = given("alias").await;
    // Before anybody knows that `mirror` is `orders`, something reads the one and something writes the other.
    at_second(&given.log, 10, vec![report(0, 0, &["raw > orders"]), report(0, 1, &["mirror > mart"])]).await;
    let known = Asset { aliases: vec!["db/main.mirror".into()], ..asset("orders") };
    let learns = Collected { assets: vec![known], ..Collected::default() };
    at_second(&given.log, 20, vec![said(run_id(1), 2, 0, learns)]).await;
    at_second(&given.log, 30, vec![report(2, 3, &["mirror > later"])]).await;
    let expected = ["orders>later", "orders>mart", "raw>orders"];
    for name in ["orders", "mirror", "db/main.mirror"] {
        assert_eq!(given.edges(name, BOTH, 1, 0).await, expected, "{name}");
    }
    let request = wire::GetLineageRequest { asset: "mirror".into(), ..Default::default() };
    let answer = given.lineage(request).await.unwrap();
    assert_eq!(answer.nodes[0].key, "db/main.orders");
    let described = answer.nodes[0].asset.as_ref().unwrap().asset.as_ref().unwrap();
    assert_eq!(described.aliases, ["db/main.mirror"]);
    given.service.stop().await;
}

#[tokio::test]
async fn two_runs_differ_in_what_they_say() {
    let mut given = given("diff").await;
    let columns = |columns: &[(&str, &str)]| -> Vec<AssetColumn> {
        let column = |(name, kind): &(&str, &str)| AssetColumn {
            name: (*name).into(),
            kind: (*kind).into(),
            ..AssetColumn::default()
        };
        columns.iter().map(column).collect()
    };
    let run = |run: u32, source: &str, rows: u64, test: &str, described: &[(&str, &str)]| {
        let operation = |kind: &str, name: &str, status: &str| Operation {
            external_id: name.into(),
            name: name.into(),
            kind: kind.into(),
            status: status.into(),
            asset: "db/main.t".into(),
            rows_affected: (kind != "TEST").then_some(rows),
            ..Operation::default()
        };
        let collected = Collected {
            operations: vec![operation("MATERIALISATION", "t", "SUCCEEDED"), operation("TEST", "unique", test)],
            assets: vec![asset(source), Asset { columns: columns(described), ..asset("t") }],
            edges: vec![edge(&format!("{source} > t"))],
        };
        said(run_id(run), 0, 0, collected)
    };
    let before = run(0, "a", 10, "SUCCEEDED", &[("id", "int"), ("gone", "text"), ("kind", "int")]);
    let after = run(1, "b", 12, "FAILED", &[("id", "int"), ("new", "text"), ("kind", "bigint")]);
    at_second(&given.log, 10, vec![before, after]).await;
    let at_least = service::end(&given.log).await;
    let request =
        wire::DiffRunsRequest { before_run_id: run_id(0).to_string(), after_run_id: run_id(1).to_string(), at_least };
    let answer = given.service.lineage.diff_runs(request.clone()).await.unwrap().into_inner();
    assert_eq!((answer.assets_added, answer.assets_removed), (vec!["db/main.b".into()], vec!["db/main.a".to_owned()]));
    assert_eq!((answer.edges_added.len(), answer.edges_removed.len()), (1, 1));
    let change = &answer.changed[0];
    assert_eq!((change.rows_affected_before, change.rows_affected_after), (10, 12));
    assert_eq!((change.status_before.as_str(), change.status_after.as_str()), ("HEALTHY", "UNHEALTHY"));
    let columns: Vec<_> = change.columns.iter().map(|column| (column.name.as_str(), column.change.as_str())).collect();
    assert_eq!(columns, [("gone", "REMOVED"), ("kind", "TYPE_CHANGED"), ("new", "ADDED")]);
    assert_eq!(change.tests[0].status_after, "FAILED");
    let same = wire::DiffRunsRequest { after_run_id: request.before_run_id.clone(), ..request };
    let answer = given.service.lineage.diff_runs(same).await.unwrap().into_inner();
    assert!(answer.changed.is_empty() && answer.edges_added.is_empty() && answer.assets_added.is_empty());
    given.service.stop().await;
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_with_a_reason() {
    let mut given = given("refused").await;
    at_second(&given.log, 10, vec![report(0, 0, &["a.orders > t", "b.orders > t"])]).await;
    let cases = [
        ("nothing", 0, Code::NotFound, "there is no asset `nothing`"),
        ("orders", 0, Code::InvalidArgument, "is the end of several keys"),
        ("", 0, Code::InvalidArgument, "asset:"),
        ("t", 101, Code::InvalidArgument, "depth:"),
    ];
    for (asset, depth, code, message) in cases {
        let request = wire::GetLineageRequest { asset: asset.into(), depth, ..Default::default() };
        let refused = given.lineage(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{asset} {depth}");
        assert!(refused.message().contains(message), "{}", refused.message());
    }
    given.service.stop().await;
}
