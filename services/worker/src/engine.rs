//! What the worker does, as a pure state machine: the conversation with the coordinator and the book of attempts in hand.
//!
//! Promises: every report keeps its number until the coordinator acknowledged it and is sent again after a reconnect; an
//! attempt is in hand once, whatever is offered how often; when the lease cannot have been renewed, everything in hand is
//! killed before the coordinator may give it to somebody else, and stays in hand until nothing of it is left; a stop is answered
//! when the attempt is gone; what may outlive the worker is let go of where other attempts are killed, and never called stopped then; checks of sensors never wait for attempts, and none outlives its time or its connection.
//! It knows nothing about sockets, processes, files or the clock: time comes in with each step.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod checks;
mod lease;
mod reports;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use downbeat_proto::events::v1::Outcome;
use downbeat_proto::worker::v1::{
    Abandoned, Check, CheckKind, Connections, CoordinatorMessage, Heartbeat, Hello, Offer, Report, Started, Stop,
    Stopped, Succeeded, WorkerMessage, coordinator_message::Message as FromCoordinator, report::Report as ReportKind,
    worker_message::Message as ToCoordinator,
};

use crate::attempt::{AttemptId, Ended, Ending, Job};
use crate::connectors::noop;
use crate::limits::{SHUTDOWN_GRACE, WELCOME_WAIT};
use crate::metrics::Present;
use crate::verdict::Verdict;
pub use checks::CheckTicket;
use checks::Desk;
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
    /// The other system took the job of an attempt that is run.
    Submitted(AttemptId, Job),
    /// An attempt that was run ended, and nothing of it is left.
    Finished(AttemptId, Box<Ended>),
    /// A check that was being made came to an end.
    Checked(CheckTicket, Verdict),
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
    /// Kill the attempt now, or let go of it if what it began is elsewhere.
    Kill(AttemptId),
    /// Sealed connections for what follows: all that there are (true), or what changed.
    Given(Box<Connections>, bool),
    /// Make this check.
    Check(CheckTicket, Box<Check>),
    /// Drop this check: its answer is nobody's any more.
    AbandonCheck(CheckTicket),
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
    pub jobs: Vec<downbeat_proto::worker::v1::Job>,
    /// Checks of sensors that it can make.
    pub checks: Vec<CheckKind>,
    /// By which tasks choose where they run.
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// The driver runs it.
    Running { stopping: bool, remote: bool },
    /// It is being killed or let go of, and all that will be said about it is that it is gone.
    Dying { remote: bool },
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
    desk: Desk,
    link: Link,
    lease: Option<Lease>,
    /// Sealed connections came: they are forgotten when another coordinator, or the same one anew, gives none.
    given: bool,
    shutdown_ends: Option<Duration>,
    exited: bool,
    /// Attempts so far that do nothing.
    noops: u64,
}

