//! Bodies: JSON in, whose names may be spelled in both ways, and JSON out.

use axum::{
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::{Fault, Place, Violation};

/// The body of a request.
pub(crate) struct Json;

impl Json {
    /// One JSON value; an empty body is `null`.
    ///
    /// # Errors
    /// 422: it is none.
    pub(crate) fn value(body: &[u8]) -> Result<Value, Fault> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        serde_json::from_slice(body).map_err(|error| {
            let said = format!("no JSON: {error}");
            Fault::Violations(vec![Violation::new(vec!["body".into()], "json_invalid", said)])
        })
    }

    /// An object whose names are written `likeThis` or `like_this`: the official clients do both. `null` and nothing are an empty one.
    ///
    /// # Errors
    /// 422 with the place of what is missing or of another type.
    pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
        let fields = match Self::value(body)? {
            Value::Null => Map::new(),
            Value::Object(fields) => spelled(fields)?,
            _ => {
                let said = "expected an object";
                return Err(Fault::Violations(vec![Violation::new(
                    vec!["body".into()],
                    "model_attributes_type",
                    said,
                )]));
            }
        };
        serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
            let mut loc = vec![Place::from("body")];
            loc.extend(error.path().iter().filter_map(|segment| match segment {
                Segment::Seq { index } => Some(Place::Index(*index)),
                Segment::Map { key } => Some(Place::Key(key.clone())),
                Segment::Enum { variant } => Some(Place::Key(variant.clone())),
                Segment::Unknown => None,
            }));
            let said = error.into_inner().to_string();
            let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            if let Some(name) = missing {
                loc.push(Place::from(name));
                return Fault::Violations(vec![Violation::new(loc, "missing", "Field required")]);
            }
            Fault::Violations(vec![Violation::new(loc, "value_error", said)])
        })
    }
}

/// The names of the outermost object in one spelling.
fn spelled(fields: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let mut spelled = Map::new();
    for (name, value) in fields {
        let camel = camel(&name);
        if spelled.contains_key(&camel) {
            let said = format!("`{camel}` is given twice, in both spellings");
            return Err(Fault::Violations(vec![Violation::new(
                vec!["body".into(), name.as_str().into()],
                "value_error",
                said,
            )]));
        }
        spelled.insert(camel, value);
    }
    Ok(spelled)
}

/// `like_this` as `likeThis`.
pub(crate) fn camel(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    let mut up = false;
    for letter in name.chars() {
        match letter {
            '_' if !written.is_empty() => up = true,
            letter if up => {
                written.extend(letter.to_uppercase());
                up = false;
            }
            letter => written.push(letter),
        }
    }
    written
}

/// An answer.
pub(crate) fn json(status: u16, value: &impl Serialize) -> Result<Response, Fault> {
    let Ok(bytes) = serde_json::to_vec(value) else {
        return Err(Fault::Text(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written".to_owned()));
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    Ok((status, [(CONTENT_TYPE, "application/json")], Body::from(bytes)).into_response())
}

/// 204.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        yaml_path: String,
        #[serde(default)]
        run_inputs: Map<String, Value>,
    }

    #[test]
    fn both_spellings_are_read_and_only_of_the_outermost_names() {
        for body in [
            r#"{"yamlPath": "a.yml", "runInputs": {"in_eu": 1}}"#,
            r#"{"yaml_path": "a.yml", "run_inputs": {"in_eu": 1}}"#,
        ] {
            let read: Sample = Json::read(body.as_bytes()).unwrap();
            assert_eq!(
                (read.yaml_path.as_str(), read.run_inputs.keys().next().map(String::as_str)),
                ("a.yml", Some("in_eu"))
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (body, loc, kind) in [
            (r#"{}"#, vec!["body", "yamlPath"], "missing"),
            ("", vec!["body", "yamlPath"], "missing"),
            (r#"{"yaml_path": 7}"#, vec!["body", "yamlPath"], "value_error"),
            (r#"{"yaml_path": "a", "yamlPath": "b"}"#, vec!["body", "yamlPath"], "value_error"),
            (r#"[1]"#, vec!["body"], "model_attributes_type"),
            (r#"{"#, vec!["body"], "json_invalid"),
        ] {
            let Err(Fault::Violations(found)) = Json::read::<Sample>(body.as_bytes()) else {
                panic!("{body} is taken")
            };
            assert_eq!(found[0].loc, loc.into_iter().map(Place::from).collect::<Vec<_>>(), "{body}");
            assert_eq!(found[0].kind, kind, "{body}");
        }
        let deep = "[".repeat(100_000);
        assert!(Json::value(deep.as_bytes()).is_err());
    }

    #[test]
    fn names_keep_what_is_no_underscore() {
        for (given, expected) in
            [("run_inputs", "runInputs"), ("_x", "_x"), ("a__b", "aB"), ("id", "id"), ("über_ö", "überÖ")]
        {
            assert_eq!(camel(given), expected);
        }
    }
}
