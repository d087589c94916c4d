//! Small conversions that every message needs.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Microseconds since the epoch.
pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Microseconds since the epoch, 0 = none.
pub fn micros_or_zero(at: Option<Timestamp>) -> i64 {
    at.map_or(0, micros)
}

/// The instant, if there is one with this number.
pub fn instant(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// The instant; 0 = none.
pub fn instant_or_none(micros: i64) -> Option<Timestamp> {
    if micros == 0 { None } else { instant(micros) }
}

/// JSON object text; empty for `{}`, so that it costs nothing.
pub fn object_text(object: &Map<String, Value>) -> String {
    if object.is_empty() { String::new() } else { serde_json::to_string(object).unwrap_or_default() }
}

/// The object in a text; empty = `{}`; `None` = the text is no JSON object.
pub fn object(text: &str) -> Option<Map<String, Value>> {
    if text.is_empty() {
        return Some(Map::new());
    }
    serde_json::from_str(text).ok()
}

/// Bytes on the wire.
pub fn id_bytes(id: &[u8; 16]) -> Bytes {
    Bytes::copy_from_slice(id)
}
