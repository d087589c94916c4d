//! Sums of the ledger are exact: whatever the order in which bills come, how they are split into commands, and how often each is told.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{
    Command, Context, Event, Partition,
    cost::{Bill, CostCommand, CostEvent, Origin},
    execute, invariants,
    metadata::Quantity,
};
use jiff::Timestamp;
use proptest::prelude::*;

const CURRENCIES: [&str; 2] = ["EUR", "USD"];

fn bill((id, micros, currency): (u8, i64, usize)) -> Bill {
    Bill {
        source: "s".to_owned(),
        external_id: id.to_string(),
        micros,
        currency: CURRENCIES[currency].parse().unwrap(),
        quantity: Quantity::default(),
        unit: String::new(),
        origin: Origin { owner: format!("owner-{}", id % 3), ..Origin::default() },
        asset: String::new(),
        incurred_at: Timestamp::from_second(1_750_000_000 + i64::from(id)).unwrap(),
        corrects: None,
    }
}

/// Bills in commands of at most so many; one that is told again goes into the next.
fn told(bills: &[(u8, i64, usize)], at_once: usize) -> (Partition, i128) {
    let context = Context { now: Timestamp::from_second(1_750_000_000).unwrap(), random: 0 };
    let (mut partition, mut sum, mut rest) = (Partition::default(), 0, bills);
    while !rest.is_empty() {
        let mut ids = std::collections::BTreeSet::new();
        let count = rest.iter().take(at_once).take_while(|bill| ids.insert(bill.0)).count();
        let (now, later) = rest.split_at(count);
        let bills: Vec<Bill> = now.iter().copied().map(bill).collect();
        let events = execute(&mut partition, &Command::Cost(CostCommand::Record(Arc::new(bills))), &context).unwrap();
        for event in events {
            if let Event::Cost(fact) = event
                && let CostEvent::CostRecorded(recorded) = *fact
            {
                sum += recorded.entries.iter().map(|entry| i128::from(entry.micros)).sum::<i128>();
            }
        }
        rest = later;
    }
    (partition, sum)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_sum_is_that_of_the_last_word_on_each_bill(
        bills in proptest::collection::vec((0u8..12, -1_000_000_000_000_000_000i64..1_000_000_000_000_000_000, 0usize..2), 0..60),
        at_once in 1usize..20,
    ) {
        let mut last: BTreeMap<u8, (i64, usize)> = BTreeMap::new();
        for (id, micros, currency) in &bills {
            last.insert(*id, (*micros, *currency));
        }
        let (partition, sum) = told(&bills, at_once);
        for (place, currency) in CURRENCIES.iter().enumerate() {
            let expected: i128 = last.values().filter(|(_, of)| *of == place).map(|(micros, _)| i128::from(*micros)).sum();
            let kept = partition.ledger.sums.iter().filter(|((of, _), _)| of.as_str() == *currency);
            prop_assert_eq!(kept.map(|(_, micros)| *micros).sum::<i128>(), expected);
        }
        prop_assert_eq!(sum, partition.ledger.sums.values().sum::<i128>(), "the entries add up to the sums");
        prop_assert_eq!(invariants::violations(&partition), Vec::<String>::new());
        // Told one by one, and all once more, it is the same.
        let again: Vec<_> = bills.iter().copied().chain(last.iter().map(|(id, (micros, of))| (*id, *micros, *of))).collect();
        prop_assert_eq!(&told(&again, 1).0.ledger.sums, &partition.ledger.sums);
    }
}
