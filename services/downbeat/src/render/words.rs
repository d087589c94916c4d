//! Texts of others as people read them: ids by their beginning, times by the reader's clock, nothing that moves the cursor.

use jiff::Timestamp;

use super::instant;

/// Characters of an id that tell it from others, as commands take it.
const SHORT_ID: usize = 8;
/// Characters of an id, hyphens included.
const ID_CHARS: usize = 36;

/// Text from outside on a terminal: without control characters, which could move the cursor or worse.
pub fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// The beginning of an id.
pub fn short(id: &str) -> String {
    clean(id).chars().take(SHORT_ID).collect()
}

/// One line of words: what is a whole id or an instant in UTC is put as tables put it.
pub fn words(text: &str) -> String {
    let text = clean(text);
    let in_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | ':' | '.');
    let pieces = text.split_inclusive(|character: char| !in_word(character));
    pieces
        .map(|piece| {
            let word = piece.trim_end_matches(|character: char| !in_word(character));
            let said = word.trim_end_matches(['.', ':']);
            // What stands before the last colon is the kind of the id: `worker:...`.
            let id = said.rsplit(':').next().unwrap_or_default();
            if is_id(id) {
                piece.replacen(id, &short(id), 1)
            } else if let Some(at) = instant_of(said) {
                piece.replacen(said, &at, 1)
            } else {
                piece.to_owned()
            }
        })
        .collect()
}

fn is_id(word: &str) -> bool {
    let hyphens = word.bytes().filter(|byte| *byte == b'-').count();
    word.len() == ID_CHARS && hyphens == 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn instant_of(word: &str) -> Option<String> {
    let at: Timestamp = word.strip_suffix('Z').filter(|rest| rest.contains('T')).and(word.parse().ok())?;
    Some(instant(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shortened_wherever_they_stand() {
        let id = "773e9a9c-95c7-4c21-a664-b15e6de10da9";
        for (text, expected) in [
            (format!("worker:{id}"), "worker:773e9a9c"),
            (format!("run {id}, which is RUNNING ({id})."), "run 773e9a9c, which is RUNNING (773e9a9c)."),
            (format!("{id}: gone"), "773e9a9c: gone"),
            ("a-b \u{e9} no id\nat all".to_owned(), "a-b \u{e9} no id at all"),
            (String::new(), ""),
        ] {
            assert_eq!(words(&text), expected);
        }
    }

    #[test]
    fn instants_are_put_as_tables_put_them() {
        let at = "2026-11-26T21:34:36.85729Z".parse::<Timestamp>().unwrap();
        let shown = instant(at.as_microsecond());
        assert_eq!(words("until 2026-11-26T21:34:36.85729Z; then"), format!("until {shown}; then"));
        assert_eq!(words("at 12:30, day 2026-11-26, 10Z"), "at 12:30, day 2026-11-26, 10Z");
    }
}
