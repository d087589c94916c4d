//! What can be typed about pipelines whose files are kept in repositories.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{By, Servers};

/// Whose repositories these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Provider {
    /// github.com, or where the workers' --git-host leads.
    Github,
    /// gitlab.com, or the same.
    Gitlab,
    /// bitbucket.org, or the same.
    Bitbucket,
    /// dev.azure.com, or the same.
    AzureDevops,
    /// Anybody's, by its address.
    Git,
}

/// `downbeat import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The repository: an https or ssh address, owner/name with --provider, or a folder of this machine (where the worker is started with
    /// --git-protocol file).
    pub repository: String,
    /// Path of the pipeline's file in it.
    pub path: String,
    /// Name of the pipeline for commands. Default: from the file's name.
    #[arg(long)]
    pub alias: Option<String>,
    /// The branch whose file counts. Default: the repository's own default branch.
    #[arg(long)]
    pub branch: Option<String>,
    /// Whose repository it is. Default: as the address says.
    #[arg(long, value_enum)]
    pub provider: Option<Provider>,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat sync`.
#[derive(Debug, Args)]
pub struct Sync {
    /// Alias or id.
    pub pipeline: String,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat commit`.
#[derive(Debug, Args)]
pub struct Commit {
    /// Alias or id of a pipeline whose file is kept in a repository.
    pub pipeline: String,
    /// The file with the new text.
    pub file: PathBuf,
    /// The branch to commit to; one that is not there begins at the branch that counts. Default: the branch that counts.
    #[arg(long)]
    pub branch: Option<String>,
    /// What the commit says.
    #[arg(long, short)]
    pub message: String,
    /// The version that the change began from (`downbeat pipeline show`): where the repository has another text, nothing is committed.
    #[arg(long)]
    pub base: u32,
    /// The branch must not be there yet.
    #[arg(long, requires = "branch")]
    pub new: bool,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}
