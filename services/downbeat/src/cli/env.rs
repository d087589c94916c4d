//! What can be typed about environments.

use clap::{Args, Subcommand};

use super::{By, Key, Servers};

/// `downbeat env`.
#[derive(Debug, Args)]
pub struct EnvCommand {
    /// What.
    #[command(subcommand)]
    pub sub: EnvSub,
}

/// Commands about environments.
#[derive(Debug, Subcommand)]
pub enum EnvSub {
    /// List environments.
    List(EnvList),
    /// Show the variables of one.
    Show(EnvShow),
    /// Make an environment, or change one: variables that are not named stay as they are.
    Set(EnvSet),
    /// Remove an environment. The default one can only be removed last.
    Remove(EnvRemove),
}

/// `downbeat env list`.
#[derive(Debug, Args)]
pub struct EnvList {
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat env show`.
#[derive(Debug, Args)]
pub struct EnvShow {
    /// Its name or id.
    pub environment: String,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat env set`.
#[derive(Debug, Args)]
pub struct EnvSet {
    /// Its name or id.
    pub environment: String,
    /// A variable that holds a text; may be given several times, as all that follow.
    #[arg(long = "var", value_name = "NAME=TEXT")]
    pub texts: Vec<String>,
    /// A variable that holds a whole number.
    #[arg(long = "int", value_name = "NAME=NUMBER")]
    pub numbers: Vec<String>,
    /// A variable that holds true or false.
    #[arg(long = "bool", value_name = "NAME=BOOL")]
    pub flags: Vec<String>,
    /// A variable that holds the name of a connection.
    #[arg(long = "connection", value_name = "NAME=CONNECTION")]
    pub connections: Vec<String>,
    /// A variable that it has no more.
    #[arg(long = "unset", value_name = "NAME")]
    pub unset: Vec<String>,
    /// Call it so from now on.
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// Make it the default: what runs read that name none.
    #[arg(long)]
    pub default: bool,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat env remove`.
#[derive(Debug, Args)]
pub struct EnvRemove {
    /// Its name or id.
    pub environment: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}
