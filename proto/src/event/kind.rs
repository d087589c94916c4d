//! Names of kinds for people.

use crate::events::v1::EventKind;

/// Every kind that this version writes; each has golden bytes.
pub const ALL_KINDS: &[EventKind] = &[
    EventKind::PartitionOwned,
    EventKind::PipelineApplied,
    EventKind::PipelinePaused,
    EventKind::PipelineResumed,
    EventKind::PipelineDeleted,
    EventKind::PoolSet,
    EventKind::ScheduleDecided,
    EventKind::EventTaken,
    EventKind::RunCreated,
    EventKind::RunCancelRequested,
    EventKind::RunFinished,
    EventKind::GroupOpened,
    EventKind::GroupSkipped,
    EventKind::RunQueued,
    EventKind::RunAdmitted,
    EventKind::RunTimedOut,
    EventKind::CarryCompleted,
    EventKind::TaskReady,
    EventKind::TaskSkipped,
    EventKind::TaskFailed,
    EventKind::TaskCarriedOver,
    EventKind::TaskResumes,
    EventKind::TaskMarked,
    EventKind::AttemptLeased,
    EventKind::AttemptStarted,
    EventKind::AttemptSucceeded,
    EventKind::AttemptFailed,
    EventKind::AttemptLost,
    EventKind::AttemptStopRequested,
    EventKind::AttemptStopped,
    EventKind::WaitStarted,
    EventKind::ApprovalRequested,
    EventKind::ApprovalDecided,
    EventKind::OperationsCollected,
    EventKind::ChildStarted,
    EventKind::ChildEnded,
    EventKind::MatrixExpanded,
    EventKind::IterationOpened,
    EventKind::IterationSkipped,
    EventKind::IterationsEnded,
    EventKind::FollowersDue,
    EventKind::FollowerDeclined,
    EventKind::SensorOpened,
    EventKind::SensorChecked,
    EventKind::SensorClosed,
    EventKind::SensorEventTaken,
    EventKind::AssetsMaterialised,
    EventKind::AssetTriggerDeclined,
    EventKind::FreshnessBreached,
    EventKind::FreshnessRestored,
    EventKind::DeadlineMet,
    EventKind::DeadlineBreached,
];

/// `TASK_READY` and so on; `UNKNOWN_77` for a kind of a newer version.
pub fn name_of(kind: i32) -> String {
    match EventKind::try_from(kind) {
        Ok(known) if known != EventKind::Unspecified => known.as_str_name().to_owned(),
        _ => format!("UNKNOWN_{kind}"),
    }
}
