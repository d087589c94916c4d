//! Tasks of a run: their table, iterations of a matrix below what stands for them, and what waits for a person.

use std::collections::BTreeMap;

use downbeat_proto::metadata::v1::{Run, TaskRun};
use serde_json::Value;

use super::{clean, duration_between, instant, mark, short, table, words};

const HEADER: [&str; 8] = ["", "TASK", "GROUP", "STATUS", "TIME", "ATTEMPTS", "MATRIX", "MESSAGE"];
/// What a narrow terminal can do without, first to last.
const SPARED: [&str; 3] = ["GROUP", "ATTEMPTS", "MATRIX"];

/// Failures that are told in full below a table.
const FAILURES_SHOWN: usize = 5;

/// A task as people name it: `load`, `load[eu]`.
pub fn task_name(task: &TaskRun) -> String {
    let id = clean(&task.task_id);
    if task.matrix_parent_id.is_empty() || id.ends_with(']') { id } else { format!("{id}[{}]", clean(&task.iteration)) }
}

/// Whether it waits for a person to approve it.
pub fn waits_for_approval(task: &TaskRun) -> bool {
    task.integration_job == "APPROVAL" && task.status == "RUNNING" && !task.matrix_parent
}

/// The command that approves it.
pub fn approve_command(run: &Run, task: &TaskRun) -> String {
    let name = task_name(task);
    // Brackets mean something to shells.
    let name = if name.contains('[') { format!("'{name}'") } else { name };
    let who = match task.approvers.as_slice() {
        [] => String::new(),
        [only] => format!(" --as {}", clean(only)),
        _ => " --as EMAIL".to_owned(),
    };
    format!("downbeat run approve {} {name}{who}", short(&run.id))
}

/// Who may approve it, and until when.
pub fn approval(task: &TaskRun) -> String {
    let mut text = "waits for approval".to_owned();
    if !task.approvers.is_empty() {
        text.push_str(&format!(" by {}", clean(&task.approvers.join(", "))));
    }
    if task.approval_until != 0 {
        text.push_str(&format!(" until {}", instant(task.approval_until)));
    }
    text
}

/// The tasks of a run. `now` lets running ones show how long they have been at it.
pub fn task_table(tasks: &[TaskRun], now: Option<i64>, columns: Option<usize>) -> String {
    let (header, rows) = task_rows(tasks, now, columns);
    let lines: Vec<String> = std::iter::once(header).chain(rows.into_iter().map(|(_, line)| line)).collect();
    lines.join("\n")
}

/// Header, and every task with its line, in the order of the table.
pub fn task_rows(tasks: &[TaskRun], now: Option<i64>, columns: Option<usize>) -> (String, Vec<(&TaskRun, String)>) {
    let ordered = ordered(tasks);
    let cells: Vec<Vec<String>> = ordered.iter().map(|task| row(task, now)).collect();
    let mut lines = table::lines(&HEADER, &cells, columns, &SPARED).into_iter();
    let header = lines.next().unwrap_or_default();
    (header, ordered.into_iter().zip(lines).collect())
}

/// One task, where it stands alone.
pub fn task_line(task: &TaskRun) -> String {
    let cells = row(task, None).into_iter().map(|cell| cell.trim_start().to_owned()).filter(|cell| !cell.is_empty());
    format!("task {}", cells.skip(1).collect::<Vec<_>>().join("  "))
}

/// What a person can do for the run.
pub fn task_notes(run: &Run, tasks: &[TaskRun]) -> Vec<String> {
    let waiting = tasks.iter().filter(|task| waits_for_approval(task));
    waiting
        .flat_map(|task| {
            [format!("{} {}:", task_name(task), approval(task)), format!("  {}", approve_command(run, task))]
        })
        .collect()
}

/// What the tasks that failed say, where the width of a terminal cut it off in their table.
pub fn cut_failures(tasks: &[TaskRun], columns: Option<usize>) -> Vec<String> {
    let (_, rows) = task_rows(tasks, None, columns);
    let cut = rows.into_iter().filter(|(task, line)| task.status == "FAILED" && line.ends_with('…'));
    cut.take(FAILURES_SHOWN).map(|(task, _)| format!("{}: {}", task_name(task), words(&task.message))).collect()
}

/// As in the plan, the iterations behind the one that stands for them.
fn ordered(tasks: &[TaskRun]) -> Vec<&TaskRun> {
    let mut iterations: BTreeMap<&str, Vec<&TaskRun>> = BTreeMap::new();
    for task in tasks.iter().filter(|task| !task.matrix_parent_id.is_empty()) {
        iterations.entry(&task.matrix_parent_id).or_default().push(task);
    }
    let mut found = Vec::new();
    for task in tasks.iter().filter(|task| task.matrix_parent_id.is_empty()) {
        found.push(task);
        found.extend(iterations.remove(task.id.as_str()).unwrap_or_default());
    }
    // One whose parent is not known is shown all the same.
    found.extend(iterations.into_values().flatten());
    found
}

