//! When the next attempt may go.

use jiff::Timestamp;

use crate::{
    command::Context,
    decide::later_ms,
    limits,
    plan::{Backoff, PlanTask},
    state::{RunState, TaskState},
};

/// After a failed attempt; `None` = there is no further one.
pub(super) fn after_failure(run: &RunState, task: &TaskState, plan: &PlanTask, context: &Context) -> Option<Timestamp> {
    let again = run.halt.is_none() && task.mark.is_none() && task.failures < plan.retries;
    again.then(|| later_ms(context.now, delay_ms(&plan.backoff, task.failures, context.random)))
}

/// The pause after failure number `failures` (from 0). Jitter takes part of it away and never adds, so that a bound stays one.
fn delay_ms(backoff: &Backoff, failures: u32, random: u64) -> u64 {
    let factor = if backoff.exponential { 1u64.checked_shl(failures).unwrap_or(u64::MAX) } else { 1 };
    let bound = if backoff.max_delay_ms == 0 { limits::BACKOFF_MS_MAX } else { backoff.max_delay_ms };
    let delay = backoff.delay_ms.saturating_mul(factor).min(bound).min(limits::BACKOFF_MS_MAX);
    let by_chance = delay.saturating_mul(u64::from(backoff.jitter_thousandths.min(1_000))) / 1_000;
    delay - if by_chance == 0 { 0 } else { random % (by_chance + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_their_bound_and_jitter_only_shortens_them() {
        let fixed = Backoff { delay_ms: 500, ..Backoff::default() };
        let doubling = Backoff { delay_ms: 1_000, exponential: true, max_delay_ms: 5_000, ..Backoff::default() };
        let drawn = Backoff { jitter_thousandths: 250, ..doubling };
        let cases = [
            (fixed, 0, 0, 500),
            (fixed, 7, 99, 500),
            (doubling, 0, 0, 1_000),
            (doubling, 1, 0, 2_000),
            (doubling, 2, 0, 4_000),
            (doubling, 3, 0, 5_000),
            (doubling, 200, 0, 5_000),
            (drawn, 1, 0, 2_000),
            (drawn, 1, 500, 1_500),
            (drawn, 1, 501, 2_000),
            (drawn, 1, 123, 1_877),
        ];
        for (backoff, failures, random, expected) in cases {
            assert_eq!(delay_ms(&backoff, failures, random), expected, "{backoff:?} {failures} {random}");
        }
        let endless = Backoff { delay_ms: u64::MAX, exponential: true, ..Backoff::default() };
        assert_eq!(delay_ms(&endless, 64, 0), limits::BACKOFF_MS_MAX);
    }
}
