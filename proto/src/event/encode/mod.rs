//! Domain to wire: every event has one form, and the same event always the same bytes (a compressed definition excepted).

mod access;
mod alert;
mod asset;
mod attempt;
mod audit;
mod backfill;
mod connection;
mod cost;
mod endpoints;
mod environment;
mod file_commit;
mod follow;
mod foreign;
mod inventory;
mod login;
mod pipeline;
mod run;
mod schedule;
mod sensor;
mod task;

use downbeat_domain::{AttemptRef, ConditionResult, Event, PipelineId};
use jiff::Timestamp;

use super::event;
use crate::{
    convert::{id_bytes, micros},
    events::v1::{self as wire, EventKind},
};

pub(crate) use access::created as key_created;
pub(crate) use alert::{alert, subject};
pub(crate) use asset::runs;
pub(crate) use connection::saved as connection_saved;
pub(crate) use cost::{basis as cost_basis_kind, budget_whose};
pub use cost::{budget, entry as cost_entry, origin as cost_origin, price, prices};
pub(crate) use endpoints::opened as endpoint_opened;
pub use environment::set as environment_set;
pub(crate) use follow::{chain, follower};
pub use foreign::part_to_wire as lineage_part_to_wire;
pub use inventory::{dependency as asset_dependency, details as asset_details};
pub(crate) use login::{begun as login_begun, completed as login_completed};
pub use pipeline::{origin as git_origin, storage as pipeline_storage};
pub(crate) use run::{axes, origin, trigger};
pub use schedule::passed;
pub(crate) use sensor::{event_taken as sensor_event, finding};

/// The wire form of an event.
pub fn encode(fact: &Event) -> wire::Event {
    match fact {
        Event::PartitionOwned { owner, software_version } => event(
            EventKind::PartitionOwned,
            &wire::PartitionOwned { owner: owner.clone(), software_version: software_version.clone() },
        ),
        Event::PipelineApplied(_)
        | Event::PipelineDrafted(_)
        | Event::PipelineRecalled(_)
        | Event::PipelineStorageSet { .. } => pipeline::encode(fact),
        Event::PipelinePaused { pipeline, reason, at } => paused(*pipeline, reason, *at),
        Event::PipelineResumed { pipeline, at } => event(
            EventKind::PipelineResumed,
            &wire::PipelineResumed { pipeline_id: id_bytes(&pipeline.0), at: micros(*at) },
        ),
        Event::PipelineDeleted { pipeline, at } => event(
            EventKind::PipelineDeleted,
            &wire::PipelineDeleted { pipeline_id: id_bytes(&pipeline.0), at: micros(*at) },
        ),
        Event::PoolSet { name, slots, at } => {
            event(EventKind::PoolSet, &wire::PoolSet { name: name.clone(), slots: *slots, at: micros(*at) })
        }
        Event::TimeZonesChanged { before, release, at } => event(
            EventKind::TimeZonesChanged,
            &wire::TimeZonesChanged { before: before.clone(), release: release.clone(), at: micros(*at) },
        ),
        Event::LevelRaised { before, level, at } => {
            event(EventKind::LevelRaised, &wire::LevelRaised { before: *before, level: *level, at: micros(*at) })
        }
        Event::ScheduleDecided(decided) => schedule::decided(decided),
        Event::EventTaken(taken) => event(EventKind::EventTaken, &run::event_taken(taken)),
        Event::RunCreated(_)
        | Event::RunCancelRequested { .. }
        | Event::RunQueued { .. }
        | Event::RunAdmitted { .. }
        | Event::RunTimedOut { .. }
        | Event::CarryCompleted { .. }
        | Event::RunFinished { .. } => run::encode(fact),
        Event::FollowersDue { .. } | Event::FollowerDeclined { .. } => follow::encode(fact),
        Event::BackfillCreated(_) | Event::BackfillCancelled { .. } | Event::BackfillDeclined { .. } => {
            backfill::encode(fact)
        }
        Event::AssetsMaterialised(_)
        | Event::AssetTriggerDeclined(_)
        | Event::FreshnessBreached(_)
        | Event::FreshnessRestored(_)
        | Event::DeadlineMet(_)
        | Event::DeadlineBreached(_) => asset::encode(fact),
        Event::AlertsRaised(_)
        | Event::AlertDelivered { .. }
        | Event::AlertFailed { .. }
        | Event::AlertRetried { .. } => alert::encode(fact),
        Event::CommandRejected(rejected) => event(EventKind::CommandRejected, &audit::rejected(rejected)),
        Event::Cost(fact) => cost::encode(fact),
        Event::Access(fact) => access::encode(fact),
        Event::Endpoint(fact) => endpoints::encode(fact),
        Event::Connection(fact) => connection::encode(fact),
        Event::FileCommit(fact) => file_commit::encode(fact),
        Event::Environment(fact) => environment::encode(fact),
        Event::Inventory(fact) => inventory::encode(fact),
        Event::ToolStateKept(kept) => event(EventKind::ToolStateKept, &environment::kept(kept)),
        Event::LineageReported(reported) => event(EventKind::LineageReported, &foreign::reported(reported)),
        Event::SensorOpened(_) | Event::SensorChecked(_) | Event::SensorClosed(_) | Event::SensorEventTaken(_) => {
            sensor::encode(fact)
        }
        Event::GroupOpened { .. }
        | Event::GroupSkipped { .. }
        | Event::MatrixExpanded { .. }
        | Event::IterationOpened { .. }
        | Event::IterationSkipped { .. }
        | Event::IterationsEnded { .. } => run::encode_group(fact),
        Event::TaskCarriedOver(_)
        | Event::TaskResumes { .. }
        | Event::TaskMarked { .. }
        | Event::TaskReady { .. }
        | Event::TaskSkipped { .. }
        | Event::TaskFailed { .. } => task::encode(fact),
        Event::AttemptLeased { .. }
        | Event::AttemptStarted { .. }
        | Event::AttemptSucceeded { .. }
        | Event::AttemptFailed { .. }
        | Event::AttemptLost { .. }
        | Event::AttemptStopRequested { .. }
        | Event::AttemptStopped { .. }
        | Event::OperationsCollected { .. } => attempt::encode(fact),
        Event::WaitStarted { .. }
        | Event::ApprovalRequested { .. }
        | Event::ApprovalDecided { .. }
        | Event::ChildStarted { .. }
        | Event::ChildEnded { .. } => attempt::encode_without_worker(fact),
    }
}

fn paused(pipeline: PipelineId, reason: &str, at: Timestamp) -> wire::Event {
    let paused = wire::PipelinePaused { pipeline_id: id_bytes(&pipeline.0), reason: reason.to_owned(), at: micros(at) };
    event(EventKind::PipelinePaused, &paused)
}

fn condition(result: &Option<ConditionResult>) -> Option<wire::ConditionResult> {
    result
        .as_ref()
        .map(|result| wire::ConditionResult { expression: result.expression.clone(), value: result.value.to_string() })
}

/// The wire form of an attempt.
pub fn attempt_ref(attempt: AttemptRef) -> wire::Attempt {
    wire::Attempt { run_id: id_bytes(&attempt.run.0), task: attempt.task, number: attempt.number }
}
