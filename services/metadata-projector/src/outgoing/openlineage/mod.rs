//! Our own runs in the words of OpenLineage: what a record gives to tell.
//!
//! Promises: the same record gives the same events however often it is told. A run begins when it is admitted, a task run with its first
//! attempt; each ends once, as its row says. Who never began, has no end. What an attempt collected is told with the end of the attempt, in one
//! piece. What other systems said is never told again. Knows nothing about where events go, nor about how they are written
//! (`downbeat_lineage::openlineage::write`).

mod message;
mod runs;
mod waiting;

use downbeat_domain::{AttemptRef, Event, RunId, RunStatus, TaskRunId, TaskStatus};
use downbeat_event_log::{Entry, Tail};
use downbeat_lineage::openlineage::{
    State,
    jobs::job_name,
    write::{self, Around, Change, Of},
};
use downbeat_proto::{
    convert::{self, micros},
    event::{self, Decoded},
    events::v1::EventKind,
    record,
};
use jiff::Timestamp;

use self::{
    runs::{Run, Runs},
    waiting::Waiting,
};
use super::Message;
use crate::{
    engine::{
        keys,
        rows::{self, Phase, RunHead, TaskRow},
    },
    error::Error,
    published::Published,
    query::shape,
    store::ScanRows,
};

/// Kinds of events that give something to tell; all others are not even decoded.
const LOOKED_AT: &[EventKind] = &[
    EventKind::RunCreated,
    EventKind::RunAdmitted,
    EventKind::RunCancelRequested,
    EventKind::RunTimedOut,
    EventKind::RunFinished,
    EventKind::TaskFailed,
    EventKind::TaskMarked,
    EventKind::AttemptLeased,
    EventKind::AttemptSucceeded,
    EventKind::AttemptFailed,
    EventKind::AttemptLost,
    EventKind::AttemptStopped,
    EventKind::WaitStarted,
    EventKind::ApprovalRequested,
    EventKind::ApprovalDecided,
    EventKind::ChildStarted,
    EventKind::ChildEnded,
    EventKind::OperationsCollected,
];

/// See the module.
#[derive(Default)]
pub(super) struct Teller {
    runs: Runs,
    waiting: Waiting,
}

impl Teller {
    /// What records give to tell, in their order; `before` is the place before the first of them. After an error it is as if nothing had been
    /// asked.
    ///
    /// # Errors
    /// `Damaged`; `Rebuilding`: the names are not there yet.
    pub(super) fn tell(
        &mut self,
        published: &Published,
        mut before: Tail,
        entries: &[Entry],
    ) -> Result<Vec<Message>, Error> {
        let mut waiting = self.waiting.clone();
        let mut messages = Vec::new();
        for entry in entries {
            messages.extend(published.view(|view| {
                let mut telling =
                    Telling { runs: &mut self.runs, waiting: &mut waiting, store: view.store, messages: Vec::new() };
                telling.record(before, entry)?;
                Ok::<_, Error>(telling.messages)
            })?);
            before = entry.tail();
        }
        self.waiting = waiting;
        Ok(messages)
    }

    /// The place from which on the log has to be read again, so that nothing that waits is lost. `None`: nothing does.
    pub(super) fn held_back(&self) -> Option<Tail> {
        self.waiting.since()
    }
}

/// One record being told.
struct Telling<'a> {
    runs: &'a mut Runs,
    waiting: &'a mut Waiting,
    store: &'a dyn ScanRows,
    messages: Vec<Message>,
}

