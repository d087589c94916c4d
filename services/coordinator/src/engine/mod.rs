//! The coordinator without its hands: commands, workers and append outcomes in; records, messages and answers out.
//!
//! Promises: no output that tells the world of a decision leaves before the record that carries the decision is in the log; one
//! append is in flight at a time, and everything decided meanwhile goes into the next record (group commit); whatever a worker
//! is owed can be computed again from the folded state. Knows nothing about sockets, threads, clocks or how the log is stored.
#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod about;
mod access;
mod alerts;
mod batch;
mod deadlines;
mod dispatch;
mod effects;
mod explain;
mod inquiries;
mod present;
mod rejections;
mod restarts;
mod sensors;
mod trials;
mod workers;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use downbeat_domain::{
    AttemptRef, Caller, Command, CommandId, Context, Event, Partition, PipelineId, PriorRun, Rejection, RunId,
    effects as domain_effects, evolve, execute, settle,
};
use downbeat_proto::{record, snapshot, worker::v1 as wire};
use jiff::Timestamp;

pub use access::AccessTable;
pub use explain::{Held, NotLive, PoolView};
pub use inquiries::{Inquiry, Said};
pub use rejections::Refusal;

use access::Access;
use alerts::Deliveries;
use batch::Batches;
use deadlines::Deadlines;
use dispatch::ReadyQueues;
use inquiries::Inquiries;
use rejections::Rejections;
use sensors::Polls;
use trials::Trials;
use workers::Workers;

use crate::metrics::{Decisions, Outcome};

/// One moment, on the wall and since the process began.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// What is recorded.
    pub wall: Timestamp,
    /// What leases are measured with.
    pub monotonic: Duration,
}

/// Names a call that waits for an answer.
pub type CallId = u64;
/// Names a worker's connection.
pub type SessionId = u64;

/// Everything that can happen to a coordinator.
#[derive(Debug)]
pub enum Input {
    /// Somebody asks.
    Call {
        /// Where the answer goes.
        call: CallId,
        /// Who, from where, why.
        caller: Box<Caller>,
        /// The caller's id for it.
        command_id: Option<CommandId>,
        /// What.
        command: Command,
    },
    /// Somebody wants a connection tried.
    TryConnection {
        /// Where the answer goes.
        call: CallId,
        /// Who, from where, why.
        caller: Box<Caller>,
        /// Its id or name.
        named: String,
    },
    /// Somebody asked for something that was refused before it became a command.
    Refused {
        /// Where the answer goes, once that is in the log.
        call: CallId,
        /// Who, from where, why.
        caller: Box<Caller>,
        /// What, and why not.
        refusal: Refusal,
    },
    /// A worker connected and said hello.
    WorkerAttached {
        /// Its connection.
        session: SessionId,
        /// What it said.
        hello: wire::Hello,
    },
    /// A worker reports.
    WorkerReports {
        /// Its connection.
        session: SessionId,
        /// In the order of their numbers.
        reports: Vec<wire::Report>,
    },
    /// A worker answers checks of sensors.
    WorkerChecked {
        /// Its connection.
        session: SessionId,
        /// In any order.
        answers: Vec<wire::CheckAnswer>,
    },
    /// Somebody asks workers for something that is not decided; answered with [`Output::Told`].
    Inquire {
        /// Where the answer goes.
        inquiry: CallId,
        /// What.
        what: Inquiry,
    },
    /// A worker beats.
    WorkerHeartbeat {
        /// Its connection.
        session: SessionId,
    },
    /// A connection is gone.
    WorkerDetached {
        /// Which.
        session: SessionId,
    },
    /// The record in flight is in the log.
    Appended,
    /// A run that ended was read from the log; `None` = it is not there.
    PriorRead {
        /// The run that continues it.
        run: RunId,
        /// The run that ended.
        prior: Option<Arc<PriorRun>>,
    },
    /// Time has passed.
    Tick,
}