fn row(task: &TaskRun, now: Option<i64>) -> Vec<String> {
    let indent = if task.matrix_parent_id.is_empty() { "" } else { "  " };
    let seen = if task.seen_as.is_empty() { String::new() } else { format!(", seen as {}", task.seen_as) };
    vec![
        mark(&task.status).to_owned(),
        format!("{indent}{}", task_name(task)),
        clean(&task.group_id),
        format!("{}{seen}", task.status),
        duration_between(task.started_at, task.completed_at, now),
        if task.attempts > 1 { task.attempts.to_string() } else { String::new() },
        values(task),
        message(task),
    ]
}

/// The first line of what there is to say about it.
fn message(task: &TaskRun) -> String {
    let mut parts = Vec::new();
    if waits_for_approval(task) {
        parts.push(approval(task));
    }
    // What is said of an approval while it waits is that it waits.
    let said = if parts.is_empty() { words(task.message.lines().next().unwrap_or_default()) } else { String::new() };
    if !task.child_run_id.is_empty() && !said.contains(&short(&task.child_run_id)) {
        parts.push(format!("run {}", short(&task.child_run_id)));
    }
    if !task.marked_by.is_empty() && !said.contains(&task.marked_by) {
        parts.push(format!("marked by {}", clean(&task.marked_by)));
    }
    if !said.is_empty() {
        parts.push(said);
    }
    parts.join("; ")
}

/// The values of an iteration, where its name does not say them.
fn values(task: &TaskRun) -> String {
    let Ok(Value::Object(values)) = serde_json::from_str::<Value>(&task.matrix) else { return String::new() };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if values.values().all(|value| text(value) == task.iteration) {
        return String::new();
    }
    let pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    clean(&pairs.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, name: &str, status: &str) -> TaskRun {
        TaskRun { id: id.to_owned(), task_id: name.to_owned(), status: status.to_owned(), ..TaskRun::default() }
    }

    fn iteration(id: &str, parent: &str, name: &str, matrix: &str) -> TaskRun {
        TaskRun {
            matrix_parent_id: parent.to_owned(),
            iteration: name.to_owned(),
            matrix: matrix.to_owned(),
            ..task(id, "load", "SUCCEEDED")
        }
    }

    #[test]
    fn iterations_stand_below_what_stands_for_them() {
        let tasks = [
            TaskRun { matrix_parent: true, ..task("1", "load", "RUNNING") },
            task("2", "after", "CREATED"),
            iteration("3", "1", "eu", r#"{"region":"eu"}"#),
            iteration("4", "1", "1", r#"{"region":"us"}"#),
        ];
        let table = task_table(&tasks, None, None);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "   TASK        STATUS     MATRIX");
        assert_eq!(lines[1], "▸  load        RUNNING");
        assert_eq!(lines[2], "✓    load[eu]  SUCCEEDED");
        assert_eq!(lines[3], "✓    load[1]   SUCCEEDED  region=us");
        assert_eq!(lines[4], "·  after       CREATED");
    }

    #[test]
    fn what_was_carried_over_or_decided_by_hand_is_said() {
        let carried = TaskRun { seen_as: "SUCCEEDED".to_owned(), ..task("1", "load", "SKIPPED") };
        assert!(task_table(&[carried], None, None).contains("SKIPPED, seen as SUCCEEDED"));
        let marked = TaskRun {
            marked_by: "anna".to_owned(),
            message: "loaded by hand".to_owned(),
            ..task("1", "load", "SUCCEEDED")
        };
        assert_eq!(task_line(&marked), "task load  SUCCEEDED  marked by anna; loaded by hand");
    }

    #[test]
    fn approvals_come_with_the_command() {
        let run = Run { id: "0123456789abcdef".to_owned(), ..Run::default() };
        let waiting = TaskRun {
            integration_job: "APPROVAL".to_owned(),
            approvers: vec!["anna@example.org".to_owned()],
            message: "waiting for an approval".to_owned(),
            ..task("1", "release", "RUNNING")
        };
        let expected = [
            "release waits for approval by anna@example.org:",
            "  downbeat run approve 01234567 release --as anna@example.org",
        ];
        assert_eq!(task_notes(&run, std::slice::from_ref(&waiting)), expected);
        assert_eq!(task_line(&waiting), "task release  RUNNING  waits for approval by anna@example.org");
        let one = TaskRun { matrix_parent_id: "p".to_owned(), iteration: "eu".to_owned(), ..waiting.clone() };
        assert!(approve_command(&run, &one).contains(" 'release[eu]' "));
        assert!(task_notes(&run, &[TaskRun { status: "SUCCEEDED".to_owned(), ..waiting }]).is_empty());
    }
}
