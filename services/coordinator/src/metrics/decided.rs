//! What is counted of commands and events. Each has its series from the start, so that nothing is looked up while deciding, and so that a rate
//! is known from the first event on.

use std::time::Duration;

use downbeat_domain::{
    Command, Event, FailureClass,
    cost::CostEvent,
    metadata::Collected,
    status::{Outcome as EndedWell, RunStatus},
};
use prometheus_client::metrics::{counter::Counter, family::Family};

use super::Decisions;

/// Kinds of commands, by what they are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Access,
    Alert,
    Connection,
    Cost,
    Event,
    Inventory,
    Lease,
    Lineage,
    Lost,
    Pipeline,
    Report,
    Run,
    Schedule,
    Sensor,
    Setting,
    Timer,
}

impl Asked {
    pub(crate) const ALL: [Self; 16] = [
        Self::Access,
        Self::Alert,
        Self::Connection,
        Self::Cost,
        Self::Event,
        Self::Inventory,
        Self::Lease,
        Self::Lineage,
        Self::Lost,
        Self::Pipeline,
        Self::Report,
        Self::Run,
        Self::Schedule,
        Self::Sensor,
        Self::Setting,
        Self::Timer,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Alert => "alert",
            Self::Connection => "connection",
            Self::Cost => "cost",
            Self::Event => "event",
            Self::Inventory => "inventory",
            Self::Lease => "lease",
            Self::Lineage => "lineage",
            Self::Lost => "lost",
            Self::Pipeline => "pipeline",
            Self::Report => "report",
            Self::Run => "run",
            Self::Schedule => "schedule",
            Self::Sensor => "sensor",
            Self::Setting => "setting",
            Self::Timer => "timer",
        }
    }

    fn of(command: &Command) -> Self {
        match command {
            Command::ApplyPipeline(_)
            | Command::RecallVersion(_)
            | Command::SetPipelineStorage { .. }
            | Command::PausePipeline { .. }
            | Command::ResumePipeline { .. }
            | Command::DeletePipeline { .. }
            | Command::FileCommit(_) => Self::Pipeline,
            Command::SettleAlert { .. } | Command::RetryAlert { .. } => Self::Alert,
            Command::SetPool { .. }
            | Command::SetEnvironment(_)
            | Command::RemoveEnvironment { .. }
            | Command::KeepToolState(_)
            | Command::NoteTimeZones { .. }
            | Command::RaiseLevel => Self::Setting,
            Command::Inventory(_) => Self::Inventory,
            Command::StartRun(_)
            | Command::RestartRun(_)
            | Command::CarryOver { .. }
            | Command::CancelRun { .. }
            | Command::MarkTask { .. }
            | Command::DecideApproval { .. } => Self::Run,
            Command::FireSchedule(_) | Command::CreateBackfill(_) | Command::CancelBackfill { .. } => Self::Schedule,
            Command::TakeEvent(_) | Command::TakeWebhook(_) => Self::Event,
            Command::PollSensor(_) | Command::TakeSensorEvent { .. } => Self::Sensor,
            Command::WakePipeline { .. } | Command::WakeRun { .. } => Self::Timer,
            Command::LeaseTask { .. } => Self::Lease,
            Command::Report { .. } => Self::Report,
            Command::LoseAttempt { .. } => Self::Lost,
            Command::Cost(_) => Self::Cost,
            Command::Access(_) => Self::Access,
            Command::Endpoint(_) | Command::Connection(_) => Self::Connection,
            Command::ReportLineage(_) => Self::Lineage,
        }
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Refused,
    Repeated,
}

impl Outcome {
    pub(crate) const ALL: [Self; 3] = [Self::Accepted, Self::Refused, Self::Repeated];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Repeated => "repeated",
        }
    }
}

/// How attempts end.
pub(super) const ATTEMPTS: [&str; 9] = [
    "SUCCEEDED",
    "WARNING",
    "JOB_FAILED",
    "MISCONFIGURED",
    "TIMED_OUT",
    "TRANSIENT",
    "UNKNOWN_OUTCOME",
    "LOST",
    "STOPPED",
];
/// What tests of data say.
pub(super) const TESTS: [&str; 4] = ["passed", "warned", "failed", "other"];
/// What becomes of alerts.
pub(super) const ALERTS: [&str; 5] = ["raised", "held", "delivered", "failed", "dead"];
/// Promises that can be broken.
pub(super) const BREACHES: [&str; 2] = ["freshness", "deadline"];
/// Windows of sensors.
pub(super) const SENSORS: [&str; 2] = ["opened", "closed"];

