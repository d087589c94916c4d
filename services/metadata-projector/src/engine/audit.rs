//! The audit: one row per command, with who, from where, why, about what, and what it changed.
//!
//! Promises: a decision that a person, a program or a service asked for has exactly one row, and a refused command has one of its own or is
//! counted in one; what the coordinator and workers do by themselves has none. A row is complete when it is written, and never changes.
//! What was before is read from the rows of the other projections, which see the event after this one. Knows nothing about queries.

mod connections;
mod endpoints;
mod environments;
mod file_commits;
mod inventory;
mod logins;
mod tell;
mod versions;

use downbeat_domain::{
    CommandKind, Event, Target,
    event::{AccessEvent, CommandRejected, ToolsCalled},
};
use downbeat_proto::{convert::micros, metadata::v1 as wire};
use serde_json::Value;

use super::{
    batch::Batch,
    keys::{
        self,
        audit::{self as at, Index},
    },
    plans::Plans,
    projection::{Fact, Projection, Within},
};
use crate::error::Error;

/// Version of the rows: see [`Projection::VERSION`].
pub const VERSION: u32 = 4;
/// It was done.
pub const ACCEPTED: &str = "ACCEPTED";
/// It was not.
pub const REJECTED: &str = "REJECTED";
/// Kinds of those who ask.
pub const ACTOR_KINDS: [&str; 6] = ["USER", "KEY", "SCHEDULE", "EVENT", "WEBHOOK", "SERVICE"];

/// The projection.
pub(super) struct Audit;

/// What an event says of the command that it comes of.
struct Told {
    command: CommandKind,
    targets: Vec<wire::AuditTarget>,
    summary: String,
    /// Why, where the event says it.
    reason: String,
    before: Value,
    after: Value,
}

impl Projection for Audit {
    const NAME: &'static str = "audit";
    const VERSION: u32 = VERSION;
    const READS: &'static [&'static str] = &["pipelines", "runs", "task_runs", "backfills", "alerts", "assets"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        tell_command(fact, plans, batch)?;
        // No other projection knows pools.
        if let Event::PoolSet { name, slots, .. } = fact.event {
            set_pool(name, *slots, batch);
        }
        // Nor environments.
        if let Event::Environment(fact) = fact.event {
            environments::keep(fact, batch);
        }
        Ok(())
    }
}

fn tell_command(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
    let Some(within) = &fact.within else { return Ok(()) };
    if !tell::is_of_a_command(fact.event) {
        return Ok(());
    }
    let key = at::entry(fact.sequence, within.ordinal);
    let mut row = wire::AuditEntry {
        sequence: fact.sequence,
        ordinal: within.ordinal,
        record_hash: bytes::Bytes::copy_from_slice(&within.hash.0),
        ..wire::AuditEntry::default()
    };
    if let Event::CommandRejected(rejected) = fact.event {
        if batch.bytes(&key)?.is_none() {
            refuse(&mut row, rejected, within, batch)?;
            write(key, &row, batch);
        }
        return Ok(());
    }
    if let Event::Access(fact) = fact.event
        && let AccessEvent::ToolsCalled(called) = fact.as_ref()
    {
        if batch.bytes(&key)?.is_none() {
            call_tools(&mut row, called, within, batch)?;
            write(key, &row, batch);
        }
        return Ok(());
    }
    // The first event that tells of the command stands for it; what follows from it in the same decision was not asked for.
    if is_inner(&within.decision.actor) || batch.bytes(&key)?.is_some() {
        return Ok(());
    }
    let Some(told) = tell::told(fact.event, plans, batch)? else { return Ok(()) };
    let asked = within.decision;
    row.at = fact.decided_at;
    row.command = told.command.as_str().to_owned();
    row.command_id = hex(&asked.command_id);
    row.targets = told.targets;
    row.summary = told.summary;
    (row.before, row.after) = (text(&told.before), text(&told.after));
    ACCEPTED.clone_into(&mut row.outcome);
    if let Some((code, why)) = file_commits::not_done(fact.event) {
        REJECTED.clone_into(&mut row.outcome);
        (row.code, row.message) = (code.to_owned(), why.to_owned());
    }
    by(&mut row, &asked.actor, within);
    if row.reason.is_empty() {
        row.reason = told.reason;
    }
    write(key, &row, batch);
    Ok(())
}

/// The core goes on by itself, or a worker reports.
fn is_inner(actor: &str) -> bool {
    let inner = |name: &str| actor == name || actor.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
    actor.is_empty() || inner("coordinator") || inner("worker")
}

/// Which kind of who an actor is.
pub fn actor_kind(actor: &str) -> &'static str {
    let kind = actor.split(':').next().unwrap_or_default();
    match kind {
        "" => "",
        "user" => "USER",
        // `key` alone is nobody's name.
        "key" if actor != kind => "KEY",
        "schedule" => "SCHEDULE",
        "event" => "EVENT",
        "webhook" => "WEBHOOK",
        _ => "SERVICE",
    }
}

fn by(row: &mut wire::AuditEntry, actor: &str, within: &Within<'_>) {
    actor.clone_into(&mut row.actor);
    actor_kind(actor).clone_into(&mut row.actor_kind);
    if let Some(origin) = &within.decision.origin {
        row.origin_address.clone_from(&origin.address);
        row.origin_client.clone_from(&origin.client);
    }
    row.reason.clone_from(&within.decision.reason);
}

