//! Versions of pipelines, and where their files are kept.

use bytes::Bytes;
use downbeat_domain::{Event, GitOrigin, PipelineApplied, PipelineStorage};

use super::event;
use crate::{
    convert::{id_bytes, micros},
    event::plan,
    events::v1::{self as wire, EventKind},
};

pub(super) fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::PipelineApplied(stored) => event(EventKind::PipelineApplied, &applied(stored)),
        Event::PipelineDrafted(stored) => event(EventKind::PipelineDrafted, &applied(stored)),
        Event::PipelineRecalled(stored) => event(EventKind::PipelineRecalled, &applied(stored)),
        Event::PipelineStorageSet { pipeline, storage: kept, at } => {
            let set = wire::PipelineStorageSet {
                pipeline_id: id_bytes(&pipeline.0),
                storage: Some(storage(kept)),
                at: micros(*at),
            };
            event(EventKind::PipelineStorageSet, &set)
        }
        _ => wire::Event::default(),
    }
}

fn applied(applied: &PipelineApplied) -> wire::PipelineApplied {
    wire::PipelineApplied {
        pipeline_id: id_bytes(&applied.pipeline.0),
        version: applied.version,
        name: applied.name.clone(),
        source_zstd: plan::compress(applied.source.as_bytes()),
        plan_zstd: plan::compress(&prost::Message::encode_to_vec(&plan::encode(&applied.plan))),
        digest: Bytes::copy_from_slice(&applied.digest),
        source_root: applied.source_root.clone(),
        alias: applied.alias.clone(),
        origin: applied.origin.as_ref().map(origin),
        storage: applied.storage.as_ref().map(storage),
    }
}

/// The wire form of where a text came from.
pub fn origin(origin: &GitOrigin) -> wire::GitOrigin {
    wire::GitOrigin { branch: origin.branch.clone(), commit: origin.commit.clone() }
}

/// The wire form of where a file is kept.
pub fn storage(storage: &PipelineStorage) -> wire::PipelineStorage {
    wire::PipelineStorage {
        provider: storage.provider.as_str().to_owned(),
        repository: storage.repository.clone(),
        default_branch: storage.default_branch.clone(),
        working_branch: storage.working_branch.clone(),
        yaml_path: storage.yaml_path.clone(),
    }
}
