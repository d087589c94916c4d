//! `downbeat log cat`: every event as a line of JSON, with the ids of tasks beside their places.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    process::ExitCode,
};

use downbeat_domain::{Event, PipelineId, RunId, plan::Plan};
use downbeat_event_log::{Access, Entry};
use downbeat_proto::{
    callers::OPERATOR,
    convert,
    event::{self, Decoded},
    events::v1 as wire,
    record,
};
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::{cli::Log, error::Error};

/// How often `--follow` looks for more.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);
/// Entries per read.
const ENTRIES_PER_READ: usize = 500;

pub(super) async fn run(log: &Log, after: u64, run: Option<&str>, follow: bool) -> Result<ExitCode, Error> {
    let log = log.log.open(Access::Read, "downbeat-log-cat", &log.nats.of(OPERATOR)).await?;
    let mut printer = Printer { after, run: run.map(str::to_lowercase), ..Printer::default() };
    let mut at = 0;
    loop {
        let entries = log.read(at, ENTRIES_PER_READ).await?;
        if entries.is_empty() {
            if !follow {
                return Ok(ExitCode::SUCCESS);
            }
            sleep(FOLLOW_INTERVAL).await;
        }
        for entry in entries {
            at = entry.sequence;
            match printer.print(&entry) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                other => other.map_err(|source| Error::Io { what: "cannot print the log".to_owned(), source })?,
            }
        }
    }
}

/// Reads from the beginning whatever is printed: names of tasks stand in the events that applied their pipelines.
#[derive(Default)]
struct Printer {
    after: u64,
    run: Option<String>,
    plans: BTreeMap<(PipelineId, u32), Plan>,
    runs: BTreeMap<RunId, (PipelineId, u32)>,
}

impl Printer {
    fn print(&mut self, entry: &Entry) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let record = match record::decode(&entry.payload) {
            Ok(record) => record,
            Err(error) => {
                let line = json!({"sequence": entry.sequence, "kind": "UNREADABLE", "error": error.to_string()});
                return writeln!(out, "{line}");
            }
        };
        for decision in &record.decisions {
            for event in &decision.events {
                let line = self.line(entry.sequence, decision, event);
                let wanted = self
                    .run
                    .as_deref()
                    .is_none_or(|run| line.get("run_id").and_then(Value::as_str).is_some_and(|id| id.starts_with(run)));
                if wanted && entry.sequence > self.after {
                    writeln!(out, "{line}")?;
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, sequence: u64, decision: &wire::Decision, event: &wire::Event) -> Value {
        let decided_at = convert::instant(decision.decided_at).map(|at| at.to_string());
        let mut line = json!({
            "sequence": sequence,
            "kind": event::name_of(event.kind),
            "decided_at": decided_at,
            "actor": decision.actor,
        });
        if let Some(origin) = &decision.origin {
            line["origin"] = json!({"address": origin.address, "client": origin.client});
        }
        if !decision.reason.is_empty() {
            line["because"] = json!(decision.reason);
        }
        let Some(fields) = line.as_object_mut() else { return line };
        match event::decode(event) {
            Ok(Decoded::Known(known)) => {
                self.remember(&known);
                let mut known_fields = event::to_json(&known);
                if let Some((name, id)) = self.name(&known) {
                    known_fields.insert(name.to_owned(), Value::String(id));
                }
                fields.extend(known_fields);
            }
            Ok(Decoded::Unknown { payload, .. }) => {
                fields.insert("payload_bytes".to_owned(), payload.len().into());
            }
            Err(error) => {
                fields.insert("error".to_owned(), error.to_string().into());
            }
        }
        line
    }

    fn remember(&mut self, event: &Event) {
        match event {
            Event::PipelineApplied(applied) | Event::PipelineDrafted(applied) | Event::PipelineRecalled(applied) => {
                self.plans.insert((applied.pipeline, applied.version), applied.plan.clone());
            }
            Event::RunCreated(created) => {
                self.runs.insert(created.run, (created.pipeline, created.version));
            }
            _ => {}
        }
    }

    /// The id of the task or group that the event is about.
    fn name(&self, event: &Event) -> Option<(&'static str, String)> {
        let plan = self.plans.get(self.runs.get(&event.run()?)?)?;
        if let Event::GroupOpened { group, .. } | Event::GroupSkipped { group, .. } = event {
            return Some(("group_id", plan.groups.get(*group as usize)?.id.clone()));
        }
        Some(("task_id", plan.tasks.get(event.task()? as usize)?.id.clone()))
    }
}
