//! `downbeat schema`: the language as a JSON Schema.

use std::process::ExitCode;

use downbeat_dialect::schema::{Draft, schema};

use crate::{
    cli::{Schema, SchemaDraft},
    error::Error,
    render::print,
};

pub(super) fn run(command: &Schema) -> Result<ExitCode, Error> {
    let draft = match command.draft {
        SchemaDraft::Draft7 => Draft::Draft7,
        SchemaDraft::Draft202012 => Draft::Draft202012,
    };
    print(&format!("{:#}\n", schema(draft)))?;
    Ok(ExitCode::SUCCESS)
}
