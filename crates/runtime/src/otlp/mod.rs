//! OpenTelemetry: what a process does, says and measures, told to a receiver of OTLP over gRPC.
//!
//! Off, and at no cost but a look, unless `OTEL_EXPORTER_OTLP_ENDPOINT` names one (`config.rs` reads the variables). On, whoever has something
//! to tell gives it to a bounded queue and never waits; what finds no room is counted. Ids of spans are given by whoever knows what they are
//! of, so that every process and every repetition says the same: that is why the spans here are our own and not those of an SDK. Knows
//! nothing about runs.

mod config;
mod context;
mod export;
mod logs;
mod metrics;
mod queue;
mod sampler;
mod spans;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use opentelemetry_proto::tonic::{logs::v1::LogRecord, trace::v1::Span as WireSpan};
use prometheus_client::{
    encoding::EncodeLabelSet, metrics::counter::Counter, metrics::family::Family, registry::Registry,
};
use tracing::Subscriber;
use tracing_subscriber::Layer;

pub use context::{Context, current, within};
pub use export::Untold;
pub use spans::{Kind, Span, nanos, now};

use crate::limits;
use config::Config;
use export::Exporter;
use queue::{Counts, Queue};

/// The one of this process.
static OTLP: OnceLock<Otlp> = OnceLock::new();

