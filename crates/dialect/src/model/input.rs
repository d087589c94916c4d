//! Declared inputs of a pipeline and how given values become the declared type.

use serde_json::{Number, Value};

use crate::expression::has_template;

/// The type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputType {
    /// Text.
    String,
    /// Integer or decimal.
    Number,
    /// True or false.
    Boolean,
    /// A map with text keys.
    Dict,
    /// A list.
    List,
}

impl InputType {
    /// Reads the word of the language.
    pub fn from_word(word: &str) -> Option<InputType> {
        match word {
            "string" => Some(InputType::String),
            "number" => Some(InputType::Number),
            "boolean" => Some(InputType::Boolean),
            "dict" => Some(InputType::Dict),
            "list" => Some(InputType::List),
            _ => None,
        }
    }

    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            InputType::String => "string",
            InputType::Number => "number",
            InputType::Boolean => "boolean",
            InputType::Dict => "dict",
            InputType::List => "list",
        }
    }
}

/// A declared input.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its type.
    pub kind: InputType,
    /// The value without a given one; `None` also when null is written. May hold templates.
    pub default: Option<Value>,
    /// Whether a run may start without a value (it is null then).
    pub optional: bool,
    /// Allowed texts of a `string`; empty means any.
    pub options: Vec<String>,
}

impl Input {
    /// Whether every start must give a value.
    pub fn is_required(&self) -> bool {
        !self.optional && self.default.is_none()
    }

    /// Turns a given value into the declared type.
    ///
    /// Command lines send only texts, so `"3"`, `"true"` and `"[1]"` become a number, a boolean and a list; numbers and booleans
    /// become texts where text is declared. Null stays null (whether it is allowed is the caller's question), and a text with a
    /// template stays as it is, to be rendered first. The error says what was expected, without the input's name.
    pub fn coerce(&self, value: Value) -> Result<Value, String> {
        if value.is_null() || has_template(&value) {
            return Ok(value);
        }
        let coerced = match (self.kind, value) {
            (InputType::String, Value::String(text)) => return self.check_options(text),
            (InputType::String, Value::Bool(flag)) => return self.check_options(flag.to_string()),
            (InputType::String, Value::Number(number)) => return self.check_options(number.to_string()),
            (InputType::Number, Value::Number(number)) => Ok(Value::Number(number)),
            (InputType::Number, Value::String(text)) => number_from(&text).ok_or(Value::String(text)),
            (InputType::Boolean, Value::Bool(flag)) => Ok(Value::Bool(flag)),
            (InputType::Boolean, Value::String(text)) => boolean_from(&text).ok_or(Value::String(text)),
            (InputType::Dict, value @ Value::Object(_)) | (InputType::List, value @ Value::Array(_)) => Ok(value),
            (InputType::Dict, Value::String(text)) => json_from(&text, Value::is_object).ok_or(Value::String(text)),
            (InputType::List, Value::String(text)) => json_from(&text, Value::is_array).ok_or(Value::String(text)),
            (_, value) => Err(value),
        };
        coerced.map_err(|value| format!("expected a {}, found {}", self.kind.word(), shorten(&value)))
    }

    fn check_options(&self, text: String) -> Result<Value, String> {
        if self.options.is_empty() || self.options.contains(&text) {
            return Ok(Value::String(text));
        }
        Err(format!("expected one of `{}`, found {}", self.options.join("`, `"), shorten(&Value::String(text))))
    }
}

fn number_from(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(integer) = text.parse::<i64>() {
        return Some(Value::from(integer));
    }
    // `inf`, `nan` and `1_000` are numbers to Rust or Python, but not to people who type an input.
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E')) {
        return None;
    }
    text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
}

fn boolean_from(text: &str) -> Option<Value> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn json_from(text: &str, wanted: fn(&Value) -> bool) -> Option<Value> {
    serde_json::from_str(text).ok().filter(wanted)
}

/// A value for a message: as JSON, cut after 60 characters.
fn shorten(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return format!("`{text}`");
    }
    format!("`{}...`", text.chars().take(60).collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Input, InputType};

    fn input(kind: InputType) -> Input {
        Input { kind, default: None, optional: false, options: Vec::new() }
    }

    #[test]
    fn texts_become_the_declared_type() {
        let cases: [(InputType, Value, Value); 12] = [
            (InputType::String, json!("a"), json!("a")),
            (InputType::String, json!(3), json!("3")),
            (InputType::String, json!(true), json!("true")),
            (InputType::Number, json!(" 3 "), json!(3)),
            (InputType::Number, json!("1.5"), json!(1.5)),
            (InputType::Boolean, json!("True"), json!(true)),
            (InputType::Boolean, json!(false), json!(false)),
            (InputType::Dict, json!("{\"a\": 1}"), json!({"a": 1})),
            (InputType::List, json!("[1, 2]"), json!([1, 2])),
            (InputType::List, json!([1]), json!([1])),
            (InputType::Number, json!(null), json!(null)),
            (InputType::Number, json!("${{ ENV.N }}"), json!("${{ ENV.N }}")),
        ];
        for (kind, given, expected) in cases {
            assert_eq!(input(kind).coerce(given.clone()), Ok(expected), "{kind:?} {given}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_reason() {
        let cases = [
            (InputType::Number, json!("many"), "expected a number, found `\"many\"`"),
            (InputType::Number, json!("inf"), "expected a number, found `\"inf\"`"),
            (InputType::Number, json!(true), "expected a number, found `true`"),
            (InputType::Boolean, json!("1"), "expected a boolean, found `\"1\"`"),
            (InputType::Dict, json!("[1]"), "expected a dict, found `\"[1]\"`"),
            (InputType::String, json!([1]), "expected a string, found `[1]`"),
        ];
        for (kind, given, expected) in cases {
            assert_eq!(input(kind).coerce(given.clone()), Err(expected.to_owned()), "{kind:?} {given}");
        }
    }

    #[test]
    fn options_are_case_sensitive() {
        let input = Input { options: vec!["full".into(), "delta".into()], ..input(InputType::String) };
        assert_eq!(input.coerce(json!("full")), Ok(json!("full")));
        assert_eq!(input.coerce(json!("Full")), Err("expected one of `full`, `delta`, found `\"Full\"`".into()));
    }
}
