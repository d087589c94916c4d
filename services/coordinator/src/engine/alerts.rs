//! Delivers alerts: asks workers to tell destinations, takes in what became of it, and lets the core decide whether to try again.
//!
//! Promises that what the state owes is tried when it is due, and that an answer counts for what was asked in this epoch. An alert is
//! delivered at least once: after a take-over, or when a worker is gone before it answered, it is told again under the same id. Alerts
//! travel as checks of sensors do, because both are short, hold no lease and may be asked for again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use downbeat_domain::{AlertId, AlertOutcome, Caller, Command, Event, FailureClass};
use downbeat_proto::{convert, event::failure_class, worker::v1 as wire};
use jiff::Timestamp;
use wire::{check_answer::Answer, coordinator_message::Message};

use super::{Engine, Moment, SessionId};
use crate::limits;

/// What a worker says that it can do where it tells alerts.
pub(super) const ALERT: &str = "ALERT";

/// Alerts that are owed: those that wait for their instant, and those that somebody was asked to deliver.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    waiting: BTreeSet<(Timestamp, AlertId)>,
    due: BTreeMap<AlertId, Timestamp>,
    asked: BTreeMap<AlertId, Asked>,
    expiring: BTreeSet<(Duration, AlertId)>,
}

#[derive(Debug)]
struct Asked {
    session: SessionId,
    /// When its answer is not waited for any more.
    ends: Duration,
}

impl Deliveries {
    fn wait(&mut self, alert: AlertId, due: Timestamp) {
        self.forget(alert);
        self.due.insert(alert, due);
        self.waiting.insert((due, alert));
    }

    /// Whom it was asked of, if it was.
    fn forget(&mut self, alert: AlertId) -> Option<SessionId> {
        if let Some(due) = self.due.remove(&alert) {
            self.waiting.remove(&(due, alert));
        }
        let asked = self.asked.remove(&alert)?;
        self.expiring.remove(&(asked.ends, alert));
        Some(asked.session)
    }

    fn ask(&mut self, alert: AlertId, session: SessionId, ends: Duration) {
        self.forget(alert);
        self.asked.insert(alert, Asked { session, ends });
        self.expiring.insert((ends, alert));
    }

    fn has_room(&self) -> bool {
        self.asked.len() < limits::ALERTS_IN_FLIGHT_MAX
    }

    /// When the next one is to be tried.
    pub(super) fn next_wall(&self) -> Option<Timestamp> {
        self.waiting.first().map(|(due, _)| *due).filter(|_| self.has_room())
    }

    /// When the next answer is given up.
    pub(super) fn next_monotonic(&self) -> Option<Duration> {
        self.expiring.first().map(|(ends, _)| *ends)
    }
}

impl Engine {
    /// Takes note of what an event means for alerts.
    pub(super) fn watch_alerts(&mut self, event: &Event) {
        match event {
            Event::AlertsRaised(raised) => raised.alerts.iter().for_each(|alert| self.index_alert(alert.id)),
            Event::AlertDelivered { alert, .. }
            | Event::AlertFailed { alert, .. }
            | Event::AlertRetried { alert, .. } => {
                self.index_alert(*alert);
            }
            _ => {}
        }
    }

    /// Everything that is owed, as after a take-over.
    pub(super) fn watch_owed_alerts(&mut self) {
        let owed: Vec<AlertId> = self.partition.alerts.owed.keys().copied().collect();
        owed.into_iter().for_each(|alert| self.index_alert(alert));
    }

    fn index_alert(&mut self, alert: AlertId) {
        match self.partition.alerts.owed.get(&alert).map(|owed| owed.due) {
            Some(due) => self.deliveries.wait(alert, due),
            None => {
                if let Some(session) = self.deliveries.forget(alert) {
                    self.workers.check_done(session);
                }
            }
        }
    }

    pub(super) fn deliver_alerts(&mut self, now: Moment) {
        while let Some((_, alert)) = self.deliveries.expiring.first().copied().filter(|it| it.0 <= now.monotonic) {
            let seconds = (limits::ALERT_TIMEOUT + limits::CHECK_MARGIN).as_secs();
            self.settle_alert(
                now,
                alert,
                failed(format!("the worker did not answer within {seconds} seconds"), true, 0),
            );
        }
        while self.deliveries.next_wall().is_some_and(|due| due <= now.wall) {
            let Some((_, alert)) = self.deliveries.waiting.first().copied() else { break };
            self.ask_to_deliver(now, alert);
        }
    }

