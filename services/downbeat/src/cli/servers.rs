//! What many commands take: where Downbeat is, who asks, and under which key.

use std::path::PathBuf;

use clap::Args;
use downbeat_runtime::tls::TlsConfig;

/// Where a running Downbeat is.
#[derive(Debug, Clone, Args)]
pub struct Servers {
    /// Address of the coordinator (of everything, with `downbeat dev`).
    #[arg(long, env = "DOWNBEAT_SERVER", default_value = "http://127.0.0.1:7410", global = true)]
    pub server: String,
    /// Address of the metadata projector. Default: the same as --server.
    #[arg(long, env = "DOWNBEAT_METADATA", global = true)]
    pub metadata: Option<String>,
    /// Address of a gateway, through which everything goes then: with the key in DOWNBEAT_KEY or in --key-file, or with a login
    /// (`downbeat login`). Goes before --server and --metadata.
    #[arg(long, env = "DOWNBEAT_URL", global = true)]
    pub url: Option<String>,
    /// File with a key for the gateway.
    #[arg(long, env = "DOWNBEAT_KEY_FILE", value_name = "FILE", global = true)]
    pub key_file: Option<PathBuf>,
    /// How the services and whoever types know each other (docs/security.md).
    #[command(flatten)]
    pub tls: TlsConfig,
}

/// Who asks.
#[derive(Debug, Clone, Args)]
pub struct By {
    /// Who asks, for others to read; nobody checks it yet.
    #[arg(long = "as", value_name = "WHO")]
    pub actor: Option<String>,
    /// Why, for the audit; where a command takes a reason of its own, that counts there too.
    #[arg(long, env = "DOWNBEAT_REASON", value_name = "WHY")]
    pub because: Option<String>,
}

/// A command that may be said again.
#[derive(Debug, Clone, Args)]
pub struct Key {
    /// The same key again is the same command, which is carried out once.
    #[arg(long)]
    pub key: Option<String>,
}
