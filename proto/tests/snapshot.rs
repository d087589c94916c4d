//! A snapshot of any state that the core can come to gives that state again, to the last index; damaged bytes give none.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../src/testing.rs"]
mod testing;

use std::collections::BTreeMap;

use downbeat_domain::{Partition, evolve, invariants};
use downbeat_proto::snapshot::{self, SnapshotPosition};
use proptest::{prelude::*, test_runner::RngSeed};
use testing::{Numbers, World, kinds, plan};

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

/// A history of its own, without chance: the same numbers as long as this file stays as it is.
fn busy(seed: u64, steps: usize) -> World {
    let mut dice = seed;
    let mut roll = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bytes = (dice >> 32).to_be_bytes();
        (bytes[4], bytes[5], bytes[6], bytes[7])
    };
    let tasks: Vec<Numbers> = (0..8).map(|_| roll()).collect();
    let groups: Vec<Numbers> = (0..3).map(|_| roll()).collect();
    let child: Vec<Numbers> = (0..2).map(|_| roll()).collect();
    let mut world = World::new(plan(&tasks, &groups), plan(&child, &[]));
    for _ in 0..steps {
        world.step(roll());
    }
    world
}

#[test]
fn the_histories_of_these_tests_hold_every_kind_of_event() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..150 {
        let world = busy(seed, 150);
        for (kind, count) in kinds(world.events()) {
            *seen.entry(kind).or_insert(0) += count;
        }
        check(&world.partition, seed);
    }
    let known: Vec<String> = downbeat_proto::event::ALL_KINDS
        .iter()
        .map(|kind| {
            kind.as_str_name().split('_').map(|word| word[..1].to_owned() + &word[1..].to_lowercase()).collect()
        })
        .collect();
    // Ownership is a matter of the coordinator.
    let missing: Vec<&String> =
        known.iter().filter(|kind| *kind != "PartitionOwned" && !seen.contains_key(*kind)).collect();
    assert!(missing.is_empty(), "{missing:?} of {seen:?}");
}

#[test]
fn damaged_bytes_give_no_state() {
    let world = busy(3, 60);
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
    newer[11] = 2;
    let mut hash = bytes.clone();
    hash[30] ^= 1;
    for (bytes, words) in [
        (&b""[..], "does not begin as one"),
        (&[0; 100], "does not begin as one"),
        (&newer, "the snapshot has format 2, and this version reads format 1"),
        (&hash, "damaged"),
    ] {
        let error = snapshot::decode(bytes).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn the_same_state_has_the_same_bytes_and_old_plans_are_shared() {
    let world = busy(5, 80);
    let bytes = snapshot::encode(&world.partition, &position());
    let (again, _) = snapshot::decode(&bytes).unwrap();
    assert_eq!(snapshot::encode(&again, &position()), bytes);
    for run in again.runs.values() {
        let sharing = again.runs.values().filter(|other| std::sync::Arc::ptr_eq(&other.plan, &run.plan));
        let same = again.runs.values().filter(|other| (other.pipeline, other.version) == (run.pipeline, run.version));
        assert_eq!(sharing.count(), same.count());
    }
}
