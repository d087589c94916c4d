//! Running other people's programs: each in a process group of its own, with a chosen environment, its output captured,
//! and nothing of it left when it is over. It knows nothing about tasks, connectors or the coordinator.

pub(crate) mod book;
pub mod confine;
pub(crate) mod environment;
pub(crate) mod group;
pub(crate) mod log;
pub(crate) mod mask;
pub(crate) mod run;
