//! Ready tasks wait in classes: those of a class need the same job, the same labels of a worker and the same slots, so that what one
//! class waits for holds up no other. Within a class the order is by *rank*: the instant at which the task became ready, moved ahead by
//! its priority and back by what its pipeline holds already. A rank needs no updates as time passes, because all who wait grow older at
//! the same rate: that is the ageing which lets no one starve.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use downbeat_domain::{AttemptRef, Caller, Command, Context, Phase, PipelineId, RunId, RunState, gates};

use super::{Engine, Moment};
use crate::limits;

/// Integration and job.
pub(super) type JobKind = (String, String);

/// What all tasks of a class need.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    pub(super) kind: JobKind,
    pub(super) labels: BTreeMap<String, String>,
    /// Name of the connection; empty = the default one.
    pub(super) connection: String,
    /// Named pool and slots of it.
    pub(super) pool: Option<(String, u32)>,
    /// The task itself, if it limits its attempts over all runs.
    pub(super) task: Option<(PipelineId, String)>,
}

impl Class {
    fn of(run: &RunState, task: u32) -> Option<Self> {
        let plan = run.planned(task)?;
        Some(Self {
            kind: (plan.integration.clone(), plan.integration_job.clone()),
            labels: plan.worker_labels.clone(),
            connection: plan.connection.clone(),
            pool: plan.pool.as_ref().map(|pool| (pool.name.clone(), pool.slots)),
            task: plan.concurrency.as_ref().map(|_| (run.pipeline, plan.id.to_lowercase())),
        })
    }
}

/// Microseconds of rank; smaller goes first.
type Rank = i64;
/// Rank without what the pipeline holds, order of arrival, the task.
type Waiting = (Rank, u64, RunId, u32);

/// The tasks of one pipeline in a class.
#[derive(Debug, Default)]
struct Share {
    waiting: BTreeSet<Waiting>,
    /// Attempts of the class that it holds.
    held: i64,
}

impl Share {
    fn rank(&self) -> Option<Rank> {
        let behind = self.held.saturating_mul(limits::RANK_PER_HELD_SLOT.as_micros() as i64);
        self.waiting.first().map(|(rank, ..)| rank.saturating_add(behind))
    }
}

/// Tasks that wait for a worker.
#[derive(Debug, Default)]
pub(super) struct ReadyQueues {
    classes: BTreeMap<Class, BTreeMap<PipelineId, Share>>,
    /// Which class a held attempt counts in.
    held: BTreeMap<AttemptRef, (Class, PipelineId)>,
    arrivals: u64,
    /// How many wait in all classes.
    waiting: usize,
}

impl ReadyQueues {
    pub(super) fn push(&mut self, run: &RunState, task: u32) {
        let (Some(class), Some(state), Some(plan)) =
            (Class::of(run, task), run.tasks.get(task as usize), run.planned(task))
        else {
            return;
        };
        self.arrivals += 1;
        let ahead = i64::from(plan.priority).saturating_mul(limits::RANK_PER_PRIORITY.as_micros() as i64);
        // Its job may run in another system with nobody to look after it: it goes before whatever has not begun.
        let begun = if state.unsettled.is_some() { limits::RANK_OF_UNSETTLED.as_micros() as i64 } else { 0 };
        let rank = state.since.as_microsecond().saturating_sub(ahead).saturating_sub(begun);
        let share = self.classes.entry(class).or_default().entry(run.pipeline).or_default();
        share.waiting.insert((rank, self.arrivals, run.id, task));
        self.waiting += 1;
    }

    /// Tasks that wait, those included of which it turns out at their turn that they wait no more.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// An attempt is held from now on.
    pub(super) fn hold(&mut self, run: &RunState, attempt: AttemptRef) {
        let Some(class) = Class::of(run, attempt.task) else { return };
        self.classes.entry(class.clone()).or_default().entry(run.pipeline).or_default().held += 1;
        self.held.insert(attempt, (class, run.pipeline));
    }

    /// An attempt is held no more.
    pub(super) fn release(&mut self, attempt: AttemptRef) {
        let Some((class, pipeline)) = self.held.remove(&attempt) else { return };
        if let Some(share) = self.classes.get_mut(&class).and_then(|shares| shares.get_mut(&pipeline)) {
            share.held -= 1;
        }
        self.forget_empty(&class, pipeline);
    }

    fn forget_empty(&mut self, class: &Class, pipeline: PipelineId) {
        let Some(shares) = self.classes.get_mut(class) else { return };
        if shares.get(&pipeline).is_some_and(|share| share.held == 0 && share.waiting.is_empty()) {
            shares.remove(&pipeline);
        }
        if shares.is_empty() {
            self.classes.remove(class);
        }
    }

    /// Who goes next in a class, with the rank.
    fn head(&self, class: &Class) -> Option<(Rank, PipelineId)> {
        let shares = self.classes.get(class)?;
        shares.iter().filter_map(|(pipeline, share)| Some((share.rank()?, *pipeline))).min()
    }

