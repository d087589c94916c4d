//! Reads answers as a manifest says: conditions, states of a job, captured values, rows. Pure: an answer in, what it means out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};

use super::answer::Read;
use super::fill::Scope;
use super::format::{Condition, Grab, Poll, Rows, StateWord};
use super::path::{Paths, plain};
use super::template::Template;
use crate::limits::COLLECTED_ITEMS_MAX;

/// Whether a condition holds of an answer. What it is compared with and has no value makes it false.
pub(crate) fn holds(condition: &Condition, body: &Value, scope: &Scope) -> bool {
    let found = condition.value.first(body);
    if let Some(there) = condition.there
        && found.is_some() != there
    {
        return false;
    }
    let text = found.map(plain);
    let is = |wanted: &Option<Template>, holds: fn(&str, &str) -> bool| {
        let Some(template) = wanted else { return true };
        match (&text, scope.text(template).ok().flatten()) {
            (Some(text), Some(wanted)) => holds(text, &wanted),
            _ => false,
        }
    };
    is(&condition.is, |text, wanted| text == wanted)
        && is(&condition.contains, |text, wanted| text.contains(wanted))
        && is(&condition.after, later)
        && condition.any.as_ref().is_none_or(|words| text.as_ref().is_some_and(|text| words.contains(text)))
}

fn later(text: &str, than: &str) -> bool {
    match (text.parse::<Timestamp>(), than.parse::<Timestamp>()) {
        (Ok(instant), Ok(than)) => instant > than,
        _ => false,
    }
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    Known(StateWord),
    /// The other system said a word that the manifest does not know.
    Strange,
}

/// The state of a job, and the other system's word for it.
pub(crate) fn state(poll: &Poll, read: &Read, scope: &Scope) -> (Sight, String) {
    let word = poll.word.as_ref().and_then(|paths| paths.text(&read.body));
    let rule = poll.rules.iter().find(|rule| {
        (rule.status.is_empty() || rule.status.contains(&read.status))
            && rule.when.iter().all(|condition| holds(condition, &read.body, scope))
    });
    let by_word = || {
        let word = word.as_ref()?;
        poll.states.iter().find(|(_, words)| words.iter().any(|known| known == word)).map(|(state, _)| *state)
    };
    let found = rule.map(|rule| rule.state).or_else(by_word);
    let said = word.clone().or_else(|| found.map(|state| format!("{state:?}").to_uppercase())).unwrap_or_default();
    (found.map_or(Sight::Strange, Sight::Known), said)
}

/// The answer about one job, of one about many.
pub(crate) fn about(poll: &Poll, body: &Value, scope: &Scope) -> Value {
    let Some(each) = &poll.each else { return body.clone() };
    let ours = |item: &&Value| poll.matches.iter().all(|condition| holds(condition, item, scope));
    each.all(body, usize::MAX).into_iter().find(ours).cloned().unwrap_or_default()
}

/// The values that an answer was asked for; the name of one that it does not give is the error.
pub(crate) fn captured(
    grabs: &BTreeMap<String, Grab>,
    body: &Value,
    headers: &HeaderMap,
) -> Result<Map<String, Value>, String> {
    let grab = |(name, grab): (&String, &Grab)| {
        let found = match grab {
            Grab::Body(paths) => paths.first(body).cloned(),
            Grab::Or { path, default } => {
                Some(path.first(body).cloned().unwrap_or_else(|| Value::String(default.clone())))
            }
            Grab::Header { header, pattern } => {
                let text = headers.get(header).and_then(|value| value.to_str().ok());
                match (text, pattern) {
                    (Some(text), Some(pattern)) => {
                        let groups = pattern.0.captures(text);
                        groups.and_then(|groups| Some(Value::String(groups.get(1)?.as_str().to_owned())))
                    }
                    (text, None) => text.map(|text| Value::String(text.to_owned())),
                    (None, Some(_)) => None,
                }
            }
        };
        let found = found.filter(|value| value.as_str() != Some(""));
        found.map(|value| (name.clone(), value)).ok_or_else(|| name.clone())
    };
    grabs.iter().map(grab).collect()
}

