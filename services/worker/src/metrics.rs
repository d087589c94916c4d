//! What a worker measures: what it runs and how that ends, what the coordinator has not acknowledged, how the connection holds, what it looks at.
//!
//! Promises: no label has values that people or pipelines choose: integrations are those that this worker offers. An attempt that does nothing is
//! counted without a look-up. Knows nothing of clocks: whoever measures a time says how long it was.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use downbeat_proto::events::v1::FailureClass;
use downbeat_runtime::shutdown::ShutdownSignal;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::attempt::{Ended, Ending};
use crate::connectors::noop;
use crate::engine::Identity;
use crate::error::Error;
use crate::verdict::Verdict;

/// Upper bounds, seconds: attempts take moments or days.
const SECONDS: [f64; 14] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0, 43_200.0];
/// Stands for an integration that this worker does not offer.
const OTHER: &str = "other";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptOf {
    integration: Arc<str>,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    integration: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CheckOf {
    outcome: &'static str,
}

/// The measures of one process. Clones measure together.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    integrations: Arc<BTreeSet<Arc<str>>>,
    attempts: Family<AttemptOf, Counter>,
    durations: Family<Of, Histogram, fn() -> Histogram>,
    checks: Family<CheckOf, Counter>,
    noops: Counter,
    connections: Counter,
    leases_lost: Counter,
    killed: Counter,
    forgotten: Counter,
    attached: Gauge,
    slots: Gauge,
    running: Gauge,
    remote: Gauge,
    reports: Gauge,
    looking: Gauge,
}

/// What an engine knows of the present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// The coordinator has welcomed this worker, and the connection holds.
    pub attached: bool,
    /// Attempts that run, those that are being killed included.
    pub running: usize,
    /// Those among them whose job runs in another system.
    pub remote: usize,
    /// Reports that are not acknowledged.
    pub reports: usize,
    /// Checks that are being made, or wait.
    pub checks: usize,
    /// Attempts so far that do nothing.
    pub noops: u64,
}

impl Metrics {
    /// Of a worker that offers this.
    pub(crate) fn of(identity: &Identity) -> Self {
        let integrations = identity.jobs.iter().map(|job| Arc::from(job.integration.as_str())).collect();
        let (attempts, checks) = (Family::<AttemptOf, Counter>::default(), Family::<CheckOf, Counter>::default());
        for outcome in ["passed", "pending", "failed"] {
            drop(checks.get_or_create(&CheckOf { outcome }));
        }
        let noop = AttemptOf { integration: Arc::from(noop::JOB.0), outcome: "SUCCEEDED" };
        let slots = Gauge::default();
        slots.set(i64::from(identity.slots));
        Self {
            integrations: Arc::new(integrations),
            noops: attempts.get_or_create_owned(&noop),
            attempts,
            durations: Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram),
            checks,
            connections: Counter::default(),
            leases_lost: Counter::default(),
            killed: Counter::default(),
            forgotten: Counter::default(),
            attached: Gauge::default(),
            slots,
            running: Gauge::default(),
            remote: Gauge::default(),
            reports: Gauge::default(),
            looking: Gauge::default(),
        }
    }

    /// All of them, by the names under which they are read.
    pub(crate) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("downbeat_worker");
        registry.register("attempts", "Attempts ended here, by integration", self.attempts.clone());
        registry.register_with_unit(
            "attempt_duration",
            "From the offer of an attempt until nothing of it is left",
            Unit::Seconds,
            self.durations.clone(),
        );
        let checks = "Looks of sensors, alerts sent and connections tried for the coordinator";
        registry.register("checks", checks, self.checks.clone());
        registry.register("connections", "Connections made to the coordinator", self.connections.clone());
        let leases = "Times that the lease could not be renewed, so that everything here was killed";
        registry.register("leases_lost", leases, self.leases_lost.clone());
        registry.register("attempts_killed", "Attempts killed with a lease", self.killed.clone());
        registry.register("reports_forgotten", "Reports given up with a lease", self.forgotten.clone());
        for (name, help, gauge) in [
            ("attached", "1 = the coordinator has welcomed this worker", &self.attached),
            ("slots", "Attempts that may run at once", &self.slots),
            ("attempts_running", "Attempts that run, those that are being killed included", &self.running),
            ("remote_jobs", "Jobs in other systems that are followed", &self.remote),
            ("reports_waiting", "Reports that the coordinator has not acknowledged", &self.reports),
            ("checks_running", "Checks that are being made, or wait here", &self.looking),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry
    }

    /// Has them read at this address until the signal, if there is one, and told over OTLP.
    ///
    /// # Errors
    /// `Config`: nobody can listen there.
    pub(crate) async fn serve(&self, listen: Option<SocketAddr>, signal: ShutdownSignal) -> Result<(), Error> {
        let served = downbeat_runtime::metrics::serve_if(listen, self.registry(), signal).await;
        let reason = |error| format!("cannot listen there: {error}");
        served.map(|_| ()).map_err(|error| Error::Config { setting: "DOWNBEAT_WORKER_METRICS", reason: reason(error) })
    }

    /// What is so now, where it was something else before.
    pub(crate) fn present(&self, before: Present, now: Present) {
        let set = |gauge: &Gauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.attached.set(i64::from(now.attached));
        set(&self.running, now.running);
        set(&self.remote, now.remote);
        set(&self.reports, now.reports);
        set(&self.looking, now.checks);
        self.noops.inc_by(now.noops - before.noops);
    }

    pub(crate) fn connected(&self) {
        self.connections.inc();
    }

    pub(crate) fn lease_lost(&self, killed: usize, forgotten: usize) {
        self.leases_lost.inc();
        self.killed.inc_by(killed as u64);
        self.forgotten.inc_by(forgotten as u64);
    }

    /// An attempt of this integration ended.
    pub(crate) fn ended(&self, integration: &str, ended: &Ended, took: Duration) {
        let integration = self.integrations.get(integration).cloned().unwrap_or_else(|| Arc::from(OTHER));
        let outcome = match &ended.ending {
            Ending::Succeeded { warning: false, .. } => "SUCCEEDED",
            Ending::Succeeded { warning: true, .. } => "WARNING",
            Ending::Failed(failure) => class(failure.class),
            Ending::Stopped => "STOPPED",
            Ending::Unconfirmed(_) => "UNCONFIRMED",
            Ending::Abandoned => "ABANDONED",
        };
        self.durations.get_or_create(&Of { integration: Arc::clone(&integration) }).observe(took.as_secs_f64());
        self.attempts.get_or_create(&AttemptOf { integration, outcome }).inc();
    }

    /// A check was made.
    pub(crate) fn checked(&self, verdict: &Verdict) {
        let outcome = match verdict {
            Verdict::Passed { .. } => "passed",
            Verdict::Pending { .. } => "pending",
            Verdict::Failed(_) => "failed",
        };
        self.checks.get_or_create(&CheckOf { outcome }).inc();
    }
}

