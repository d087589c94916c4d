//! Reads single parameters of a task. Every failure names the parameter, what it is and what it should be.

use serde_json::{Map, Value};

use crate::attempt::Failure;
use crate::toolchain::{PackageManager, VERSIONS};

type Parameters = Map<String, Value>;

/// A text; numbers and booleans (from an expression) count as their text, an object or list as its JSON. `None`: absent, null or blank.
pub(crate) fn text(parameters: &Parameters, name: &str) -> Option<String> {
    let text = match parameters.get(name)? {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A text that must be there.
pub(crate) fn required(parameters: &Parameters, name: &str) -> Result<String, Failure> {
    text(parameters, name).ok_or_else(|| Failure::misconfigured(format!("the parameter {name} is missing or empty")))
}

/// A boolean; absent and null count as false.
pub(crate) fn flag(parameters: &Parameters, name: &str) -> Result<bool, Failure> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(Failure::misconfigured(format!("the parameter {name} must be true or false, not {other}"))),
    }
}

/// One of the words that are allowed; the first is the default.
pub(crate) fn one_of(parameters: &Parameters, name: &str, allowed: &[&'static str]) -> Result<&'static str, Failure> {
    let Some(given) = text(parameters, name) else { return Ok(allowed.first().copied().unwrap_or_default()) };
    allowed.iter().copied().find(|word| *word == given).ok_or_else(|| {
        Failure::misconfigured(format!("the parameter {name} is {given:?}; it must be one of: {}", allowed.join(", ")))
    })
}

/// `python_version`; absent = the newest that this machine has.
pub(crate) fn python_version(parameters: &Parameters) -> Result<Option<&'static str>, Failure> {
    if text(parameters, "python_version").is_none() {
        return Ok(None);
    }
    one_of(parameters, "python_version", &VERSIONS).map(Some)
}

/// `package_manager`.
pub(crate) fn package_manager(parameters: &Parameters) -> Result<PackageManager, Failure> {
    match one_of(parameters, "package_manager", &["PIP", "UV", "POETRY"])? {
        "POETRY" => Ok(PackageManager::Poetry),
        "UV" => Ok(PackageManager::Uv),
        _ => Ok(PackageManager::Pip),
    }
}

/// `environment_variables`.
pub(crate) fn variables(parameters: &Parameters) -> Result<crate::process::environment::Environment, Failure> {
    let text = text(parameters, "environment_variables");
    crate::process::environment::declared(text.as_deref()).map_err(Failure::misconfigured)
}
