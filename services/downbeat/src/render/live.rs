//! A run as a table that changes in place, for terminals.

use std::{
    collections::BTreeMap,
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

use super::{run_header, task_table};
use crate::commands::View;

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
        let text = format!("{}\n{}", run_header(&self.run), task_table(&tasks, Some(now)));
        let mut lines: Vec<String> = text.lines().map(|line| fit(line, columns)).collect();
        let room = usize::from(rows.saturating_sub(2)).max(3);
        if !whole && lines.len() > room {
            // What ended first stands first: the end of the table is where things happen.
            let hidden = lines.len() - room;
            lines.splice(2..2 + hidden, [format!("  … {hidden} more")]);
        }
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
