//! Work that is done twice: an asset that several tasks build, a source that several copy, a job or a whole plan that stands in several
//! pipelines.

use std::collections::BTreeMap;

use downbeat_domain::PipelineId;

use super::{Rule, finding::Finding};

/// One who does it.
#[derive(Clone, Debug)]
pub(super) struct DoesIt {
    pub(super) pipeline: PipelineId,
    /// Id of the task; empty = the pipeline as a whole.
    pub(super) task: String,
    /// `alias/task`, or the alias.
    pub(super) subject: String,
    /// 16 bytes; empty = none is known.
    pub(super) run: Vec<u8>,
    pub(super) sequence: u64,
    /// What it cost in the period, millionths by currency.
    pub(super) spent: Vec<(String, i64)>,
    /// How long it ran in the period, microseconds; 0 = it did not.
    pub(super) ran: u64,
    /// What it copies to; empty = it copies nothing.
    pub(super) to: String,
}

/// What several do. `asset`: what they build or copy; empty: their job is the same.
pub(super) fn find(rule: Rule, asset: &str, all: &[DoesIt]) -> Vec<Finding> {
    if all.len() < 2 {
        return Vec::new();
    }
    let names: Vec<&str> = all.iter().map(|one| one.subject.as_str()).collect();
    let told = names.join(", ");
    let (what, advice) = match rule {
        Rule::WrittenTwice => (
            format!("{asset} is built by {told}"),
            "Let one of them build it, and the others start when it is built (an asset trigger). They may each build a part of it: then nothing is done twice.",
        ),
        Rule::SameSource => (format!("{asset} is copied by {told}"), "Copy it once, and read the copy."),
        Rule::SamePipeline => (format!("{told} have the same plan"), "Keep one of them, with the schedules of both."),
        _ => (
            format!("{told} do the same job"),
            "Do it once, and let the others follow (a pipeline event, an asset trigger).",
        ),
    };
    let subject = if asset.is_empty() { names.first().copied().unwrap_or_default() } else { asset };
    let mut found = Finding::new(rule, subject, what, advice).figure("who does it", all.len(), "tasks or pipelines");
    if !asset.is_empty() {
        found = found.asset(asset, "what is done twice");
    }
    for one in all {
        let note = if one.to.is_empty() { "it does it".to_owned() } else { format!("it copies to {}", one.to) };
        found = found.task(one.pipeline, &one.task, one.sequence, &note).run(&one.run, one.sequence, "the last time");
    }
    estimated(found, all)
}

/// All but the one that costs most could be spared: the least that is surely saved, whichever of them stays.
fn estimated(found: Finding, all: &[DoesIt]) -> Vec<Finding> {
    let mut by_currency = BTreeMap::<&str, Vec<i64>>::new();
    for (currency, micros) in all.iter().flat_map(|one| &one.spent).filter(|(_, micros)| *micros > 0) {
        by_currency.entry(currency).or_default().push(*micros);
    }
    let how = "what all of them but the dearest cost in the period";
    let priced: Vec<Finding> = by_currency
        .into_iter()
        .filter(|(_, costs)| costs.len() > 1)
        .map(|(currency, costs)| {
            let sum: i128 = costs.iter().copied().map(i128::from).sum();
            let dearest = costs.iter().copied().max().map_or(0, i128::from);
            let found = found.clone().figure("cost of all of them", sum, &format!("millionths of {currency}"));
            found.saves_money(sum - dearest, currency, how)
        })
        .collect();
    if !priced.is_empty() {
        return priced;
    }
    let sum = all.iter().fold(0_u64, |sum, one| sum.saturating_add(one.ran));
    let longest = all.iter().map(|one| one.ran).max().unwrap_or(0);
    let found = found.took("time of all of them", sum);
    vec![match sum - longest {
        0..1_000_000 => found.without_estimate(
            "fewer than two of them ran in the period for what is known to cost something or to take a second",
        ),
        saved => found.saves_time(saved, "how long all of them but the longest ran in the period"),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, spent: &[(&str, i64)], ran: u64) -> DoesIt {
        DoesIt {
            pipeline: PipelineId([name.as_bytes()[0]; 16]),
            task: "load".into(),
            subject: format!("{name}/load"),
            run: vec![7; 16],
            sequence: 3,
            spent: spent.iter().map(|(currency, micros)| ((*currency).into(), *micros)).collect(),
            ran,
            to: String::new(),
        }
    }

    #[test]
    fn all_but_the_dearest_could_be_spared() {
        let second = 1_000_000;
        let cases = [
            ("alone", vec![one("a", &[("EUR", 5)], second)], vec![]),
            ("two", vec![one("a", &[("EUR", 5)], 0), one("b", &[("EUR", 7)], 0)], vec![("EUR", "5", 0)]),
            (
                "three in two currencies",
                vec![
                    one("a", &[("EUR", 5)], 0),
                    one("b", &[("EUR", 7), ("USD", 1)], 0),
                    one("c", &[("EUR", 2), ("USD", 4)], 0),
                ],
                vec![("EUR", "7", 0), ("USD", "1", 0)],
            ),
            (
                "each in another currency",
                vec![one("a", &[("EUR", 5)], 0), one("b", &[("USD", 7)], 0)],
                vec![("", "", 0)],
            ),
            ("time", vec![one("a", &[], 3 * second), one("b", &[("USD", 7)], 2 * second)], vec![("", "", 2)]),
            ("one of them did not run", vec![one("a", &[], 3 * second), one("b", &[], 0)], vec![("", "", 0)]),
        ];
        for (name, all, expected) in cases {
            let found = find(Rule::SameJob, "", &all);
            let told: Vec<_> = found
                .iter()
                .map(|it| (it.saving.currency.as_str(), it.saving.saved.as_str(), it.saving.saved_seconds))
                .collect();
            assert_eq!(told, expected, "{name}");
            for found in found {
                assert_eq!(found.pipelines.len(), all.len(), "{name}: it concerns each of them");
                assert!(!found.saving.estimate.is_empty(), "{name}");
            }
        }
    }
}
