//! Text from outside on a terminal: nothing invisible, nothing that moves the cursor or turns the writing around.

use unicode_width::UnicodeWidthChar;

/// Columns of a tab in an excerpt.
const TAB_COLUMNS: usize = 4;

/// What is shown for a character, with the columns it takes.
pub(super) fn shown(character: char) -> (char, usize) {
    match character {
        '\t' => (' ', TAB_COLUMNS),
        _ if is_hazardous(character) => (char::REPLACEMENT_CHARACTER, 1),
        _ => (character, character.width().unwrap_or(0)),
    }
}

/// One line for a terminal, at most so many characters long.
pub(super) fn line(text: &str, characters: usize) -> String {
    let visible = |character: char| match character {
        '\n' | '\r' | '\t' => ' ',
        _ => shown(character).0,
    };
    let mut line: String = text.chars().take(characters).map(visible).collect();
    if text.chars().nth(characters).is_some() {
        line.push('…');
    }
    line
}

/// Controls, and the invisible characters that make a text look like another one.
fn is_hazardous(character: char) -> bool {
    let invisible = matches!(
        character,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    character.is_control() || invisible
}
