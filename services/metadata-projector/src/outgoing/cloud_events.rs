//! Events as CloudEvents 1.0: which are told, under which subject, with which attributes and data.
//!
//! Attributes and data of the same event are always the same; so is its id, by which whoever is told twice knows it.

use bytes::Bytes;
use downbeat_domain::Event;
use downbeat_event_log::{Entry, LogId};
use downbeat_proto::{
    convert,
    event::{self, Decoded},
    record, traces,
};
use downbeat_runtime::otlp;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    ACCOUNT, Message,
    about::{About, Directory},
    kinds,
    subject::{of_event, token},
};
use crate::{error::Error, limits, store::ScanRows};

/// What every type begins with.
pub const TYPE_PREFIX: &str = "io.downbeat.";

/// An event, and where it stands.
struct Told<'a> {
    log: &'a LogId,
    sequence: u64,
    ordinal: u32,
    kind: &'a str,
    event: &'a Event,
    actor: &'a str,
    decided_at: Timestamp,
}

/// What a record gives to tell. What does not read is passed over: the projections have it in quarantine.
///
/// # Errors
/// `Damaged`; `Rebuilding`: the names are not there yet.
pub(super) fn tell(
    directory: &mut Directory,
    store: &dyn ScanRows,
    log: &LogId,
    entry: &Entry,
) -> Result<Vec<Message>, Error> {
    let Ok(record) = record::decode(&entry.payload) else { return Ok(Vec::new()) };
    let mut messages = Vec::new();
    let mut next = 0;
    for decision in &record.decisions {
        let decided_at = convert::instant(decision.decided_at).unwrap_or_default();
        for wire in &decision.events {
            let ordinal = next;
            next += 1;
            let Some(kind) = kinds::told(wire.kind) else { continue };
            let Ok(Decoded::Known(event)) = event::decode(wire) else { continue };
            let about = directory.about(store, &event)?;
            let (sequence, actor) = (entry.sequence, decision.actor.as_str());
            let told = Told { log, sequence, ordinal, kind: &kind, event: &event, actor, decided_at };
            messages.push(message(&told, &about));
        }
    }
    Ok(messages)
}

fn message(told: &Told<'_>, about: &About) -> Message {
    let id = id_of(told.log, told.sequence, told.ordinal);
    let pipeline = match about.pipeline.as_str() {
        "" => String::new(),
        alias => format!("/{}", token(alias)),
    };
    let time = told.event.at().unwrap_or(told.decided_at);
    let mut attributes = vec![
        ("specversion", "1.0".to_owned()),
        ("id", id.clone()),
        ("source", format!("/downbeat/{ACCOUNT}{pipeline}")),
        ("type", format!("{TYPE_PREFIX}{}.v1", told.kind)),
        ("time", time.to_string()),
        ("datacontenttype", "application/json".to_owned()),
        // The extension of that name: places sort as texts.
        ("sequence", format!("{:020}.{:08}", told.sequence, told.ordinal)),
    ];
    let subject = [&about.task_run_id, &about.run_id, &about.pipeline].into_iter().find(|name| !name.is_empty());
    if let Some(subject) = subject {
        attributes.push(("subject", cut(subject)));
    }
    // The extension of that name: where spans are told, in which of them it happened.
    attributes.extend(place_of(told.event).map(|place| ("traceparent", place.to_string())));
    Message { id, subject: of_event(ACCOUNT, &about.pipeline, told.kind), attributes, body: data(told, about) }
}

/// The span of the attempt, or else of the run, that an event is about. `None`: it is about none, or no spans are told.
fn place_of(event: &Event) -> Option<otlp::Context> {
    if !otlp::traces() {
        return None;
    }
    let of_attempt = event.attempt().map(|attempt| traces::of_attempt(attempt.run.0, attempt.task, attempt.number));
    otlp::place(of_attempt.or_else(|| event.run().map(traces::of_run))?)
}

