//! Dead letters of event triggers, one a line.

use downbeat_scheduler::triggers::dead::DeadLetter;

use super::{clean, instant, table, words};

/// The table, oldest first.
pub fn dead_table(letters: &[DeadLetter]) -> String {
    let row = |letter: &DeadLetter| {
        vec![
            letter.id.to_string(),
            clean(&letter.subject),
            instant(letter.since.as_microsecond()),
            clean(&letter.deliveries),
            words(&letter.reason),
        ]
    };
    let rows: Vec<Vec<String>> = letters.iter().map(row).collect();
    table::lines(&["ID", "SUBJECT", "SINCE", "DELIVERIES", "REASON"], &rows, None, &[]).join("\n")
}
