//! What people see: tables, trees, durations. Knows nothing about where the values come from.

pub mod lineage;
pub mod lines;
pub mod live;
mod output;
mod pool;
mod run;
mod table;
mod task;
mod time;
pub mod why;

pub use output::{columns, look, print};
pub use pool::pool_table;
pub use run::{is_live, run_header, run_notes, run_table};
pub use task::{task_line, task_name, task_notes, task_table};
pub use time::{duration_between, instant, moment};

/// A sign for a status, so that a table can be read at a glance.
pub fn mark(status: &str) -> &'static str {
    match status {
        "SUCCEEDED" | "HEALTHY" => "✓",
        "WARNING" => "!",
        "FAILED" | "UNHEALTHY" => "✗",
        "SKIPPED" => "-",
        "CANCELLED" | "CANCELLING" => "×",
        "RUNNING" => "▸",
        _ => "·",
    }
}

/// Text from outside on a terminal: without control characters, which could move the cursor or worse.
pub fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
