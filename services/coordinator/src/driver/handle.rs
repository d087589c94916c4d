//! How everybody else in the process talks to the engine's loop.
//!
//! Promises: a call is answered when its decision is in the log; while the log does not keep up, new ones are refused, and what ends work is
//! not, nor anything that workers say. Knows nothing of what the loop does with what it is sent.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use downbeat_domain::{Caller, Command, CommandId, Rejection, command::AccessCommand, file_commit::FileCommitCommand};
use downbeat_event_log::{Room, Tail};
use downbeat_proto::worker::v1 as wire;
use downbeat_runtime::clock::Clock;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    engine::{AccessTable, Answer, Engine, Input, Inquiry, Moment, Refusal, Said, SessionId},
    metrics::PartitionMetrics,
    ownership::Trust,
    pressure::{Pressure, Reason},
};

/// What a call gets back: the answer, and the end of the log when it was given.
pub type CallResult = Result<(Answer, Tail), Rejection>;

pub(super) enum Incoming {
    Input(Input),
    Call(Command, Box<Caller>, Option<CommandId>, oneshot::Sender<CallResult>),
    TryConnection(String, Box<Caller>, oneshot::Sender<CallResult>),
    Refused(Box<Caller>, Refusal, oneshot::Sender<()>),
    Inquire(Inquiry, oneshot::Sender<Said>),
    Attached(Greeting),
    Confirm(oneshot::Sender<()>),
    Ask(Question),
    Retire,
}

/// A worker that came, and is told nothing before this is known to be the owner still: another coordinator may have had it since.
pub(super) struct Greeting {
    pub(super) session: SessionId,
    pub(super) hello: wire::Hello,
    pub(super) sender: mpsc::Sender<wire::CoordinatorMessage>,
    pub(super) attached: oneshot::Sender<()>,
}

/// Something that is asked of the engine's state, and decides nothing.
pub(super) type Question = Box<dyn FnOnce(&mut Engine, Moment) + Send>;

/// How everybody else in the process talks to the engine. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(super) incoming: mpsc::Sender<Incoming>,
    pub(super) shared: Shared,
}

/// Everything of a handle but its hold on the loop.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) sessions: Arc<AtomicU64>,
    pub(super) pressure: Arc<Mutex<Pressure>>,
    pub(super) clock: Clock,
    pub(super) trust: Trust,
    pub(super) access: watch::Receiver<Arc<AccessTable>>,
    pub(super) metrics: PartitionMetrics,
}

/// See [`Handle::downgrade`].
pub struct WeakHandle {
    incoming: mpsc::WeakSender<Incoming>,
    shared: Shared,
}

impl WeakHandle {
    /// A handle, as long as anybody else has one.
    pub fn upgrade(&self) -> Option<Handle> {
        Some(Handle { incoming: self.incoming.upgrade()?, shared: self.shared.clone() })
    }
}

/// The engine's loop has ended, or takes nothing more for now.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It has ended.
    #[error("the coordinator is stopping")]
    Stopping,
    /// The log does not keep up.
    #[error("{0}")]
    Pressure(Reason),
}

impl Handle {
    /// Asks for a command; the answer comes when the decision is in the log.
    pub async fn call(&self, command: Command, caller: Caller, id: Option<CommandId>) -> Result<CallResult, Refused> {
        self.has_room(eases(&command))?;
        let (reply, answer) = oneshot::channel();
        self.send(Incoming::Call(command, Box::new(caller), id, reply)).await?;
        answer.await.map_err(|_| Refused::Stopping)
    }

    /// Has a worker try a connection; the answer comes when what became of it is in the log.
    pub async fn try_connection(&self, named: String, caller: Caller) -> Result<CallResult, Refused> {
        self.has_room(false)?;
        let (reply, answer) = oneshot::channel();
        self.send(Incoming::TryConnection(named, Box::new(caller), reply)).await?;
        answer.await.map_err(|_| Refused::Stopping)
    }

    /// Tells of a call that was refused before it became a command; returns when that is in the log, or counted.
    pub async fn refused(&self, caller: Caller, refusal: Refusal) -> Result<(), Refused> {
        self.has_room(false)?;
        let (reply, noted) = oneshot::channel();
        self.send(Incoming::Refused(Box::new(caller), refusal, reply)).await?;
        noted.await.map_err(|_| Refused::Stopping)
    }

    fn has_room(&self, eases: bool) -> Result<(), Refused> {
        let refused = {
            let mut pressure = self.shared.pressure.lock().unwrap_or_else(PoisonError::into_inner);
            match eases {
                true => pressure.refuses_all(),
                false => pressure.refuses(self.shared.clock.now().monotonic),
            }
        };
        let Some(reason) = refused else { return Ok(()) };
        self.shared.metrics.turned_away();
        Err(Refused::Pressure(reason))
    }

