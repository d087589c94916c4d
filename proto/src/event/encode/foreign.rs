//! What other systems say.

use bytes::Bytes;
use downbeat_domain::{
    foreign::{ForeignJob, ForeignParent, ForeignRun, LineageReported, ReportLineage, Said},
    metadata::Collected,
};

use crate::{convert::micros, event::metadata, events::v1 as wire};

pub(super) fn reported(reported: &LineageReported) -> wire::LineageReported {
    let at = micros(reported.at);
    wire::LineageReported { at, ..part(&reported.said, reported.part, &reported.collected) }
}

/// A part of a report as it goes over the wire; when it is recorded, whoever records it says.
pub fn part_to_wire(report: &ReportLineage) -> wire::LineageReported {
    part(&report.said, report.part, &report.collected)
}

fn part(said: &Said, part: u32, collected: &Collected) -> wire::LineageReported {
    wire::LineageReported {
        identity: Bytes::copy_from_slice(&said.identity),
        producer: said.producer.clone(),
        job: said.job.as_ref().map(job),
        run: said.run.as_ref().map(run),
        said_at: micros(said.said_at),
        part,
        operations: collected.operations.iter().map(metadata::operation).collect(),
        assets: collected.assets.iter().map(metadata::asset).collect(),
        edges: collected.edges.iter().map(metadata::edge).collect(),
        at: 0,
    }
}

fn job(job: &ForeignJob) -> wire::ForeignJob {
    wire::ForeignJob { namespace: job.namespace.clone(), name: job.name.clone() }
}

fn run(run: &ForeignRun) -> wire::ForeignRun {
    wire::ForeignRun {
        id: Bytes::copy_from_slice(&run.id),
        state: run.state.clone(),
        parent: run.parent.as_ref().map(parent),
        root: run.root.as_ref().map(parent),
    }
}

fn parent(parent: &ForeignParent) -> wire::ForeignParent {
    wire::ForeignParent { run_id: Bytes::copy_from_slice(&parent.run), job: Some(job(&parent.job)) }
}
