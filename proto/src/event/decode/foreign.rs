//! What other systems say.

use std::sync::Arc;

use downbeat_domain::foreign::{ForeignJob, ForeignParent, ForeignRun, LineageReported, ReportLineage, Said};

use super::{DecodeError, fields::Fields};
use crate::{convert, event::metadata, events::v1 as wire};

pub(super) fn reported(fields: Fields, reported: wire::LineageReported) -> Result<LineageReported, DecodeError> {
    let at = fields.at(reported.at)?;
    let ReportLineage { said, part, collected } = part_of(reported).ok_or(fields.missing("identity or run"))?;
    Ok(LineageReported { said, part, collected, at })
}

/// A part of a report as it comes over the wire, when it is recorded aside. `None`: an id has not 16 bytes, or an instant is none.
pub fn part_of(reported: wire::LineageReported) -> Option<ReportLineage> {
    let run = match reported.run {
        Some(told) => Some(run(told)?),
        None => None,
    };
    let said = Said {
        identity: id(&reported.identity)?,
        producer: reported.producer,
        job: reported.job.map(job),
        run,
        said_at: convert::instant(reported.said_at)?,
    };
    let collected = metadata::collected_of(reported.operations, reported.assets, reported.edges);
    Some(ReportLineage { said, part: reported.part, collected: Arc::new(collected) })
}

fn id(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.try_into().ok()
}

fn job(job: wire::ForeignJob) -> ForeignJob {
    ForeignJob { namespace: job.namespace, name: job.name }
}

fn run(run: wire::ForeignRun) -> Option<ForeignRun> {
    let parent = |told: Option<wire::ForeignParent>| match told {
        Some(told) => Some(Some(parent(told)?)),
        None => Some(None),
    };
    let (around, root) = (parent(run.parent)?, parent(run.root)?);
    Some(ForeignRun { id: id(&run.id)?, state: run.state, parent: around, root })
}

fn parent(parent: wire::ForeignParent) -> Option<ForeignParent> {
    Some(ForeignParent { run: id(&parent.run_id)?, job: parent.job.map(job).unwrap_or_default() })
}
