//! Who is attached, what each holds, and who has been silent for too long.
//!
//! What a worker holds follows from the folded state (a slot is held if and only if the state says so); here it is only indexed.
//! Liveness is measured with the monotonic clock and never recorded: the decision that an attempt is lost is what is recorded.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use downbeat_domain::{AttemptRef, WorkerId};

use super::{SessionId, dispatch::JobKind};
use crate::limits::{CHECKS_PER_WORKER_MAX, LEASE, LEASE_MARGIN, OWNER_TRUST};

#[derive(Debug, Default)]
struct Worker {
    session: Option<SessionId>,
    slots: usize,
    /// What it runs.
    jobs: BTreeMap<JobKind, Runs>,
    /// Integration and kind of the checks that it can make, and whether only with sealed connections.
    checks: BTreeMap<JobKind, bool>,
    /// Checks that it was asked for and has not answered.
    checking: usize,
    labels: BTreeMap<String, String>,
    /// When its lease ends and others may get what it holds, monotonic.
    ends: Duration,
    holds: BTreeSet<AttemptRef>,
    /// Highest report number taken in over the current connection.
    reported: u64,
}

/// How a worker runs a job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Runs {
    /// What it begins for it may outlive the worker.
    pub(super) remote: bool,
    /// It has no connections of its own, and the job needs one.
    pub(super) sealed_only: bool,
}

/// What a worker says of itself.
#[derive(Debug)]
pub(super) struct Offers {
    pub(super) slots: usize,
    pub(super) jobs: BTreeMap<JobKind, Runs>,
    pub(super) checks: BTreeMap<JobKind, bool>,
    pub(super) labels: BTreeMap<String, String>,
}

/// A worker that was not heard of for too long.
#[derive(Debug)]
pub(super) struct Silent {
    pub(super) worker: WorkerId,
    /// Its connection, if it still had one: it must be closed, or the worker would take itself for attached.
    pub(super) session: Option<SessionId>,
    pub(super) held: BTreeSet<AttemptRef>,
}

impl Worker {
    /// Slots that it can be given, while it is attached.
    fn free(&self) -> usize {
        if self.session.is_some() { self.slots.saturating_sub(self.holds.len()) } else { 0 }
    }

    /// `sealed`: there is a sealed connection for it.
    fn fits(&self, kind: &JobKind, labels: &BTreeMap<String, String>, sealed: bool) -> bool {
        self.session.is_some()
            && self.jobs.get(kind).is_some_and(|runs| sealed || !runs.sealed_only)
            && labels.iter().all(|(name, value)| self.labels.get(name) == Some(value))
    }
}

/// When the attempts of a worker that was heard of now may be given to others, unless it is heard of again.
fn lease_from(now: Duration) -> Duration {
    now + LEASE + LEASE_MARGIN
}

/// Workers by id.
#[derive(Debug, Default)]
pub(super) struct Workers {
    workers: BTreeMap<WorkerId, Worker>,
    by_session: BTreeMap<SessionId, WorkerId>,
    holder: BTreeMap<AttemptRef, WorkerId>,
    /// Attached workers with free slots, by how many: so that one of ten thousand is found without looking at all of them.
    free: BTreeSet<(usize, WorkerId)>,
    /// All of them by the end of their lease.
    ends: BTreeSet<(Duration, WorkerId)>,
}

impl Workers {
    /// Changes a worker, one that was not known before included, and the indexes with it.
    fn change<T>(&mut self, id: WorkerId, change: impl FnOnce(&mut Worker) -> T) -> T {
        let worker = self.workers.entry(id).or_default();
        self.free.remove(&(worker.free(), id));
        self.ends.remove(&(worker.ends, id));
        let changed = change(worker);
        if worker.free() > 0 {
            self.free.insert((worker.free(), id));
        }
        self.ends.insert((worker.ends, id));
        changed
    }

    fn forget(&mut self, id: WorkerId) -> Option<Worker> {
        let worker = self.workers.remove(&id)?;
        self.free.remove(&(worker.free(), id));
        self.ends.remove(&(worker.ends, id));
        Some(worker)
    }

    /// A worker connected; gives back the connection that this one replaces.
    pub(super) fn attach(
        &mut self,
        id: WorkerId,
        session: SessionId,
        offers: Offers,
        now: Duration,
    ) -> Option<SessionId> {
        let replaced = self.change(id, |worker| {
            worker.slots = offers.slots;
            worker.jobs = offers.jobs;
            worker.checks = offers.checks;
            worker.checking = 0;
            worker.labels = offers.labels;
            worker.ends = lease_from(now);
            worker.reported = 0;
            worker.session.replace(session)
        });
        if let Some(replaced) = replaced {
            self.by_session.remove(&replaced);
        }
        self.by_session.insert(session, id);
        replaced
    }

    pub(super) fn detach(&mut self, session: SessionId, now: Duration) {
        let Some(id) = self.by_session.remove(&session) else { return };
        if !self.workers.contains_key(&id) {
            return;
        }
        let is_idle = self.change(id, |worker| {
            worker.session = None;
            // The lease runs from here: the connection was alive until now.
            worker.ends = lease_from(now);
            worker.holds.is_empty()
        });
        if is_idle {
            self.forget(id);
        }
    }

    pub(super) fn heard(&mut self, session: SessionId, now: Duration) {
        let known = self.by_session.get(&session).copied().filter(|id| self.workers.contains_key(id));
        if let Some(id) = known {
            self.change(id, |worker| worker.ends = lease_from(now));
        }
    }

