//! A finding as it comes of a rule: what, the figures and places it rests on, and what could be saved. Knows nothing about rules.

use downbeat_domain::{PipelineId, RunId};
use downbeat_proto::metadata::v1 as wire;

use crate::{
    engine::costs::{DAY, day_of},
    limits,
};

/// Microseconds of a second.
const SECOND: u64 = 1_000_000;

/// The days that are looked at: whole days UTC, the last one up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    /// When the first of them begins.
    pub(super) from: i64,
    /// Now.
    pub(super) to: i64,
    /// The last of them, days since the epoch.
    pub(super) today: i32,
}

impl Period {
    pub(super) fn up_to(now: i64) -> Self {
        let today = day_of(now);
        let from = i64::from(today.saturating_sub(limits::PERIOD_DAYS - 1)).saturating_mul(DAY);
        Self { from, to: now, today }
    }

    /// Does it lie in there? What lies ahead does not.
    pub(super) fn holds(self, at: i64) -> bool {
        at >= self.from && at <= self.to
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) saving: wire::Saving,
    /// Whom it concerns.
    pub(super) pipelines: Vec<PipelineId>,
}

impl Finding {
    pub(super) fn new(rule: super::Rule, subject: &str, what: String, advice: &str) -> Self {
        let saving = wire::Saving {
            rule: rule.code().to_owned(),
            subject: subject.to_owned(),
            what,
            advice: advice.to_owned(),
            ..wire::Saving::default()
        };
        Self { saving, pipelines: Vec::new() }
    }

    pub(super) fn figure(mut self, name: &str, value: impl ToString, unit: &str) -> Self {
        let (name, unit) = (name.to_owned(), unit.to_owned());
        self.saving.figures.push(wire::SavingFigure { name, value: value.to_string(), unit });
        self
    }

    /// An amount of money.
    pub(super) fn spent(self, name: &str, micros: i64, currency: &str) -> Self {
        self.figure(name, micros, &format!("millionths of {currency}"))
    }

    /// A length of time.
    pub(super) fn took(self, name: &str, micros: u64) -> Self {
        self.figure(name, micros, "microseconds")
    }

    fn place(mut self, kind: &str, id: String, sequence: u64, note: &str) -> Self {
        if !id.is_empty() && self.saving.evidence.len() < limits::EVIDENCE_MAX {
            let (kind, note) = (kind.to_owned(), note.to_owned());
            self.saving.evidence.push(wire::SavingEvidence { kind, id, sequence, note });
        }
        self
    }

    pub(super) fn run(self, run: &[u8], sequence: u64, note: &str) -> Self {
        let run = RunId::from_slice(run).map(|run| run.to_string()).unwrap_or_default();
        self.place("RUN", run, sequence, note)
    }

    pub(super) fn run_named(self, run: &str, sequence: u64, note: &str) -> Self {
        self.place("RUN", run.to_owned(), sequence, note)
    }

    pub(super) fn asset(self, key: &str, note: &str) -> Self {
        self.place("ASSET", key.to_owned(), 0, note)
    }

    pub(super) fn task(mut self, pipeline: PipelineId, task: &str, sequence: u64, note: &str) -> Self {
        if !self.pipelines.contains(&pipeline) {
            self.pipelines.push(pipeline);
        }
        match task {
            "" => self.place("PIPELINE", pipeline.to_string(), sequence, note),
            task => self.place("TASK", format!("{pipeline}/{task}"), sequence, note),
        }
    }

    /// So much money in 30 days.
    pub(super) fn saves_money(mut self, micros: i128, currency: &str, how: &str) -> Self {
        self.saving.currency = currency.to_owned();
        self.saving.saved = micros.to_string();
        how.clone_into(&mut self.saving.estimate);
        self
    }

    /// So much time in 30 days, where nothing has a price.
    pub(super) fn saves_time(mut self, micros: u64, how: &str) -> Self {
        self.saving.saved_seconds = micros / SECOND;
        how.clone_into(&mut self.saving.estimate);
        self
    }

    pub(super) fn without_estimate(mut self, why: &str) -> Self {
        self.saving.estimate = format!("no estimate: {why}");
        self
    }

    /// Findings with money first, by currency and the most first; then those with time; then the others.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let money: i128 = self.saving.saved.parse().unwrap_or(0);
        let seconds = self.saving.saved_seconds;
        let sort = match (self.saving.saved.is_empty(), seconds) {
            (false, _) => 0,
            (true, 1..) => 1,
            (true, 0) => 2,
        };
        let names = (self.saving.rule.clone(), self.saving.subject.clone());
        let most_first = (std::cmp::Reverse(money), std::cmp::Reverse(seconds));
        (sort, self.saving.currency.clone(), most_first, names)
    }
}

/// A part of an amount: `amount × part ÷ whole`, rounded down; 0 where there is no whole.
pub(super) fn share(amount: i64, part: u64, whole: u64) -> i128 {
    let product = i128::from(amount).saturating_mul(i128::from(part));
    product.checked_div(i128::from(whole)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_thirty_days_and_ends_now() {
        let now = 100 * DAY + 5;
        let period = Period::up_to(now);
        assert_eq!((period.from, period.to, period.today), (71 * DAY, now, 100));
        assert!(period.holds(71 * DAY) && period.holds(now));
        assert!(!period.holds(71 * DAY - 1) && !period.holds(now + 1));
        for extreme in [i64::MIN, 0, i64::MAX] {
            assert!(Period::up_to(extreme).from <= extreme, "{extreme}");
        }
    }

    #[test]
    fn shares_are_rounded_down_and_never_overflow() {
        let cases = [
            (100, 1, 3, 33),
            (100, 3, 3, 100),
            (100, 1, 0, 0),
            (-100, 1, 3, -33),
            (i64::MAX, u64::MAX, u64::MAX, i128::from(i64::MAX)),
        ];
        for (amount, part, whole, expected) in cases {
            assert_eq!(share(amount, part, whole), expected, "{amount} {part}/{whole}");
        }
    }
}
