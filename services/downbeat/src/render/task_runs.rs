//! Task runs of several runs, one a line.

use downbeat_proto::metadata::v1::TaskRun;

use super::{clean, duration_between, instant, mark, short, table, task_name, words};

const HEADER: [&str; 9] = ["", "TASK", "RUN", "INTEGRATION", "STATUS", "CREATED", "TIME", "TASK RUN", "MESSAGE"];
/// What a narrow terminal can do without, first to last.
const SPARED: [&str; 3] = ["TASK RUN", "INTEGRATION", "TIME"];

/// Task runs, as they came.
pub fn task_run_table(tasks: &[TaskRun], columns: Option<usize>) -> String {
    let row = |task: &TaskRun| {
        vec![
            mark(&task.status).to_owned(),
            task_name(task),
            short(&task.run_id),
            clean(&task.integration),
            task.status.clone(),
            instant(task.created_at),
            duration_between(task.started_at, task.completed_at, None),
            task.id.clone(),
            words(task.message.lines().next().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = tasks.iter().map(row).collect();
    table::lines(&HEADER, &rows, columns, &SPARED).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_which_run_and_how_it_went() {
        let task = TaskRun {
            id: "fedcba98-0000-4000-8000-000000000000".to_owned(),
            run_id: "0123456789abcdef".to_owned(),
            task_id: "load".to_owned(),
            integration: "PYTHON".to_owned(),
            status: "FAILED".to_owned(),
            message: "exit status 1\u{1b}[2J\nmore".to_owned(),
            created_at: 1_772_366_400_000_000,
            started_at: 1_000_000,
            completed_at: 3_000_000,
            ..TaskRun::default()
        };
        let wide = task_run_table(std::slice::from_ref(&task), None);
        let line = wide.lines().nth(1).unwrap();
        for part in
            ["✗  load  01234567  PYTHON", "FAILED", "2.0 s", "fedcba98-0000-4000-8000-000000000000", "exit status 1"]
        {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!wide.contains('\u{1b}') && !wide.contains("more"), "{wide}");
        let narrow = task_run_table(&[task], Some(80));
        assert!(!narrow.contains("TASK RUN") && narrow.contains("01234567"), "{narrow}");
    }
}
