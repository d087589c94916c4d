//! Goes through the texts of a JSON value.

use serde_json::Value;

/// Puts every text of a value through `hide`.
pub(super) fn in_value(value: &mut Value, hide: &impl Fn(String) -> String) {
    match value {
        Value::String(text) => *text = hide(std::mem::take(text)),
        Value::Array(items) => items.iter_mut().for_each(|item| in_value(item, hide)),
        Value::Object(entries) => entries.values_mut().for_each(|entry| in_value(entry, hide)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
