//! One connection file: read within limits, its references resolved, no value ever repeated in an error.
//!
//! A value that begins with `env:` is that environment variable of the worker; one that begins with `file:` is that file's
//! content without the line break at its end, relative to the connection file.

use std::{
    fmt::Display,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{Fields, Secret};
use crate::attempt::Failure;
use crate::limits::CONNECTION_FILE_BYTES_MAX;

#[derive(Debug)]
pub(super) struct Contents {
    pub(super) fields: Map<String, Value>,
    /// Every value of a field that is declared as a credential.
    pub(super) secrets: Vec<Secret>,
    /// Files that others than their owner may read or write.
    pub(super) open_to_others: Vec<PathBuf>,
}

pub(super) fn read(file: &Path, integration: &str, fields: Fields) -> Result<Contents, Failure> {
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
    let mut read = Contents { fields: Map::new(), secrets: Vec::new(), open_to_others: Vec::new() };
    for (name, value) in written {
        let Some(secret) = fields.judge(&name) else {
            let known = [fields.open, fields.secret].concat().join(", ");
            return Err(wrong(&format!("the field {name:?} is unknown; {integration} has: {known}")));
        };
        let value = match value {
            Value::Object(table) => {
                let resolved = table.into_iter().map(|(key, value)| {
                    let field = format!("{name}.{key}");
                    Ok((key, read.resolve(file, &field, value, secret)?))
                });
                Value::Object(resolved.collect::<Result<_, Failure>>()?)
            }
            value => read.resolve(file, &name, value, secret)?,
        };
        read.fields.insert(name, value);
    }
    if open {
        read.open_to_others.push(file.to_owned());
    }
    Ok(read)
}

impl Contents {
    fn resolve(&mut self, file: &Path, field: &str, value: Value, secret: bool) -> Result<Value, Failure> {
        let Value::String(text) = value else { return Ok(value) };
        let wrong = |what: String| Failure::misconfigured(format!("{}: the field {field} {what}", file.display()));
        let text = if let Some(variable) = text.strip_prefix("env:") {
            std::env::var(variable).map_err(|error| {
                // Of a variable that is no UTF-8 the error holds the value.
                let why = if matches!(error, std::env::VarError::NotPresent) { "is not set" } else { "is no UTF-8" };
                wrong(format!("refers to the environment variable {variable:?}, which {why} in this worker"))
            })?
        } else if let Some(path) = text.strip_prefix("file:") {
            let path = file.parent().unwrap_or(Path::new("")).join(path);
            let (text, open) = load(&path).map_err(|why| wrong(format!("refers to {}: {why}", path.display())))?;
            if open {
                self.open_to_others.push(path);
            }
            let whole = text.strip_suffix('\n').unwrap_or(&text);
            whole.strip_suffix('\r').unwrap_or(whole).to_owned()
        } else {
            text
        };
        if secret {
            self.secrets.push(Secret::new(text.clone()));
        }
        Ok(Value::String(text))
    }
}

/// The text of a file, and whether others than its owner may read or write it.
fn load(path: &Path) -> Result<(String, bool), String> {
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
