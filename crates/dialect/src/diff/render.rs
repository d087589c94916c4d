//! Changes for people: lines that begin with `+`, `-` or `~`.

use std::fmt::Write as _;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{Change, ChangeKind};
use crate::limits::{DIFF_LINES, SHOWN_VALUE_CHARACTERS};

/// One line per change; of a long text, the changed lines. Control characters are shown as `?`: values are no commands to a
/// terminal. No trailing line break.
pub fn render(changes: &[Change]) -> String {
    let shown: Vec<String> = changes.iter().map(one).collect();
    shown.join("\n")
}

fn one(change: &Change) -> String {
    let subject = clean(&change.path.join("."));
    match change.kind {
        ChangeKind::TaskAdded | ChangeKind::TaskRemoved => {
            let value = change.new.as_ref().or(change.old.as_ref());
            let field = |name: &str| value.and_then(|value| value.get(name)).and_then(Value::as_str).unwrap_or("");
            format!(
                "{} task {subject} ({} {})",
                mark(change),
                clean(field("integration")),
                clean(field("integration_job"))
            )
        }
        ChangeKind::GroupAdded | ChangeKind::GroupRemoved => {
            let value = change.new.as_ref().or(change.old.as_ref());
            let tasks = value.and_then(|value| value.get("tasks")).and_then(Value::as_object);
            let tasks: Vec<&str> = tasks.map(|tasks| tasks.keys().map(String::as_str).collect()).unwrap_or_default();
            format!("{} group {subject} (tasks: {})", mark(change), clean(&tasks.join(", ")))
        }
        ChangeKind::TaskRenamed | ChangeKind::GroupRenamed => {
            format!("~ {subject}: renamed from {}", value(change.old.as_ref()))
        }
        ChangeKind::TaskMoved => {
            let place = |value: Option<&Value>| match value.and_then(Value::as_str) {
                Some(group) => format!("group {}", clean(group)),
                None => "the top level".to_owned(),
            };
            format!("~ {subject}: moved from {} to {}", place(change.old.as_ref()), place(change.new.as_ref()))
        }
        _ => field(change, &subject),
    }
}

fn field(change: &Change, subject: &str) -> String {
    match (&change.old, &change.new) {
        (Some(Value::String(old)), Some(Value::String(new))) if is_long(old) || is_long(new) => {
            format!("~ {subject}:\n{}", lines(old, new))
        }
        (Some(old), Some(new)) => format!("~ {subject}: {} -> {}", value(Some(old)), value(Some(new))),
        (old, new) => format!("{} {subject}: {}", mark(change), value(new.as_ref().or(old.as_ref()))),
    }
}

fn mark(change: &Change) -> char {
    match (&change.old, &change.new) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    }
}

fn is_long(text: &str) -> bool {
    text.contains('\n') || text.chars().count() > SHOWN_VALUE_CHARACTERS
}

/// The changed lines of a text, indented.
fn lines(old: &str, new: &str) -> String {
    let count = |text: &str| text.lines().count();
    if count(old).max(count(new)) > DIFF_LINES {
        return format!("    {} lines become {} lines", count(old), count(new));
    }
    let diff = TextDiff::from_lines(old, new);
    let mut shown = String::new();
    for change in diff.iter_all_changes() {
        let mark = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => continue,
        };
        let line = change.value();
        let unended = if line.ends_with('\n') { "" } else { " (no line break at the end)" };
        let _ = writeln!(shown, "    {mark} {}{unended}", clean(line.trim_end_matches(['\n', '\r'])));
    }
    shown.truncate(shown.trim_end_matches('\n').len());
    shown
}

/// As JSON on one line, cut where it gets too long to read.
fn value(value: Option<&Value>) -> String {
    let written = clean(&value.map(Value::to_string).unwrap_or_default());
    if written.chars().count() <= SHOWN_VALUE_CHARACTERS {
        return written;
    }
    format!("{}...", written.chars().take(SHOWN_VALUE_CHARACTERS).collect::<String>())
}

fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() && character != '\t' { '?' } else { character }).collect()
}
