//! Thresholds of tests on data: `> 0`, `<= 10`. Pure.
//!
//! What is compared: the single number of a result that is one row with one cell, else how many rows there are. So both ways to
//! write a test work: a query that counts what is wrong, and one that lists it.

use serde_json::Value;

use crate::attempt::Failure;

/// A comparison with a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Threshold {
    comparison: Comparison,
    number: u64,
    written: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    Different,
}

// The longer ones first.
const COMPARISONS: [(&str, Comparison); 6] = [
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    ("!=", Comparison::Different),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
    ("=", Comparison::Equal),
];

impl Threshold {
    /// Reads an expression. `name`: the parameter.
    pub(crate) fn read(name: &str, text: &str) -> Result<Self, Failure> {
        let written = text.trim();
        let found = COMPARISONS.iter().find_map(|(sign, comparison)| Some((*comparison, written.strip_prefix(sign)?)));
        let number = found.and_then(|(comparison, rest)| {
            let digits = rest.trim();
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            Some((comparison, digits.parse().ok().filter(|_| plain)?))
        });
        let (comparison, number) = number.ok_or_else(|| {
            Failure::misconfigured(format!(
                "the parameter {name} is {text:?}; it must be one of > < = >= <= != and a whole number, like > 0"
            ))
        })?;
        Ok(Self { comparison, number, written: written.to_owned() })
    }

    fn holds(&self, value: f64) -> bool {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a threshold beyond 2^53 is compared as closely as the result is"
        )]
        let number = self.number as f64;
        #[expect(clippy::float_cmp, reason = "whole numbers up to 2^53 are exact")]
        match self.comparison {
            Comparison::Greater => value > number,
            Comparison::GreaterOrEqual => value >= number,
            Comparison::Less => value < number,
            Comparison::LessOrEqual => value <= number,
            Comparison::Equal => value == number,
            Comparison::Different => value != number,
        }
    }
}

/// How a test ended, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    Passed(String),
    Warned(String),
    Failed(String),
}

/// Judges a result. `count`: how many rows there are, if more than are given.
pub(crate) fn judge(rows: &[Value], count: Option<u64>, error: &Threshold, warn: Option<&Threshold>) -> Judgement {
    let (value, what) = measured(rows, count);
    let said = |threshold: &Threshold| format!("{what} {value}, and {} was the threshold", threshold.written);
    if error.holds(value) {
        return Judgement::Failed(said(error));
    }
    match warn {
        Some(warn) if warn.holds(value) => Judgement::Warned(said(warn)),
        _ => Judgement::Passed(format!("{what} {value}")),
    }
}

fn measured(rows: &[Value], count: Option<u64>) -> (f64, &'static str) {
    let single = match rows {
        [Value::Array(cells)] if cells.len() == 1 => cells.first(),
        [Value::Object(cells)] if cells.len() == 1 => cells.values().next(),
        _ => None,
    };
    let number = single.and_then(|cell| cell.as_f64().or_else(|| cell.as_str()?.trim().parse().ok()));
    #[expect(clippy::cast_precision_loss, reason = "no result has 2^53 rows")]
    let counted = count.unwrap_or(rows.len() as u64) as f64;
    match number {
        Some(number) if count.unwrap_or(1) == 1 => (number, "the query gave"),
        _ => (counted, "rows found:"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn thresholds_are_read_and_others_refused() {
        for text in ["> 0", ">0", " <= 10 ", "!=3", "= 0"] {
            assert!(Threshold::read("t", text).is_ok(), "{text}");
        }
        for text in ["", "0", "== 1", "> -1", "> 1.5", "> +1", "=> 1", "> x", "> 99999999999999999999999"] {
            let failure = Threshold::read("error_threshold_expression", text).unwrap_err();
            assert!(failure.message.contains("error_threshold_expression"), "{text}");
        }
    }

    #[test]
    fn a_single_number_or_the_rows_are_compared() {
        let threshold = |text| Threshold::read("t", text).unwrap();
        let cases = [
            (json!([[0]]), None, "> 0", "> 0", "passed"),
            (json!([["5"]]), None, "> 5", "> 0", "warned"),
            (json!([["6"]]), None, "> 5", "> 0", "failed"),
            (json!([]), None, "> 0", "> 0", "passed"),
            (json!([["a"], ["b"]]), None, "> 0", "> 0", "failed"),
            (json!([["a", 1]]), None, "> 0", "> 0", "failed"),
            (json!([[1]]), Some(500), "> 400", "> 0", "failed"),
            (json!([{ "n": 0 }]), None, "!= 0", "> 0", "passed"),
        ];
        for (rows, count, error, warn, expected) in cases {
            let judged = judge(rows.as_array().unwrap(), count, &threshold(error), Some(&threshold(warn)));
            let word = match &judged {
                Judgement::Passed(_) => "passed",
                Judgement::Warned(_) => "warned",
                Judgement::Failed(_) => "failed",
            };
            assert_eq!(word, expected, "{rows} {count:?} {error} {warn}: {judged:?}");
        }
    }
}
