//! Fencing: conflicts, re-sends, unknown outcomes, two writers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;

use super::support::{append_all, fails, good, open, read_all, record};
use super::{Harness, cases};
use crate::error::{Error, ErrorKind};
use crate::faults::{Faults, FaultyLog};
use crate::log::EventLog;
use crate::procedures::{append_settled, verify};
use crate::types::{Entry, LogId, Record, Tail};

cases![
    an_append_behind_the_tail_conflicts,
    a_wrong_hash_at_the_tail_conflicts,
    a_record_sent_again_is_acknowledged_again,
    a_record_sent_again_after_another_appended_is_acknowledged,
    a_used_id_with_other_content_conflicts,
    two_writers_racing_never_share_a_place,
    unknown_outcomes_settle_to_exactly_one_record,
    giving_up_after_an_unknown_outcome_says_unknown,
    late_records_lose_against_the_fence,
];

/// A log behind a shared pointer, so that it can be wrapped.
struct Pointed(Arc<dyn EventLog>);

#[async_trait]
impl EventLog for Pointed {
    fn id(&self) -> &LogId {
        self.0.id()
    }
    async fn tail(&self) -> Result<Tail, Error> {
        self.0.tail().await
    }
    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        self.0.append(after, record).await
    }
    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        self.0.read(after, max_entries).await
    }
    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error> {
        self.0.follow(position).await
    }
}

fn at_once(_: &Error, _: u32) -> Option<Duration> {
    Some(Duration::ZERO)
}

async fn an_append_behind_the_tail_conflicts(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let start = Tail::start(log.id());
    let tails = append_all(log.as_ref(), start, 1..6).await;
    for after in [start, tails[0], tails[3]] {
        fails(log.append(after, &record(99)).await, ErrorKind::Conflict, "append");
    }
    assert_eq!(good(log.tail().await, "tail"), tails[4]);
}

async fn a_wrong_hash_at_the_tail_conflicts(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..3).await;
    let imagined = tails[0].next(&record(77));
    fails(log.append(imagined, &record(3)).await, ErrorKind::Conflict, "append");
    assert_eq!(good(log.tail().await, "tail"), tails[1]);
    assert_eq!(good(verify(log.as_ref(), |_| ()).await, "verify"), tails[1]);
}

async fn a_record_sent_again_is_acknowledged_again(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let second = good(harness.second_writer().await, "second writer");
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..3).await;
    for sender in [&log, &second] {
        assert_eq!(good(sender.append(tails[0], &record(2)).await, "append"), tails[1]);
    }
    assert_eq!(good(read_all(log.as_ref()).await, "read").len(), 2);
}

async fn a_record_sent_again_after_another_appended_is_acknowledged(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..3).await;
    let second = good(harness.second_writer().await, "second writer");
    let theirs = good(second.append(tails[1], &record(50)).await, "the other's append");
    assert_eq!(good(log.append(tails[0], &record(2)).await, "append"), tails[1]);
    fails(log.append(tails[1], &record(3)).await, ErrorKind::Conflict, "the next append");
    assert_eq!(good(log.tail().await, "tail"), theirs);
}

async fn a_used_id_with_other_content_conflicts(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let tails = append_all(log.as_ref(), Tail::start(log.id()), 1..3).await;
    let changed = Record { payload: "other content".into(), ..record(2) };
    fails(log.append(tails[0], &changed).await, ErrorKind::Conflict, "append");
}

async fn two_writers_racing_never_share_a_place(harness: &mut dyn Harness) {
    let first = open(harness).await;
    let second = good(harness.second_writer().await, "second writer");
    let mut racers = Vec::new();
    for (log, base) in [(Arc::clone(&first), 1000), (second, 2000)] {
        racers.push(tokio::spawn(async move {
            let (mut after, mut won, mut number) = (Tail::start(log.id()), BTreeSet::new(), base);
            while won.len() < 40 {
                match log.append(after, &record(number)).await {
                    Ok(tail) => {
                        after = tail;
                        won.insert((tail.sequence, record(number).id));
                        number += 1;
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
                        after = good(log.tail().await, "tail");
                    }
                }
            }
            won
        }));
    }
    let mut won = BTreeSet::new();
    for racer in racers {
        won.extend(good(racer.await, "racer"));
    }
    let entries = good(read_all(first.as_ref()).await, "read");
    let found: BTreeSet<_> = entries.iter().map(|entry| (entry.sequence, entry.id)).collect();
    assert_eq!(found, won);
    assert_eq!(found.len(), 80);
    good(verify(first.as_ref(), |_| ()).await, "verify");
}

async fn unknown_outcomes_settle_to_exactly_one_record(harness: &mut dyn Harness) {
    let log = open(harness).await;
    for seed in 1..4 {
        let faults = Faults { seed, lost_ack: 0.2, lost_send: 0.2, late_landing: 0.2, unavailable: 0.1 };
        let faulty = FaultyLog::new(Pointed(Arc::clone(&log)), faults);
        let mut after = good(log.tail().await, "tail");
        let from = after.sequence;
        for number in 1..41 {
            after = good(append_settled(&faulty, after, &record(seed * 100 + number), at_once).await, "settled");
        }
        faulty.land_all().await;
        let entries = good(log.read(from, 1000).await, "read");
        let found: Vec<_> = entries.iter().map(|entry| entry.id).collect();
        let sent: Vec<_> = (1..41).map(|number| record(seed * 100 + number).id).collect();
        assert_eq!(found, sent, "seed {seed}");
    }
}

async fn giving_up_after_an_unknown_outcome_says_unknown(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let start = Tail::start(log.id());
    // The first fate is a lost send or a missing connection; whichever seed, a lost send must not be forgotten.
    for seed in 0..20 {
        let faults = Faults { seed, lost_send: 0.5, unavailable: 0.5, ..Faults::default() };
        let faulty = FaultyLog::new(Pointed(Arc::clone(&log)), faults);
        let mut unknown = false;
        let give_up = |error: &Error, attempt| {
            unknown |= error.kind() == ErrorKind::OutcomeUnknown;
            (attempt < 4).then_some(Duration::ZERO)
        };
        let answer = append_settled(&faulty, start, &record(1), give_up).await;
        let expected = if unknown { ErrorKind::OutcomeUnknown } else { ErrorKind::Unavailable };
        fails(answer, expected, "given up");
    }
    assert_eq!(good(log.tail().await, "tail"), start);
}

async fn late_records_lose_against_the_fence(harness: &mut dyn Harness) {
    let log = open(harness).await;
    let late = FaultyLog::new(Pointed(Arc::clone(&log)), Faults { late_landing: 1.0, ..Faults::default() });
    let start = Tail::start(log.id());
    fails(late.append(start, &record(1)).await, ErrorKind::OutcomeUnknown, "append");
    let rival = good(log.append(start, &record(2)).await, "the rival's append");
    late.land_all().await;
    assert_eq!(good(log.tail().await, "tail"), rival);
    fails(log.append(start, &record(1)).await, ErrorKind::Conflict, "settling");
}
