//! Where a commit is shown, and where a branch is proposed to others, at the hosts that are known.
//!
//! Promises that a link leads to a public host by https, and nowhere else: of a repository that is named by an address of another one there is
//! none.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_domain::{access::Role, storage::slug};
use downbeat_proto::{events::v1::PipelineStorage, metadata::v1::Run};
use futures::StreamExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::sought;
use crate::{http::Call, limits};

/// What a part of a path keeps.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a name keeps that is several parts of a path.
const PATH_KEPT: &AsciiSet = &KEPT.remove(b'/');

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
    let shown = run.origin.as_ref().map(|origin| origin.commit.as_str()).filter(|commit| !commit.is_empty())?;
    commit(kept.get(&run.pipeline_id)?, shown)
}

/// Where a commit is shown.
pub(super) fn commit(storage: &PipelineStorage, commit: &str) -> Option<String> {
    let base = repository(storage)?;
    Some(match storage.provider.as_str() {
        "GITLAB" => format!("{base}/-/commit/{commit}"),
        "BITBUCKET" => format!("{base}/commits/{commit}"),
        _ => format!("{base}/commit/{commit}"),
    })
}

/// Where somebody asks that a branch becomes part of another one.
pub(super) fn merge(storage: &PipelineStorage, branch: &str, into: &str) -> Option<String> {
    let base = repository(storage)?;
    let value = |text: &str| utf8_percent_encode(text, KEPT).to_string();
    let path = |text: &str| utf8_percent_encode(text, PATH_KEPT).to_string();
    Some(match storage.provider.as_str() {
        "GITLAB" => format!(
            "{base}/-/merge_requests/new?merge_request%5Bsource_branch%5D={}&merge_request%5Btarget_branch%5D={}",
            value(branch),
            value(into)
        ),
        "BITBUCKET" => format!("{base}/pull-requests/new?source={}&dest={}", value(branch), value(into)),
        "AZURE_DEVOPS" => {
            format!("{base}/pullrequestcreate?sourceRef={}&targetRef={}", value(branch), value(into))
        }
        _ => format!("{base}/compare/{}...{}?expand=1", path(into), path(branch)),
    })
}

/// The page of a repository.
fn repository(storage: &PipelineStorage) -> Option<String> {
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
    let parts = slug(written).split('/').map(|part| utf8_percent_encode(part, KEPT).to_string());
    let parts: Vec<String> = parts.collect();
    if storage.provider != "AZURE_DEVOPS" {
        return Some(format!("https://{host}/{}", parts.join("/")));
    }
    let (name, first) = parts.split_last()?;
    let first: Vec<&str> = first.iter().map(String::as_str).filter(|part| *part != "_git").collect();
    Some(format!("https://{host}/{}/_git/{name}", first.join("/")))
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
            assert_eq!(commit(&kept_at(provider, repository), "0f").as_deref(), expected, "{provider} {repository}");
        }
    }

    fn kept_at(provider: &str, repository: &str) -> PipelineStorage {
        PipelineStorage {
            provider: provider.to_owned(),
            repository: repository.to_owned(),
            ..PipelineStorage::default()
        }
    }

    #[test]
    fn a_branch_is_proposed_where_the_provider_takes_it_and_nothing_of_its_name_is_more_than_a_name() {
        let hostile = "downbeat/a&b=c#d?\u{e9}";
        for (provider, repository, expected) in [
            (
                "GITHUB",
                "acme/etl",
                Some("https://github.com/acme/etl/compare/main...downbeat/a%26b%3Dc%23d%3F%C3%A9?expand=1"),
            ),
            (
                "GITLAB",
                "acme/team/etl",
                Some(
                    "https://gitlab.com/acme/team/etl/-/merge_requests/new?merge_request%5Bsource_branch%5D=downbeat%2Fa%26b%3Dc%23d%3F%C3%A9&merge_request%5Btarget_branch%5D=main",
                ),
            ),
            (
                "BITBUCKET",
                "acme/etl",
                Some(
                    "https://bitbucket.org/acme/etl/pull-requests/new?source=downbeat%2Fa%26b%3Dc%23d%3F%C3%A9&dest=main",
                ),
            ),
            (
                "AZURE_DEVOPS",
                "acme/shop/etl",
                Some(
                    "https://dev.azure.com/acme/shop/_git/etl/pullrequestcreate?sourceRef=downbeat%2Fa%26b%3Dc%23d%3F%C3%A9&targetRef=main",
                ),
            ),
            ("GIT", "https://git.acme.test/etl", None),
            ("GITHUB", "https://git.acme.test/acme/etl.git", None),
        ] {
            assert_eq!(merge(&kept_at(provider, repository), hostile, "main").as_deref(), expected, "{provider}");
        }
    }
}
