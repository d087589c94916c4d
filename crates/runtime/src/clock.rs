//! The only reader of real time. Everything else gets instants as arguments.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Wall time, whole microseconds: what is recorded. It may jump.
    pub wall: Timestamp,
    /// Since this process started: what leases are measured with. It never jumps.
    pub monotonic: Duration,
}

/// Reads both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock whose monotonic part begins now.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// This moment.
    pub fn now(&self) -> Now {
        Now { wall: wall_now(), monotonic: self.started.elapsed() }
    }
}

/// Wall time in whole microseconds, as the wire carries it.
pub fn wall_now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}
