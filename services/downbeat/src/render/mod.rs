//! What people see: tables, trees, durations. Knows nothing about where the values come from.

pub mod lineage;
pub mod lines;
pub mod live;
mod output;
mod table;
mod time;

use downbeat_proto::metadata::v1::{Run, TaskRun};

pub use output::{look, print};
pub use time::{duration_between, instant};

/// One line about a run, and its message if it has one.
pub fn run_header(run: &Run) -> String {
    let took = duration_between(run.started_at, run.completed_at, None);
    let mut line = format!("run {}  {} (version {})  {}", run.id, run.pipeline_alias, run.pipeline_version, run.status);
    if !took.is_empty() {
        line.push_str(&format!("  {took}"));
    }
    if !run.message.is_empty() {
        line.push_str(&format!("\n{}", clean(&run.message)));
    }
    line
}

/// The tasks of a run. `now` lets running ones show how long they have been at it.
pub fn task_table(tasks: &[TaskRun], now: Option<i64>) -> String {
    let rows = tasks.iter().map(|task| {
        vec![
            mark(&task.status).to_owned(),
            clean(&task.task_id),
            clean(&task.group_id),
            task.status.clone(),
            duration_between(task.started_at, task.completed_at, now),
            if task.attempts > 1 { task.attempts.to_string() } else { String::new() },
            clean(task.message.lines().next().unwrap_or_default()),
        ]
    });
    table::render(&["", "TASK", "GROUP", "STATUS", "TIME", "ATTEMPTS", "MESSAGE"], rows)
}

/// Runs, one a line.
pub fn run_table(runs: &[Run]) -> String {
    let rows = runs.iter().map(|run| {
        let trigger =
            if run.schedule.is_empty() { run.trigger.clone() } else { format!("{} {}", run.trigger, run.schedule) };
        vec![
            mark(&run.status).to_owned(),
            run.id.clone(),
            clean(&run.pipeline_alias),
            run.status.clone(),
            clean(&trigger),
            instant(run.created_at),
            duration_between(run.started_at, run.completed_at, None),
            clean(run.message.lines().next().unwrap_or_default()),
        ]
    });
    table::render(&["", "RUN", "PIPELINE", "STATUS", "TRIGGER", "CREATED", "TIME", "MESSAGE"], rows)
}

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
