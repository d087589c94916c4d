//! What the worker does, as a pure state machine: the conversation with the coordinator and the book of attempts in hand.
//!
//! Promises: every report keeps its number until the coordinator acknowledged it and is sent again after a reconnect; an
//! attempt is in hand once, whatever is offered how often; when the lease cannot have been renewed, everything in hand is
//! killed before the coordinator may give it to somebody else, and stays in hand until nothing of it is left; a stop is answered
//! when the attempt is gone.
//! It knows nothing about sockets, processes, files or the clock: time comes in with each step.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod lease;
mod reports;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use downbeat_proto::events::v1::Outcome;
use downbeat_proto::worker::v1::{
    CoordinatorMessage, Heartbeat, Hello, Job, Offer, Report, Started, Stop, Stopped, Succeeded, WorkerMessage,
    coordinator_message::Message as FromCoordinator, report::Report as ReportKind,
    worker_message::Message as ToCoordinator,
};

use crate::attempt::{AttemptId, Ended, Ending};
use crate::connectors::noop;
use crate::limits::{SHUTDOWN_GRACE, WELCOME_WAIT};
use lease::Lease;
use reports::Outbox;

/// The moment of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the worker's start, on a clock that never goes back.
    pub monotonic: Duration,
    /// Microseconds since the Unix epoch, UTC.
    pub wall_micros: i64,
}

/// Something happened.
#[derive(Debug)]
pub enum Input {
    /// A connection is open, and nothing was said on it yet. Numbers of connections only grow.
    Connected(u64),
    /// The coordinator said something on that connection.
    Message(u64, CoordinatorMessage),
    /// That connection is gone.
    Disconnected(u64),
    /// An attempt that was run ended, and nothing of it is left.
    Finished(AttemptId, Box<Ended>),
    /// The worker shall end.
    ShutDown,
}

