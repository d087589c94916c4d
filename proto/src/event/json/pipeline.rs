//! Versions of pipelines, and where their files are kept.

use downbeat_domain::{PipelineApplied, PipelineStorage};
use serde_json::{Value, json};

pub(super) fn version(stored: &PipelineApplied) -> Value {
    let mut shown = json!({
        "pipeline_id": stored.pipeline.to_string(),
        "alias": stored.alias,
        "version": stored.version,
        "name": stored.name,
        "source_root": stored.source_root,
        "source_bytes": stored.source.len(),
        "tasks": stored.plan.tasks.len(),
    });
    if let Some(origin) = &stored.origin {
        shown["origin"] = json!({"branch": origin.branch, "commit": origin.commit});
    }
    if let Some(kept) = &stored.storage {
        shown["storage"] = storage(kept);
    }
    shown
}

pub(super) fn storage(kept: &PipelineStorage) -> Value {
    json!({
        "provider": kept.provider.as_str(), "repository": kept.repository, "default_branch": kept.default_branch,
        "working_branch": kept.working_branch, "yaml_path": kept.yaml_path,
    })
}
