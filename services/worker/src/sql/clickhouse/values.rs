//! What ClickHouse prints in lines with tabs, as JSON: numbers and booleans as such, everything else as the text that was printed.

use serde_json::Value;

use crate::sql::numbers::{decimal, float, whole};

/// What is between the tabs of a line.
pub(super) fn texts(line: &[u8]) -> Vec<String> {
    line.split(|byte| *byte == b'\t').map(|text| String::from_utf8_lossy(&unescape(text)).into_owned()).collect()
}

/// The values of a line whose columns have these types. `None`: it has not as many.
pub(super) fn row(kinds: &[String], line: &[u8]) -> Option<Vec<Value>> {
    let printed: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
    (printed.len() == kinds.len()).then(|| kinds.iter().zip(printed).map(|(kind, text)| value(kind, text)).collect())
}

fn value(kind: &str, printed: &[u8]) -> Value {
    if printed == b"\\N" {
        return Value::Null;
    }
    let text = String::from_utf8_lossy(&unescape(printed)).into_owned();
    let inner = ["LowCardinality(", "Nullable("]
        .iter()
        .fold(kind, |kind, around| kind.strip_prefix(around).and_then(|inner| inner.strip_suffix(')')).unwrap_or(kind));
    let read = match inner {
        "Bool" => text.parse().ok().map(Value::Bool),
        _ if inner.starts_with("Int") || inner.starts_with("UInt") => whole(&text),
        _ if inner.starts_with("Float") => float(&text),
        _ if inner.starts_with("Decimal") => decimal(&text),
        _ => None,
    };
    read.unwrap_or(Value::String(text))
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        let meant = match (byte, byte == &b'\\') {
            (byte, false) => *byte,
            (_, true) => match bytes.next() {
                Some(b'b') => 0x08,
                Some(b'f') => 0x0C,
                Some(b'r') => b'\r',
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(other) => *other,
                None => b'\\',
            },
        };
        plain.push(meant);
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_become_json() {
        for (kind, printed, expected) in [
            ("UInt64", "18446744073709551615", json!(u64::MAX)),
            ("Int256", "123456789012345678901234567890", json!("123456789012345678901234567890")),
            ("Nullable(Int8)", "\\N", json!(null)),
            ("LowCardinality(Nullable(String))", "\\\\N", json!("\\N")),
            ("Float64", "1e-7", json!(1e-7)),
            ("Float64", "nan", json!("nan")),
            ("Decimal(10, 2)", "12.50", json!(12.5)),
            ("Bool", "true", json!(true)),
            ("String", "a\\tb\\nc\\\\d\\'e", json!("a\tb\nc\\d'e")),
            ("Array(UInt8)", "[1,2]", json!("[1,2]")),
            ("Date", "2026-01-31", json!("2026-01-31")),
            ("String", "\\", json!("\\")),
        ] {
            assert_eq!(row(&[kind.to_owned()], printed.as_bytes()), Some(vec![expected]), "{kind} {printed}");
        }
        assert_eq!(row(&["String".to_owned()], b"a\tb"), None);
        assert_eq!(texts(b"a\\tb\tc"), ["a\tb", "c"]);
    }
}
