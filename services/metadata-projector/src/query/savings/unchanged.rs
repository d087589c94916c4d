//! Schedules whose runs change nothing: they could run more rarely, or when their sources change.

use std::collections::BTreeMap;

use downbeat_domain::PipelineId;
use downbeat_proto::metadata::v1 as wire;

use super::{
    Rule,
    finding::{Finding, Period},
};
use crate::{
    engine::{
        schedules::{CHANGED, ScheduleRow, UNCHANGED},
        statistics::span,
    },
    limits,
};

/// A schedule, with what its runs cost.
#[derive(Clone, Debug)]
pub(super) struct ScheduleFacts {
    pub(super) pipeline: PipelineId,
    /// `alias/schedule`.
    pub(super) subject: String,
    pub(super) row: ScheduleRow,
    /// Of each run of the row: millionths by currency.
    pub(super) spent: Vec<BTreeMap<String, i64>>,
}

/// UNCHANGED_DATA: one finding per currency in which such runs cost something; one in time where they cost nothing.
pub(super) fn find(schedule: &ScheduleFacts, period: Period) -> Vec<Finding> {
    let in_a_row = schedule.row.unchanged_in_a_row();
    if in_a_row < limits::UNCHANGED_RUNS_MIN {
        return Vec::new();
    }
    let runs = || {
        let all = schedule.row.firings.iter().zip(&schedule.spent);
        all.filter(|(run, _)| period.holds(run.created_at) && [CHANGED, UNCHANGED].contains(&run.data.as_str()))
    };
    let unchanged: Vec<_> = runs().filter(|(run, _)| run.data == UNCHANGED).collect();
    if unchanged.is_empty() {
        return Vec::new();
    }
    let what = format!(
        "the last {in_a_row} runs of {} changed nothing: every operation that could write wrote no row, or reused what was there",
        schedule.subject
    );
    let advice = "Let it run more rarely, or give the pipeline an asset trigger instead (docs/assets.md).";
    let mut found = Finding::new(Rule::UnchangedData, &schedule.subject, what, advice)
        .figure("runs without a change, one after the other", in_a_row, "runs")
        .figure("runs without a change", unchanged.len(), "runs")
        .figure("runs that say whether they changed something", runs().count(), "runs")
        .task(schedule.pipeline, "", 0, "whose schedule it is");
    for (run, _) in unchanged.iter().rev().take(limits::UNCHANGED_RUNS_MIN) {
        found = found.run_named(&run.run_id, run.sequence, "it changed nothing");
    }
    let scale = Scale::of(&schedule.row, period);
    let mut by_currency = BTreeMap::<&str, i128>::new();
    for (currency, micros) in unchanged.iter().flat_map(|(_, spent)| spent.iter()) {
        let sum = by_currency.entry(currency).or_default();
        *sum = sum.saturating_add(i128::from(*micros));
    }
    let mut all = Vec::new();
    for (currency, micros) in by_currency.into_iter().filter(|(_, micros)| *micros > 0) {
        let shown = i64::try_from(micros).unwrap_or(i64::MAX);
        let how = scale.words("what the runs without a change cost");
        all.push(found.clone().spent("cost of these runs", shown, currency).saves_money(
            scale.apply(micros),
            currency,
            &how,
        ));
    }
    if all.is_empty() {
        let took = unchanged.iter().map(|(run, _)| ran(run)).fold(0, u64::saturating_add);
        let saved = u64::try_from(scale.apply(took.into())).unwrap_or(u64::MAX);
        let how = scale.words("how long the runs without a change took");
        all.push(found.took("time of these runs", took).saves_time(saved, &how));
    }
    all
}

fn ran(run: &wire::Firing) -> u64 {
    if run.started_at == 0 { 0 } else { span(run.started_at, run.ended_at) }
}

/// From what is kept to the whole period: only so many runs of a schedule are kept, which may be those of a few days.
struct Scale {
    kept: u64,
    whole: u64,
}

impl Scale {
    fn of(row: &ScheduleRow, period: Period) -> Self {
        let whole = span(period.from, period.to).max(1);
        let oldest = row.firings.first().map_or(period.from, |run| run.created_at);
        let is_full = row.firings.len() >= limits::FIRINGS_KEPT;
        let kept = if is_full && period.holds(oldest) { span(oldest, period.to).max(1) } else { whole };
        Self { kept, whole }
    }

