//! Splits an expression into tokens. Knows nothing about grammar, but for hints about symbols of other languages.

use std::{borrow::Cow, ops::Range};

use super::ExpressionError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    Integer(i64),
    Decimal(f64),
    Text(Cow<'a, str>),
    Word(&'a str),
    Symbol(&'static str),
    End,
}

/// Longest first, so that `**` is not read as two `*`.
const SYMBOLS: [&str; 28] = [
    "**", "//", "==", "!=", "<=", ">=", "<<", ">>", "^", "<", ">", "+", "-", "*", "/", "%", "|", "&", "(", ")", "[",
    "]", "{", "}", ",", ":", ".", ";",
];

/// What is said of a text without its second quote.
pub(super) const UNCLOSED_TEXT: &str = "the text is not closed: its second quote is missing";
/// Other white space is no part of the language.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
/// Words that may follow a number without a space.
const AFTER_NUMBERS: [&str; 5] = ["and", "or", "not", "in", "is"];

/// What people write who come from other languages, and what to write here.
const FOREIGN: [(&str, &str); 8] = [
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("=", "write `==` to compare"),
    ("!", "write `not`"),
    ("?", "there is no `? :`; use two tasks with opposite conditions"),
    ("~", "there is no `~` operator"),
];

/// All tokens with their places, ending with [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Range<usize>)>, ExpressionError> {
    // A guess that seldom has to grow: a token is about four bytes long.
    let mut tokens = Vec::with_capacity(text.len() / 4 + 2);
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start_matches(WHITE_SPACE).len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { break };
        let (token, length) = match first {
            '\'' | '"' => string(rest).map_err(|error| error.shifted(at))?,
            '0'..='9' => number(rest).map_err(|error| error.shifted(at))?,
            _ if first == '_' || first.is_alphabetic() => word(rest),
            _ => symbol(rest, first).map_err(|error| error.shifted(at))?,
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    tokens.push((Token::End, text.len()..text.len()));
    Ok(tokens)
}

fn word(rest: &str) -> (Token<'_>, usize) {
    let length = rest.find(|character: char| character != '_' && !character.is_alphanumeric()).unwrap_or(rest.len());
    (Token::Word(&rest[..length]), length)
}

fn number(rest: &str) -> Result<(Token<'_>, usize), ExpressionError> {
    let digits = |text: &str| text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let mut length = digits(rest);
    let fraction = rest[length..].strip_prefix('.').map_or(0, digits);
    let decimal = fraction > 0;
    if decimal {
        length += 1 + fraction;
    }
    let mut after = rest[length..].chars();
    let begins_word = |character: char| character == '_' || character.is_alphabetic();
    let dangling_point = after.next() == Some('.') && !decimal && !after.as_str().trim_start().starts_with(begins_word);
    let glued = match word(&rest[length..]) {
        (Token::Word(next), _) => {
            !next.is_empty() && !AFTER_NUMBERS.iter().any(|allowed| allowed.eq_ignore_ascii_case(next))
        }
        _ => false,
    };
    if dangling_point || glued {
        let message = "numbers are written as `12` or `1.5`: no exponent, no `_`, no hexadecimal, a digit on both sides of the point";
        let glued_to = rest[length..].chars().next().map_or(0, char::len_utf8);
        return Err(ExpressionError::new(0..length + glued_to, message));
    }
    let digits = &rest[..length];
    let token = match decimal {
        true => digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Token::Decimal),
        false => digits.parse().ok().map(Token::Integer),
    };
    let token = token.ok_or_else(|| ExpressionError::new(0..length, "the number does not fit into 64 bits"))?;
    Ok((token, length))
}

fn string(rest: &str) -> Result<(Token<'_>, usize), ExpressionError> {
    let unclosed = || ExpressionError::new(0..rest.len(), UNCLOSED_TEXT);
    let quote = rest.chars().next().ok_or_else(unclosed)?;
    let inside = &rest[quote.len_utf8()..];
    let plain = inside.find([quote, '\\']).ok_or_else(unclosed)?;
    if inside[plain..].starts_with(quote) {
        return Ok((Token::Text(Cow::Borrowed(&inside[..plain])), plain + 2 * quote.len_utf8()));
    }
    let mut text = inside[..plain].to_owned();
    let mut characters = inside.char_indices().skip_while(|(at, _)| *at < plain);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Ok((Token::Text(Cow::Owned(text)), at + 2 * quote.len_utf8()));
        }
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some((_, 'n')) => text.push('\n'),
            Some((_, 't')) => text.push('\t'),
            Some((_, 'r')) => text.push('\r'),
            Some((_, other @ ('\\' | '\'' | '"'))) => text.push(other),
            // As in Python, an unknown escape stays as it is written.
            Some((_, other)) => text.extend(['\\', other]),
            None => break,
        }
    }
    Err(unclosed())
}

fn symbol(rest: &str, first: char) -> Result<(Token<'static>, usize), ExpressionError> {
    if let Some((foreign, help)) =
        FOREIGN.iter().find(|(foreign, _)| rest.starts_with(foreign) && !is_ours(rest, foreign))
    {
        let error = ExpressionError::new(0..foreign.len(), format!("`{foreign}` is not an operator of the language"));
        return Err(error.with_help(Some((*help).to_owned())));
    }
    match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        Some(symbol) => Ok((Token::Symbol(symbol), symbol.len())),
        None => {
            let shown = first.escape_debug();
            Err(ExpressionError::new(0..first.len_utf8(), format!("unexpected character `{shown}`")))
        }
    }
}

/// `==` and `!=` start with what would be foreign alone.
fn is_ours(rest: &str, foreign: &str) -> bool {
    foreign.len() == 1 && (rest.starts_with("==") || rest.starts_with("!="))
}
