//! The scheduler: time becomes commands.
//!
//! Promises: an instant of a schedule is asked for at its time and, while the coordinator is away, again and again; it decides
//! nothing, so several schedulers may run at once. A message for event triggers is settled once the coordinator has answered for it. Knows nothing about runs.

pub mod asking;
pub mod batching;
pub mod config;
pub mod driver;
pub mod engine;
pub mod error;
pub mod limits;
pub mod metrics;
pub mod reading;
mod traces;
pub mod triggers;
pub mod zones;

pub use driver::run;
