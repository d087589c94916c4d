//! Pipelines that tests and benches run.

use std::fmt::Write;

/// `tasks` no-op tasks that do not depend on each other.
pub fn fan_out(tasks: usize) -> String {
    let mut text = head("fan-out");
    for at in 0..tasks {
        noop(&mut text, at, None);
    }
    text
}

/// `tasks` no-op tasks, each after the one before.
pub fn chain(tasks: usize) -> String {
    let mut text = head("chain");
    for at in 0..tasks {
        noop(&mut text, at, at.checked_sub(1));
    }
    text
}

/// Short scripts beside and after each other: a run that takes some seconds and has something to lose.
pub fn scripts(width: usize, depth: usize, seconds: f32) -> String {
    let mut text = head("scripts");
    for row in 0..depth {
        for column in 0..width {
            let depends_on = if row == 0 { String::new() } else { format!("t_{}_{column}", row - 1) };
            let id = format!("t_{row}_{column}");
            writeln!(
                text,
                "  {id}:\n    integration: PYTHON\n    integration_job: PYTHON_EXECUTE_SCRIPT\n    depends_on: [{depends_on}]\n    \
                 parameters:\n      source: INLINE\n      python_version: '3.11'\n      code: |\n        \
                 import time\n        time.sleep({seconds})\n        print('{id} done')"
            )
            .expect("writing to a string");
        }
    }
    text
}

fn head(name: &str) -> String {
    format!("version: v1\nname: {name}\npipeline:\n")
}

fn noop(text: &mut String, at: usize, after: Option<usize>) {
    let depends_on = after.map(|before| format!(", depends_on: [t{before}]")).unwrap_or_default();
    writeln!(text, "  t{at}: {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}{depends_on}}}")
        .expect("writing to a string");
}
