//! Wire to domain. Total: bytes from anywhere give an event, an unknown kind or an error.

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
mod fields;
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

use downbeat_domain::{AttemptRef, Event, RunId};

use super::{DecodeError, Decoded};
use crate::events::v1::{self as wire, EventKind};
use fields::Fields;

pub(crate) use access::created_of as key_created_of;
pub(crate) use alert::{alert_of, subject_of};
pub(crate) use asset::runs as runs_of;
pub(crate) use connection::saved_of as connection_saved_of;
pub(crate) use cost::{basis_of as cost_basis_kind_of, budget_whose_of, cost_origin_of, prices_of};
pub use cost::{budget_of, entry_of as cost_entry_of, price_of};
pub(crate) use endpoints::opened_of as endpoint_opened_of;
pub use environment::set_of as environment_set_of;
pub(crate) use follow::{chain as chain_of, follower as follower_of};
pub use foreign::part_of as lineage_part_of;
pub use inventory::{dependency_of as asset_dependency_of, details_of as asset_details_of};
pub(crate) use login::{begun_of as login_begun_of, completed_of as login_completed_of};
pub use pipeline::{origin_of as git_origin_of, storage_of as pipeline_storage_of};
pub(crate) use run::{axes as axes_of, origin as origin_of, trigger as trigger_of};
pub use schedule::passed as passed_of;
pub(crate) use sensor::{event_taken as sensor_event_of, finding as finding_of};