    fn apply(&self, amount: i128) -> i128 {
        amount.saturating_mul(i128::from(self.whole)) / i128::from(self.kept)
    }

    fn words(&self, what: &str) -> String {
        match self.kept == self.whole {
            true => format!("{what} in the period"),
            false => format!(
                "{what}, of the last {} runs, × the period ÷ the time since the first of them",
                limits::FIRINGS_KEPT
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::costs::DAY;

    const NOW: i64 = 1_000 * DAY;

    /// Runs that ended, an hour apart, the last one an hour ago: `.` unchanged, `x` changed, `?` not known, `>` live.
    fn schedule(signs: &str, spent: &[(&str, i64)]) -> ScheduleFacts {
        let hour = DAY / 24;
        let count = signs.len() as i64;
        let firing = |(place, sign): (usize, char)| {
            let at = NOW - hour * (count - place as i64);
            let data = match sign {
                '.' => UNCHANGED,
                'x' => CHANGED,
                '?' => "UNKNOWN",
                _ => "",
            };
            wire::Firing {
                instant: at,
                run_id: format!("run {place}"),
                created_at: at,
                started_at: at,
                ended_at: at + 60_000_000,
                data: data.into(),
                sequence: place as u64,
                ..wire::Firing::default()
            }
        };
        let row = ScheduleRow { firings: signs.chars().enumerate().map(firing).collect(), ..ScheduleRow::default() };
        let of_run: BTreeMap<String, i64> =
            spent.iter().map(|(currency, micros)| ((*currency).into(), *micros)).collect();
        let spent = vec![of_run; signs.len()];
        ScheduleFacts { pipeline: PipelineId([1; 16]), subject: "p/s".into(), row, spent }
    }

    fn told(schedule: &ScheduleFacts) -> Vec<(String, String, u64)> {
        let row = |found: Finding| (found.saving.currency, found.saving.saved, found.saving.saved_seconds);
        find(schedule, Period::up_to(NOW)).into_iter().map(row).collect()
    }

    #[test]
    fn runs_that_change_nothing_could_be_spared() {
        let time = |seconds| (String::new(), String::new(), seconds);
        let money = |currency: &str, saved: &str| (currency.to_owned(), saved.to_owned(), 0);
        type Case = (&'static str, &'static str, &'static [(&'static str, i64)], Vec<(String, String, u64)>);
        let cases: [Case; 8] = [
            ("too few", "....", &[], vec![]),
            ("the last one changed", ".....x", &[], vec![]),
            ("the last one is not known", ".....?", &[], vec![]),
            ("time, where nothing has a price", "xx.....", &[], vec![time(300)]),
            ("earlier ones count too", ".x.....", &[], vec![time(360)]),
            ("live ones do not", ".....>", &[], vec![time(300)]),
            ("money by currency", "x.....", &[("EUR", 10), ("USD", 3)], vec![money("EUR", "50"), money("USD", "15")]),
            ("what was taken back is none", ".....", &[("EUR", -10)], vec![time(300)]),
        ];
        for (name, signs, spent, expected) in cases {
            assert_eq!(told(&schedule(signs, spent)), expected, "{name}");
        }
        let found = find(&schedule("x.....", &[("EUR", 10)]), Period::up_to(NOW)).remove(0).saving;
        let runs: Vec<_> = found.evidence.iter().filter(|it| it.kind == "RUN").map(|it| it.sequence).collect();
        assert_eq!(runs, [5, 4, 3, 2, 1], "the last ones first");
    }

    #[test]
    fn of_many_runs_those_that_are_kept_stand_for_the_period() {
        let full = ".".repeat(limits::FIRINGS_KEPT);
        // 50 hours of a period that began 29 days before: 500 × 696 ÷ 50.
        let now_of_day = Period::up_to(NOW);
        assert_eq!(now_of_day.to - now_of_day.from, 29 * DAY);
        assert_eq!(told(&schedule(&full, &[("EUR", 10)])), [("EUR".to_owned(), "6960".to_owned(), 0)]);
        let mut ahead = schedule(&full, &[("EUR", 10)]);
        ahead.row.firings.iter_mut().for_each(|run| run.created_at = i64::MAX);
        assert_eq!(told(&ahead), [], "what lies ahead is in no period");
    }
}
