//! Virtual time: the queue of what happens when, and the clocks that a process reads. Nothing here reads a real clock.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;

/// Microseconds since the simulation began.
pub type At = u64;
/// A millisecond.
pub const MILLISECOND: At = 1_000;
/// A second.
pub const SECOND: At = 1_000_000;

/// Wall time of a correct clock when the simulation begins, 2026-03-29T00:59:30Z: just before a minute, so that schedules fire soon, and
/// half a minute before London's clock leaves an hour out.
const BEGIN_WALL_MICROS: i64 = 1_774_745_970_000_000;

/// What will happen, in the order of its time; what is due at one instant keeps the order in which it was put in.
#[derive(Debug)]
pub struct Queue<E> {
    events: BTreeMap<(At, u64), E>,
    tie: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { events: BTreeMap::new(), tie: 0 }
    }
}

impl<E> Queue<E> {
    /// `event` happens at `at`.
    pub fn push(&mut self, at: At, event: E) {
        self.tie += 1;
        self.events.insert((at, self.tie), event);
    }

    /// The next event.
    pub fn pop(&mut self) -> Option<(At, E)> {
        self.events.pop_first().map(|((at, _), event)| (at, event))
    }
}

/// The clocks of one process: a wall clock that people set, and a monotonic one that runs a little wrong.
#[derive(Clone, Debug)]
pub struct Clocks {
    began: At,
    /// Millionths by which the monotonic clock is too fast.
    drift_ppm: i64,
    /// How far the wall clock is ahead, microseconds.
    pub wall_offset: i64,
}

impl Clocks {
    /// Clocks of a process that begins now.
    pub fn start(now: At, drift_ppm: i64, wall_offset: i64) -> Self {
        Self { began: now, drift_ppm, wall_offset }
    }

    /// What the process records.
    pub fn wall(&self, now: At) -> Timestamp {
        let micros = BEGIN_WALL_MICROS + now as i64 + self.wall_offset;
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// What the process measures with.
    pub fn monotonic(&self, now: At) -> Duration {
        let passed = now.saturating_sub(self.began) as i64;
        Duration::from_micros((passed + passed / 1_000 * self.drift_ppm / 1_000).max(0) as u64)
    }

    /// When the monotonic clock shows this; never before it does.
    pub fn when_monotonic(&self, shown: Duration) -> At {
        let shown = shown.as_micros() as i128;
        let passed = shown * 1_000_000 / (1_000_000 + i128::from(self.drift_ppm));
        // The rounding of `monotonic` loses up to a millisecond.
        self.began + passed.max(0) as u64 + MILLISECOND + 1
    }

    /// When the wall clock, as it is set now, shows this.
    pub fn when_wall(&self, shown: Timestamp) -> At {
        (shown.as_microsecond() - BEGIN_WALL_MICROS - self.wall_offset).max(0) as u64
    }
}

/// The instant of a correct wall clock.
pub fn true_wall(now: At) -> Timestamp {
    Clocks::start(0, 0, 0).wall(now)
}
