//! Commits that people ask for: one row when it is asked for, before anybody makes it, and one for what came of it.

use downbeat_domain::{
    CommandKind, Event,
    file_commit::{FileCommitEnd, FileCommitEvent},
};
use serde_json::{Value, json};

use super::{
    Told,
    tell::{about, of_pipeline},
};
use crate::{engine::batch::Batch, error::Error};

/// The host, or the worker, does not do it.
const NOT_COMMITTED: &str = "NOT_COMMITTED";
/// Nobody heard whether it was done.
const NOT_KNOWN: &str = "NOT_KNOWN";

pub(super) fn told(fact: &FileCommitEvent, batch: &Batch<'_>) -> Result<Told, Error> {
    let pipeline = match fact {
        FileCommitEvent::Asked(asked) => asked.pipeline,
        FileCommitEvent::Ended(ended) => ended.pipeline,
    };
    let (row, targets) = of_pipeline(pipeline, batch)?;
    let alias = &row.alias;
    let (after, summary) = match fact {
        FileCommitEvent::Asked(asked) => {
            let (storage, branch) = (&asked.storage, &asked.branch);
            let after = json!({
                "commit_id": asked.id.to_string(), "provider": storage.provider.as_str(), "repository": storage.repository,
                "branch": branch, "path": storage.yaml_path, "message": asked.message,
            });
            (after, format!("asked to commit pipeline {alias} to branch {branch} of {}", storage.repository))
        }
        FileCommitEvent::Ended(ended) => {
            let after = |more: Value| {
                let mut after = json!({"commit_id": ended.id.to_string()});
                if let (Some(after), Value::Object(more)) = (after.as_object_mut(), more) {
                    after.extend(more);
                }
                after
            };
            match &ended.end {
                FileCommitEnd::Stands { origin, changed } => {
                    let did = if *changed { "was committed to" } else { "stood already on" };
                    let more = json!({"branch": origin.branch, "commit": origin.commit, "changed": changed});
                    (after(more), format!("pipeline {alias} {did} branch {} as {}", origin.branch, origin.commit))
                }
                FileCommitEnd::Refused(why) => {
                    (after(Value::Null), format!("pipeline {alias} was not committed: {why}"))
                }
                FileCommitEnd::Unknown(why) => {
                    (after(Value::Null), format!("nobody knows whether pipeline {alias} was committed: {why}"))
                }
            }
        }
    };
    Ok(Told { after, ..about(CommandKind::CommitPipelineFile, targets, summary) })
}

/// Code and reason of a commit that was asked for and not made, as far as anybody knows.
pub(super) fn not_done(event: &Event) -> Option<(&'static str, &str)> {
    let Event::FileCommit(fact) = event else { return None };
    match fact.as_ref() {
        FileCommitEvent::Asked(_) => None,
        FileCommitEvent::Ended(ended) => match &ended.end {
            FileCommitEnd::Stands { .. } => None,
            FileCommitEnd::Refused(why) => Some((NOT_COMMITTED, why)),
            FileCommitEnd::Unknown(why) => Some((NOT_KNOWN, why)),
        },
    }
}
