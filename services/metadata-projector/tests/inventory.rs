//! What people declare of assets, over what runs report of them: in lists, in lineage, and after they were removed.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::sync::Arc;

use downbeat_domain::{
    Event,
    inventory::{AssetDetails, Dependency, InventoryEvent, Link},
    metadata::{Asset, Collected, EdgeKind, LineageEdge, Operation},
};
use downbeat_metadata_projector::engine::asset_id;
use downbeat_proto::metadata::v1::{self as wire, AssetSort, LineageDirection};
use support::{
    service::{Given, given},
    *,
};

const TABLE: &str = "db/main.orders";

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn named(name: &str) -> AssetDetails {
    AssetDetails { name: text(name), ..AssetDetails::default() }
}

fn fact(event: InventoryEvent) -> Event {
    Event::Inventory(Box::new(event))
}

fn declared(asset: &str, details: AssetDetails) -> Event {
    fact(InventoryEvent::Declared { asset: asset.to_owned(), details: Box::new(details), at: at(0) })
}

fn removed(asset: &str) -> Event {
    fact(InventoryEvent::Removed { asset: asset.to_owned(), at: at(0) })
}

fn depend(pairs: &[(&str, &str, &str)]) -> Event {
    let one = |(from, to, detail): &(&str, &str, &str)| Dependency {
        from: (*from).to_owned(),
        to: (*to).to_owned(),
        link: Link { detail: (*detail).to_owned(), integration: "ORCHESTRA".to_owned() },
    };
    fact(InventoryEvent::Depend { dependencies: pairs.iter().map(one).collect(), at: at(0) })
}

fn said(run: u32, collected: Collected) -> Event {
    Event::OperationsCollected { attempt: attempt(run_id(run), 0, 1), chunk: 0, collected: Arc::new(collected) }
}

/// The table is described, with these owners and this name.
fn described(run: u32, name: &str) -> Event {
    let asset = Asset { key: TABLE.into(), name: name.into(), owners: vec!["bob".into()], ..Asset::default() };
    said(run, Collected { assets: vec![asset], ..Collected::default() })
}

/// The table is made of another.
fn made(run: u32, from: &str) -> Event {
    let edge = LineageEdge { from: from.into(), to: TABLE.into(), kind: EdgeKind::Derives, ..LineageEdge::default() };
    said(run, Collected { edges: vec![edge], ..Collected::default() })
}

fn tested(run: u32, status: &str) -> Event {
    let test = Operation {
        external_id: "unique".into(),
        name: "unique".into(),
        kind: "TEST".into(),
        status: status.into(),
        asset: TABLE.into(),
        ..Operation::default()
    };
    said(run, Collected { operations: vec![test], ..Collected::default() })
}

async fn listed(given: &mut Given, request: wire::ListAssetsRequest) -> Vec<wire::Asset> {
    let request = wire::ListAssetsRequest { at_least: service::end(&given.log).await, ..request };
    given.service.client.list_assets(request).await.unwrap().into_inner().assets
}

fn keys(assets: &[wire::Asset]) -> Vec<&str> {
    assets.iter().map(|row| row.asset.as_ref().unwrap().key.as_str()).collect()
}

async fn all(given: &mut Given) -> Vec<String> {
    let listed = listed(given, wire::ListAssetsRequest::default()).await;
    keys(&listed).into_iter().map(str::to_owned).collect()
}

/// By its id, or by a name of it.
async fn one(given: &mut Given, named: &str) -> Option<wire::Asset> {
    let request = wire::ListAssetsRequest { asset_ids: vec![named.to_owned()], ..Default::default() };
    listed(given, request).await.into_iter().next()
}

async fn edges(given: &mut Given, asset: &str, direction: LineageDirection, second: i64) -> Vec<wire::AssetEdge> {
    let request = wire::GetLineageRequest {
        asset: asset.into(),
        direction: direction.into(),
        depth: 1,
        at_time: if second == 0 { 0 } else { at(second).as_microsecond() },
        at_least: service::end(&given.log).await,
        ..Default::default()
    };
    let answer = given.service.lineage.get_lineage(request).await;
    answer.map(|answer| answer.into_inner().edges).unwrap_or_default()
}

