//! One file of a repository, written as one commit onto one branch, without a checkout.
//!
//! Promises: besides what the module promises, that nothing is written where `git_push` of the connection does not allow it; that no branch ever
//! loses a commit, and no text that the asker has not seen is written over: the file must be what the edit began from, or what is to be
//! written; that what is asked for a second time is done once; that of the file only its text changes. Nothing is left when it is
//! dropped; then, and when it fails, the host may have taken the commit. Knows nothing of what the text means.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use downbeat_proto::events::v1::FailureClass;

use super::{
    Fetching, Git, Repository,
    access::Keys,
    failed,
    ground::{Camp, Tent},
    host::{Hosts, Provider},
    push, reach,
    read::{EndsOnDrop, There, check_path, readable},
    reference::Reference,
    words,
};
use crate::attempt::{Ending, Failure};
use crate::connections::Connection;
use crate::connectors::Step;
use crate::limits::{
    GIT_AUTHOR_BYTES_MAX, GIT_MESSAGE_BYTES_MAX, GIT_PUSHES_MAX, GIT_READ_FILE_BYTES_MAX, GIT_SAID_BYTES_MAX,
};
use crate::stop::{StopSignal, stop_channel};

/// Beside the checkout: what git reads of files, as arguments are for all to see.
const TEXT: &str = "text";
const MESSAGE: &str = "message";
/// Who commits for others. No such host can be anybody's.
const COMMITTER: (&str, &str) = ("Downbeat", "downbeat@downbeat.invalid");
const NEW_FILE: &str = "100644";

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) struct FileToCommit {
    pub(crate) provider: Provider,
    /// `owner/name`, or an address.
    pub(crate) repository: String,
    /// Where a new branch begins; empty: the repository's default one.
    pub(crate) from: String,
    /// The branch that is written.
    pub(crate) branch: String,
    pub(crate) path: String,
    pub(crate) text: String,
    /// What the file has to be: BLAKE3 of its text, as hexadecimal digits; empty: it must not be there.
    pub(crate) base: String,
    pub(crate) message: String,
    pub(crate) author: Author,
    /// The branch must not be there yet, or have this very text.
    pub(crate) new_branch: bool,
    pub(crate) time: Duration,
}

/// Who wrote the text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Author {
    pub(crate) name: String,
    pub(crate) mail: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// The text stands there.
    Stands {
        commit: String,
        /// Of the one that was asked for; of the one that a new one would have begun at, where the text stands there already.
        branch: String,
        /// False: it stood there before.
        changed: bool,
    },
    /// The file is neither what the edit began from nor what is to be written; why, for people.
    Conflict(String),
    /// Something failed that may work the next time, before anything was pushed; what.
    Undone(String),
}

/// Where a commit goes.
struct Onto {
    /// The commit before it.
    parent: String,
    /// The branch that the parent was read of.
    named: String,
    /// The branch that is written is not there yet.
    is_new: bool,
}

impl Git {
    /// Commits a file. `connection`: the provider's default one.
    pub(crate) async fn commit_file(
        &self,
        camp: &Camp,
        hosts: &Hosts,
        connection: Option<&Connection>,
        asked: FileToCommit,
    ) -> Result<Written, Failure> {
        let asked = asked.checked()?;
        let reference = branch(&asked.branch)?;
        let address = self.address(hosts, asked.provider, &asked.repository)?;
        let access = self.may_push(hosts, connection, asked.provider, &address, &asked.branch)?;
        let repository = Repository { address, reference, folders: Vec::new(), access };
        let git = self.for_one_file(asked.time);
        let tent = camp.pitch()?;
        if let Some(connection) = connection {
            tent.log.learn(connection.secrets()).await;
        }
        let (asks, stop) = stop_channel();
        let _ends = EndsOnDrop(asks);
        // In a task of its own: whoever waits may be dropped, and git has to be ended then, not left alone.
        let pushing = Arc::new(AtomicBool::new(false));
        let begun = Arc::clone(&pushing);
        let writing = tokio::spawn(async move { git.write_in(tent, &repository, &asked, &stop, &begun).await });
        match writing.await {
            Ok(Ok(written)) => Ok(written),
            Ok(Err(Ending::Failed(failure)))
                if failure.class == FailureClass::Transient && !pushing.load(Ordering::Relaxed) =>
            {
                Ok(Written::Undone(failure.message))
            }
            Ok(Err(Ending::Failed(failure))) => Err(failure),
            Ok(Err(_)) => Err(Failure::transient("git was ended before it was done")),
            Err(_) => Err(Failure::job("writing the file failed inside Downbeat (a bug there, please report it)")),
        }
    }

