//! A run as a table that changes in place, for terminals.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Write, stdout},
};

use crossterm::{
    cursor::MoveUp,
    queue, terminal,
    terminal::{Clear, ClearType},
};
use downbeat_proto::metadata::v1::{Run, TaskRun};
use downbeat_runtime::clock;
use unicode_width::UnicodeWidthChar;

use super::{run_header, run_notes, task::task_rows, task_notes};
use crate::commands::View;

/// Tasks that are shown however low the terminal is.
const ROWS_MIN: usize = 3;

/// See the module.
#[derive(Default)]
pub struct Live {
    run: Run,
    tasks: BTreeMap<u32, TaskRun>,
    drawn_lines: u16,
}

impl Live {
    fn draw(&mut self, whole: bool) {
        // Some terminals do not know their size and say 0.
        let (columns, rows) =
            terminal::size().ok().filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or((80, 24));
        let tasks: Vec<TaskRun> = self.tasks.values().cloned().collect();
        let now = clock::wall_now().as_microsecond();
        let mut lines: Vec<String> = run_header(&self.run, Some(now)).lines().map(str::to_owned).collect();
        lines.extend(run_notes(&self.run));
        // One column stays free: a line of the whole width makes some terminals begin a new one.
        let (header, table) = task_rows(&tasks, Some(now), Some(usize::from(columns.saturating_sub(1))));
        let notes = if whole { Vec::new() } else { task_notes(&self.run, &tasks) };
        let room = usize::from(rows).saturating_sub(lines.len() + notes.len() + 2).max(ROWS_MIN);
        lines.push(header);
        lines.extend(if whole { table.into_iter().map(|(_, line)| line).collect() } else { squeezed(table, room) });
        lines.extend(notes);
        let lines: Vec<String> = lines.iter().map(|line| fit(line, columns)).collect();
        let mut out = stdout().lock();
        // A terminal that cannot be written to shows nothing; the run goes on.
        let _ = self.redraw(&mut out, &lines);
        self.drawn_lines = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    }

    fn redraw(&self, out: &mut impl Write, lines: &[String]) -> std::io::Result<()> {
        if self.drawn_lines > 0 {
            queue!(out, MoveUp(self.drawn_lines), Clear(ClearType::FromCursorDown))?;
        }
        for line in lines {
            writeln!(out, "{line}")?;
        }
        out.flush()
    }
}

/// The lines of at most so many tasks, in their order: what happens now goes before what failed, that before what is still to come,
/// and what ended well goes last.
fn squeezed(table: Vec<(&TaskRun, String)>, room: usize) -> Vec<String> {
    if table.len() <= room {
        return table.into_iter().map(|(_, line)| line).collect();
    }
    let rank = |task: &TaskRun| match task.status.as_str() {
        "RUNNING" | "CANCELLING" => 0,
        "FAILED" => 1,
        "QUEUED" => 2,
        "CREATED" => 3,
        _ => 4,
    };
    let mut places: Vec<usize> = (0..table.len()).collect();
    places.sort_by_key(|place| rank(table[*place].0));
    let kept: BTreeSet<usize> = places.into_iter().take(room.saturating_sub(1)).collect();
    let more = format!("  … and {} more", table.len() - kept.len());
    let shown = table.into_iter().enumerate().filter(|(place, _)| kept.contains(place)).map(|(_, (_, line))| line);
    shown.chain([more]).collect()
}

/// A line that wraps would break the counting of lines.
fn fit(line: &str, columns: u16) -> String {
    let mut width = 0;
    let fits = |character: &char| {
        width += character.width().unwrap_or(0);
        width < usize::from(columns)
    };
    line.chars().take_while(fits).collect()
}

impl View for Live {
    fn change(&mut self, run: &Run, changed: &[TaskRun]) {
        self.run = run.clone();
        for task in changed {
            self.tasks.insert(task.index, task.clone());
        }
        self.draw(false);
    }

    fn tick(&mut self) {
        if !self.run.id.is_empty() {
            self.draw(false);
        }
    }

    fn end(&mut self) {
        self.draw(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_terminal_shows_what_happens() {
        let task = |status: &str| TaskRun { status: status.to_owned(), ..TaskRun::default() };
        let tasks = ["SUCCEEDED", "SUCCEEDED", "FAILED", "CREATED", "RUNNING"].map(task);
        let table = || tasks.iter().map(|task| (task, task.status.clone())).collect::<Vec<_>>();
        assert_eq!(squeezed(table(), 5).len(), 5);
        assert_eq!(squeezed(table(), 3), ["FAILED", "RUNNING", "  … and 3 more"]);
    }

    #[test]
    fn lines_are_cut_before_they_wrap() {
        assert_eq!(fit("日本語", 5), "日本");
        assert_eq!(fit("short", 80), "short");
    }
}
