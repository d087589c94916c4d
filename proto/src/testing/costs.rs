//! Random prices, bills and budgets.

use std::sync::Arc;

use downbeat_domain::{
    Command, CostId,
    cost::{Bill, Budget, CostCommand, Currency, Origin, Period, Price},
    metadata::Quantity,
};
use jiff::SignedDuration;

use super::{MAIN, World};

fn currency(number: u8) -> Currency {
    ["EUR", "USD"][usize::from(number % 2)].parse().unwrap()
}

pub(super) fn budget(detail: u8) -> Budget {
    Budget {
        micros: 1 + i64::from(detail) * 1_000_000,
        currency: currency(detail / 8),
        period: Period::ALL[usize::from(detail % 3)],
        timezone: ["UTC", "Europe/Berlin"][usize::from(detail / 4 % 2)].to_owned(),
        alert_at: vec![50, 100],
        enforce: detail % 8 == 1,
    }
}

impl World {
    /// What concerns no run of its own: prices, a bill for something, or for what was estimated, a budget of an owner; now and then what
    /// another system says.
    pub(super) fn beside_runs(&self, which: u8, detail: u8) -> Command {
        if which % 16 == 7 {
            return Command::Cost(CostCommand::WakeBudgets);
        }
        if which % 16 == 15 {
            return super::foreign::report(detail);
        }
        Command::Cost(match which % 4 {
            0 => CostCommand::SetPrices(Arc::new(prices(detail))),
            1 => {
                let owner = ["data", "science"][usize::from(detail % 2)].to_owned();
                CostCommand::SetBudget { owner, budget: (detail % 5 != 4).then(|| budget(detail)) }
            }
            _ => CostCommand::Record(Arc::new(vec![self.bill(which, detail)])),
        })
    }

    fn bill(&self, which: u8, detail: u8) -> Bill {
        let estimates = &self.partition.ledger.estimates;
        let estimate = estimates.get(usize::from(which) % estimates.len().max(1)).map(|(_, entry)| entry.id);
        let pipeline = (!detail.is_multiple_of(3)).then_some(MAIN);
        let days = SignedDuration::from_hours(24 * (i64::from(detail % 5) - 3));
        Bill {
            source: "warehouse".to_owned(),
            external_id: (detail % 24).to_string(),
            micros: i64::from(which) * 700_001 - 20_000_000,
            currency: currency(detail),
            quantity: Quantity::new(u64::from(detail), 5),
            unit: "dbu".to_owned(),
            origin: Origin { pipeline, owner: "data".to_owned(), ..Origin::default() },
            asset: "db/main.orders".to_owned(),
            incurred_at: self.now.checked_add(days).unwrap(),
            corrects: estimate.filter(|_| detail % 4 == 1).or((detail == 250).then_some(CostId([detail; 16]))),
        }
    }
}

fn prices(detail: u8) -> Vec<Price> {
    let price = |unit: &str, micros: i64, number: u8| Price {
        name: String::new(),
        unit: unit.to_owned(),
        attributes: [("name-0".to_owned(), "va*".to_owned())].into_iter().take(usize::from(number % 2)).collect(),
        integration: String::new(),
        connection: String::new(),
        micros,
        currency: currency(number / 2),
        per: 1 + u64::from(number),
    };
    vec![price("dbu", i64::from(detail) * 333_333, detail), price("worker_seconds", 1_000_000, detail / 3)]
}
