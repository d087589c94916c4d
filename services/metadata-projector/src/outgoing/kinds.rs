//! Which kinds of events others are told of. What only says how the core goes about its work is not among them.

use downbeat_proto::events::v1::EventKind;

/// Every kind that is told; the table in docs/events-out.md has the same, and says what each is about.
pub const TOLD: &[EventKind] = &[
    EventKind::PipelineApplied,
    EventKind::PipelineDrafted,
    EventKind::PipelineStorageSet,
    EventKind::PipelinePaused,
    EventKind::PipelineResumed,
    EventKind::PipelineDeleted,
    EventKind::RunCreated,
    EventKind::RunQueued,
    EventKind::RunAdmitted,
    EventKind::RunCancelRequested,
    EventKind::RunTimedOut,
    EventKind::RunFinished,
    EventKind::GroupSkipped,
    EventKind::MatrixExpanded,
    EventKind::IterationSkipped,
    EventKind::IterationsEnded,
    EventKind::TaskReady,
    EventKind::TaskSkipped,
    EventKind::TaskFailed,
    EventKind::TaskMarked,
    EventKind::TaskCarriedOver,
    EventKind::AttemptStarted,
    EventKind::AttemptSucceeded,
    EventKind::AttemptFailed,
    EventKind::AttemptLost,
    EventKind::AttemptStopped,
    EventKind::WaitStarted,
    EventKind::ApprovalRequested,
    EventKind::ApprovalDecided,
    EventKind::ChildStarted,
    EventKind::ChildEnded,
    EventKind::OperationsCollected,
    EventKind::AssetsMaterialised,
    EventKind::LineageReported,
    EventKind::SensorOpened,
    EventKind::SensorClosed,
    EventKind::BackfillCreated,
    EventKind::BackfillCancelled,
    EventKind::FreshnessBreached,
    EventKind::FreshnessRestored,
    EventKind::DeadlineMet,
    EventKind::DeadlineBreached,
    EventKind::AlertsRaised,
    EventKind::AlertFailed,
    EventKind::CostRecorded,
    EventKind::BudgetSet,
    EventKind::BudgetCrossed,
];

/// The last token of subjects and the heart of types: `run_finished`. `None`: nobody is told of it.
pub(super) fn told(kind: i32) -> Option<String> {
    let kind = EventKind::try_from(kind).ok().filter(|kind| TOLD.contains(kind))?;
    Some(kind.as_str_name().to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_written_by_this_version_and_stands_in_the_table_once() {
        for (place, kind) in TOLD.iter().enumerate() {
            assert!(downbeat_proto::event::ALL_KINDS.contains(kind), "{kind:?}");
            assert!(!TOLD[..place].contains(kind), "{kind:?} stands twice");
        }
        assert_eq!(told(EventKind::RunFinished as i32).as_deref(), Some("run_finished"));
        assert_eq!(told(EventKind::PartitionOwned as i32), None);
        assert_eq!(told(9_999), None);
    }

    #[test]
    fn the_document_lists_exactly_what_is_told() {
        let document = include_str!("../../../../docs/events-out.md");
        // Other tables of it list attributes and subjects.
        let table = document.lines().skip_while(|line| !line.starts_with("| kind |")).skip(1);
        let rows = table.take_while(|line| line.starts_with('|'));
        let rows = rows.filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let mut listed: Vec<&str> = rows.map(|(kind, _)| kind).collect();
        let mut told: Vec<String> = TOLD.iter().map(|kind| kind.as_str_name().to_lowercase()).collect();
        listed.sort_unstable();
        told.sort_unstable();
        assert_eq!(listed, told);
    }
}
