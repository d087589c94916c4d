//! JSON as text keeps it: repeated keys, the order of keys and the spelling of numbers survive.

use std::fmt::Write as _;

/// A JSON value that may be wrong on purpose.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is spelled.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// A map; keys may repeat.
    Map(Vec<(String, Json)>),
}

impl Json {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A whole number.
    pub fn integer(number: i64) -> Self {
        Self::Number(number.to_string())
    }

    /// A map without repeated keys.
    pub fn map<const N: usize>(fields: [(&str, Json); N]) -> Self {
        Self::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// The document on one line: the judge also complains about how lines are indented.
    pub fn write(&self) -> String {
        let mut text = String::new();
        self.write_to(&mut text);
        text
    }

    fn write_to(&self, text: &mut String) {
        match self {
            Json::Null => text.push_str("null"),
            Json::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
            Json::Number(spelled) => text.push_str(spelled),
            Json::Text(content) => write_quoted(content, text),
            Json::List(items) => {
                text.push('[');
                for (at, item) in items.iter().enumerate() {
                    text.push_str(if at > 0 { ", " } else { "" });
                    item.write_to(text);
                }
                text.push(']');
            }
            Json::Map(fields) => {
                text.push('{');
                for (at, (key, value)) in fields.iter().enumerate() {
                    text.push_str(if at > 0 { ", " } else { "" });
                    write_quoted(key, text);
                    text.push_str(": ");
                    value.write_to(text);
                }
                text.push('}');
            }
        }
    }

    /// The values inside, in the order of the text.
    pub fn children_mut(&mut self) -> Vec<&mut Json> {
        match self {
            Json::List(items) => items.iter_mut().collect(),
            Json::Map(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
            _ => Vec::new(),
        }
    }

    /// How many values there are, this one and all inside.
    pub fn count(&self) -> usize {
        1 + match self {
            Json::List(items) => items.iter().map(Json::count).sum(),
            Json::Map(fields) => fields.iter().map(|(_, value)| value.count()).sum(),
            _ => 0,
        }
    }

    /// The value at a place in the order of the text; this one is at 0.
    pub fn at_mut(&mut self, place: usize) -> Option<&mut Json> {
        if place == 0 {
            return Some(self);
        }
        let mut rest = place - 1;
        for child in self.children_mut() {
            let count = child.count();
            if rest < count {
                return child.at_mut(rest);
            }
            rest -= count;
        }
        None
    }
}

impl From<&serde_json::Value> for Json {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(flag) => Json::Bool(*flag),
            serde_json::Value::Number(number) => Json::Number(number.to_string()),
            serde_json::Value::String(text) => Json::Text(text.clone()),
            serde_json::Value::Array(items) => Json::List(items.iter().map(Json::from).collect()),
            serde_json::Value::Object(fields) => {
                Json::Map(fields.iter().map(|(key, value)| (key.clone(), value.into())).collect())
            }
        }
    }
}

fn write_quoted(content: &str, text: &mut String) {
    text.push('"');
    for character in content.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if control.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}
