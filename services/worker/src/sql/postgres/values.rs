//! What PostgreSQL prints, as JSON: numbers, booleans, JSON and arrays as such, everything else as the text that it printed.

use serde_json::Value;
use tokio_postgres::types::{Kind, Type};

use crate::sql::numbers::{decimal, float};

/// A value of that type, from its text.
pub(super) fn from_text(kind: &Type, text: &str) -> Value {
    match kind.kind() {
        Kind::Array(inner) => return array(inner, text).unwrap_or_else(|| Value::String(text.to_owned())),
        Kind::Domain(inner) => return from_text(inner, text),
        _ => {}
    }
    let read = match *kind {
        Type::BOOL => Some(Value::Bool(text == "t")),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => text.parse::<i64>().ok().map(Value::from),
        Type::FLOAT4 | Type::FLOAT8 => float(text),
        Type::NUMERIC => decimal(text),
        Type::JSON | Type::JSONB => serde_json::from_str(text).ok(),
        _ => None,
    };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// `{1,NULL,"a, b",{...}}`, with or without bounds before it. `None`: it is written otherwise.
fn array(inner: &Type, text: &str) -> Option<Value> {
    let list = if text.starts_with('[') { text.split_once('=')?.1 } else { text };
    let mut rest = list;
    let value = list_of(inner, &mut rest)?;
    rest.is_empty().then_some(value)
}

fn list_of(inner: &Type, rest: &mut &str) -> Option<Value> {
    *rest = rest.strip_prefix('{')?;
    let mut items = Vec::new();
    if let Some(after) = rest.strip_prefix('}') {
        *rest = after;
        return Some(Value::Array(items));
    }
    loop {
        // PostgreSQL's arrays have six dimensions at most, so this goes no deeper.
        let item = match rest.chars().next()? {
            '{' => list_of(inner, rest)?,
            '"' => from_text(inner, &quoted(rest)?),
            _ => {
                let end = rest.find([',', '}'])?;
                let (word, after) = rest.split_at(end);
                *rest = after;
                if word == "NULL" { Value::Null } else { from_text(inner, word) }
            }
        };
        items.push(item);
        if let Some(after) = rest.strip_prefix(',') {
            *rest = after;
        } else {
            *rest = rest.strip_prefix('}')?;
            return Some(Value::Array(items));
        }
    }
}

fn quoted(rest: &mut &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => {
                *rest = &rest[place + 1..];
                return Some(text);
            }
            '\\' => text.push(letters.next()?.1),
            other => text.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_become_json() {
        let cases = [
            (Type::BOOL, "t", json!(true)),
            (Type::BOOL, "f", json!(false)),
            (Type::INT8, "9223372036854775807", json!(9_223_372_036_854_775_807_i64)),
            (Type::FLOAT8, "1e-07", json!(1e-7)),
            (Type::FLOAT8, "NaN", json!("NaN")),
            (Type::FLOAT8, "-Infinity", json!("-Infinity")),
            (Type::NUMERIC, "12.50", json!(12.5)),
            (Type::NUMERIC, "-3", json!(-3)),
            (Type::NUMERIC, "0.1234567890123456", json!("0.1234567890123456")),
            (Type::NUMERIC, "NaN", json!("NaN")),
            (Type::JSONB, r#"{"a": [1]}"#, json!({ "a": [1] })),
            (Type::TEXT, "12", json!("12")),
            (Type::TIMESTAMPTZ, "2026-01-01 00:00:00+00", json!("2026-01-01 00:00:00+00")),
            (Type::INT4_ARRAY, "{1,NULL,3}", json!([1, null, 3])),
            (Type::INT4_ARRAY, "{{1,2},{3,4}}", json!([[1, 2], [3, 4]])),
            (Type::INT4_ARRAY, "[0:1]={1,2}", json!([1, 2])),
            (Type::INT4_ARRAY, "{}", json!([])),
            (Type::TEXT_ARRAY, r#"{a,"b, }","c\"\\d","NULL",é}"#, json!(["a", "b, }", "c\"\\d", "NULL", "é"])),
            (Type::TEXT_ARRAY, "{broken", json!("{broken")),
            (Type::TEXT_ARRAY, "{a}b", json!("{a}b")),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(from_text(&kind, text), expected, "{kind} {text}");
        }
    }
}