impl Engine {
    /// A worker that has nothing in hand and no connection.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            held: BTreeMap::new(),
            outbox: Outbox::default(),
            desk: Desk::default(),
            link: Link::Down,
            lease: None,
            given: false,
            shutdown_ends: None,
            exited: false,
            noops: 0,
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
                Input::Disconnected(connection) if self.is_current(connection) => self.link_down(&mut outputs),
                Input::Message(..) | Input::Disconnected(_) => {}
                Input::Submitted(attempt, job) => self.submitted(now, attempt, job),
                Input::Finished(attempt, ended) => self.finished(now, attempt, *ended),
                Input::Checked(ticket, verdict) => self.desk.checked(ticket, verdict, &mut outputs),
                Input::ShutDown => self.shut_down(now, &mut outputs),
            }
        }
        self.due(now, &mut outputs);
        if let Link::Attached { .. } = self.link {
            let messages = self.outbox.unsent_messages().into_iter().chain(self.desk.take_messages());
            outputs.extend(messages.map(Output::Send));
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
        [greeting, lease, self.shutdown_ends, self.desk.next_deadline()].into_iter().flatten().min()
    }

    /// Attempts that the driver runs now, those that are being killed included.
    pub fn running(&self) -> usize {
        self.held.values().filter(|held| !matches!(held, Held::Reported)).count()
    }

    /// What is so now.
    pub fn present(&self) -> Present {
        let remote = |held: &&Held| matches!(held, Held::Running { remote: true, .. } | Held::Dying { remote: true });
        Present {
            attached: matches!(self.link, Link::Attached { .. }),
            running: self.running(),
            remote: self.held.values().filter(remote).count(),
            reports: self.outbox.len(),
            checks: self.desk.len(),
            noops: self.noops,
        }
    }

    fn is_current(&self, number: u64) -> bool {
        matches!(self.link, Link::Greeting { connection, .. } | Link::Attached { connection } if connection == number)
    }

    fn connected(&mut self, now: Now, connection: u64, outputs: &mut Vec<Output>) {
        // The end of the connection before may not have been heard yet.
        self.desk.abandon_all(outputs);
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
            checks: self.identity.checks.clone(),
        })));
    }

    fn link_down(&mut self, outputs: &mut Vec<Output>) {
        self.link = Link::Down;
        self.desk.abandon_all(outputs);
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
                let told = welcome.connections.unwrap_or_default();
                if self.given || told != Connections::default() {
                    self.given = true;
                    outputs.push(Output::Given(Box::new(told), true));
                }
            }
            Some(FromCoordinator::Connections(told)) => {
                self.given = true;
                outputs.push(Output::Given(Box::new(told), false));
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
            Some(FromCoordinator::Checks(checks)) => {
                // A worker that ends begins nothing; whoever asked hears of it by the end of the connection.
                if self.shutdown_ends.is_none() {
                    checks.checks.into_iter().for_each(|check| self.desk.asked(now.monotonic, check, outputs));
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
        let remote = self.is_remote(&offer);
        if !remote {
            self.outbox.report(attempt, started(now, Job::default()));
        }
        if noop::is_noop(&offer) {
            self.noops += 1;
            let ending = Ending::Succeeded { warning: false, outputs: String::new(), message: String::new() };
            return self.report_ending(now, attempt, ending);
        }
        self.held.insert(attempt, Held::Running { stopping: false, remote });
        outputs.push(Output::Run(attempt, Box::new(offer)));
    }

    fn stop_asked(&mut self, now: Now, stop: Stop, outputs: &mut Vec<Output>) {
        let Some(attempt) = AttemptId::from_wire(stop.attempt.as_ref()) else {
            return outputs.push(Output::Ignored("a stop without a valid attempt"));
        };
        match self.held.get_mut(&attempt) {
            Some(Held::Running { remote: true, .. }) if stop.abandon => {
                self.held.insert(attempt, Held::Dying { remote: true });
                outputs.push(Output::Kill(attempt));
            }
            Some(Held::Running { stopping, .. }) => {
                // A repeated stop must not begin the grace anew.
                if !std::mem::replace(stopping, true) {
                    outputs.push(Output::Stop(attempt));
                }
            }
            Some(Held::Dying { .. } | Held::Reported) => {}
            // Its offer came too late to be taken, which whoever sent it will learn; what is left of the job elsewhere is not known here.
            None if stop.remote => outputs.push(Output::Ignored("a stop of something that was not taken")),
            None => self.report_ending(now, attempt, Ending::Stopped),
        }
    }

    fn is_remote(&self, offer: &Offer) -> bool {
        let jobs = self.identity.jobs.iter();
        let mut same =
            jobs.filter(|job| (&job.integration, &job.integration_job) == (&offer.integration, &offer.integration_job));
        same.any(|job| job.remote)
    }

    fn submitted(&mut self, now: Now, attempt: AttemptId, job: Job) {
        if let Some(Held::Running { remote: true, .. }) = self.held.get(&attempt) {
            self.outbox.report(attempt, started(now, job));
        }
    }

    fn finished(&mut self, now: Now, attempt: AttemptId, ended: Ended) {
        match self.held.get(&attempt) {
            Some(Held::Running { .. }) => {}
            // However it ended: the coordinator hears that it may give it to somebody else, and that nothing of it is left if that is so.
            Some(Held::Dying { remote }) => {
                let ending = if *remote { Ending::Abandoned } else { Ending::Stopped };
                return self.report_ending(now, attempt, ending);
            }
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
            self.link_down(outputs);
            outputs.push(Output::Disconnect("the coordinator did not answer the hello"));
        }
        self.desk.due(now.monotonic, outputs);
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
            if let Held::Running { remote, .. } = held {
                *held = Held::Dying { remote: *remote };
                killed += 1;
                outputs.push(Output::Kill(*attempt));
            }
        }
        if killed + forgotten > 0 {
            outputs.push(Output::LeaseLost { killed, forgotten });
        }
        if self.link != Link::Down {
            self.link_down(outputs);
            outputs.push(Output::Disconnect("the coordinator answered no heartbeat for as long as the lease lasts"));
        }
    }

    fn shut_down(&mut self, now: Now, outputs: &mut Vec<Output>) {
        if self.shutdown_ends.is_some() {
            return;
        }
        self.shutdown_ends = Some(now.monotonic + SHUTDOWN_GRACE);
        self.desk.abandon_all(outputs);
        for (attempt, held) in &mut self.held {
            match held {
                // Whoever gets it next carries on with it, at once.
                Held::Running { remote: true, .. } => {
                    *held = Held::Dying { remote: true };
                    outputs.push(Output::Kill(*attempt));
                }
                Held::Running { stopping: stopping @ false, .. } => {
                    *stopping = true;
                    outputs.push(Output::Stop(*attempt));
                }
                _ => {}
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

/// What runs on this machine dies with the worker: there is nothing another one could carry on with, and nothing is said of it.
fn started(now: Now, job: Job) -> ReportKind {
    let Job { handle, external_id, link } = job;
    ReportKind::Started(Started { started_at: now.wall_micros, handle: handle.into(), external_id, link })
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
        Ending::Stopped => ReportKind::Stopped(Stopped { stopped_at: now.wall_micros, unconfirmed: String::new() }),
        Ending::Unconfirmed(unconfirmed) => ReportKind::Stopped(Stopped { stopped_at: now.wall_micros, unconfirmed }),
        Ending::Abandoned => ReportKind::Abandoned(Abandoned {}),
    }
}

fn is_final(report: &Report) -> bool {
    !matches!(report.report, Some(ReportKind::Started(_) | ReportKind::Collected(_)) | None)
}
