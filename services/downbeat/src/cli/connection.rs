//! What can be typed about connections.

use clap::{Args, Subcommand};

use super::{By, Key, Servers};

/// `downbeat connection`.
#[derive(Debug, Args)]
pub struct ConnectionCommand {
    /// What.
    #[command(subcommand)]
    pub sub: ConnectionSub,
}

/// Commands about connections.
#[derive(Debug, Subcommand)]
pub enum ConnectionSub {
    /// Make a connection, or change one: fields that are not named stay as they are.
    Set(ConnectionSet),
    /// List the connections that are sealed.
    List(ConnectionList),
    /// Show the fields of one, by name, and who uses it. Values are shown nowhere.
    Show(ConnectionOne),
    /// Have a worker try one. Status 0: it works, 1: it does not.
    Test(ConnectionOne),
    /// Remove one that no pipeline uses.
    Remove(ConnectionRemove),
    /// Wrap the keys of all connections with the master key that seals now, so that older master keys can be taken away.
    Reseal(ConnectionReseal),
}

/// `downbeat connection set`.
#[derive(Debug, Args)]
pub struct ConnectionSet {
    /// What pipelines call it; of one that there is also its id.
    pub connection: String,
    /// For example POSTGRES; needed for a new one.
    #[arg(long, value_name = "INTEGRATION")]
    pub integration: Option<String>,
    /// A field with its value; may be given several times. @FILE reads the value from a file, - from standard input: what is typed is
    /// seen by others on the machine.
    #[arg(long = "field", value_name = "NAME=VALUE|NAME=@FILE|NAME=-")]
    pub fields: Vec<String>,
    /// A field whose value is JSON: a number, true or false, names with values.
    #[arg(long = "json", value_name = "NAME=JSON|NAME=@FILE|NAME=-")]
    pub json: Vec<String>,
    /// A field that it has no more.
    #[arg(long = "unset", value_name = "NAME")]
    pub unset: Vec<String>,
    /// Tasks of the integration use it that name none.
    #[arg(long, conflicts_with = "not_default")]
    pub default: bool,
    /// They do not any more.
    #[arg(long)]
    pub not_default: bool,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat connection list`.
#[derive(Debug, Args)]
pub struct ConnectionList {
    /// Only of this integration.
    #[arg(long, value_name = "INTEGRATION")]
    pub integration: Option<String>,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat connection show`, `downbeat connection test`.
#[derive(Debug, Args)]
pub struct ConnectionOne {
    /// Its name or id.
    pub connection: String,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat connection remove`.
#[derive(Debug, Args)]
pub struct ConnectionRemove {
    /// Its name or id.
    pub connection: String,
    /// Also while pipelines use it.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat connection reseal`.
#[derive(Debug, Args)]
pub struct ConnectionReseal {
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}
