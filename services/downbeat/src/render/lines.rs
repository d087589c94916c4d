//! A run as lines: one for every change of a status, for files and other programs.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use downbeat_proto::metadata::v1::{Run, TaskRun};
use downbeat_runtime::clock;

use super::{
    clean, duration_between, run_header, run_notes,
    task::{approval, approve_command, waits_for_approval},
    task_name, task_table, words,
};
use crate::commands::View;

/// After this long without a change, what runs is named again: installing packages takes a while.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Default)]
pub struct Lines {
    run: Run,
    tasks: BTreeMap<u32, TaskRun>,
    last_line: Option<Instant>,
}

impl View for Lines {
    fn change(&mut self, run: &Run, changed: &[TaskRun]) {
        if self.run.id.is_empty() {
            println!("run {}  {}", run.id, clean(&run.pipeline_alias));
            for note in run_notes(run) {
                println!("  {note}");
            }
        }
        if run.status == "QUEUED" && (self.run.status != "QUEUED" || self.run.message != run.message) {
            println!("  QUEUED  {}", words(run.message.lines().next().unwrap_or_default()));
        }
        let mut changed: Vec<&TaskRun> = changed.iter().collect();
        changed.sort_by_key(|task| task.index);
        for task in changed {
            let before = self.tasks.insert(task.index, task.clone());
            let same = before.is_some_and(|before| before.status == task.status && before.attempts == task.attempts);
            if !same && task.status != "CREATED" {
                println!("{}", changed_line(run, task));
            }
        }
        self.run = run.clone();
        self.last_line = Some(Instant::now());
    }

    fn tick(&mut self) {
        if self.last_line.is_none_or(|last| last.elapsed() < SIGN_OF_LIFE) {
            return;
        }
        self.last_line = Some(Instant::now());
        let now = clock::wall_now().as_microsecond();
        if self.run.status == "QUEUED" {
            println!("  still QUEUED  {}", duration_between(self.run.created_at, 0, Some(now)));
        }
        for task in self.tasks.values().filter(|task| task.status == "RUNNING" && !task.matrix_parent) {
            println!("  {}  still RUNNING  {}", task_name(task), duration_between(task.started_at, 0, Some(now)));
        }
    }

    fn end(&mut self) {
        let tasks: Vec<TaskRun> = self.tasks.values().cloned().collect();
        println!("{}", run_header(&self.run, None));
        println!("{}", task_table(&tasks, None, None));
    }
}

fn changed_line(run: &Run, task: &TaskRun) -> String {
    let mut line = format!("  {}  {}", task_name(task), task.status);
    let took = duration_between(task.started_at, task.completed_at, None);
    let waits = waits_for_approval(task);
    let said = if waits {
        format!("{}: {}", approval(task), approve_command(run, task))
    } else {
        words(task.message.lines().next().unwrap_or_default())
    };
    for part in [took, said] {
        if !part.is_empty() {
            line.push_str("  ");
            line.push_str(&part);
        }
    }
    line
}