/// Everything that a coordinator does.
#[derive(Debug)]
pub enum Output {
    /// Append this record after the last one; answer with [`Input::Appended`].
    Append(Bytes),
    /// Keep this state (see `downbeat_proto::snapshot`) as that of the last record that was appended.
    Snapshot(Vec<u8>),
    /// Read a run that ended from the log; answer with [`Input::PriorRead`].
    ReadPrior {
        /// The run that continues it.
        run: RunId,
        /// The run that ended.
        prior: RunId,
    },
    /// Answer a call.
    Reply {
        /// Which.
        call: CallId,
        /// What became of it.
        answer: Result<Answer, Rejection>,
    },
    /// A refusal was taken note of: whoever waits for that may be answered.
    Noted {
        /// Which call.
        call: CallId,
    },
    /// What workers said to a question.
    Told {
        /// Which.
        inquiry: CallId,
        /// What.
        said: Said,
    },
    /// Tell everybody who watches what gateways decide by.
    Access(Arc<AccessTable>),
    /// Send to a worker.
    Send {
        /// Its connection.
        session: SessionId,
        /// What.
        message: wire::coordinator_message::Message,
    },
    /// A worker's connection has been replaced or says impossible things: close it.
    Close {
        /// Which.
        session: SessionId,
        /// Why.
        reason: String,
    },
}

/// What became of an accepted command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Events that it made true; none = it was true already.
    pub events: usize,
    /// Records appended by this process up to the one that holds it: tells the driver the position.
    pub record: u64,
    /// For [`Command::ApplyPipeline`]: the version that has this text.
    pub pipeline_version: u32,
    /// For [`Command::ApplyPipeline`]: it is a new one.
    pub stored: bool,
    /// The run that it created, if it did.
    pub created: Option<RunId>,
    /// For commands about a run: its status.
    pub run_status: Option<downbeat_domain::RunStatus>,
    /// For commands about a task of a live run: its status.
    pub task_status: Option<downbeat_domain::TaskStatus>,
}

impl Answer {
    /// It was told from state, and nothing of it stands in the log. An owner that was fenced and has not noticed knows less than the log:
    /// whoever forgets what it asked for after such an answer needs to know that it came from the owner.
    pub fn leaves_no_trace(&self) -> bool {
        self.events == 0 && self.created.is_none() && self.run_status.is_none()
    }
}

/// What came of a decision.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Decided {
    /// How many events.
    pub(crate) events: usize,
    /// The first run that they create.
    pub(crate) created: Option<RunId>,
    /// The version of a pipeline that they store.
    pub(crate) version: Option<u32>,
}

/// The coordinator of one partition.
#[derive(Debug)]
pub struct Engine {
    partition: Partition,
    epoch: u64,
    batches: Batches,
    ready: ReadyQueues,
    workers: Workers,
    deadlines: Deadlines,
    polls: Polls,
    deliveries: Deliveries,
    inquiries: Inquiries,
    trials: Trials,
    rejections: Rejections,
    access: Access,
    /// Per restart that waits for it: the run before, as it was read.
    priors: BTreeMap<RunId, Arc<PriorRun>>,
    /// Restarts for which the run before is being read.
    reading: BTreeSet<RunId>,
    /// Decisions so far: what is left to chance is drawn from it and the epoch.
    decisions: u64,
    /// Counts what happens; nothing is decided by it.
    counts: Decisions,
}

impl Engine {
    /// Takes over a folded partition. `epoch` is the sequence of this writer's own PartitionOwned record.
    pub fn take_over(partition: Partition, epoch: u64, now: Moment) -> Self {
        let mut engine = Self {
            partition,
            epoch,
            batches: Batches::default(),
            ready: ReadyQueues::default(),
            workers: Workers::default(),
            deadlines: Deadlines::default(),
            polls: Polls::default(),
            deliveries: Deliveries::default(),
            inquiries: Inquiries::default(),
            trials: Trials::default(),
            rejections: Rejections::default(),
            access: Access::default(),
            priors: BTreeMap::new(),
            reading: BTreeSet::new(),
            decisions: 0,
            counts: Decisions::default(),
        };
        let runs: Vec<RunId> = engine.partition.runs.keys().copied().collect();
        for id in runs {
            engine.recompute(id, now);
        }
        let pipelines: Vec<PipelineId> = engine.partition.pipelines.keys().copied().collect();
        pipelines.into_iter().for_each(|id| engine.index_pipeline(id));
        engine.index_budgets();
        engine.watch_open_windows(now);
        engine.watch_owed_alerts();
        engine.index_access();
        engine
    }

