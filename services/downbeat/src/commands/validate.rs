//! `downbeat validate`: everything that stands against files, with places, in one pass, for people or for programs.

use std::{io::Read as _, path::Path, process::ExitCode};

use downbeat_dialect::{
    limits::SOURCE_BYTES,
    parse_bytes,
    report::{self, Document, Outcome, Verdict},
};

use crate::{
    cli::{ReportFormat, Validate},
    error::Error,
    render::{look, print},
};

/// What standard input is called.
const STANDARD_INPUT: &str = "stdin";

pub(super) fn run(validate: &Validate) -> Result<ExitCode, Error> {
    let contents: Vec<(String, Result<Vec<u8>, String>)> = validate.files.iter().map(|path| contents(path)).collect();
    let judged: Vec<_> =
        contents.iter().map(|(name, bytes)| (name, bytes.as_ref().map(|bytes| parse_bytes(bytes)))).collect();
    let documents: Vec<Document<'_>> = judged
        .iter()
        .map(|(name, outcome)| Document {
            name,
            outcome: match outcome {
                Ok((source, parsed)) => Outcome::Checked { source, parsed },
                Err(reason) => Outcome::Unreadable(reason),
            },
        })
        .collect();
    match validate.format {
        ReportFormat::Text => text(&documents)?,
        ReportFormat::Json => print(&format!("{:#}\n", report::json(&documents)))?,
        ReportFormat::Sarif => print(&format!("{:#}\n", report::sarif(&documents, env!("CARGO_PKG_VERSION"))))?,
    }
    Ok(match Verdict::worst(&documents) {
        Verdict::Accepted => ExitCode::SUCCESS,
        Verdict::Refused => ExitCode::from(1),
        Verdict::Unreadable => ExitCode::from(2),
    })
}

/// Findings go to standard error, verdicts to standard output.
fn text(documents: &[Document<'_>]) -> Result<(), Error> {
    for document in documents {
        let findings = report::findings(document, look(&std::io::stderr()));
        if !findings.is_empty() {
            eprintln!("{findings}");
        }
        print(&format!("{}\n", report::verdict_line(document, look(&std::io::stdout()))))?;
    }
    match report::summary(documents) {
        Some(summary) => print(&format!("{summary}\n")),
        None => Ok(()),
    }
}

/// A file's name for people and its bytes, or why there are none.
fn contents(path: &Path) -> (String, Result<Vec<u8>, String>) {
    if path == Path::new("-") {
        return (STANDARD_INPUT.to_owned(), bytes(std::io::stdin()).map_err(|error| error.to_string()));
    }
    let read = std::fs::File::open(path).and_then(bytes);
    (path.display().to_string(), read.map_err(|error| error.to_string()))
}

/// At most a little more than a document may have, so that the limit is reported and the rest is never read.
fn bytes(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(SOURCE_BYTES as u64 + 4).read_to_end(&mut bytes)?;
    if bytes.len() > SOURCE_BYTES {
        // The cut may have split a character.
        let whole = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
        bytes.truncate(whole.max(SOURCE_BYTES + 1));
    }
    Ok(bytes)
}