async fn inputs(given: &mut Given, asset: &str, second: i64) -> Vec<String> {
    let found = edges(given, asset, LineageDirection::Upstream, second).await;
    found.into_iter().map(|edge| edge.from).collect()
}

#[tokio::test]
async fn what_people_declare_goes_before_what_runs_report_and_gives_it_back() {
    let mut given = given("declared-over").await;
    at_second(&given.log, 10, vec![described(0, "orders")]).await;
    let before = one(&mut given, TABLE).await.unwrap();
    let details = AssetDetails {
        owners: Some(vec!["ada".to_owned()]),
        integration: text("SNOWFLAKE"),
        integration_account: text("acme"),
        ..named("Orders")
    };
    at_second(&given.log, 20, vec![declared(TABLE, details)]).await;
    // A later report changes nothing of what is declared, and is not lost.
    at_second(&given.log, 30, vec![described(1, "orders_2")]).await;
    let row = one(&mut given, TABLE).await.unwrap();
    let asset = row.asset.unwrap();
    assert_eq!(
        (asset.name.as_str(), asset.owners, asset.integration.as_str()),
        ("Orders", vec!["ada".into()], "SNOWFLAKE")
    );
    assert_eq!((row.id, row.first_seen_at, row.last_run_id), (before.id, before.first_seen_at, run_id(1).to_string()));
    assert_eq!(row.declared.unwrap().integration_account_id.as_deref(), Some("acme"));
    // Declared no longer: the newest report counts again.
    at_second(&given.log, 40, vec![declared(TABLE, AssetDetails::default())]).await;
    let row = one(&mut given, TABLE).await.unwrap();
    assert_eq!((row.asset.unwrap().name.as_str(), row.declared), ("orders_2", None));
    given.service.stop().await;
}

#[tokio::test]
async fn of_a_declared_status_and_of_tests_the_worse_one_counts() {
    let mut given = given("declared-status").await;
    let status = |word: &str| declared(TABLE, AssetDetails { status: text(word), ..named("Orders") });
    for (second, event, expected) in [
        (10, status("HEALTHY"), "HEALTHY"),
        (20, tested(0, "FAILED"), "UNHEALTHY"),
        (30, status("UNKNOWN"), "UNHEALTHY"),
        (40, tested(1, "SUCCEEDED"), "HEALTHY"),
        (50, status("WARNING"), "WARNING"),
        (60, tested(2, "SUCCEEDED"), "WARNING"),
        (70, status("HEALTHY"), "HEALTHY"),
    ] {
        at_second(&given.log, second, vec![event]).await;
        assert_eq!(one(&mut given, TABLE).await.unwrap().status, expected, "at {second}");
    }
    given.service.stop().await;
}

#[tokio::test]
async fn lists_are_filtered_and_sorted_by_what_is_declared() {
    let mut given = given("declared-lists").await;
    let details = |name: &str, account: &str, schema: &str, made: i64| AssetDetails {
        integration_account: text(account),
        workspace: text("w1"),
        database: text("Shop"),
        schema: text(schema),
        created_at: Some(at(made)),
        ..named(name)
    };
    at_second(&given.log, 10, vec![declared("a", details("A", "acme", "public", 5))]).await;
    at_second(&given.log, 20, vec![declared("b", details("B", "other", "public", 3)), described(0, "orders")]).await;
    type Request = wire::ListAssetsRequest;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let by = |sort: AssetSort| Request { sort: sort.into(), ..Default::default() };
    let schema = |name: &str| Request { schemas: words(&[name]), ..by(AssetSort::Name) };
    for (request, expected) in [
        (Request { integration_account_ids: words(&["acme"]), ..Default::default() }, vec!["a"]),
        (Request { workspace_ids: words(&["w1"]), ..by(AssetSort::Name) }, vec!["a", "b"]),
        (Request { databases: words(&["shop"]), ..by(AssetSort::Name) }, vec!["a", "b"]),
        (schema("PUBLIC"), vec!["a", "b"]),
        // As their systems made them; of the third, which nobody declares, it is when it was told of.
        (by(AssetSort::FirstSeen), vec!["b", "a", TABLE]),
        (Request { asset_ids: words(&["b"]), ..Default::default() }, vec!["b"]),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(keys(&listed(&mut given, request).await), expected, "{shown}");
    }
    // Whatever it lay in before, it lies there no more.
    at_second(&given.log, 30, vec![declared("a", details("A", "acme", "archive", 5))]).await;
    assert_eq!(keys(&listed(&mut given, schema("public")).await), ["b"]);
    assert_eq!(keys(&listed(&mut given, schema("archive")).await), ["a"]);
    given.service.stop().await;
}

