//! Runs and attempts as spans of OpenTelemetry: told once they have ended, with the instants that the log has of them.
//!
//! Promises: the same run or attempt gives the same span, of the same ids, however often it is told; all others only tell what they did as
//! spans below these. An attempt begins when it was leased; of one that was leased before this process was started, when its worker said
//! that it had begun. Attributes are names, ids and words of ours: nothing that a job said. Knows nothing about where spans go.

use std::collections::BTreeMap;

use downbeat_domain::{AttemptRef, Event, RunId, RunStatus, TaskRunId};
use downbeat_event_log::Entry;
use downbeat_proto::{
    convert::micros,
    event::{self, Decoded},
    events::v1::EventKind,
    metadata::v1 as wire,
    record, traces,
};
use downbeat_runtime::otlp::{self, Context, Kind, Span, nanos};
use jiff::Timestamp;
use prost::Message as _;

use super::{
    Message,
    about::{Directory, row},
};
use crate::{
    engine::{
        keys,
        rows::{self, TaskRow},
    },
    error::Error,
    limits,
    published::Published,
    store::ScanRows,
};

mod words;

/// Kinds of events that begin or end a span; all others are not even decoded.
const LOOKED_AT: &[EventKind] = &[
    EventKind::RunFinished,
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
];

/// See the module.
#[derive(Default)]
pub(super) struct Teller {
    directory: Directory,
    /// Attempts that have begun and not ended, with when they began.
    open: BTreeMap<AttemptRef, Timestamp>,
}

impl Teller {
    /// What records give to tell, in their order. After an error the same may be asked again.
    ///
    /// # Errors
    /// `Damaged`; `Rebuilding`: the names are not there yet.
    pub(super) fn tell(&mut self, published: &Published, entries: &[Entry]) -> Result<Vec<Message>, Error> {
        let mut messages = Vec::new();
        for entry in entries {
            messages.extend(published.view(|view| self.record(view.store, entry))?);
        }
        // Only now: whoever is asked again finds the same.
        for attempt in entries.iter().flat_map(ended_in) {
            self.open.remove(&attempt);
        }
        Ok(messages)
    }

    fn record(&mut self, store: &dyn ScanRows, entry: &Entry) -> Result<Vec<Message>, Error> {
        let mut messages = Vec::new();
        for event in looked_at(entry) {
            let span = match &event {
                Event::RunFinished { run, status, at, .. } => self.run(store, *run, *status, *at)?,
                other => match (other.attempt(), begins(other), other.at()) {
                    (Some(attempt), true, Some(at)) => {
                        if self.open.len() < limits::OUTGOING_ATTEMPTS_MAX {
                            self.open.insert(attempt, at);
                        }
                        None
                    }
                    (Some(attempt), false, Some(at)) => self.attempt(store, attempt, &event, at)?,
                    _ => None,
                },
            };
            messages.extend(span.map(|(id, span)| Message {
                id,
                subject: String::new(),
                attributes: Vec::new(),
                body: span.into_wire().encode_to_vec().into(),
            }));
        }
        Ok(messages)
    }

    fn run(
        &mut self,
        store: &dyn ScanRows,
        run: RunId,
        status: RunStatus,
        at: Timestamp,
    ) -> Result<Option<(String, Span)>, Error> {
        let Some(of) = otlp::place(traces::of_run(run)).filter(|of| of.sampled) else { return Ok(None) };
        let Some(row) = row::<wire::Run>(store, &keys::run(run))? else { return Ok(None) };
        let (result, failed) = words::of_run(status);
        let name = format!("RUN {}", name_of(&row));
        let mut span = Span::begun(of, Kind::Server, &name, nanos(row.created_at))
            .with("cicd.pipeline.name", name_of(&row))
            .with("cicd.pipeline.run.id", &run.to_string())
            .with("cicd.pipeline.action.name", "RUN")
            .with("cicd.pipeline.result", result)
            .with("downbeat.pipeline.id", &row.pipeline_id)
            .with_number("downbeat.pipeline.version", row.pipeline_version.into())
            .with("downbeat.run.trigger", &row.trigger)
            .with("downbeat.environment", &row.environment)
            .with_number("downbeat.run.tasks", row.tasks.into());
        for (other, why) in
            [(&row.parent_run_id, "part of"), (&row.follows_run_id, "follows"), (&row.restart_of, "continues")]
        {
            if let Some(other) = other.parse::<RunId>().ok().and_then(|other| otlp::place(traces::of_run(other))) {
                span = span.linked(other, why);
            }
        }
        if failed {
            span = span.failed(status.as_str());
        }
        Ok(Some((format!("run {run}"), span.ended(nanos(micros(at))))))
    }