    /// Takes a snapshot after every so many records instead of [`crate::limits::RECORDS_PER_SNAPSHOT`].
    pub fn snapshot_every(&mut self, records: u64) {
        self.batches.snapshot_every(records);
    }

    /// The folded state.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// Takes in what happened. Call [`Engine::turn`] after a batch of inputs.
    pub fn handle(&mut self, now: Moment, input: Input) {
        match input {
            Input::Call { call, caller, command_id, command } => self.call(now, call, &caller, command_id, &command),
            Input::TryConnection { call, caller, named } => self.try_connection(now, call, caller, &named),
            Input::Refused { call, caller, refusal } => self.refused(now, call, &caller, &refusal),
            Input::WorkerAttached { session, hello } => self.attach(now, session, &hello),
            Input::WorkerReports { session, reports } => self.reports(now, session, reports),
            Input::WorkerHeartbeat { session } => self.workers.heard(session, now.monotonic),
            Input::WorkerChecked { session, answers } => self.check_answers(now, session, answers),
            Input::Inquire { inquiry, what } => self.inquire(now, inquiry, &what),
            Input::WorkerDetached { session } => self.detach(now, session),
            Input::Appended => self.batches.committed(),
            Input::PriorRead { run, prior } => self.prior_read(now, run, prior),
            Input::Tick => {}
        }
    }

    /// Does what is due, dispatches what is ready, and gives out everything that may go out now.
    pub fn turn(&mut self, now: Moment) -> Vec<Output> {
        self.lose_silent_workers(now);
        self.wake(now);
        self.poll_sensors(now);
        self.settle(now);
        self.deliver_alerts(now);
        self.give_up_inquiries(now);
        self.end_late_trials(now);
        self.carry_over(now);
        self.dispatch(now);
        self.tell_rejections(now);
        self.tell_access();
        let outputs = self.batches.take_outputs(self.epoch, now.wall);
        if self.batches.wants_snapshot() {
            self.batches.keep_snapshot(snapshot::encode_state(&self.partition));
        }
        outputs
    }

    fn call(&mut self, now: Moment, call: CallId, caller: &Caller, command_id: Option<CommandId>, command: &Command) {
        // Accepted before: answered from state, not decided again.
        let repeated = command_id.is_some_and(|id| self.partition.commands.contains(id));
        let decided = if repeated {
            self.counts.command(command, Outcome::Repeated);
            Ok(Decided::default())
        } else {
            self.decide(now, command, caller.clone(), command_id)
        };
        if let Err(rejection) = &decided {
            self.note_rejection(now, caller, command, rejection);
        }
        if let (Ok(_), Command::RestartRun(restart)) = (&decided, command) {
            self.keep_prior(restart);
        }
        let answer = decided.map(|decided| Answer {
            events: decided.events,
            created: decided.created,
            record: self.batches.open_record(),
            pipeline_version: decided.version.unwrap_or_else(|| about::version(&self.partition, command)),
            stored: decided.version.is_some(),
            run_status: about::run(command).and_then(|run| self.partition.run_status(run)),
            task_status: about::task(command)
                .and_then(|(run, task)| Some(self.partition.runs.get(&run)?.tasks.get(task as usize)?.status())),
        });
        // A refusal speaks of state that may not be in the log yet: it waits its turn like any answer.
        self.batches.push_output(Output::Reply { call, answer });
    }