#[tokio::test]
async fn dependencies_are_edges_with_what_was_said_of_them() {
    let mut given = given("declared-edges").await;
    at_second(&given.log, 10, vec![made(0, "db/main.raw"), declared("board", named("Board"))]).await;
    at_second(&given.log, 20, vec![depend(&[(TABLE, "board", r#"{"x":1}"#), ("db/main.raw", TABLE, "")])]).await;
    let found = edges(&mut given, "board", LineageDirection::Upstream, 0).await;
    let source = &found[0].sources[0];
    assert_eq!((found[0].from.as_str(), found[0].kind.as_str()), (TABLE, "DERIVES"));
    assert_eq!((source.task.as_str(), source.pipeline_id.as_str(), source.last_run_id.as_str()), ("declared", "", ""));
    assert_eq!((source.declared_by.as_str(), source.lineage_detail.as_str()), ("ORCHESTRA", r#"{"x":1}"#));
    assert_eq!(source.since, at(20).as_microsecond());
    // The same two of which a task speaks, too, are one edge with two sources.
    let found = edges(&mut given, "db/main.raw", LineageDirection::Downstream, 0).await;
    assert_eq!(found[0].sources.iter().map(|source| source.task.as_str()).collect::<Vec<_>>(), ["t0", "declared"]);
    // What is said of it changes, and it goes on.
    at_second(&given.log, 30, vec![depend(&[(TABLE, "board", "[2]")])]).await;
    let found = edges(&mut given, "board", LineageDirection::Upstream, 0).await;
    assert_eq!(
        (found[0].sources[0].lineage_detail.as_str(), found[0].sources[0].since),
        ("[2]", at(20).as_microsecond())
    );
    // The report of a task without it does not end it.
    at_second(&given.log, 40, vec![made(1, "db/main.other")]).await;
    assert_eq!(inputs(&mut given, TABLE, 0).await, ["db/main.other", "db/main.raw"]);
    given.service.stop().await;
}

#[tokio::test]
async fn what_is_removed_is_gone_until_something_tells_of_it_again() {
    let mut given = given("removed").await;
    let board = AssetDetails { schema: text("public"), ..named("Board") };
    at_second(&given.log, 10, vec![made(0, "db/main.raw"), described(0, "orders"), declared("board", board)]).await;
    at_second(&given.log, 20, vec![depend(&[(TABLE, "board", "")]), tested(0, "FAILED")]).await;
    at_second(&given.log, 30, vec![removed(TABLE)]).await;
    assert_eq!(all(&mut given).await, ["board", "db/main.raw"]);
    for named in [TABLE.to_owned(), asset_id(TABLE).to_string()] {
        assert_eq!(one(&mut given, &named).await, None);
    }
    let by_name = wire::ListAssetsRequest { sort: AssetSort::Name.into(), count: true, ..Default::default() };
    assert_eq!(keys(&listed(&mut given, by_name).await), ["board", "db/main.raw"]);
    let request = wire::GetAssetRequest { asset: TABLE.into(), ..Default::default() };
    let gone = given.service.assets.get_asset(request.clone()).await.unwrap_err();
    assert_eq!(gone.code(), tonic::Code::NotFound, "{gone}");
    // Of both of its ends, and not of what was before.
    assert_eq!(inputs(&mut given, "board", 0).await, [""; 0]);
    assert_eq!(edges(&mut given, "db/main.raw", LineageDirection::Downstream, 0).await, []);
    assert_eq!(inputs(&mut given, "board", 29).await, [TABLE]);
    assert_eq!(inputs(&mut given, TABLE, 29).await, ["db/main.raw"]);
    // It comes back with what is told of it then, and nothing more.
    at_second(&given.log, 40, vec![made(1, "db/main.raw")]).await;
    let row = one(&mut given, TABLE).await.unwrap();
    assert_eq!((row.status.as_str(), row.asset.unwrap().name.as_str()), ("UNKNOWN", "main.orders"));
    assert_eq!((row.id, row.first_seen_at), (asset_id(TABLE).to_string(), at(40).as_microsecond()));
    assert_eq!(inputs(&mut given, TABLE, 0).await, ["db/main.raw"]);
    assert_eq!(inputs(&mut given, TABLE, 35).await, [""; 0]);
    assert_eq!(inputs(&mut given, "board", 0).await, [""; 0], "its dependency went with it");
    at_second(&given.log, 50, vec![depend(&[(TABLE, "board", "")])]).await;
    assert_eq!(inputs(&mut given, "board", 0).await, [TABLE]);
    assert!(given.service.assets.get_asset(request).await.is_ok());
    given.service.stop().await;
}

#[tokio::test]
async fn an_asset_goes_with_all_of_its_names() {
    let mut given = given("removed-alias").await;
    let alias = Asset { key: "db/alias".into(), ..Asset::default() };
    let both = Asset { key: TABLE.into(), aliases: vec!["db/alias".into()], ..Asset::default() };
    let told = |run, asset| said(run, Collected { assets: vec![asset], ..Collected::default() });
    at_second(&given.log, 10, vec![told(0, alias.clone())]).await;
    at_second(&given.log, 20, vec![told(0, both)]).await;
    // Whoever names the alias means the asset.
    assert_eq!(one(&mut given, "db/alias").await.unwrap().asset.unwrap().key, TABLE);
    at_second(&given.log, 30, vec![declared("db/alias", named("Orders"))]).await;
    assert_eq!(one(&mut given, TABLE).await.unwrap().asset.unwrap().name, "Orders");
    at_second(&given.log, 40, vec![removed("db/alias")]).await;
    assert_eq!(all(&mut given).await, [""; 0]);
    at_second(&given.log, 50, vec![told(1, alias)]).await;
    assert_eq!(all(&mut given).await, [TABLE], "it is called as everybody calls it");
    given.service.stop().await;
}

/// These are names of the asset of this key.
fn named_also(run: u32, key: &str, aliases: &[&str]) -> Event {
    let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    let asset = Asset { key: key.into(), aliases, ..Asset::default() };
    said(run, Collected { assets: vec![asset], ..Collected::default() })
}

#[tokio::test]
async fn what_is_declared_under_any_name_of_an_asset_is_declared_of_it() {
    let old =
        || AssetDetails { owners: Some(vec!["ada".into()]), description: text("Old words"), ..named("Old orders") };
    let new = || AssetDetails { workspace: text("w-7"), ..named("Orders") };
    let alias = || named_also(0, TABLE, &["db/alias"]);
    // In whatever order it becomes known.
    for (place, events) in [
        [declared("db/alias", old()), declared(TABLE, new()), alias()],
        [declared("db/alias", old()), alias(), declared(TABLE, new())],
        [declared(TABLE, new()), alias(), declared("db/alias", old())],
        [alias(), declared(TABLE, new()), declared("db/alias", old())],
        // The name of a name.
        [declared("db/alias", old()), named_also(1, "db/between", &["db/alias"]), named_also(0, TABLE, &["db/alias"])],
    ]
    .into_iter()
    .enumerate()
    {
        let mut given = given(&format!("declared-alias-{place}")).await;
        for (second, event) in (1..).zip(events) {
            at_second(&given.log, second, vec![event]).await;
        }
        if place == 4 {
            at_second(&given.log, 5, vec![declared(TABLE, new())]).await;
        }
        assert_eq!(all(&mut given).await, [TABLE], "{place}");
        for named in ["db/alias", TABLE] {
            let row = one(&mut given, named).await.unwrap();
            let asset = row.asset.unwrap();
            // Its own key goes first, field by field.
            assert_eq!(
                (asset.key.as_str(), asset.name.as_str(), asset.owners, asset.description.as_str()),
                (TABLE, "Orders", vec!["ada".into()], "Old words"),
                "{place} {named}"
            );
            assert_eq!(row.declared.unwrap().workspace_id.as_deref(), Some("w-7"));
        }
        let filtered = wire::ListAssetsRequest { workspace_ids: vec!["w-7".into()], ..Default::default() };
        assert_eq!(keys(&listed(&mut given, filtered).await), [TABLE]);
        // A later report and a change under one of the names leave what was declared under the other.
        at_second(&given.log, 10, vec![described(1, "orders_1")]).await;
        at_second(
            &given.log,
            20,
            vec![declared(TABLE, AssetDetails { status: text("WARNING"), ..Default::default() })],
        )
        .await;
        let row = one(&mut given, TABLE).await.unwrap();
        let asset = row.asset.unwrap();
        assert_eq!((asset.name.as_str(), row.status.as_str()), ("Old orders", "WARNING"), "{place}");
        at_second(&given.log, 30, vec![declared("db/alias", AssetDetails::default())]).await;
        let row = one(&mut given, TABLE).await.unwrap();
        let asset = row.asset.unwrap();
        assert_eq!(
            (asset.name.as_str(), asset.owners, row.status.as_str()),
            ("orders_1", vec!["bob".into()], "WARNING")
        );
        // Nothing of it is left when it is told of again, whatever it is called.
        at_second(&given.log, 40, vec![declared("db/alias", old())]).await;
        at_second(&given.log, 50, vec![removed(TABLE)]).await;
        assert_eq!(all(&mut given).await, [""; 0]);
        at_second(&given.log, 60, vec![alias()]).await;
        let row = one(&mut given, "db/alias").await.unwrap();
        assert_eq!((row.asset.unwrap().name.as_str(), row.declared), ("main.orders", None), "{place}");
        given.service.stop().await;
    }
}

#[tokio::test]
async fn what_is_said_after_a_removal_holds_whatever_the_clock_says() {
    let mut given = given("removed-clock").await;
    at_second(&given.log, 10, vec![depend(&[(TABLE, "board", "")]), made(0, "db/main.raw")]).await;
    for (removed_at, said_at) in [(100, 100), (100, 99), (101, 50), (60, 40), (200, 300)] {
        // Under two of its names at once, as the core says it.
        at_second(&given.log, removed_at, vec![removed(TABLE), removed(TABLE)]).await;
        let place = format!("{removed_at} {said_at}");
        assert_eq!(inputs(&mut given, "board", 0).await, [""; 0], "{place}");
        assert_eq!(inputs(&mut given, TABLE, 0).await, [""; 0], "{place}");
        at_second(&given.log, said_at, vec![depend(&[(TABLE, "board", "")]), made(0, "db/main.raw")]).await;
        assert_eq!(inputs(&mut given, "board", 0).await, [TABLE], "{place}");
        assert_eq!(inputs(&mut given, TABLE, 0).await, ["db/main.raw"], "{place}");
    }
    // What was before is not forgotten.
    assert_eq!(inputs(&mut given, "board", 20).await, [TABLE]);
    assert_eq!(inputs(&mut given, "board", 250).await, [""; 0]);
    given.service.stop().await;
}

#[tokio::test]
async fn what_people_remove_is_nobodys_concern_any_more() {
    let mut given = given("removed-unhealthy").await;
    at_second(&given.log, 10, vec![tested(0, "FAILED")]).await;
    let unhealthy = async |given: &mut Given| {
        let request = wire::GetBrokenRequest { at_least: service::end(&given.log).await, ..Default::default() };
        let broken = given.service.answers.get_broken(request).await.unwrap().into_inner();
        format!("{broken:?}").contains(TABLE)
    };
    assert!(unhealthy(&mut given).await);
    at_second(&given.log, 20, vec![removed(TABLE)]).await;
    assert!(!unhealthy(&mut given).await);
    // What is broken is what tests say.
    let status = AssetDetails { status: text("UNHEALTHY"), ..named("Orders") };
    at_second(&given.log, 30, vec![declared(TABLE, status)]).await;
    assert!(!unhealthy(&mut given).await);
    at_second(&given.log, 40, vec![tested(1, "FAILED")]).await;
    assert!(unhealthy(&mut given).await);
    given.service.stop().await;
}
