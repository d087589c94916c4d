//! Keys of the ledger of costs; see the table of [`super`].

use downbeat_domain::{CostId, cost::BudgetOf};

use super::{key, newest_first};

/// Prefix of all entries, those used last first.
pub const ENTRIES: &[u8] = b"Ce";
/// Prefix of the sums by day.
pub const DAYS: &[u8] = b"Cd";
/// The sums over everything.
pub const TOTALS: &[u8] = b"Ct";
/// Prefix of what has no price.
pub const UNPRICED: &[u8] = b"Cu";
/// Prefix of budgets.
pub const BUDGETS: &[u8] = b"Cb";
/// The prices.
pub const PRICES: &[u8] = b"Cp";

/// An entry.
pub fn entry(incurred_at: i64, id: CostId) -> Vec<u8> {
    key(b'C', &[b"e", &newest_first(incurred_at), &id.0])
}

/// The last key before all entries that were used before this instant.
pub fn before_entries(until: i64) -> Vec<u8> {
    key(b'C', &[b"e", &newest_first(until.saturating_sub(1)), &[]])
}

/// The sum of a day; `what` tells those of one day apart.
pub fn day(day: i32, what: [u8; 16]) -> Vec<u8> {
    key(b'C', &[b"d", &sorted(day), &what])
}

/// The first key of the sums of a day.
pub fn first_of_day(day: i32) -> Vec<u8> {
    key(b'C', &[b"d", &sorted(day)])
}

/// Prefix of the sums by month of one dimension, given by its letter.
pub fn months(dimension: u8) -> Vec<u8> {
    key(b'C', &[b"m", &[dimension]])
}

/// The sum of a month, which counts from January 1970; `what` tells those of one month apart.
pub fn month(dimension: u8, month: i32, what: [u8; 16]) -> Vec<u8> {
    key(b'C', &[b"m", &[dimension], &sorted(month), &what])
}

/// The first key of the sums of a month.
pub fn first_of_month(dimension: u8, month: i32) -> Vec<u8> {
    key(b'C', &[b"m", &[dimension], &sorted(month)])
}

/// The month in a key of [`month`].
pub fn month_in(key: &[u8]) -> Option<i32> {
    let number = u32::from_be_bytes(key.strip_prefix(b"Cm")?.get(1..5)?.try_into().ok()?);
    Some((number ^ (1 << 31)) as i32)
}

/// Days before 1970 come before those after.
fn sorted(day: i32) -> [u8; 4] {
    ((day as u32) ^ (1 << 31)).to_be_bytes()
}

/// Quantities of this unit have no price.
pub fn unpriced(unit: &str) -> Vec<u8> {
    key(b'C', &[b"u", unit.as_bytes()])
}

/// Present once this report was counted among those without a price.
pub fn counted(report: [u8; 16]) -> Vec<u8> {
    key(b'C', &[b"x", &report])
}

/// A budget.
pub fn budget(of: &BudgetOf) -> Vec<u8> {
    match of {
        BudgetOf::Pipeline(pipeline) => key(b'C', &[b"b", b"p", &pipeline.0]),
        BudgetOf::Owner(owner) => key(b'C', &[b"b", b"o", owner.as_bytes()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_newest_first_and_days_in_their_order() {
        let id = CostId([0; 16]);
        assert!(entry(2, id) < entry(1, id) && entry(0, id) < entry(-1, id));
        assert!(before_entries(2) <= entry(1, id) && before_entries(2) > entry(2, CostId([255; 16])));
        assert!(first_of_day(-1) < day(-1, [1; 16]) && day(-1, [255; 16]) < first_of_day(0));
        assert!(day(0, [9; 16]) < day(1, [0; 16]));
        for number in [i32::MIN, -1, 0, 683, i32::MAX] {
            let key = month(b'p', number, [255; 16]);
            assert!(key > first_of_month(b'p', number) && key.starts_with(&months(b'p')));
            assert_eq!(month_in(&key), Some(number));
        }
        assert_eq!((month_in(b"Cd123456789"), month_in(b"Cmp1")), (None, None));
    }
}
