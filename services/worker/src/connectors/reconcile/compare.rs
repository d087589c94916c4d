//! What two values make of a reconciliation. Pure.

use jiff::{Timestamp, civil::DateTime};
use serde_json::{Number, Value};

use crate::sql::threshold::Threshold;

/// How two values stand to each other.
#[derive(Debug, PartialEq)]
pub(super) enum Difference {
    None,
    /// Both are numbers.
    Number(Number),
    /// They are not, or one of them is not.
    Other,
}

impl Difference {
    /// The difference is without its sign.
    pub(super) fn between(one: &Value, other: &Value) -> Self {
        if one == other {
            return Self::None;
        }
        if let (Some(one), Some(other)) = (Read::number(one), Read::number(other)) {
            return match one.minus(other) {
                Some(difference) if difference.as_f64() == Some(0.0) => Self::None,
                Some(difference) => Self::Number(difference),
                None => Self::Other,
            };
        }
        match (moment(one), moment(other)) {
            (Some(one), Some(other)) if one == other => Self::None,
            _ => Self::Other,
        }
    }
}

/// A number, as exact as it comes. Some systems answer with texts only.
#[derive(Debug, Clone, Copy)]
enum Read {
    Whole(i128),
    Real(f64),
}

impl Read {
    fn number(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i128().map(Self::Whole).or_else(|| number.as_f64().map(Self::Real)),
            Value::String(text) => {
                let whole = text.parse().ok().map(Self::Whole);
                whole.or_else(|| text.parse().ok().filter(|real: &f64| real.is_finite()).map(Self::Real))
            }
            _ => None,
        }
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }

    fn minus(self, other: Self) -> Option<Number> {
        if let (Self::Whole(one), Self::Whole(other)) = (self, other) {
            let difference = one.checked_sub(other)?.unsigned_abs();
            return Number::from_u128(difference).or_else(|| Number::from_f64(difference as f64));
        }
        Number::from_f64((self.real() - other.real()).abs())
    }
}

/// Systems write the same instant in different ways; without an offset it is one of UTC, as everything is that is compared here.
fn moment(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    let instant = text.parse().ok();
    let local = || text.parse::<DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    instant.or_else(local)
}

/// When a difference is an error, and when it is a warning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thresholds {
    pub(super) error: Option<Threshold>,
    pub(super) warn: Option<Threshold>,
}

/// What became of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judged {
    Same,
    Warning(String),
    Error(String),
}

impl Thresholds {
    /// Without any threshold, and where there is no number to hold against one, only what is equal is right.
    pub(super) fn judge(&self, difference: &Difference) -> Judged {
        let zero = Number::from(0);
        let number = match difference {
            Difference::None => &zero,
            Difference::Number(number) => number,
            Difference::Other => return Judged::Error("they differ".to_owned()),
        };
        let words = if *number == zero { "they are equal".to_owned() } else { format!("the difference is {number}") };
        let beyond = |threshold: Option<Threshold>| threshold.filter(|threshold| threshold.holds(number));
        match (beyond(self.error), beyond(self.warn)) {
            (Some(error), _) => Judged::Error(format!("{words}, which is {error} (error threshold)")),
            (None, Some(warn)) => Judged::Warning(format!("{words}, which is {warn} (warn threshold)")),
            (None, None) if self.error.is_none() && self.warn.is_none() && *number != zero => Judged::Error(words),
            (None, None) => Judged::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_different_systems_are_compared_by_what_they_mean() {
        let number = |value: Value| Difference::Number(serde_json::from_value(value).unwrap());
        for (one, other, expected) in [
            (json!(5), json!(5), Difference::None),
            (json!("100"), json!(95), number(json!(5))),
            (json!(95), json!("100"), number(json!(5))),
            (json!("1.50"), json!(1.5), Difference::None),
            (json!(9_007_199_254_740_993_i64), json!("9007199254740992"), number(json!(1))),
            (json!(u64::MAX), json!(-1), number(json!(18_446_744_073_709_551_616.0))),
            (json!("12.5"), json!("10"), number(json!(2.5))),
            (json!("NaN"), json!("1"), Difference::Other),
            (json!("2026-01-31 10:00:00"), json!("2026-01-31T10:00:00.000Z"), Difference::None),
            (json!("2026-01-31 10:00:00+02"), json!("2026-01-31T08:00:00"), Difference::None),
            (json!("2026-01-31 10:00:00"), json!("2026-01-31 10:00:01"), Difference::Other),
            (json!("2026-01-31"), json!("2026-01-31 00:00:00"), Difference::None),
            (json!(null), json!(null), Difference::None),
            (json!(null), json!(0), Difference::Other),
            (json!("a"), json!("b"), Difference::Other),
            (json!(true), json!(1), Difference::Other),
        ] {
            assert_eq!(Difference::between(&one, &other), expected, "{one} {other}");
        }
    }

    #[test]
    fn thresholds_judge_numbers_and_nothing_else() {
        let thresholds = |error: &str, warn: &str| Thresholds {
            error: (!error.is_empty()).then(|| Threshold::parse(error).unwrap()),
            warn: (!warn.is_empty()).then(|| Threshold::parse(warn).unwrap()),
        };
        for (error, warn, one, other, expected) in [
            ("", "", json!(1), json!(1), "same"),
            ("", "", json!(1), json!(2), "error"),
            ("> 10", "> 0", json!(100), json!(95), "warning"),
            ("> 10", "> 0", json!(100), json!(89), "error"),
            ("> 10", "", json!(100), json!(95), "same"),
            ("", "> 10", json!(100), json!(95), "same"),
            ("> 10", "> 10", json!("a"), json!("b"), "error"),
            ("> 10", "", json!(null), json!(1), "error"),
            ("= 0", "", json!(1), json!(1), "error"),
        ] {
            let judged = match thresholds(error, warn).judge(&Difference::between(&one, &other)) {
                Judged::Same => "same",
                Judged::Warning(_) => "warning",
                Judged::Error(_) => "error",
            };
            assert_eq!(judged, expected, "{error} {warn} {one} {other}");
        }
    }
}
