//! Pauses between attempts: doubling from 50 ms to 2 s. Without jitter: each service waits for one place only.

use std::time::Duration;

use crate::limits::RETRY_PAUSE;

/// The pause before attempt number `attempt`, counted from 1.
pub fn pause(attempt: u32) -> Duration {
    let (first, longest) = RETRY_PAUSE;
    first.saturating_mul(1 << attempt.saturating_sub(1).min(10)).min(longest)
}
