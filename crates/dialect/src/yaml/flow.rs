//! Plain and quoted scalars, read with the place of every character.

use super::{Style, position::Located};

/// Reads the scalar at the start of `slice`, after properties such as an anchor; none if it is not one.
pub(super) fn read(slice: &str, style: Style) -> Option<Located> {
    let quote = match style {
        Style::SingleQuoted => Some('\''),
        Style::DoubleQuoted => Some('"'),
        _ => None,
    };
    let mut reader = Reader { slice, at: 0, located: Located::default() };
    if let Some(quote) = quote {
        reader.at = slice.find(quote)? + 1;
    }
    while let Some(character) = reader.peek() {
        match (character, quote) {
            (' ' | '\t' | '\r' | '\n', _) => reader.blank(quote.is_some()),
            ('\\', Some('"')) => reader.escape()?,
            ('\'', Some('\'')) if reader.rest().starts_with("''") => reader.take('\'', 2),
            (end, Some(quote)) if end == quote => return Some(reader.located),
            _ => reader.text(),
        }
    }
    quote.is_none().then_some(reader.located)
}

struct Reader<'a> {
    slice: &'a str,
    at: usize,
    located: Located,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.slice.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Characters that stand for themselves, up to the next that may not.
    fn text(&mut self) {
        let special = |character: char| matches!(character, ' ' | '\t' | '\r' | '\n' | '\\' | '\'' | '"');
        let rest = self.rest();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let length = rest[first..].find(special).map_or(rest.len(), |found| first + found);
        self.located.push_text(&rest[..length], self.at);
        self.at += length;
    }

    fn take(&mut self, character: char, length: usize) {
        self.located.push(character, self.at..self.at + length);
        self.at += length;
    }

    /// White space inside a line stays; around line breaks it folds: one break is a space, every further one a line break.
    fn blank(&mut self, quoted: bool) {
        let rest = self.rest();
        let inside = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let after = rest.get(inside..).unwrap_or("");
        let breaks = after.starts_with(['\n', '\r']);
        if !breaks {
            // At the end of a plain scalar it does not belong to the value.
            if quoted || !after.is_empty() {
                self.located.push_text(&rest[..inside], self.at);
            }
            self.at += inside;
            return;
        }
        let start = self.at;
        self.at += inside;
        let empty_lines = self.line_breaks();
        // Nothing follows: the rest of a plain scalar's span.
        if self.rest().is_empty() {
            return;
        }
        match empty_lines {
            0 => self.located.push(' ', start..self.at),
            count => (0..count).for_each(|_| self.located.push('\n', start..self.at)),
        }
    }

    /// Passes a line break, blank lines and the white space of the next line; the number of blank lines.
    fn line_breaks(&mut self) -> usize {
        let rest = self.rest();
        let blanks = &rest[..rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()];
        self.at += blanks.len();
        blanks.matches('\n').count().saturating_sub(1)
    }

    fn escape(&mut self) -> Option<()> {
        let mut after = self.rest().chars().skip(1);
        let code = after.next()?;
        if matches!(code, '\n' | '\r') {
            let start = self.at;
            self.at += 1;
            let empty_lines = self.line_breaks();
            (0..empty_lines).for_each(|_| self.located.push('\n', start..self.at));
            return Some(());
        }
        let digits = match code {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let character = match code {
            'x' | 'u' | 'U' => {
                let number = self.slice.get(self.at + 2..self.at + 2 + digits)?;
                char::from_u32(u32::from_str_radix(number, 16).ok()?)?
            }
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            other => other,
        };
        self.take(character, 1 + code.len_utf8() + digits);
        Some(())
    }
}