impl Telling<'_> {
    fn record(&mut self, before: Tail, entry: &Entry) -> Result<(), Error> {
        // What does not read is passed over: the projections have it in quarantine.
        let Ok(record) = record::decode(&entry.payload) else { return Ok(()) };
        for decision in &record.decisions {
            let decided_at = convert::instant(decision.decided_at).unwrap_or_default();
            for wire in &decision.events {
                if !EventKind::try_from(wire.kind).is_ok_and(|kind| LOOKED_AT.contains(&kind)) {
                    continue;
                }
                let Ok(Decoded::Known(event)) = event::decode(wire) else { continue };
                self.event(before, decided_at, &event)?;
            }
        }
        Ok(())
    }

    fn event(&mut self, before: Tail, decided_at: Timestamp, event: &Event) -> Result<(), Error> {
        match event {
            Event::RunCreated(created) if !created.gated => self.run(created.run, State::Start, created.at, ""),
            Event::RunAdmitted { run, at, .. } => self.run(*run, State::Start, *at, ""),
            Event::RunFinished { run, status, message, at } => self.run_ended(*run, *status, message, *at),
            Event::RunCancelRequested { run, at, .. } | Event::RunTimedOut { run, at, .. } => {
                self.ended_with_the_run(*run, *at)
            }
            Event::AttemptLeased { attempt, at, .. }
            | Event::WaitStarted { attempt, at, .. }
            | Event::ApprovalRequested { attempt, at, .. }
            | Event::ChildStarted { attempt, at, .. } => {
                let state = if attempt.number == 1 { State::Start } else { State::Running };
                self.task(attempt.run, attempt.task, state, *at, "")
            }
            Event::OperationsCollected { attempt, chunk, collected } => {
                match self.waiting.take(*attempt, *chunk, collected, before) {
                    // Too much waits: the oldest of it is told without what may follow.
                    Some(oldest) => self.collected(oldest, decided_at),
                    None => Ok(()),
                }
            }
            Event::AttemptFailed { attempt, retry_at, at, .. }
            | Event::AttemptLost { attempt, retry_at, at, .. }
            | Event::ChildEnded { attempt, retry_at, at, .. } => self.attempt_ended(*attempt, retry_at.is_some(), *at),
            Event::AttemptSucceeded { attempt, at, .. }
            | Event::AttemptStopped { attempt, at, .. }
            | Event::ApprovalDecided { attempt, at, .. } => self.attempt_ended(*attempt, false, *at),
            Event::TaskMarked { run, task, at, .. } => self.task_ended(*run, *task, *at),
            Event::TaskFailed { run, task, message, as_warning, at } => {
                if self.row(*run, *task)?.is_some_and(|row| row.shown.attempts > 0) {
                    return self.task_ended(*run, *task, *at);
                }
                // Nobody else says why it failed, although no attempt was made.
                let end = if *as_warning { State::Complete } else { State::Fail };
                self.task(*run, *task, State::Start, *at, "")?;
                self.task(*run, *task, end, *at, if *as_warning { "" } else { message })
            }
            _ => Ok(()),
        }
    }

    fn run(&mut self, run: RunId, state: State, at: Timestamp, error: &str) -> Result<(), Error> {
        let Some(known) = self.runs.of(self.store, run)? else { return Ok(()) };
        self.push(&Change {
            of: &known.of,
            around: &known.around,
            state,
            at,
            job_type: "PIPELINE",
            integration: "",
            error,
            description: &known.name,
            nominal: known.nominal,
        });
        Ok(())
    }

    fn run_ended(&mut self, run: RunId, status: RunStatus, message: &str, at: Timestamp) -> Result<(), Error> {
        // Its attempts have ended before it, each of which took what waits for it; nothing may wait for ever.
        for attempt in self.waiting.of_run(run) {
            self.collected(attempt, at)?;
        }
        let head: RunHead = shape::head_of(self.store, run)?;
        // What `concurrency` refused, or what was cancelled in its queue, has never begun.
        if !head.admitted {
            return Ok(());
        }
        match status {
            RunStatus::Succeeded | RunStatus::Warning => self.run(run, State::Complete, at, ""),
            RunStatus::Failed => self.run(run, State::Fail, at, message),
            _ => self.run(run, State::Abort, at, ""),
        }
    }

    /// Tasks that nobody holds end with the event that stops their run.
    fn ended_with_the_run(&mut self, run: RunId, at: Timestamp) -> Result<(), Error> {
        let prefix = keys::task_runs(run);
        let mut ended = Vec::new();
        for row in self.store.rows(&prefix) {
            let (key, bytes) = row?;
            let row: TaskRow = rows::read(&key, &bytes)?;
            if row.phase() == Phase::Ended && row.shown.completed_at == micros(at) {
                ended.extend(keys::task_run_of(&key).map(|(_, place)| place));
            }
        }
        ended.into_iter().try_for_each(|place| self.task_ended(run, place, at))
    }

    fn attempt_ended(&mut self, attempt: AttemptRef, again: bool, at: Timestamp) -> Result<(), Error> {
        self.collected(attempt, at)?;
        // Of a task that a person has decided meanwhile, no other attempt follows.
        if again && self.row(attempt.run, attempt.task)?.is_none_or(|row| row.mark.is_empty()) {
            return Ok(());
        }
        self.task_ended(attempt.run, attempt.task, at)
    }

    /// The end of a task run that has begun, if it ended at this instant.
    fn task_ended(&mut self, run: RunId, place: u32, at: Timestamp) -> Result<(), Error> {
        let Some(row) = self.row(run, place)? else { return Ok(()) };
        let ended = row.phase() == Phase::Ended && row.shown.completed_at == micros(at);
        if !ended || row.shown.attempts == 0 {
            return Ok(());
        }
        match TaskStatus::from_word(&row.shown.status) {
            Some(TaskStatus::Succeeded | TaskStatus::Warning) => self.task(run, place, State::Complete, at, ""),
            Some(TaskStatus::Failed) => self.task(run, place, State::Fail, at, &row.shown.message),
            _ => self.task(run, place, State::Abort, at, ""),
        }
    }

    fn task(&mut self, run: RunId, place: u32, state: State, at: Timestamp, error: &str) -> Result<(), Error> {
        let Some(known) = self.runs.of(self.store, run)? else { return Ok(()) };
        let Some(task) = self.runs.task(self.store, run, place)? else { return Ok(()) };
        self.push(&Change {
            of: &of_task(&known, run, place, &task.id),
            around: &known.inside(),
            state,
            at,
            job_type: "TASK",
            integration: "",
            error,
            description: &task.name,
            nominal: None,
        });
        Ok(())
    }

    /// What an attempt collected, once it is whole; `at` is when that was.
    fn collected(&mut self, attempt: AttemptRef, at: Timestamp) -> Result<(), Error> {
        let Some(collected) = self.waiting.give(attempt) else { return Ok(()) };
        let Some(known) = self.runs.of(self.store, attempt.run)? else { return Ok(()) };
        let Some(task) = self.runs.task(self.store, attempt.run, attempt.task)? else { return Ok(()) };
        let of = of_task(&known, attempt.run, attempt.task, &task.id);
        let around: Around = known.inside();
        let events = write::operations(&collected, &of, &around, &task.integration, attempt.number, at);
        self.messages.extend(events.into_iter().map(message::of));
        Ok(())
    }

    fn push(&mut self, change: &Change<'_>) {
        self.messages.push(message::of(write::change(change)));
    }

    fn row(&self, run: RunId, place: u32) -> Result<Option<TaskRow>, Error> {
        let key = keys::task_run(run, place);
        self.store.get(&key)?.map(|bytes| rows::read(&key, &bytes)).transpose()
    }
}

/// As whatever the task starts is told (`OPENLINEAGE_PARENT_ID`): iterations and attempts are runs of the same job.
fn of_task(known: &Run, run: RunId, place: u32, id: &str) -> Of {
    Of { job: job_name(&known.pipeline, Some(id)), run: TaskRunId::derive(run, place).0 }
}
