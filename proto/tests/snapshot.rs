//! A snapshot of any state that the core can come to gives that state again, to the last index; damaged bytes give none.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use downbeat_domain::{Level, Partition, evolve, invariants};
use downbeat_proto::{
    snapshot::{self, SnapshotError, SnapshotPosition},
    testing::{Numbers, World, kinds, missing_kinds, plan},
};
use proptest::{prelude::*, test_runner::RngSeed};

fn position() -> SnapshotPosition {
    SnapshotPosition { log_id: "log of this test".to_owned(), sequence: 70_000, hash: [7; 32] }
}

fn numbers() -> impl Strategy<Value = Numbers> {
    any::<Numbers>()
}

fn check(partition: &Partition, step: impl std::fmt::Debug) {
    let (again, at) = snapshot::decode(&snapshot::encode(partition, &position())).unwrap();
    assert_eq!(at, position());
    if format!("{again:?}") == format!("{partition:?}") {
        return;
    }
    let (left, right) = (format!("{again:#?}"), format!("{partition:#?}"));
    let mut context: Vec<&str> = Vec::new();
    for (number, (restored, folded)) in left.lines().zip(right.lines()).enumerate() {
        if restored != folded {
            let before = context.iter().rev().take(60).rev().copied().collect::<Vec<_>>().join("\n");
            panic!("after {step:?}, line {number}:\n{before}\nrestored: {restored}\nfolded:   {folded}");
        }
        context.push(restored);
    }
    panic!("after {step:?}: one of the two says more");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, rng_seed: RngSeed::Fixed(20_261_126), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_state_comes_back_to_the_last_index(
        tasks in proptest::collection::vec(numbers(), 0..9),
        groups in proptest::collection::vec(numbers(), 0..4),
        child in proptest::collection::vec(numbers(), 0..3),
        steps in proptest::collection::vec(numbers(), 0..90),
    ) {
        let mut world = World::new(plan(&tasks, &groups), plan(&child, &[]));
        check(&world.partition, "the beginning");
        for (number, step) in steps.into_iter().enumerate() {
            world.step(step);
            check(&world.partition, (number, step, world.history.last()));
            prop_assert_eq!(invariants::violations(&world.partition), Vec::<String>::new());
        }
        // And the history alone gives the same, but for what is no event: the ids of commands.
        let mut again = Partition::default();
        world.events().for_each(|event| evolve(&mut again, event));
        again.commands = world.partition.commands.clone();
        again.agenda = world.partition.agenda.clone();
        prop_assert_eq!(format!("{again:?}"), format!("{:?}", world.partition));
    }
}

#[test]
fn the_histories_of_these_tests_hold_every_kind_of_event() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..150 {
        let world = World::random(seed, 150);
        for (kind, count) in kinds(world.events()) {
            *seen.entry(kind).or_insert(0) += count;
        }
        check(&world.partition, seed);
    }
    assert_eq!(missing_kinds(&seen), Vec::<String>::new(), "of {seen:?}");
}

#[test]
fn damaged_bytes_give_no_state() {
    let world = World::random(3, 60);
    let bytes = snapshot::encode(&world.partition, &position());
    for place in 0..bytes.len() {
        for damage in [0xff, 0x01, 0x80] {
            let mut damaged = bytes.clone();
            damaged[place] ^= damage;
            assert!(snapshot::decode(&damaged).is_err(), "byte {place} of {}", bytes.len());
        }
    }
    for length in 0..bytes.len() {
        assert!(snapshot::decode(&bytes[..length]).is_err(), "cut after {length} bytes");
    }
    let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
    assert!(snapshot::decode(&longer).is_err());
    assert!(snapshot::decode(&bytes).is_ok());
}

#[test]
fn what_is_no_snapshot_says_so() {
    let bytes = snapshot::encode(&Partition::default(), &position());
    let mut newer = bytes.clone();
    newer[11] = 3;
    let mut hash = bytes.clone();
    hash[30] ^= 1;
    type Case<'a> = (&'a [u8], fn(&SnapshotError) -> bool, &'a str);
    let cases: [Case<'_>; 4] = [
        (b"", |error| matches!(error, SnapshotError::NoSnapshot), "does not begin as one"),
        (&[0; 100], |error| matches!(error, SnapshotError::NoSnapshot), "does not begin as one"),
        (&newer, |error| matches!(error, SnapshotError::Format(3)), "this version reads formats 1 to 2"),
        (&hash, |error| matches!(error, SnapshotError::Damaged), "damaged"),
    ];
    for (bytes, is_expected, words) in cases {
        let error = snapshot::decode(bytes).unwrap_err();
        assert!(is_expected(&error) && error.to_string().contains(words), "{error}");
    }
}

#[test]
fn the_same_state_has_the_same_bytes_and_old_plans_are_shared() {
    let world = World::random(5, 80);
    let bytes = snapshot::encode(&world.partition, &position());
    let (again, _) = snapshot::decode(&bytes).unwrap();
    assert_eq!(snapshot::encode(&again, &position()), bytes);
    for run in again.runs.values() {
        let sharing = again.runs.values().filter(|other| std::sync::Arc::ptr_eq(&other.plan, &run.plan));
        let same = again.runs.values().filter(|other| (other.pipeline, other.version) == (run.pipeline, run.version));
        assert_eq!(sharing.count(), same.count());
    }
}

#[test]
fn a_state_of_a_level_has_a_format_that_older_versions_leave_aside() {
    for (level, format) in [(1, 1), (2, 2)] {
        let partition = Partition { level: Level(level), ..Partition::default() };
        let bytes = snapshot::encode(&partition, &position());
        assert_eq!(bytes[8..12], u32::to_be_bytes(format));
        assert_eq!(snapshot::decode(&bytes).unwrap().0.level, Level(level));
    }
    let newer = Partition { level: Level(Level::NEWEST.0 + 1), ..Partition::default() };
    let error = snapshot::decode(&snapshot::encode(&newer, &position())).unwrap_err();
    assert!(matches!(error, SnapshotError::Format(3)), "{error}");
}
