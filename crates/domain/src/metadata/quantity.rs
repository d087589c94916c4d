//! Quantities that costs are worked out of: exact to the millionth.

use std::fmt;

/// A number that is not negative, exact to the millionth: sums of it are exact, which those of floating numbers are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    whole: u64,
    micros: u32,
}

/// Millionths of one.
const ONE: u128 = 1_000_000;
/// Digits of a number that are read.
const DIGITS_MAX: usize = 30;

impl Quantity {
    /// Of whole units and millionths; those that make up a unit are carried over.
    pub fn new(whole: u64, micros: u32) -> Self {
        let carried = u64::from(micros / 1_000_000);
        Self { whole: whole.saturating_add(carried), micros: micros % 1_000_000 }
    }

    /// Reads a decimal number like `12.5` or `1.2e9`, rounded to the millionth. `None`: it is none, negative, or too large.
    pub fn read(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.trim().split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text.trim(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let number: u128 = digits.parse().ok()?;
        // By what power of ten the digits have to be multiplied to be millionths.
        let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?.checked_add(6)?;
        let power = 10u128.checked_pow(shift.unsigned_abs());
        let micros = match power {
            Some(power) if shift >= 0 => number.checked_mul(power)?,
            Some(power) => (number + power / 2) / power,
            None if number == 0 || shift < 0 => 0,
            None => return None,
        };
        Some(Self { whole: u64::try_from(micros / ONE).ok()?, micros: u32::try_from(micros % ONE).ok()? })
    }

    /// Of so many millionths; of more than there can be, as many as there can.
    pub fn of_micros(micros: u128) -> Self {
        let whole = u64::try_from(micros / ONE).unwrap_or(u64::MAX);
        Self { whole, micros: (micros % ONE) as u32 }
    }

    /// Whole units.
    pub fn whole(self) -> u64 {
        self.whole
    }

    /// Millionths beyond the whole units, fewer than 1,000,000.
    pub fn micros(self) -> u32 {
        self.micros
    }

    /// All of it in millionths.
    pub fn in_micros(self) -> u128 {
        u128::from(self.whole) * ONE + u128::from(self.micros)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.micros == 0 {
            return write!(formatter, "{}", self.whole);
        }
        let fraction = format!("{:06}", self.micros);
        write!(formatter, "{}.{}", self.whole, fraction.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_exactly_to_the_millionth() {
        let cases = [
            ("0", Some("0")),
            ("12.5", Some("12.5")),
            (" 7 ", Some("7")),
            ("1048576", Some("1048576")),
            ("120.0", Some("120")),
            ("0.0000004", Some("0")),
            ("0.0000005", Some("0.000001")),
            ("1.2e3", Some("1200")),
            ("5e-7", Some("0.000001")),
            ("1E-400", Some("0")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("18446744073709551616", None),
            ("1e30", None),
            ("1e2147483647", None),
            ("0e2147483647", None),
            ("-1", None),
            ("+1", None),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("NaN", None),
            ("0x10", None),
            ("1111111111111111111111111111111", None),
        ];
        for (text, expected) in cases {
            let read = Quantity::read(text).map(|quantity| quantity.to_string());
            assert_eq!(read.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn millionths_are_carried_and_summed() {
        let quantity = Quantity::new(1, 2_500_000);
        assert_eq!((quantity.whole(), quantity.micros()), (3, 500_000));
        assert_eq!(quantity.in_micros(), 3_500_000);
        assert_eq!(Quantity::new(u64::MAX, 1_000_000).whole(), u64::MAX);
    }
}
