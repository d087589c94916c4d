//! What another system says while a run of ours goes on: recorded, and nothing of the run changes by it.

use std::sync::Arc;

use downbeat_domain::{
    Command,
    foreign::{ForeignJob, ForeignParent, ForeignRun, ReportLineage, Said},
    metadata::{Collected, LineageEdge},
};

use crate::recorder::{Recorder, run};

const BODY: &str =
    "pipeline: {a: {integration: HTTP, integration_job: HTTP_REQUEST, parameters: {method: GET, path: x}}}\n";

fn said(part: u32) -> Command {
    let job = |name: &str| ForeignJob { namespace: "prod".to_owned(), name: name.to_owned() };
    let root = ForeignParent { run: run(1).0, job: job("demo") };
    let told = ForeignRun { id: [7; 16], state: "COMPLETE".to_owned(), parent: None, root: Some(root) };
    let edge = LineageEdge { from: "db/a".to_owned(), to: "db/b".to_owned(), ..LineageEdge::default() };
    Command::ReportLineage(Box::new(ReportLineage {
        said: Said {
            identity: [5; 16],
            producer: "https://example.org/client".to_owned(),
            job: Some(job("dag.task")),
            run: Some(told),
            ..Said::default()
        },
        part,
        collected: Arc::new(Collected { edges: vec![edge], ..Collected::default() }),
    }))
}

pub(crate) fn foreign() -> Vec<Vec<u8>> {
    Recorder::new(BODY).start(1).run(said(0)).work(1, "a").run(said(1)).into_records()
}
