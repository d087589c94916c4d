//! The query about a column that only grows: how many rows there are, and the latest value. Pure.
//!
//! Names come from parameters, which may come from outside: what could be anything else than a name is refused.

use crate::attempt::Failure;

/// Quotes around a part of a name, as the systems have them.
const QUOTES: [(char, char); 3] = [('"', '"'), ('`', '`'), ('[', ']')];

/// The column, and where it is.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) table: String,
    pub(super) column: String,
    /// Rows beyond it count; all of them, when it is absent.
    pub(super) after: Option<String>,
}

impl Cursor {
    /// The query. `latest`: what makes a text of the latest value, where the system would write it in a way of its own.
    pub(super) fn query(&self, latest: &str, quotes_escape: bool) -> Result<String, Failure> {
        check_name("the table", &self.table)?;
        check_name("the column", &self.column)?;
        let column = &self.column;
        let latest = latest.replace("{}", &format!("max({column})"));
        let mut query = format!("SELECT count({column}), {latest} FROM {}", self.table);
        if let Some(after) = &self.after {
            query = format!("{query} WHERE {column} > {}", literal(after, quotes_escape)?);
        }
        Ok(query)
    }
}

/// One name or several with points between them, in quotes or not.
fn check_name(what: &str, name: &str) -> Result<(), Failure> {
    let mut rest = name;
    loop {
        rest = part(rest).ok_or_else(|| {
            Failure::misconfigured(format!(
                "{what} {name:?} is no name: letters, digits, _ and $, or anything in quotes, with points between its parts"
            ))
        })?;
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(()),
            None => rest = "?",
        }
    }
}

/// What follows the first part. `None`: it begins with none.
fn part(text: &str) -> Option<&str> {
    let first = text.chars().next()?;
    if let Some((_, close)) = QUOTES.into_iter().find(|(open, _)| *open == first) {
        let (inside, after) = text[1..].split_once(close)?;
        let plain = |letter: char| !letter.is_control() && !"\"`[]\\".contains(letter);
        return (!inside.is_empty() && inside.chars().all(plain)).then_some(after);
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && !['_', '$'].contains(&letter));
    let (word, after) = text.split_at(end.unwrap_or(text.len()));
    (!word.is_empty()).then_some(after)
}

/// A value in a query: a number as such, anything else in quotes.
fn literal(value: &str, quotes_escape: bool) -> Result<String, Failure> {
    let value = value.trim();
    if value.parse::<f64>().is_ok_and(f64::is_finite) {
        return Ok(value.to_owned());
    }
    if quotes_escape && value.contains('\\') || value.chars().any(char::is_control) {
        return Err(Failure::misconfigured(
            "the parameter cursor_field_cache_override holds a letter that no value of a cursor has",
        ));
    }
    Ok(format!("'{}'", value.replace('\'', "''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(table: &str, column: &str, after: Option<&str>) -> Result<String, String> {
        let cursor = Cursor { table: table.to_owned(), column: column.to_owned(), after: after.map(str::to_owned) };
        cursor.query("{}", true).map_err(|failure| failure.message)
    }

    #[test]
    fn queries_are_made_of_names_and_of_nothing_else() {
        assert_eq!(query("orders", "id", None).unwrap(), "SELECT count(id), max(id) FROM orders");
        let limited = query("a.\"b c\".`d`.[e]", "größe", Some("5")).unwrap();
        assert_eq!(limited, "SELECT count(größe), max(größe) FROM a.\"b c\".`d`.[e] WHERE größe > 5");
        let moment = query("a", "b", Some("2026-01-31 o'clock")).unwrap();
        assert!(moment.ends_with("WHERE b > '2026-01-31 o''clock'"), "{moment}");
        for name in [
            "",
            " ",
            "a b",
            "a;b",
            "a.",
            ".a",
            "a..b",
            "a--",
            "(SELECT 1)",
            "\"a",
            "\"\"",
            "\"a\"b",
            "`a\"b`",
            "a'b",
            "\"a\\\"",
            "a\0",
            "\"a\nb\"",
        ] {
            assert!(query(name, "id", None).unwrap_err().contains("the table"), "{name:?}");
            assert!(query("a", name, None).unwrap_err().contains("the column"), "{name:?}");
        }
        for value in ["\\' OR 1 = 1 -- ", "a\nb", "\0"] {
            assert!(query("a", "b", Some(value)).unwrap_err().contains("cursor_field_cache_override"), "{value:?}");
        }
        assert_eq!(query("a", "b", Some("inf")).unwrap(), "SELECT count(b), max(b) FROM a WHERE b > 'inf'");
    }
}