/// What this event is.
pub fn decode(event: &wire::Event) -> Result<Decoded, DecodeError> {
    let fields = Fields { kind: event.kind };
    let known = match EventKind::try_from(event.kind) {
        Err(_) | Ok(EventKind::Unspecified) => {
            return Ok(Decoded::Unknown { kind: event.kind, payload: event.payload.clone() });
        }
        Ok(kind) => kind,
    };
    let payload = event.payload.as_ref();
    let decoded = match known {
        EventKind::Unspecified => return Err(fields.missing("kind")),
        EventKind::PartitionOwned => {
            let owned: wire::PartitionOwned = fields.parse(payload)?;
            Event::PartitionOwned { owner: owned.owner, software_version: owned.software_version }
        }
        EventKind::PipelineApplied
        | EventKind::PipelineDrafted
        | EventKind::PipelineRecalled
        | EventKind::PipelineStorageSet => pipeline::decode(known, fields, payload)?,
        EventKind::PipelinePaused => {
            let event: wire::PipelinePaused = fields.parse(payload)?;
            let pipeline = fields.pipeline(&event.pipeline_id)?;
            Event::PipelinePaused { pipeline, reason: event.reason, at: fields.at(event.at)? }
        }
        EventKind::PipelineResumed => {
            let event: wire::PipelineResumed = fields.parse(payload)?;
            Event::PipelineResumed { pipeline: fields.pipeline(&event.pipeline_id)?, at: fields.at(event.at)? }
        }
        EventKind::PipelineDeleted => {
            let event: wire::PipelineDeleted = fields.parse(payload)?;
            Event::PipelineDeleted { pipeline: fields.pipeline(&event.pipeline_id)?, at: fields.at(event.at)? }
        }
        EventKind::PoolSet => {
            let event: wire::PoolSet = fields.parse(payload)?;
            if event.name.is_empty() {
                return Err(fields.missing("name"));
            }
            Event::PoolSet { name: event.name, slots: event.slots, at: fields.at(event.at)? }
        }
        EventKind::TimeZonesChanged => {
            let event: wire::TimeZonesChanged = fields.parse(payload)?;
            if event.release.is_empty() {
                return Err(fields.missing("release"));
            }
            Event::TimeZonesChanged { before: event.before, release: event.release, at: fields.at(event.at)? }
        }
        EventKind::LevelRaised => {
            let event: wire::LevelRaised = fields.parse(payload)?;
            if event.level == 0 {
                return Err(fields.missing("level"));
            }
            Event::LevelRaised { before: event.before, level: event.level, at: fields.at(event.at)? }
        }
        EventKind::ScheduleDecided => schedule::decided(fields, payload)?,
        EventKind::EventTaken => Event::EventTaken(Box::new(run::event_taken(fields, fields.parse(payload)?)?)),
        EventKind::RunCreated
        | EventKind::RunCancelRequested
        | EventKind::RunQueued
        | EventKind::RunAdmitted
        | EventKind::RunTimedOut
        | EventKind::CarryCompleted
        | EventKind::RunFinished => run::decode(known, fields, payload)?,
        EventKind::FollowersDue | EventKind::FollowerDeclined => follow::decode(known, fields, payload)?,
        EventKind::BackfillCreated | EventKind::BackfillCancelled | EventKind::BackfillDeclined => {
            backfill::decode(known, fields, payload)?
        }
        EventKind::AssetsMaterialised
        | EventKind::AssetTriggerDeclined
        | EventKind::FreshnessBreached
        | EventKind::FreshnessRestored
        | EventKind::DeadlineMet
        | EventKind::DeadlineBreached => asset::decode(known, fields, payload)?,
        EventKind::AlertsRaised | EventKind::AlertDelivered | EventKind::AlertFailed | EventKind::AlertRetried => {
            alert::decode(known, fields, payload)?
        }
        EventKind::CommandRejected => {
            Event::CommandRejected(Box::new(audit::rejected(fields, fields.parse(payload)?)?))
        }
        EventKind::PricesSet
        | EventKind::CostRecorded
        | EventKind::BudgetSet
        | EventKind::BudgetPeriodBegan
        | EventKind::BudgetCrossed => cost::decode(known, fields, payload)?,
        EventKind::EndpointOpened | EventKind::EndpointRotated | EventKind::EndpointClosed => {
            endpoints::decode(known, fields, payload)?
        }
        EventKind::KeyCreated | EventKind::KeyRevoked | EventKind::KeysUsed | EventKind::ToolsCalled => {
            access::decode(known, fields, payload)?
        }
        EventKind::ConnectionSaved
        | EventKind::ConnectionRemoved
        | EventKind::ConnectionTested
        | EventKind::ConnectionsResealed => connection::decode(known, fields, payload)?,
        EventKind::LoginBegun | EventKind::LoginCompleted | EventKind::LoginRefreshed | EventKind::LoginEnded => {
            login::decode(known, fields, payload)?
        }
        EventKind::FileCommitAsked | EventKind::FileCommitEnded => file_commit::decode(known, fields, payload)?,
        EventKind::EnvironmentSet | EventKind::EnvironmentRemoved => environment::decode(known, fields, payload)?,
        EventKind::AssetDeclared | EventKind::AssetRemoved | EventKind::DependenciesDeclared => {
            inventory::decode(known, fields, payload)?
        }
        EventKind::ToolStateKept => Event::ToolStateKept(Box::new(environment::kept(fields, fields.parse(payload)?)?)),
        EventKind::LineageReported => {
            Event::LineageReported(Box::new(foreign::reported(fields, fields.parse(payload)?)?))
        }
        EventKind::SensorOpened | EventKind::SensorChecked | EventKind::SensorClosed | EventKind::SensorEventTaken => {
            sensor::decode(known, fields, payload)?
        }
        EventKind::GroupOpened
        | EventKind::GroupSkipped
        | EventKind::MatrixExpanded
        | EventKind::IterationOpened
        | EventKind::IterationSkipped
        | EventKind::IterationsEnded => run::decode_group(known, fields, payload)?,
        EventKind::TaskReady
        | EventKind::TaskSkipped
        | EventKind::TaskFailed
        | EventKind::TaskCarriedOver
        | EventKind::TaskResumes
        | EventKind::TaskMarked => task::decode(known, fields, payload)?,
        EventKind::AttemptLeased
        | EventKind::AttemptStarted
        | EventKind::AttemptSucceeded
        | EventKind::AttemptFailed
        | EventKind::AttemptLost
        | EventKind::AttemptStopRequested
        | EventKind::AttemptStopped
        | EventKind::OperationsCollected => attempt::decode(known, fields, payload)?,
        EventKind::WaitStarted
        | EventKind::ApprovalRequested
        | EventKind::ApprovalDecided
        | EventKind::ChildStarted
        | EventKind::ChildEnded => attempt::decode_without_worker(known, fields, payload)?,
    };
    Ok(Decoded::Known(decoded))
}

/// The attempt in a message, if its run id has 16 bytes.
pub fn attempt_of(attempt: &wire::Attempt) -> Option<AttemptRef> {
    Some(AttemptRef { run: RunId::from_slice(&attempt.run_id)?, task: attempt.task, number: attempt.number })
}
