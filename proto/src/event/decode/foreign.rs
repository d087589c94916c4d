//! What other systems say.

use std::sync::Arc;

use downbeat_domain::foreign::{ForeignJob, ForeignParent, ForeignRun, LineageReported, Said};

use super::{DecodeError, fields::Fields};
use crate::{event::metadata, events::v1 as wire};

pub(super) fn reported(fields: Fields, reported: wire::LineageReported) -> Result<LineageReported, DecodeError> {
    let said = Said {
        identity: id(&reported.identity).ok_or(fields.missing("identity"))?,
        producer: reported.producer,
        job: reported.job.map(job),
        run: reported.run.map(|told| run(fields, told)).transpose()?,
        said_at: fields.at(reported.said_at)?,
    };
    let collected = metadata::collected_of(reported.operations, reported.assets, reported.edges);
    let at = fields.at(reported.at)?;
    Ok(LineageReported { said, part: reported.part, collected: Arc::new(collected), at })
}

fn id(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.try_into().ok()
}

fn job(job: wire::ForeignJob) -> ForeignJob {
    ForeignJob { namespace: job.namespace, name: job.name }
}

fn run(fields: Fields, run: wire::ForeignRun) -> Result<ForeignRun, DecodeError> {
    let parent = |parent: wire::ForeignParent| {
        let run = id(&parent.run_id).ok_or(fields.missing("run_id"))?;
        Ok::<_, DecodeError>(ForeignParent { run, job: parent.job.map(job).unwrap_or_default() })
    };
    Ok(ForeignRun {
        id: id(&run.id).ok_or(fields.missing("run"))?,
        state: run.state,
        parent: run.parent.map(parent).transpose()?,
        root: run.root.map(parent).transpose()?,
    })
}