/// The same of a candidate that was looked for.
pub(crate) fn captured_of(paths: &BTreeMap<String, Paths>, item: &Value) -> Result<Map<String, Value>, String> {
    paths
        .iter()
        .map(|(name, paths)| Ok((name.clone(), paths.first(item).cloned().ok_or_else(|| name.clone())?)))
        .collect()
}

/// The rows of a result, each a list of its cells.
pub(crate) fn rows(rows: &Rows, body: &Value) -> Vec<Value> {
    // A page is bounded by the bytes of an answer, and whoever keeps rows keeps few.
    let found = rows.each.all(body, usize::MAX);
    let row = |row: &Value| match &rows.cells {
        Some(cells) => Value::Array(cells.all(row, COLLECTED_ITEMS_MAX).into_iter().cloned().collect()),
        None => row.clone(),
    };
    found.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_hold_or_not() {
        let scope = Scope { token: "t".to_owned(), ..Scope::default() };
        let body = json!({ "name": "x [t]", "id": "t", "n": 3, "at": "2026-02-03T04:05:06Z", "null": null });
        let cases = [
            (json!({ "value": "$.id", "is": "{token}" }), true),
            (json!({ "value": "$.name", "is": "{token}" }), false),
            (json!({ "value": "$.name", "contains": "[{token}]" }), true),
            (json!({ "value": "$.n", "any": ["2", "3"] }), true),
            (json!({ "value": "$.at", "after": "2026-02-03T04:05:05.999Z" }), true),
            (json!({ "value": "$.at", "after": "2026-02-03T04:05:06Z" }), false),
            (json!({ "value": "$.null", "there": true }), false),
            (json!({ "value": "$.null", "there": false }), true),
            (json!({ "value": "$.none", "is": "x" }), false),
            (json!({ "value": "$.id", "is": "{parameters.none}" }), false),
        ];
        for (condition, expected) in cases {
            let read: Condition = serde_json::from_value(condition.clone()).unwrap();
            assert_eq!(holds(&read, &body, &scope), expected, "{condition}");
        }
    }

    #[test]
    fn of_many_jobs_ours_is_looked_at() {
        let poll: Poll = serde_json::from_value(json!({
            "each": "$.jobs[*]", "match": [{ "value": "$.id", "is": "{token}" }],
        }))
        .unwrap();
        let scope = Scope { token: "b".to_owned(), ..Scope::default() };
        let ours = json!({ "id": "b", "state": "done" });
        assert_eq!(about(&poll, &json!({ "jobs": [{ "id": "a" }, ours] }), &scope), ours);
        assert_eq!(about(&poll, &json!({ "jobs": [{ "id": "a" }] }), &scope), Value::Null);
    }

    #[test]
    fn words_and_rules_give_states() {
        let poll: Poll = serde_json::from_value(json!({
            "word": ["$.state", "$.old"],
            "states": { "RUNNING": ["run"], "SUCCEEDED": ["done"] },
            "rules": [
                { "status": [202], "state": "RUNNING" },
                { "when": [{ "value": "$.error", "there": true }], "state": "FAILED" },
            ],
        }))
        .unwrap();
        let cases = [
            (200, json!({ "state": "done" }), Sight::Known(StateWord::Succeeded), "done"),
            (200, json!({ "old": "run" }), Sight::Known(StateWord::Running), "run"),
            (202, json!({}), Sight::Known(StateWord::Running), "RUNNING"),
            (200, json!({ "state": "done", "error": {} }), Sight::Known(StateWord::Failed), "done"),
            (200, json!({ "state": "paused" }), Sight::Strange, "paused"),
            (200, json!(null), Sight::Strange, ""),
        ];
        for (status, body, expected, word) in cases {
            let read = Read { status, headers: HeaderMap::new(), body, already: false, after: None, size: 0 };
            assert_eq!(state(&poll, &read, &Scope::default()), (expected, word.to_owned()), "{read:?}");
        }
    }
}
