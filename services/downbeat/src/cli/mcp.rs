//! What can be typed about assistants.

use std::path::PathBuf;

use clap::Args;

/// `downbeat mcp`.
#[derive(Debug, Args)]
pub struct Mcp {
    /// Address of the public API.
    #[arg(long, env = "DOWNBEAT_URL", default_value = "http://127.0.0.1:7400")]
    pub url: String,
    /// File with the key. Default: what DOWNBEAT_KEY holds.
    #[arg(long, env = "DOWNBEAT_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}
