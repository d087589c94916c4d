//! What a collector exported, read: spans, lines and measures, each with who told it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::collector::Request;

/// A span.
#[derive(Clone, Debug)]
pub struct Span {
    pub service: String,
    pub instance: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty = none.
    pub parent: String,
    /// Nanoseconds.
    pub began: u64,
    pub ended: u64,
    /// Trace and span.
    pub links: Vec<(String, String)>,
    pub attributes: BTreeMap<String, String>,
    pub is_error: bool,
}

/// A line of a log.
#[derive(Clone, Debug)]
pub struct Line {
    pub service: String,
    pub instance: String,
    pub body: String,
    pub trace: String,
}

/// A measure.
#[derive(Clone, Debug)]
pub struct Measure {
    pub service: String,
    pub instance: String,
    pub name: String,
    pub unit: String,
    /// Of its points: when their counts began.
    pub since: Vec<String>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// By id: one that was told twice is there once.
    pub spans: BTreeMap<String, Span>,
    pub lines: Vec<Line>,
    pub measures: Vec<Measure>,
}

impl Told {
    pub fn of(requests: &[Request]) -> Self {
        let mut told = Self::default();
        for request in requests {
            for of in all(&request.body, "resourceSpans") {
                for span in all(of, "scopeSpans").flat_map(|scope| all(scope, "spans")) {
                    let span = span_of(of, span);
                    let before = told.spans.insert(span.id.clone(), span.clone());
                    let same = before.is_none_or(|before| (before.trace, before.name) == (span.trace, span.name));
                    assert!(same, "two spans have the id {}", span.id);
                }
            }
            for of in all(&request.body, "resourceLogs") {
                let records = all(of, "scopeLogs").flat_map(|scope| all(scope, "logRecords"));
                told.lines.extend(records.map(|record| Line {
                    service: attribute(&of["resource"], "service.name"),
                    instance: attribute(&of["resource"], "service.instance.id"),
                    body: word(&record["body"]["stringValue"]),
                    trace: word(&record["traceId"]),
                }));
            }
            for of in all(&request.body, "resourceMetrics") {
                let metrics = all(of, "scopeMetrics").flat_map(|scope| all(scope, "metrics"));
                told.measures.extend(metrics.map(|metric| {
                    Measure {
                        service: attribute(&of["resource"], "service.name"),
                        instance: attribute(&of["resource"], "service.instance.id"),
                        name: word(&metric["name"]),
                        unit: word(&metric["unit"]),
                        since: ["sum", "histogram"]
                            .iter()
                            .flat_map(|kind| all(&metric[kind], "dataPoints"))
                            .map(|point| word(&point["startTimeUnixNano"]))
                            .collect(),
                    }
                }));
            }
        }
        told
    }

    /// Spans of this trace.
    pub fn trace(&self, id: &str) -> Vec<&Span> {
        self.spans.values().filter(|span| span.trace == id).collect()
    }

    /// Who told something of it.
    pub fn services(spans: &[&Span]) -> BTreeSet<String> {
        spans.iter().map(|span| span.service.clone()).collect()
    }
}

fn span_of(of: &Value, span: &Value) -> Span {
    Span {
        service: attribute(&of["resource"], "service.name"),
        instance: attribute(&of["resource"], "service.instance.id"),
        name: word(&span["name"]),
        trace: word(&span["traceId"]),
        id: word(&span["spanId"]),
        parent: word(&span["parentSpanId"]),
        began: word(&span["startTimeUnixNano"]).parse().expect("an instant"),
        ended: word(&span["endTimeUnixNano"]).parse().expect("an instant"),
        links: all(span, "links").map(|link| (word(&link["traceId"]), word(&link["spanId"]))).collect(),
        attributes: all(span, "attributes").map(|pair| (word(&pair["key"]), value(&pair["value"]))).collect(),
        is_error: span["status"]["code"] == 2,
    }
}

fn all<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    of[name].as_array().into_iter().flatten()
}

fn attribute(of: &Value, name: &str) -> String {
    all(of, "attributes").find(|pair| pair["key"] == name).map(|pair| value(&pair["value"])).unwrap_or_default()
}

fn value(of: &Value) -> String {
    let inner = of.as_object().and_then(|object| object.values().next()).cloned().unwrap_or_default();
    match inner {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn word(of: &Value) -> String {
    of.as_str().unwrap_or_default().to_owned()
}
