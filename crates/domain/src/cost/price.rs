//! One price: which quantities it fits, and what they cost by it.

use std::collections::BTreeMap;

use super::Currency;
use crate::{metadata::Quantity, plan};

/// Seconds that an attempt ran on a worker of ours.
pub const WORKER_SECONDS: &str = "worker_seconds";
/// The largest amount of one entry or price, millionths: 1,000,000,000,000 of a currency.
pub const MICROS_MAX: i64 = 1_000_000_000_000_000_000;

/// So much money for so much of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// For people; empty = none.
    pub name: String,
    /// Of what: `bytes_billed`, `credits`, `worker_seconds`, ...
    pub unit: String,
    /// Only where the quantity says this; `*` in a value stands for any characters.
    pub attributes: BTreeMap<String, String>,
    /// Only of this integration; empty = of any.
    pub integration: String,
    /// Only through the connection of this name; empty = through any.
    pub connection: String,
    /// Millionths of the currency, not negative...
    pub micros: i64,
    /// ... of this one ...
    pub currency: Currency,
    /// ... for so many whole units; at least 1.
    pub per: u64,
}

/// A quantity, and what its price may depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used<'a> {
    pub(crate) unit: &'a str,
    pub(crate) attributes: &'a BTreeMap<String, String>,
    pub(crate) integration: &'a str,
    pub(crate) connection: &'a str,
}

impl Price {
    /// How well it fits: more conditions that hold are better, and one without `*` is better than one with it. `None` = not at all.
    pub(crate) fn fits(&self, used: Used<'_>) -> Option<u32> {
        if self.unit != used.unit {
            return None;
        }
        let mut weight = 0;
        for (condition, found) in [(&self.integration, used.integration), (&self.connection, used.connection)] {
            if !condition.is_empty() {
                weight += (condition == found).then_some(2)?;
            }
        }
        for (name, wanted) in &self.attributes {
            let found = used.attributes.get(name)?;
            weight += match wanted.contains('*') {
                true => plan::matches(wanted, found).then_some(1)?,
                false => (wanted == found).then_some(2)?,
            };
        }
        Some(weight)
    }

    /// What this much costs, in millionths: rounded once, half to even. `None` = more than an entry holds.
    pub(crate) fn amount(&self, quantity: Quantity) -> Option<i64> {
        let price = u128::try_from(self.micros).ok()?;
        let product = quantity.in_micros().checked_mul(price)?;
        let divisor = u128::from(self.per.max(1)) * 1_000_000;
        let (whole, rest) = (product / divisor, product % divisor);
        // `rest` is below a divisor of 84 bits: doubling it cannot overflow.
        let up = match (rest * 2).cmp(&divisor) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => whole % 2 == 1,
            std::cmp::Ordering::Greater => true,
        };
        i64::try_from(whole + u128::from(up)).ok().filter(|micros| *micros <= MICROS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(micros: i64, per: u64) -> Price {
        Price {
            name: String::new(),
            unit: "u".to_owned(),
            attributes: BTreeMap::new(),
            integration: String::new(),
            connection: String::new(),
            micros,
            currency: "EUR".parse().unwrap(),
            per,
        }
    }

    #[test]
    fn amounts_are_rounded_once_half_to_even() {
        let cases = [
            // price in millionths, per, quantity, amount in millionths
            (2_000_000, 1, "12.5", Some(25_000_000)),
            (1, 2, "1", Some(0)),
            (1, 2, "3", Some(2)),
            (1, 2, "5", Some(2)),
            (1, 2, "7", Some(4)),
            (1, 1, "0.5", Some(0)),
            (3, 1, "0.5", Some(2)),
            (1, 1, "0.500001", Some(1)),
            (1, 3, "1", Some(0)),
            (1, 3, "2", Some(1)),
            (250_000, 1_000_000, "1", Some(0)),
            (250_000, 1_000_000, "2", Some(0)),
            (250_000, 1_000_000, "6", Some(2)),
            (5_000_000, 1_099_511_627_776, "10485760", Some(48)),
            (0, 1, "18446744073709551615", Some(0)),
            (MICROS_MAX, 1, "1", Some(MICROS_MAX)),
            (MICROS_MAX, 1, "1.000001", None),
            (MICROS_MAX, u64::MAX, "18446744073709551615", None),
            (1_000_000, u64::MAX, "18446744073709551615", Some(1_000_000)),
        ];
        for (micros, per, quantity, expected) in cases {
            let quantity = Quantity::read(quantity).unwrap();
            assert_eq!(price(micros, per).amount(quantity), expected, "{micros}/{per} of {quantity}");
        }
    }
}
