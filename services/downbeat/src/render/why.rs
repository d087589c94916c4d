//! Why something waits or went as it did, line by line.

use downbeat_proto::{control::v1::Gate, metadata::v1::Explanation};
use downbeat_runtime::clock;

use super::{clean, duration_between, instant, short, table, words};

/// What holds something, with since when and who is ahead.
pub fn gate(gate: &Gate, indent: usize) -> String {
    gate_at(gate, indent, clock::wall_now().as_microsecond())
}

fn gate_at(gate: &Gate, indent: usize, now: i64) -> String {
    let space = " ".repeat(indent);
    let mut text = format!("{space}{}", words(&gate.text));
    if gate.since != 0 {
        let long = duration_between(gate.since, 0, Some(now));
        text.push_str(&format!("\n{space}  for {long}, since {}", instant(gate.since)));
    }
    if !gate.ahead.is_empty() {
        let shown: Vec<String> = gate.ahead.iter().map(|ahead| ahead_of(ahead)).collect();
        let known = u32::try_from(gate.ahead.len()).unwrap_or(u32::MAX);
        let more = match gate.ahead_count.saturating_sub(known) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        text.push_str(&format!("\n{space}  ahead: {}{more}", shown.join(", ")));
    }
    text
}

/// `run id` or `run id/task id`, with the beginning of the id.
fn ahead_of(text: &str) -> String {
    match text.split_once('/') {
        Some((run, task)) => format!("{} {}", short(run), clean(task)),
        None => short(text),
    }
}

/// Events in words, one each: position, local time, who, of which task, what.
pub fn events(events: &[Explanation], of_one_task: bool, columns: Option<usize>) -> String {
    let rows: Vec<(Vec<String>, String)> = events
        .iter()
        .map(|event| {
            let task = if of_one_task { String::new() } else { clean(&event.task) };
            let cells = vec![event.sequence.to_string(), instant(event.at), words(&event.actor), task];
            (cells, words(&event.text))
        })
        .collect();
    table::with_text(&rows, columns).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_say_since_when_and_who_is_ahead() {
        let held = Gate {
            kind: "POOL".to_owned(),
            text: "needs 1 slot".to_owned(),
            since: 1_000_000,
            ahead: vec!["0123456789ab/load".to_owned(), "fedcba9876543210".to_owned()],
            ahead_count: 5,
        };
        let text = gate_at(&held, 2, 61_000_000);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "  needs 1 slot");
        assert!(lines[1].starts_with("    for 1 min 00 s, since 19"), "{text}");
        assert_eq!(lines[2], "    ahead: 01234567 load, fedcba98 and 3 more");
        let plain = Gate { text: "waits for a person".to_owned(), ..Gate::default() };
        assert_eq!(gate_at(&plain, 0, 0), "waits for a person");
    }

    #[test]
    fn events_are_lines() {
        let event = Explanation {
            at: 1,
            sequence: 12,
            actor: "user:anna".to_owned(),
            text: "was skipped".to_owned(),
            task: "load[eu]".to_owned(),
            ..Explanation::default()
        };
        let text = events(std::slice::from_ref(&event), false, None);
        assert!(text.starts_with("12  19") && text.ends_with("  user:anna  load[eu]  was skipped"), "{text}");
        assert!(events(&[event], true, None).ends_with("  user:anna  was skipped"));
    }
}