struct Otlp {
    exporter: Exporter,
    spans: Option<Queue<WireSpan>>,
    lines: Option<Queue<LogRecord>>,
    registries: Mutex<Vec<Arc<Registry>>>,
    /// What is measured of the telling itself.
    own: Arc<Registry>,
    /// When the counts of this process began.
    since: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Signal {
    signal: &'static str,
}

/// Begins to tell, if somebody is to be told. `service` is what the process is. To be called inside of the async runtime; a second call in one
/// process keeps the first.
///
/// # Errors
/// In words: which variable is wrong.
pub(crate) fn start(service: &'static str) -> Result<(), String> {
    if OTLP.get().is_some() {
        return Ok(());
    }
    let read = |name: &str| std::env::var_os(name).map(|text| text.to_string_lossy().into_owned());
    let Some(config) = Config::read(read)? else { return Ok(()) };
    let (traces, measured, logs) = (config.traces, config.metrics, config.logs);
    let exporter = Exporter::new(service, config)?;
    let (told, dropped) = (Family::<Signal, Counter>::default(), Family::<Signal, Counter>::default());
    let counts = |signal| Counts {
        told: told.get_or_create(&Signal { signal }).clone(),
        dropped: dropped.get_or_create(&Signal { signal }).clone(),
    };
    let spans = traces.then(|| {
        let exporter = exporter.clone();
        Queue::start("spans", counts("traces"), move |batch| {
            let exporter = exporter.clone();
            async move { exporter.spans(batch).await }
        })
    });
    let lines = logs.then(|| {
        let exporter = exporter.clone();
        Queue::start("lines", counts("logs"), move |batch| {
            let exporter = exporter.clone();
            async move { exporter.logs(batch).await }
        })
    });
    let mut registry = Registry::with_prefix("downbeat_otlp");
    registry.register("told", "Spans and lines that the receiver of OTLP took", told);
    registry.register(
        "dropped",
        "Spans and lines that found no room, or that the receiver of OTLP did not take",
        dropped,
    );
    let own = Arc::new(registry);
    let registries = Mutex::new(vec![Arc::clone(&own)]);
    if OTLP.set(Otlp { exporter, spans, lines, registries, own, since: now() }).is_ok() && measured {
        tokio::spawn(tell_measures());
    }
    Ok(())
}

/// Tells what is still waiting, for as long as somebody who ends has patience.
pub(crate) async fn flush() {
    let Some(otlp) = OTLP.get() else { return };
    let all = async {
        if let Some(spans) = &otlp.spans {
            spans.flush().await;
        }
        if otlp.exporter.config().metrics {
            let _ = otlp.measures().await;
        }
        if let Some(lines) = &otlp.lines {
            lines.flush().await;
        }
    };
    let _ = tokio::time::timeout(limits::OTLP_FLUSH, all).await;
}

/// What gives log lines to the receiver, for the subscriber of the process.
pub(crate) fn lines<S: Subscriber>() -> Option<impl Layer<S>> {
    OTLP.get().is_some_and(|otlp| otlp.lines.is_some()).then_some(logs::Lines)
}

/// Whether spans are told at all.
pub fn traces() -> bool {
    OTLP.get().is_some_and(|otlp| otlp.spans.is_some())
}

/// Whether this process tells traces, and this one of them. For ids that are derived.
pub fn sampled(trace: &[u8; 16]) -> bool {
    OTLP.get().is_some_and(|otlp| otlp.spans.is_some() && otlp.exporter.config().sampler.takes(trace))
}

/// The place of something whose ids are derived of what it is. `None`: no spans are told at all.
pub fn place((trace, span): ([u8; 16], [u8; 8])) -> Option<Context> {
    traces().then(|| Context { trace, span, sampled: sampled(&trace) })
}

/// A new trace, or below what the caller said (a `traceparent`). `None`: no spans are told at all.
pub fn answering(traceparent: Option<&str>) -> Option<(Context, Option<Context>)> {
    let otlp = OTLP.get().filter(|otlp| otlp.spans.is_some())?;
    let caller = traceparent.and_then(Context::parse);
    let context = match caller {
        Some(caller) => {
            let sampled = otlp.exporter.config().sampler.follows(&caller.trace, caller.sampled);
            Context { sampled, ..caller.new_child() }
        }
        None => {
            let trace = *uuid::Uuid::new_v4().as_bytes();
            Context { trace, span: context::random_span(), sampled: sampled(&trace) }
        }
    };
    Some((context, caller))
}

/// Tells spans now and says whether they were taken: for whoever keeps what was not.
///
/// # Errors
/// `Untold`.
pub async fn deliver(spans: Vec<WireSpan>) -> Result<(), Untold> {
    match OTLP.get() {
        Some(otlp) => otlp.exporter.spans(spans).await,
        None => Err(Untold { why: "no receiver of OTLP is named".to_owned(), for_good: false }),
    }
}

/// Tells the measures of this registry from now on, beside whoever else reads them.
pub fn measures(registry: Arc<Registry>) {
    if let Some(otlp) = OTLP.get() {
        otlp.registries.lock().unwrap_or_else(PoisonError::into_inner).push(registry);
    }
}

/// What is measured of the telling itself. `None`: nobody is told.
pub(crate) fn registry() -> Option<Arc<Registry>> {
    OTLP.get().map(|otlp| Arc::clone(&otlp.own))
}

/// A span of OTLP as bytes can be kept of it.
pub mod wire {
    pub use opentelemetry_proto::tonic::trace::v1::Span;
}

fn tell(span: Span) {
    if let Some(spans) = OTLP.get().and_then(|otlp| otlp.spans.as_ref()).filter(|_| span.sampled()) {
        spans.give(span.into_wire());
    }
}

fn log(record: impl FnOnce() -> LogRecord) {
    if let Some(lines) = OTLP.get().and_then(|otlp| otlp.lines.as_ref()) {
        lines.give(record());
    }
}

async fn tell_measures() {
    let Some(otlp) = OTLP.get() else { return };
    let mut away = false;
    loop {
        tokio::time::sleep(otlp.exporter.config().metrics_every).await;
        match otlp.measures().await {
            Ok(()) => away = false,
            Err(untold) => {
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(
                        why = untold.why,
                        "the receiver of OTLP does not take measures; they are told again later"
                    );
                }
            }
        }
    }
}

impl Otlp {
    async fn measures(&self) -> Result<(), Untold> {
        let metrics = {
            let registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
            registries.iter().flat_map(|registry| metrics::of(registry, self.since, now())).collect()
        };
        self.exporter.metrics(metrics).await
    }
}