    /// Executes a command, records it, and takes note of what follows. Says what came of it.
    fn decide(
        &mut self,
        now: Moment,
        command: &Command,
        caller: Caller,
        command_id: Option<CommandId>,
    ) -> Result<Decided, Rejection> {
        // What still follows from what others asked is not this caller's doing.
        self.settle(now);
        let context = self.context(now);
        let executed = execute(&mut self.partition, command, &context);
        self.counts.command(command, if executed.is_ok() { Outcome::Accepted } else { Outcome::Refused });
        let events = executed?;
        let created = events.iter().find_map(|event| match event {
            Event::RunCreated(created) => Some(created.run),
            _ => None,
        });
        let version = events.iter().find_map(|event| match event {
            Event::PipelineApplied(stored) | Event::PipelineDrafted(stored) => Some(stored.version),
            _ => None,
        });
        let decided = Decided { events: events.len(), created, version };
        self.record(now, caller, command_id, events);
        Ok(decided)
    }

    /// What the next decision may know. What is left to chance is different for every decision and every owner.
    fn context(&mut self, now: Moment) -> Context {
        self.decisions += 1;
        let mut mixed = self.epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.decisions;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Context { now: now.wall, random: mixed ^ (mixed >> 31) }
    }

    fn record(&mut self, now: Moment, caller: Caller, command: Option<CommandId>, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let Caller { actor, origin, reason, .. } = caller;
        let decision = record::Decision { command, actor, origin, reason, decided_at: now.wall, events };
        // First into its batch, then its effects: an effect must never leave with an earlier record.
        self.batches.push(record::encode_decision(&decision));
        for event in &decision.events {
            self.counts.event(event);
            self.absorb(now, event);
            self.watch_windows(now, event);
            self.watch_alerts(event);
            self.watch_access(event);
        }
        self.index_events(&decision.events);
        if let Some(command) = command {
            self.partition.commands.remember(command);
        }
    }

    /// Works off what follows by itself, decision by decision.
    fn settle(&mut self, now: Moment) {
        while !self.partition.agenda.is_empty() {
            let context = self.context(now);
            let events = settle(&mut self.partition, &context);
            self.record(now, Caller::named("coordinator"), None, events);
        }
    }

    fn lose_silent_workers(&mut self, now: Moment) {
        for silent in self.workers.expired(now.monotonic) {
            tracing::warn!(worker = %silent.worker, attempts = silent.held.len(), "worker is silent for longer than its lease; its attempts go to others");
            self.counts.workers_lost.inc();
            if let Some(session) = silent.session {
                let reason = "the worker was silent for longer than its lease".to_owned();
                self.close(now, session, reason);
            }
            for attempt in silent.held {
                self.lose(now, attempt, "its worker did not answer any more");
            }
        }
    }

    fn lose(&mut self, now: Moment, attempt: AttemptRef, reason: &str) {
        let command = Command::LoseAttempt { attempt, reason: reason.to_owned() };
        if let Err(rejection) = self.decide(now, &command, Caller::named("coordinator"), None) {
            tracing::debug!(%rejection, "attempt had ended before it was lost");
        }
    }

    /// Rebuilds every index over a run from its state, as after a take-over.
    fn recompute(&mut self, id: RunId, now: Moment) {
        if let Some(run) = self.partition.runs.get(&id) {
            for effect in domain_effects::outstanding(run) {
                match effect {
                    domain_effects::Effect::FindWorker { task } => self.ready.push(run, task),
                    // Asked for by `carry_over`, at every turn in which it is not being read.
                    domain_effects::Effect::ReadPrior { .. } => {}
                    domain_effects::Effect::Offer { worker, attempt }
                    | domain_effects::Effect::AwaitReport { worker, attempt }
                    | domain_effects::Effect::Stop { worker, attempt, .. } => {
                        self.workers.hold(worker, attempt, now.monotonic);
                        self.ready.hold(run, attempt);
                    }
                }
            }
        }
        self.index_run(id);
    }
}

/// Folds an event of the log into a partition that is being taken over.
pub fn fold(partition: &mut Partition, event: &Event) {
    evolve(partition, event);
}
