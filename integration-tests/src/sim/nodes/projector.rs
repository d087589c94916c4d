//! A projector process: the real fold over a store in memory that survives a killed process, and is not trusted after a loss of
//! power.

use downbeat_event_log::{Tail, check_position};
use downbeat_metadata_projector::{
    engine::{self, Fold, keys, rows},
    limits, position,
};

use super::scheduler::Stream;
use crate::sim::{
    checks::projection::Rows,
    log::ready,
    time::{At, MILLISECOND},
    world::{Happening, World},
};

/// A projector.
#[derive(Debug)]
pub struct Projector {
    /// Counts its processes.
    pub life: u64,
    /// What is in its store.
    pub rows: Rows,
    process: Option<Process>,
}

struct Process {
    fold: Fold,
    entries: Stream,
    apply_due: bool,
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process").field("apply_due", &self.apply_due).finish_non_exhaustive()
    }
}

/// What happens to a projector.
#[derive(Debug)]
pub enum ProjectorEvent {
    /// The process begins.
    Start,
    /// The log has grown.
    Grown,
    /// What was folded goes to the store.
    Apply,
}

impl Projector {
    /// An empty store and no process.
    pub fn new() -> Self {
        Self { life: 0, rows: Rows::new(), process: None }
    }

    /// Sequence of the last record in its store.
    pub fn position(&self) -> u64 {
        self.head().map_or(0, |head| engine::sequence_of(&head))
    }

    fn head(&self) -> Option<rows::Head> {
        self.rows.get(keys::HEAD).and_then(|bytes| rows::read(keys::HEAD, bytes).ok())
    }
}

impl Default for Projector {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Kills the process if there is one; a new one begins later, over the same store or over an empty one.
    pub(crate) fn restart_projector(&mut self, at: usize, after: At, lose_store: bool) {
        let projector = &mut self.projectors[at];
        projector.life += 1;
        projector.process = None;
        if lose_store {
            projector.rows.clear();
        }
        let start = Happening::Projector(at, projector.life, ProjectorEvent::Start);
        self.queue.push(self.now + after, start);
    }

    /// Something happens to a projector.
    pub(crate) fn projector(&mut self, at: usize, life: u64, event: ProjectorEvent) {
        if self.projectors[at].life != life {
            return;
        }
        let outcome = match event {
            ProjectorEvent::Start => self.begin_projector(at),
            ProjectorEvent::Grown => self.fold(at),
            ProjectorEvent::Apply => {
                self.apply(at);
                Ok(())
            }
        };
        if let Err(error) = outcome {
            self.violated("readers", format!("projector {at}: {error}"));
        }
    }

    fn begin_projector(&mut self, at: usize) -> Result<(), String> {
        let (id, log) = (self.log.id().clone(), self.log.handle());
        let head = self.projectors[at].head().unwrap_or_else(|| engine::start_of(&id));
        let stored = head.position.clone().unwrap_or_default();
        let folder = std::path::Path::new("simulated");
        let tail: Tail = position::stored_tail(&id, folder, &stored).map_err(|error| error.to_string())?;
        ready(check_position(&log, tail)).map_err(|error| error.to_string())?;
        let entries = Stream::open(&log, tail).map_err(|error| error.to_string())?;
        self.projectors[at].process = Some(Process { fold: Fold::new(head), entries, apply_due: false });
        self.fold(at)
    }

    /// Folds what is there, in batches as the writer thread takes them.
    fn fold(&mut self, at: usize) -> Result<(), String> {
        let id = self.log.id().clone();
        let wait = if self.dice.per_mille(500) { 0 } else { self.dice.below(50 * MILLISECOND) };
        let Projector { life, rows, process: Some(process) } = &mut self.projectors[at] else { return Ok(()) };
        while process.fold.events() < limits::EVENTS_PER_BATCH_MAX {
            let Some(entry) = process.entries.next() else { break };
            let entry = entry.map_err(|error| error.to_string())?;
            process.fold.record(&*rows, &id, &entry).map_err(|error| error.to_string())?;
        }
        if process.fold.events() > 0 && !process.apply_due {
            process.apply_due = true;
            let apply = Happening::Projector(at, *life, ProjectorEvent::Apply);
            self.queue.push(self.now + wait, apply);
        }
        Ok(())
    }

    /// Rows and position, all of them or none.
    fn apply(&mut self, at: usize) {
        let Projector { life, rows, process: Some(process) } = &mut self.projectors[at] else { return };
        process.apply_due = false;
        rows.extend(process.fold.take().writes);
        let more = Happening::Projector(at, *life, ProjectorEvent::Grown);
        self.queue.push(self.now, more);
    }
}
