//! Assets that cost more than they are used: nobody reads them, or they are built more often than they are read.

use downbeat_domain::PipelineId;

use super::{
    Rule,
    facts::AssetFacts,
    finding::{Finding, Period, share},
};

/// UNUSED_ASSET, BUILT_MORE_THAN_READ, or nothing.
pub(super) fn find(asset: &AssetFacts, period: Period) -> Option<Finding> {
    let found = match asset.uses {
        0 => unused(asset, period)?,
        _ => read_less(asset)?,
    };
    let found = found
        .spent("cost", asset.spent.micros, &asset.currency)
        .figure("builds", asset.spent.times, "attempts")
        .figure("reads", asset.uses, "reports")
        .asset(&asset.key, "what costs");
    Some(asset.by.iter().fold(found, |found, (pipeline, task, run, sequence)| {
        let found = match PipelineId::from_slice(pipeline) {
            Some(pipeline) => found.task(pipeline, task, *sequence, "who builds it"),
            None => found,
        };
        found.run(run, *sequence, "its last build that cost something")
    }))
}

/// Nobody could have read what is younger than the period.
fn unused(asset: &AssetFacts, period: Period) -> Option<Finding> {
    if asset.last_used_at >= period.from || asset.first_seen_at > period.from {
        return None;
    }
    let what = match asset.last_used_at {
        0 => format!("{} costs, and nobody was ever seen to read it", asset.key),
        _ => format!("{} costs, and nobody has read it for 30 days", asset.key),
    };
    let advice = "Stop building it, or say who reads it (meta.downbeat.reads, an exposure, OpenLineage).";
    let found = Finding::new(Rule::UnusedAsset, &asset.key, what, advice).figure(
        "last read",
        asset.last_used_at,
        "microseconds since the epoch, 0 = never",
    );
    Some(found.saves_money(asset.spent.micros.into(), &asset.currency, "all that was spent on it in the period"))
}

fn read_less(asset: &AssetFacts) -> Option<Finding> {
    let (builds, uses) = (asset.spent.times, asset.uses);
    if builds <= uses {
        return None;
    }
    let what = format!("{} was built {builds} times and read {uses} times in 30 days", asset.key);
    let advice = "Build it as often as it is read: a rarer schedule, or an asset trigger of what it is made of.";
    let found = Finding::new(Rule::BuiltMoreThanRead, &asset.key, what, advice).spent(
        "cost per read",
        asset.spent.micros / i64::try_from(uses).unwrap_or(i64::MAX),
        &asset.currency,
    );
    let saved = share(asset.spent.micros, builds - uses, builds);
    Some(found.saves_money(saved, &asset.currency, "cost × (builds − reads) ÷ builds"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{costs::DAY, spending::SpendDay};

    #[test]
    fn what_costs_and_is_read_too_little() {
        let period = Period::up_to(100 * DAY);
        let (old, new) = (period.from, period.from + 1);
        let cases = [
            ("never read", 0, 0, old, 6, Some(("UNUSED_ASSET", "900"))),
            ("read long ago", 0, period.from - 1, old, 6, Some(("UNUSED_ASSET", "900"))),
            ("read this month", 0, period.from, old, 6, None),
            ("too new to be read", 0, 0, new, 6, None),
            ("read a third of the time", 2, old, old, 6, Some(("BUILT_MORE_THAN_READ", "600"))),
            ("read as often as built", 6, old, old, 6, None),
            ("read more often", 7, old, old, 6, None),
            ("bills only, no builds", 1, old, old, 0, None),
        ];
        for (name, uses, last_used_at, first_seen_at, builds, expected) in cases {
            let asset = AssetFacts {
                key: "db/t".into(),
                currency: "EUR".into(),
                spent: SpendDay { micros: 900, times: builds, ..SpendDay::default() },
                by: vec![(vec![1; 16], "load".into(), vec![2; 16], 7)],
                uses,
                last_used_at,
                first_seen_at,
            };
            let found = find(&asset, period).map(|found| found.saving);
            let told = found.as_ref().map(|found| (found.rule.as_str(), found.saved.as_str()));
            assert_eq!(told, expected, "{name}");
            if let Some(found) = found {
                let kinds: Vec<_> = found.evidence.iter().map(|it| (it.kind.as_str(), it.sequence)).collect();
                assert_eq!(kinds, [("ASSET", 0), ("TASK", 7), ("RUN", 7)], "{name}");
                assert_eq!(found.currency, "EUR");
            }
        }
    }
}
