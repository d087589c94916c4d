//! Commits that people ask for.

use downbeat_domain::file_commit::{FileCommitEnd, FileCommitEvent};
use serde_json::{Value, json};

use super::{at, pipeline};

pub(super) fn fact(fact: &FileCommitEvent) -> Value {
    match fact {
        FileCommitEvent::Asked(asked) => json!({
            "id": asked.id.to_string(), "pipeline_id": asked.pipeline.to_string(), "storage": pipeline::storage(&asked.storage),
            "branch": asked.branch, "message": asked.message, "at": at(asked.at),
        }),
        FileCommitEvent::Ended(ended) => {
            let end = match &ended.end {
                FileCommitEnd::Stands { origin, changed } => {
                    json!({"stands": {"branch": origin.branch, "commit": origin.commit, "changed": changed}})
                }
                FileCommitEnd::Refused(why) => json!({"refused": why}),
                FileCommitEnd::Unknown(why) => json!({"unknown": why}),
            };
            json!({"id": ended.id.to_string(), "pipeline_id": ended.pipeline.to_string(), "end": end, "at": at(ended.at)})
        }
    }
}
