//! Bytes from anywhere: known kinds, kinds of a newer version, garbage.
#![allow(clippy::unwrap_used, missing_docs)]

use bytes::Bytes;
use downbeat_proto::{
    event::{self, ALL_KINDS, DecodeError, Decoded, name_of},
    events::v1::{self as wire, EventKind},
    record,
};
use jiff::Timestamp;
use proptest::prelude::*;

/// Numbers and names are what old logs are read by: a line may be added, none may change.
const KINDS: [(i32, &str); 94] = [
    (1, "PARTITION_OWNED"),
    (2, "PIPELINE_APPLIED"),
    (3, "PIPELINE_PAUSED"),
    (4, "PIPELINE_RESUMED"),
    (5, "PIPELINE_DELETED"),
    (6, "POOL_SET"),
    (7, "SCHEDULE_DECIDED"),
    (8, "TIME_ZONES_CHANGED"),
    (9, "EVENT_TAKEN"),
    (10, "RUN_CREATED"),
    (11, "RUN_CANCEL_REQUESTED"),
    (12, "RUN_FINISHED"),
    (13, "GROUP_OPENED"),
    (14, "GROUP_SKIPPED"),
    (15, "RUN_QUEUED"),
    (16, "RUN_ADMITTED"),
    (17, "RUN_TIMED_OUT"),
    (18, "CARRY_COMPLETED"),
    (20, "TASK_READY"),
    (21, "TASK_SKIPPED"),
    (22, "TASK_FAILED"),
    (23, "TASK_CARRIED_OVER"),
    (24, "TASK_RESUMES"),
    (25, "TASK_MARKED"),
    (30, "ATTEMPT_LEASED"),
    (31, "ATTEMPT_STARTED"),
    (32, "ATTEMPT_SUCCEEDED"),
    (33, "ATTEMPT_FAILED"),
    (34, "ATTEMPT_LOST"),
    (35, "ATTEMPT_STOP_REQUESTED"),
    (36, "ATTEMPT_STOPPED"),
    (37, "WAIT_STARTED"),
    (38, "APPROVAL_REQUESTED"),
    (39, "APPROVAL_DECIDED"),
    (40, "OPERATIONS_COLLECTED"),
    (41, "CHILD_STARTED"),
    (42, "CHILD_ENDED"),
    (50, "MATRIX_EXPANDED"),
    (51, "ITERATION_OPENED"),
    (52, "ITERATION_SKIPPED"),
    (53, "ITERATIONS_ENDED"),
    (60, "FOLLOWERS_DUE"),
    (61, "FOLLOWER_DECLINED"),
    (62, "BACKFILL_CREATED"),
    (63, "BACKFILL_CANCELLED"),
    (64, "BACKFILL_DECLINED"),
    (70, "SENSOR_OPENED"),
    (71, "SENSOR_CHECKED"),
    (72, "SENSOR_CLOSED"),
    (73, "SENSOR_EVENT_TAKEN"),
    (80, "ASSETS_MATERIALISED"),
    (81, "ASSET_TRIGGER_DECLINED"),
    (82, "FRESHNESS_BREACHED"),
    (83, "FRESHNESS_RESTORED"),
    (84, "DEADLINE_MET"),
    (85, "DEADLINE_BREACHED"),
    (90, "ALERTS_RAISED"),
    (91, "ALERT_DELIVERED"),
    (92, "ALERT_FAILED"),
    (93, "ALERT_RETRIED"),
    (100, "COMMAND_REJECTED"),
    (110, "PRICES_SET"),
    (111, "COST_RECORDED"),
    (112, "BUDGET_SET"),
    (113, "BUDGET_PERIOD_BEGAN"),
    (114, "BUDGET_CROSSED"),
    (120, "LINEAGE_REPORTED"),
    (130, "PIPELINE_DRAFTED"),
    (131, "PIPELINE_RECALLED"),
    (132, "PIPELINE_STORAGE_SET"),
    (140, "ENVIRONMENT_SET"),
    (141, "ENVIRONMENT_REMOVED"),
    (142, "TOOL_STATE_KEPT"),
    (150, "KEY_CREATED"),
    (151, "KEY_REVOKED"),
    (152, "KEYS_USED"),
    (153, "LOGIN_BEGUN"),
    (154, "LOGIN_COMPLETED"),
    (155, "LOGIN_REFRESHED"),
    (156, "LOGIN_ENDED"),
    (160, "CONNECTION_SAVED"),
    (161, "CONNECTION_REMOVED"),
    (162, "CONNECTION_TESTED"),
    (163, "CONNECTIONS_RESEALED"),
    (170, "ENDPOINT_OPENED"),
    (171, "ENDPOINT_ROTATED"),
    (172, "ENDPOINT_CLOSED"),
    (173, "ASSET_DECLARED"),
    (174, "ASSET_REMOVED"),
    (175, "DEPENDENCIES_DECLARED"),
    (176, "LEVEL_RAISED"),
    (177, "TOOLS_CALLED"),
    (178, "FILE_COMMIT_ASKED"),
    (179, "FILE_COMMIT_ENDED"),
];

