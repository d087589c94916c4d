//! What a projector measures: how far it is, how long after a decision its rows are read, what it could not fold; and what its feeds measure.
//!
//! Promises: nothing is counted twice when a process goes on where another ended; what a rebuild folds again is counted, because it is work. Positions
//! are read when somebody asks for them and cost nothing before. Knows nothing of projections.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use downbeat_runtime::shutdown::ShutdownSignal;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        counter::{ConstCounter, Counter},
        gauge::ConstGauge,
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};

use crate::{engine, error::Error, outgoing, published::Published};

/// Upper bounds, seconds, of one commit to the store.
const COMMITS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
/// Upper bounds, seconds, of the time from a decision until its rows are read; a rebuild reads what is years old.
const AGES: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 3_600.0];

/// The measures of one process. Clones measure together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// Of the feeds.
    pub outgoing: outgoing::Metrics,
    folding: Folding,
}

impl Metrics {
    /// New ones, read at this address until the signal, if there is one.
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

    /// From now on the fold of this projector is measured, whose rows are given back. Only the first call does something.
    pub fn of<'a>(&self, published: &'a Arc<Published>) -> &'a Arc<Published> {
        self.folding.0.get_or_init(|| Arc::clone(published));
        published
    }

    /// All of them, by the names under which they are read.
    pub fn registry(&self) -> Registry {
        let mut registry = self.outgoing.registry();
        registry.register_collector(Box::new(self.folding.clone()));
        registry
    }
}

/// Reads what a projector has folded, once there is one.
#[derive(Clone, Default)]
struct Folding(Arc<OnceLock<Arc<Published>>>);

impl std::fmt::Debug for Folding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Folding").field("begun", &self.0.get().is_some()).finish()
    }
}

/// What the writer measures.
#[derive(Debug)]
pub(crate) struct Measures {
    records: Counter,
    events: Counter,
    commits: Histogram,
    ages: Histogram,
}

impl Default for Measures {
    fn default() -> Self {
        let (records, events) = (Counter::default(), Counter::default());
        Self { records, events, commits: Histogram::new(COMMITS), ages: Histogram::new(AGES) }
    }
}

impl Measures {
    /// So many records with so many events went to the store; the last of them was decided so long ago.
    pub(crate) fn committed(&self, records: u64, events: usize, took: Duration, age: Option<Duration>) {
        self.records.inc_by(records);
        self.events.inc_by(events as u64);
        self.commits.observe(took.as_secs_f64());
        if let Some(age) = age {
            self.ages.observe(age.as_secs_f64());
        }
    }
}

/// A name behind the prefix, what it is, its unit.
type Described = (&'static str, &'static str, Option<Unit>);

impl Collector for Folding {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(published) = self.0.get() else { return Ok(()) };
        let head = published.view(|view| view.head.clone());
        let rebuild = published.rebuild();
        let left = rebuild.map_or(0, |rebuild| rebuild.goal().saturating_sub(*rebuild.folded().borrow()));
        let measures = published.measures();
        let mut say = |(name, help, unit): Described, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, unit.as_ref(), metric.metric_type())?)
        };
        let whole = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        let sequence = "Sequence of the last record whose rows are read";
        say(("projector_sequence", sequence, None), &whole(engine::sequence_of(&head)))?;
        let rebuilt = "Records that a rebuild has before it; 0 = none is under way";
        say(("projector_rebuild_left", rebuilt, None), &whole(left))?;
        let unknown = "Events of kinds that this version does not know, passed over since the store was begun";
        say(("projector_unknown_events", unknown, None), &ConstCounter::new(head.unknown_events))?;
        let quarantined = "Events that could not be folded, set aside since the store was begun";
        say(("projector_quarantined_events", quarantined, None), &ConstCounter::new(head.quarantined_events))?;
        say(("projector_records", "Records folded", None), &measures.records)?;
        say(("projector_events", "Events folded, and records", None), &measures.events)?;
        let commit = "Applying a batch of rows to the store";
        say(("projector_commit_duration", commit, Some(Unit::Seconds)), &measures.commits)?;
        let age = "From a decision until its rows were read: the last one of each batch";
        say(("projector_age", age, Some(Unit::Seconds)), &measures.ages)
    }
}
