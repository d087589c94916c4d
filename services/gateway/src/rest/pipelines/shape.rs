//! Pipelines in the published shape.

use downbeat_proto::metadata::v1::{Pipeline, Run};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{describe::Described, git::Synced};
use crate::http::instant;

/// A pipeline.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicPipeline {
    id: String,
    name: String,
    alias: String,
    num_tasks: u32,
    /// Path of its file in its repository; empty where Downbeat keeps it. Clients need a text.
    yaml_path: String,
    created_at: Option<String>,
    updated_at: Option<String>,
    paused: bool,
    /// ORCHESTRA (kept by Downbeat), AZURE_DEVOPS, GITHUB, GITLAB, BITBUCKET or GIT.
    storage_provider: String,
    repository: String,
    default_branch: String,
    working_branch: String,
    /// Drafts among them.
    latest_version_number: u32,
    /// The one that runs where nobody names another; none = there are only drafts.
    published_version_number: Option<u32>,
    #[serde(flatten)]
    described: Described,
    #[serde(flatten)]
    latest: LatestRun,
    #[serde(flatten)]
    synced: Synced,
}

/// The run that was created last.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LatestRun {
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_run_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_run_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_run_created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_run_started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_run_completed_at: Option<String>,
}

/// A pipeline with its definition.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PipelineWithData {
    #[serde(flatten)]
    pipeline: PublicPipeline,
    /// The definition.
    data: Map<String, Value>,
    /// Of the definition.
    current_version_number: u32,
}

impl PublicPipeline {
    pub(super) fn new(row: Pipeline, described: Described, latest: LatestRun, synced: Synced) -> Self {
        let storage = row.storage.unwrap_or_default();
        let provider = if storage.provider.is_empty() { "ORCHESTRA".to_owned() } else { storage.provider };
        Self {
            num_tasks: row.tasks,
            yaml_path: storage.yaml_path,
            created_at: instant(row.created_at),
            updated_at: instant(row.updated_at),
            paused: row.paused,
            storage_provider: provider,
            repository: storage.repository,
            default_branch: storage.default_branch,
            working_branch: storage.working_branch,
            latest_version_number: row.latest_version.max(row.version),
            published_version_number: (row.version > 0).then_some(row.version),
            id: row.id,
            name: row.name,
            alias: row.alias,
            described,
            latest,
            synced,
        }
    }
}

impl PipelineWithData {
    pub(super) fn new(pipeline: PublicPipeline, source: &str, version: u32) -> Self {
        let data = match downbeat_dialect::to_json(source) {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        Self { pipeline, data, current_version_number: version }
    }
}

impl From<Run> for LatestRun {
    fn from(run: Run) -> Self {
        Self {
            latest_run_message: (!run.message.is_empty()).then_some(run.message),
            latest_run_created_at: instant(run.created_at),
            latest_run_started_at: instant(run.started_at),
            latest_run_completed_at: instant(run.completed_at),
            latest_run_id: Some(run.id),
            latest_run_status: Some(run.status),
        }
    }
}
