//! Every limit of the core, with its unit (INV-12).

/// Tasks of one pipeline.
pub const TASKS_PER_PIPELINE_MAX: usize = 100_000;
/// Serialised JSON of the outputs of one attempt, bytes. A record carries at most 512 KiB.
pub const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// Serialised JSON of the inputs, or of the environment variables, of one run, bytes.
pub const INPUT_BYTES_MAX: usize = 128 * 1024;
/// A message that goes into an event, bytes; longer ones are cut.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// A reason, or the text or value of a condition, inside an event of which one decision may hold many, bytes.
pub const BRIEF_BYTES_MAX: usize = 256;
/// Serialised JSON of the resolved parameters of one attempt, bytes.
pub const PARAMETER_BYTES_MAX: usize = 256 * 1024;
/// Events that one step of [`crate::decide::advance`] may take; the rest follows in further decisions. Such an event takes at
/// most 1.2 KiB (a reason, a condition's text and its value), so that a decision stays below 380 KiB even where its first
/// event carries outputs of the largest size.
pub const EVENTS_PER_ADVANCE_MAX: usize = 100;
/// What a connector may keep of an attempt, bytes.
pub const HANDLE_BYTES_MAX: usize = 64 * 1024;
/// Attempts of one task that may be lost with their worker before the task fails, whatever its `retries` say.
pub const LOST_ATTEMPTS_MAX: u32 = 3;
/// How far ahead of the coordinator's clock a scheduler's may be, seconds.
pub const SCHEDULE_AHEAD_SECONDS_MAX: i64 = 60;
/// Idempotency key, characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Pipeline alias, characters.
pub const ALIAS_CHARS_MAX: usize = 255;
