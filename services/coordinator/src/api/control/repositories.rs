//! Pipelines whose files are kept in repositories: imported, brought up to what stands there, run at a branch or a commit.
//!
//! Workers read (they have git, and the credentials); what they bring is compiled and decided on as any other text. Nothing is held while a
//! worker reads: what was true before may not be true after, and the decision looks again. Knows nothing of when to look: `syncing.rs` does.

use downbeat_domain::{GitOrigin, PipelineId, PipelineStorage, StorageProvider, alias};
use downbeat_proto::{control::v1 as wire, event};
use serde_json::{Map, Value};
use std::time::Duration;
use tonic::{Code, Status};

use super::{
    Control,
    asker::Asker,
    request::{check_alias, pipeline_of},
    versions::storage_of,
};
use crate::{
    api::refused,
    engine::{Inquiry, Said},
    limits,
};

/// As what workers are asked for it.
pub(crate) const INTEGRATION: &str = "GIT";
const READ_FILE: &str = "READ_FILE";

/// Where to read.
#[derive(Clone, Debug, Default)]
pub(super) struct At {
    /// Empty: with a commit, nothing; else the repository's own default branch.
    pub(super) branch: String,
    pub(super) commit: String,
    /// Where the branch is still at this commit, nothing is read.
    pub(super) known: String,
}

/// What stands there.
#[derive(Clone, Debug)]
pub(super) struct Stands {
    pub(super) origin: GitOrigin,
    /// `None`: the commit is known, or only the commit was asked for.
    pub(super) text: Option<String>,
}

/// A pipeline whose file is kept in a repository.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) pipeline: PipelineId,
    pub(super) alias: String,
    pub(super) source_root: String,
    pub(super) storage: PipelineStorage,
}

impl Kept {
    /// The branch that counts.
    pub(super) fn branch(&self) -> &str {
        self.storage.counting_branch()
    }
}

impl Control {
    /// Asks a worker what stands in a repository. With an empty path: only where the branch is.
    ///
    /// # Errors
    /// UNAVAILABLE: another try may help. FAILED_PRECONDITION: none does.
    pub(super) async fn look(
        &self,
        storage: &PipelineStorage,
        path: &str,
        at: &At,
        timeout: Duration,
    ) -> Result<Stands, Status> {
        let parameters = [
            ("provider", storage.provider.as_str()),
            ("repository", &storage.repository),
            ("branch", &at.branch),
            ("commit", &at.commit),
            ("path", path),
            ("known", &at.known),
        ];
        let said = self.ask_a_worker(READ_FILE, &parameters, timeout).await?;
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let origin =
            GitOrigin { branch: text("branch").unwrap_or_default(), commit: text("commit").unwrap_or_default() };
        origin.check().map_err(|why| Status::unavailable(format!("the worker's answer cannot be used: {why}")))?;
        Ok(Stands { origin, text: text("text") })
    }

    pub(super) async fn ask_a_worker(
        &self,
        kind: &'static str,
        parameters: &[(&str, &str)],
        timeout: Duration,
    ) -> Result<Map<String, Value>, Status> {
        match self.told_by_a_worker(kind, parameters, timeout).await? {
            Said::Answer(answer) => Ok(answer),
            Said::Failed { message, hopeless: true } => Err(Status::failed_precondition(message)),
            Said::Failed { message, hopeless: false } | Said::Nobody(message) | Said::Lost(message) => {
                Err(Status::unavailable(message))
            }
        }
    }

    /// What a worker says to such a question.
    ///
    /// # Errors
    /// This service ends.
    pub(super) async fn told_by_a_worker(
        &self,
        kind: &'static str,
        parameters: &[(&str, &str)],
        timeout: Duration,
    ) -> Result<Said, Status> {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let what = Inquiry { integration: INTEGRATION, kind, parameters, timeout };
        self.handle.inquire(what).await.map_err(|error| refused(&error))
    }

    /// The file of a storage, which must be there.
    async fn file(&self, storage: &PipelineStorage, at: &At) -> Result<(String, GitOrigin), Status> {
        let Stands { origin, text } = self.look(storage, &storage.yaml_path, at, limits::READ_TIMEOUT).await?;
        let none = || Status::unavailable("the worker's answer has no text: is it of another version?");
        Ok((text.ok_or_else(none)?, origin))
    }

