//! Commits of files of pipelines, for people who ask for them: a worker makes and pushes them.
//!
//! Promises: what is committed is a pipeline that can run; that somebody asks is in the log before any worker hears of it, and what came of it
//! afterwards, whether the asker still waits or not; what was pushed is stored at once where it can be. Knows nothing of git: a worker
//! decides whether a branch may be written, and says what stood in the way.

use downbeat_domain::{
    Command, FileCommitId, GitOrigin,
    file_commit::{AskFileCommit, FileCommitCommand, FileCommitEnd, FileCommitEnded},
    storage::branch_name,
};
use downbeat_event_log::Tail;
use downbeat_proto::{control::v1 as wire, event};
use jiff::Timestamp;
use serde_json::Value;
use tonic::Status;
use uuid::Uuid;

use super::{
    Control,
    apply::compile_request,
    asker::Asker,
    repositories::{At, Kept, asked_at},
};
use crate::{api::rejected, engine::Said, limits};

const COMMIT_FILE: &str = "COMMIT_FILE";
/// Where nobody has a mailbox: whoever is no address has one of theirs in the commit.
const NOWHERE: &str = "downbeat.invalid";

impl Control {
    pub(super) async fn commit(
        &self,
        request: wire::CommitPipelineFileRequest,
        asker: &Asker,
    ) -> Result<wire::CommitPipelineFileResponse, Status> {
        asker.person()?;
        let kept = self.kept(&request.pipeline).await?;
        let At { branch, .. } = asked_at(&kept, &request.branch, "")?;
        let branch = branch_name(&branch).map_err(Status::invalid_argument)?.to_owned();
        let apply = wire::ApplyPipelineRequest {
            alias: kept.alias.clone(),
            source: request.source.clone(),
            file_name: kept.storage.yaml_path.clone(),
            source_root: kept.source_root.clone(),
            draft: true,
            ..Default::default()
        };
        // What cannot run is not committed, either.
        self.missing(&compile_request(&apply, "")?).await?;
        let id = FileCommitId(*Uuid::new_v4().as_bytes());
        let ask = AskFileCommit {
            id,
            pipeline: kept.pipeline,
            storage: kept.storage.clone(),
            branch: branch.clone(),
            message: request.message.clone(),
        };
        let ask = Command::FileCommit(FileCommitCommand::Ask(Box::new(ask)));
        self.decide(asker, ask, None).await?.map_err(|rejection| rejected(&rejection))?;
        let (end, answer) = read(self.push(&kept, &branch, &request, asker).await?);
        let ended = FileCommitEnded { id, pipeline: kept.pipeline, end, at: Timestamp::UNIX_EPOCH };
        let ended = Command::FileCommit(FileCommitCommand::End(Box::new(ended)));
        let ended = self.decide(asker, ended, None).await.and_then(|ended| ended.map_err(|why| rejected(&why)));
        let (origin, changed) = answer?;
        // It stands there; what the log has of it is that somebody asked.
        let (_, tail) = ended.map_err(|status| {
            Status::unavailable(format!(
                "it is committed ({}), and not written down here: {}",
                origin.commit,
                status.message()
            ))
        })?;
        Ok(self.stored(&kept, apply, (origin, changed), asker, tail).await)
    }

    async fn push(
        &self,
        kept: &Kept,
        branch: &str,
        request: &wire::CommitPipelineFileRequest,
        asker: &Asker,
    ) -> Result<Said, Status> {
        let base = request.base_source.as_ref().map(|base| blake3::hash(base.as_bytes()).to_hex().to_string());
        let (author, mail) = author(asker.actor());
        let parameters = [
            ("provider", kept.storage.provider.as_str()),
            ("repository", &kept.storage.repository),
            ("from", kept.branch()),
            ("branch", branch),
            ("path", &kept.storage.yaml_path),
            ("text", &request.source),
            ("base_digest", base.as_deref().unwrap_or_default()),
            ("message", &request.message),
            ("author", &author),
            ("author_mail", &mail),
            ("new_branch", if request.new_branch { "true" } else { "" }),
        ];
        self.told_by_a_worker(COMMIT_FILE, &parameters, limits::COMMIT_TIMEOUT).await
    }

