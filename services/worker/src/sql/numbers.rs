//! Numbers as servers print them, as JSON where nothing is lost.

use serde_json::{Number, Value};

/// Decimal digits that survive in a JSON number.
const EXACT_DIGITS: usize = 15;

/// A binary floating point number. `None`: it is none that JSON has.
pub(super) fn float(text: &str) -> Option<Value> {
    text.parse().ok().and_then(Number::from_f64).map(Value::Number)
}

/// A whole number of 64 bits, with or without a sign.
pub(super) fn whole(text: &str) -> Option<Value> {
    let signed = text.parse::<i64>().map(Value::from);
    signed.or_else(|_| text.parse::<u64>().map(Value::from)).ok()
}

/// An exact number: as a number only where nothing is lost.
pub(super) fn decimal(text: &str) -> Option<Value> {
    if let Some(whole) = whole(text) {
        return Some(whole);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (digits <= EXACT_DIGITS).then(|| float(text)).flatten()
}
