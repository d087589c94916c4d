//! What the events add up to. Everything here is derived: folding the log again gives the same.

mod alerts;
mod assets;
mod backfills;
mod environments;
mod events;
mod followers;
mod lanes;
mod lookup;
mod matrix;
mod operations;
mod partition;
mod pools;
mod restore;
mod run;
mod sensors;
mod task;
mod told;

pub use alerts::{AlertCounts, Alerts, Owed};
pub(crate) use assets::goes_on;
pub use assets::{AssetListeners, AssetState, DeadlineOutcome, Freshness, Gathered};
pub use backfills::{Backfill, Backfills};
pub(crate) use environments::Used;
pub use environments::{Environment, Environments};
pub use events::{Listeners, TriggerState, WaitingEvent};
pub(crate) use events::{carried, listens};
pub use followers::{Followed, Followers};
pub use lanes::{Lane, LaneKey, Lanes};
pub use matrix::{Expansion, iteration_ids};
pub use operations::{Lasted, Measured, OperationBaselines, OperationKey};
pub use partition::{Agenda, Partition, PipelineState, RecentCommands};
pub use pools::{Holder, Pool, Pools, TaskLane};
pub use restore::{ExpansionParts, GroupParts, PartitionParts, RunParts};
pub use run::{Carried, GroupPhase, GroupState, Halt, RunState};
pub use sensors::{SensorEvents, Window};
pub use task::{Phase, TaskState, Unsettled};
pub use told::Told;
