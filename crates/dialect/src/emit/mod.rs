//! A value as a document: block YAML, keys in their order, that every reader of YAML 1.1 or 1.2 reads back as the same value.
//!
//! Promises: what is handed out was read again and is that very value, within the limits of a document; what no document can hold is
//! refused with its place. Texts of several lines stand as literal blocks where that is exact, short lists on one line. Knows nothing
//! about pipelines: what [`crate::parse`] says of the text, it would say of the value.

pub(crate) mod write;

use serde_json::Value;

use crate::{
    Severity,
    edit::{Path, Step},
    limits::{DEPTH, KEY_CHARACTERS},
    yaml,
};

/// Why a value is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// A list or a map stands too deep.
    #[error("`{path}`: nested more than {DEPTH} levels deep")]
    TooDeep {
        /// Which.
        path: Path,
    },
    /// A whole number beyond 64 bits with a sign.
    #[error("`{path}`: the number {number} does not fit into 64 bits; make it a text")]
    TooLarge {
        /// Which.
        path: Path,
        /// The number.
        number: String,
    },
    /// A key that no line can hold.
    #[error("a key in `{path}` takes more than {KEY_CHARACTERS} characters: shorten it")]
    LongKey {
        /// Of which map.
        path: Path,
    },
    /// The text as a whole breaks a limit of documents.
    #[error("the document cannot be read back: {0}")]
    Unreadable(String),
}

/// Writes a value as a document.
///
/// # Errors
/// Says which part of the value no document can hold.
pub fn to_yaml(value: &Value) -> Result<String, EmitError> {
    let mut path = Vec::new();
    check(value, &mut path)?;
    let written = match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().map(|(key, value)| write::pair(key, value, 0)).collect()
        }
        Value::Array(items) if !items.is_empty() => items.iter().map(|item| write::item(item, 0)).collect(),
        // Without a map or list around it, a block has nothing to be indented by.
        other => format!("{}\n", write::flow(other, false)),
    };
    let mut found = Vec::new();
    let read = yaml::read(&written, &mut found);
    match (read, found.into_iter().find(|found| found.severity == Severity::Error)) {
        (Some(read), None) if same(&read.to_value(), value) => Ok(written),
        (_, Some(fault)) => Err(EmitError::Unreadable(format!("line {}: {}", fault.span.line, fault.message))),
        (..) => Err(EmitError::Unreadable("it would be read as another value".to_owned())),
    }
}

/// Refuses what no document holds. `path` is that of the value.
fn check(value: &Value, path: &mut Vec<Step>) -> Result<(), EmitError> {
    let here = |path: &[Step]| Path(path.to_vec());
    match value {
        Value::Object(_) | Value::Array(_) if path.len() >= DEPTH => Err(EmitError::TooDeep { path: here(path) }),
        Value::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            if write::scalar(key, None, true).chars().count() > KEY_CHARACTERS {
                return Err(EmitError::LongKey { path: here(path) });
            }
            path.push(Step::Key(key.clone()));
            check(value, path)?;
            path.pop();
            Ok(())
        }),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| {
            path.push(Step::Index(at));
            check(item, path)?;
            path.pop();
            Ok(())
        }),
        Value::Number(number) if number.is_u64() && number.as_i64().is_none() => {
            Err(EmitError::TooLarge { path: here(path), number: number.to_string() })
        }
        _ => Ok(()),
    }
}

/// Equal, the order of keys included.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}
