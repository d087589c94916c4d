//! What is measured of the gateway.

use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::http::Route;

/// The measures. Cheap to clone: all share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    requests: Family<Answered, Counter>,
    durations: Family<Of, Histogram, fn() -> Histogram>,
    pub(crate) streams: Gauge,
    /// Calls of tools of which the audit has the number alone.
    pub(crate) tool_calls_outlined: Counter,
    /// Those that it does not have.
    pub(crate) tool_calls_lost: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    method: String,
    route: String,
}

fn seconds() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0])
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(seconds as fn() -> Histogram),
            streams: Gauge::default(),
            tool_calls_outlined: Counter::default(),
            tool_calls_lost: Counter::default(),
        }
    }
}

impl Metrics {
    /// A request has its answer.
    pub(crate) fn answered(&self, route: &Route, status: StatusCode, took: Duration) {
        let (method, path) = (route.method.to_string(), route.path.to_owned());
        let answered = Answered { method: method.clone(), route: path.clone(), status: status.as_u16() };
        self.requests.get_or_create(&answered).inc();
        self.durations.get_or_create(&Of { method, route: path }).observe(took.as_secs_f64());
    }

    /// For whoever reads them.
    pub(crate) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("downbeat_gateway");
        registry.register("requests", "Requests by route and status", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From the head of a request to the head of its answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        let outlined = "Calls of tools of which the audit has the number alone";
        registry.register("tool_calls_outlined", outlined, self.tool_calls_outlined.clone());
        let lost = "Calls of tools that the audit does not have";
        registry.register("tool_calls_lost", lost, self.tool_calls_lost.clone());
        registry.register("streams", "Streams of live updates that are open", self.streams.clone());
        registry
    }
}