/// Counters of one label whose values are known beforehand.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) family: Family<Vec<(&'static str, &'static str)>, Counter>,
    counters: Vec<(&'static str, Counter)>,
}

impl Named {
    pub(super) fn of(label: &'static str, values: impl IntoIterator<Item = &'static str>) -> Self {
        let family = Family::<Vec<(&'static str, &'static str)>, Counter>::default();
        let counter = |value| (value, family.get_or_create_owned(&vec![(label, value)]));
        let counters = values.into_iter().map(counter).collect();
        Self { family, counters }
    }

    /// The first of a few: no more than nine texts are compared, most of them by their length.
    fn add(&self, value: &str, count: u64) {
        if let Some((_, counter)) = self.counters.iter().find(|(name, _)| *name == value) {
            counter.inc_by(count);
        }
    }
}

impl Decisions {
    /// A command was decided.
    pub(crate) fn command(&self, command: &Command, outcome: Outcome) {
        self.commands[Asked::of(command) as usize][outcome as usize].inc();
    }

    /// A task got a worker so long after it became ready.
    pub(crate) fn dispatched(&self, waited: Duration) {
        self.dispatched.observe(waited.as_secs_f64());
    }

    /// Something became true.
    pub(crate) fn event(&self, event: &Event) {
        self.events.inc();
        match event {
            Event::TaskReady { .. } => {
                self.tasks_ready.inc();
            }
            Event::AttemptSucceeded { outcome: EndedWell::Succeeded, .. } => self.attempts_finished.add("SUCCEEDED", 1),
            Event::AttemptSucceeded { outcome: EndedWell::Warning, .. } => self.attempts_finished.add("WARNING", 1),
            Event::AttemptFailed { class, .. } => self.attempts_finished.add(FailureClass::as_str(*class), 1),
            Event::AttemptLost { .. } => {
                self.attempts_lost.inc();
                self.attempts_finished.add("LOST", 1);
            }
            Event::AttemptStopped { .. } => self.attempts_finished.add("STOPPED", 1),
            Event::RunCreated(_) => {
                self.runs_created.inc();
            }
            Event::RunFinished { status, .. } => self.runs_finished.add(RunStatus::as_str(*status), 1),
            Event::OperationsCollected { collected, .. } => self.tests_of(collected),
            Event::LineageReported(reported) => self.tests_of(&reported.collected),
            Event::Cost(cost) => {
                if let CostEvent::CostRecorded(recorded) = &**cost {
                    for entry in &recorded.entries {
                        self.costs.enter(entry.basis.as_str(), entry.currency.as_str(), entry.micros);
                    }
                }
            }
            Event::AlertsRaised(raised) => {
                self.alerts.add("raised", raised.alerts.len() as u64);
                self.alerts.add("held", raised.held.len() as u64);
            }
            Event::AlertDelivered { .. } => self.alerts.add("delivered", 1),
            Event::AlertFailed { retry_at, .. } => {
                self.alerts.add(if retry_at.is_some() { "failed" } else { "dead" }, 1)
            }
            Event::FreshnessBreached(_) => self.breaches.add("freshness", 1),
            Event::DeadlineBreached(_) => self.breaches.add("deadline", 1),
            Event::SensorOpened(_) => self.sensors.add("opened", 1),
            Event::SensorClosed(_) => self.sensors.add("closed", 1),
            _ => {}
        }
    }

