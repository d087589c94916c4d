//! What a coordinator measures: what is asked of it and how long that takes, how the log answers, what waits, who is attached, what became of
//! runs, tests, costs and alerts, and what should never happen.
//!
//! Promises: what is counted for every task costs an addition and no look-up; no label has values that people or pipelines choose, but for
//! currencies, of which `CURRENCIES_MAX` are told apart. Counters and durations are of the process, gauges of a partition that it owns; those of a
//! partition that it lost are 0. Knows nothing of clocks: whoever measures a time says how long it was.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use downbeat_domain::RunStatus;
use downbeat_runtime::shutdown::ShutdownSignal;
use jiff::Timestamp;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

mod decided;

use decided::Named;
pub(crate) use decided::{Asked, Outcome};

/// Currencies that have series of their own; further ones are `other`.
const CURRENCIES_MAX: usize = 16;
/// Upper bounds, seconds, of what takes part of a second.
const QUICK: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Upper bounds, seconds, of what may wait for a long time.
const PATIENT: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 3_600.0];

/// Which partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    partition: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandOf {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CostOf {
    basis: &'static str,
    currency: String,
}

/// Money is counted in its unit, with what is behind the point.
type Money = Counter<f64, AtomicU64>;

/// The measures of one process. Clones measure together.
#[derive(Clone, Debug)]
pub struct Metrics {
    commands: Family<CommandOf, Counter>,
    decisions: Decisions,
    loops: Loops,
    gauges: Gauges,
}

/// What is counted while deciding: by the engine, which has no clock.
#[derive(Clone, Debug)]
pub struct Decisions {
    commands: Arc<[[Counter; Outcome::ALL.len()]; Asked::ALL.len()]>,
    events: Counter,
    runs_created: Counter,
    tasks_ready: Counter,
    runs_finished: Named,
    attempts_finished: Named,
    tests: Named,
    alerts: Named,
    breaches: Named,
    sensors: Named,
    costs: Costs,
    dispatched: Histogram,
    pub(crate) offers: Counter,
    pub(crate) attempts_lost: Counter,
    pub(crate) workers_lost: Counter,
    pub(crate) stale_reports: Counter,
    pub(crate) refused_reports: Counter,
    pub(crate) violations: Counter,
}

#[derive(Clone, Debug, Default)]
struct Costs {
    entered: Family<CostOf, Money>,
    taken_back: Family<CostOf, Money>,
    currencies: Arc<Mutex<BTreeSet<String>>>,
}

/// What the loops of all partitions measure.
#[derive(Clone, Debug)]
struct Loops {
    commands: Histogram,
    turns: Histogram,
    appends: Histogram,
    questions: Histogram,
    records: Counter,
    bytes: Counter,
    retries: Counter,
    turned_away: Counter,
    take_overs: Counter,
    snapshots: Counter,
    snapshot_failures: Counter,
}

/// What is so now, by partition.
#[derive(Clone, Debug, Default)]
struct Gauges {
    owner: Family<Of, Gauge>,
    take_over: Family<Of, Gauge<f64, AtomicU64>>,
    sequence: Family<Of, Gauge>,
    backlog: Family<Of, Gauge>,
    runs: Family<Of, Gauge>,
    waiting: Family<Of, Gauge>,
    running: Family<Of, Gauge>,
    workers: Family<Of, Gauge>,
    slots: Family<Of, Gauge>,
    held: Family<Of, Gauge>,
    unsaved: Family<Of, Gauge>,
    snapshot_at: Family<Of, Gauge>,
    snapshot_bytes: Family<Of, Gauge>,
}

