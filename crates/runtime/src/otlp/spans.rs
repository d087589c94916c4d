//! A span: something that was done, from when until when, as part of what.
//!
//! It is told once it has ended, or not at all. Attributes are names, ids and numbers; nobody puts words of others into one. Everything is
//! cut to a length.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{Span as Wire, Status, span::Link, span::SpanKind, status::StatusCode},
};

use super::{Context, tell};
use crate::limits;

/// What kind of work it was, as OpenTelemetry tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Inside one service.
    Internal,
    /// An answer to somebody.
    Server,
    /// A question to somebody.
    Client,
    /// Something handed on for later.
    Producer,
    /// Something taken that was handed on.
    Consumer,
}

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub struct Span(Box<Wire>);

impl Span {
    /// Something that began at this instant (nanoseconds since 1970, [`now`]).
    pub fn begun(context: Context, kind: Kind, name: &str, began: u64) -> Self {
        let kind = match kind {
            Kind::Internal => SpanKind::Internal,
            Kind::Server => SpanKind::Server,
            Kind::Client => SpanKind::Client,
            Kind::Producer => SpanKind::Producer,
            Kind::Consumer => SpanKind::Consumer,
        };
        Self(Box::new(Wire {
            trace_id: context.trace.to_vec(),
            span_id: context.span.to_vec(),
            flags: u32::from(context.sampled),
            name: cut(name),
            kind: kind as i32,
            start_time_unix_nano: began,
            ..Wire::default()
        }))
    }

    /// As part of this one, of the same trace.
    #[must_use]
    pub fn below(mut self, parent: Context) -> Self {
        self.0.parent_span_id = parent.span.to_vec();
        self
    }

    /// With a name or an id; an empty one is none.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if !value.is_empty() {
            self.push(name, any_value::Value::StringValue(cut(value)));
        }
        self
    }

    /// With a number.
    #[must_use]
    pub fn with_number(mut self, name: &'static str, value: u64) -> Self {
        self.push(name, any_value::Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)));
        self
    }

    /// It has to do with that, which is no part of it: `why` says how.
    #[must_use]
    pub fn linked(mut self, to: Context, why: &str) -> Self {
        if self.0.links.len() >= limits::OTLP_LINKS_MAX {
            self.0.dropped_links_count += 1;
            return self;
        }
        self.0.links.push(Link {
            trace_id: to.trace.to_vec(),
            span_id: to.span.to_vec(),
            attributes: vec![text("downbeat.link", cut(why))],
            flags: u32::from(to.sampled),
            ..Link::default()
        });
        self
    }

    /// It came to no good, with the class of what happened (`error.type`).
    #[must_use]
    pub fn failed(mut self, class: &str) -> Self {
        self.0.status = Some(Status { code: StatusCode::Error as i32, message: String::new() });
        self.with("error.type", class)
    }

    /// It ended at this instant.
    #[must_use]
    pub fn ended(mut self, at: u64) -> Self {
        // Clocks go back now and then; nothing ends before it began.
        self.0.end_time_unix_nano = at.max(self.0.start_time_unix_nano);
        self
    }

    /// It ends now, and is told if it is one of those that are. Never waits.
    pub fn end(self) {
        tell(self.ended(now()));
    }

    /// The message of OTLP.
    pub fn into_wire(self) -> Wire {
        *self.0
    }

    pub(super) fn sampled(&self) -> bool {
        self.0.flags & 1 == 1
    }

    fn push(&mut self, name: &'static str, value: any_value::Value) {
        if self.0.attributes.len() < limits::OTLP_ATTRIBUTES_MAX {
            let value = Some(AnyValue { value: Some(value) });
            self.0.attributes.push(KeyValue { key: name.to_owned(), value, ..KeyValue::default() });
        } else {
            self.0.dropped_attributes_count += 1;
        }
    }
}

/// This instant, nanoseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// An instant in microseconds, as the wire has them, in nanoseconds.
pub fn nanos(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or_default().saturating_mul(1_000)
}

pub(super) fn text(name: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(value)) });
    KeyValue { key: name.to_owned(), value, ..KeyValue::default() }
}

/// As much of a text as an attribute holds.
pub(super) fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(limits::OTLP_VALUE_BYTES_MAX)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(span: u8) -> Context {
        Context { trace: [1; 16], span: [span; 8], sampled: true }
    }

    #[test]
    fn a_span_says_what_it_was_part_of_and_nothing_without_bounds() {
        let span = Span::begun(context(2), Kind::Client, &"n".repeat(10_000), 100)
            .below(context(1))
            .with("a", "b")
            .with("empty", "")
            .with_number("n", u64::MAX)
            .failed("TIMED_OUT")
            .ended(50)
            .into_wire();
        assert_eq!((span.parent_span_id, span.name.len()), (vec![1; 8], limits::OTLP_VALUE_BYTES_MAX));
        assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (100, 100));
        let names: Vec<&str> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!((names, span.status.unwrap().code), (vec!["a", "n", "error.type"], 2));
        let mut many = Span::begun(context(2), Kind::Internal, "x", 0);
        for _ in 0..limits::OTLP_LINKS_MAX + 3 {
            many = many.linked(context(3), "because");
        }
        let many = many.into_wire();
        assert_eq!((many.links.len(), many.dropped_links_count), (limits::OTLP_LINKS_MAX, 3));
    }
}
