//! Our own runs as events of OpenLineage: what is told of which, held against the official schemas and the real core; to a real server
//! and into a file, whatever is away, refuses, or is killed.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod feeds;
mod http;
mod judge;
mod receiver;
mod restarts;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod worlds;