    async fn write_in(
        &self,
        tent: Tent,
        repository: &Repository,
        asked: &FileToCommit,
        stop: &StopSignal,
        pushing: &AtomicBool,
    ) -> Step<Written> {
        let addresses = reach::addresses(&repository.address, stop).await?;
        let ground = tent.ground(stop);
        for (name, text) in [(TEXT, &asked.text), (MESSAGE, &asked.message)] {
            let written = tokio::fs::write(ground.folder.join(name), text).await;
            written.map_err(|error| Failure::transient(format!("cannot write what git is to read: {error}")))?;
        }
        let keys = Keys::write(&repository.access, ground.folder, &addresses)?;
        let mut fetching = self.fetching(ground, repository, &addresses);
        for (name, value) in [
            ("GIT_AUTHOR_NAME", asked.author.name.as_str()),
            ("GIT_AUTHOR_EMAIL", &asked.author.mail),
            ("GIT_COMMITTER_NAME", COMMITTER.0),
            ("GIT_COMMITTER_EMAIL", COMMITTER.1),
        ] {
            fetching.environment.insert(name.to_owned(), value.to_owned());
        }
        let written = fetching.write(asked, pushing).await;
        drop(keys);
        written
    }
}

impl Fetching<'_> {
    async fn write(&self, asked: &FileToCommit, pushing: &AtomicBool) -> Step<Written> {
        let folder = self.begin().await?;
        let mut said = String::new();
        for _ in 0..GIT_PUSHES_MAX {
            let onto = self.onto(&folder, asked).await?;
            let there = self.file(&folder, &onto.parent, &asked.path).await?;
            let mode = match there {
                Some(There { text, .. }) if text == asked.text => {
                    return Ok(Written::Stands { commit: onto.parent, branch: onto.named, changed: false });
                }
                _ if asked.new_branch && !onto.is_new => {
                    let place = &self.repository.address.text;
                    let (branch, parent) = (&onto.named, &onto.parent);
                    return Ok(Written::Conflict(format!(
                        "a branch {branch} is there already in {place} (commit {parent}): name another one"
                    )));
                }
                Some(There { mode, text }) if digest(&text) == asked.base => mode,
                None if asked.base.is_empty() => NEW_FILE.to_owned(),
                other => return Ok(Written::Conflict(self.conflict(&onto, asked, other.is_some()))),
            };
            let commit = self.commit(&folder, &onto, &mode, &asked.path).await?;
            let branch = asked.branch.clone();
            pushing.store(true, Ordering::Relaxed);
            match self.push(&folder, &commit, &onto).await? {
                None => return Ok(Written::Stands { commit, branch, changed: true }),
                // It may be there already: another try of the same, or somebody else's text.
                Some(moved) => said = moved,
            }
        }
        let text = &self.repository.address.text;
        Err(Failure::transient(format!("git: {text}: others write the branch {} just now: {said}", asked.branch))
            .into())
    }

    /// The head of the branch, or, where that is not there, of the one that it begins at.
    async fn onto(&self, folder: &Path, asked: &FileToCommit) -> Step<Onto> {
        let own = &self.repository.reference;
        if self.head_of(folder, own).await?.is_some() {
            let parent = self.commit_of(folder, own).await?;
            return Ok(Onto { parent, named: asked.branch.clone(), is_new: false });
        }
        let text = &self.repository.address.text;
        let missing = |what: &str| Ending::from(Failure::misconfigured(format!("{text}: {what}")));
        let from = if asked.from.is_empty() { Reference::Default } else { branch(&asked.from)? };
        if from == *own {
            return Err(missing(&format!("there is no {own} in it")));
        }
        let Some((_, named)) = self.head_of(folder, &from).await? else {
            return Err(missing(&format!("there is no {from} in it that a new branch could begin at")));
        };
        let parent = self.commit_of(folder, &from).await?;
        Ok(Onto { parent, named, is_new: true })
    }

    fn conflict(&self, onto: &Onto, asked: &FileToCommit, is_there: bool) -> String {
        let what = match (is_there, asked.base.is_empty()) {
            (true, true) => "it is there already",
            (true, false) => "it is not what the change began from: somebody else has changed it",
            (false, _) => "it is not there any more",
        };
        let place = &self.repository.address.text;
        format!("{} on branch {} of {place} (commit {}): {what}", asked.path, onto.named, onto.parent)
    }

    /// The tree of the parent with the one file changed. Nothing of it is written as files, and what of it was not sent is not asked for.
    async fn commit(&self, folder: &Path, onto: &Onto, mode: &str, path: &str) -> Step<String> {
        let keep = words(&["hash-object", "-w", "--no-filters", "--", &format!("../{TEXT}")]);
        let object = self.word(folder, "keeping the text", keep).await?;
        self.step(folder, "reading the tree", words(&["read-tree", &onto.parent])).await?;
        let entry = format!("{mode},{object},{path}");
        let change = words(&["update-index", "--add", "--cacheinfo", &entry]);
        self.step(folder, "changing the file in the tree", change).await.map_err(in_the_way)?;
        let tree = self.word(folder, "writing the tree", words(&["write-tree", "--missing-ok"])).await?;
        let commit = words(&["commit-tree", "-p", &onto.parent, "-F", &format!("../{MESSAGE}"), &tree]);
        self.word(folder, "committing", commit).await
    }

    /// `None`: it is there. Else the branch has moved meanwhile, in git's words.
    async fn push(&self, folder: &Path, commit: &str, onto: &Onto) -> Step<Option<String>> {
        let name = self.repository.reference.refspec();
        // The host compares: only where it is still there, or still is not, it is written.
        let expected = if onto.is_new { "" } else { &onto.parent };
        let lease = format!("--force-with-lease={name}:{expected}");
        let mut push = words(&["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed"]);
        push.extend(words(&["--recurse-submodules=no", &lease, "--", "origin", &format!("{commit}:{name}")]));
        let ran = self.ran(folder, push, Some(GIT_SAID_BYTES_MAX)).await?;
        let Some(how) = failed(&ran.exit)? else { return Ok(None) };
        let listed = String::from_utf8_lossy(&ran.output).into_owned();
        let rejected = listed.lines().filter(|line| line.starts_with('!')).collect::<Vec<_>>().join("\n");
        let said = format!("{}\n{rejected}", self.ground.log.tail().await);
        match push::why(&rejected, &said) {
            push::Failed::Refused(class, advice) => Err(self.failure("pushing", &how, &said, (class, advice)).into()),
            push::Failed::Moved => Ok(Some(rejected)),
        }
    }
}

