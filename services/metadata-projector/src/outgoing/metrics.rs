//! What is measured of feeds: how far they are behind, what was taken, how often a destination did not take something.

use std::net::SocketAddr;

use downbeat_runtime::shutdown::ShutdownSignal;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::Done;
use crate::error::Error;

/// The measures of one process. Clones measure together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    lag: Family<Of, Gauge>,
    told: Family<Of, Counter>,
    failures: Family<Of, Counter>,
    refused: Family<Of, Counter>,
}

/// Which feed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    feed: &'static str,
}

/// The measures of one feed.
#[derive(Clone, Debug)]
pub(super) struct FeedMetrics {
    all: Metrics,
    of: Of,
}

impl Metrics {
    /// All of them, by the names under which they are read.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("downbeat");
        registry.register(
            "outgoing_lag_records",
            "Records of the log that are folded and that this feed has not told yet",
            self.lag.clone(),
        );
        registry.register("outgoing_messages", "Messages that the destination took", self.told.clone());
        registry.register(
            "outgoing_failures",
            "Times that the destination did not take what it was given; it is given again",
            self.failures.clone(),
        );
        registry.register(
            "outgoing_refused",
            "Messages that the destination refused for good; each was passed over",
            self.refused.clone(),
        );
        registry
    }

    /// New ones, read at this address until the signal, if there is one, and told over OTLP.
    ///
    /// # Errors
    /// `Setting`: nobody can listen there.
    pub async fn serve(listen: Option<SocketAddr>, signal: ShutdownSignal) -> Result<Self, Error> {
        let metrics = Self::default();
        let served = downbeat_runtime::metrics::serve_if(listen, metrics.registry(), signal).await;
        let refused = |error| format!("DOWNBEAT_PROJECTOR_METRICS: cannot listen there: {error}");
        served.map_err(|error| Error::Setting(refused(error)))?;
        Ok(metrics)
    }

    pub(super) fn of(&self, feed: &'static str) -> FeedMetrics {
        FeedMetrics { all: self.clone(), of: Of { feed } }
    }
}

impl FeedMetrics {
    pub(super) fn behind(&self, records: u64) {
        self.all.lag.get_or_create(&self.of).set(i64::try_from(records).unwrap_or(i64::MAX));
    }

    pub(super) fn told(&self, done: Done) {
        for (counter, messages) in [(&self.all.told, done.taken), (&self.all.refused, done.refused)] {
            if messages > 0 {
                counter.get_or_create(&self.of).inc_by(messages as u64);
            }
        }
    }

    pub(super) fn failed(&self) {
        self.all.failures.get_or_create(&self.of).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_read_under_its_name() {
        let metrics = Metrics::default();
        let feed = metrics.of("events");
        feed.behind(7);
        feed.told(Done { taken: 3, refused: 0 });
        feed.told(Done { taken: 2, refused: 4 });
        feed.failed();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &metrics.registry()).unwrap();
        for line in [
            "downbeat_outgoing_lag_records{feed=\"events\"} 7",
            "downbeat_outgoing_messages_total{feed=\"events\"} 5",
            "downbeat_outgoing_failures_total{feed=\"events\"} 1",
            "downbeat_outgoing_refused_total{feed=\"events\"} 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
