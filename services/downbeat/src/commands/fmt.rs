//! `downbeat fmt`: pipeline files in their canonical layout. A file with faults is left alone; one that changes is replaced whole.

use std::{
    io::{Read, Write},
    path::Path,
    process::ExitCode,
};

use downbeat_dialect::limits::SOURCE_BYTES;

use crate::{cli::Fmt, error::Error};

/// The name of standard input.
const STANDARD_INPUT: &str = "-";

pub(super) fn run(fmt: &Fmt) -> Result<ExitCode, Error> {
    let mut well = true;
    for path in &fmt.files {
        let from_stdin = path.as_os_str() == STANDARD_INPUT;
        let source = if from_stdin { standard_input()? } else { super::apply::read(path)? };
        let file = if from_stdin { "<stdin>".to_owned() } else { path.display().to_string() };
        let formatted = match downbeat_dialect::format(&source) {
            Ok(formatted) => formatted,
            Err(diagnostics) => {
                diagnostics.iter().for_each(|found| eprintln!("{}", found.render(&file, &source)));
                well = false;
                continue;
            }
        };
        if fmt.check {
            if formatted != source {
                println!("{file}");
                well = false;
            }
        } else if from_stdin {
            let failed = |source| Error::Io { what: "cannot write to standard output".to_owned(), source };
            std::io::stdout().write_all(formatted.as_bytes()).map_err(failed)?;
        } else if formatted != source {
            replace(path, &formatted)?;
            println!("{file}");
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn standard_input() -> Result<String, Error> {
    let mut source = String::new();
    let failed = |source| Error::Io { what: "cannot read standard input".to_owned(), source };
    std::io::stdin().take(SOURCE_BYTES as u64 + 1).read_to_string(&mut source).map_err(failed)?;
    if source.len() > SOURCE_BYTES {
        return Err(Error::Refused(format!("standard input: at most {SOURCE_BYTES} bytes are allowed")));
    }
    Ok(source)
}

/// Replaces a file by one with the same permissions, so that nobody ever sees half of it. A link stays a link.
fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::Io { what: format!("cannot write {}", path.display()), source };
    let target = path.canonicalize().map_err(failed)?;
    let folder = target.parent().unwrap_or(Path::new("."));
    let permissions = std::fs::metadata(&target).map_err(failed)?.permissions();
    let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    fresh.write_all(text.as_bytes()).map_err(failed)?;
    fresh.as_file().set_permissions(permissions).map_err(failed)?;
    fresh.as_file().sync_all().map_err(failed)?;
    fresh.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}
