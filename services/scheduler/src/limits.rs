//! Limits of the scheduler (INV-12).

use std::time::Duration;

use crate::batching::Bounds;

/// Firings that wait for the coordinator's answer at once.
pub const FIRINGS_IN_FLIGHT_MAX: usize = 2_048;
/// Calls about firings.
pub const FIRING_CALLS: Bounds = Bounds { questions: 256, weight: 256, calls: 8 };
/// Calls about events; of an event its data weighs, in bytes.
pub const EVENT_CALLS: Bounds = Bounds { questions: 256, weight: 2 * 1024 * 1024, calls: 2 };
/// How long a firing is offered to a coordinator that does not answer.
pub const FIRING_PATIENCE: Duration = Duration::from_secs(3_600);
/// How long a schedule rests after the coordinator refused to decide about it.
pub const REFUSED_PAUSE: Duration = Duration::from_secs(10);
/// Stretches of a schedule's life that are over and hold undecided instants; of more, the first are forgotten.
pub const UNDECIDED_SPANS_MAX: usize = 64;
/// The loop looks at the clock at least this often, so that a clock that was set is noticed.
pub const WALL_CHECK_INTERVAL: Duration = Duration::from_secs(30);
/// Messages of one subject per second that are let through, unless configured otherwise.
pub const MESSAGES_PER_SUBJECT: u32 = 10_000;
/// So much of that rate may come at once.
pub const FLOOD_BURST: Duration = Duration::from_secs(1);
/// A message that waits for its place may come so much too early.
pub const FLOOD_TOLERANCE: Duration = Duration::from_millis(50);
/// Messages that wait for their place; others come again and take a new one.
pub const FLOOD_PLACES_MAX: usize = 100_000;
/// How long the place of a message is kept that does not come.
pub const FLOOD_PLACE_KEPT: Duration = Duration::from_secs(120);
/// Subjects whose rates are known at once.
pub const FLOOD_SUBJECTS_MAX: usize = 10_000;
/// Subjects that flood are reported this often.
pub const FLOOD_REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// Half the first pause before an event is offered again to a coordinator that did not answer; doubled with every delivery.
pub const COORDINATOR_PAUSE: Duration = Duration::from_millis(250);
/// The longest such pause.
pub const COORDINATOR_PAUSE_MAX: Duration = Duration::from_secs(10);
/// How long the coordinator may take to answer for an event. Shorter than [`ACK_WAIT`], so that a message is offered once at a time.
pub const TAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Messages that one scheduler is about at once.
pub const MESSAGES_IN_FLIGHT_MAX: usize = 512;
/// Messages that one pull asks for.
pub const MESSAGES_PER_PULL: usize = 512;
/// Bytes that one pull asks for; more than [`TRIGGER_MESSAGE_BYTES_MAX`], or a large message would never come.
pub const PULL_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A message that the stream takes, bytes, headers included; what is larger is refused to its publisher by NATS.
pub const TRIGGER_MESSAGE_BYTES_MAX: i32 = 8 * 1024 * 1024;
/// How long one pull waits for messages.
pub const PULL_EXPIRES: Duration = Duration::from_secs(30);
/// How often NATS shows during a pull that it is there.
pub const PULL_HEARTBEAT: Duration = Duration::from_secs(5);
/// How long messages that are being taken are waited for when the scheduler ends.
pub const DRAIN: Duration = Duration::from_secs(5);
/// Counts are logged this often, where they changed.
pub const COUNTS_INTERVAL: Duration = Duration::from_secs(60);
/// A message that was not settled by then is delivered again.
pub const ACK_WAIT: Duration = Duration::from_secs(30);
/// Messages that all schedulers together may be about, those that wait for a later delivery included.
pub const ACK_PENDING_MAX: i64 = 50_000;
/// Bytes of messages that wait for schedulers; a publisher of more is refused by NATS, and knows it.
pub const TRIGGER_STREAM_BYTES: i64 = 1024 * 1024 * 1024;
/// How often it is looked how full the trigger stream is.
pub const ROOM_INTERVAL: Duration = Duration::from_secs(10);
/// From so many percent of a limit of the stream on, operators are told.
pub const LITTLE_ROOM_PERCENT: u64 = 90;
/// Bytes of dead letters; the oldest go first.
pub const DEAD_STREAM_BYTES: i64 = 256 * 1024 * 1024;
/// How long dead letters are kept.
pub const DEAD_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Within this time NATS itself drops a message whose Nats-Msg-Id it has seen.
pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// The reason in the header of a dead letter, bytes.
pub const DEAD_REASON_BYTES_MAX: usize = 2 * 1024;
/// How long NATS may take to answer one request.
pub const NATS_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause before a NATS that is away is asked again.
pub const NATS_PAUSE: Duration = Duration::from_secs(1);
/// Dead letters that a list shows at most.
pub const DEAD_LISTED_MAX: usize = 10_000;
