//! Where a commit is shown, at the hosts that are known.
//!
//! Promises that a link leads to a public host by https, and nowhere else: of a repository that is named by an address of another one there is
//! none.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::access::Role;
use downbeat_proto::{events::v1::PipelineStorage, metadata::v1::Run};
use futures::StreamExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::sought;
use crate::{http::Call, limits};

/// What a part of a path keeps.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where pipelines of runs are kept, by their ids.
pub(super) type Kept = BTreeMap<String, PipelineStorage>;

/// Of the runs whose text came from a commit. Where a pipeline is not found, there is no link.
pub(super) async fn kept(call: &Call, runs: &[Run]) -> Kept {
    let of_commits = runs.iter().filter(|run| run.origin.as_ref().is_some_and(|origin| !origin.commit.is_empty()));
    let ids: BTreeSet<String> = of_commits.map(|run| run.pipeline_id.clone()).collect();
    let asked = futures::stream::iter(ids).map(|id| async move {
        let storage = sought::pipeline(call, Role::Viewer, &id).await.ok()?.storage?;
        Some((id, storage))
    });
    let found: Vec<_> = asked.buffer_unordered(limits::QUESTIONS_AT_ONCE).collect().await;
    found.into_iter().flatten().collect()
}

/// The link of a run.
pub(super) fn of(run: &Run, kept: &Kept) -> Option<String> {
    let commit = run.origin.as_ref().map(|origin| origin.commit.as_str()).filter(|commit| !commit.is_empty())?;
    link(kept.get(&run.pipeline_id)?, commit)
}

fn link(storage: &PipelineStorage, commit: &str) -> Option<String> {
    let host = match storage.provider.as_str() {
        "GITHUB" => "github.com",
        "GITLAB" => "gitlab.com",
        "BITBUCKET" => "bitbucket.org",
        "AZURE_DEVOPS" => "dev.azure.com",
        _ => return None,
    };
    let written = &storage.repository;
    if written.contains("://") || written.contains('@') {
        let at_host = [format!("https://{host}/"), format!("ssh://git@{host}/"), format!("git@{host}:")];
        at_host.iter().find(|start| written.starts_with(start.as_str()))?;
    }
    let parts = sought::slug(written).split('/').map(|part| utf8_percent_encode(part, KEPT).to_string());
    let parts: Vec<String> = parts.collect();
    Some(match storage.provider.as_str() {
        "GITLAB" => format!("https://{host}/{}/-/commit/{commit}", parts.join("/")),
        "BITBUCKET" => format!("https://{host}/{}/commits/{commit}", parts.join("/")),
        "AZURE_DEVOPS" => {
            let (name, first) = parts.split_last()?;
            let first: Vec<&str> = first.iter().map(String::as_str).filter(|part| *part != "_git").collect();
            format!("https://{host}/{}/_git/{name}/commit/{commit}", first.join("/"))
        }
        _ => format!("https://{host}/{}/commit/{commit}", parts.join("/")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_shown_where_the_provider_shows_them() {
        for (provider, repository, expected) in [
            ("GITHUB", "acme/etl", Some("https://github.com/acme/etl/commit/0f")),
            ("GITHUB", "https://github.com/acme/etl.git", Some("https://github.com/acme/etl/commit/0f")),
            ("GITHUB", "https://git.acme.test/acme/etl.git", None),
            ("GITLAB", "acme/team/etl", Some("https://gitlab.com/acme/team/etl/-/commit/0f")),
            ("BITBUCKET", "git@bitbucket.org:acme/etl.git", Some("https://bitbucket.org/acme/etl/commits/0f")),
            ("AZURE_DEVOPS", "acme/My Shop/etl", Some("https://dev.azure.com/acme/My%20Shop/_git/etl/commit/0f")),
            ("GIT", "https://git.acme.test/etl", None),
            ("ORCHESTRA", "", None),
        ] {
            let storage = PipelineStorage {
                provider: provider.to_owned(),
                repository: repository.to_owned(),
                ..PipelineStorage::default()
            };
            assert_eq!(link(&storage, "0f").as_deref(), expected, "{provider} {repository}");
        }
    }
}