    fn pop(&mut self, class: &Class, pipeline: PipelineId) -> Option<(RunId, u32)> {
        let share = self.classes.get_mut(class)?.get_mut(&pipeline)?;
        let (_, _, run, task) = share.waiting.pop_first()?;
        self.waiting -= 1;
        self.forget_empty(class, pipeline);
        Some((run, task))
    }

    /// Everybody who goes before this task if nothing changes: first those named, at most so many, and how many there are.
    pub(super) fn ahead_of(&self, run: &RunState, task: u32, named_max: usize) -> (Vec<(RunId, u32)>, usize) {
        let Some(shares) = Class::of(run, task).and_then(|class| self.classes.get(&class)) else {
            return (Vec::new(), 0);
        };
        let ranked = |share: &Share| {
            let behind = share.rank().zip(share.waiting.first()).map_or(0, |(rank, (own, ..))| rank - own);
            share.waiting.iter().map(move |(rank, arrival, run, task)| (rank + behind, *arrival, *run, *task)).collect()
        };
        let all: BTreeSet<Waiting> = shares.values().flat_map(|share| -> Vec<Waiting> { ranked(share) }).collect();
        let before = all.iter().take_while(|(.., id, place)| (*id, *place) != (run.id, task));
        let before: Vec<(RunId, u32)> = before.map(|(.., id, place)| (*id, *place)).collect();
        (before.iter().take(named_max).copied().collect(), before.len())
    }

    /// Tasks that wait for slots of a pool.
    pub(super) fn waiting_for(&self, pool: &str) -> usize {
        let classes =
            self.classes.iter().filter(|(class, _)| class.pool.as_ref().is_some_and(|(name, _)| name == pool));
        classes.flat_map(|(_, shares)| shares.values()).map(|share| share.waiting.len()).sum()
    }

    /// Pools that somebody waits for.
    pub(super) fn pools(&self) -> BTreeSet<String> {
        let waited = self.classes.iter().filter(|(_, shares)| shares.values().any(|share| !share.waiting.is_empty()));
        waited.filter_map(|(class, _)| class.pool.as_ref().map(|(name, _)| name.clone())).collect()
    }
}

impl Engine {
    /// Gives ready tasks to workers with free slots. The classes that share a pool are served by rank too: while the first of them does
    /// not fit, no other overtakes it.
    pub(super) fn dispatch(&mut self, now: Moment) {
        let mut open: BTreeSet<(Rank, PipelineId, Class)> = self
            .ready
            .classes
            .keys()
            .filter_map(|class| self.ready.head(class).map(|(r, p)| (r, p, class.clone())))
            .collect();
        let mut full_pools: BTreeSet<String> = BTreeSet::new();
        while let Some((_, pipeline, class)) = open.pop_first() {
            let pool = class.pool.as_ref().map(|(name, _)| name);
            if pool.is_some_and(|name| full_pools.contains(name)) {
                continue;
            }
            let sealed = self.has_sealed(&class.kind.0, &class.connection);
            let Some((worker, remote)) = self.workers.free_for(&class.kind, &class.labels, sealed) else { continue };
            let Some(&(_, _, run, task)) =
                self.ready.classes.get(&class).and_then(|shares| shares.get(&pipeline)?.waiting.first())
            else {
                continue;
            };
            let context = self.context(now);
            match self.gate_of(run, task, &context) {
                // It waits no more.
                None => {
                    self.ready.pop(&class, pipeline);
                }
                Some(Some(_full)) => {
                    full_pools.extend(pool.cloned());
                    continue;
                }
                Some(None) => {
                    self.ready.pop(&class, pipeline);
                    let since = self.partition.runs.get(&run).and_then(|run| Some(run.tasks.get(task as usize)?.since));
                    let lease = Command::LeaseTask { run, task, worker, remote };
                    if let Err(rejection) = self.decide(now, &lease, Caller::named("coordinator"), None) {
                        self.counts.violations.inc();
                        tracing::error!(%rejection, %run, task, "a task that waits for a worker could not be leased");
                    } else if let Some(since) = since {
                        let waited = now.wall.duration_since(since);
                        self.counts.dispatched(Duration::try_from(waited).unwrap_or_default());
                    }
                }
            }
            if let Some((rank, pipeline)) = self.ready.head(&class) {
                open.insert((rank, pipeline, class));
            }
        }
        self.settle(now);
    }

    /// Is there a sealed connection of this name?
    pub(super) fn has_sealed(&self, integration: &str, connection: &str) -> bool {
        self.partition.connections.used_as(integration, connection).is_some()
    }

    /// `None` = the task waits for no worker; else the pool that has no room for it, if one has none.
    fn gate_of(&self, run: RunId, task: u32, context: &Context) -> Option<Option<String>> {
        let run = self.partition.runs.get(&run)?;
        let ready = run.tasks.get(task as usize).is_some_and(|task| task.phase == Phase::Ready);
        ready.then(|| gates::full_pool(&self.partition, run, task, context))
    }
}
