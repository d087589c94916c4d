//! The processes of the simulation: the real engines, each with the clocks, the connections and the deaths of a process.
//!
//! They do what the drivers of the services do, with virtual time instead of tokio.

pub mod carrying;
pub mod client;
pub mod coordinator;
pub mod job;
mod people;
pub mod projector;
pub mod scheduler;
mod spending;
mod taking;
pub mod worker;