    pub(super) async fn import(
        &self,
        request: wire::ImportPipelineRequest,
        asker: &Asker,
    ) -> Result<wire::ImportPipelineResponse, Status> {
        asker.person()?;
        let missing = || Status::invalid_argument("storage: say in which repository the file is");
        let mut storage = storage_of(request.storage.ok_or_else(missing)?)?;
        if storage.provider == StorageProvider::Orchestra {
            return Err(missing());
        }
        let alias = if request.alias.is_empty() { alias_of(&storage.yaml_path)? } else { request.alias };
        check_alias(&alias)?;
        let named = if storage.default_branch.is_empty() { "main" } else { &storage.default_branch };
        let checked = PipelineStorage { default_branch: named.to_owned(), ..storage.clone() };
        checked.check().map_err(Status::invalid_argument)?;
        let at = At { branch: storage.counting_branch().to_owned(), ..At::default() };
        let (source, origin) = self.file(&storage, &at).await?;
        if storage.default_branch.is_empty() {
            storage.default_branch.clone_from(&origin.branch);
        }
        let apply = wire::ApplyPipelineRequest {
            alias: alias.clone(),
            source,
            file_name: storage.yaml_path.clone(),
            create: true,
            origin: Some(event::git_origin(&origin)),
            storage: Some(event::pipeline_storage(&storage)),
            ..Default::default()
        };
        let place = place(&storage, &origin);
        let applied = self.apply(apply, asker).await.map_err(|status| at_its_place(status, &place))?;
        let kept = PipelineId::derive(super::ACCOUNT, &alias);
        self.syncs.seen(kept, &origin);
        Ok(wire::ImportPipelineResponse {
            pipeline_id: applied.pipeline_id,
            alias,
            version: applied.version,
            name: applied.name,
            warnings: applied.warnings,
            origin: Some(event::git_origin(&origin)),
            position: applied.position,
        })
    }

    /// The pipeline, whose file has to be kept in a repository.
    pub(super) async fn kept(&self, named: &str) -> Result<Kept, Status> {
        let pipeline = pipeline_of(named)?;
        let asked = self.handle.ask(move |engine, _| {
            let state = engine.partition().pipelines.get(&pipeline).filter(|state| !state.deleted)?;
            Some((state.alias.to_string(), state.current().source_root.to_string(), state.storage.clone()))
        });
        let unknown = || Status::not_found(format!("there is no pipeline `{named}`"));
        let (alias, source_root, storage) = asked.await.map_err(|error| refused(&error))?.ok_or_else(unknown)?;
        let storage = storage.filter(|storage| storage.provider != StorageProvider::Orchestra);
        let ours = || {
            Status::failed_precondition(format!(
                "the file of pipeline `{alias}` is kept here and in no repository: branch, commit and sync are for those that are imported, or \
                 migrated to one"
            ))
        };
        Ok(Kept { pipeline, source_root, storage: storage.ok_or_else(ours)?, alias })
    }

    pub(super) async fn sync(
        &self,
        request: wire::SyncPipelineRequest,
        asker: &Asker,
    ) -> Result<wire::SyncPipelineResponse, Status> {
        asker.person()?;
        let kept = self.kept(&request.pipeline).await?;
        let (applied, origin) = self.bring_up(&kept, asker, limits::READ_TIMEOUT).await?;
        Ok(wire::SyncPipelineResponse {
            version: applied.version,
            changed: applied.changed,
            origin: Some(event::git_origin(&origin)),
            warnings: applied.warnings,
            position: applied.position,
        })
    }

    /// Makes current what stands on the branch that counts; what came of it is remembered, and said at the repository's host.
    pub(super) async fn bring_up(
        &self,
        kept: &Kept,
        asker: &Asker,
        timeout: Duration,
    ) -> Result<(wire::ApplyPipelineResponse, GitOrigin), Status> {
        let at = At { branch: kept.branch().to_owned(), ..At::default() };
        let looked = self.look(&kept.storage, &kept.storage.yaml_path, &at, timeout).await;
        let (origin, text) = match looked {
            Ok(Stands { origin, text: Some(text) }) => (origin, text),
            Ok(_) => return Err(Status::unavailable("the worker's answer has no text: is it of another version?")),
            Err(status) => {
                self.syncs.unseen(kept.pipeline, status.message());
                return Err(status);
            }
        };
        let apply = wire::ApplyPipelineRequest {
            alias: kept.alias.clone(),
            source: text,
            file_name: kept.storage.yaml_path.clone(),
            source_root: kept.source_root.clone(),
            origin: Some(event::git_origin(&origin)),
            ..Default::default()
        };
        let place = place(&kept.storage, &origin);
        // What is as it was before this coordinator began was told by the one before.
        let known = self.syncs.knows(kept.pipeline);
        // While it was read, the pipeline may have gone, or its file may have moved: then the text is of nobody.
        match self.apply_of(apply, asker, "", Some(&kept.storage)).await {
            Ok(applied) => {
                if self.syncs.seen(kept.pipeline, &origin) && (known || applied.changed) {
                    self.say_at_host(kept, &origin, None);
                }
                Ok((applied, origin))
            }
            Err(status) => {
                let status = at_its_place(status, &place);
                match status.code() {
                    Code::InvalidArgument | Code::FailedPrecondition => {
                        if self.syncs.failed(kept.pipeline, &origin, status.message()) {
                            self.say_at_host(kept, &origin, Some(status.message()));
                        }
                    }
                    // Of a pipeline that is gone nothing is remembered.
                    Code::NotFound => {}
                    _ => self.syncs.unseen(kept.pipeline, status.message()),
                }
                Err(status)
            }
        }
    }

