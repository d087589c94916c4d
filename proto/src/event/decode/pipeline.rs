//! Versions of pipelines, and where their files are kept.

use downbeat_domain::{Event, GitOrigin, PipelineApplied, PipelineStorage, StorageProvider};

use super::fields::Fields;
use crate::{
    event::{DecodeError, plan},
    events::v1::{self as wire, EventKind},
};

pub(super) fn decode(kind: EventKind, fields: Fields, payload: &[u8]) -> Result<Event, DecodeError> {
    let version = || applied(fields, fields.parse(payload)?).map(Box::new);
    Ok(match kind {
        EventKind::PipelineApplied => Event::PipelineApplied(version()?),
        EventKind::PipelineDrafted => Event::PipelineDrafted(version()?),
        EventKind::PipelineRecalled => Event::PipelineRecalled(version()?),
        EventKind::PipelineStorageSet => {
            let set: wire::PipelineStorageSet = fields.parse(payload)?;
            Event::PipelineStorageSet {
                pipeline: fields.pipeline(&set.pipeline_id)?,
                storage: set.storage.and_then(storage_of).ok_or(fields.missing("storage"))?,
                at: fields.at(set.at)?,
            }
        }
        _ => return Err(fields.missing("kind")),
    })
}

fn applied(fields: Fields, applied: wire::PipelineApplied) -> Result<PipelineApplied, DecodeError> {
    let source = plan::decompress(&applied.source_zstd).ok_or(fields.missing("source_zstd"))?;
    let plan_bytes = plan::decompress(&applied.plan_zstd).ok_or(fields.missing("plan_zstd"))?;
    let plan_message: wire::Plan = fields.parse(&plan_bytes)?;
    let storage = applied.storage.map(|storage| storage_of(storage).ok_or(fields.missing("storage")));
    Ok(PipelineApplied {
        pipeline: fields.pipeline(&applied.pipeline_id)?,
        alias: applied.alias,
        version: applied.version,
        name: applied.name,
        source: String::from_utf8(source).map_err(|_| fields.missing("source_zstd"))?,
        source_root: applied.source_root,
        digest: applied.digest.as_ref().try_into().map_err(|_| fields.missing("digest"))?,
        plan: plan::decode(plan_message).ok_or(fields.missing("plan_zstd"))?,
        origin: applied.origin.map(origin_of),
        storage: storage.transpose()?,
    })
}

/// Where a text came from.
pub fn origin_of(origin: wire::GitOrigin) -> GitOrigin {
    GitOrigin { branch: origin.branch, commit: origin.commit }
}

/// Where a file is kept; `None` = by a provider that this version does not know.
pub fn storage_of(storage: wire::PipelineStorage) -> Option<PipelineStorage> {
    Some(PipelineStorage {
        provider: StorageProvider::from_word(&storage.provider)?,
        repository: storage.repository,
        default_branch: storage.default_branch,
        working_branch: storage.working_branch,
        yaml_path: storage.yaml_path,
    })
}
