//! Whose data came of whose: names, SQL and the words of other systems become assets and edges.
//!
//! Promises: pure and total over its input: text that is hostile, too large or in an unknown dialect gives a reason, never a panic and
//! never an edge that nobody can answer for. One asset has one key whoever reports it. Knows nothing about runs, the log, files,
//! sockets or clocks.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod limits;
pub mod naming;
pub mod openlineage;
pub mod sql;