fn refuse(
    row: &mut wire::AuditEntry,
    rejected: &CommandRejected,
    within: &Within<'_>,
    batch: &Batch<'_>,
) -> Result<(), Error> {
    let command = rejected.command.as_str();
    for target in &rejected.targets {
        row.targets.push(tell::named(target, batch)?);
    }
    row.at = micros(rejected.at);
    command.clone_into(&mut row.command);
    REJECTED.clone_into(&mut row.outcome);
    row.code.clone_from(&rejected.code);
    row.message.clone_from(&rejected.message);
    by(row, &rejected.actor, within);
    row.summary = match rejected.more {
        0 => format!("{command} was refused: {}", rejected.message),
        more => {
            (row.more, row.since) = (more, micros(rejected.since));
            format!("{more} more of {command} were refused, the last at {}", rejected.at)
        }
    };
    Ok(())
}

/// Assistants asked: what they changed has rows of its own, what they read has this one.
fn call_tools(
    row: &mut wire::AuditEntry,
    called: &ToolsCalled,
    within: &Within<'_>,
    batch: &Batch<'_>,
) -> Result<(), Error> {
    for target in &called.targets {
        row.targets.push(tell::named(target, batch)?);
    }
    row.at = micros(called.at);
    CommandKind::CallTool.as_str().clone_into(&mut row.command);
    if called.code.is_empty() { ACCEPTED } else { REJECTED }.clone_into(&mut row.outcome);
    row.code.clone_from(&called.code);
    by(row, &within.decision.actor, within);
    let tool = if called.tool.is_empty() { "tools" } else { &called.tool };
    let how = if called.code.is_empty() { String::new() } else { format!(": refused as {}", called.code) };
    row.summary = match called.calls {
        1 => format!("called {tool}{how}"),
        calls => {
            (row.more, row.since) = (calls, micros(called.since));
            format!("called {tool} {calls} times{how}")
        }
    };
    Ok(())
}

/// Writes a row and what leads to it.
fn write(key: Vec<u8>, row: &wire::AuditEntry, batch: &mut Batch<'_>) {
    let (moment, sequence, ordinal) = (row.at, row.sequence, row.ordinal);
    batch.put_bytes(at::by_age(moment, sequence, ordinal), Vec::new());
    let indexed = indexed(row);
    for (index, value) in indexed {
        batch.put_bytes(at::indexed_by_age(index, value, moment, sequence, ordinal), Vec::new());
    }
    batch.put(key, row);
}

/// Under which values a row is found: what a filter may ask for.
pub fn indexed(row: &wire::AuditEntry) -> Vec<(Index, &str)> {
    let mut values = vec![(Index::Actor, row.actor.as_str()), (Index::ActorKind, row.actor_kind.as_str())];
    for kind in ["user:", "key:"] {
        values.extend(row.actor.strip_prefix(kind).map(|name| (Index::Actor, name)));
    }
    for target in &row.targets {
        values.extend([&target.id, &target.name].map(|value| (Index::Target, value.as_str())));
    }
    values.retain(|(_, value)| !value.is_empty());
    values
}

fn target(target: &Target) -> wire::AuditTarget {
    wire::AuditTarget { kind: target.kind.as_str().to_owned(), id: target.id.clone(), name: target.name.clone() }
}

/// A JSON object on one line; nothing for what says nothing.
fn text(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.to_string() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The slots of a pool as they were; `None` = it is gone, or was never there.
fn pool_before(name: &str, batch: &Batch<'_>) -> Result<Option<u32>, Error> {
    let slots = batch.bytes(&at::pool(name))?;
    Ok(slots.and_then(|bytes| Some(u32::from_be_bytes(bytes.try_into().ok()?))))
}

fn set_pool(name: &str, slots: Option<u32>, batch: &mut Batch<'_>) {
    batch.put_bytes(at::pool(name), slots.map(|slots| slots.to_be_bytes().to_vec()).unwrap_or_default());
}

/// The row of a pipeline; an empty one where there is none.
fn pipeline(id: downbeat_domain::PipelineId, batch: &Batch<'_>) -> Result<wire::Pipeline, Error> {
    Ok(batch.get(&keys::pipeline(id))?.unwrap_or_default())
}

/// The row of a run; an empty one where there is none.
fn run(id: downbeat_domain::RunId, batch: &Batch<'_>) -> Result<wire::Run, Error> {
    Ok(batch.get(&keys::run(id))?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_is_of_one_kind() {
        for (actor, kind, inner) in [
            ("user", "USER", false),
            ("user:coordinator", "USER", false),
            ("user:key:ci", "USER", false),
            ("key:ci", "KEY", false),
            ("key", "SERVICE", false),
            ("keys:ci", "SERVICE", false),
            ("schedule:daily", "SCHEDULE", false),
            ("event:orders", "EVENT", false),
            ("webhook", "WEBHOOK", false),
            ("scheduler", "SERVICE", false),
            ("workers-council", "SERVICE", false),
            ("coordinator", "SERVICE", true),
            ("coordinator:c1", "SERVICE", true),
            ("worker:1234", "SERVICE", true),
            ("", "", true),
        ] {
            assert_eq!((actor_kind(actor), is_inner(actor)), (kind, inner), "{actor}");
        }
    }
}
