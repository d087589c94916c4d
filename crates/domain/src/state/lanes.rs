//! Runs of a pipeline in an environment, as far as `concurrency` is concerned: which are live, which wait. An index over the runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{PipelineId, RunId};

/// Limits count per pipeline and environment.
pub type LaneKey = (PipelineId, String);

/// The runs of a lane, each with its place in the order of creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// Runs that were let go and have not ended.
    pub live: BTreeSet<(u64, RunId)>,
    /// Runs about which nothing was decided, or that wait.
    pub waiting: BTreeSet<(u64, RunId)>,
}

/// Lanes with a run in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lanes {
    /// By key.
    pub lanes: BTreeMap<LaneKey, Lane>,
}

impl Lanes {
    pub(crate) fn wait(&mut self, key: &LaneKey, run: (u64, RunId)) {
        self.lanes.entry(key.clone()).or_default().waiting.insert(run);
    }

    pub(crate) fn go(&mut self, key: &LaneKey, run: (u64, RunId)) {
        let lane = self.lanes.entry(key.clone()).or_default();
        lane.waiting.remove(&run);
        lane.live.insert(run);
    }

    pub(crate) fn leave(&mut self, key: &LaneKey, run: (u64, RunId)) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        lane.waiting.remove(&run);
        lane.live.remove(&run);
        if lane.waiting.is_empty() && lane.live.is_empty() {
            self.lanes.remove(key);
        }
    }
}
