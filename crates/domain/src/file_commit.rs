//! Commits that people ask for: another text of the file of a pipeline that is kept in a repository.
//!
//! Promises: that somebody asks for a commit is recorded before anybody is told to make it, and what came of it afterwards, so that nothing is
//! pushed of which the log says nothing; an ask without an end may have been done. A file that counts for another pipeline is not written
//! through this one. Texts are bounded. Nothing else is decided by it, so the state keeps none of it. Knows nothing about git.

use jiff::Timestamp;

use crate::{
    audit::visible,
    command::{Context, Rejection},
    event::Event,
    id::{FileCommitId, PipelineId},
    limits,
    state::Partition,
    storage::{GitOrigin, PipelineStorage, StorageProvider, branch_name, slug},
};

/// A request about a commit.
#[derive(Clone, Debug)]
pub enum FileCommitCommand {
    /// Record that it is about to be made.
    Ask(Box<AskFileCommit>),
    /// Record what came of it.
    End(Box<FileCommitEnded>),
}

/// See [`FileCommitCommand::Ask`].
#[derive(Clone, Debug)]
pub struct AskFileCommit {
    /// Drawn by whoever asks.
    pub id: FileCommitId,
    /// Whose file.
    pub pipeline: PipelineId,
    /// Where the file is, as it was read a moment ago.
    pub storage: PipelineStorage,
    /// The branch that is to be written.
    pub branch: String,
    /// What the commit says.
    pub message: String,
}

/// A fact about a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileCommitEvent {
    /// Somebody asks for it: a worker is told to make it.
    Asked(FileCommitAsked),
    /// What came of it.
    Ended(FileCommitEnded),
}

/// See [`FileCommitEvent::Asked`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCommitAsked {
    /// Which one.
    pub id: FileCommitId,
    /// Whose file.
    pub pipeline: PipelineId,
    /// Where the file is.
    pub storage: PipelineStorage,
    /// The branch that is to be written.
    pub branch: String,
    /// What the commit says, from its beginning.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// See [`FileCommitEvent::Ended`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCommitEnded {
    /// Which one.
    pub id: FileCommitId,
    /// Whose file.
    pub pipeline: PipelineId,
    /// How.
    pub end: FileCommitEnd,
    /// When.
    pub at: Timestamp,
}

/// What came of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileCommitEnd {
    /// The text stands there.
    Stands {
        /// Branch and commit.
        origin: GitOrigin,
        /// False: it stood there before.
        changed: bool,
    },
    /// Nothing was written; why.
    Refused(String),
    /// Nobody knows whether something was written; why.
    Unknown(String),
}

impl FileCommitEvent {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Asked(asked) => asked.at,
            Self::Ended(ended) => ended.at,
        }
    }
}

pub(crate) fn decide(
    partition: &Partition,
    command: &FileCommitCommand,
    context: &Context,
) -> Result<Vec<Event>, Rejection> {
    let fact = match command {
        FileCommitCommand::Ask(ask) => FileCommitEvent::Asked(self::ask(partition, ask, context)?),
        FileCommitCommand::End(ended) => FileCommitEvent::Ended(end(ended, context)),
    };
    Ok(vec![Event::FileCommit(Box::new(fact))])
}

fn ask(partition: &Partition, ask: &AskFileCommit, context: &Context) -> Result<FileCommitAsked, Rejection> {
    let state = partition.live_pipeline(ask.pipeline)?;
    let here = state.storage.as_ref() == Some(&ask.storage) && ask.storage.provider != StorageProvider::Orchestra;
    if !here {
        return Err(Rejection::StorageMoved { alias: state.alias.clone() });
    }
    // One name, however it is written: what is compared here is what a worker writes.
    let branch = branch_name(&ask.branch).map_err(Rejection::InvalidStorage)?;
    let written = PipelineStorage { default_branch: branch.to_owned(), ..ask.storage.clone() };
    let fits = written.check().map_err(|why| why.replace("storage.default_branch", "branch"));
    fits.map_err(Rejection::InvalidStorage)?;
    let message = ask.message.trim();
    if message.is_empty() || message.len() > limits::COMMIT_MESSAGE_BYTES_MAX {
        let most = limits::COMMIT_MESSAGE_BYTES_MAX;
        return Err(Rejection::InvalidStorage(format!("message: a commit says something, in at most {most} bytes")));
    }
    // Whoever may change this pipeline need not be one who may change that one.
    let is_anothers = |(id, other): (&PipelineId, &crate::state::PipelineState)| {
        let theirs = other.storage.as_ref().filter(|_| !other.deleted && *id != ask.pipeline);
        theirs.is_some_and(|theirs| {
            theirs.yaml_path == ask.storage.yaml_path
                && branch_name(theirs.counting_branch()) == Ok(branch)
                && slug(&theirs.repository).eq_ignore_ascii_case(slug(&ask.storage.repository))
        })
    };
    if partition.pipelines.iter().any(is_anothers) {
        return Err(Rejection::FileOfAnother { path: ask.storage.yaml_path.clone(), branch: branch.to_owned() });
    }
    Ok(FileCommitAsked {
        id: ask.id,
        pipeline: ask.pipeline,
        storage: ask.storage.clone(),
        branch: branch.to_owned(),
        message: visible(message, limits::COMMIT_MESSAGE_KEPT_BYTES),
        at: context.now,
    })
}

fn end(ended: &FileCommitEnded, context: &Context) -> FileCommitEnded {
    let brief = |why: &String| visible(why, limits::COMMIT_MESSAGE_KEPT_BYTES);
    let end = match &ended.end {
        FileCommitEnd::Refused(why) => FileCommitEnd::Refused(brief(why)),
        FileCommitEnd::Unknown(why) => FileCommitEnd::Unknown(brief(why)),
        stands @ FileCommitEnd::Stands { .. } => stands.clone(),
    };
    FileCommitEnded { end, at: context.now, ..ended.clone() }
}
