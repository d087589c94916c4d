//! Everything about the pipelines of one partition.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    id::{PipelineId, RunId},
    plan::PreparedPlan,
    state::RunState,
    status::RunStatus,
};

/// The folded state of a partition.
#[derive(Debug, Default)]
pub struct Partition {
    /// Every pipeline that was applied.
    pub pipelines: BTreeMap<PipelineId, PipelineState>,
    /// Runs that have not ended.
    pub runs: BTreeMap<RunId, RunState>,
    /// Runs that have ended, kept small: a repeated start is answered from here, a late report refused.
    pub finished: BTreeMap<RunId, (PipelineId, RunStatus)>,
}

/// A pipeline.
#[derive(Debug)]
pub struct PipelineState {
    /// Its name for commands.
    pub alias: String,
    /// Display name.
    pub name: Arc<str>,
    /// Current version, from 1.
    pub version: u32,
    /// BLAKE3 of the current version's text and root.
    pub digest: [u8; 32],
    /// Where its scripts lie.
    pub source_root: Arc<str>,
    /// The current version; live runs share the one they started with.
    pub plan: Arc<PreparedPlan>,
    /// Per schedule: the last instant that was decided (INV-05).
    pub watermarks: BTreeMap<String, Timestamp>,
}

impl Partition {
    /// The run, or why there is none to command.
    pub(crate) fn live_run(&self, run: RunId) -> Result<&RunState, crate::Rejection> {
        match (self.runs.get(&run), self.finished.get(&run)) {
            (Some(state), _) => Ok(state),
            (None, Some((_, status))) => Err(crate::Rejection::RunFinished { run, status: *status }),
            (None, None) => Err(crate::Rejection::UnknownRun(run)),
        }
    }
}
