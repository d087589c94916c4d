//! Pipelines whose files are kept in repositories: imported, read at a branch or a commit, and how they stand to what is there.

use axum::{http::StatusCode, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::{
    control::v1::{
        GetPipelineSyncRequest, GetPipelineSyncResponse, ImportPipelineRequest, ReadPipelineFileRequest,
        SyncPipelineRequest,
    },
    events::v1::PipelineStorage,
    metadata::v1::Pipeline,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::{Code, Status};

use super::read;
use crate::http::{Call, Fault, Json, instant, json};

/// A file in a repository that is to be a pipeline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Import {
    /// GITHUB, GITLAB, BITBUCKET, AZURE_DEVOPS or GIT.
    storage_provider: String,
    /// owner/name, or a URL.
    repository: String,
    /// Absent or empty = the repository's own one.
    #[serde(default)]
    default_branch: Option<String>,
    /// Its file counts, where there is one.
    #[serde(default)]
    working_branch: Option<String>,
    /// Path of the file in the repository.
    yaml_path: String,
    /// At most 255 of A-Z a-z 0-9 _; absent = made of the file's name.
    #[serde(default)]
    alias: Option<String>,
}

/// How a pipeline stands to its repository.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Synced {
    /// When the repository was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_synced_at: Option<String>,
    /// The last commit that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_synced_commit: Option<String>,
    /// Why the current version is not what stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_failure: Option<String>,
}

impl From<GetPipelineSyncResponse> for Synced {
    fn from(sync: GetPipelineSyncResponse) -> Self {
        let some = |text: String| (!text.is_empty()).then_some(text);
        Self {
            last_synced_at: instant(sync.looked_at),
            last_synced_commit: some(sync.commit),
            sync_failure: some(sync.failure),
        }
    }
}

/// A branch or a commit.
#[derive(Debug, Default)]
pub(super) struct Ref {
    pub(super) branch: String,
    pub(super) commit: String,
}

impl Ref {
    /// What the query names; `None` = neither.
    pub(super) fn of(call: &Call) -> Option<Self> {
        let text = |name| call.query.text(name).unwrap_or_default().to_owned();
        Self::given(text("branch"), text("commit"))
    }

    pub(super) fn given(branch: String, commit: String) -> Option<Self> {
        (!branch.is_empty() || !commit.is_empty()).then_some(Self { branch, commit })
    }
}

pub(super) async fn import(call: Call) -> Result<Response, Fault> {
    let body: Import = Json::read(&call.body)?;
    // What is not there yet has no labels.
    call.permit_all(Role::Editor)?;
    let storage = PipelineStorage {
        provider: body.storage_provider,
        repository: body.repository,
        default_branch: body.default_branch.unwrap_or_default(),
        working_branch: body.working_branch.unwrap_or_default(),
        yaml_path: body.yaml_path,
    };
    let request =
        ImportPipelineRequest { alias: body.alias.unwrap_or_default(), storage: Some(storage), ..Default::default() };
    let imported = call.edge.upstream.pipelines().import_pipeline(call.ask(request)).await.map_err(told)?.into_inner();
    call.edge.upstream.wrote(imported.position);
    json(201, &read::changed(&call, &imported.pipeline_id, imported.version).await?)
}

/// Brings a pipeline up to its repository.
pub(super) async fn sync(call: &Call, pipeline: &str) -> Result<(), Fault> {
    let request = SyncPipelineRequest { pipeline: pipeline.to_owned(), ..Default::default() };
    let synced = call.edge.upstream.pipelines().sync_pipeline(call.ask(request)).await.map_err(told)?.into_inner();
    call.edge.upstream.wrote(synced.position);
    Ok(())
}

/// The text that stands there.
pub(super) async fn text_at(call: &Call, pipeline: &str, at: Ref) -> Result<String, Fault> {
    let request = ReadPipelineFileRequest { pipeline: pipeline.to_owned(), branch: at.branch, commit: at.commit };
    let found = call.edge.upstream.pipelines().read_pipeline_file(call.ask(request)).await.map_err(told)?;
    Ok(found.into_inner().source)
}

/// Where the coordinator is not there to say it, a pipeline is shown without.
pub(super) async fn synced(call: &Call, row: &Pipeline) -> Synced {
    if row.storage.as_ref().is_none_or(|storage| storage.repository.is_empty()) {
        return Synced::default();
    }
    let request = GetPipelineSyncRequest { pipeline: row.id.clone() };
    let asked = call.edge.upstream.pipelines().get_pipeline_sync(call.ask(request)).await;
    asked.map(|sync| Synced::from(sync.into_inner())).unwrap_or_default()
}

/// Whom a worker could not ask, and why, is for people.
pub(super) fn told(status: Status) -> Fault {
    match status.code() {
        Code::Unavailable => Fault::Text(StatusCode::SERVICE_UNAVAILABLE, status.message().to_owned()),
        _ => status.into(),
    }
}
