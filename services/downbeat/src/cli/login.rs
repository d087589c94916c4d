//! What can be typed about logins of people.

use clap::{Args, Subcommand};

use super::{By, Key, Servers};

/// `downbeat login`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct LoginCommand {
    /// The gateway to log in at: https://HOST, or this machine.
    pub at: Option<String>,
    /// Ask for no more than to look.
    #[arg(long, requires = "at")]
    pub read_only: bool,
    /// What, if not to log in.
    #[command(subcommand)]
    pub sub: Option<LoginSub>,
}

/// `downbeat logout`.
#[derive(Debug, Args)]
pub struct Logout {
    /// The gateway.
    pub at: String,
}

/// Commands about logins.
#[derive(Debug, Subcommand)]
pub enum LoginSub {
    /// List who is logged in, with which program, and until when.
    List(LoginList),
    /// Let a login open nothing any more.
    End(LoginEnd),
}

/// `downbeat login list`.
#[derive(Debug, Args)]
pub struct LoginList {
    #[command(flatten)]
    pub servers: Servers,
}

/// `downbeat login end`.
#[derive(Debug, Args)]
pub struct LoginEnd {
    /// Its id, as `downbeat login list` shows it.
    pub id: String,
    #[command(flatten)]
    pub key: Key,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub servers: Servers,
}
