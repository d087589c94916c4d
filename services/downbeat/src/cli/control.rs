//! What can be typed about pipelines that are there already, and about pools.

use clap::{Args, Subcommand};

use super::{By, Key, Servers};

/// `downbeat pipeline`.
#[derive(Debug, Args)]
pub struct PipelineCommand {
    /// What.
    #[command(subcommand)]
    pub sub: PipelineSub,
}

/// Commands about one pipeline.
#[derive(Debug, Subcommand)]
pub enum PipelineSub {
    /// List pipelines, with what is paused.
    List(PipelineList),
    /// Show a pipeline: its versions, where its file is kept, and how it stands to what is there.
    Show(PipelineShow),
    /// Show what it promises about time and how that stands, and what its asset triggers have gathered.
    Health(PipelineHealth),
    /// Let nothing of it start until it is resumed; live runs go on.
    Pause(PipelinePause),
    /// Let it start again.
    Resume(PipelineResume),
    /// Remove it and cancel its live runs. Its history stays, and applying it again brings it back.
    Delete(PipelineDelete),
}

/// `downbeat pipeline list`.
#[derive(Debug, Args)]
pub struct PipelineList {
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pipeline show`.
#[derive(Debug, Args)]
pub struct PipelineShow {
    /// Alias or id.
    pub pipeline: String,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pipeline health`.
#[derive(Debug, Args)]
pub struct PipelineHealth {
    /// Alias or id.
    pub pipeline: String,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pipeline pause`.
#[derive(Debug, Args)]
pub struct PipelinePause {
    /// Alias or id.
    pub pipeline: String,
    /// Why, for others to read.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pipeline resume`.
#[derive(Debug, Args)]
pub struct PipelineResume {
    /// Alias or id.
    pub pipeline: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pipeline delete`.
#[derive(Debug, Args)]
pub struct PipelineDelete {
    /// Alias or id.
    pub pipeline: String,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pool`.
#[derive(Debug, Args)]
pub struct PoolCommand {
    /// What.
    #[command(subcommand)]
    pub sub: PoolSub,
}

/// Commands about pools.
#[derive(Debug, Subcommand)]
pub enum PoolSub {
    /// List pools, with what is taken of them and what waits for them.
    List(PoolList),
    /// Set how many slots a pool has. One that shrinks takes nothing away from those who hold it.
    Set(PoolSet),
    /// Remove a pool; what needs it waits.
    Remove(PoolRemove),
}

/// `downbeat pool list`.
#[derive(Debug, Args)]
pub struct PoolList {
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pool set`.
#[derive(Debug, Args)]
pub struct PoolSet {
    /// Name of the pool.
    pub name: String,
    /// Slots, 0 to 1,000,000.
    #[arg(value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub slots: u32,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat pool remove`.
#[derive(Debug, Args)]
pub struct PoolRemove {
    /// Name of the pool.
    pub name: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}
