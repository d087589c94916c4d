//! Plain values as YAML or JSON text, whole and in parts. Promises that every part is read back as the value that it was, by readers of
//! YAML 1.1 and 1.2. Knows nothing about documents, nor how deep or large one may be.

use serde_json::{Map, Value};

use crate::yaml::{self, Style};

/// Characters of a list of plain values that still stands on one line.
const LINE_CHARACTERS: usize = 80;

/// A value as it stands behind a colon or a dash: the rest of that line, and the lines below.
pub(crate) struct Written {
    pub(crate) head: String,
    /// Each with its line break.
    pub(crate) lines: String,
}

impl Written {
    fn inline(head: String) -> Self {
        Self { head, lines: String::new() }
    }
}

/// A value in a block collection; its lines go in to `indent`. `before`: how the value in its place was written.
pub(crate) fn block(value: &Value, indent: usize, before: Option<Style>) -> Written {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            Written { head: String::new(), lines: fields.iter().map(|(key, value)| pair(key, value, indent)).collect() }
        }
        Value::Array(items) if !items.is_empty() && !is_short_list(items) => {
            Written { head: String::new(), lines: items.iter().map(|value| item(value, indent)).collect() }
        }
        Value::String(text) => match literal_header(text) {
            Some(header) => {
                let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") };
                let body = text.strip_suffix('\n').unwrap_or(text);
                Written { head: header, lines: body.split('\n').map(line).collect() }
            }
            None => Written::inline(scalar(text, before, false)),
        },
        other => Written::inline(flow(other, false)),
    }
}

/// `key: value` in a block map at `indent`, with all its lines.
pub(crate) fn pair(key: &str, value: &Value, indent: usize) -> String {
    entry(&format!("{}:", scalar(key, None, false)), value, indent)
}

/// `- value` in a block list at `indent`, with all its lines.
pub(crate) fn item(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let lines: String = fields.iter().map(|(key, value)| pair(key, value, indent + 2)).collect();
            format!("{}- {}", " ".repeat(indent), lines.trim_start_matches(' '))
        }
        _ => entry("-", value, indent),
    }
}

fn entry(lead: &str, value: &Value, indent: usize) -> String {
    let Written { head, lines } = block(value, indent + 2, None);
    let space = if head.is_empty() { "" } else { " " };
    format!("{}{lead}{space}{head}\n{lines}", " ".repeat(indent))
}

/// A value between brackets, on one line.
pub(crate) fn flow(value: &Value, json: bool) -> String {
    match value {
        Value::Object(fields) => {
            let pairs: Vec<String> = fields.iter().map(|(key, value)| flow_pair(key, value, json)).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| flow(item, json)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) if json => quoted(text),
        Value::String(text) => scalar(text, None, true),
        Value::Number(number) => decimal(number),
        other => other.to_string(),
    }
}

/// `key: value` between brackets.
pub(crate) fn flow_pair(key: &str, value: &Value, json: bool) -> String {
    let key = if json { quoted(key) } else { scalar(key, None, true) };
    format!("{key}: {}", flow(value, json))
}

/// YAML 1.1 wants a point and a sign where a number has an exponent.
fn decimal(number: &serde_json::Number) -> String {
    let written = number.to_string();
    match written.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if number.is_f64() => {
            let mantissa = if mantissa.contains('.') { mantissa.to_owned() } else { format!("{mantissa}.0") };
            let sign = if exponent.starts_with(['-', '+']) { "" } else { "+" };
            format!("{mantissa}e{sign}{exponent}")
        }
        _ => written,
    }
}

/// A text on one line, in the quotes that it had before where that is possible.
pub(crate) fn scalar(text: &str, before: Option<Style>, in_brackets: bool) -> String {
    let single = text.chars().all(|character| is_printable(character) && character != '\n' && character != '\t');
    match before {
        Some(Style::DoubleQuoted) => quoted(text),
        Some(Style::SingleQuoted) if single => format!("'{}'", text.replace('\'', "''")),
        _ if is_plain(text, in_brackets) => text.to_owned(),
        _ if single => format!("'{}'", text.replace('\'', "''")),
        _ => quoted(text),
    }
}

/// Whether a text may stand without quotes and is read back as the same text, by readers of YAML 1.1 and 1.2.
pub(crate) fn is_plain(text: &str, in_brackets: bool) -> bool {
    let starts_well = |first: char| !" \t-?:,[]{}#&*!|>'\"%@`=<~".contains(first) && !first.is_ascii_digit();
    let signed = text.starts_with(['+', '.']);
    let brackets = |character: char| matches!(character, ',' | '[' | ']' | '{' | '}');
    let reads_as_text =
        matches!(yaml::read(text, &mut Vec::new()).map(|node| node.kind), Some(yaml::Kind::Text(read)) if read == text);
    let other_words = ["y", "n", "Y", "N"].contains(&text);
    // `2026-11-28 07:00:00` is an instant to readers that know such.
    let dated = text.as_bytes().get(4) == Some(&b'-');
    let digits =
        || text.chars().all(|character| character.is_ascii_alphanumeric() || "_-.:/ *?,#$@+".contains(character));
    (text.starts_with(starts_well)
        || (text.starts_with(|first: char| first.is_ascii_digit()) && text.contains(' ') && !dated && digits()))
        && !signed
        && !other_words
        && !text.ends_with([' ', '\t', ':'])
        && text.chars().all(|character| is_printable(character) && !matches!(character, '\n' | '\t'))
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !(in_brackets && text.contains(brackets))
        && reads_as_text
}

/// In double quotes, as JSON and YAML both read it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// What stands between double quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            '\r' => written.push_str("\\r"),
            other if is_printable(other) => written.push(other),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    written.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    written
}

/// The header of a literal block for a text of several lines; none if it cannot be written as one.
fn literal_header(text: &str) -> Option<String> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    // Several line breaks at the end would need an indicator that takes in every blank line behind the text.
    let writable = text.contains('\n')
        && !text.ends_with("\n\n")
        && !body.trim().is_empty()
        && text.chars().all(|character| is_printable(character) || matches!(character, '\n' | '\t'));
    if !writable {
        return None;
    }
    let indicator = if body.trim_start_matches('\n').starts_with([' ', '\t']) { "2" } else { "" };
    let chomping = if text.ends_with('\n') { "" } else { "-" };
    Some(format!("|{indicator}{chomping}"))
}

/// Whether YAML takes the character as it is in any text.
fn is_printable(character: char) -> bool {
    match character {
        '\n' | '\t' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        other => !other.is_control(),
    }
}

fn is_short_list(items: &[Value]) -> bool {
    let plain = |item: &Value| match item {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => Map::is_empty(fields),
        Value::String(text) => !text.contains('\n'),
        _ => true,
    };
    items.iter().all(plain) && flow(&Value::Array(items.to_vec()), false).chars().count() <= LINE_CHARACTERS
}
