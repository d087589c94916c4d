//! Tasks that take long, and tasks that grow slower.

use super::{
    Rule,
    facts::TaskFacts,
    finding::{Finding, share},
};
use crate::limits;

/// SLOWING_TASK: one finding per currency in which it costs something; one in time where it costs nothing.
pub(super) fn slowing(task: &TaskFacts) -> Vec<Finding> {
    if task.trend.word != "SLOWING" || task.sums.good == 0 {
        return Vec::new();
    }
    let extra = task.trend.grown().saturating_mul(task.sums.good);
    let what = format!("{} takes longer than it used to", task.subject);
    let advice = "Look at what changed between the two groups of runs: data, code, the size of the warehouse.";
    let found = described(task, Finding::new(Rule::SlowingTask, &task.subject, what, advice)).figure(
        "good attempts",
        task.sums.good,
        "attempts",
    );
    let whole = task.sums.ran.saturating_add(task.sums.wasted);
    let priced = task.spent.iter().filter(|(_, spent)| spent.micros > 0 && whole > 0);
    let mut all: Vec<Finding> = priced
        .map(|(currency, spent)| {
            let how = "cost × (growth of the median × good attempts) ÷ time of all attempts";
            let saved = share(spent.micros, extra.min(whole), whole);
            found.clone().spent("cost", spent.micros, currency).saves_money(saved, currency, how)
        })
        .collect();
    if all.is_empty() {
        all.push(found.saves_time(extra, "growth of the median × good attempts of the period"));
    }
    all
}

/// SLOW_TASK: half of what its pipeline takes, or more.
pub(super) fn slow(task: &TaskFacts) -> Option<Finding> {
    let recent = task.trend.recent.as_ref()?;
    let half = recent.median.saturating_mul(2) >= task.pipeline_median;
    if recent.median < limits::SLOW_MICROS_MIN || task.pipeline_median == 0 || !half || task.sums.good == 0 {
        return None;
    }
    let what = format!("{} takes half of what its pipeline takes, or more", task.subject);
    let advice = "Whatever makes this task faster makes the pipeline faster.";
    let found = described(task, Finding::new(Rule::SlowTask, &task.subject, what, advice))
        .took("median of the pipeline", task.pipeline_median)
        .took("time in the period", task.sums.ran);
    Some(found.without_estimate("how much faster it could be is not known"))
}

/// With its medians and the runs that show them.
fn described(task: &TaskFacts, found: Finding) -> Finding {
    let (mut found, samples) = (found, task.row.samples().collect::<Vec<_>>());
    for (name, of) in [("median before", &task.trend.older), ("median lately", &task.trend.recent)] {
        if let Some(baseline) = of {
            found = found.took(name, baseline.median);
        }
    }
    if let Some(pipeline) = task.pipeline {
        found = found.task(pipeline, &task.task, 0, "whom it concerns");
    }
    let (first, last) = (samples.first(), samples.last());
    let shown = [("one of those before", first), ("the last one", last)];
    shown.into_iter().fold(found, |found, (note, sample)| match sample {
        Some(sample) => found.run_named(&sample.run_id, sample.sequence, note),
        None => found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{durations::DurationRow, spending::SpendDay, statistics::Trend};
    use downbeat_proto::metadata::v1 as wire;

    const SECOND: u64 = 1_000_000;

    fn task(before: u64, lately: u64) -> TaskFacts {
        let ran = [vec![before * SECOND; 10], vec![lately * SECOND; 10]].concat();
        let sums = wire::DurationSums { good: 20, ran: ran.iter().sum(), ..wire::DurationSums::default() };
        TaskFacts {
            trend: Trend::of(&ran),
            sums,
            row: DurationRow { ran, ..DurationRow::default() },
            ..TaskFacts::default()
        }
    }

    fn spent(currency: &str, micros: i64) -> (String, SpendDay) {
        (currency.to_owned(), SpendDay { micros, ..SpendDay::default() })
    }

    #[test]
    fn what_grows_slower_costs_its_growth() {
        let told = |task: &TaskFacts| {
            let row = |found: Finding| (found.saving.currency, found.saving.saved, found.saving.saved_seconds);
            slowing(task).into_iter().map(row).collect::<Vec<_>>()
        };
        // 20 attempts, each 20 s longer: 400 s; all of them took 400 s.
        let mut slower = task(10, 30);
        assert_eq!(told(&slower), [(String::new(), String::new(), 400)], "without a price: time");
        slower.sums.wasted = 400 * SECOND;
        slower.spent = vec![spent("EUR", 1_000), spent("USD", 0), spent("CHF", -5), spent("GBP", 10)];
        let expected =
            [("EUR", "500"), ("GBP", "5")].map(|(currency, saved)| (currency.to_owned(), saved.to_owned(), 0));
        assert_eq!(told(&slower), expected, "one per currency, never added");
        assert_eq!(told(&task(10, 10)), []);
        assert_eq!(told(&task(30, 10)), [], "faster");
        slower.sums.good = 0;
        assert_eq!(told(&slower), [], "not in this period");
    }

    #[test]
    fn what_is_slow_is_much_of_its_pipeline() {
        let cases = [(599, 700, false), (600, 1_200, true), (600, 1_201, false), (600, 0, false), (3_600, 3_700, true)];
        for (seconds, pipeline, expected) in cases {
            let mut task = task(seconds, seconds);
            task.pipeline_median = pipeline * SECOND;
            let found = slow(&task);
            assert_eq!(found.is_some(), expected, "{seconds} of {pipeline}");
            let Some(found) = found else { continue };
            assert!(
                found.saving.estimate.starts_with("no estimate") && found.saving.saved.is_empty(),
                "never invented"
            );
        }
    }
}
