//! INV-13: the sums that are kept are those of the entries.

use std::collections::BTreeMap;

use downbeat_proto::{events::v1::CostBasisKind, metadata::v1 as wire};

use super::sums;
use crate::{
    engine::{
        costs::{
            months::Dimension,
            rows::{DayRow, EntryRow, Sum, TotalsRow, add, number},
        },
        keys::cost as keys,
        rows,
    },
    limits,
    published::View,
    query::Refusal,
};

type ByCurrency = BTreeMap<String, Sum>;

/// Adds up everything anew.
///
/// # Errors
/// `TooLarge`, `Store`.
pub fn verify(view: &View<'_>) -> Result<wire::VerifyLedgerResponse, Refusal> {
    let entries = of_entries(view)?;
    let days = of_sums(view, keys::DAYS)?;
    let months: Vec<(Dimension, ByCurrency)> = Dimension::ALL
        .into_iter()
        .map(|dimension| Ok((dimension, of_sums(view, &keys::months(dimension.letter()))?)))
        .collect::<Result<_, Refusal>>()?;
    let totals: TotalsRow = view.get(keys::TOTALS)?.unwrap_or_default();
    let mut differences = compare("the entries", &entries, "the days", &days);
    differences.extend(compare("the entries", &entries, "the totals", &totals.by_currency));
    for (dimension, sums) in &months {
        differences.extend(compare("the entries", &entries, &format!("the months ({dimension:?})"), sums));
    }
    Ok(wire::VerifyLedgerResponse {
        entries: entries.values().map(|sum| sum.entries).sum(),
        sums: entries.into_iter().map(|(currency, sum)| sums::of(currency, &sum)).collect(),
        differences,
        position: None,
    })
}

fn of_entries(view: &View<'_>) -> Result<ByCurrency, Refusal> {
    let mut sums = ByCurrency::new();
    for (count, row) in view.store.scan(keys::ENTRIES, None).enumerate() {
        if count >= limits::VERIFIED_ENTRIES_MAX {
            let most = limits::VERIFIED_ENTRIES_MAX;
            return Err(Refusal::TooLarge(format!(
                "there are more than {most} entries: they are not added up at once"
            )));
        }
        let (key, bytes) = row?;
        let Some(entry) = rows::read::<EntryRow>(&key, &bytes)?.entry else { continue };
        let micros = i128::from(entry.micros);
        let billed = entry.basis == CostBasisKind::Billed as i32;
        let (estimated, billed) = if billed { (0, micros) } else { (micros, 0) };
        add(sums.entry(entry.currency).or_default(), estimated, billed, 1);
    }
    Ok(sums)
}

fn of_sums(view: &View<'_>, prefix: &[u8]) -> Result<ByCurrency, Refusal> {
    let mut sums = ByCurrency::new();
    for row in view.store.scan(prefix, None) {
        let (key, bytes) = row?;
        let row: DayRow = rows::read(&key, &bytes)?;
        let (Some(what), Some(sum)) = (row.what, row.sum) else { continue };
        add(sums.entry(what.currency).or_default(), number(&sum.estimated), number(&sum.billed), sum.entries);
    }
    Ok(sums)
}

fn compare(one: &str, left: &ByCurrency, other: &str, right: &ByCurrency) -> Vec<String> {
    let currencies: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let told = |sum: Option<&Sum>| sum.map(|sum| (number(&sum.estimated), number(&sum.billed), sum.entries));
    let differs = |currency: &&String| told(left.get(*currency)) != told(right.get(*currency));
    let words = |currency: &String| {
        let (left, right) = (told(left.get(currency)), told(right.get(currency)));
        format!("{currency}: {one} add up to {left:?}, {other} to {right:?} (estimated, billed, entries)")
    };
    currencies.into_iter().filter(differs).map(words).collect()
}
