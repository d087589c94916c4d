//! `downbeat audit`: who did what.

mod export;
mod list;
mod verify;

use std::process::ExitCode;

use downbeat_proto::metadata::v1::AuditFilter;

use super::listing;
use crate::{
    cli::{AuditCommand, AuditSelection, AuditSub},
    error::Error,
};

pub(super) async fn run(command: &AuditCommand) -> Result<ExitCode, Error> {
    match &command.sub {
        None => list::run(command).await,
        Some(AuditSub::Export(arguments)) => export::run(arguments).await,
        Some(AuditSub::Verify(arguments)) => verify::run(arguments).await,
    }
}

fn filter(selection: &AuditSelection) -> Result<AuditFilter, Error> {
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    Ok(AuditFilter {
        actor: text(&selection.actor),
        actor_kind: selection.by.map(|kind| kind.word().to_owned()).unwrap_or_default(),
        target: text(&selection.target),
        command: text(&selection.kind).to_uppercase().replace('-', "_"),
        outcome: selection.outcome.map(|outcome| outcome.word().to_owned()).unwrap_or_default(),
        from: listing::moment("from", selection.from.as_ref())?,
        to: listing::moment("to", selection.to.as_ref())?,
    })
}
