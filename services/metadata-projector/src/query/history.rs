//! A run as it was, and why it went as it did: read from its records in the log.
//!
//! Promise: a run as it was is the fold of its records up to then, by the same projections as the run of today. Knows nothing about how
//! records are read.

use std::collections::BTreeMap;

use downbeat_domain::{Event, RunId};
use downbeat_event_log::{Entry, LogId, Tail};
use downbeat_proto::{
    convert::{instant, micros},
    event::{self, Decoded, name_of},
    events::v1::{self as events, Decision},
    metadata::v1 as wire,
    record,
};
use prost::Message;

use super::{
    Refusal,
    narrate::{TaskNames, narrate},
    shape::Shape,
    tasks,
};
use crate::{
    engine::{self, Fold, keys, rows},
    error::Error,
    limits,
};

/// An event of a run with what its record says.
struct Told {
    kind: i32,
    decided_at: i64,
    actor: String,
    event: Event,
}

/// What cannot be read is left out, as the projections do.
fn decisions(entry: &Entry) -> Vec<Decision> {
    record::decode(&entry.payload).map(|record| record.decisions).unwrap_or_default()
}

/// The events of a decision that are about this run.
fn told(decision: &Decision, run: RunId) -> impl Iterator<Item = Told> + '_ {
    // Every event of a run holds its id: nothing else needs to be decoded.
    let holds = move |raw: &&events::Event| raw.payload.windows(16).any(|bytes| bytes == run.0);
    decision.events.iter().filter(holds).filter_map(move |raw| match event::decode(raw) {
        Ok(Decoded::Known(event)) if about(&event) == Some(run) => {
            Some(Told { kind: raw.kind, decided_at: decision.decided_at, actor: decision.actor.clone(), event })
        }
        _ => None,
    })
}

/// The run in whose history an event stands.
fn about(event: &Event) -> Option<RunId> {
    match event {
        Event::FollowerDeclined { ended, .. } => Some(*ended),
        other => other.run(),
    }
}

/// Up to when a run is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// An instant, microseconds since the epoch.
    Time(i64),
    /// A sequence of the log.
    Sequence(u64),
}

/// A run on its way to what it was.
pub struct AsItWas {
    run: RunId,
    until: Until,
    fold: Fold,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    reached: Option<Tail>,
}

impl AsItWas {
    /// Before its first record; `applied` is the record in which its version of its pipeline was applied.
    ///
    /// # Errors
    /// `Store`.
    pub fn new(log: &LogId, run: RunId, until: Until, applied: Option<&Event>) -> Result<Self, Refusal> {
        let rows = BTreeMap::new();
        let mut this = Self { run, until, fold: Fold::new(engine::start_of(log)), rows, reached: None };
        if let Some(applied) = applied {
            this.fold.known(&this.rows, 0, 0, applied, 0)?;
        }
        Ok(this)
    }

    /// Folds the next record; says whether more is wanted.
    ///
    /// # Errors
    /// `Store`.
    pub fn record(&mut self, entry: &Entry) -> Result<bool, Refusal> {
        if matches!(self.until, Until::Sequence(last) if entry.sequence > last) {
            return Ok(false);
        }
        let mut ordinal = 0;
        for decision in decisions(entry) {
            if matches!(self.until, Until::Time(last) if decision.decided_at > last) {
                return Ok(false);
            }
            for told in told(&decision, self.run) {
                self.fold.known(&self.rows, entry.sequence, ordinal, &told.event, told.decided_at)?;
                ordinal += 1;
            }
            self.reached = Some(entry.tail());
        }
        if self.fold.events() >= limits::EVENTS_PER_BATCH_MAX {
            self.rows.extend(self.fold.take().writes);
        }
        Ok(true)
    }

    /// The run and its task runs, and the last record that is in them.
    ///
    /// # Errors
    /// `NotFound` before its creation; `TooLarge`, `Store`.
    pub fn answer(mut self) -> Result<(wire::Run, Vec<wire::TaskRun>, Option<Tail>), Refusal> {
        self.rows.extend(self.fold.take().writes);
        let key = keys::run(self.run);
        let Some(bytes) = self.rows.get(&key) else {
            let when = match self.until {
                Until::Sequence(sequence) => format!("at sequence {sequence}"),
                Until::Time(at) => format!("at {}", instant(at).map_or(at.to_string(), |at| at.to_string())),
            };
            return Err(Refusal::NotFound(format!("run {} did not exist yet {when}", self.run)));
        };
        let row: wire::Run = rows::read(&key, bytes)?;
        let shape = Shape::read(&self.rows, self.run, &row)?;
        let tasks = tasks::all(&self.rows, &row, &shape)?;
        Ok((row, tasks, self.reached))
    }
}

