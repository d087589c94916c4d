//! What can be typed about files that tasks left.

use std::path::PathBuf;

use clap::Args;

use super::Servers;

/// `downbeat artifacts`.
#[derive(Debug, Args)]
pub struct Artifacts {
    /// Run id, an unambiguous beginning of it, or `last`.
    pub run: String,
    /// Task id; `load[eu]` is one of its iterations.
    pub task: String,
    /// Which attempt. Default: the last.
    #[arg(long)]
    pub attempt: Option<u32>,
    /// Write this file to standard output.
    #[arg(long, value_name = "NAME")]
    pub download: Option<String>,
    /// Where to write it instead; a file that is there already is not touched.
    #[arg(long, short, value_name = "FILE", requires = "download")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub servers: Servers,
}
