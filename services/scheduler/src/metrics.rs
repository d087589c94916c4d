//! What a scheduler measures: how late instants are served, what is decided of them, how many schedules it watches, what becomes of messages.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::ConstCounter, counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::triggers::engine::Counts;

/// Upper bounds of lateness, seconds: a schedule that is served later than a minute was missed.
const LATENESS_SECONDS: [f64; 11] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 600.0, 3_600.0];

/// The measures of one process. Clones measure together.
#[derive(Clone, Debug)]
pub struct Metrics {
    lateness: Histogram,
    decided: Family<Outcome, Counter>,
    schedules: Gauge,
    events: Events,
    waiting_messages: Gauge,
    waiting_bytes: Gauge,
}

/// What was decided of an instant: `fired`, or in lower case the reason why it has no run of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: String,
}

/// Counts of messages, as the engine has them.
#[derive(Clone, Debug, Default)]
struct Events(Arc<Mutex<Counts>>);

impl Default for Metrics {
    fn default() -> Self {
        Self {
            lateness: Histogram::new(LATENESS_SECONDS),
            decided: Family::default(),
            schedules: Gauge::default(),
            events: Events::default(),
            waiting_messages: Gauge::default(),
            waiting_bytes: Gauge::default(),
        }
    }
}

impl Metrics {
    /// All of them, by the names under which they are read.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("downbeat");
        registry.register(
            "schedule_lateness_seconds",
            "How long after its instant a schedule was served, jitter included",
            self.lateness.clone(),
        );
        let decided = self.decided.clone();
        registry.register("schedule_instants", "Instants of schedules that this scheduler had decided", decided);
        registry.register("schedules", "Schedules and sensors that it watches", self.schedules.clone());
        registry.register(
            "event_messages_waiting",
            "Messages in the trigger stream that no scheduler has settled",
            self.waiting_messages.clone(),
        );
        registry.register("event_bytes_waiting", "Bytes of these messages", self.waiting_bytes.clone());
        registry.register_collector(Box::new(self.events.clone()));
        registry
    }

    /// An instant was served now.
    pub(crate) fn fired(&self, instant: Timestamp, now: Timestamp) {
        self.lateness.observe(now.duration_since(instant).as_secs_f64().max(0.0));
        self.decided.get_or_create(&Outcome { outcome: "fired".to_owned() }).inc();
    }

    /// So many instants got no run of their own.
    pub(crate) fn passed(&self, reason: &str, count: u64) {
        self.decided.get_or_create(&Outcome { outcome: reason.to_lowercase() }).inc_by(count);
    }

    pub(crate) fn watches(&self, schedules: usize) {
        self.schedules.set(i64::try_from(schedules).unwrap_or(i64::MAX));
    }

    /// So much waits in the trigger stream.
    pub(crate) fn waiting(&self, messages: u64, bytes: u64) {
        self.waiting_messages.set(i64::try_from(messages).unwrap_or(i64::MAX));
        self.waiting_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(crate) fn events(&self, counts: Counts) {
        *self.events.0.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }
}

impl Collector for Events {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, help, count) in [
            ("event_messages", "Messages delivered, repeated deliveries included", counts.delivered),
            ("events_taken", "Events that the coordinator has taken in", counts.taken),
            ("event_runs_started", "Runs that events started", counts.started),
            ("events_unheard", "Events to whose subject no trigger listens", counts.unheard),
            ("event_dead_letters", "Messages that became dead letters", counts.dead),
            ("event_messages_slowed", "Messages of subjects that flood, which had to wait", counts.slowed),
            ("event_coordinator_silences", "Times that the coordinator did not answer for an event", counts.away),
        ] {
            let counter = ConstCounter::new(count);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_read_under_its_name() {
        let metrics = Metrics::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        metrics.fired(at(100), at(103));
        metrics.fired(at(100), at(99));
        metrics.passed("MISSED", 4);
        metrics.watches(7);
        metrics.events(Counts { taken: 5, ..Counts::default() });
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &metrics.registry()).unwrap();
        for line in [
            "downbeat_schedule_lateness_seconds_sum 3.0",
            "downbeat_schedule_lateness_seconds_bucket{le=\"0.01\"} 1",
            "downbeat_schedule_lateness_seconds_bucket{le=\"5.0\"} 2",
            "downbeat_schedule_instants_total{outcome=\"fired\"} 2",
            "downbeat_schedule_instants_total{outcome=\"missed\"} 4",
            "downbeat_schedules 7",
            "downbeat_events_taken_total 5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
