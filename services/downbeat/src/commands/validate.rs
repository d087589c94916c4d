//! `downbeat validate`: everything that stands against a file, with places, in one pass.

use std::process::ExitCode;

use downbeat_dialect::Severity;

use crate::{cli::Validate, error::Error};

pub(super) fn run(validate: &Validate) -> Result<ExitCode, Error> {
    let mut refused = false;
    for path in &validate.files {
        let source = super::apply::read(path)?;
        let parsed = downbeat_dialect::parse(&source);
        let file = path.display().to_string();
        for diagnostic in &parsed.diagnostics {
            eprintln!("{}", diagnostic.render(&file, &source));
        }
        match &parsed.pipeline {
            Some(pipeline) => println!("{file}: ok: pipeline `{}`", pipeline.name),
            None => {
                let errors = parsed.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
                println!("{file}: refused: {errors} error{}", if errors == 1 { "" } else { "s" });
                refused = true;
            }
        }
    }
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
