//! What tests of this crate and of others need to stand in for systems that cannot be reached. Not a part of the worker.

pub mod recorded;
