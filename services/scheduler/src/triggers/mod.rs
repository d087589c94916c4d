//! Messages on NATS subjects below `downbeat.trigger.` become events for triggers.
//!
//! Promises: a message is acknowledged only once the coordinator has recorded what came of it, or it lies among the dead letters
//! with the reason; so nothing is lost while a scheduler or the coordinator is down, and any number of schedulers may share the
//! work. Exactly once is the coordinator's promise: an event, told by its source and id, counts once per trigger. Knows nothing
//! about pipelines.

pub mod dead;
mod driver;
pub mod engine;
mod flood;
pub mod message;
pub mod nats;
mod room;
mod taking;

pub use driver::run;
pub use taking::request_of;

/// What messages for triggers are published below.
pub const TRIGGER_PREFIX: &str = "downbeat.trigger.";
/// What dead letters are published below: the subject of the message follows.
pub const DEAD_PREFIX: &str = "downbeat.dead.trigger.";
