//! Order, positions, sizes, following.

use super::support::{append_all, fails, good, next, open, read_all, record};
use super::{Harness, cases};
use crate::error::ErrorKind;
use crate::limits::{READ_BYTES_MAX, RECORD_BYTES_MAX};
use crate::procedures::{check_position, verify};
use crate::types::{Hash, Record, Tail};

cases![
    an_empty_log_starts_at_its_genesis,
    entries_are_read_in_order,
    a_record_may_be_empty_or_exactly_at_the_limit,
    a_record_above_the_limit_is_refused_and_nothing_written,
    one_read_is_bounded_in_bytes,
    a_position_beyond_the_tail_is_refused,
    a_position_of_another_log_is_refused,
    follow_delivers_from_its_position_and_then_what_is_new,
    many_followers_see_the_same,
    a_log_opened_again_is_the_same,
];

async fn an_empty_log_starts_at_its_genesis(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tail = good(log.tail().await, "tail");
    assert_eq!(tail, Tail { sequence: 0, hash: Hash::genesis(log.id()) });
    assert_eq!(good(log.read(0, 10).await, "read"), vec![]);
    assert_eq!(good(verify(log.as_ref(), |_| ()).await, "verify"), tail);
}

async fn entries_are_read_in_order(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let start = Tail::start(log.id());
    let tails = append_all(log.as_ref(), start, 1..201).await;
    let entries = good(read_all(log.as_ref()).await, "read");
    assert_eq!(entries.len(), 200);
    let mut previous = start;
    for (number, (entry, tail)) in (1..).zip(entries.iter().zip(&tails)) {
        assert_eq!((entry.sequence, entry.id), (number, record(number).id));
        assert_eq!(entry.payload, record(number).payload);
        assert_eq!((entry.previous, entry.tail()), (previous.hash, *tail));
        previous = *tail;
    }
    assert_eq!(good(log.tail().await, "tail"), previous);
    assert_eq!(good(log.read(150, 3).await, "read"), entries[150..153]);
    assert_eq!(good(verify(log.as_ref(), |_| ()).await, "verify"), previous);
}

async fn a_record_may_be_empty_or_exactly_at_the_limit(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let sizes = [0, 1, RECORD_BYTES_MAX];
    let mut after = Tail::start(log.id());
    for (number, size) in (1..).zip(sizes) {
        let sized = Record { payload: vec![b'z'; size].into(), ..record(number) };
        after = good(log.append(after, &sized).await, "append");
    }
    let found: Vec<usize> =
        good(read_all(log.as_ref()).await, "read").iter().map(|entry| entry.payload.len()).collect();
    assert_eq!(found, sizes);
}

async fn a_record_above_the_limit_is_refused_and_nothing_written(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let start = Tail::start(log.id());
    let large = Record { payload: vec![0; RECORD_BYTES_MAX + 1].into(), ..record(1) };
    fails(log.append(start, &large).await, ErrorKind::TooLarge, "append");
    assert_eq!(good(log.tail().await, "tail"), start);
    append_all(log.as_ref(), start, 1..2).await;
}

async fn one_read_is_bounded_in_bytes(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let mut after = Tail::start(log.id());
    for number in 1..=12 {
        let large = Record { payload: vec![1; RECORD_BYTES_MAX].into(), ..record(number) };
        after = good(log.append(after, &large).await, "append");
    }
    let read = good(log.read(0, 1000).await, "read").len();
    assert_eq!(read, READ_BYTES_MAX.div_ceil(RECORD_BYTES_MAX));
}

async fn a_position_beyond_the_tail_is_refused(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..3).await;
    let beyond = tails[1].next(&record(3));
    fails(check_position(log.as_ref(), beyond).await, ErrorKind::AheadOfLog, "check");
    fails(log.follow(beyond).await.map(drop), ErrorKind::AheadOfLog, "follow");
    fails(log.read(3, 1).await, ErrorKind::AheadOfLog, "read");
    fails(log.append(beyond, &record(4)).await, ErrorKind::TailLost, "append");
    assert_eq!(good(log.tail().await, "tail"), tails[1]);
}

async fn a_position_of_another_log_is_refused(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let other = good(harness.other_log().await, "other log");
    assert_ne!(log.id(), other.id());
    append_all(log.as_ref(), Tail::start(log.id()), 1..4).await;
    let foreign = append_all(other.as_ref(), Tail::start(other.id()), 1..3).await;
    for position in [Tail::start(other.id()), foreign[0], foreign[1]] {
        fails(check_position(log.as_ref(), position).await, ErrorKind::ForeignLog, "check");
        fails(log.follow(position).await.map(drop), ErrorKind::ForeignLog, "follow");
    }
}

async fn follow_delivers_from_its_position_and_then_what_is_new(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..11).await;
    let mut stream = good(log.follow(tails[3]).await, "follow");
    for sequence in 5..=10 {
        assert_eq!(good(next(&mut stream).await, "next").sequence, sequence);
    }
    let mut after = tails[9];
    for number in 11..40 {
        after = good(log.append(after, &record(number)).await, "append");
        assert_eq!(good(next(&mut stream).await, "next").tail(), after);
    }
}

async fn many_followers_see_the_same(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let start = Tail::start(log.id());
    let mut followers = Vec::new();
    for _ in 0..4 {
        let mut stream = good(log.follow(start).await, "follow");
        followers.push(tokio::spawn(async move {
            let mut seen = Vec::new();
            while seen.len() < 100 {
                seen.push(good(next(&mut stream).await, "next").tail());
            }
            seen
        }));
    }
    let tails = append_all(log.as_ref(), start, 1..101).await;
    for follower in followers {
        assert_eq!(good(follower.await, "follower"), tails);
    }
}

async fn a_log_opened_again_is_the_same(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let id = log.id().clone();
    let tails = append_all(log.as_ref(), Tail::start(&id), 1..31).await;
    let before = good(read_all(log.as_ref()).await, "read");
    drop(log);
    let log = open(harness).await;
    assert_eq!(log.id(), &id);
    assert_eq!(good(log.tail().await, "tail"), tails[29]);
    assert_eq!(good(read_all(log.as_ref()).await, "read"), before);
    append_all(log.as_ref(), tails[29], 31..33).await;
}
