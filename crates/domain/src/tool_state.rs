//! What tools remember from one run to the next: of dbt, when each model was built from what.
//!
//! Promises: what is kept is JSON, bounded, and fits into a record. The core keeps none of it itself: nothing is decided by it, and the
//! projector has the rows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    command::{Context, Rejection},
    event::Event,
    limits,
};

/// Entries of one tool: JSON texts by key.
pub type Entries = BTreeMap<String, String>;

/// A request to set entries; all others stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepToolState {
    /// For example `DBT_CORE`.
    pub integration: String,
    /// What is set, as much as one event holds.
    pub entries: Entries,
}

/// Entries of a tool were set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolStateKept {
    /// For example `DBT_CORE`.
    pub integration: String,
    /// What was set.
    pub entries: Entries,
    /// When.
    pub at: Timestamp,
}

/// Why the tool cannot be called so; `None` = it can.
pub fn unfit_integration(integration: &str) -> Option<String> {
    let most = limits::TOOL_NAME_CHARS_MAX;
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let named = (1..=most).contains(&integration.len()) && integration.bytes().all(fits);
    (!named).then(|| format!("integration: 1 to {most} characters of A-Z 0-9 _, such as DBT_CORE"))
}

/// Why this is no entry; `None` = it is one.
pub fn unfit_entry(key: &str, value: &str) -> Option<String> {
    let shown = || crate::decide::cut(key, 80);
    if key.is_empty() || key.len() > limits::TOOL_KEY_BYTES_MAX {
        let most = limits::TOOL_KEY_BYTES_MAX;
        return Some(format!("key `{}`: {} bytes; 1 to {most} are allowed", shown(), key.len()));
    }
    if value.len() > limits::TOOL_VALUE_BYTES_MAX {
        let most = limits::TOOL_VALUE_BYTES_MAX;
        return Some(format!("the value of `{}` takes {} bytes; at most {most} are allowed", shown(), value.len()));
    }
    let wrong = serde_json::from_str::<serde_json::Value>(value).err();
    wrong.map(|error| format!("the value of `{}` is no JSON: {error}", shown()))
}

/// Entries in pieces of which each fits into one event, in the order of their keys: the same entries always give the same pieces.
pub fn pieces(entries: Entries) -> Vec<Entries> {
    let (mut pieces, mut bytes) = (Vec::new(), 0);
    for (key, value) in entries {
        let of_this = key.len() + value.len();
        if pieces.is_empty() || bytes + of_this > limits::TOOL_STATE_PIECE_BYTES {
            pieces.push(Entries::new());
            bytes = 0;
        }
        bytes += of_this;
        if let Some(last) = pieces.last_mut() {
            last.insert(key, value);
        }
    }
    pieces
}

pub(crate) fn decide(keep: &KeepToolState, context: &Context) -> Result<Vec<Event>, Rejection> {
    let refused = |why: String| Err(Rejection::InvalidToolState(why));
    if let Some(why) = unfit_integration(&keep.integration) {
        return refused(why);
    }
    let bytes: usize = keep.entries.iter().map(|(key, value)| key.len() + value.len()).sum();
    let most = limits::TOOL_STATE_PIECE_BYTES + limits::TOOL_KEY_BYTES_MAX + limits::TOOL_VALUE_BYTES_MAX;
    if keep.entries.is_empty() || bytes > most {
        return refused(format!(
            "{} entries of {bytes} bytes; an event holds 1 or more, of {most} bytes",
            keep.entries.len()
        ));
    }
    if let Some(why) = keep.entries.iter().find_map(|(key, value)| unfit_entry(key, value)) {
        return refused(why);
    }
    let kept = ToolStateKept { integration: keep.integration.clone(), entries: keep.entries.clone(), at: context.now };
    Ok(vec![Event::ToolStateKept(Box::new(kept))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_small_and_together_everything() {
        let entries: Entries =
            (0..500).map(|place| (format!("model.{place}"), format!("\"{}\"", "x".repeat(2_000)))).collect();
        let pieces = pieces(entries.clone());
        assert!(pieces.len() > 3);
        for piece in &pieces {
            let bytes: usize = piece.iter().map(|(key, value)| key.len() + value.len()).sum();
            assert!(bytes <= limits::TOOL_STATE_PIECE_BYTES, "{bytes}");
        }
        assert_eq!(pieces.into_iter().flatten().collect::<Entries>(), entries);
        assert!(super::pieces(Entries::new()).is_empty());
    }

    #[test]
    fn what_is_kept_is_json_and_bounded() {
        let long = "k".repeat(limits::TOOL_KEY_BYTES_MAX + 1);
        let large = format!("\"{}\"", "x".repeat(limits::TOOL_VALUE_BYTES_MAX));
        let cases = [
            ("7.\"db\".\"s\".\"t\"", r#"{"checksum": "a"}"#, true),
            ("", "{}", false),
            (long.as_str(), "{}", false),
            ("k", "", false),
            ("k", "{} {}", false),
            ("k", "{'a': 1}", false),
            ("k", large.as_str(), false),
        ];
        for (key, value, fits) in cases {
            assert_eq!(unfit_entry(key, value).is_none(), fits, "{key:.20} {value:.20}");
        }
        for (name, fits) in [("DBT_CORE", true), ("dbt", false), ("", false), ("A/B", false)] {
            assert_eq!(unfit_integration(name).is_none(), fits, "{name}");
        }
        assert!(unfit_integration(&"A".repeat(limits::TOOL_NAME_CHARS_MAX + 1)).is_some());
    }
}
