//! What can be typed about keys.

use clap::{Args, Subcommand, ValueEnum};

use super::{By, Key, Servers};

/// `downbeat key`.
#[derive(Debug, Args)]
pub struct KeyCommand {
    /// What.
    #[command(subcommand)]
    pub sub: KeySub,
}

/// Commands about keys.
#[derive(Debug, Subcommand)]
pub enum KeySub {
    /// Make a key. It is shown once, alone on standard output, and never again.
    Create(KeyCreate),
    /// List keys with what they are for; the keys themselves are nowhere to be shown.
    List(KeyList),
    /// Let a key open nothing any more.
    Revoke(KeyRevoke),
}

/// `downbeat key create`.
#[derive(Debug, Args)]
pub struct KeyCreate {
    /// For people: 1 to 100 characters; no other key has it.
    pub name: String,
    /// What it may do.
    #[arg(long, value_enum)]
    pub role: RoleWord,
    /// Only to pipelines that have one of these labels (`meta.downbeat.labels`), and to what is theirs; may be repeated. Without: to
    /// everything.
    #[arg(long = "label", value_name = "LABEL")]
    pub labels: Vec<String>,
    /// How many days it lives.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=366))]
    pub days: u16,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat key list`.
#[derive(Debug, Args)]
pub struct KeyList {
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat key revoke`.
#[derive(Debug, Args)]
pub struct KeyRevoke {
    /// Name or id.
    pub name: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// What a key may do, each more than the one before.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleWord {
    /// Read.
    Viewer,
    /// Also start, stop, approve and mark.
    Operator,
    /// Also change pipelines, environments and assets.
    Editor,
    /// Everything.
    Admin,
}

impl RoleWord {
    /// As the API spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "VIEWER",
            Self::Operator => "OPERATOR",
            Self::Editor => "EDITOR",
            Self::Admin => "ADMIN",
        }
    }
}