    fn tests_of(&self, collected: &Collected) {
        for test in collected.operations.iter().filter(|done| done.kind == "TEST") {
            let result = match test.status.as_str() {
                "SUCCEEDED" => "passed",
                "WARNING" => "warned",
                "FAILED" => "failed",
                _ => "other",
            };
            self.tests.add(result, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use downbeat_domain::{
        AttemptRef, RunId,
        metadata::{Collected, Operation},
    };
    use jiff::Timestamp;
    use prometheus_client::encoding::text::encode;

    use super::{super::Metrics, *};
    use crate::metrics::Present;

    fn read(metrics: &Metrics) -> String {
        let mut text = String::new();
        encode(&mut text, &metrics.registry()).unwrap();
        text
    }

    fn has(text: &str, line: &str) {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }

    #[test]
    fn kinds_of_commands_stand_where_they_are_looked_up() {
        for (place, kind) in Asked::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place, "{kind:?}");
        }
        for (place, outcome) in Outcome::ALL.iter().enumerate() {
            assert_eq!(*outcome as usize, place, "{outcome:?}");
        }
        let every: Vec<&str> = FailureClass::ALL.iter().map(|class| class.as_str()).collect();
        assert!(every.iter().all(|class| ATTEMPTS.contains(class)), "{every:?}");
    }

    #[test]
    fn what_was_decided_is_read_under_its_name() {
        let metrics = Metrics::default();
        let partition = metrics.partition(0, Duration::from_millis(1500));
        let decisions = partition.decisions();
        let run = RunId::from_slice(&[1; 16]).unwrap();
        let wake = Command::WakeRun { run };
        decisions.command(&wake, Outcome::Accepted);
        decisions.command(&wake, Outcome::Refused);
        decisions.dispatched(Duration::from_millis(3));
        let at = Timestamp::UNIX_EPOCH;
        let attempt = AttemptRef { run, task: 0, number: 1 };
        let test =
            |status: &str| Operation { kind: "TEST".to_owned(), status: status.to_owned(), ..Default::default() };
        let collected = Arc::new(Collected {
            operations: vec![test("SUCCEEDED"), test("FAILED"), test("FAILED"), Operation::default()],
            ..Collected::default()
        });
        decisions.event(&Event::OperationsCollected { attempt, chunk: 0, collected });
        decisions.event(&Event::RunFinished { run, status: RunStatus::Failed, message: String::new(), at });
        decisions.event(&Event::AttemptLost { attempt, reason: String::new(), retry_at: None, as_warning: false, at });
        partition.present(Present { runs: 3, workers: 2, ..Present::default() }, true, 17, 400);
        let text = read(&metrics);
        for line in [
            "downbeat_coordinator_commands_total{kind=\"timer\",outcome=\"accepted\"} 1",
            "downbeat_coordinator_commands_total{kind=\"timer\",outcome=\"refused\"} 1",
            "downbeat_coordinator_commands_total{kind=\"run\",outcome=\"accepted\"} 0",
            "downbeat_coordinator_ready_to_dispatch_seconds_bucket{le=\"0.005\"} 1",
            "downbeat_coordinator_test_results_total{result=\"failed\"} 2",
            "downbeat_coordinator_test_results_total{result=\"passed\"} 1",
            "downbeat_coordinator_runs_finished_total{status=\"FAILED\"} 1",
            "downbeat_coordinator_attempts_finished_total{outcome=\"LOST\"} 1",
            "downbeat_coordinator_attempts_lost_total 1",
            "downbeat_coordinator_events_total 3",
            "downbeat_coordinator_owner{partition=\"0\"} 1",
            "downbeat_coordinator_take_over_seconds{partition=\"0\"} 1.5",
            "downbeat_coordinator_backlog_bytes{partition=\"0\"} 400",
            "downbeat_coordinator_live_runs{partition=\"0\"} 3",
        ] {
            has(&text, line);
        }
    }

    #[test]
    fn a_partition_that_is_lost_has_nothing_any_more() {
        let metrics = Metrics::default();
        let partition = metrics.partition(4, Duration::ZERO);
        partition.present(Present { runs: 3, workers: 2, ..Present::default() }, true, 17, 400);
        has(&read(&metrics), "downbeat_coordinator_owner{partition=\"4\"} 1");
        partition.lost();
        for line in
            ["downbeat_coordinator_owner{partition=\"4\"} 0", "downbeat_coordinator_live_runs{partition=\"4\"} 0"]
        {
            has(&read(&metrics), line);
        }
    }

    #[test]
    fn money_is_told_apart_by_a_bounded_number_of_currencies_and_never_counts_back() {
        let metrics = Metrics::default();
        let costs = &metrics.decisions.costs;
        costs.enter("BILLED", "EUR", 2_500_000);
        costs.enter("BILLED", "EUR", -500_000);
        for letter in 'A'..='Z' {
            costs.enter("BILLED", &format!("X{letter}{letter}"), 1_000_000);
        }
        let text = read(&metrics);
        has(&text, "downbeat_coordinator_costs_total{basis=\"BILLED\",currency=\"EUR\"} 2.5");
        has(&text, "downbeat_coordinator_costs_taken_back_total{basis=\"BILLED\",currency=\"EUR\"} 0.5");
        has(&text, "downbeat_coordinator_costs_total{basis=\"BILLED\",currency=\"other\"} 11.0");
        let series = text.lines().filter(|line| line.starts_with("downbeat_coordinator_costs_total{")).count();
        assert_eq!(series, super::super::CURRENCIES_MAX + 1);
    }
}
