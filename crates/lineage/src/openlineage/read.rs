//! From bytes to reports.

use downbeat_domain::{
    RunId,
    foreign::{ForeignJob, ForeignParent, ForeignRun, Said},
    metadata::Collected,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{Fault, Report, State, datasets, edges, facets, operations};
use crate::limits::{EVENT_BYTES_MAX, EVENT_TEXT_CHARS_MAX, EVENTS_PER_BATCH_MAX};

/// Reads one event.
///
/// # Errors
/// What is wrong with it.
pub fn event(bytes: &[u8]) -> Result<Report, Fault> {
    of_value(&parse(bytes)?)
}

/// Reads a JSON array of events, each for itself.
///
/// # Errors
/// It is no array, or has too many.
pub fn batch(bytes: &[u8]) -> Result<Vec<Result<Report, Fault>>, Fault> {
    let parsed = parse(bytes)?;
    let events = parsed.as_array().ok_or_else(|| fault("batch", "is no JSON array of events"))?;
    if events.len() > EVENTS_PER_BATCH_MAX {
        let reason = format!("has {} events; at most {EVENTS_PER_BATCH_MAX} are taken at once", events.len());
        return Err(fault("batch", reason));
    }
    Ok(events.iter().map(of_value).collect())
}

/// Reads what clients write into files: events one after the other, with or without lines between them, or arrays of them. What follows
/// something that is no JSON is not read, and nothing beyond `most` events.
pub fn all(bytes: &[u8], most: usize) -> Vec<Result<Report, Fault>> {
    let mut reports = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        if reports.len() >= most {
            reports.push(Err(fault("batch", format!("has more than {most} events: the rest is not read"))));
            break;
        }
        match value {
            Ok(Value::Array(events)) => {
                let room = most - reports.len();
                reports.extend(events.iter().take(room).map(of_value));
                if events.len() > room {
                    reports.push(Err(fault("batch", format!("has more than {most} events: the rest is not read"))));
                    break;
                }
            }
            Ok(event) => reports.push(of_value(&event)),
            Err(error) => {
                reports.push(Err(fault("event", format!("is no JSON: {error}"))));
                break;
            }
        }
    }
    reports
}

fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    if bytes.len() > EVENT_BYTES_MAX {
        let reason = format!("has {} bytes; at most {EVENT_BYTES_MAX} are taken", bytes.len());
        return Err(fault("event", reason));
    }
    serde_json::from_slice(bytes).map_err(|error| fault("event", format!("is no JSON: {error}")))
}

fn fault(place: &str, reason: impl Into<String>) -> Fault {
    Fault { place: place.to_owned(), reason: reason.into() }
}

fn of_value(event: &Value) -> Result<Report, Fault> {
    if !event.is_object() {
        return Err(fault("event", "is no JSON object"));
    }
    let at = text(event, "eventTime").ok_or_else(|| fault("eventTime", "is missing"))?;
    let at: Timestamp = at.parse().map_err(|_| {
        fault("eventTime", format!("is {at:?}, and no time with its offset, like 2026-03-01T12:00:00Z"))
    })?;
    let producer = text(event, "producer").unwrap_or_default();
    let (run, state) = match event.get("run") {
        Some(_) => (Some(run(event)?), Some(state(event)?)),
        None => (None, None),
    };
    let job = match event.get("job") {
        Some(named) => Some(job(named, "job")?),
        None if run.is_some() => return Err(fault("job", "is missing: a run is one of a job")),
        None => None,
    };
    if job.is_none() && event.get("dataset").is_none() {
        return Err(fault("event", "has no run, no job and no dataset: it is about nothing"));
    }
    let identity = identity(event, run.as_ref(), at);
    let run = run.zip(state).map(|(run, state)| ForeignRun { state: state.as_str().to_owned(), ..run });
    let said = Said { identity, producer, job, run, said_at: at };
    let mut report = Report { said, state, collected: Collected::default() };
    let datasets = datasets::of(event);
    report.collected.assets = datasets.assets();
    report.collected.edges = edges::of(event, &report, &datasets);
    report.collected.operations = operations::of(event, &report, &datasets);
    Ok(report)
}

fn run(event: &Value) -> Result<ForeignRun, Fault> {
    let run = &event["run"];
    let id = text(run, "runId").ok_or_else(|| fault("run.runId", "is missing"))?;
    let id = uuid(&id).ok_or_else(|| fault("run.runId", format!("is {id:?}, and no UUID")))?;
    let facet = facets::of(run, "parent");
    let parent = facet.and_then(parent);
    let root = facet.and_then(|facet| facet.get("root")).and_then(self::parent);
    Ok(ForeignRun { id, state: String::new(), parent, root })
}

fn state(event: &Value) -> Result<State, Fault> {
    let state = match text(event, "eventType").unwrap_or_default().to_uppercase().as_str() {
        "START" => State::Start,
        "RUNNING" => State::Running,
        "COMPLETE" => State::Complete,
        "ABORT" => State::Abort,
        "FAIL" => State::Fail,
        // The type may be left out where only facets are told.
        "OTHER" | "" => State::Other,
        other => {
            let reason = format!("is {other:?}; it is START, RUNNING, COMPLETE, ABORT, FAIL or OTHER");
            return Err(fault("eventType", reason));
        }
    };
    Ok(state)
}

/// `None` where it names no run: nothing hangs on it.
fn parent(facet: &Value) -> Option<ForeignParent> {
    let run = uuid(&text(facet.get("run")?, "runId")?)?;
    let job = facet.get("job").and_then(|job| self::job(job, "job").ok()).unwrap_or_default();
    Some(ForeignParent { run, job })
}

fn job(named: &Value, place: &str) -> Result<ForeignJob, Fault> {
    let part = |name: &str| {
        let text = text(named, name).filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| fault(&format!("{place}.{name}"), "is missing"))
    };
    Ok(ForeignJob { namespace: part("namespace")?, name: part("name")? })
}

/// A text of an object, cut to what is kept of texts.
pub(super) fn text(object: &Value, name: &str) -> Option<String> {
    let text = object.get(name)?.as_str()?;
    Some(text.chars().take(EVENT_TEXT_CHARS_MAX).collect())
}

/// `None`: it is none.
fn uuid(text: &str) -> Option<[u8; 16]> {
    text.trim().parse::<RunId>().ok().map(|id| id.0)
}

fn identity(event: &Value, run: Option<&ForeignRun>, at: Timestamp) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_derive_key("downbeat openlineage event v1");
    match run {
        Some(run) => {
            let kind = text(event, "eventType").unwrap_or_default().to_uppercase();
            hasher.update(&run.id);
            hasher.update(kind.as_bytes());
            hasher.update(&at.as_nanosecond().to_be_bytes());
        }
        None => {
            hasher.update(event.to_string().as_bytes());
        }
    }
    let mut identity = [0; 16];
    hasher.finalize_xof().fill(&mut identity);
    identity
}