    fn ask_to_deliver(&mut self, now: Moment, id: AlertId) {
        let Some(owed) = self.partition.alerts.owed.get(&id) else {
            self.deliveries.forget(id);
            return;
        };
        let integration = &owed.alert.integration;
        match self.checker_of(integration, ALERT, &owed.alert.connection) {
            Some(Some(session)) => {
                let check = wire::Check {
                    id: id_of(self.epoch, id).into(),
                    integration: integration.clone(),
                    sensor_type: ALERT.to_owned(),
                    parameters: convert::object_text(&owed.alert.content),
                    connection: owed.alert.connection.clone(),
                    since: 0,
                    timeout_seconds: limits::ALERT_TIMEOUT.as_secs() as u32,
                };
                self.workers.check_given(session);
                self.batches.push_send(session, Message::Checks(wire::Checks { checks: vec![check] }));
                self.deliveries.ask(id, session, now.monotonic + limits::ALERT_TIMEOUT + limits::CHECK_MARGIN);
            }
            // All that can tell it have their hands full: it waits a little.
            Some(None) => {
                let later = now.wall.checked_add(limits::BUSY_PAUSE).unwrap_or(Timestamp::MAX);
                self.deliveries.wait(id, later);
            }
            None => {
                let why = format!("no worker that can tell {integration} is attached");
                self.settle_alert(now, id, failed(why, true, 0));
            }
        }
    }

    /// The answer is about an alert; `false` = it is about a check.
    pub(super) fn alert_answered(&mut self, now: Moment, session: SessionId, answer: &wire::CheckAnswer) -> bool {
        let Some(alert) = alert_of(self.epoch, &answer.id) else { return false };
        if self.deliveries.asked.get(&alert).is_some_and(|asked| asked.session == session) {
            self.settle_alert(now, alert, outcome_of(answer));
        }
        true
    }

    fn settle_alert(&mut self, now: Moment, alert: AlertId, outcome: AlertOutcome) {
        if let Some(session) = self.deliveries.forget(alert) {
            self.workers.check_done(session);
        }
        if let AlertOutcome::Failed { message, retryable, .. } = &outcome {
            tracing::warn!(%alert, message, retryable, "an alert could not be delivered");
        }
        let command = Command::SettleAlert { alert, outcome };
        if let Err(rejection) = self.decide(now, &command, Caller::named("coordinator"), None) {
            tracing::debug!(%rejection, "an alert was settled before");
        }
    }

    /// The worker's connection is gone: what it had to tell is told by others.
    pub(super) fn lose_deliveries(&mut self, now: Moment, session: SessionId) {
        let asked = self.deliveries.asked.iter().filter(|(_, asked)| asked.session == session);
        let lost: Vec<AlertId> = asked.map(|(alert, _)| *alert).collect();
        for alert in lost {
            self.deliveries.wait(alert, now.wall);
        }
    }
}

fn failed(message: String, retryable: bool, pause_seconds: u32) -> AlertOutcome {
    AlertOutcome::Failed { message, retryable, pause_seconds }
}

fn outcome_of(answer: &wire::CheckAnswer) -> AlertOutcome {
    match &answer.answer {
        Some(Answer::Passed(_)) => AlertOutcome::Delivered,
        Some(Answer::Pending(pending)) => failed(pending.message.clone(), true, 0),
        Some(Answer::Failed(answer)) => {
            // What is wrong with the file or with the connection stays wrong until somebody mends it.
            let hopeless = failure_class(answer.failure_class()) == Some(FailureClass::Misconfigured);
            failed(answer.message.clone(), !hopeless, answer.pause_seconds)
        }
        None => failed("the worker's answer cannot be read by this version".to_owned(), true, 0),
    }
}

/// The epoch tells it from what the owner before asked; its length tells it from a check.
fn id_of(epoch: u64, alert: AlertId) -> Vec<u8> {
    [epoch.to_be_bytes().as_slice(), &alert.0].concat()
}

fn alert_of(epoch: u64, id: &[u8]) -> Option<AlertId> {
    let (asked_in, alert) = id.split_first_chunk::<8>()?;
    AlertId::from_slice(alert).filter(|_| *asked_in == epoch.to_be_bytes())
}
