//! What a command sends: out of a file, or out of standard input.

use std::{io::Read, path::Path};

use crate::error::Error;

/// The bytes of a file; `-` reads standard input.
pub(super) fn bytes_of(file: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let outcome = match file.to_str() {
        Some("-") => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        _ => std::fs::read(file).map(|read| bytes = read),
    };
    outcome.map_err(|source| Error::Io { what: format!("cannot read {}", file.display()), source })?;
    Ok(bytes)
}
