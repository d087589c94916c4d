//! Thresholds of tests: a comparator and a whole number, `> 0`, as the dialect has them.

use std::{cmp::Ordering, fmt};

use serde_json::Number;

use crate::attempt::Failure;

type Holds = fn(Ordering) -> bool;

/// Longest first: `>=` begins with `>`.
const COMPARATORS: [(&str, Holds); 6] = [
    (">=", Ordering::is_ge),
    ("<=", Ordering::is_le),
    ("!=", Ordering::is_ne),
    (">", Ordering::is_gt),
    ("<", Ordering::is_lt),
    ("=", Ordering::is_eq),
];

/// A threshold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Threshold {
    comparator: &'static str,
    holds: Holds,
    bound: u64,
}

impl Threshold {
    /// Reads one; `None`: it is written otherwise.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (comparator, holds) = COMPARATORS.into_iter().find(|(comparator, _)| text.starts_with(comparator))?;
        let digits = text[comparator.len()..].trim_start();
        let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let bound = whole.then(|| digits.parse().ok()).flatten()?;
        Some(Self { comparator, holds, bound })
    }

    /// Reads the one that a parameter holds.
    pub(crate) fn read(parameter: &str, text: &str) -> Result<Self, Failure> {
        Self::parse(text).ok_or_else(|| {
            Failure::misconfigured(format!(
                "the parameter {parameter} is {text:?}; it must be a comparator (>, <, =, >=, <=, !=) and a whole number, like `> 0`"
            ))
        })
    }

    /// Whether the number is beyond it.
    pub(crate) fn holds(&self, number: &Number) -> bool {
        let order = match number.as_i128() {
            Some(whole) => Some(whole.cmp(&i128::from(self.bound))),
            None => number.as_f64().and_then(|number| number.partial_cmp(&(self.bound as f64))),
        };
        order.is_some_and(self.holds)
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.comparator, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn thresholds_are_read_and_compared() {
        let cases = [
            ("> 0", "0", false),
            ("> 0", "1", true),
            (">0", "0.5", true),
            ("< 3", "2", true),
            ("= 2", "2", true),
            ("= 2", "2.0", true),
            ("!=\t2", "2", false),
            (">= 10", "10", true),
            ("<= 10", "-1", true),
            ("> 18446744073709551615", "18446744073709551615", false),
        ];
        for (threshold, number, expected) in cases {
            let Value::Number(number) = serde_json::from_str(number).unwrap() else { panic!("{number}") };
            assert_eq!(Threshold::parse(threshold).unwrap().holds(&number), expected, "{number} {threshold}");
        }
        assert_eq!(Threshold::parse(">=7").unwrap().to_string(), ">= 7");
        for text in ["", "0", "== 1", "> 1.5", "> -1", "> ", "> x", "=> 1", "> 99999999999999999999999"] {
            assert!(Threshold::parse(text).is_none(), "{text:?}");
        }
    }
}
