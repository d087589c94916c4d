//! Drafts, versions that are read back, and where files are kept.

use downbeat_domain::{Event, GitOrigin, PipelineApplied, PipelineStorage, StorageProvider};

use crate::{
    added::text,
    samples::{PIPELINE, at, plan},
};

/// File name and event.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let storage = PipelineStorage {
        provider: StorageProvider::Gitlab,
        repository: text("acme/team/data"),
        default_branch: text("main"),
        working_branch: text("next"),
        yaml_path: text("pipelines/weather.yml"),
    };
    let version = |version, storage: Option<PipelineStorage>| {
        Box::new(PipelineApplied {
            pipeline: PIPELINE,
            alias: text("weather"),
            version,
            name: text("Seattle weather"),
            source: text("version: v1\nname: Seattle weather\n"),
            source_root: text("/srv/weather"),
            digest: *blake3::hash(b"versions").as_bytes(),
            plan: plan(),
            origin: storage.is_some().then(|| GitOrigin { branch: text("next"), commit: "0f".repeat(20) }),
            storage,
        })
    };
    vec![
        ("PIPELINE_APPLIED.stored", Event::PipelineApplied(version(20, Some(storage.clone())))),
        ("PIPELINE_DRAFTED", Event::PipelineDrafted(version(21, Some(storage.clone())))),
        ("PIPELINE_RECALLED", Event::PipelineRecalled(version(19, None))),
        (
            "PIPELINE_STORAGE_SET",
            Event::PipelineStorageSet { pipeline: PIPELINE, storage: PipelineStorage::ours(), at: at(30) },
        ),
        ("PIPELINE_STORAGE_SET.elsewhere", Event::PipelineStorageSet { pipeline: PIPELINE, storage, at: at(31) }),
    ]
}
