//! What an attempt did inside another system: the atoms of lineage, rows and quality. The core carries them, it does not read them.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

/// A chunk of collected metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// Finest steps: a model built, a test, a query.
    pub operations: Vec<Operation>,
    /// What they read and write.
    pub assets: Vec<Asset>,
    /// Which asset came of which.
    pub edges: Vec<LineageEdge>,
}

/// A finest step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// The tool's own id; stable inside its attempt.
    pub external_id: String,
    /// Display name.
    pub name: String,
    /// Operation type of the public API: MATERIALISATION, SEED, TEST, QUERY, ...
    pub kind: String,
    /// Operation status of the public API: SUCCEEDED, WARNING, FAILED, SKIPPED, ...
    pub status: String,
    /// What the tool said.
    pub message: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Rows written.
    pub rows_affected: Option<u64>,
    /// Key of the asset that it writes or tests; empty = none.
    pub asset: String,
    /// Tests: rows that failed.
    pub failures: Option<u64>,
    /// Tests: column under test; empty = the whole asset.
    pub column: String,
    /// Bytes that it processed: read by a query, moved by a sync. What is billed may be another number.
    pub bytes: Option<u64>,
    /// What it used that costs something.
    pub cost_basis: Vec<CostBasis>,
}

/// A quantity that a cost can be worked out of. It holds no price and no currency: these come from whoever keeps the ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CostBasis {
    /// How much.
    pub quantity: Quantity,
    /// Of what: `bytes_billed`, `slot_ms`, `dbu`, `credits`, `input_tokens`, ...
    pub unit: String,
    /// What the price depends on besides the unit: `model`, `worker_type`, `warehouse`, ...
    pub attributes: BTreeMap<String, String>,
}

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

impl Operation {
    /// Did it write the asset that it names?
    pub fn materialises(&self) -> bool {
        let writes = matches!(self.kind.as_str(), "MATERIALISATION" | "SEED" | "SNAPSHOT");
        writes && matches!(self.status.as_str(), "SUCCEEDED" | "WARNING") && !self.asset.is_empty()
    }
}

/// A table, view, dashboard, file, ...
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asset {
    /// `<namespace>/<name>`, canonical.
    pub key: String,
    /// Display name.
    pub name: String,
    /// Asset type of the public API: TABLE, VIEW, DASHBOARD, ...
    pub kind: String,
    /// Where it lives.
    pub namespace: String,
    /// What its owner says of it.
    pub description: String,
    /// Rows seen in it after the run.
    pub row_count: Option<u64>,
    /// Integration that reported it.
    pub integration: String,
}

/// One asset came of another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineageEdge {
    /// Key of the asset that was read.
    pub from: String,
    /// Key of the asset that was written.
    pub to: String,
    /// [`Operation::external_id`] of the step that did it.
    pub operation: String,
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