    pub(super) async fn read_pipeline_file_of(
        &self,
        request: wire::ReadPipelineFileRequest,
    ) -> Result<wire::ReadPipelineFileResponse, Status> {
        let kept = self.kept(&request.pipeline).await?;
        let (source, origin) = self.file(&kept.storage, &asked_at(&kept, &request.branch, &request.commit)?).await?;
        Ok(wire::ReadPipelineFileResponse { source, origin: Some(event::git_origin(&origin)) })
    }

    /// What stands on a branch or at a commit becomes a version that is not current: its number. A version of that commit, whatever other ones
    /// have the same text: a run shows the commit that was asked for.
    pub(super) async fn version_at(
        &self,
        pipeline: &str,
        branch: &str,
        commit: &str,
        asker: &Asker,
    ) -> Result<u32, Status> {
        let kept = self.kept(pipeline).await?;
        let (source, origin) = self.file(&kept.storage, &asked_at(&kept, branch, commit)?).await?;
        let apply = wire::ApplyPipelineRequest {
            alias: kept.alias,
            source,
            file_name: kept.storage.yaml_path.clone(),
            source_root: kept.source_root,
            draft: true,
            origin: Some(event::git_origin(&origin)),
            ..Default::default()
        };
        let place = place(&kept.storage, &origin);
        let applied = self.apply_of(apply, asker, &origin.commit, Some(&kept.storage)).await;
        let applied = applied.map_err(|status| at_its_place(status, &place))?;
        // The same call goes on: what is refused of it from here on is recorded for itself.
        asker.goes_on();
        Ok(applied.version)
    }
}

pub(super) fn asked_at(kept: &Kept, branch: &str, commit: &str) -> Result<At, Status> {
    if !commit.is_empty() {
        let origin = GitOrigin { branch: branch.to_owned(), commit: commit.to_ascii_lowercase() };
        let named = |why: String| Status::invalid_argument(why.trim_start_matches("origin.").to_owned());
        origin.check().map_err(named)?;
        return Ok(At { branch: origin.branch, commit: origin.commit, known: String::new() });
    }
    let branch = if branch.is_empty() { kept.branch() } else { branch };
    let storage = PipelineStorage { default_branch: branch.to_owned(), ..kept.storage.clone() };
    let named = |why: String| Status::invalid_argument(why.replace("storage.default_branch", "branch"));
    storage.check().map_err(named)?;
    Ok(At { branch: branch.to_owned(), ..At::default() })
}

/// For errors.
fn place(storage: &PipelineStorage, origin: &GitOrigin) -> String {
    let branch = if origin.branch.is_empty() { String::new() } else { format!(", branch {}", origin.branch) };
    format!("{}{branch}, commit {}: {}", storage.repository, origin.commit, storage.yaml_path)
}

/// What is wrong with a text, behind where it stands.
fn at_its_place(status: Status, place: &str) -> Status {
    match status.code() {
        Code::InvalidArgument | Code::FailedPrecondition => {
            Status::new(status.code(), format!("{place} is no pipeline that can run:\n{}", status.message()))
        }
        _ => status,
    }
}

/// As the official client makes one of a file's name.
fn alias_of(path: &str) -> Result<String, Status> {
    let file = path.rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let none = || Status::invalid_argument("alias: none can be made of the file's name; give one");
    alias::of_name(stem).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_made_of_the_files_name() {
        for (path, expected) in [
            ("pipelines/Daily Orders.yml", Some("daily_orders")),
            ("a.b.yaml", Some("a_b")),
            ("x", Some("x")),
            ("ü.yml", None),
        ] {
            assert_eq!(alias_of(path).ok().as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_text_is_said_behind_its_place() {
        let told = at_its_place(Status::invalid_argument("p.yml:3:5: error: x"), "a/b, branch main, commit 1: p.yml");
        assert_eq!(
            told.message(),
            "a/b, branch main, commit 1: p.yml is no pipeline that can run:\np.yml:3:5: error: x"
        );
        assert_eq!(at_its_place(Status::unavailable("x"), "y").message(), "x");
    }
}
