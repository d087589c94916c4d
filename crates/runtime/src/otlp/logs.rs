//! What is logged, as records of OTLP: the same lines as on standard error, with the span in which they were said.
//!
//! It stands behind the filter of those lines, so that what is silent there is silent here. What the libraries below the export say is left
//! out: telling it would give more of it to tell.

use std::fmt::{Debug, Write as _};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    logs::v1::{LogRecord, SeverityNumber},
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context as LayerContext};

use super::{
    context::current,
    spans::{cut, now, text},
};
use crate::limits;

/// What an export itself sets off.
const BELOW: [&str; 7] = ["h2", "hyper", "hyper_util", "tonic", "tower", "rustls", "downbeat_runtime::otlp"];

/// Gives lines to whoever tells them.
pub(super) struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let target = event.metadata().target();
        if !BELOW
            .iter()
            .any(|below| target.strip_prefix(below).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
        {
            super::log(|| record(event));
        }
    }
}

fn record(event: &Event<'_>) -> LogRecord {
    let mut said = Said::default();
    event.record(&mut said);
    let (number, word) = match *event.metadata().level() {
        Level::ERROR => (SeverityNumber::Error, "ERROR"),
        Level::WARN => (SeverityNumber::Warn, "WARN"),
        Level::INFO => (SeverityNumber::Info, "INFO"),
        Level::DEBUG => (SeverityNumber::Debug, "DEBUG"),
        Level::TRACE => (SeverityNumber::Trace, "TRACE"),
    };
    let (at, part_of) = (now(), current());
    said.fields.push(text("downbeat.log.target", cut(event.metadata().target())));
    LogRecord {
        time_unix_nano: at,
        observed_time_unix_nano: at,
        severity_number: number as i32,
        severity_text: word.to_owned(),
        body: Some(AnyValue { value: Some(Value::StringValue(said.message)) }),
        attributes: said.fields,
        flags: part_of.map_or(0, |context| u32::from(context.sampled)),
        trace_id: part_of.map(|context| context.trace.to_vec()).unwrap_or_default(),
        span_id: part_of.map(|context| context.span.to_vec()).unwrap_or_default(),
        ..LogRecord::default()
    }
}

#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<KeyValue>,
}

impl Said {
    fn push(&mut self, field: &Field, value: Value) {
        if self.fields.len() < limits::OTLP_ATTRIBUTES_MAX {
            let value = Some(AnyValue { value: Some(value) });
            self.fields.push(KeyValue { key: field.name().to_owned(), value, ..KeyValue::default() });
        }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut shown = String::new();
        // Writing into memory has no way to fail.
        let _ = write!(shown, "{value:?}");
        if field.name() == "message" {
            shown.truncate(shown.floor_char_boundary(limits::OTLP_LINE_BYTES_MAX));
            self.message = shown;
        } else {
            self.push(field, Value::StringValue(cut(&shown)));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value[..value.floor_char_boundary(limits::OTLP_LINE_BYTES_MAX)].clone_into(&mut self.message);
        } else {
            self.push(field, Value::StringValue(cut(value)));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::IntValue(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::IntValue(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Value::DoubleValue(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::BoolValue(value));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::otlp::{Context, within};

    /// As [`Lines`], for a test.
    struct Kept(Arc<Mutex<Vec<LogRecord>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
            self.0.lock().unwrap().push(record(event));
        }
    }

    #[test]
    fn a_line_has_its_fields_and_the_span_in_which_it_was_said() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Kept(Arc::clone(&kept)));
        let context = Context { trace: [1; 16], span: [2; 8], sampled: true };
        tracing::subscriber::with_default(subscriber, || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(within(Some(context), async {
                tracing::warn!(task = %"load", attempt = 2, "did not {}", "end");
            }));
            tracing::info!("outside");
        });
        let kept = kept.lock().unwrap();
        let body = |record: &LogRecord| match record.body.as_ref().and_then(|body| body.value.clone()) {
            Some(Value::StringValue(text)) => text,
            other => panic!("{other:?}"),
        };
        let names: Vec<&str> = kept[0].attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!((body(&kept[0]).as_str(), names), ("did not end", vec!["task", "attempt", "downbeat.log.target"]));
        assert_eq!((kept[0].severity_text.as_str(), &kept[0].trace_id[..]), ("WARN", &[1; 16][..]));
        assert_eq!((body(&kept[1]).as_str(), kept[1].trace_id.len()), ("outside", 0));
    }
}
