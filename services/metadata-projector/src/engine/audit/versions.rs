//! What decisions about versions of pipelines say.

use downbeat_domain::{CommandKind, PipelineApplied, PipelineId, PipelineStorage};
use downbeat_proto::{event, events::v1 as events};
use serde_json::{Value, json};

use super::{
    Told, hex, pipeline,
    tell::{about, of_pipeline, pipeline_target},
};
use crate::{engine::batch::Batch, error::Error};

pub(super) fn apply(applied: &PipelineApplied, batch: &Batch<'_>) -> Result<Told, Error> {
    let before = pipeline(applied.pipeline, batch)?;
    let alias = &applied.alias;
    let summary = match before.version {
        0 => format!("applied pipeline {alias} for the first time"),
        version => format!("applied pipeline {alias}: version {} after {version}", applied.version),
    };
    let mut shown = match before.version {
        0 => Value::Null,
        version => state(version, before.tasks, &before.name, &before.source_root),
    };
    if before.deleted {
        shown["deleted"] = json!(true);
    }
    let after = stored(applied);
    let targets = pipeline_target(&applied.pipeline.to_string(), alias).into_iter().collect();
    Ok(Told { before: shown, after, ..about(CommandKind::ApplyPipeline, targets, summary) })
}

/// The current version stays what it is.
pub(super) fn draft(drafted: &PipelineApplied, batch: &Batch<'_>) -> Result<Told, Error> {
    let before = pipeline(drafted.pipeline, batch)?;
    let (alias, version) = (&drafted.alias, drafted.version);
    let shown = if before.latest_version == 0 { Value::Null } else { json!({"latest_version": before.latest_version}) };
    let mut after = stored(drafted);
    after["draft"] = json!(true);
    let targets = pipeline_target(&drafted.pipeline.to_string(), alias).into_iter().collect();
    let summary = format!("drafted version {version} of pipeline {alias}");
    Ok(Told { before: shown, after, ..about(CommandKind::ApplyPipeline, targets, summary) })
}

pub(super) fn set_storage(id: PipelineId, storage: &PipelineStorage, batch: &Batch<'_>) -> Result<Told, Error> {
    let (row, targets) = of_pipeline(id, batch)?;
    let before = row.storage.unwrap_or_else(|| event::pipeline_storage(&PipelineStorage::ours()));
    let after = event::pipeline_storage(storage);
    let summary = format!("the file of pipeline {} is kept by {}", row.alias, after.provider);
    Ok(Told {
        before: place(&before),
        after: place(&after),
        ..about(CommandKind::SetPipelineStorage, targets, summary)
    })
}

fn state(version: u32, tasks: u32, name: &str, root: &str) -> Value {
    json!({"version": version, "name": name, "tasks": tasks, "source_root": root})
}

fn stored(version: &PipelineApplied) -> Value {
    let tasks = u32::try_from(version.plan.tasks.len()).unwrap_or(u32::MAX);
    let mut shown = state(version.version, tasks, &version.name, &version.source_root);
    shown["digest"] = json!(hex(&version.digest));
    if let Some(origin) = &version.origin {
        shown["origin"] = json!({"branch": origin.branch, "commit": origin.commit});
    }
    if let Some(kept) = &version.storage {
        shown["storage"] = place(&event::pipeline_storage(kept));
    }
    shown
}

fn place(storage: &events::PipelineStorage) -> Value {
    json!({
        "provider": storage.provider, "repository": storage.repository, "default_branch": storage.default_branch,
        "working_branch": storage.working_branch, "yaml_path": storage.yaml_path,
    })
}
