//! The scheduler: time becomes commands.
//!
//! Promises: an instant of a schedule is asked for at its time and, while the coordinator is away, again and again; it decides
//! nothing, so several schedulers may run at once. Knows nothing about runs.

pub mod asking;
pub mod config;
pub mod driver;
pub mod engine;
pub mod error;
pub mod limits;
pub mod reading;

pub use driver::run;
