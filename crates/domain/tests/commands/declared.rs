//! What a task says it reads and writes is reported when it ends well, beside what its attempt told by itself, and starts what listens.

use downbeat_domain::{
    Command, Event, Report, Trigger,
    metadata::{Collected, EdgeKind, LineageEdge, Operation, is_declared},
};

use crate::world::*;

/// A task `a` that declares this.
fn declares(what: &str) -> String {
    pipe(&[task("a", &format!("meta: {{downbeat: {{{what}}}}}"))])
}

fn edge(kind: EdgeKind, from: &str, to: &str) -> LineageEdge {
    LineageEdge {
        from: from.to_owned(),
        to: to.to_owned(),
        operation: "tool".to_owned(),
        kind,
        ..LineageEdge::default()
    }
}

/// Task `a` reports that its tool wrote this, of this.
fn told(wrote: &str, made: &[LineageEdge]) -> Step {
    let wrote = Operation {
        external_id: "tool".to_owned(),
        kind: "MATERIALISATION".to_owned(),
        status: "SUCCEEDED".to_owned(),
        asset: wrote.to_owned(),
        ..Operation::default()
    };
    let collected = Collected { operations: vec![wrote], edges: made.to_vec(), ..Collected::default() };
    Step::Report("a", 1, Report::Collected { chunk: 0, collected })
}

/// What was reported because the file says it, in the order of the history.
fn said(world: &World) -> Vec<String> {
    let mut said = Vec::new();
    for event in &world.history {
        let Event::OperationsCollected { collected, .. } = event else { continue };
        for done in collected.operations.iter().filter(|done| is_declared(&done.external_id)) {
            said.push(format!("{} {} {} {}", done.name, done.kind, done.status, done.asset).trim_end().to_owned());
        }
        for edge in collected.edges.iter().filter(|edge| is_declared(&edge.operation)) {
            said.push(format!("{} {} > {}", edge.kind.as_str(), edge.from, edge.to));
        }
    }
    said
}

#[test]
fn what_a_task_declares_is_lineage_once_it_ended_well() {
    let table: [(&str, &[&str]); 5] = [
        (
            "reads: [db/a, db/b], writes: [db/x, db/y]",
            &[
                "a MATERIALISATION SUCCEEDED db/x",
                "a MATERIALISATION SUCCEEDED db/y",
                "DERIVES db/a > db/x",
                "DERIVES db/b > db/x",
                "DERIVES db/a > db/y",
                "DERIVES db/b > db/y",
            ],
        ),
        ("reads: [db/a, db/b]", &["a TASK SUCCEEDED", "READS db/a > ", "READS db/b > "]),
        ("writes: [db/x]", &["a MATERIALISATION SUCCEEDED db/x", "WRITES  > db/x"]),
        // Nothing leads from an asset to itself.
        ("reads: [db/x, db/a], writes: [db/x]", &["a MATERIALISATION SUCCEEDED db/x", "DERIVES db/a > db/x"]),
        ("reads: [db/x], writes: [db/x]", &["a MATERIALISATION SUCCEEDED db/x", "WRITES  > db/x"]),
    ];
    for (what, expected) in table {
        let world = given(&declares(what)).after([start(), lease("a"), started("a", 1)]);
        let world = world.when(succeeded("a", 1)).then([
            "OperationsCollected a#1 chunk 0",
            "AttemptSucceeded a#1 SUCCEEDED",
            "RunFinished SUCCEEDED",
        ]);
        assert_eq!(said(&world), expected, "{what}");
    }
}

#[test]
fn who_declares_nothing_or_did_not_end_well_reports_nothing() {
    for what in ["", "reads: [], writes: []"] {
        let world = given(&declares(what)).after([start(), lease("a"), succeeded("a", 1)]);
        assert_eq!(said(&world), [""; 0], "{what}");
    }
    let body = declares("writes: [db/x]");
    for end in [failed("a", 1), lose("a", 1)] {
        assert_eq!(said(&given(&body).after([start(), lease("a"), end])), [""; 0]);
    }
    assert_eq!(said(&given(&body).after([start(), lease("a"), cancel(), stopped("a", 1)])), [""; 0]);
    let warned = given(&body).after([start(), lease("a"), warned("a", 1)]);
    assert_eq!(said(&warned), ["a MATERIALISATION WARNING db/x", "WRITES  > db/x"]);
}

