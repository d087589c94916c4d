//! Edges that only a file declares end with the declaration; those that a tool reports itself do not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests too")]

mod support;

use std::sync::Arc;

use downbeat_domain::{
    Event,
    metadata::{Collected, EdgeKind, LineageEdge},
    plan::{PlanAsset, PlanDeclared},
};
use downbeat_proto::metadata::v1::{self as wire, LineageDirection};
use support::{
    service::{Given, given},
    *,
};

/// A version of the pipeline whose task `t0` declares that it makes these of `db/raw`.
fn version(number: u32, writes: &[&str]) -> Event {
    let Event::PipelineApplied(mut applied) = pipeline(4, 0) else { panic!("no pipeline") };
    let asset = |key: &str| PlanAsset { key: key.to_owned(), ..PlanAsset::default() };
    let declared = PlanDeclared { reads: vec![asset("db/raw")], writes: writes.iter().map(|key| asset(key)).collect() };
    applied.version = number;
    applied.plan.tasks[0].declared = (!writes.is_empty()).then(|| Box::new(declared));
    Event::PipelineApplied(applied)
}

/// A run of a version.
fn run_of(version: u32, run: u32) -> Event {
    let Event::RunCreated(mut created) = created(run_id(run), 0) else { panic!("no run") };
    created.version = version;
    Event::RunCreated(created)
}

/// What task `t0` says of an output, by an operation of this id.
fn says(run: u32, operation: &str, from: &str, to: &str) -> Event {
    let kind = EdgeKind::Derives;
    let edge = LineageEdge { from: from.into(), to: to.into(), operation: operation.into(), kind, columns: vec![] };
    let collected = Collected { edges: vec![edge], ..Collected::default() };
    Event::OperationsCollected { attempt: attempt(run_id(run), 0, 1), chunk: 0, collected: Arc::new(collected) }
}

async fn sources(given: &mut Given, asset: &str, second: i64) -> Vec<String> {
    let request = wire::GetLineageRequest {
        asset: asset.into(),
        direction: LineageDirection::Upstream.into(),
        depth: 1,
        at_time: if second == 0 { 0 } else { at(second).as_microsecond() },
        at_least: service::end(&given.log).await,
        ..Default::default()
    };
    let answer = given.service.lineage.get_lineage(request).await.unwrap().into_inner();
    answer.edges.into_iter().map(|edge| edge.from).collect()
}

#[tokio::test]
async fn an_edge_that_a_file_declares_ends_once_a_version_without_it_has_run() {
    let mut given = given("declared").await;
    at_second(&given.log, 10, vec![version(2, &["db/x", "db/y"]), run_of(2, 20)]).await;
    let first = vec![says(20, "declared:1", "db/raw", "db/x"), says(20, "declared:2", "db/raw", "db/y")];
    at_second(&given.log, 20, [first, vec![finished(run_id(20), 0)]].concat()).await;
    // It is not enough that it is applied, nor that a run of the version before ends.
    at_second(&given.log, 30, vec![run_of(2, 21), version(3, &["db/y"]), finished(run_id(21), 0)]).await;
    assert_eq!(sources(&mut given, "db/x", 0).await, ["db/raw"]);
    at_second(&given.log, 40, vec![run_of(3, 22), finished(run_id(22), 0)]).await;
    assert_eq!(sources(&mut given, "db/x", 0).await, [""; 0]);
    assert_eq!(sources(&mut given, "db/y", 0).await, ["db/raw"], "it is still declared");
    assert_eq!(sources(&mut given, "db/x", 39).await, ["db/raw"], "it was there until then");
    // The task declares nothing any more, and reports nothing.
    at_second(&given.log, 50, vec![version(4, &[]), run_of(4, 23), finished(run_id(23), 0)]).await;
    assert_eq!(sources(&mut given, "db/y", 0).await, [""; 0]);
    // It comes back.
    let again = vec![version(5, &["db/x"]), run_of(5, 24), says(24, "declared:1", "db/raw", "db/x")];
    at_second(&given.log, 60, again).await;
    assert_eq!(sources(&mut given, "db/x", 0).await, ["db/raw"]);
    given.service.stop().await;
}

#[tokio::test]
async fn what_a_tool_reports_itself_does_not_end_with_a_declaration() {
    let mut given = given("reported").await;
    at_second(&given.log, 10, vec![version(2, &["db/x"]), run_of(2, 20)]).await;
    let both = vec![says(20, "declared:1", "db/raw", "db/x"), says(20, "model.x", "db/stage", "db/z")];
    at_second(&given.log, 20, [both, vec![finished(run_id(20), 0)]].concat()).await;
    // A later run says itself what the output is made of.
    at_second(&given.log, 30, vec![run_of(2, 21), says(21, "model.x", "db/stage", "db/x"), finished(run_id(21), 0)])
        .await;
    at_second(&given.log, 40, vec![version(3, &[]), run_of(3, 22), finished(run_id(22), 0)]).await;
    assert_eq!(sources(&mut given, "db/x", 0).await, ["db/stage"]);
    assert_eq!(sources(&mut given, "db/z", 0).await, ["db/stage"]);
    given.service.stop().await;
}