    /// Notes a report's number; `false` = it was taken in over this connection before.
    pub(super) fn is_new_report(&mut self, session: SessionId, number: u64) -> bool {
        let Some(worker) = self.by_session.get(&session).and_then(|id| self.workers.get_mut(id)) else { return false };
        let new = number > worker.reported;
        worker.reported = worker.reported.max(number);
        new
    }

    pub(super) fn of_session(&self, session: SessionId) -> Option<WorkerId> {
        self.by_session.get(&session).copied()
    }

    pub(super) fn session_of(&self, worker: WorkerId) -> Option<SessionId> {
        self.workers.get(&worker)?.session
    }

    pub(super) fn held_by(&self, worker: WorkerId) -> BTreeSet<AttemptRef> {
        self.workers.get(&worker).map(|worker| worker.holds.clone()).unwrap_or_default()
    }

    pub(super) fn hold(&mut self, id: WorkerId, attempt: AttemptRef, now: Duration) {
        // Known from the log alone: the owner before may have renewed its lease for as long as it trusted itself.
        let ends = lease_from(now) + OWNER_TRUST;
        let is_new = !self.workers.contains_key(&id);
        self.change(id, |worker| {
            if is_new {
                worker.ends = ends;
            }
            worker.holds.insert(attempt);
        });
        self.holder.insert(attempt, id);
    }

    /// The attempt has ended: whoever held it holds it no more.
    pub(super) fn release(&mut self, attempt: AttemptRef) {
        let Some(id) = self.holder.remove(&attempt).filter(|id| self.workers.contains_key(id)) else { return };
        let is_gone = self.change(id, |worker| {
            worker.holds.remove(&attempt);
            worker.holds.is_empty() && worker.session.is_none()
        });
        if is_gone {
            self.forget(id);
        }
    }

    /// The attached worker with the most free slots among those that offer the job and carry the labels, and whether what it begins may
    /// outlive it.
    pub(super) fn free_for(
        &self,
        kind: &JobKind,
        labels: &BTreeMap<String, String>,
        sealed: bool,
    ) -> Option<(WorkerId, bool)> {
        let mut by_free = self.free.iter().rev().filter_map(|(_, id)| Some((*id, self.workers.get(id)?)));
        let (id, worker) = by_free.find(|(_, worker)| worker.fits(kind, labels, sealed))?;
        Some((id, worker.jobs.get(kind).is_some_and(|runs| runs.remote)))
    }

    /// Attached workers that offer the job: all of them, and those that carry the labels too.
    pub(super) fn suitable(&self, kind: &JobKind, labels: &BTreeMap<String, String>, sealed: bool) -> (usize, usize) {
        let offering = self.workers.values().filter(|worker| worker.fits(kind, &BTreeMap::new(), sealed));
        (offering.clone().count(), offering.filter(|worker| worker.fits(kind, labels, sealed)).count())
    }

    pub(super) fn offers_job(&self, integration: &str, job: &str) -> bool {
        let kind = (integration.to_owned(), job.to_owned());
        self.workers.values().any(|worker| worker.session.is_some() && worker.jobs.contains_key(&kind))
    }

    /// The connection of the attached worker with the fewest checks in hand among those that can make this one; `Some(None)` = all of
    /// them have as many as they may, `None` = there are none.
    pub(super) fn checker_of(&self, integration: &str, sensor_type: &str, sealed: bool) -> Option<Option<SessionId>> {
        let kind = (integration.to_owned(), sensor_type.to_owned());
        let able = self.workers.values().filter(|worker| worker.checks.get(&kind).is_some_and(|only| sealed || !only));
        let (checking, session) = able.filter_map(|worker| Some((worker.checking, worker.session?))).min()?;
        Some((checking < CHECKS_PER_WORKER_MAX).then_some(session))
    }

    /// The worker of this connection was asked for a check.
    pub(super) fn check_given(&mut self, session: SessionId) {
        if let Some(worker) = self.by_session.get(&session).and_then(|id| self.workers.get_mut(id)) {
            worker.checking += 1;
        }
    }

    /// It has answered, or nobody waits for its answer any more.
    pub(super) fn check_done(&mut self, session: SessionId) {
        if let Some(worker) = self.by_session.get(&session).and_then(|id| self.workers.get_mut(id)) {
            worker.checking = worker.checking.saturating_sub(1);
        }
    }

    /// How many are attached, their slots, and how many of these are held.
    pub(super) fn attached(&self) -> (usize, usize, usize) {
        let attached = self.by_session.values().filter_map(|id| self.workers.get(id));
        attached.fold((0, 0, 0), |(workers, slots, held), worker| {
            (workers + 1, slots + worker.slots, held + worker.holds.len())
        })
    }

    /// Attempts that workers hold.
    pub(super) fn holding(&self) -> usize {
        self.holder.len()
    }

    pub(super) fn next_expiry(&self) -> Option<Duration> {
        self.ends.first().map(|(ends, _)| *ends)
    }

    /// Workers that have been silent for longer than their lease and its margin; they are forgotten, and what they held is
    /// given back with them.
    pub(super) fn expired(&mut self, now: Duration) -> Vec<Silent> {
        let mut expired = Vec::new();
        while let Some((_, id)) = self.ends.first().copied().filter(|(ends, _)| now >= *ends) {
            let Some(worker) = self.forget(id) else { break };
            // A silent connection is no connection: nothing more is given to it until the worker attaches again.
            if let Some(session) = worker.session {
                self.by_session.remove(&session);
            }
            for attempt in &worker.holds {
                self.holder.remove(attempt);
            }
            expired.push(Silent { worker: id, session: worker.session, held: worker.holds });
        }
        expired
    }
}