    /// Makes a version of what was pushed. It is there whether that can be done or not, so whatever stands in the way is a warning.
    async fn stored(
        &self,
        kept: &Kept,
        apply: wire::ApplyPipelineRequest,
        (origin, changed): (GitOrigin, bool),
        asker: &Asker,
        tail: Tail,
    ) -> wire::CommitPipelineFileResponse {
        let counts = Ok(origin.branch.as_str()) == branch_name(kept.branch());
        let stored = if counts {
            // What stands there counts, and that may be more by now.
            self.bring_up(kept, asker, limits::READ_TIMEOUT).await.map(|(applied, now)| of_this(applied, &origin, &now))
        } else {
            let apply = wire::ApplyPipelineRequest { origin: Some(event::git_origin(&origin)), ..apply };
            self.apply_of(apply, asker, &origin.commit, Some(&kept.storage)).await
        };
        let stored = stored.unwrap_or_else(|status| wire::ApplyPipelineResponse {
            warnings: vec![format!("it is committed, and not stored here yet: {}", status.message())],
            position: self.position(tail),
            ..Default::default()
        });
        wire::CommitPipelineFileResponse {
            origin: Some(event::git_origin(&origin)),
            changed,
            version: stored.version,
            counts,
            warnings: stored.warnings,
            position: stored.position,
        }
    }
}

/// What was stored, if it is what was committed: somebody else may have pushed meanwhile, and then it is theirs.
fn of_this(applied: wire::ApplyPipelineResponse, ours: &GitOrigin, now: &GitOrigin) -> wire::ApplyPipelineResponse {
    if now.commit == ours.commit {
        return applied;
    }
    let mut warnings = applied.warnings;
    warnings.push(format!("the branch has moved on since: version {} is of commit {}", applied.version, now.commit));
    wire::ApplyPipelineResponse { version: 0, warnings, ..applied }
}

/// For the log, and for the asker.
fn read(said: Said) -> (FileCommitEnd, Result<(GitOrigin, bool), Status>) {
    let again = "; ask again: what stands there already is not committed twice";
    let unknown = |why: String| {
        let status = Status::unavailable(format!("it is not known whether it was committed: {why}{again}"));
        (FileCommitEnd::Unknown(why), Err(status))
    };
    match said {
        Said::Failed { message, hopeless: true } => {
            (FileCommitEnd::Refused(message.clone()), Err(Status::failed_precondition(message)))
        }
        Said::Nobody(why) => (FileCommitEnd::Refused(why.clone()), Err(Status::unavailable(why))),
        Said::Failed { message, hopeless: false } | Said::Lost(message) => unknown(message),
        Said::Answer(answer) => {
            let text = |name: &str| answer.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
            if let Some(why) = text("conflict") {
                let words = format!("{why}. Nothing was written: begin from what stands there.");
                return (FileCommitEnd::Refused(why), Err(Status::aborted(words)));
            }
            if let Some(why) = text("undone") {
                let status = Status::unavailable(format!("nothing was written: {why}; try again"));
                return (FileCommitEnd::Refused(why), Err(status));
            }
            let changed = answer.get("changed").and_then(Value::as_bool).unwrap_or(true);
            let origin =
                GitOrigin { branch: text("branch").unwrap_or_default(), commit: text("commit").unwrap_or_default() };
            match origin.check() {
                Ok(()) => (FileCommitEnd::Stands { origin: origin.clone(), changed }, Ok((origin, changed))),
                Err(why) => unknown(format!("the worker's answer cannot be used: {why}")),
            }
        }
    }
}

