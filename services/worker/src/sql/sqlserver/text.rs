//! Statements of T-SQL, as far as they are looked at: which words stand in them outside of quotes and comments. They are not parsed here.
//!
//! Statements need no semicolon between them, and the server has no sessions that may only read. So what only looks has none of the words that
//! change something or leave a transaction, wherever they stand; they are reserved, so a column has to be quoted to be called like one.

use super::super::words::{behind_comments, first_word};

/// Words that no statement which only looks has.
const CHANGING: [&str; 45] = [
    "ADD",
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BULK",
    "CHECKPOINT",
    "COMMIT",
    "CREATE",
    "DBCC",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DENY",
    "DISABLE",
    "DROP",
    "ENABLE",
    "EXEC",
    "EXECUTE",
    "GRANT",
    "INSERT",
    "INTO",
    "KILL",
    "MERGE",
    "MOVE",
    "OPENDATASOURCE",
    "OPENQUERY",
    "OPENROWSET",
    "RECEIVE",
    "RECONFIGURE",
    "RESTORE",
    "REVERT",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SEND",
    "SET",
    "SETUSER",
    "SHUTDOWN",
    "TRAN",
    "TRANSACTION",
    "TRUNCATE",
    "UPDATE",
    "UPDATETEXT",
    "USE",
    "WRITETEXT",
];
/// With which words a text begins that can be part of a transaction of ours.
const INSIDE: [&str; 13] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "SET", "DECLARE", "TRUNCATE", "CREATE", "ALTER", "DROP",
    "IF",
];
/// Words with which it cannot be all the same: it handles transactions itself, calls what may, or is refused in one.
const OUTSIDE: [&str; 17] = [
    "BACKUP",
    "COMMIT",
    "DATABASE",
    "DBCC",
    "EXEC",
    "EXECUTE",
    "FULLTEXT",
    "GO",
    "IMPLICIT_TRANSACTIONS",
    "KILL",
    "RECONFIGURE",
    "RESTORE",
    "ROLLBACK",
    "SAVE",
    "SHUTDOWN",
    "TRAN",
    "TRANSACTION",
];

/// What keeps a statement from only looking. `None`: it only looks.
pub(super) fn changes(text: &str) -> Option<String> {
    let bare = bare(text);
    if !["SELECT", "WITH"].contains(&first_word(&bare).as_str()) && !behind_comments(&bare).starts_with('(') {
        return Some("it does not begin with SELECT or WITH".to_owned());
    }
    found(&bare, &CHANGING).map(|word| format!("it has the word {word} (a name like it stands in [brackets])"))
}

/// Whether a text cannot be part of a transaction of ours. In doubt it cannot.
pub(super) fn runs_outside(text: &str) -> bool {
    let bare = bare(text);
    let first = first_word(&bare);
    let known = behind_comments(&bare).is_empty() || INSIDE.contains(&first.as_str());
    !known || found(&bare, &OUTSIDE).is_some()
}

/// The first of these words that stands in a text without quotes and comments.
fn found(bare: &str, words: &[&'static str]) -> Option<&'static str> {
    let parts = bare.split(|letter: char| !letter.is_alphanumeric() && !"_@#$".contains(letter));
    parts.filter(|part| !part.is_empty()).find_map(|part| {
        // A number needs no space behind it: `SELECT 1DELETE FROM t`.
        let glued = part.starts_with(|letter: char| letter.is_ascii_digit() || letter == '$');
        let part = part.to_ascii_uppercase();
        words.iter().copied().find(|word| part == *word || (glued && part.ends_with(word)))
    })
}

/// The text with spaces instead of what stands in quotes, brackets and comments.
fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '\'' | '"' => quoted(rest, letter),
            '[' => quoted(rest, ']'),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            _ => {
                bare.push(letter);
                rest = &rest[letter.len_utf8()..];
                continue;
            }
        };
        bare.push(' ');
        rest = &rest[length..];
    }
    bare
}

/// Bytes of what is quoted at the beginning; twice the end is a part of it.
fn quoted(text: &str, end: char) -> usize {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((place, letter)) = letters.next() {
        if letter == end && letters.next_if(|(_, next)| *next == end).is_none() {
            return place + end.len_utf8();
        }
    }
    text.len()
}

/// Bytes of the comment at the beginning; comments hold comments.
fn comment(text: &str) -> usize {
    let (mut depth, mut place) = (0_usize, 0);
    loop {
        let rest = &text.as_bytes()[place..];
        match rest {
            [b'/', b'*', ..] => (depth, place) = (depth + 1, place + 2),
            [b'*', b'/', ..] => (depth, place) = (depth - 1, place + 2),
            [] => return text.len(),
            _ => place += 1,
        }
        if depth == 0 {
            return place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_is_known() {
        for (text, looks) in [
            ("SELECT 1", true),
            ("-- all\n/* of /* them */ */ select * from orders where state = 'delete'", true),
            ("WITH a AS (SELECT 1 AS n) SELECT n FROM a ORDER BY n OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY", true),
            ("(SELECT 1) UNION (SELECT 2)", true),
            ("SELECT [update], \"insert\" FROM [a]]; DROP TABLE b; --]", true),
            ("SELECT updated, into_stock, @delete FROM orders", true),
            ("SELECT 'it''s; DROP TABLE a'", true),
            ("SELECT 1 DELETE FROM orders", false),
            ("SELECT 1DELETE FROM orders", false),
            ("SELECT 1e5DELETE FROM orders", false),
            ("SELECT $1DELETE FROM orders", false),
            ("SELECT 1;COMMIT;DROP TABLE orders", false),
            ("SELECT * INTO copy FROM orders", false),
            ("WITH a AS (SELECT 1) DELETE FROM orders", false),
            ("SELECT * FROM OPENQUERY(other, 'DELETE FROM a')", false),
            ("EXEC load_orders", false),
            ("load_orders", false),
            ("/* SELECT */ UPDATE a SET b = 1", false),
            ("SELECT 'a' EXEC('DROP TABLE a')", false),
            ("SELECT ']' COMMIT --'", false),
            ("SELECT [a'] COMMIT SELECT ['b]", false),
            ("", false),
        ] {
            assert_eq!(changes(text).is_none(), looks, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_part_of_a_transaction_is_known() {
        for (text, outside) in [
            ("INSERT INTO a VALUES (1)", false),
            ("SET NOCOUNT ON; UPDATE a SET b = 1 WHERE c = 'commit'", false),
            ("IF 1 = 1 BEGIN DELETE FROM a END", false),
            ("CREATE TABLE a (b int)", false),
            ("-- nothing", false),
            ("EXEC load_orders", true),
            ("load_orders", true),
            ("BEGIN TRAN; DELETE FROM a; COMMIT", true),
            ("CREATE DATABASE a", true),
            ("INSERT INTO a EXEC b", true),
            ("DELETE FROM a\nGO\nDELETE FROM b", true),
            ("DBCC CHECKDB", true),
        ] {
            assert_eq!(runs_outside(text), outside, "{text}");
        }
    }
}
