//! Money: whole millionths of a currency, read and shown exactly.

use std::{fmt, str::FromStr};

/// Three capital letters, as ISO 4217 has them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// `EUR`.
    pub fn as_str(&self) -> &str {
        // They are letters: `from_str` lets nothing else in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let letters: Option<[u8; 3]> = text.as_bytes().try_into().ok();
        let capitals = letters.filter(|letters| letters.iter().all(u8::is_ascii_uppercase));
        let shown: String = text.chars().take(20).collect();
        capitals.map(Self).ok_or_else(|| format!("`{shown}` is no currency: three capital letters such as EUR"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Reads `12.50` or `-3` into millionths. Nothing is rounded: more than six digits behind the point are refused.
pub fn read_amount(text: &str) -> Result<i64, String> {
    let shown: String = text.chars().take(40).collect();
    let refused = |why: &str| Err(format!("`{shown}` is no amount: {why}"));
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
    let pointless = digits.contains('.') && fraction.is_empty();
    if whole.is_empty() || pointless || !all_digits(whole) || !all_digits(fraction) {
        return refused("digits with at most one point between them, such as 12.50");
    }
    if fraction.len() > 6 {
        return refused(
            "at most six digits may stand behind the point; for smaller prices, give the price of more units",
        );
    }
    let micros = format!("{whole}{fraction:0<6}").parse::<i64>().ok().filter(|micros| *micros <= super::MICROS_MAX);
    match micros {
        Some(micros) if negative => Ok(-micros),
        Some(micros) => Ok(micros),
        None => refused("it is above 1,000,000,000,000"),
    }
}

/// `12.50` of 12,500,000 millionths: at least two digits behind the point, and all that are there.
pub fn amount_text(micros: i128) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, rest) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let digits = format!("{rest:06}");
    let shown = digits.trim_end_matches('0');
    format!("{sign}{whole}.{shown:0<2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let cases = [
            ("0", Some("0.00")),
            ("12.5", Some("12.50")),
            ("-3", Some("-3.00")),
            ("-0.000001", Some("-0.000001")),
            ("00.10", Some("0.10")),
            ("0.123456", Some("0.123456")),
            ("1000000000000", Some("1000000000000.00")),
            ("1000000000000.000001", None),
            ("0.1234567", None),
            ("99999999999999999999999", None),
            ("", None),
            ("-", None),
            ("1.", None),
            (".5", None),
            ("+1", None),
            ("1,5", None),
            ("1e3", None),
            (" 1", None),
            ("--1", None),
        ];
        for (text, expected) in cases {
            let read = read_amount(text).map(|micros| amount_text(micros.into()));
            assert_eq!(read.ok().as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn currencies_are_three_capital_letters() {
        for (text, fits) in
            [("EUR", true), ("eur", false), ("EU", false), ("EURO", false), ("E1R", false), ("ÄÖ", false)]
        {
            assert_eq!(text.parse::<Currency>().is_ok(), fits, "{text}");
        }
        assert_eq!("USD".parse::<Currency>().unwrap().to_string(), "USD");
    }
}
