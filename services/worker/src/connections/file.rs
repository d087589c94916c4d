//! One connection file: read within limits, no value ever repeated in an error. What its values refer to is looked up by `resolve`.

use std::{fmt::Display, io::Read as _, path::Path};

use serde_json::{Map, Value};

use crate::attempt::Failure;
use crate::limits::CONNECTION_FILE_BYTES_MAX;

/// The fields of a file as they are written, and whether others than its owner may read it.
pub(super) fn read(file: &Path, integration: &str) -> Result<(Map<String, Value>, bool), Failure> {
    let wrong = |what: &dyn Display| Failure::misconfigured(format!("{}: {what}", file.display()));
    let (text, open) = load(file).map_err(|why| wrong(&why))?;
    let parsed: Value = serde_saphyr::from_str(&text).map_err(|error| {
        // Its text may repeat what stands in the file.
        let place = error.location().map(|at| format!(" at line {}, column {}", at.line(), at.column()));
        wrong(&format!("neither JSON nor YAML{}", place.unwrap_or_default()))
    })?;
    let Value::Object(mut parsed) = parsed else {
        return Err(wrong(&"must hold the two entries `integration` and `fields`"));
    };
    if let Some(stranger) = parsed.keys().find(|key| !matches!(key.as_str(), "integration" | "fields")) {
        return Err(wrong(&format!("the entry {stranger:?} is unknown; there are `integration` and `fields`")));
    }
    match parsed.get("integration").and_then(Value::as_str) {
        Some(named) if named == integration => {}
        Some(named) => return Err(wrong(&format!("is a connection of {named}; {integration} is asked for"))),
        None => return Err(wrong(&format!("the entry `integration` is missing: write {integration}"))),
    }
    let Some(Value::Object(written)) = parsed.remove("fields") else {
        return Err(wrong(&"the entry `fields` is missing, or no list of names with values"));
    };
    Ok((written, open))
}

/// The text of a file, and whether others than its owner may read or write it.
pub(super) fn load(path: &Path) -> Result<(String, bool), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    // Asked before it is opened: opening a pipe waits for its other end.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err("is no file".to_owned());
    }
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mode = file.metadata().map_err(cannot)?.permissions().mode();
    let mut text = String::new();
    file.take(CONNECTION_FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > CONNECTION_FILE_BYTES_MAX {
        return Err(format!("is larger than {} KiB", CONNECTION_FILE_BYTES_MAX / 1024));
    }
    Ok((text, mode & 0o077 != 0))
}
