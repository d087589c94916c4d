//! Limits of the scheduler (INV-12).

use std::time::Duration;

/// A schedule that is later than this was missed: it is skipped, as the language has no catch-up.
pub const LATENESS_MAX: Duration = Duration::from_secs(60);
/// Firings that wait for the coordinator's answer at once.
pub const FIRINGS_IN_FLIGHT_MAX: usize = 256;
/// How long a firing is offered to a coordinator that does not answer.
pub const FIRING_PATIENCE: Duration = Duration::from_secs(3_600);
/// Instants that one schedule may pass over in one step (excluded dates).
pub const EXCLUDED_STEPS_MAX: usize = 1_000;
/// The loop looks at the clock at least this often, so that a clock that was set is noticed.
pub const WALL_CHECK_INTERVAL: Duration = Duration::from_secs(30);