/// The same for the same place in the same log, and for no other.
fn id_of(log: &LogId, sequence: u64, ordinal: u32) -> String {
    let log = blake3::derive_key("downbeat events for others 2026 id of a log", log.0.as_bytes());
    let log: String = log[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{log}-{sequence}-{ordinal}")
}

/// Names first, then the fields of the event as `downbeat log cat` shows them.
fn data(told: &Told<'_>, about: &About) -> Bytes {
    let mut data = Map::new();
    data.insert("kind".to_owned(), json!(told.kind));
    data.insert("account".to_owned(), json!(ACCOUNT));
    for (name, value) in [
        ("pipeline_id", &about.pipeline_id),
        ("pipeline", &about.pipeline),
        ("pipeline_name", &about.pipeline_name),
        ("run_id", &about.run_id),
        ("group_id", &about.group_id),
        ("task_id", &about.task_id),
        ("task_name", &about.task_name),
        ("task_run_id", &about.task_run_id),
        ("iteration", &about.iteration),
    ] {
        if !value.is_empty() {
            data.insert(name.to_owned(), json!(value));
        }
    }
    if about.pipeline_version > 0 {
        data.insert("pipeline_version".to_owned(), json!(about.pipeline_version));
    }
    data.insert("actor".to_owned(), json!(told.actor));
    data.insert("decided_at".to_owned(), json!(told.decided_at.to_string()));
    data.insert("sequence".to_owned(), json!(told.sequence));
    let names = data.clone();
    for (name, value) in event::to_json(told.event) {
        // The name of a task says more than its place; what both say is the same.
        data.entry(name).or_insert(value);
    }
    if let Event::OperationsCollected { collected, .. } = told.event {
        let done = collected.operations.iter().filter(|operation| operation.materialises());
        let assets: Vec<&str> = done.map(|done| done.asset.as_str()).take(limits::OUTGOING_ASSETS_MAX).collect();
        data.insert("materialised".to_owned(), json!(assets));
        let failed = |status: &str| matches!(status, "FAILED" | "WARNING");
        let failed =
            collected.operations.iter().filter(|operation| operation.kind == "TEST" && failed(&operation.status));
        data.insert("tests_not_passed".to_owned(), json!(failed.count()));
    }
    let whole = Value::Object(data).to_string();
    if whole.len() <= limits::OUTGOING_DATA_BYTES_MAX {
        return Bytes::from(whole);
    }
    let mut short = names;
    short.insert("shortened".to_owned(), json!(true));
    Bytes::from(Value::Object(short).to_string())
}

/// An attribute of limited length.
fn cut(text: &str) -> String {
    let most = limits::OUTGOING_ATTRIBUTE_BYTES_MAX.min(text.len());
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use downbeat_domain::{PipelineId, RunId, RunStatus};

    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    fn of(event: &Event, about: &About) -> Message {
        let log = LogId("DOWNBEAT_LOG_0@1".into());
        message(
            &Told { log: &log, sequence: 42, ordinal: 3, kind: "some_kind", event, actor: "me", decided_at: at() },
            about,
        )
    }

    fn attribute<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
        message.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn an_event_says_where_it_stands_and_what_it_is_about() {
        let run = RunId([7; 16]);
        let event = Event::RunFinished { run, status: RunStatus::Failed, message: "two tasks failed".into(), at: at() };
        let about = About { pipeline: "daily".into(), run_id: run.to_string(), ..About::default() };
        let message = of(&event, &about);
        assert_eq!(message.subject, "downbeat.events.default.daily.some_kind");
        assert_eq!(attribute(&message, "source"), Some("/downbeat/default/daily"));
        assert_eq!(attribute(&message, "type"), Some("io.downbeat.some_kind.v1"));
        assert_eq!(attribute(&message, "subject"), Some(run.to_string().as_str()));
        assert_eq!(attribute(&message, "time"), Some("2023-11-14T22:13:20Z"));
        assert_eq!(attribute(&message, "sequence"), Some("00000000000000000042.00000003"));
        assert!(message.id.ends_with("-42-3"), "{}", message.id);
        let data: Value = serde_json::from_slice(&message.body).unwrap();
        assert_eq!(
            (&data["status"], &data["pipeline"], &data["actor"]),
            (&json!("FAILED"), &json!("daily"), &json!("me"))
        );
    }

    #[test]
    fn ids_tell_logs_places_and_events_of_one_record_apart() {
        let ids = [("a", 1, 0), ("a", 1, 1), ("a", 11, 0), ("b", 1, 0)]
            .map(|(log, sequence, ordinal)| id_of(&LogId(log.into()), sequence, ordinal));
        let different: std::collections::BTreeSet<&String> = ids.iter().collect();
        assert_eq!(different.len(), ids.len(), "{ids:?}");
        assert_eq!(ids[0], id_of(&LogId("a".into()), 1, 0));
    }

    #[test]
    fn what_is_too_large_is_told_without_its_fields() {
        let reason = "x".repeat(limits::OUTGOING_DATA_BYTES_MAX);
        let pipeline = PipelineId([1; 16]);
        let event = Event::PipelinePaused { pipeline, reason, at: at() };
        let about = About { pipeline: "daily".into(), pipeline_id: pipeline.to_string(), ..About::default() };
        let data: Value = serde_json::from_slice(&of(&event, &about).body).unwrap();
        assert_eq!((&data["shortened"], &data["pipeline"], data.get("reason")), (&json!(true), &json!("daily"), None));
    }
}
