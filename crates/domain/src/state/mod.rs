//! What the events add up to. Everything here is derived: folding the log again gives the same.

mod partition;
mod run;
mod task;

pub use partition::{Partition, PipelineState};
pub use run::{GroupPhase, GroupState, RunState};
pub use task::{Phase, TaskState};