/// What an engine knows of the present.
#[derive(Clone, Copy, Debug, Default)]
pub struct Present {
    /// Runs that have not ended.
    pub runs: usize,
    /// Tasks in the queues for workers.
    pub waiting: usize,
    /// Attempts that workers hold.
    pub running: usize,
    /// Workers that are attached.
    pub workers: usize,
    /// Their slots.
    pub slots: usize,
    /// Slots of theirs that attempts hold.
    pub held: usize,
    /// Records after the last snapshot.
    pub unsaved: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        let commands = Family::<CommandOf, Counter>::default();
        let of = |kind: &Asked, outcome: &Outcome| {
            commands.get_or_create_owned(&CommandOf { kind: kind.name(), outcome: outcome.name() })
        };
        let by_kind =
            std::array::from_fn(|kind| std::array::from_fn(|outcome| of(&Asked::ALL[kind], &Outcome::ALL[outcome])));
        let decisions = Decisions {
            commands: Arc::new(by_kind),
            events: Counter::default(),
            runs_created: Counter::default(),
            tasks_ready: Counter::default(),
            runs_finished: Named::of("status", RunStatus::ALL.iter().map(|status| status.as_str())),
            attempts_finished: Named::of("outcome", decided::ATTEMPTS),
            tests: Named::of("result", decided::TESTS),
            alerts: Named::of("outcome", decided::ALERTS),
            breaches: Named::of("kind", decided::BREACHES),
            sensors: Named::of("outcome", decided::SENSORS),
            costs: Costs::default(),
            dispatched: Histogram::new(PATIENT),
            offers: Counter::default(),
            attempts_lost: Counter::default(),
            workers_lost: Counter::default(),
            stale_reports: Counter::default(),
            refused_reports: Counter::default(),
            violations: Counter::default(),
        };
        let loops = Loops {
            commands: Histogram::new(QUICK),
            turns: Histogram::new(QUICK),
            appends: Histogram::new(QUICK),
            questions: Histogram::new(QUICK),
            records: Counter::default(),
            bytes: Counter::default(),
            retries: Counter::default(),
            turned_away: Counter::default(),
            take_overs: Counter::default(),
            snapshots: Counter::default(),
            snapshot_failures: Counter::default(),
        };
        Self { commands, decisions, loops, gauges: Gauges::default() }
    }
}

impl Default for Decisions {
    /// Counts for nobody.
    fn default() -> Self {
        Metrics::default().decisions
    }
}

impl Metrics {
    /// New ones, read at this address until the signal, if there is one, and told over OTLP.
    ///
    /// # Errors
    /// In words: nobody can listen there.
    pub async fn serve(listen: Option<SocketAddr>, signal: ShutdownSignal) -> Result<Self, String> {
        let metrics = Self::default();
        let served = downbeat_runtime::metrics::serve_if(listen, metrics.registry(), signal).await;
        served.map_err(|error| format!("DOWNBEAT_COORDINATOR_METRICS: cannot listen there: {error}"))?;
        Ok(metrics)
    }

