//! Has workers try connections, because somebody asks, and lets the core record what came of it.
//!
//! A trial travels as a check of a sensor does: it only looks, holds no lease, and is answered or given up within its time. Who asked is
//! always answered.

use std::{collections::BTreeMap, time::Duration};

use downbeat_domain::{
    Caller, Command, ConnectionId, Rejection,
    connection::{ConnectionCommand, ConnectionHealth},
};
use downbeat_proto::{convert, worker::v1 as wire};
use wire::{check_answer::Answer, coordinator_message::Message};

use super::{CallId, Engine, Moment, Output, SessionId};
use crate::limits;

/// What a worker says that it can do where it tries connections.
const TRIAL: &str = "CONNECTION";
/// Behind the epoch and the number: it tells the id of a trial from those of checks and alerts.
const MARK: u8 = b'T';

/// Trials that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Trials {
    last: u64,
    open: BTreeMap<u64, Trial>,
}

#[derive(Debug)]
struct Trial {
    call: CallId,
    caller: Box<Caller>,
    connection: ConnectionId,
    version: u32,
    session: SessionId,
    ends: Duration,
}

impl Trials {
    pub(super) fn next_monotonic(&self) -> Option<Duration> {
        self.open.values().map(|trial| trial.ends).min()
    }
}

impl Engine {
    pub(super) fn try_connection(&mut self, now: Moment, call: CallId, caller: Box<Caller>, named: &str) {
        let refused = match self.ask_to_try(now, call, caller, named) {
            Ok(()) => return,
            Err(refused) => refused,
        };
        self.batches.push_output(Output::Reply { call, answer: Err(refused) });
    }

    fn ask_to_try(&mut self, now: Moment, call: CallId, caller: Box<Caller>, named: &str) -> Result<(), Rejection> {
        let all = &self.partition.connections;
        let Some((connection, state)) = all.named(named) else {
            return Err(Rejection::UnknownConnection(named.chars().take(limits::ACTOR_CHARS_MAX).collect()));
        };
        let untried = |why: String| Rejection::ConnectionUntried { name: state.name.clone(), why };
        if self.trials.open.len() >= limits::TRIALS_MAX {
            return Err(untried(format!("{} connections are being tried; try again in a moment", limits::TRIALS_MAX)));
        }
        let integration = state.integration.clone();
        let session = match self.workers.checker_of(&integration, TRIAL, true) {
            Some(Some(session)) => session,
            Some(None) => return Err(untried("all workers are busy; try again in a moment".to_owned())),
            None => {
                return Err(untried(format!(
                    "no attached worker can try connections of {integration}: none is attached, or there is no cheap question to \
                     ask there (docs/connections.md)"
                )));
            }
        };
        let (name, version) = (state.name.clone(), state.version);
        self.trials.last += 1;
        let number = self.trials.last;
        let check = wire::Check {
            id: [self.epoch.to_be_bytes().as_slice(), &number.to_be_bytes(), &[MARK]].concat().into(),
            integration,
            sensor_type: TRIAL.to_owned(),
            parameters: String::new(),
            connection: name,
            since: convert::micros(now.wall),
            timeout_seconds: limits::TRIAL_TIMEOUT.as_secs() as u32,
        };
        self.workers.check_given(session);
        self.batches.push_send(session, Message::Checks(wire::Checks { checks: vec![check] }));
        let ends = now.monotonic + limits::TRIAL_TIMEOUT + limits::CHECK_MARGIN;
        self.trials.open.insert(number, Trial { call, caller, connection, version, session, ends });
        Ok(())
    }

    /// The answer is about a trial; `false` = it is about something else.
    pub(super) fn trial_answered(&mut self, now: Moment, session: SessionId, answer: &wire::CheckAnswer) -> bool {
        let Some(number) = number_of(self.epoch, &answer.id) else { return false };
        if self.trials.open.get(&number).is_some_and(|trial| trial.session == session) {
            let (health, message) = match &answer.answer {
                Some(Answer::Passed(passed)) => (ConnectionHealth::Succeeded, said(&passed.outputs)),
                Some(Answer::Pending(pending)) => (ConnectionHealth::Failed, pending.message.clone()),
                Some(Answer::Failed(failed)) => (ConnectionHealth::Failed, failed.message.clone()),
                None => (ConnectionHealth::Failed, "the worker's answer cannot be read by this version".to_owned()),
            };
            self.end_trial(now, number, health, message);
        }
        true
    }

    /// Gives up what took too long.
    pub(super) fn end_late_trials(&mut self, now: Moment) {
        let late = self.trials.open.iter().filter(|(_, trial)| trial.ends <= now.monotonic).map(|(number, _)| *number);
        for number in late.collect::<Vec<u64>>() {
            let seconds = (limits::TRIAL_TIMEOUT + limits::CHECK_MARGIN).as_secs();
            let message = format!("the worker did not answer within {seconds} seconds");
            self.end_trial(now, number, ConnectionHealth::Failed, message);
        }
    }

    /// The worker's connection is gone: nobody else is asked, because somebody waits.
    pub(super) fn lose_trials(&mut self, now: Moment, session: SessionId) {
        let lost = self.trials.open.iter().filter(|(_, trial)| trial.session == session).map(|(number, _)| *number);
        for number in lost.collect::<Vec<u64>>() {
            let message = "the worker that tried it is gone; try again".to_owned();
            self.end_trial(now, number, ConnectionHealth::Failed, message);
        }
    }

    fn end_trial(&mut self, now: Moment, number: u64, health: ConnectionHealth, message: String) {
        let Some(trial) = self.trials.open.remove(&number) else { return };
        self.workers.check_done(trial.session);
        let Trial { call, caller, connection, version, .. } = trial;
        let command = Command::Connection(ConnectionCommand::Test { connection, version, health, message });
        self.call(now, call, &caller, None, &command);
    }
}

/// What a worker says of a connection that works.
fn said(outputs: &str) -> String {
    let outputs = convert::object(outputs).unwrap_or_default();
    outputs.get("message").and_then(|message| message.as_str()).unwrap_or_default().to_owned()
}

fn number_of(epoch: u64, id: &[u8]) -> Option<u64> {
    let (asked_in, rest) = id.split_first_chunk::<8>()?;
    let (number, rest) = rest.split_first_chunk::<8>().filter(|_| *asked_in == epoch.to_be_bytes())?;
    (rest == [MARK]).then(|| u64::from_be_bytes(*number))
}
