//! What an alert says to people: a title and a few short lines, the same for every channel.
//!
//! Promises: no control characters (in a title no line breaks either), nothing that turns the direction of a text, limited length.
//! It knows nothing of any channel's markup: whoever sends a text escapes it.

use super::alert::{ANOMALY, Alert, BUDGET};
use crate::limits::{ALERT_MESSAGE_CHARS_MAX, ALERT_MESSAGE_LINES_MAX, ALERT_NAME_CHARS_MAX};

/// One line: `FAILED: task Load orders of pipeline Daily load`.
pub(crate) fn title(alert: &Alert) -> String {
    let about = about(alert);
    match alert.event_type.as_str() {
        ANOMALY => format!("ANOMALY: {about}"),
        BUDGET => format!("BUDGET: {about}"),
        _ => format!("{}: {about}", name(&alert.status)),
    }
}

/// The lines below the title: the author's message, what happened, when, and where to find it.
pub(crate) fn lines(alert: &Alert) -> Vec<String> {
    let mut lines = Vec::new();
    let text = message(&alert.text);
    if !text.is_empty() && alert.event_type != ANOMALY {
        lines.push(text);
    }
    lines.push(sentence(alert));
    let times = [("Started", "started_at"), ("Completed", "completed_at")];
    let times = times.iter().filter_map(|(word, entry)| Some(format!("{word}: {}", name(alert.said(entry)?))));
    lines.extend(times);
    let runs = [("Pipeline run", "pipeline_run_id"), ("Task run", "task_run_id")];
    let runs = runs.iter().filter_map(|(word, entry)| Some(format!("{word}: {}", name(alert.said(entry)?))));
    lines.extend(runs);
    lines.push(format!("Alert: {}", name(&alert.name)));
    lines
}

/// The first characters of a text, `…` at its end if there were more.
pub(super) fn first(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some(_) => text.chars().take(chars.saturating_sub(1)).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// The beginning of another side's answer, for people.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    let shown = text[..text.floor_char_boundary(bytes)].trim();
    if shown.is_empty() { "nothing" } else { shown }
}

/// A name that fits into a line.
pub(super) fn name(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    first(straight(&plain).trim(), ALERT_NAME_CHARS_MAX)
}

fn message(text: &str) -> String {
    let keeps = |letter: char| letter == '\n' || !letter.is_control();
    let plain: String = text.chars().map(|letter| if keeps(letter) { letter } else { ' ' }).collect();
    let plain = straight(&plain);
    let mut lines: Vec<&str> = plain.trim().lines().take(ALERT_MESSAGE_LINES_MAX + 1).collect();
    if lines.len() > ALERT_MESSAGE_LINES_MAX {
        lines[ALERT_MESSAGE_LINES_MAX] = "…";
    }
    first(&lines.join("\n"), ALERT_MESSAGE_CHARS_MAX)
}

/// Without the characters that turn the direction of what follows, or are not to be seen.
fn straight(text: &str) -> String {
    let turns = |letter: &char| matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().filter(|letter| !turns(letter)).collect()
}