    /// Tells how full the place of the log is.
    pub(crate) fn room(&self, room: Option<&Room>) {
        self.shared.pressure.lock().unwrap_or_else(PoisonError::into_inner).room(room);
    }

    /// Attaches a worker's connection, once this is known to be the owner still; messages for it go to `sender`.
    pub async fn attach(
        &self,
        hello: wire::Hello,
        sender: mpsc::Sender<wire::CoordinatorMessage>,
    ) -> Result<SessionId, Refused> {
        let session = self.shared.sessions.fetch_add(1, Ordering::Relaxed);
        let (attached, is_attached) = oneshot::channel();
        self.send(Incoming::Attached(Greeting { session, hello, sender, attached })).await?;
        is_attached.await.map_err(|_| Refused::Stopping)?;
        Ok(session)
    }

    /// May a heartbeat be answered, so that the worker's lease is renewed? Not by an owner that the log has not confirmed for long.
    pub fn renews_leases(&self) -> bool {
        self.shared.trust.holds(self.shared.clock.now().monotonic)
    }

    /// Asks workers for something that is not decided, and waits, for a bounded time, for what they say.
    pub async fn inquire(&self, what: Inquiry) -> Result<Said, Refused> {
        let (reply, said) = oneshot::channel();
        self.send(Incoming::Inquire(what, reply)).await?;
        said.await.map_err(|_| Refused::Stopping)
    }

    /// A handle that does not keep the engine's loop going.
    pub fn downgrade(&self) -> WeakHandle {
        WeakHandle { incoming: self.incoming.downgrade(), shared: self.shared.clone() }
    }

    /// Hands on what a worker's connection says.
    pub async fn input(&self, input: Input) -> Result<(), Refused> {
        self.send(Incoming::Input(input)).await
    }

    /// Waits until the log has said that this still was the owner after now. For answers that are given from state alone: an owner that
    /// was fenced and has not noticed knows less than the log.
    pub async fn confirm(&self) -> Result<(), Refused> {
        let (reply, confirmed) = oneshot::channel();
        self.send(Incoming::Confirm(reply)).await?;
        confirmed.await.map_err(|_| Refused::Stopping)
    }

    /// What gateways decide by, as the log has it: now, and after every change. Who reads slowly sees only the newest.
    pub fn access(&self) -> watch::Receiver<Arc<AccessTable>> {
        self.shared.access.clone()
    }

    /// Asks something of the engine's state.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Engine, Moment) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |engine, now| {
            // The asker may have gone away.
            let _ = reply.send(question(engine, now));
        });
        self.send(Incoming::Ask(question)).await?;
        answer.await.map_err(|_| Refused::Stopping)
    }

    /// Asks the loop to end once what was asked before is answered. Whoever asks later is refused.
    pub async fn retire(&self) -> Result<(), Refused> {
        self.send(Incoming::Retire).await
    }

    async fn send(&self, incoming: Incoming) -> Result<(), Refused> {
        self.incoming.send(incoming).await.map_err(|_| Refused::Stopping)
    }
}

/// Does it end work, or take a right away? That is never refused for want of room: it makes some, and cannot wait.
fn eases(command: &Command) -> bool {
    match command {
        Command::CancelRun { .. }
        | Command::CancelBackfill { .. }
        | Command::PausePipeline { .. }
        | Command::NoteTimeZones { .. } => true,
        // What was done elsewhere is done, whether it is written down or not.
        Command::FileCommit(FileCommitCommand::End(_)) => true,
        Command::Access(access) => matches!(access, AccessCommand::RevokeKey { .. } | AccessCommand::EndLogin { .. }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::{
        FileCommitId, PipelineId, RunId,
        file_commit::{FileCommitEnd, FileCommitEnded},
    };

    use super::*;

    #[test]
    fn what_ends_work_is_told_from_what_begins_some() {
        let run = RunId([1; 16]);
        let cancel = Command::CancelRun { run, reason: "enough".to_owned() };
        let wake = Command::WakePipeline { pipeline: PipelineId([1; 16]) };
        let committed = FileCommitEnded {
            id: FileCommitId([1; 16]),
            pipeline: PipelineId([1; 16]),
            end: FileCommitEnd::Unknown("x".to_owned()),
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let committed = Command::FileCommit(FileCommitCommand::End(Box::new(committed)));
        for (command, expected) in [(cancel, true), (wake, false), (committed, true)] {
            assert_eq!(eases(&command), expected, "{command:?}");
        }
    }
}
