//! Damage: whatever was tampered with is found, by every way of reading.

use bytes::Bytes;

use super::support::{append_all, fails, good, next, open, read_all, record};
use super::{Harness, cases};
use crate::error::{Error, ErrorKind};
use crate::frame;
use crate::limits::{READ_BYTES_MAX, RECORD_BYTES_MAX};
use crate::procedures::verify;
use crate::types::{Hash, Record, Tail};

cases![
    a_changed_byte_is_found,
    a_changed_byte_in_the_last_entry_is_found,
    a_forged_entry_with_a_fitting_hash_is_found,
    a_forged_entry_of_another_chain_is_found,
    a_forged_entry_right_behind_a_followed_position_is_found,
    a_forged_entry_behind_the_seam_of_two_reads_is_found,
    honest_frames_pass_the_same_way,
];

/// The log holds records 1 and 2 and then `frames`, unchecked. Returns which ways of reading found damage.
async fn found_by(harness: &mut dyn Harness, make: impl Fn(Tail) -> Vec<Bytes>) -> [bool; 3] {
    let log = open(harness).await;
    let start = Tail::start(log.id());
    let tails = append_all(log.as_ref(), start, 1..3).await;
    drop(log);
    harness.append_unchecked(&make(tails[1])).await;
    let corrupt = |error: &Error| {
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        true
    };
    // A log that refuses to be opened at all has found it for every reader.
    let log = match harness.open().await {
        Ok(log) => log,
        Err(error) => return [corrupt(&error); 3],
    };
    let read = log.read(0, 10).await.err().is_some_and(|error| corrupt(&error));
    let verified = verify(log.as_ref(), |_| ()).await.err().is_some_and(|error| corrupt(&error));
    let mut stream = good(log.follow(start).await, "follow");
    let mut followed = false;
    for _ in 0..4 {
        if let Err(error) = next(&mut stream).await {
            followed = corrupt(&error);
            break;
        }
    }
    [read, verified, followed]
}

fn honest(after: Tail) -> Vec<Bytes> {
    let third = after.next(&record(3));
    vec![frame::encode(&after.hash, &record(3)).0, frame::encode(&third.hash, &record(4)).0]
}

async fn a_changed_byte_is_found(harness: &mut dyn Harness) {
    let damaged = |after| {
        let mut frames = honest(after);
        let mut bytes = frames[0].to_vec();
        bytes[frame::OVERHEAD_BYTES / 2 + 20] ^= 1;
        frames[0] = bytes.into();
        frames
    };
    assert_eq!(found_by(harness, damaged).await, [true; 3], "read, verify, follow");
}

/// No later entry names the hash of the last one: it must prove itself.
async fn a_changed_byte_in_the_last_entry_is_found(harness: &mut dyn Harness) {
    let damaged = |after| {
        let mut frames = honest(after);
        let mut bytes = frames[1].to_vec();
        bytes[frame::OVERHEAD_BYTES / 2 + 20] ^= 1;
        frames[1] = bytes.into();
        frames
    };
    assert_eq!(found_by(harness, damaged).await, [true; 3], "read, verify, follow");
}

async fn a_forged_entry_with_a_fitting_hash_is_found(harness: &mut dyn Harness) {
    let forged = |after: Tail| {
        let mut frames = honest(after);
        frames[0] = frame::encode(&after.hash, &record(66)).0;
        frames
    };
    assert_eq!(found_by(harness, forged).await, [true; 3], "read, verify, follow");
}

async fn a_forged_entry_of_another_chain_is_found(harness: &mut dyn Harness) {
    let forged = |_| {
        let start = Tail { sequence: 2, hash: Hash([9; 32]) };
        honest(start)
    };
    assert_eq!(found_by(harness, forged).await, [true; 3], "read, verify, follow");
}

/// What is read behind the position is chained in itself: only its link to the position gives it away.
async fn a_forged_entry_right_behind_a_followed_position_is_found(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..3).await;
    drop(log);
    harness.append_unchecked(&honest(Tail { hash: Hash([9; 32]), ..tails[1] })).await;
    match harness.open().await {
        Ok(log) => {
            let mut stream = good(log.follow(tails[1]).await, "follow");
            fails(next(&mut stream).await, ErrorKind::Corrupt, "next");
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
    }
}

/// Both reads are chained in themselves: only the link between them gives the forgery away.
async fn a_forged_entry_behind_the_seam_of_two_reads_is_found(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let mut after = Tail::start(log.id());
    for number in 1..=READ_BYTES_MAX.div_ceil(RECORD_BYTES_MAX) as u64 {
        let large = Record { payload: vec![1; RECORD_BYTES_MAX].into(), ..record(number) };
        after = good(log.append(after, &large).await, "append");
    }
    drop(log);
    harness.append_unchecked(&honest(Tail { hash: Hash([9; 32]), ..after })).await;
    match harness.open().await {
        Ok(log) => fails(verify(log.as_ref(), |_| ()).await, ErrorKind::Corrupt, "verify"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
    }
}

/// The control: without it, a harness that damages everything would pass.
async fn honest_frames_pass_the_same_way(harness: &mut dyn Harness) {
    assert_eq!(found_by(harness, honest).await, [false; 3], "read, verify, follow");
    let log = open(harness).await;
    assert_eq!(good(read_all(log.as_ref()).await, "read").len(), 4);
}
