//! Another text of a pipeline that is kept in a repository, committed there to a branch.
//!
//! Knows nothing of who may push: a worker and its connection decide that, and what they say is passed on in their words.

use axum::{http::StatusCode, response::Response};
use downbeat_domain::access::Role;
use downbeat_proto::control::v1::CommitPipelineFileRequest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::Code;

use super::{
    super::{about, links, sought},
    git,
    judged::Verdict,
    source::refused,
};
use crate::http::{Call, Fault, Json, json};

/// A text that is to be committed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Commit {
    /// The definition. It is committed as it is.
    yaml: String,
    /// The text that the change began from. Where the file is neither that nor the new text, 409. Absent = it must not be there.
    #[serde(default)]
    base_yaml: Option<String>,
    /// Absent or empty = the branch that counts. One that is not there begins where that one is.
    #[serde(default)]
    branch: Option<String>,
    /// What the commit says.
    message: String,
    /// The branch must not be there yet, or have this very text already: 409 else.
    #[serde(default)]
    new_branch: bool,
}

/// Where it stands now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Committed {
    branch: String,
    /// The full id of the commit.
    commit: String,
    /// False: this very text stood there already.
    changed: bool,
    /// The version that has this text: the current one, or a draft; absent = it could not be stored yet, which the next look at the repository does.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// The branch is the one that counts.
    counts: bool,
    /// What works and could be better.
    warnings: Vec<String>,
    /// Where the host shows the commit, if that is a host that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_link: Option<String>,
    /// Where a pull request of the branch is opened, if it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request_link: Option<String>,
}

pub(super) async fn commit(call: Call) -> Result<Response, Fault> {
    let body: Commit = Json::read(&call.body)?;
    let row = sought::pipeline(&call, Role::Editor, call.param("id")).await?;
    let verdict = Verdict::of(&body.yaml).await?;
    if verdict.is_refused() {
        return refused(verdict);
    }
    let request = CommitPipelineFileRequest {
        pipeline: row.id,
        source: body.yaml,
        base_source: body.base_yaml,
        branch: body.branch.unwrap_or_default(),
        message: body.message,
        new_branch: body.new_branch,
        ..Default::default()
    };
    let done = call.edge.upstream.pipelines().commit_pipeline_file(call.ask(request)).await.map_err(|status| {
        if status.code() == Code::Aborted {
            return Fault::Text(StatusCode::CONFLICT, status.message().to_owned());
        }
        git::told(status)
    })?;
    let done = done.into_inner();
    call.edge.upstream.wrote(done.position);
    let (origin, storage) = (done.origin.unwrap_or_default(), row.storage.unwrap_or_default());
    let counting = about::counting_branch(&storage);
    let committed = Committed {
        commit_link: links::commit(&storage, &origin.commit),
        pull_request_link: links::merge(&storage, &origin.branch, counting).filter(|_| !done.counts),
        branch: origin.branch,
        commit: origin.commit,
        changed: done.changed,
        version: (done.version > 0).then_some(done.version),
        counts: done.counts,
        warnings: done.warnings,
    };
    json(200, &committed)
}
