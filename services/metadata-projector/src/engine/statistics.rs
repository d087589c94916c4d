//! Sums and middles of lengths of time. Whole numbers throughout; nothing here is negative, and nothing overflows.
//!
//! Knows nothing about what took so long.

use downbeat_proto::metadata::v1 as wire;

use crate::limits;

/// How long from one instant to another, microseconds: 0 where the clock went back, and never more than the limit.
pub fn span(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0).min(limits::SPAN_MICROS_MAX)
}

/// What is usual among these. `None`: there are none.
pub fn baseline(values: &[u64]) -> Option<wire::Baseline> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let max = *sorted.last()?;
    let median = percentile(&sorted, 50);
    let mut distances: Vec<u64> = sorted.iter().map(|value| value.abs_diff(median)).collect();
    distances.sort_unstable();
    Some(wire::Baseline {
        count: u32::try_from(values.len()).unwrap_or(u32::MAX),
        median,
        spread: percentile(&distances, 50),
        p95: percentile(&sorted, 95),
        max,
    })
}

/// The smallest value that so many per cent do not exceed; 0 of nothing.
fn percentile(sorted: &[u64], per_cent: usize) -> u64 {
    let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

/// How durations move, with what was usual lately and before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// Of the newest half.
    pub recent: Option<wire::Baseline>,
    /// Of the half before.
    pub older: Option<wire::Baseline>,
    /// SLOWING, FASTER, STEADY, UNKNOWN.
    pub word: &'static str,
}

impl Trend {
    /// Of these durations, the oldest first.
    ///
    /// The newest half is compared with the half before. A change counts when the middles differ by more than a quarter of the smaller one, by
    /// more than twice the older half's spread, and by a second or more: so one slow run is none, and neither is noise.
    pub fn of(durations: &[u64]) -> Self {
        let (before, after) = durations.split_at(durations.len() - durations.len() / 2);
        let (older, recent) = (baseline(before), baseline(after));
        let word = match (&older, &recent) {
            (Some(older), Some(recent)) if durations.len() >= limits::TREND_DURATIONS_MIN => word(older, recent),
            _ => "UNKNOWN",
        };
        Self { recent, older, word }
    }

    /// By how much the middle grew.
    pub fn grown(&self) -> u64 {
        let median = |of: &Option<wire::Baseline>| of.as_ref().map_or(0, |baseline| baseline.median);
        median(&self.recent).saturating_sub(median(&self.older))
    }
}

fn word(older: &wire::Baseline, recent: &wire::Baseline) -> &'static str {
    let (less, more) = (older.median.min(recent.median), older.median.max(recent.median));
    let difference = more - less;
    let counts = difference > less / 4
        && difference > older.spread.saturating_mul(2)
        && difference >= limits::TREND_DIFFERENCE_MICROS_MIN;
    match recent.median > older.median {
        _ if !counts => "STEADY",
        true => "SLOWING",
        false => "FASTER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_clock_that_goes_back_or_far_ahead_breaks_no_span() {
        let cases = [
            (1, 3, 2),
            (3, 1, 0),
            (5, 5, 0),
            (i64::MIN, i64::MAX, limits::SPAN_MICROS_MAX),
            (0, i64::MAX, limits::SPAN_MICROS_MAX),
            (i64::MAX, i64::MIN, 0),
        ];
        for (from, to, expected) in cases {
            assert_eq!(span(from, to), expected, "{from} to {to}");
        }
    }

    #[test]
    fn middles_spreads_and_tails() {
        let told = |values: &[u64]| baseline(values).map(|it| (it.count, it.median, it.spread, it.p95, it.max));
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[7]), Some((1, 7, 0, 7, 7)));
        assert_eq!(told(&[9, 1, 5]), Some((3, 5, 4, 9, 9)));
        let hundred: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(told(&hundred), Some((100, 50, 25, 95, 100)));
        assert_eq!(told(&[u64::MAX, 0]), Some((2, 0, 0, u64::MAX, u64::MAX)));
    }

    #[test]
    fn a_trend_is_more_than_noise_and_more_than_one_outlier() {
        let steps = |older: u64, recent: u64| [vec![older; 5], vec![recent; 5]].concat();
        let noisy: Vec<u64> = [10, 30, 10, 30, 20, 30, 31, 29, 30, 30].map(|seconds| seconds * SECOND).to_vec();
        let mut outlier = vec![10 * SECOND; 9];
        outlier.push(900 * SECOND);
        let cases = [
            ("too few", vec![SECOND; 9], "UNKNOWN"),
            ("none", vec![], "UNKNOWN"),
            ("the same", steps(10 * SECOND, 10 * SECOND), "STEADY"),
            ("a quarter more", steps(8 * SECOND, 10 * SECOND), "STEADY"),
            ("more than a quarter more", steps(8 * SECOND, 10 * SECOND + 1), "SLOWING"),
            ("half", steps(10 * SECOND, 5 * SECOND), "FASTER"),
            ("less than a second", steps(SECOND, 2 * SECOND - 1), "STEADY"),
            ("within twice the spread", noisy, "STEADY"),
            ("one outlier", outlier, "STEADY"),
        ];
        for (name, durations, expected) in cases {
            assert_eq!(Trend::of(&durations).word, expected, "{name}");
        }
        let trend = Trend::of(&steps(8 * SECOND, 20 * SECOND));
        assert_eq!(trend.grown(), 12 * SECOND);
        let odd = Trend::of(&[1, 1, 9]);
        assert_eq!((odd.older.unwrap().count, odd.recent.unwrap().count), (2, 1), "an odd one belongs to those before");
    }
}
