//! Which variables of the worker a task's processes see: an allow-list, so that no credential of the worker leaks into a script.

use std::collections::BTreeMap;

use serde_json::Value;

const NAMES: [&str; 17] = [
    "HOME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "USER",
    "LOGNAME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
const PROXIES: [&str; 4] = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
const PREFIXES: [&str; 3] = ["LC_", "PIP_", "UV_"];

/// Variables of a process, in the order of their names.
pub(crate) type Environment = BTreeMap<String, String>;

/// What is passed on of `all`, without PATH. Loopback never goes through a proxy: the scripts' events are served there.
pub(crate) fn allowed(all: impl IntoIterator<Item = (String, String)>) -> Environment {
    let mut kept: Environment = all
        .into_iter()
        .filter(|(name, _)| NAMES.contains(&name.as_str()) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    if PROXIES.iter().any(|name| kept.contains_key(*name)) {
        for name in ["NO_PROXY", "no_proxy"] {
            let known = kept.entry(name.to_owned()).or_default();
            let separator = if known.is_empty() { "" } else { "," };
            known.push_str(separator);
            known.push_str("127.0.0.1,localhost");
        }
    }
    kept
}

/// This process's own variables as far as they are text.
pub(crate) fn own() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Reads `environment_variables` of a task: a JSON object written as text. Text values stand as they are, others as JSON.
///
/// # Errors
/// What is wrong with it, for the user.
pub(crate) fn declared(text: Option<&str>) -> Result<Environment, String> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(Environment::new()) };
    let value: Value = serde_json::from_str(text).map_err(|error| {
        format!("environment_variables is not valid JSON ({error}): write it like '{{\"NAME\": \"value\"}}'")
    })?;
    let Value::Object(entries) = value else {
        return Err("environment_variables must be a JSON object, like '{\"NAME\": \"value\"}'".to_owned());
    };
    let mut variables = Environment::new();
    for (name, value) in entries {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(format!(
                "environment_variables: {name:?} cannot be the name of a variable, or its value holds a NUL"
            ));
        }
        variables.insert(name, value);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_variables_are_passed_on() {
        let all = [
            "HOME",
            "LC_ALL",
            "PIP_INDEX_URL",
            "UV_CACHE_DIR",
            "AWS_SECRET_ACCESS_KEY",
            "DOWNBEAT_TOKEN",
            "PATH",
            "PYTHONPATH",
        ];
        let kept = allowed(all.map(|name| (name.to_owned(), "x".to_owned())));
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["HOME", "LC_ALL", "PIP_INDEX_URL", "UV_CACHE_DIR"]);
    }

    #[test]
    fn loopback_never_goes_through_a_proxy() {
        let given = [("HTTP_PROXY", "http://p:1"), ("no_proxy", "a.example")];
        let kept = allowed(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(kept["no_proxy"], "a.example,127.0.0.1,localhost");
        assert_eq!(kept["NO_PROXY"], "127.0.0.1,localhost");
    }

    #[test]
    fn declared_variables_are_text_or_json() {
        let variables = declared(Some(r#"{"A": "text", "B": 3, "C": true, "D": {"k": [1]}, "E": null}"#)).unwrap();
        let expected = [("A", "text"), ("B", "3"), ("C", "true"), ("D", r#"{"k":[1]}"#), ("E", "null")];
        assert_eq!(variables, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        for nothing in [None, Some(""), Some("  "), Some("{}")] {
            assert!(declared(nothing).unwrap().is_empty());
        }
    }

    #[test]
    fn broken_declarations_are_refused_with_a_hint() {
        for broken in ["A=1", "[1]", "\"x\"", r#"{"": "x"}"#, r#"{"a=b": "x"}"#, "{\"a\": \"\\u0000\"}"] {
            assert!(declared(Some(broken)).unwrap_err().contains("environment_variables"), "{broken}");
        }
    }
}
