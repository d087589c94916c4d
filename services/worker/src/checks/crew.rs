//! The checks that are being made: each in a task of its own, all of them gone when the crew is dropped.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_proto::worker::v1::Check;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tracing::error;

use super::Checks;
use crate::attempt::Failure;
use crate::engine::CheckTicket;
use crate::verdict::Verdict;

#[derive(Debug)]
pub(crate) struct Crew {
    checks: Arc<Checks>,
    tasks: JoinSet<Verdict>,
    handles: BTreeMap<CheckTicket, AbortHandle>,
    tickets: BTreeMap<Id, CheckTicket>,
}

impl Crew {
    pub(crate) fn new(checks: Arc<Checks>) -> Self {
        Self { checks, tasks: JoinSet::new(), handles: BTreeMap::new(), tickets: BTreeMap::new() }
    }

    /// Begins a check.
    pub(crate) fn start(&mut self, ticket: CheckTicket, check: Box<Check>) {
        let checks = Arc::clone(&self.checks);
        let handle = self.tasks.spawn(async move { checks.make(&check).await });
        self.tickets.insert(handle.id(), ticket);
        self.handles.insert(ticket, handle);
    }

    /// Drops a check: nothing of it is left, and no verdict comes.
    pub(crate) fn abandon(&mut self, ticket: CheckTicket) {
        if let Some(handle) = self.handles.remove(&ticket) {
            self.tickets.remove(&handle.id());
            handle.abort();
        }
    }

    /// Waits until a check ends (for ever, when none is being made); returns all that have.
    pub(crate) async fn ended(&mut self) -> Vec<(CheckTicket, Verdict)> {
        let Some(first) = self.tasks.join_next_with_id().await else { return std::future::pending().await };
        let mut ended = vec![first];
        while let Some(next) = self.tasks.try_join_next_with_id() {
            ended.push(next);
        }
        ended.into_iter().filter_map(|joined| self.verdict(joined)).collect()
    }

    fn verdict(&mut self, joined: Result<(Id, Verdict), JoinError>) -> Option<(CheckTicket, Verdict)> {
        let (id, verdict) = match joined {
            Ok((id, verdict)) => (id, verdict),
            Err(failed) => {
                let id = failed.id();
                if failed.is_panic() {
                    error!(panic = %failed, "a check of a sensor panicked");
                }
                (id, Failure::job("the check failed inside Downbeat (a bug there, please report it)").into())
            }
        };
        // Of an abandoned check there is no ticket any more.
        let ticket = self.tickets.remove(&id)?;
        self.handles.remove(&ticket);
        Some((ticket, verdict))
    }
}
