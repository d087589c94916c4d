//! Assets that were materialised, and what pipelines promise about time: ages of assets, deadlines of runs.

use jiff::Timestamp;

use super::AttemptRef;
use crate::{
    id::{PipelineId, RunId},
    status::RunStatus,
};

/// See [`super::Event::AssetsMaterialised`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetsMaterialised {
    /// Whose operations did it.
    pub attempt: AttemptRef,
    /// Which chunk of what it collected.
    pub chunk: u32,
    /// Keys of the assets, each once; only those that a trigger or a rule asks for.
    pub assets: Vec<String>,
    /// Pipelines of the runs that led here, the run's own last; none of them is started by this.
    pub chain: Vec<PipelineId>,
    /// Runs in the longest chain of causes that led here, this one included.
    pub depth: u32,
    /// When it was reported.
    pub at: Timestamp,
}

/// See [`super::Event::AssetTriggerDeclined`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetTriggerDeclined {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the trigger.
    pub trigger: String,
    /// Why no run came of what it had gathered.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Event::FreshnessBreached`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshnessBreached {
    /// The pipeline that has the rule.
    pub pipeline: PipelineId,
    /// Name of the rule.
    pub rule: String,
    /// Key of the asset.
    pub asset: String,
    /// The run that materialised it last and when that was reported; `None` = none since the rule is there.
    pub last: Option<(RunId, Timestamp)>,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Event::FreshnessRestored`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshnessRestored {
    /// The pipeline that has the rule.
    pub pipeline: PipelineId,
    /// Name of the rule.
    pub rule: String,
    /// Key of the asset.
    pub asset: String,
    /// The run that materialised it; `None` = nobody did, the rule is gone.
    pub run: Option<RunId>,
    /// When.
    pub at: Timestamp,
}

/// See [`super::Event::DeadlineMet`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineMet {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the deadline.
    pub deadline: String,
    /// The instant of its cron.
    pub instant: Timestamp,
    /// The last run that had ended well by then; `None` = it was decided so late that it is no longer known which.
    pub run: Option<RunId>,
    /// When it was decided.
    pub at: Timestamp,
}

/// See [`super::Event::DeadlineBreached`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadlineBreached {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// Name of the deadline.
    pub deadline: String,
    /// The instant of its cron.
    pub instant: Timestamp,
    /// The newest run that was live when it was decided, and its status.
    pub live: Option<(RunId, RunStatus)>,
    /// When it was decided.
    pub at: Timestamp,
}
