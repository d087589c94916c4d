//! What tests of this crate and of others need to stand in for systems that cannot be reached, and to find what must not be found. Not a part
//! of the worker.

pub mod canary;
pub mod recorded;
