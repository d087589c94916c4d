//! What stands under `meta.downbeat`: ours, and nobody else's.

use super::Schedule;

/// Of a pipeline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PipelineAdditions {
    /// Further cron triggers, written in the five fields of Unix.
    pub schedules: Vec<Schedule>,
}

/// Of a task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskAdditions {
    /// How long to wait between attempts, instead of `retry_delay`.
    pub retry: Option<RetryDelay>,
}

/// How long to wait before a further attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryDelay {
    /// Milliseconds before the second attempt.
    pub delay_ms: u64,
    /// The delay doubles with every attempt.
    pub exponential: bool,
    /// The longest delay, in milliseconds.
    pub max_delay_ms: Option<u64>,
    /// Part of the delay, 0 to 1, that is drawn by chance.
    pub jitter: f64,
}
