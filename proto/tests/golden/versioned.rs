//! Drafts, versions that are read back, where files are kept, and commits of these.

use downbeat_domain::{
    Event, FileCommitId, GitOrigin, PipelineApplied, PipelineStorage, StorageProvider,
    file_commit::{FileCommitAsked, FileCommitEnd, FileCommitEnded, FileCommitEvent},
};

use crate::{
    added::text,
    samples::{PIPELINE, at, plan},
};

const COMMIT: FileCommitId = FileCommitId(*b"commit-012345678");

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
    let commit = |fact| Event::FileCommit(Box::new(fact));
    let asked = FileCommitAsked {
        id: COMMIT,
        pipeline: PIPELINE,
        storage: storage.clone(),
        branch: text("downbeat/weather"),
        message: text("Weather of today\n\nand of tomorrow"),
        at: at(32),
    };
    let ended = |end, second| {
        commit(FileCommitEvent::Ended(FileCommitEnded { id: COMMIT, pipeline: PIPELINE, end, at: at(second) }))
    };
    let stands = FileCommitEnd::Stands {
        origin: GitOrigin { branch: text("downbeat/weather"), commit: "0f".repeat(20) },
        changed: true,
    };
    vec![
        ("FILE_COMMIT_ASKED", commit(FileCommitEvent::Asked(asked))),
        ("FILE_COMMIT_ENDED", ended(stands, 33)),
        ("FILE_COMMIT_ENDED.refused", ended(FileCommitEnd::Refused(text("the branch is protected")), 34)),
        ("FILE_COMMIT_ENDED.unknown", ended(FileCommitEnd::Unknown(text("no answer in time")), 35)),
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