/// Only a file that is not there yet can have something in its way.
fn in_the_way(ending: Ending) -> Ending {
    match ending {
        Ending::Failed(failure) => Failure::misconfigured(format!(
            "{} (a file or a link stands where a folder of the path would be)",
            failure.message
        ))
        .into(),
        other => other,
    }
}

impl FileToCommit {
    fn checked(mut self) -> Result<Self, Failure> {
        let bad = |what: &str, why: &str| Failure::misconfigured(format!("the {what} {why}"));
        check_path(&self.path)?;
        if self.path.is_empty() {
            return Err(bad("path", "of the file is empty"));
        }
        // What hosts and tools run by themselves lies in such places, and is no pipeline.
        let is_yaml = [".yml", ".yaml"].iter().any(|end| self.path.ends_with(end));
        if !is_yaml || self.path.split('/').any(|part| part.starts_with('.')) {
            let why = "is none that is written: it has to end with .yml or .yaml, and no part of it begins with a dot";
            return Err(bad("path", &format!("{:?} {why}", self.path)));
        }
        if self.text.len() > GIT_READ_FILE_BYTES_MAX {
            return Err(bad(
                "text",
                &format!("has {} bytes; at most {GIT_READ_FILE_BYTES_MAX} are committed", self.text.len()),
            ));
        }
        self.text =
            readable(self.text.into_bytes()).map_err(|why| bad("text", &format!("is none to commit: {why}")))?;
        let message = self.message.replace("\r\n", "\n");
        let message = message.trim();
        let is_text = message.chars().all(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'));
        if message.is_empty() || message.len() > GIT_MESSAGE_BYTES_MAX || !is_text {
            let why = format!("takes 1 to {GIT_MESSAGE_BYTES_MAX} bytes, none of them a control character");
            return Err(bad("message of the commit", &why));
        }
        self.message = format!("{message}\n");
        self.author = self.author.plain();
        // As it is written: names are compared with patterns.
        self.branch = short(&self.branch)?;
        Ok(self)
    }
}

impl Author {
    /// Without what would end a name or an address in a commit.
    fn plain(&self) -> Self {
        let plain = |text: &str| {
            let kept: String = text.chars().filter(|letter| !letter.is_control() && !"<>".contains(*letter)).collect();
            // Git takes these away by itself, and refuses what is nothing then.
            let kept = kept.trim_matches(|letter: char| letter.is_whitespace() || ".,:;\"\\'".contains(letter));
            let end = kept
                .char_indices()
                .map(|(at, letter)| at + letter.len_utf8())
                .take_while(|end| *end <= GIT_AUTHOR_BYTES_MAX);
            kept[..end.last().unwrap_or_default()].to_owned()
        };
        let or = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
        let mail = plain(&self.mail).split_whitespace().collect::<String>();
        Self { name: or(plain(&self.name), COMMITTER.0), mail: or(mail, COMMITTER.1) }
    }
}

/// A branch, and nothing else that a reference can be.
fn branch(name: &str) -> Result<Reference, Failure> {
    let bad = |why: String| Failure::misconfigured(format!("the branch {why}"));
    match Reference::parse(name).map_err(bad)? {
        Reference::Named(name) if name.starts_with("refs/heads/") && name != "refs/heads/HEAD" => {
            Ok(Reference::Named(name))
        }
        _ => Err(bad(format!("is {name:?}, which is no name of a branch"))),
    }
}

fn short(name: &str) -> Result<String, Failure> {
    let reference = branch(name)?;
    let name = reference.refspec();
    Ok(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned())
}

fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
