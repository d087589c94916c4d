//! From fields as they stand in a file or were given by the coordinator to values: references are looked up, credentials are noted.
//!
//! A value that begins with `env:` is that environment variable of the worker; one that begins with `file:` is that file's content without
//! the line break at its end, relative to the folder of connections; stores of secrets are asked by `references`; what stands behind
//! `literal:` is the value itself. No value is ever repeated in an error.

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value};

use super::{
    Fields, Secret,
    file::load,
    references::{Reference, Stores},
};
use crate::attempt::Failure;

/// Variables by which the worker itself signs in to somebody.
const OWN: [&str; 6] = ["DOWNBEAT_", "VAULT_", "AWS_", "AZURE_", "GOOGLE_", "KUBERNETES_"];

/// Fields before their references are looked up.
pub(super) struct Raw {
    /// Where they stand, for people.
    pub(super) place: String,
    /// Where relative paths begin; `None` = there is no such folder.
    pub(super) base: Option<PathBuf>,
    /// They come from the coordinator, and not from whoever keeps this machine: they may refer to less of it.
    pub(super) given: bool,
    pub(super) fields: Map<String, Value>,
}

/// Fields with their values.
pub(super) struct Contents {
    pub(super) fields: Map<String, Value>,
    /// Every value of a field that is declared as a credential.
    pub(super) secrets: Vec<Secret>,
    /// Files that others than their owner may read or write.
    pub(super) open_to_others: Vec<PathBuf>,
}

pub(super) async fn resolve(raw: Raw, integration: &str, fields: Fields, stores: &Stores) -> Result<Contents, Failure> {
    let Raw { place, base, given, fields: written } = raw;
    let mut all = Resolving {
        place: &place,
        base: base.as_deref(),
        given,
        stores,
        read: Contents { fields: Map::new(), secrets: Vec::new(), open_to_others: Vec::new() },
    };
    for (name, value) in written {
        let Some(secret) = fields.judge(&name) else {
            let known = [fields.open, fields.secret].concat().join(", ");
            return Err(Failure::misconfigured(format!(
                "{place}: the field {name:?} is unknown; {integration} has: {known}"
            )));
        };
        let value = match value {
            Value::Object(table) => {
                let mut resolved = Map::new();
                for (key, value) in table {
                    let field = format!("{name}.{key}");
                    resolved.insert(key, all.value(&field, value, secret).await?);
                }
                Value::Object(resolved)
            }
            value => all.value(&name, value, secret).await?,
        };
        all.read.fields.insert(name, value);
    }
    Ok(all.read)
}

struct Resolving<'a> {
    place: &'a str,
    base: Option<&'a Path>,
    given: bool,
    stores: &'a Stores,
    read: Contents,
}

impl Resolving<'_> {
    async fn value(&mut self, field: &str, value: Value, secret: bool) -> Result<Value, Failure> {
        let Value::String(text) = value else { return Ok(value) };
        let wrong = |what: String| Failure::misconfigured(format!("{}: the field {field} {what}", self.place));
        let text = if let Some(variable) = text.strip_prefix("env:") {
            if self.given && OWN.iter().any(|own| variable.starts_with(own)) {
                return Err(wrong(format!(
                    "refers to the environment variable {variable:?}, which is the worker's own: a sealed connection may not read it"
                )));
            }
            std::env::var(variable).map_err(|error| {
                // Of a variable that is no UTF-8 the error holds the value.
                let why = if matches!(error, std::env::VarError::NotPresent) { "is not set" } else { "is no UTF-8" };
                wrong(format!("refers to the environment variable {variable:?}, which {why} in this worker"))
            })?
        } else if let Some(path) = text.strip_prefix("file:") {
            // Whoever may save connections may not read everything that the worker may.
            let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
            if self.given && !inside {
                return Err(wrong("refers to a file outside of the folder of connections of the worker: of a sealed connection it must lie below".to_owned()));
            }
            let path = match self.base {
                Some(base) => base.join(path),
                None if Path::new(path).is_absolute() => PathBuf::from(path),
                None => {
                    return Err(wrong(format!(
                        "refers to the file {path}: this worker has no folder of connections, where relative paths begin"
                    )));
                }
            };
            let (shown, opened) = (path.display().to_string(), path.clone());
            let loaded = tokio::task::spawn_blocking(move || load(&opened)).await;
            let loaded = loaded.unwrap_or_else(|_| Err("cannot be read (a bug in Downbeat)".to_owned()));
            let (text, open) = loaded.map_err(|why| wrong(format!("refers to {shown}: {why}")))?;
            if open {
                self.read.open_to_others.push(path);
            }
            let whole = text.strip_suffix('\n').unwrap_or(&text);
            whole.strip_suffix('\r').unwrap_or(whole).to_owned()
        } else if let Some(literal) = text.strip_prefix("literal:") {
            literal.to_owned()
        } else if let Some(reference) = Reference::of(&text) {
            let reference = reference.map_err(|why| wrong(format!("refers to a store of secrets: {why}")))?;
            let found = self.stores.look_up(&reference).await;
            found.map_err(|failure| Failure {
                message: format!("{}: the field {field}: {}", self.place, failure.message),
                ..failure
            })?
        } else {
            text
        };
        if secret {
            self.read.secrets.push(Secret::new(text.clone()));
        }
        Ok(Value::String(text))
    }
}
