//! Crashes and losses.

use super::support::{append_all, fails, good, next, open, read_all, record};
use super::{Harness, cases};
use crate::error::ErrorKind;
use crate::procedures::{check_position, verify};
use crate::types::Tail;

cases![
    acknowledged_records_survive_a_crash,
    durability_can_be_shown,
    every_single_acknowledgement_survives_a_crash,
    follow_goes_on_after_a_crash,
    a_lost_tail_is_noticed_by_writer_and_reader,
    a_lost_tail_written_over_is_noticed,
];

async fn acknowledged_records_survive_a_crash(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..101).await;
    drop(log);
    harness.kill().await;
    let log = open(harness).await;
    assert_eq!(good(log.tail().await, "tail"), tails[99]);
    let found: Vec<Tail> = good(read_all(log.as_ref()).await, "read").iter().map(|entry| entry.tail()).collect();
    assert_eq!(found, tails);
    append_all(log.as_ref(), tails[99], 101..111).await;
    good(verify(log.as_ref(), |_| ()).await, "verify");
}

async fn durability_can_be_shown(harness: &mut dyn Harness) {
    let log = open(harness).await;
    append_all(log.as_ref(), Tail::start(log.id()), 1..3).await;
    drop(log);
    good(harness.durability().await, "durability");
}

async fn every_single_acknowledgement_survives_a_crash(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let mut after = Tail::start(log.id());
    drop(log);
    for number in 1..11 {
        let log = open(harness).await;
        assert_eq!(good(log.tail().await, "tail"), after);
        after = good(log.append(after, &record(number)).await, "append");
        drop(log);
        harness.kill().await;
    }
    let log = open(harness).await;
    assert_eq!(good(verify(log.as_ref(), |_| ()).await, "verify"), after);
}

async fn follow_goes_on_after_a_crash(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..6).await;
    let mut stream = good(log.follow(tails[1]).await, "follow");
    assert_eq!(good(next(&mut stream).await, "next").tail(), tails[2]);
    if let Err(reason) = harness.handles_survive() {
        println!("the follower is made again, because {reason}");
        drop((log, stream));
        harness.kill().await;
        let log = open(harness).await;
        let mut stream = good(log.follow(tails[2]).await, "follow again");
        let more = append_all(log.as_ref(), tails[4], 6..8).await;
        for tail in [tails[3], tails[4], more[0], more[1]] {
            assert_eq!(good(next(&mut stream).await, "next").tail(), tail);
        }
        return;
    }
    harness.kill().await;
    let fresh = open(harness).await;
    let more = append_all(fresh.as_ref(), tails[4], 6..8).await;
    for tail in [tails[3], tails[4], more[0], more[1]] {
        assert_eq!(good(next(&mut stream).await, "next").tail(), tail);
    }
}

async fn a_lost_tail_is_noticed_by_writer_and_reader(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..4).await;
    drop(log);
    harness.save().await;
    let log = open(harness).await;
    let lost = append_all(log.as_ref(), tails[2], 4..6).await;
    drop(log);
    harness.roll_back().await;
    let log = open(harness).await;
    assert_eq!(good(log.tail().await, "tail"), tails[2]);
    fails(log.append(lost[1], &record(6)).await, ErrorKind::TailLost, "append");
    fails(check_position(log.as_ref(), lost[1]).await, ErrorKind::AheadOfLog, "check");
    fails(log.follow(lost[0]).await.map(drop), ErrorKind::AheadOfLog, "follow");
    good(check_position(log.as_ref(), tails[2]).await, "an older position");
}

async fn a_lost_tail_written_over_is_noticed(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..4).await;
    drop(log);
    harness.save().await;
    let log = open(harness).await;
    let lost = append_all(log.as_ref(), tails[2], 4..6).await;
    drop(log);
    harness.roll_back().await;
    let log = open(harness).await;
    append_all(log.as_ref(), tails[2], 104..107).await;
    fails(check_position(log.as_ref(), lost[1]).await, ErrorKind::ForeignLog, "check");
    fails(log.append(lost[1], &record(6)).await, ErrorKind::Conflict, "append");
}
