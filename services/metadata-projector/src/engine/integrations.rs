//! How well other systems answer: attempts by integration and connection, by hour, with the classes of their failures.

use std::collections::BTreeMap;

use downbeat_proto::metadata::v1 as wire;

use super::{
    batch::Batch,
    days::{self, Dated},
    ended::{self, Ended, How},
    keys::trends,
    plans::Plans,
    projection::{Fact, Projection},
};
use crate::{error::Error, limits};

/// The projection.
pub(super) struct Integrations;

/// An hour, microseconds.
pub const HOUR: i64 = 60 * 60 * 1_000_000;

/// An integration through a connection.
#[derive(Clone, PartialEq, prost::Message)]
pub struct IntegrationRow {
    /// What is shown; `state`, `reason`, `durations` and `hours` are worked out when somebody asks.
    #[prost(message, required, tag = "1")]
    pub shown: wire::IntegrationHealth,
    /// By hour.
    #[prost(message, repeated, tag = "2")]
    pub hours: Vec<HourRow>,
    /// The last outcomes that say something about the system, the oldest first.
    #[prost(message, repeated, tag = "3")]
    pub outcomes: Vec<OutcomeRow>,
    /// How long the last attempts took that succeeded, microseconds, the oldest first.
    #[prost(uint64, repeated, tag = "4")]
    pub ran: Vec<u64>,
}

/// What ended in one hour.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HourRow {
    /// Hours since the epoch.
    #[prost(sint32, tag = "1")]
    pub hour: i32,
    /// How many.
    #[prost(uint64, tag = "2")]
    pub attempts: u64,
    /// Failures by class.
    #[prost(btree_map = "string, uint64", tag = "3")]
    pub failed: BTreeMap<String, u64>,
    /// How long those took that succeeded, microseconds.
    #[prost(uint64, tag = "4")]
    pub ran: u64,
}

/// How an attempt ended, as far as it says something about the system.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OutcomeRow {
    /// Microseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub at: i64,
    /// It failed for the system's sake.
    #[prost(bool, tag = "2")]
    pub failed: bool,
}

impl Dated for HourRow {
    fn place(&self) -> i32 {
        self.hour
    }

    fn at(hour: i32) -> Self {
        Self { hour, ..Self::default() }
    }
}

/// Hours since the epoch.
fn hour_of(at: i64) -> i32 {
    i32::try_from(at.div_euclid(HOUR)).unwrap_or(if at < 0 { i32::MIN } else { i32::MAX })
}

impl Projection for Integrations {
    const NAME: &'static str = "integrations";
    const VERSION: u32 = 1;
    const READS: &'static [&'static str] = &["pipelines", "task_runs"];

    fn fold(fact: &Fact<'_>, plans: &mut Plans, batch: &mut Batch<'_>) -> Result<(), Error> {
        let Some(ended) = ended::of(fact, plans, batch)? else { return Ok(()) };
        let Some(task) = ended.task() else { return Ok(()) };
        let key = trends::integration(&task.integration, &task.connection);
        let mut row: IntegrationRow = batch.get(&key)?.unwrap_or_default();
        row.shown.integration.clone_from(&task.integration);
        row.shown.connection.clone_from(&task.connection);
        row.shown.attempts = row.shown.attempts.saturating_add(1);
        let mut outcome = wire::IntegrationOutcome {
            at: ended.at,
            run_id: ended.attempt.run.to_string(),
            pipeline_id: ended.pipeline.to_string(),
            task: task.id.clone(),
            sequence: fact.sequence,
            ..wire::IntegrationOutcome::default()
        };
        row.hour(&ended, hour_of(fact.decided_at));
        match &ended.how {
            How::Good => {
                row.shown.succeeded = row.shown.succeeded.saturating_add(1);
                row.shown.last_success = Some(outcome);
                if let Some(ran) = ended.ran {
                    push(&mut row.ran, ran, limits::DURATIONS_KEPT);
                }
            }
            How::Failed(class, message) => {
                *row.shown.failed.entry((*class).to_owned()).or_default() += 1;
                (*class).clone_into(&mut outcome.class);
                outcome.message = message.chars().take(limits::FAILURE_CHARS_MAX).collect();
                row.shown.last_failure = Some(outcome);
            }
        }
        if let Some(failed) = says_of_the_system(&ended.how) {
            push(&mut row.outcomes, OutcomeRow { at: fact.decided_at, failed }, limits::OUTCOMES_KEPT);
        }
        batch.put(key, &row);
        Ok(())
    }
}