    fn attempt(
        &mut self,
        store: &dyn ScanRows,
        attempt: AttemptRef,
        event: &Event,
        at: Timestamp,
    ) -> Result<Option<(String, Span)>, Error> {
        let AttemptRef { run, task: place, number } = attempt;
        let ids = traces::of_attempt(run.0, place, number);
        let Some(of) = otlp::place(ids).filter(|of| of.sampled) else { return Ok(None) };
        let Some(run_row) = row::<wire::Run>(store, &keys::run(run))? else { return Ok(None) };
        let key = keys::task_run(run, place);
        let Some(task_row) = store.get(&key)?.map(|bytes| rows::read::<TaskRow>(&key, &bytes)).transpose()? else {
            return Ok(None);
        };
        let ended = task_row.shown.ended_attempts.iter().find(|ended| ended.number == number);
        // One whose end changed nothing was ended before, by whoever was faster.
        let Some(ended) = ended.filter(|ended| ended.ended_at == micros(at)) else { return Ok(None) };
        let began = self.open.get(&attempt).map(|began| micros(*began));
        let began = began.or((ended.started_at != 0).then_some(ended.started_at)).unwrap_or(ended.ended_at);
        let shape = self.directory.shape(store, run, &run_row)?;
        let Some(task) = shape.plan.tasks.get(shape.planned(place) as usize) else { return Ok(None) };
        let (result, class) = words::of_attempt(event, &ended.outcome);
        let run_of: Option<Context> = otlp::place(traces::of_run(run));
        let mut span = Span::begun(of, Kind::Internal, &task.id, nanos(began))
            .with("cicd.pipeline.name", name_of(&run_row))
            .with("cicd.pipeline.run.id", &run.to_string())
            .with("cicd.pipeline.task.name", &task.id)
            .with("cicd.pipeline.task.run.id", &TaskRunId::derive(run, place).to_string())
            .with("cicd.pipeline.task.run.result", result)
            .with("downbeat.integration", &task.integration)
            .with("downbeat.integration.job", &task.integration_job)
            .with("cicd.worker.id", &task_row.shown.worker_id)
            .with_number("downbeat.attempt", number.into());
        if let Some(iteration) = shape.iteration(place) {
            span = span.with("downbeat.iteration", iteration.name);
        }
        if let Some(run_of) = run_of {
            span = span.below(run_of);
        }
        if number > 1
            && let Some(before) = otlp::place(traces::of_attempt(run.0, place, number - 1))
        {
            span = span.linked(before, "again after");
        }
        if let Some(class) = class {
            span = span.failed(class);
        }
        Ok(Some((format!("attempt {number} at {place} of {run}"), span.ended(nanos(ended.ended_at)))))
    }
}

/// As other systems know it.
fn name_of(row: &wire::Run) -> &str {
    if row.pipeline_alias.is_empty() { &row.pipeline_name } else { &row.pipeline_alias }
}

fn begins(event: &Event) -> bool {
    matches!(
        event,
        Event::AttemptLeased { .. }
            | Event::WaitStarted { .. }
            | Event::ApprovalRequested { .. }
            | Event::ChildStarted { .. }
    )
}

fn ended_in(entry: &Entry) -> Vec<AttemptRef> {
    looked_at(entry).iter().filter(|event| !begins(event)).filter_map(Event::attempt).collect()
}

/// What does not read is passed over: the projections have it in quarantine.
fn looked_at(entry: &Entry) -> Vec<Event> {
    let Ok(record) = record::decode(&entry.payload) else { return Vec::new() };
    let events = record.decisions.iter().flat_map(|decision| &decision.events);
    let events = events.filter(|wire| EventKind::try_from(wire.kind).is_ok_and(|kind| LOOKED_AT.contains(&kind)));
    events
        .filter_map(|wire| match event::decode(wire) {
            Ok(Decoded::Known(event)) => Some(event),
            _ => None,
        })
        .collect()
}
