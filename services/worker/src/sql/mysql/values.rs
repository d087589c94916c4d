//! What MySQL and MariaDB print, as JSON: numbers and JSON as such, everything else as the text that was printed.

use serde_json::Value;

use super::packets::Fields;
use crate::sql::numbers::{decimal, float, whole};

/// A column of a result.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    kind: u8,
}

impl Column {
    /// Its definition.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let mut fields = Fields(packet);
        // Catalogue, schema, table, and the table's own name.
        for _ in 0..4 {
            fields.counted()?;
        }
        let name = String::from_utf8_lossy(fields.counted()?).into_owned();
        // The column's own name, how long the rest is, character set, width.
        fields.counted()?;
        fields.number()?;
        fields.bytes(6)?;
        Some(Self { name, kind: fields.byte()? })
    }

    /// One of its values.
    pub(super) fn value(&self, printed: &[u8]) -> Value {
        if self.kind == kinds::BIT {
            return bits(printed);
        }
        let Ok(text) = std::str::from_utf8(printed) else { return Value::String(digits(printed)) };
        let read = match self.kind {
            kinds::TINY | kinds::SHORT | kinds::INT24 | kinds::LONG | kinds::LONGLONG | kinds::YEAR => whole(text),
            kinds::FLOAT | kinds::DOUBLE => float(text),
            kinds::DECIMAL | kinds::NEWDECIMAL => decimal(text),
            kinds::JSON => serde_json::from_str(text).ok(),
            _ => None,
        };
        read.unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

/// Those that are no texts.
mod kinds {
    pub(super) const DECIMAL: u8 = 0x00;
    pub(super) const TINY: u8 = 0x01;
    pub(super) const SHORT: u8 = 0x02;
    pub(super) const LONG: u8 = 0x03;
    pub(super) const FLOAT: u8 = 0x04;
    pub(super) const DOUBLE: u8 = 0x05;
    pub(super) const LONGLONG: u8 = 0x08;
    pub(super) const INT24: u8 = 0x09;
    pub(super) const YEAR: u8 = 0x0D;
    pub(super) const BIT: u8 = 0x10;
    pub(super) const JSON: u8 = 0xF5;
    pub(super) const NEWDECIMAL: u8 = 0xF6;
}

/// At most 64 of them, as a number.
fn bits(printed: &[u8]) -> Value {
    if printed.len() > 8 {
        return Value::String(digits(printed));
    }
    Value::from(printed.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)))
}

/// What is no text, as the servers' own literals have it.
fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02X}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_json() {
        for (kind, printed, expected) in [
            (kinds::TINY, &b"-1"[..], json!(-1)),
            (kinds::LONGLONG, b"18446744073709551615", json!(u64::MAX)),
            (kinds::YEAR, b"2026", json!(2026)),
            (kinds::DOUBLE, b"1e-7", json!(1e-7)),
            (kinds::NEWDECIMAL, b"12.50", json!(12.5)),
            (kinds::NEWDECIMAL, b"0.1234567890123456", json!("0.1234567890123456")),
            (kinds::JSON, br#"{"a": [1]}"#, json!({ "a": [1] })),
            (kinds::BIT, b"\x01\x02", json!(258)),
            (kinds::BIT, b"123456789", json!("0x313233343536373839")),
            (0xFD, b"12", json!("12")),
            (0xFC, b"\xFF\x00", json!("0xFF00")),
            (0x0A, b"2026-01-01", json!("2026-01-01")),
        ] {
            let column = Column { name: String::new(), kind };
            assert_eq!(column.value(printed), expected, "{kind} {printed:?}");
        }
    }
}
