//! What people see: tables, trees, durations. Knows nothing about where the values come from.

mod alerts;
mod answers;
mod artifacts;
mod asset;
mod audit;
mod backfill;
mod connection;
mod costs;
mod dead;
pub mod difference;
mod endpoint;
mod environment;
pub mod graph;
mod health;
mod integrations;
mod key;
pub mod lineage;
pub mod lines;
pub mod live;
mod login;
mod operation;
mod output;
mod pipeline;
mod pool;
mod run;
mod savings;
mod schedule;
mod sensor;
mod table;
mod task;
mod task_runs;
mod time;
mod trends;
pub mod why;
mod words;

pub use alerts::alert_table;
pub use answers::{Held, broken_lines, now_lines};
pub use artifacts::artifacts;
pub use asset::{asset_lines, asset_table, change_table, test_table};
pub use audit::audit_table;
pub use backfill::{backfill_header, backfill_table, instant_table, preview_table};
pub use connection::{connection_table, connection_text};
pub use costs::{budget_table, cost_table, entry_table, money, period, price_table, unpriced_lines};
pub use dead::dead_table;
pub use endpoint::endpoint_table;
pub use environment::{environment_table, environment_text};
pub use health::{breach_table, health_lines};
pub use integrations::integration_table;
pub use key::key_table;
pub use login::login_table;
pub use operation::operation_table;
pub use output::{columns, look, print};
pub use pipeline::{pipeline_lines, pipeline_table};
pub use pool::pool_table;
pub use run::{is_live, run_header, run_notes, run_table};
pub use savings::savings_lines;
pub use schedule::{FiringRow, schedule_table};
pub use sensor::sensor_lines;
pub use task::{cut_failures, task_line, task_name, task_notes, task_table};
pub use task_runs::task_run_table;
pub use time::{duration, duration_between, instant, moment};
pub use trends::{duration_table, integration_health_table, lateness_table};
pub use words::{clean, short, words};

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
