//! Conversations with clients, and the table of them.

use std::{
    path::Path,
    process::{Command, Output},
};

/// One of them.
struct Row {
    client: &'static str,
    command: String,
    expected: String,
    seen: String,
    right: bool,
}

/// All of them, in their order.
#[derive(Default)]
pub struct Table(Vec<Row>);

/// What a program said.
pub struct Said {
    pub code: i32,
    pub text: String,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Said {
    let Output { status, stdout, stderr } = command.output().expect("the client starts");
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    Said { code: status.code().unwrap_or(-1), text: plain(&text) }
}

/// Without colours and line breaks that a terminal asks for.
fn plain(text: &str) -> String {
    let mut written = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            for letter in letters.by_ref() {
                if letter.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            written.push(letter);
        }
    }
    written
}

impl Table {
    /// A client's command ends with this code and says these words.
    pub fn says(&mut self, client: &'static str, command: &str, said: &Said, code: i32, words: &[&str]) {
        let missing: Vec<&str> = words.iter().copied().filter(|word| !said.text.contains(word)).collect();
        let right = said.code == code && missing.is_empty();
        assert!(
            right,
            "{client}: {command}\nexit {} instead of {code}, missing {missing:?}:\n{}",
            said.code, said.text
        );
        let quoted = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let told = if words.is_empty() { String::new() } else { format!(", says {quoted}") };
        let (expected, seen) = (format!("exit {code}{told}"), format!("exit {}{told}", said.code));
        self.0.push(Row { client, command: command.to_owned(), expected, seen, right });
    }

    /// Something that a client's calls have brought about.
    pub fn brings(&mut self, client: &'static str, command: &str, expected: &str, seen: &str) {
        assert_eq!(seen, expected, "{client}: {command}");
        let right = seen == expected;
        self.0.push(Row {
            client,
            command: command.to_owned(),
            expected: expected.to_owned(),
            seen: seen.to_owned(),
            right,
        });
    }

    /// Compares with the table in the document, or writes it (`DOWNBEAT_WRITE_SNAPSHOTS`).
    pub fn compare(&self, file: &Path) {
        let before = std::fs::read_to_string(file).expect("the document");
        let (head, _) = before.split_once("<!-- conversations -->\n").expect("the document has a place for the table");
        let mut text =
            format!("{head}<!-- conversations -->\n| client | command | expected | seen | |\n|---|---|---|---|---|\n");
        for row in &self.0 {
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
            let mark = if row.right { "green" } else { "RED" };
            text.push_str(&format!(
                "| {} | `{}` | {} | {} | {mark} |\n",
                row.client,
                cell(&row.command),
                cell(&row.expected),
                cell(&row.seen)
            ));
        }
        if std::env::var_os("DOWNBEAT_WRITE_SNAPSHOTS").is_some() {
            std::fs::write(file, text).expect("the document is written");
        } else {
            assert_eq!(before, text, "{} is not what was seen: run with DOWNBEAT_WRITE_SNAPSHOTS=1", file.display());
        }
    }
}
