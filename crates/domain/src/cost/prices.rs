//! All prices that count, and which of them fits a quantity.

use std::sync::Arc;

use super::{CostEvent, Price, PricesSet, price::Used};
use crate::{
    command::{Context, Rejection},
    event::Event,
    limits,
    state::Partition,
};

/// The prices of a partition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceList {
    /// Counts from 1; 0 = nobody has set any.
    pub version: u32,
    /// In the order in which they were given.
    pub prices: Arc<Vec<Price>>,
}

impl PriceList {
    /// Place of the price that fits best; of those that fit equally well, the first.
    pub(crate) fn find(&self, used: Used<'_>) -> Option<usize> {
        let fitting = self.prices.iter().enumerate().filter_map(|(place, price)| Some((price.fits(used)?, place)));
        // The greatest weight; of equal ones the smallest place.
        fitting.max_by_key(|(weight, place)| (*weight, std::cmp::Reverse(*place))).map(|(_, place)| place)
    }

    /// Whether any price is of this unit.
    pub(crate) fn knows(&self, unit: &str) -> bool {
        self.prices.iter().any(|price| price.unit == unit)
    }
}

/// Replaces all prices; the same ones again change nothing.
pub(crate) fn set(partition: &Partition, prices: &[Price], context: &Context) -> Result<Vec<Event>, Rejection> {
    let known = &partition.ledger.prices;
    if *known.prices == prices && (known.version > 0 || prices.is_empty()) {
        return Ok(Vec::new());
    }
    let most = limits::PRICES_MAX;
    if prices.len() > most {
        return Err(Rejection::InvalidCost(format!("{} prices are given; at most {most} may count", prices.len())));
    }
    for (place, price) in prices.iter().enumerate() {
        check(price).map_err(|why| Rejection::InvalidCost(format!("price {} ({}): {why}", place + 1, price.unit)))?;
    }
    let bytes: usize = prices.iter().map(text_bytes).sum();
    if bytes > limits::PRICES_BYTES_MAX {
        let most = limits::PRICES_BYTES_MAX;
        return Err(Rejection::InvalidCost(format!(
            "the texts of the prices take {bytes} bytes; at most {most} may be"
        )));
    }
    let set = PricesSet { version: known.version + 1, prices: prices.to_vec(), at: context.now };
    Ok(vec![Event::Cost(Box::new(CostEvent::PricesSet(set)))])
}

fn text_bytes(price: &Price) -> usize {
    let attributes: usize = price.attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
    price.name.len() + price.unit.len() + price.integration.len() + price.connection.len() + attributes
}

fn check(price: &Price) -> Result<(), String> {
    let most = limits::COST_TEXT_BYTES_MAX;
    let attributes = price.attributes.iter().flat_map(|(name, value)| [name, value]);
    let texts = [&price.name, &price.unit, &price.integration, &price.connection].into_iter().chain(attributes);
    if texts.into_iter().any(|text| text.len() > most) {
        return Err(format!("a text of it takes more than {most} bytes"));
    }
    if price.unit.len() > limits::COST_UNIT_BYTES_MAX {
        return Err(format!("its unit takes more than {} bytes", limits::COST_UNIT_BYTES_MAX));
    }
    if price.unit.is_empty() {
        return Err("it says of no unit what it is the price of".to_owned());
    }
    if price.attributes.len() > limits::PRICE_ATTRIBUTES_MAX {
        return Err(format!("it has more than {} attributes", limits::PRICE_ATTRIBUTES_MAX));
    }
    if price.per == 0 {
        return Err("`per` is 0; it is the number of units that the amount is for".to_owned());
    }
    if !(0..=super::MICROS_MAX).contains(&price.micros) {
        return Err("the amount is negative, or above 1,000,000,000,000".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn attributes(text: &str) -> BTreeMap<String, String> {
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// `name unit integration connection | attributes`
    fn price(name: &str, unit: &str, integration: &str, connection: &str, of: &str) -> Price {
        Price {
            name: name.to_owned(),
            unit: unit.to_owned(),
            attributes: attributes(of),
            integration: integration.to_owned(),
            connection: connection.to_owned(),
            micros: 1,
            currency: "EUR".parse().unwrap(),
            per: 1,
        }
    }

    #[test]
    fn the_most_specific_price_wins_and_of_equals_the_first() {
        let prices = vec![
            price("any", "tokens", "", "", ""),
            price("sonnet", "tokens", "", "", "model=claude-sonnet-*"),
            price("sonnet-4", "tokens", "", "", "model=claude-sonnet-4"),
            price("of-anthropic", "tokens", "ANTHROPIC", "", ""),
            price("team", "tokens", "ANTHROPIC", "team", ""),
            price("first", "credits", "", "", "size=M"),
            price("second", "credits", "", "", "edition=E"),
        ];
        let list = PriceList { version: 1, prices: Arc::new(prices) };
        let cases = [
            ("tokens", "", "", "", Some("any")),
            ("tokens", "OPEN_AI", "", "model=gpt", Some("any")),
            ("tokens", "OPEN_AI", "", "model=claude-sonnet-3", Some("sonnet")),
            ("tokens", "OPEN_AI", "", "model=claude-sonnet-4", Some("sonnet-4")),
            ("tokens", "ANTHROPIC", "", "model=claude-sonnet-3", Some("of-anthropic")),
            // Equally specific: the first in the list.
            ("tokens", "ANTHROPIC", "", "model=claude-sonnet-4", Some("sonnet-4")),
            ("tokens", "ANTHROPIC", "team", "model=claude-sonnet-4", Some("team")),
            ("credits", "", "", "size=M edition=E", Some("first")),
            ("credits", "", "", "edition=E more=x", Some("second")),
            ("credits", "", "", "size=L", None),
            ("seconds", "", "", "", None),
        ];
        for (unit, integration, connection, of, expected) in cases {
            let attributes = attributes(of);
            let found = list.find(Used { unit, attributes: &attributes, integration, connection });
            let name = found.map(|place| list.prices[place].name.as_str());
            assert_eq!(name, expected, "{unit} {integration} {connection} {of}");
        }
    }
}