#[test]
fn numbers_and_names_of_kinds_stay() {
    let now: Vec<(i32, &str)> = ALL_KINDS.iter().map(|kind| (*kind as i32, kind.as_str_name())).collect();
    assert_eq!(now, KINDS);
    // No kind exists that the list leaves out.
    let declared = (1..10_000).filter(|number| EventKind::try_from(*number).is_ok()).count();
    assert_eq!(declared, KINDS.len());
}

#[test]
fn a_kind_of_a_newer_version_keeps_its_bytes() {
    for kind in [0, 76, 77, -1, i32::MAX] {
        let payload = Bytes::from_static(b"\xff\x00 anything");
        let stored = wire::Event { kind, payload: payload.clone() };
        assert_eq!(event::decode(&stored).unwrap(), Decoded::Unknown { kind, payload });
    }
    assert_eq!((name_of(20).as_str(), name_of(77).as_str()), ("TASK_READY", "UNKNOWN_77"));
}

#[test]
fn events_without_what_they_need_are_refused_by_field() {
    let long = "missing or impossible";
    for kind in ALL_KINDS.iter().filter(|kind| **kind != EventKind::PartitionOwned) {
        let error = event::decode(&wire::Event { kind: *kind as i32, payload: Bytes::new() }).unwrap_err();
        assert!(matches!(error, DecodeError::Field { .. }) && error.to_string().contains(long), "{kind:?}: {error}");
    }
}

#[test]
fn a_record_for_newer_readers_says_so() {
    let at = Timestamp::UNIX_EPOCH;
    let mut stored = record::decode(&record::encode(3, at, Vec::new())).unwrap();
    assert!(record::check_reader(&stored).is_ok());
    stored.minimum_reader = record::READER_VERSION + 1;
    stored.minimum_reader_reason = "matrix runs".to_owned();
    let error = record::check_reader(&stored).unwrap_err().to_string();
    assert!(error.contains("needs reader version 2, this is version 1: matrix runs"), "{error}");
}

#[test]
fn bytes_that_are_no_record_are_an_error() {
    assert!(matches!(record::decode(b"\xff\xff\xff\xff"), Err(DecodeError::Record(_))));
}

/// The payload of this kind as it was written once.
fn golden(kind: EventKind) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1");
    std::fs::read(folder.join(format!("{}.bin", kind.as_str_name()))).unwrap()
}

fn check(kind: EventKind, bytes: &[u8]) -> Result<(), TestCaseError> {
    let stored = wire::Event { kind: kind as i32, payload: Bytes::copy_from_slice(bytes) };
    if let Ok(Decoded::Known(fact)) = event::decode(&stored) {
        // Whatever was read can be written, read again, and shown.
        prop_assert_eq!(event::decode(&event::encode(&fact)).unwrap(), Decoded::Known(fact.clone()));
        prop_assert!(event::to_json(&fact).len() > 1);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_is_an_event_or_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in ALL_KINDS {
            check(*kind, &bytes)?;
        }
        if let Ok(record) = record::decode(&bytes) {
            let _all_read = record::events(&record).count();
        }
    }

    #[test]
    fn damaged_events_are_events_or_errors_and_never_a_panic(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        for kind in ALL_KINDS {
            let mut bytes = golden(*kind);
            for (place, byte) in &damage {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            if cut {
                bytes.truncate(length.index(bytes.len()));
            }
            check(*kind, &bytes)?;
        }
    }
}