    /// All of them, by the names under which they are read.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("downbeat_coordinator");
        self.register_decisions(&mut registry);
        self.register_loops(&mut registry);
        self.register_gauges(&mut registry);
        registry
    }

    fn register_decisions(&self, registry: &mut Registry) {
        let it = &self.decisions;
        let commands = "Commands decided, those of workers and of the coordinator itself among them; repeated = answered without deciding again";
        registry.register("commands", commands, self.commands.clone());
        registry.register("events", "Events decided", it.events.clone());
        registry.register("runs_created", "Runs created", it.runs_created.clone());
        registry.register("runs_finished", "Runs ended", it.runs_finished.family.clone());
        registry.register("tasks_ready", "Times that a task became ready for a worker", it.tasks_ready.clone());
        registry.register("attempts_finished", "Attempts ended", it.attempts_finished.family.clone());
        registry.register("test_results", "Results of tests of data", it.tests.family.clone());
        let costs = "Costs entered, in units of the currency; what corrections take back is counted apart";
        registry.register("costs", costs, it.costs.entered.clone());
        registry.register("costs_taken_back", "Costs that later entries took back", it.costs.taken_back.clone());
        registry.register("alerts", "Alerts raised, and what came of sending them", it.alerts.family.clone());
        registry.register("breaches", "Broken promises: assets too old, deadlines missed", it.breaches.family.clone());
        registry.register(
            "sensor_windows",
            "Windows of sensors opened, and how they closed",
            it.sensors.family.clone(),
        );
        registry.register_with_unit(
            "ready_to_dispatch",
            "From the instant at which a task became ready until a worker got it",
            Unit::Seconds,
            it.dispatched.clone(),
        );
        registry.register("offers", "Offers of attempts sent to workers", it.offers.clone());
        let lost = "Attempts taken from workers that were silent or restarted; they are begun again";
        registry.register("attempts_lost", lost, it.attempts_lost.clone());
        registry.register("workers_lost", "Workers silent for longer than their lease", it.workers_lost.clone());
        let stale = "Reports of attempts that the worker does not hold any more; recorded nowhere";
        registry.register("stale_reports", stale, it.stale_reports.clone());
        let refused = "Reports of attempts that had ended otherwise; recorded nowhere";
        registry.register("refused_reports", refused, it.refused_reports.clone());
        let violations = "Times that something happened which cannot: each is a fault of the program, and in its log";
        registry.register("invariant_violations", violations, it.violations.clone());
    }

    fn register_loops(&self, registry: &mut Registry) {
        let it = &self.loops;
        for (name, help, histogram) in [
            (
                "command_duration",
                "From a command's turn until its decision was in the log and it was answered",
                &it.commands,
            ),
            ("turn_duration", "Taking in what has come, deciding, and giving out what may go", &it.turns),
            ("append_duration", "Until the log had a record, repeated tries included", &it.appends),
            ("log_question_duration", "Until the log said where it ends", &it.questions),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        registry.register("records", "Records appended to the log", it.records.clone());
        registry.register_with_unit("record", "Bytes of these records", Unit::Bytes, it.bytes.clone());
        registry.register("append_retries", "Times that a record had to be sent again", it.retries.clone());
        let turned_away = "Calls refused because too many decisions wait for the log";
        registry.register("calls_turned_away", turned_away, it.turned_away.clone());
        registry.register("take_overs", "Partitions taken over", it.take_overs.clone());
        registry.register("snapshots", "Snapshots written", it.snapshots.clone());
        let failures = "Snapshots that could not be written; a take-over folds more of the log";
        registry.register("snapshot_failures", failures, it.snapshot_failures.clone());
    }

    fn register_gauges(&self, registry: &mut Registry) {
        let it = &self.gauges;
        for (name, help, gauge) in [
            ("owner", "1 = the log has confirmed within its time that this process owns the partition", &it.owner),
            ("log_sequence", "Sequence of the last record", &it.sequence),
            ("live_runs", "Runs that have not ended", &it.runs),
            (
                "tasks_waiting",
                "Tasks in the queues for workers; one that was cancelled there counts until its turn",
                &it.waiting,
            ),
            ("attempts_running", "Attempts that workers hold", &it.running),
            ("workers", "Workers that are attached", &it.workers),
            ("slots", "Slots of attached workers", &it.slots),
            ("slots_held", "Slots of attached workers that attempts hold", &it.held),
            ("records_unsaved", "Records after the last snapshot: what a take-over folds", &it.unsaved),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register_with_unit("backlog", "Decisions that wait for the log", Unit::Bytes, it.backlog.clone());
        let took = "How long the last take-over took";
        registry.register_with_unit("take_over", took, Unit::Seconds, it.take_over.clone());
        let at = "When the last snapshot was written, since 1970; missing = none yet by this process";
        registry.register_with_unit("snapshot_timestamp", at, Unit::Seconds, it.snapshot_at.clone());
        registry.register_with_unit("snapshot", "Size of the last snapshot", Unit::Bytes, it.snapshot_bytes.clone());
    }

    /// The measures of a partition that is this process' from now on, after a take-over of this length.
    pub fn partition(&self, number: u32, took: Duration) -> PartitionMetrics {
        self.loops.take_overs.inc();
        self.gauges.take_over.get_or_create(&Of { partition: number }).set(took.as_secs_f64());
        PartitionMetrics {
            of: Of { partition: number },
            all: self.clone(),
            live: Arc::new(Live::of(&self.gauges, number)),
        }
    }
}

/// The gauges of one partition, looked up once.
#[derive(Debug)]
struct Live {
    owner: Gauge,
    sequence: Gauge,
    backlog: Gauge,
    runs: Gauge,
    waiting: Gauge,
    running: Gauge,
    workers: Gauge,
    slots: Gauge,
    held: Gauge,
    unsaved: Gauge,
}

impl Live {
    fn of(gauges: &Gauges, partition: u32) -> Self {
        let of = |family: &Family<Of, Gauge>| family.get_or_create_owned(&Of { partition });
        Self {
            owner: of(&gauges.owner),
            sequence: of(&gauges.sequence),
            backlog: of(&gauges.backlog),
            runs: of(&gauges.runs),
            waiting: of(&gauges.waiting),
            running: of(&gauges.running),
            workers: of(&gauges.workers),
            slots: of(&gauges.slots),
            held: of(&gauges.held),
            unsaved: of(&gauges.unsaved),
        }
    }
}

/// What the loop of one partition measures. Clones measure together.
#[derive(Clone, Debug)]
pub struct PartitionMetrics {
    of: Of,
    all: Metrics,
    live: Arc<Live>,
}

impl PartitionMetrics {
    /// What the engine counts with.
    pub fn decisions(&self) -> Decisions {
        self.all.decisions.clone()
    }

    /// The partition is not this process' any more.
    pub(crate) fn lost(&self) {
        self.present(Present::default(), false, 0, 0);
    }

    /// What is so now. `owner`: the log has confirmed it within its time.
    pub(crate) fn present(&self, present: Present, owner: bool, sequence: u64, backlog: usize) {
        let set = |gauge: &Gauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        let live = &self.live;
        live.owner.set(i64::from(owner));
        live.sequence.set(whole(sequence));
        live.unsaved.set(whole(present.unsaved));
        for (gauge, value) in [
            (&live.backlog, backlog),
            (&live.runs, present.runs),
            (&live.waiting, present.waiting),
            (&live.running, present.running),
            (&live.workers, present.workers),
            (&live.slots, present.slots),
            (&live.held, present.held),
        ] {
            set(gauge, value);
        }
    }

    pub(crate) fn answered(&self, took: Duration) {
        self.all.loops.commands.observe(took.as_secs_f64());
    }

    pub(crate) fn turned(&self, took: Duration) {
        self.all.loops.turns.observe(took.as_secs_f64());
    }

    /// A record of so many bytes is in the log.
    pub(crate) fn appended(&self, bytes: usize, took: Duration) {
        self.all.loops.records.inc();
        self.all.loops.bytes.inc_by(bytes as u64);
        self.all.loops.appends.observe(took.as_secs_f64());
    }

    /// A record is sent again.
    pub(crate) fn sent_again(&self) {
        self.all.loops.retries.inc();
    }

    /// The log was asked for its end.
    pub(crate) fn asked(&self, took: Duration) {
        self.all.loops.questions.observe(took.as_secs_f64());
    }

    pub(crate) fn turned_away(&self) {
        self.all.loops.turned_away.inc();
    }

    /// A snapshot of so many bytes was written, or could not be.
    pub(crate) fn snapshot(&self, written: bool, bytes: usize, now: Timestamp) {
        if !written {
            self.all.loops.snapshot_failures.inc();
            return;
        }
        self.all.loops.snapshots.inc();
        self.all.gauges.snapshot_at.get_or_create(&self.of).set(now.as_second());
        self.all.gauges.snapshot_bytes.get_or_create(&self.of).set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

fn whole(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Costs {
    /// So many millionths of a currency; negative = taken back.
    fn enter(&self, basis: &'static str, currency: &str, micros: i64) {
        let mut known = self.currencies.lock().unwrap_or_else(PoisonError::into_inner);
        let told_apart = known.contains(currency) || known.len() < CURRENCIES_MAX;
        let currency = if told_apart { currency.to_owned() } else { "other".to_owned() };
        if told_apart {
            known.insert(currency.clone());
        }
        drop(known);
        let family = if micros < 0 { &self.taken_back } else { &self.entered };
        family.get_or_create(&CostOf { basis, currency }).inc_by(micros.unsigned_abs() as f64 / 1e6);
    }
}
