//! NAME=VALUE as it is typed, as the JSON objects that servers take.

use serde_json::{Map, Value};

use crate::error::Error;

/// Values stay text; the server converts them to declared types. Nothing given = an empty text.
pub(super) fn texts(given: &[String], flag: &str) -> Result<String, Error> {
    object(given, flag, "NAME=VALUE", |_, value| Ok(Value::String(value.to_owned())))
}

/// Values are JSON.
pub(super) fn jsons(given: &[String], flag: &str) -> Result<String, Error> {
    object(given, flag, "NAME=JSON", |name, value| {
        serde_json::from_str(value).map_err(|error| {
            Error::Usage(format!(
                "{flag} `{name}={value}`: the value is no JSON ({error}); a text stands in quotes of its own: {flag} '{name}=\"{}\"'",
                value.replace('"', "")
            ))
        })
    })
}

fn object(
    given: &[String],
    flag: &str,
    form: &str,
    read: impl Fn(&str, &str) -> Result<Value, Error>,
) -> Result<String, Error> {
    let mut object = Map::new();
    for pair in given {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Error::Usage(format!("{flag} `{pair}`: write {form}")));
        };
        object.insert(name.to_owned(), read(name, value)?);
    }
    Ok(if object.is_empty() { String::new() } else { Value::Object(object).to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pair: &str) -> Vec<String> {
        vec![pair.to_owned()]
    }

    #[test]
    fn texts_stay_texts_and_json_is_read() {
        assert_eq!(texts(&given("a=1=2"), "--input").unwrap(), r#"{"a":"1=2"}"#);
        assert_eq!(texts(&[], "--input").unwrap(), "");
        assert_eq!(jsons(&given("a=[1,\"x\"]"), "--output").unwrap(), r#"{"a":[1,"x"]}"#);
    }

    #[test]
    fn faults_are_shown_with_what_would_be_right() {
        assert_eq!(texts(&given("a"), "--input").unwrap_err().to_string(), "--input `a`: write NAME=VALUE");
        let error = jsons(&given("a=abc"), "--output").unwrap_err().to_string();
        assert!(error.contains("no JSON") && error.ends_with("--output 'a=\"abc\"'"), "{error}");
    }
}
