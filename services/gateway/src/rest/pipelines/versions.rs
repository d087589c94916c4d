//! Every version that there ever was of a pipeline.

use axum::response::Response;
use downbeat_domain::access::Role;
use downbeat_proto::{
    events::v1::GitOrigin,
    metadata::v1::{ListPipelineVersionsRequest, PipelineVersion},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::sought;
use crate::{
    http::{Call, Fault, instant, json},
    limits,
};

/// Versions, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Versions {
    versions: Vec<Version>,
    /// For `page_token`; absent = there are no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: u32,
    created_at: Option<String>,
    /// Who stored it: `key:ci`, `user:ada`, `git`.
    created_by: String,
    /// It was stored as a draft. One that is published later has a number of its own.
    draft: bool,
    /// It runs where nobody names another.
    current: bool,
    /// The name that it gives to the pipeline.
    name: String,
    num_tasks: u32,
    /// The commit that its text was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    /// And the branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
}

pub(super) async fn list(call: Call) -> Result<Response, Fault> {
    let page_size = call.query.number("page_size", 1..=limits::PAGE_SIZE_MAX)?.unwrap_or(limits::PAGE_SIZE_MAX);
    let page_token = call.query.text("page_token").unwrap_or_default().to_owned();
    let pipeline = sought::pipeline(&call, Role::Viewer, call.param("id")).await?.id;
    let at_least = call.edge.upstream.at_least();
    let request = ListPipelineVersionsRequest { pipeline, at_least, page_size, page_token };
    let found = call.edge.upstream.metadata().list_pipeline_versions(call.ask(request)).await?.into_inner();
    let next_page_token = Some(found.next_page_token).filter(|token| !token.is_empty());
    json(200, &Versions { versions: found.versions.into_iter().map(Version::from).collect(), next_page_token })
}

impl From<PipelineVersion> for Version {
    fn from(row: PipelineVersion) -> Self {
        let GitOrigin { branch, commit } = row.origin.unwrap_or_default();
        let some = |text: String| (!text.is_empty()).then_some(text);
        Self {
            version: row.version,
            created_at: instant(row.created_at),
            created_by: row.created_by,
            draft: row.draft,
            current: row.current,
            name: row.name,
            num_tasks: row.tasks,
            commit: some(commit),
            branch: some(branch),
        }
    }
}
