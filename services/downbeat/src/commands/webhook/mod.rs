//! `downbeat webhook`: one file per command.

mod close;
mod list;
mod open;
mod rotate;
mod send;

use std::{path::Path, process::ExitCode};

use super::body::bytes_of;
use crate::{
    cli::{WebhookCommand, WebhookSub},
    error::Error,
};

pub(super) async fn run(command: &WebhookCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        WebhookSub::Open(open) => open::run(open).await,
        WebhookSub::Rotate(rotate) => rotate::run(rotate).await,
        WebhookSub::Close(close) => close::run(close).await,
        WebhookSub::List(list) => list::run(list).await,
        WebhookSub::Send(send) => send::run(send).await,
    }
}

/// The secret in a file, without the line break at its end; empty = none was named. It comes from a file because what is typed stands in
/// the list of processes and in the shell's history.
fn secret_in(file: Option<&Path>) -> Result<String, Error> {
    let Some(file) = file else { return Ok(String::new()) };
    let text = String::from_utf8(bytes_of(file)?);
    let text = text.map_err(|_| Error::Usage(format!("{}: a secret is text", file.display())))?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(Error::Usage(format!("{}: there is no secret in it", file.display())));
    }
    Ok(secret.to_owned())
}
