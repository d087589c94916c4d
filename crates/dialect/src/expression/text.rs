//! The text form of values: what a template pastes, and how long it is.

use serde_json::{Number, Value};

/// Text stays as it is; everything else looks as in Python: `True`, `None`, `1.0`, `['a', 1]`, `{'k': 'v'}`.
pub(crate) fn of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => {
            let mut text = String::new();
            write_literal(other, &mut text);
            text
        }
    }
}

/// The value as it would stand in an expression: texts in quotes.
pub(crate) fn literal(value: &Value) -> String {
    let mut text = String::new();
    write_literal(value, &mut text);
    text
}

fn write_literal(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("None"),
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        Value::Number(number) => text.push_str(&number_text(number)),
        Value::String(string) => write_quoted(string, text),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_literal(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (at, (name, item)) in fields.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_quoted(name, text);
                text.push_str(": ");
                write_literal(item, text);
            }
            text.push('}');
        }
    }
}

/// Integers plainly; decimals keep `.0` and take an exponent where Python's `repr` does.
fn number_text(number: &Number) -> String {
    let Some(decimal) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    let magnitude = decimal.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let scientific = format!("{decimal:e}");
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(("+", exponent), |digits| ("-", digits));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{decimal:?}")
}

fn write_quoted(string: &str, text: &mut String) {
    let quote = if string.contains('\'') && !string.contains('"') { '"' } else { '\'' };
    text.push(quote);
    for character in string.chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\\' => text.push_str("\\\\"),
            other if other == quote => text.extend(['\\', other]),
            other => text.push(other),
        }
    }
    text.push(quote);
}

/// Roughly the bytes a value takes: enough to bound it without printing it.
pub(crate) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 8,
        Value::Array(items) => items.iter().map(size).fold(8, usize::saturating_add),
        Value::Object(fields) => {
            fields.iter().map(|(name, item)| name.len() + size(item)).fold(8, usize::saturating_add)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn values_look_as_in_python() {
        for (value, expected) in [
            (json!("a'b"), "a'b"),
            (json!(null), "None"),
            (json!(true), "True"),
            (json!(3), "3"),
            (json!(1.0), "1.0"),
            (json!(0.1), "0.1"),
            (json!(1e16), "1e+16"),
            (json!(1.5e-7), "1.5e-07"),
            (json!(["a", 1, null]), "['a', 1, None]"),
            (json!({"k": "it's", "n": [1.5]}), "{'k': \"it's\", 'n': [1.5]}"),
        ] {
            assert_eq!(of(&value), expected, "{value}");
        }
    }
}
