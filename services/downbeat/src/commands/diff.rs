//! `downbeat diff`: what differs between two pipeline files in meaning.

use std::{path::Path, process::ExitCode};

use downbeat_dialect::{
    Pipeline,
    diff::{Change, diff, render},
};

use crate::{
    cli::{Diff, DiffFormat},
    error::Error,
};

pub(super) fn run(arguments: &Diff) -> Result<ExitCode, Error> {
    let (old, new) = (pipeline_of(&arguments.old)?, pipeline_of(&arguments.new)?);
    let (Some(old), Some(new)) = (old, new) else { return Ok(ExitCode::from(2)) };
    let changes = diff(&old, &new);
    match arguments.format {
        DiffFormat::Json => println!("{}", json(&changes)?),
        DiffFormat::Text if changes.is_empty() => println!("no difference"),
        DiffFormat::Text => println!("{}", render(&changes)),
    }
    Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The pipeline in a file; none if it is refused, and then everything that stands against it was printed.
pub(super) fn pipeline_of(path: &Path) -> Result<Option<Pipeline>, Error> {
    // A file that is too large cannot be compared: that is not the status of a difference.
    let source = super::apply::read(path).map_err(|error| match error {
        Error::Refused(message) => Error::Usage(message),
        other => other,
    })?;
    let parsed = downbeat_dialect::parse(&source);
    if parsed.pipeline.is_none() {
        let file = path.display().to_string();
        parsed.diagnostics.iter().for_each(|found| eprintln!("{}", found.render(&file, &source)));
    }
    Ok(parsed.pipeline)
}

/// For machines.
pub(super) fn json(value: &(impl serde::Serialize + ?Sized)) -> Result<String, Error> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::Usage(format!("the differences cannot be written: {error}")))
}

/// For machines, inside other documents.
pub(super) fn json_changes(changes: &[Change]) -> Result<serde_json::Value, Error> {
    serde_json::to_value(changes).map_err(|error| Error::Usage(format!("the differences cannot be written: {error}")))
}