impl IntegrationRow {
    fn hour(&mut self, ended: &Ended, hour: i32) {
        let Some(hour) = days::entry(&mut self.hours, hour, limits::HOURS_KEPT) else { return };
        hour.attempts = hour.attempts.saturating_add(1);
        match &ended.how {
            How::Good => hour.ran = hour.ran.saturating_add(ended.ran.unwrap_or(0)),
            How::Failed(class, _) => *hour.failed.entry((*class).to_owned()).or_default() += 1,
        }
    }
}

fn push<T>(list: &mut Vec<T>, value: T, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
    list.push(value);
}

/// Whether it failed for the system's sake; `None`: it says nothing about the system.
fn says_of_the_system(how: &How) -> Option<bool> {
    match how {
        How::Failed(ended::LOST, _) => None,
        // The system answered; what it was asked for went wrong.
        How::Good | How::Failed("JOB_FAILED", _) => Some(false),
        How::Failed(..) => Some(true),
    }
}

/// See [`wire::IntegrationHealth::state`]: the word, and why.
pub fn state(outcomes: &[OutcomeRow], now: i64) -> (&'static str, String) {
    let days = limits::OUTCOMES_MAX_AGE_DAYS;
    let oldest = now.saturating_sub(i64::from(days).saturating_mul(super::costs::DAY));
    let young: Vec<bool> = outcomes.iter().filter(|one| one.at > oldest).map(|one| one.failed).collect();
    let failed = young.iter().filter(|failed| **failed).count();
    let in_a_row = young.iter().rev().take_while(|failed| **failed).count();
    let told = format!("{failed} of the last {} failed for the system's sake", young.len());
    match young.len() {
        0 => ("UNKNOWN", format!("nothing ended within {days} days")),
        _ if in_a_row >= limits::FAILING_IN_A_ROW => {
            ("FAILING", format!("the last {in_a_row} failed, one after the other"))
        }
        count if count >= limits::DEGRADED_OUTCOMES_MIN && failed * limits::DEGRADED_ONE_IN >= count => {
            ("DEGRADED", told)
        }
        _ => ("HEALTHY", told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_that_of_the_last_outcomes() {
        const NOW: i64 = 1_000 * super::super::costs::DAY;
        let list = |signs: &str| -> Vec<OutcomeRow> {
            signs.chars().map(|sign| OutcomeRow { at: NOW - 1, failed: sign == 'x' }).collect()
        };
        let cases = [
            ("", "UNKNOWN"),
            (".", "HEALTHY"),
            ("x", "HEALTHY"),
            ("xx.", "HEALTHY"),
            ("xx", "HEALTHY"),
            ("..xx", "HEALTHY"),
            ("xxx", "FAILING"),
            ("..............xxx", "FAILING"),
            ("xxx.", "HEALTHY"),
            ("xxx..", "DEGRADED"),
            ("....x", "DEGRADED"),
            (".....x", "HEALTHY"),
        ];
        for (signs, expected) in cases {
            assert_eq!(state(&list(signs), NOW).0, expected, "{signs}");
        }
        let week = 7 * super::super::costs::DAY;
        let old: Vec<OutcomeRow> = vec![OutcomeRow { at: NOW - week, failed: true }; 3];
        assert_eq!(state(&old, NOW).0, "UNKNOWN");
        assert_eq!(state(&old, NOW - 1).0, "FAILING");
        assert_eq!(state(&[OutcomeRow { at: i64::MAX, failed: false }], i64::MIN).0, "HEALTHY", "clocks ahead");
    }

    #[test]
    fn what_a_job_did_wrong_is_not_the_fault_of_the_system() {
        let failed = |class: &'static str| says_of_the_system(&How::Failed(class, String::new()));
        let classes = ["JOB_FAILED", "MISCONFIGURED", "TIMED_OUT", "TRANSIENT", "UNKNOWN_OUTCOME", "LOST"];
        let expected = [Some(false), Some(true), Some(true), Some(true), Some(true), None];
        assert_eq!(classes.map(failed), expected);
        assert_eq!(says_of_the_system(&How::Good), Some(false));
    }
}