/// The event that applied or drafted this version, if this record holds it.
pub fn applied_in(entry: &Entry, pipeline: &[u8], version: u32) -> Option<Event> {
    let record = record::decode(&entry.payload).ok()?;
    record::events(&record).flatten().find_map(|decoded| match decoded {
        Decoded::Known(event) => match &event {
            Event::PipelineApplied(stored) | Event::PipelineDrafted(stored)
                if stored.pipeline.0 == *pipeline && stored.version == version =>
            {
                Some(event)
            }
            _ => None,
        },
        _ => None,
    })
}

/// Explanations of a run, or of one of its task runs, as they are gathered.
pub struct Explained {
    shape: Shape,
    task: Option<u32>,
    found: Vec<wire::Explanation>,
    bytes: usize,
}

impl Explained {
    /// Nothing yet. `task` is the place of a task run; `None` = everything of the run.
    pub fn new(shape: Shape, task: Option<u32>) -> Self {
        Self { shape, task, found: Vec::new(), bytes: 0 }
    }

    /// Explains what the next record says.
    ///
    /// # Errors
    /// `TooLarge` when it does not fit into one answer.
    pub fn record(&mut self, entry: &Entry) -> Result<bool, Refusal> {
        let told = |decision: Decision| told(&decision, self.shape.run).collect::<Vec<_>>();
        for told in decisions(entry).into_iter().flat_map(told) {
            let place = self.place_of(&told.event);
            if self.task.is_some_and(|task| !self.concerns(&told.event, place, task)) {
                continue;
            }
            let Some(text) = narrate(&told.event, &self.shape) else { continue };
            let explanation = wire::Explanation {
                at: told.event.at().map_or(told.decided_at, micros),
                sequence: entry.sequence,
                actor: told.actor,
                kind: name_of(told.kind),
                text,
                task: place.map(|place| self.shape.name_of(place)).unwrap_or_default(),
            };
            self.bytes += explanation.encoded_len();
            if self.found.len() >= limits::EXPLANATIONS_MAX || self.bytes > limits::ANSWER_BYTES_MAX {
                let run = self.shape.run;
                return Err(Refusal::TooLarge(format!(
                    "what happened in run {run} does not fit into one answer; ask about one of its tasks"
                )));
            }
            self.found.push(explanation);
        }
        Ok(true)
    }

    /// Everything that was found, oldest first.
    pub fn answer(self) -> Vec<wire::Explanation> {
        self.found
    }

    /// The task run that an event is about.
    fn place_of(&self, event: &Event) -> Option<u32> {
        let iteration = match event {
            Event::TaskCarriedOver(carried) => carried.iteration.as_deref(),
            Event::TaskResumes { iteration, .. } => iteration.as_deref(),
            _ => None,
        };
        match (event.task()?, iteration) {
            // An iteration that does not exist in this run any more is told of its task.
            (planned, Some(name)) => Some(self.shape.place_named(planned, name).unwrap_or(planned)),
            (place, None) => Some(place),
        }
    }

    fn concerns(&self, event: &Event, place: Option<u32>, task: u32) -> bool {
        let own_group = self.shape.plan.tasks.get(self.shape.planned(task) as usize);
        let own_group = own_group.and_then(|task| task.group_plus_one.checked_sub(1));
        match event {
            Event::RunCancelRequested { .. } | Event::RunTimedOut { .. } => true,
            Event::GroupOpened { group, .. }
            | Event::GroupSkipped { group, .. }
            | Event::MatrixExpanded { group, .. } => own_group == Some(*group),
            Event::IterationOpened { group, iteration, .. } | Event::IterationSkipped { group, iteration, .. } => {
                own_group == Some(*group) && self.shape.iteration(task).is_some_and(|own| own.number == *iteration)
            }
            _ => place == Some(task),
        }
    }
}

impl TaskNames for Shape {
    fn task(&self, place: u32) -> String {
        self.name_of(place)
    }

    fn group(&self, place: u32) -> String {
        self.plan.groups.get(place as usize).map_or_else(|| place.to_string(), |group| group.id.clone())
    }
}

impl From<downbeat_event_log::Error> for Refusal {
    fn from(error: downbeat_event_log::Error) -> Self {
        Self::Store(Error::Log(error))
    }
}
