//! Limits of the scheduler (INV-12).

use std::time::Duration;

/// Firings that wait for the coordinator's answer at once.
pub const FIRINGS_IN_FLIGHT_MAX: usize = 256;
/// How long a firing is offered to a coordinator that does not answer.
pub const FIRING_PATIENCE: Duration = Duration::from_secs(3_600);
/// How long a schedule rests after the coordinator refused to decide about it.
pub const REFUSED_PAUSE: Duration = Duration::from_secs(10);
/// Stretches of a schedule's life that are over and hold undecided instants; of more, the first are forgotten.
pub const UNDECIDED_SPANS_MAX: usize = 64;
/// The loop looks at the clock at least this often, so that a clock that was set is noticed.
pub const WALL_CHECK_INTERVAL: Duration = Duration::from_secs(30);