fn class(class: FailureClass) -> &'static str {
    match class {
        FailureClass::Misconfigured => "MISCONFIGURED",
        FailureClass::TimedOut => "TIMED_OUT",
        FailureClass::Transient => "TRANSIENT",
        FailureClass::UnknownOutcome => "UNKNOWN_OUTCOME",
        FailureClass::JobFailed | FailureClass::Unspecified => "JOB_FAILED",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use downbeat_proto::worker::v1::Job;

    use super::*;
    use crate::attempt::Failure;

    #[test]
    fn what_was_measured_is_read_under_its_name() {
        let job = Job { integration: "PYTHON".to_owned(), ..Job::default() };
        let metrics = Metrics::of(&Identity {
            worker_id: bytes::Bytes::new(),
            name: String::new(),
            slots: 7,
            jobs: vec![job],
            checks: Vec::new(),
            labels: BTreeMap::new(),
        });
        let took = Duration::from_millis(300);
        metrics.ended("PYTHON", &Failure::timed_out("late").into(), took);
        metrics.ended("PYTHON", &Ending::Stopped.into(), took);
        metrics.ended("whatever a message says", &Ending::Stopped.into(), took);
        metrics.checked(&Verdict::Pending { message: String::new() });
        metrics.lease_lost(2, 3);
        let first = Present { noops: 4, running: 2, attached: true, ..Present::default() };
        metrics.present(Present::default(), first);
        metrics.present(first, Present { noops: 9, ..Present::default() });
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &metrics.registry()).unwrap();
        for line in [
            "downbeat_worker_attempts_total{integration=\"PYTHON\",outcome=\"TIMED_OUT\"} 1",
            "downbeat_worker_attempts_total{integration=\"PYTHON\",outcome=\"STOPPED\"} 1",
            "downbeat_worker_attempts_total{integration=\"other\",outcome=\"STOPPED\"} 1",
            "downbeat_worker_attempt_duration_seconds_count{integration=\"PYTHON\"} 2",
            "downbeat_worker_checks_total{outcome=\"pending\"} 1",
            "downbeat_worker_checks_total{outcome=\"passed\"} 0",
            "downbeat_worker_attempts_killed_total 2",
            "downbeat_worker_reports_forgotten_total 3",
            "downbeat_worker_slots 7",
            "downbeat_worker_attempts_running 0",
            "downbeat_worker_attached 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        let noops =
            format!("downbeat_worker_attempts_total{{integration=\"{}\",outcome=\"SUCCEEDED\"}} 9", noop::JOB.0);
        assert!(text.contains(&noops), "{noops} in\n{text}");
    }
}