/// Something is to be done.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Say this on the current connection.
    Send(WorkerMessage),
    /// Run this attempt.
    Run(AttemptId, Box<Offer>),
    /// Ask the attempt to end, and kill it after the grace.
    Stop(AttemptId),
    /// Kill the attempt now.
    Kill(AttemptId),
    /// Give up the current connection and open a new one.
    Disconnect(&'static str),
    /// The lease ran out: so many attempts are killed, so many reports will never be sent.
    LeaseLost {
        /// Attempts that were running.
        killed: usize,
        /// Reports that had not been acknowledged.
        forgotten: usize,
    },
    /// Something of the coordinator's was not understood and is left aside.
    Ignored(&'static str),
    /// Nothing is left to do: end.
    Exit,
}

/// What the worker says about itself.
#[derive(Debug, Clone)]
pub struct Identity {
    /// 16 bytes, kept in the worker's folder.
    pub worker_id: Bytes,
    /// For people.
    pub name: String,
    /// Attempts that may run at once.
    pub slots: u32,
    /// What it can run.
    pub jobs: Vec<Job>,
    /// By which tasks choose where they run.
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The driver runs it.
    Running { stopping: bool },
    /// The lease was lost: it is being killed, and all that will be said about it is that it is gone.
    Dying,
    /// Its outcome has not been acknowledged yet.
    Reported,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Down,
    Greeting { connection: u64, since: Duration },
    Attached { connection: u64 },
}

/// The state machine.
#[derive(Debug)]
pub struct Engine {
    identity: Identity,
    held: BTreeMap<AttemptId, Held>,
    outbox: Outbox,
    link: Link,
    lease: Option<Lease>,
    shutdown_ends: Option<Duration>,
    exited: bool,
}

impl Engine {
    /// A worker that has nothing in hand and no connection.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            held: BTreeMap::new(),
            outbox: Outbox::default(),
            link: Link::Down,
            lease: None,
            shutdown_ends: None,
            exited: false,
        }
    }

    /// Takes everything that happened since the last step, and what became due. All reports of a step share messages.
    pub fn handle(&mut self, now: Now, inputs: impl IntoIterator<Item = Input>) -> Vec<Output> {
        let mut outputs = Vec::new();
        for input in inputs {
            match input {
                Input::Connected(connection) => self.connected(now, connection, &mut outputs),
                Input::Message(connection, message) if self.is_current(connection) => {
                    self.message(now, message, &mut outputs);
                }
                Input::Disconnected(connection) if self.is_current(connection) => self.link_down(),
                Input::Message(..) | Input::Disconnected(_) => {}
                Input::Finished(attempt, ended) => self.finished(now, attempt, *ended),
                Input::ShutDown => self.shut_down(now, &mut outputs),
            }
        }
        self.due(now, &mut outputs);
        if let Link::Attached { .. } = self.link {
            outputs.extend(self.outbox.unsent_messages().into_iter().map(Output::Send));
        }
        self.exit_when_done(now, &mut outputs);
        outputs
    }

    /// When [`Engine::handle`] must be called again even if nothing happens, on the monotonic clock.
    pub fn next_deadline(&self) -> Option<Duration> {
        let greeting = match self.link {
            Link::Greeting { since, .. } => Some(since + WELCOME_WAIT),
            _ => None,
        };
        let lease = self.lease.as_ref().and_then(|lease| match self.link {
            Link::Attached { .. } => Some(lease.next_heartbeat().min(lease.ends())),
            _ => (!self.held.is_empty()).then(|| lease.ends()),
        });
        [greeting, lease, self.shutdown_ends].into_iter().flatten().min()
    }

    /// Attempts that the driver runs now, those that are being killed included.
    pub fn running(&self) -> usize {
        self.held.values().filter(|held| !matches!(held, Held::Reported)).count()
    }

    fn is_current(&self, number: u64) -> bool {
        matches!(self.link, Link::Greeting { connection, .. } | Link::Attached { connection } if connection == number)
    }

    fn connected(&mut self, now: Now, connection: u64, outputs: &mut Vec<Output>) {
        self.link = Link::Greeting { connection, since: now.monotonic };
        self.outbox.send_again();
        outputs.push(say(ToCoordinator::Hello(Hello {
            worker_id: self.identity.worker_id.clone(),
            name: self.identity.name.clone(),
            slots: self.identity.slots,
            jobs: self.identity.jobs.clone(),
            labels: self.identity.labels.clone(),
            // What is still dying is in hand, too: offered again it would be taken for a repeated offer, and given to somebody
            // else it would run beside itself.
            in_hand: self.held.keys().map(|attempt| attempt.to_wire()).collect(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            checks: Vec::new(),
        })));
    }

    fn link_down(&mut self) {
        self.link = Link::Down;
        if let Some(lease) = &mut self.lease {
            lease.connection_lost();
        }
    }

    fn message(&mut self, now: Now, message: CoordinatorMessage, outputs: &mut Vec<Output>) {
        match message.message {
            Some(FromCoordinator::Welcome(welcome)) => {
                let Link::Greeting { connection, since } = self.link else {
                    return outputs.push(Output::Ignored("a second welcome on one connection"));
                };
                let length = Duration::from_millis(welcome.lease_milliseconds.into());
                self.lease = Some(Lease::granted(since, now.monotonic, length));
                self.link = Link::Attached { connection };
            }
            Some(FromCoordinator::Offers(offers)) => {
                for offer in offers.offers {
                    self.offered(now, offer, outputs);
                }
            }
            Some(FromCoordinator::Stops(stops)) => {
                for stop in stops.stops {
                    self.stop_asked(now, stop, outputs);
                }
            }
            Some(FromCoordinator::Checks(_)) => outputs.push(Output::Ignored("checks that this worker does not offer")),
            Some(FromCoordinator::Acknowledged(acknowledged)) => {
                let held = &mut self.held;
                self.outbox.acknowledged(acknowledged.up_to, |attempt| {
                    held.remove(&attempt);
                });
            }
            Some(FromCoordinator::Heartbeat(_)) => {
                if let Some(lease) = &mut self.lease {
                    lease.answered();
                }
            }
            None => outputs.push(Output::Ignored("a message of a kind that this version does not know")),
        }
    }

    fn offered(&mut self, now: Now, offer: Offer, outputs: &mut Vec<Output>) {
        let Some(attempt) = AttemptId::from_wire(offer.attempt.as_ref()) else {
            return outputs.push(Output::Ignored("an offer without a valid attempt"));
        };
        if self.shutdown_ends.is_some() || self.held.contains_key(&attempt) {
            return;
        }
        // A worker that stood still reads old offers first: when its lease has run out, others have them now.
        if self.lease.as_ref().is_none_or(|lease| now.monotonic >= lease.ends()) {
            return;
        }
        self.outbox.report(attempt, started(now));
        if noop::is_noop(&offer) {
            let ending = Ending::Succeeded { warning: false, outputs: String::new(), message: String::new() };
            return self.report_ending(now, attempt, ending);
        }
        self.held.insert(attempt, Held::Running { stopping: false });
        outputs.push(Output::Run(attempt, Box::new(offer)));
    }

    fn stop_asked(&mut self, now: Now, stop: Stop, outputs: &mut Vec<Output>) {
        let Some(attempt) = AttemptId::from_wire(stop.attempt.as_ref()) else {
            return outputs.push(Output::Ignored("a stop without a valid attempt"));
        };
        match self.held.get_mut(&attempt) {
            Some(Held::Running { stopping }) => {
                // A repeated stop must not begin the grace anew.
                if !std::mem::replace(stopping, true) {
                    outputs.push(Output::Stop(attempt));
                }
            }
            Some(Held::Dying | Held::Reported) => {}
            None => self.report_ending(now, attempt, Ending::Stopped),
        }
    }

    fn finished(&mut self, now: Now, attempt: AttemptId, ended: Ended) {
        match self.held.get(&attempt) {
            Some(Held::Running { .. }) => {}
            // However it ended: the coordinator hears that nothing of it is left, and may give it to somebody else.
            Some(Held::Dying) => return self.report_ending(now, attempt, Ending::Stopped),
            Some(Held::Reported) | None => return,
        }
        for collected in ended.collection.into_chunks() {
            self.outbox.report(attempt, ReportKind::Collected(collected));
        }
        // A stop that nobody asked for (this worker shuts down) is reported as one, too: the coordinator sees that it asked for
        // none and has the work done again elsewhere, without counting it as a failure of the task.
        self.report_ending(now, attempt, ended.ending);
    }

    fn report_ending(&mut self, now: Now, attempt: AttemptId, ending: Ending) {
        self.held.insert(attempt, Held::Reported);
        self.outbox.report(attempt, ending_report(now, ending));
    }

    fn due(&mut self, now: Now, outputs: &mut Vec<Output>) {
        if let Link::Greeting { since, .. } = self.link
            && now.monotonic >= since + WELCOME_WAIT
        {
            self.link_down();
            outputs.push(Output::Disconnect("the coordinator did not answer the hello"));
        }
        let Some(lease) = &mut self.lease else { return };
        if now.monotonic >= lease.ends() {
            return self.lease_lost(outputs);
        }
        if let Link::Attached { .. } = self.link
            && now.monotonic >= lease.next_heartbeat()
        {
            lease.beat(now.monotonic);
            outputs.push(say(ToCoordinator::Heartbeat(Heartbeat {})));
        }
    }

    fn lease_lost(&mut self, outputs: &mut Vec<Output>) {
        self.lease = None;
        let forgotten = self.outbox.forget();
        self.held.retain(|_, held| !matches!(held, Held::Reported));
        let mut killed = 0;
        for (attempt, held) in &mut self.held {
            if let Held::Running { .. } = held {
                *held = Held::Dying;
                killed += 1;
                outputs.push(Output::Kill(*attempt));
            }
        }
        if killed + forgotten > 0 {
            outputs.push(Output::LeaseLost { killed, forgotten });
        }
        if self.link != Link::Down {
            self.link_down();
            outputs.push(Output::Disconnect("the coordinator answered no heartbeat for as long as the lease lasts"));
        }
    }

    fn shut_down(&mut self, now: Now, outputs: &mut Vec<Output>) {
        if self.shutdown_ends.is_some() {
            return;
        }
        self.shutdown_ends = Some(now.monotonic + SHUTDOWN_GRACE);
        for (attempt, held) in &mut self.held {
            if let Held::Running { stopping: stopping @ false } = held {
                *stopping = true;
                outputs.push(Output::Stop(*attempt));
            }
        }
    }

    fn exit_when_done(&mut self, now: Now, outputs: &mut Vec<Output>) {
        let Some(ends) = self.shutdown_ends else { return };
        let everything_said = self.outbox.is_empty() || !matches!(self.link, Link::Attached { .. });
        if !self.exited && (now.monotonic >= ends || (self.running() == 0 && everything_said)) {
            self.exited = true;
            outputs.push(Output::Exit);
        }
    }
}

fn say(message: ToCoordinator) -> Output {
    Output::Send(WorkerMessage { message: Some(message) })
}

fn started(now: Now) -> ReportKind {
    // What runs on this machine dies with the worker: there is nothing another one could carry on with.
    ReportKind::Started(Started { started_at: now.wall_micros, handle: Bytes::new(), external_id: String::new() })
}

fn ending_report(now: Now, ending: Ending) -> ReportKind {
    match ending {
        Ending::Succeeded { warning, outputs, message } => ReportKind::Succeeded(Succeeded {
            outcome: if warning { Outcome::Warning } else { Outcome::Succeeded }.into(),
            outputs,
            message,
            finished_at: now.wall_micros,
        }),
        Ending::Failed(failure) => ReportKind::Failed(downbeat_proto::worker::v1::Failed {
            failure_class: failure.class.into(),
            message: failure.message,
            finished_at: now.wall_micros,
            outputs: failure.outputs,
        }),
        Ending::Stopped => ReportKind::Stopped(Stopped { stopped_at: now.wall_micros }),
    }
}

fn is_final(report: &Report) -> bool {
    !matches!(report.report, Some(ReportKind::Started(_) | ReportKind::Collected(_)) | None)
}
