//! Past instants of schedules that are being run: which are left, and which runs of theirs are live.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use crate::{
    event::{BackfillCreated, Trigger},
    id::{BackfillId, PipelineId, RunId},
    limits,
    state::{Agenda, Partition, RunState},
};

/// Those of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backfills {
    /// Those that have not ended.
    pub open: BTreeMap<BackfillId, Backfill>,
    /// Those that ended lately, oldest first: asked for again they are not begun again.
    pub ended: VecDeque<BackfillId>,
}

/// A backfill that has not ended. What has become of its instants so far is no part of it: nothing is decided by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// Its pipeline.
    pub pipeline: PipelineId,
    /// Name of the schedule.
    pub schedule: String,
    /// How many of its runs may be live at once.
    pub max_active: u32,
    /// Also instants whose runs have succeeded.
    pub force: bool,
    /// Who asked.
    pub user: String,
    /// Instants that nothing was decided about yet.
    pub left: BTreeSet<Timestamp>,
    /// It starts nothing more.
    pub cancelled: bool,
    /// Its runs that have not ended. An index over the runs.
    pub live: BTreeSet<RunId>,
}

impl Backfill {
    /// One that has just been asked for.
    pub(crate) fn new(created: &BackfillCreated) -> Self {
        Self {
            pipeline: created.pipeline,
            schedule: created.schedule.clone(),
            max_active: created.max_active,
            force: created.force,
            user: created.user.clone(),
            left: created.instants.iter().copied().collect(),
            cancelled: false,
            live: BTreeSet::new(),
        }
    }

    /// Nothing is left of it.
    pub(crate) fn has_ended(&self) -> bool {
        self.left.is_empty() && self.live.is_empty()
    }

    /// Its runs that nobody has asked to stop.
    pub(crate) fn going<'a>(&'a self, partition: &'a Partition) -> impl Iterator<Item = &'a RunState> {
        self.live.iter().filter_map(|run| partition.runs.get(run)).filter(|run| run.halt.is_none())
    }

    /// Something of it is to be settled.
    pub(crate) fn is_unsettled(&self, partition: &Partition) -> bool {
        if self.cancelled {
            return self.going(partition).next().is_some();
        }
        match partition.pipelines.get(&self.pipeline).filter(|pipeline| !pipeline.deleted) {
            None => true,
            Some(pipeline) => pipeline.paused.is_none() && !self.left.is_empty() && self.has_room(),
        }
    }

    /// One more of its runs may be live.
    pub(crate) fn has_room(&self) -> bool {
        self.live.len() < self.max_active as usize
    }
}

impl Backfills {
    /// Was there ever a backfill of this id, as far as is known?
    pub fn knows(&self, backfill: BackfillId) -> bool {
        self.open.contains_key(&backfill) || self.ended.contains(&backfill)
    }

    /// Those of a pipeline that have not ended.
    pub(crate) fn of(&self, pipeline: PipelineId) -> impl Iterator<Item = BackfillId> + '_ {
        self.open.iter().filter(move |(_, backfill)| backfill.pipeline == pipeline).map(|(id, _)| *id)
    }

    /// A run began to exist; says whose it is.
    pub(crate) fn begin(&mut self, run: RunId, trigger: &Trigger) -> Option<BackfillId> {
        let Trigger::Backfill { backfill, instant, .. } = trigger else { return None };
        let state = self.open.get_mut(backfill)?;
        state.left.remove(instant);
        state.live.insert(run);
        Some(*backfill)
    }

    /// Drops it if nothing is left of it.
    pub(crate) fn end(&mut self, backfill: BackfillId) {
        if !self.open.get(&backfill).is_some_and(Backfill::has_ended) {
            return;
        }
        self.open.remove(&backfill);
        self.ended.push_back(backfill);
        if self.ended.len() > limits::ENDED_BACKFILLS_MAX {
            self.ended.pop_front();
        }
    }
}

impl Partition {
    /// Backfills that have not ended, as they were written; which of their runs are live, the runs say. `None` = one has ended.
    pub(crate) fn restore_backfills(&mut self, backfills: BTreeMap<BackfillId, Backfill>) -> Option<()> {
        self.backfills.open = backfills;
        for backfill in self.backfills.open.values_mut() {
            backfill.live.clear();
        }
        for run in self.runs.values() {
            if let Some(backfill) = run.backfill().and_then(|id| self.backfills.open.get_mut(&id)) {
                backfill.live.insert(run.id);
            }
        }
        let unsettled = self.backfills.open.iter().filter(|(_, backfill)| backfill.is_unsettled(self));
        let unsettled: Vec<Agenda> = unsettled.map(|(id, _)| Agenda::Backfill(*id)).collect();
        self.agenda.extend(unsettled);
        let fits = |backfill: &Backfill| !backfill.has_ended() && self.pipelines.contains_key(&backfill.pipeline);
        self.backfills.open.values().all(fits).then_some(())
    }
}

impl RunState {
    /// The backfill that it belongs to.
    pub fn backfill(&self) -> Option<BackfillId> {
        if let Trigger::Backfill { backfill, .. } = self.trigger { Some(backfill) } else { None }
    }
}