#[test]
fn what_the_attempt_told_itself_wins_per_output() {
    let both = "reads: [db/a], writes: [db/x, db/y]";
    let of_y = ["a MATERIALISATION SUCCEEDED db/y", "DERIVES db/a > db/y"];
    let table: [(&str, &str, Vec<LineageEdge>, Vec<&str>); 5] = [
        ("its inputs", "db/x", vec![edge(EdgeKind::Derives, "db/raw", "db/x")], of_y.to_vec()),
        // That it wrote it is said; of what, is added.
        (
            "only that it wrote it",
            "db/x",
            vec![edge(EdgeKind::Writes, "", "db/x")],
            vec!["a TASK SUCCEEDED", of_y[0], "DERIVES db/a > db/x", of_y[1]],
        ),
        // A statement of SQL says of what, but materialises nothing.
        (
            "only what it came of",
            "",
            vec![edge(EdgeKind::Derives, "db/raw", "db/x")],
            vec!["a MATERIALISATION SUCCEEDED db/x", of_y[0], of_y[1]],
        ),
        (
            "something about itself",
            "db/x",
            vec![edge(EdgeKind::Derives, "db/x", "db/x")],
            vec!["a TASK SUCCEEDED", of_y[0], "DERIVES db/a > db/x", of_y[1]],
        ),
        (
            "another output",
            "db/z",
            vec![edge(EdgeKind::Derives, "db/raw", "db/z")],
            vec!["a MATERIALISATION SUCCEEDED db/x", of_y[0], "DERIVES db/a > db/x", of_y[1]],
        ),
    ];
    for (what, wrote, edges, expected) in table {
        let world = given(&declares(both)).after([start(), lease("a"), told(wrote, &edges), succeeded("a", 1)]);
        assert_eq!(said(&world), expected, "{what}");
    }
    let all = "reads: [db/a], writes: [db/x]";
    let whole = [edge(EdgeKind::Derives, "db/raw", "db/x")];
    let world = given(&declares(all)).after([start(), lease("a"), told("db/x", &whole)]);
    world.when(succeeded("a", 1)).then(["AttemptSucceeded a#1 SUCCEEDED", "RunFinished SUCCEEDED"]);
}

#[test]
fn what_an_attempt_before_told_does_not_count() {
    let body = pipe(&[task(
        "a",
        "configuration: {retries: 1, retry_delay: 0}, meta: {downbeat: {reads: [db/a], writes: [db/x]}}",
    )]);
    let whole = [edge(EdgeKind::Derives, "db/raw", "db/x")];
    let first = [start(), lease("a"), told("db/x", &whole), failed("a", 1), wake(), lease("a"), succeeded("a", 2)];
    assert_eq!(said(&given(&body).after(first)), ["a MATERIALISATION SUCCEEDED db/x", "DERIVES db/a > db/x"]);
}

#[test]
fn tasks_that_need_no_worker_declare_too() {
    let more = "meta: {downbeat: {reads: [db/a], writes: [db/x]}}";
    let expected = ["a MATERIALISATION SUCCEEDED db/x", "DERIVES db/a > db/x"];
    let wait = given(&pipe(&[core("a", "WAIT", "wait_minutes: 1", more)])).after([start(), after(60), wake()]);
    assert_eq!(said(&wait), expected);
    let asks = pipe(&[core("a", "APPROVAL", "", more)]);
    assert_eq!(said(&given(&asks).after([start(), approve("a", "bob")])), expected);
    assert_eq!(said(&given(&asks).after([start(), reject("a", "bob")])), [""; 0]);
    let starts = pipe(&[core("a", "TRIGGER_PIPELINE", "pipeline_id: child", more)]);
    let family = || given(&starts).and("child", &pipe(&[task("c", "")])).after([start(), lease("c").of("a#1")]);
    assert_eq!(said(&family().after([succeeded("c", 1).of("a#1")])), expected);
    assert_eq!(said(&family().after([failed("c", 1).of("a#1")])), [""; 0]);
}

#[test]
fn each_iteration_reports_for_itself() {
    let body = pipe(&[group("g", "matrix: {inputs: {x: [1, 2]}}", &[task("a", "meta: {downbeat: {writes: [db/x]}}")])]);
    let world = given(&body).after([start()]).worked_off(&[]);
    let writes = said(&world).into_iter().filter(|line| line.contains("MATERIALISATION")).collect::<Vec<_>>();
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert_ne!(writes[0], writes[1], "each has the name of its iteration");
}

#[test]
fn a_declared_asset_starts_who_listens_in_the_decision_that_ends_the_task() {
    let listens =
        format!("meta: {{downbeat: {{triggers: [{{name: rows, asset: db/x}}]}}}}\n{}", pipe(&[task("b", "")]));
    let world = given(&declares("writes: [db/x, db/y]")).and("next", &listens).after([start(), lease("a")]);
    let world = world.when(succeeded("a", 1)).then([
        "OperationsCollected a#1 chunk 0",
        "AssetsMaterialised db/x",
        "AttemptSucceeded a#1 SUCCEEDED",
        "RunFinished SUCCEEDED",
    ]);
    let wake = Step::Do(Command::WakePipeline { pipeline: pipeline_of("next") });
    let world = world.when(wake).then(["~next: RunCreated of version 1", "~next: TaskReady b"]);
    let Trigger::Asset { assets, runs, .. } = &world.partition.runs[&world.run("~next")].trigger else { panic!() };
    assert_eq!((assets, runs), (&vec!["db/x".to_owned()], &vec![RUN]));
}
