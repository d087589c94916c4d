//! Slots that attempts of different runs share. A slot is held if and only if the folded state of a task says that a worker holds its
//! attempt: this is an index over that, never a counter of its own (INV-04).

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    id::{PipelineId, RunId},
    state::{Phase, RunState},
};

/// One task run.
pub type Holder = (RunId, u32);

/// A named pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Its size; `None` = nobody has set one, and nothing that needs it goes.
    pub slots: Option<u32>,
    /// Who holds how many slots of it.
    pub holders: BTreeMap<Holder, u32>,
    used: u64,
}

impl Pool {
    /// Slots that are held.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Are so many slots free?
    pub fn fits(&self, slots: u32) -> bool {
        self.slots.is_some_and(|size| self.used + u64::from(slots) <= u64::from(size))
    }

    fn set(&mut self, holder: Holder, slots: Option<u32>) {
        let before = match slots {
            Some(slots) => self.holders.insert(holder, slots),
            None => self.holders.remove(&holder),
        };
        self.used = self.used + u64::from(slots.unwrap_or(0)) - u64::from(before.unwrap_or(0));
    }
}

/// The live attempts of a task that limits them over all runs of its pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskLane {
    /// Task runs that have begun to wait for a worker and have not ended.
    pub live: BTreeSet<Holder>,
    /// Those of them that a worker holds.
    pub held: BTreeSet<Holder>,
}

/// All pools of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pools {
    /// By name.
    pub named: BTreeMap<String, Pool>,
    /// By pipeline and task id in lower case.
    pub tasks: BTreeMap<(PipelineId, String), TaskLane>,
}

impl Pools {
    /// Makes the index say what the state of this task run says.
    pub(crate) fn sync(&mut self, run: &RunState, place: u32) {
        let Some((state, plan)) = run.tasks.get(place as usize).zip(run.planned(place)) else { return };
        let (holder, held) = ((run.id, place), state.holder().is_some());
        if let Some(pool) = &plan.pool {
            let named = self.named.entry(pool.name.clone()).or_default();
            named.set(holder, held.then_some(pool.slots));
            if named.slots.is_none() && named.holders.is_empty() {
                self.named.remove(&pool.name);
            }
        }
        if plan.concurrency.is_some() {
            let key = (run.pipeline, plan.id.to_lowercase());
            let lane = self.tasks.entry(key.clone()).or_default();
            let live = !matches!(state.phase, Phase::Waiting | Phase::Fanned | Phase::Ended(_));
            for (set, member) in [(&mut lane.live, live), (&mut lane.held, held)] {
                if member {
                    set.insert(holder);
                } else {
                    set.remove(&holder);
                }
            }
            if lane.live.is_empty() && lane.held.is_empty() {
                self.tasks.remove(&key);
            }
        }
    }

    /// The run is over: whatever the log says of this task, it holds nothing any more.
    pub(crate) fn forget(&mut self, run: &RunState, place: u32) {
        let holder = (run.id, place);
        for pool in self.named.values_mut() {
            pool.set(holder, None);
        }
        for lane in self.tasks.values_mut() {
            lane.live.remove(&holder);
            lane.held.remove(&holder);
        }
    }

    pub(crate) fn resize(&mut self, name: &str, slots: Option<u32>) {
        let pool = self.named.entry(name.to_owned()).or_default();
        pool.slots = slots;
        if slots.is_none() && pool.holders.is_empty() {
            self.named.remove(name);
        }
    }
}