/// Name and mailbox of who asks, for the commit. Only a person who is called by an address has that; a key never has a person's.
fn author(actor: &str) -> (String, String) {
    let person = actor.strip_prefix("user:");
    let name = person.unwrap_or(actor);
    let is_address = person.and_then(|name| name.split_once('@')).is_some_and(|(before, host)| {
        !before.is_empty() && host.contains('.') && !host.contains('@') && !name.contains(char::is_whitespace)
    });
    if is_address {
        return (name.to_owned(), name.to_owned());
    }
    let plain = |one: char| if one.is_ascii_alphanumeric() || "._-".contains(one) { one } else { '-' };
    (name.to_owned(), format!("{}@{NOWHERE}", name.chars().map(plain).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    #[test]
    fn whoever_asks_is_the_author_by_an_address_of_their_own_or_none() {
        for (actor, name, mail) in [
            ("user:ada@example.com", "ada@example.com", "ada@example.com"),
            ("user:ada", "ada", "ada@downbeat.invalid"),
            ("user", "user", "user@downbeat.invalid"),
            ("key:ci", "key:ci", "key-ci@downbeat.invalid"),
            // A key is nobody's address, whatever it is called.
            ("key:ada@example.com", "key:ada@example.com", "key-ada-example.com@downbeat.invalid"),
            ("user:a b@example.com", "a b@example.com", "a-b-example.com@downbeat.invalid"),
            ("user:a@b@example.com", "a@b@example.com", "a-b-example.com@downbeat.invalid"),
        ] {
            assert_eq!(author(actor), (name.to_owned(), mail.to_owned()), "{actor}");
        }
    }

    #[test]
    fn a_version_of_somebody_elses_commit_is_not_ours() {
        let origin = |commit: &str| GitOrigin { branch: "main".to_owned(), commit: commit.repeat(20) };
        let applied = wire::ApplyPipelineResponse { version: 7, ..Default::default() };
        assert_eq!(of_this(applied.clone(), &origin("0a"), &origin("0a")), applied);
        let theirs = of_this(applied, &origin("0a"), &origin("0b"));
        assert_eq!(theirs.version, 0);
        assert!(
            theirs.warnings[0].contains("version 7") && theirs.warnings[0].contains("0b0b"),
            "{:?}",
            theirs.warnings
        );
    }

    #[test]
    fn what_may_have_been_done_is_told_from_what_was_not() {
        let answer = |json: serde_json::Value| Said::Answer(json.as_object().cloned().unwrap_or_default());
        let commit = "0f".repeat(20);
        let stands = serde_json::json!({ "branch": "topic", "commit": commit, "changed": false });
        let origin = GitOrigin { branch: "topic".to_owned(), commit };
        let (end, told) = read(answer(stands));
        assert_eq!(end, FileCommitEnd::Stands { origin: origin.clone(), changed: false });
        assert_eq!(told.ok(), Some((origin, false)));
        let failed = |hopeless| Said::Failed { message: "m".to_owned(), hopeless };
        for (said, code, known) in [
            (failed(true), Code::FailedPrecondition, true),
            (failed(false), Code::Unavailable, false),
            (Said::Nobody("m".to_owned()), Code::Unavailable, true),
            (Said::Lost("m".to_owned()), Code::Unavailable, false),
            (answer(serde_json::json!({ "conflict": "m" })), Code::Aborted, true),
            (answer(serde_json::json!({ "undone": "m" })), Code::Unavailable, true),
            (answer(serde_json::json!({ "commit": "m" })), Code::Unavailable, false),
        ] {
            let shown = format!("{said:?}");
            let (end, told) = read(said);
            let status = told.err().unwrap_or_else(|| Status::ok(""));
            assert_eq!((status.code(), matches!(end, FileCommitEnd::Refused(_))), (code, known), "{shown}");
            assert!(status.message().contains('m'), "{shown}");
        }
    }
}
