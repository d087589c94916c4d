//! What other systems say about their own runs.

use std::sync::Arc;

use downbeat_domain::{
    Event,
    foreign::{ForeignJob, ForeignParent, ForeignRun, LineageReported, Said},
    metadata::{Asset, Collected, EdgeKind, LineageEdge, Operation},
};

use crate::{added::text, samples::at};

fn job(name: &str) -> ForeignJob {
    ForeignJob { namespace: text("prod"), name: text(name) }
}

fn reported() -> LineageReported {
    let parent = |run: u8, name: &str| Some(ForeignParent { run: [run; 16], job: job(name) });
    let run =
        ForeignRun { id: [7; 16], state: text("COMPLETE"), parent: parent(8, "etl.load"), root: parent(9, "etl") };
    let operation = Operation { external_id: text("statement"), kind: text("QUERY"), ..Operation::default() };
    let asset = |key: &str| Asset { key: text(key), kind: text("TABLE"), ..Asset::default() };
    let edge = LineageEdge {
        from: text("postgres://db:5432/shop.public.orders"),
        operation: text("statement"),
        kind: EdgeKind::Reads,
        ..LineageEdge::default()
    };
    let collected = Collected { operations: vec![operation], assets: vec![asset(&edge.from)], edges: vec![edge] };
    LineageReported {
        said: Said {
            identity: [5; 16],
            producer: text("https://example.org/client"),
            job: Some(job("etl.load.query.1")),
            run: Some(run),
            said_at: at(3),
        },
        part: 1,
        collected: Arc::new(collected),
        at: at(4),
    }
}

pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let whole = reported();
    let dataset = LineageReported {
        said: Said { job: None, run: None, ..whole.said.clone() },
        part: 0,
        collected: Arc::new(Collected::default()),
        at: at(4),
    };
    vec![
        ("LINEAGE_REPORTED", Event::LineageReported(Box::new(whole))),
        ("LINEAGE_REPORTED.dataset", Event::LineageReported(Box::new(dataset))),
    ]
}
