//! JSONPath (RFC 9535) over answers: compiled when a manifest is read, so that a wrong one is found there.
//!
//! It knows nothing of manifests and requests.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// A JSONPath expression.
#[derive(Debug, Clone)]
pub(crate) struct Path(serde_json_path::JsonPath);

impl Path {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        serde_json_path::JsonPath::parse(text)
            .map(Self)
            .map_err(|error| format!("{text:?} is no JSONPath like $.data.id: {error}"))
    }

    /// The first value that is there and not null.
    pub(crate) fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.query(value).into_iter().find(|found| !found.is_null())
    }

    /// All values, at most `limit` of them.
    pub(crate) fn all<'a>(&self, value: &'a Value, limit: usize) -> Vec<&'a Value> {
        self.0.query(value).into_iter().take(limit).collect()
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// One path, or several of which the first counts that finds something.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Paths(#[serde(deserialize_with = "one_or_several")] pub(super) Vec<Path>);

impl Paths {
    /// The first value that is there and not null.
    pub(crate) fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().find_map(|path| path.first(value))
    }

    /// The same as a text for people; `None` for what is empty.
    pub(crate) fn text(&self, value: &Value) -> Option<String> {
        self.0.iter().filter_map(|path| path.first(value)).map(plain).find(|text| !text.trim().is_empty())
    }
}

/// A text as it is; anything else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Path>, D::Error> {
    let texts = match Value::deserialize(deserializer)? {
        Value::String(text) => vec![Value::String(text)],
        Value::Array(texts) if !texts.is_empty() => texts,
        _ => return Err(D::Error::custom("must be a JSONPath like $.data.id, or a list of them")),
    };
    let read = texts.iter().map(|text| match text {
        Value::String(text) => Path::read(text),
        other => Err(format!("{other} is no JSONPath like $.data.id")),
    });
    read.collect::<Result<_, _>>().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_value_that_is_there_counts() {
        let value = json!({ "a": null, "b": { "c": [1, 2] }, "d": "", "e": "x" });
        let cases = [
            (json!("$.b.c[1]"), Some("2")),
            (json!("$.a"), None),
            (json!(["$.a", "$.zz", "$.e"]), Some("x")),
            (json!(["$.d", "$.e"]), Some("x")),
            (json!("$.b.c[?@ > 1]"), Some("2")),
        ];
        for (paths, expected) in cases {
            let read: Paths = serde_json::from_value(paths.clone()).unwrap();
            assert_eq!(read.text(&value).as_deref(), expected, "{paths}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_by_name() {
        for wrong in [json!("data.id"), json!("$.["), json!([]), json!(7), json!(["$.a", 7])] {
            let error = serde_json::from_value::<Paths>(wrong.clone()).unwrap_err().to_string();
            assert!(error.contains("JSONPath"), "{wrong}: {error}");
        }
    }
}
