//! The first words of statements. Statements are not parsed here: what cannot be told from these is in doubt.

/// Whether the number of rows of something that brings rows is one of written rows (`INSERT ... RETURNING`).
pub(super) fn writes(statement: &str) -> bool {
    ["INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE"].contains(&first_word(statement).as_str())
}

/// In upper case; empty where something else than a word begins.
pub(crate) fn first_word(text: &str) -> String {
    behind_comments(text).chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase()
}

/// The text without comments and spaces at its beginning.
pub(crate) fn behind_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let after = if rest.starts_with("--") || rest.starts_with('#') {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest;
        };
        rest = after.trim_start();
    }
}

/// Whether one of these words stands anywhere in the text, even in a comment or in quotes.
pub(crate) fn holds(text: &str, words: &[&str]) -> bool {
    let parts = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    parts.into_iter().any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
}