fn about(alert: &Alert) -> String {
    let named = |word: &str, entry: &str, id: &str| {
        alert.said(entry).or_else(|| alert.said(id)).map(|named| format!("{word} {}", name(named)))
    };
    let inner = named("task", "task_name", "task_id").or_else(|| named("sensor", "sensor_name", "sensor_id"));
    match (inner, named("pipeline", "pipeline_name", "pipeline_id")) {
        (Some(inner), Some(pipeline)) => format!("{inner} of {pipeline}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => format!("alert {}", name(&alert.name)),
    }
}

fn sentence(alert: &Alert) -> String {
    let about = about(alert);
    // The text of an anomaly is no message of the author's, but what was found.
    let (what, why) = match alert.event_type.as_str() {
        ANOMALY => (about, Some(alert.text.as_str())),
        BUDGET => (about, alert.said("message")),
        _ => (format!("{about} ended {}", name(&alert.status)), alert.said("message")),
    };
    let mut letters = what.chars();
    let what: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    match why.map(message).filter(|why| !why.is_empty()) {
        Some(why) => format!("{what}: {why}"),
        None => format!("{what}."),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn alert(event_type: &str, status: &str, text: &str, detail: Value) -> Alert {
        let given = json!({
            "alert_id": "a1", "alert": "Night watch", "event_type": event_type, "status": status, "text": text,
            "detail": detail,
        });
        Alert::read(given.as_object().unwrap()).unwrap()
    }

    #[test]
    fn titles_and_sentences_name_what_happened_to_what() {
        let run = json!({ "pipeline_name": "Daily load", "pipeline_id": "p" });
        let task = json!({ "pipeline_name": "Daily load", "task_name": "Load orders", "message": "no such table" });
        let sensor = json!({ "pipeline_name": "Daily load", "sensor_name": "New files", "message": "timed out" });
        let budget = json!({ "pipeline_name": "Daily load", "message": "80 % of it is spent" });
        let unusual = "Task Load orders of pipeline Daily load: took 90 s; usual are 30 s";
        let cases = [
            (
                "PIPELINE_RUN_COMPLETED",
                "FAILED",
                &run,
                "FAILED: pipeline Daily load",
                "Pipeline Daily load ended FAILED.",
            ),
            (
                "TASK_RUN_COMPLETED",
                "WARNING",
                &task,
                "WARNING: task Load orders of pipeline Daily load",
                "Task Load orders of pipeline Daily load ended WARNING: no such table",
            ),
            (
                "SENSOR_COMPLETED",
                "FAILED",
                &sensor,
                "FAILED: sensor New files of pipeline Daily load",
                "Sensor New files of pipeline Daily load ended FAILED: timed out",
            ),
            (BUDGET, "WARNING", &budget, "BUDGET: pipeline Daily load", "Pipeline Daily load: 80 % of it is spent"),
            (ANOMALY, "SUCCEEDED", &task, "ANOMALY: task Load orders of pipeline Daily load", unusual),
            ("NEW_WORD", "X", &json!({ "task_id": "t" }), "X: task t", "Task t ended X."),
            ("NEW_WORD", "X", &json!({}), "X: alert Night watch", "Alert Night watch ended X."),
        ];
        for (event_type, status, detail, wanted, sentence) in cases {
            let text = if event_type == ANOMALY { "took 90 s; usual are 30 s" } else { "" };
            let alert = alert(event_type, status, text, detail.clone());
            assert_eq!((title(&alert).as_str(), lines(&alert)[0].as_str()), (wanted, sentence));
        }
    }

    #[test]
    fn lines_hold_the_authors_message_first_and_then_what_there_is() {
        let detail = json!({
            "pipeline_name": "P", "started_at": "2026-11-27T10:00:00Z", "completed_at": "2026-11-27T10:01:00Z",
            "pipeline_run_id": "r1", "task_run_id": null,
        });
        let alert = alert("PIPELINE_RUN_COMPLETED", "FAILED", "Call\nsomebody", detail);
        let expected = [
            "Call\nsomebody",
            "Pipeline P ended FAILED.",
            "Started: 2026-11-27T10:00:00Z",
            "Completed: 2026-11-27T10:01:00Z",
            "Pipeline run: r1",
            "Alert: Night watch",
        ];
        assert_eq!(lines(&alert), expected);
    }

    #[test]
    fn texts_from_outside_are_made_plain_and_short() {
        let detail = json!({
            "pipeline_name": format!("a\r\nBcc: x\u{202e}\u{0}{}", "n".repeat(5_000)), "message": "m".repeat(100_000),
        });
        let alert = alert("PIPELINE_RUN_COMPLETED", "FAILED", &"ä".repeat(10_000), detail);
        let title = title(&alert);
        assert!(title.starts_with("FAILED: pipeline a  Bcc: x n") && title.ends_with('…'), "{title}");
        assert!(!title.contains(char::is_control) && title.chars().count() < 150, "{title}");
        let whole: usize = lines(&alert).iter().map(|line| line.chars().count()).sum();
        assert!(whole < 2 * ALERT_MESSAGE_CHARS_MAX + 600, "{whole}");
    }
}
