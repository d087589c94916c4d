//! Questions to a consistent view of the rows.
//!
//! Promises: no answer without a limit. Knows nothing about sockets or waiting.

pub mod answers;
pub mod asset_list;
pub mod assets;
pub mod audit;
pub mod backfills;
mod by_age;
pub mod costs;
mod filters;
pub mod history;
pub mod lineage;
pub mod lists;
pub mod narrate;
pub mod operations;
pub mod page;
pub mod runs;
pub mod savings;
pub mod shape;
mod shapes;
pub mod sought;
pub mod task_runs;
pub mod tasks;
pub mod tool_state;
pub mod trends;
pub mod versions;

use crate::error::Error;

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The question makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The answer does not fit into one message.
    #[error("{0}")]
    TooLarge(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}
