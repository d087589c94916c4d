//! Ten thousand workers: what is dispatched to them, and what a new owner says to them when all of them come at once.

use std::collections::{BTreeMap, BTreeSet};

use downbeat_coordinator::engine::{Input, Output, SessionId};
use downbeat_domain::{AttemptRef, WorkerId};
use downbeat_proto::{event, worker::v1 as wire};

use crate::bench::{Bench, applied, report, start, started, succeeded, task};

const WORKERS: usize = 10_000;
const TASKS: usize = 22_000;
const SLOTS: u32 = 2;

fn worker(at: usize) -> WorkerId {
    let mut id = [9; 16];
    id[..8].copy_from_slice(&(at as u64).to_be_bytes());
    WorkerId(id)
}

/// Turns and appends until nothing is due; what was offered to whom, and how many messages were sent.
fn rest(bench: &mut Bench) -> (Vec<(SessionId, AttemptRef)>, usize) {
    if bench.in_flight() {
        bench.appended();
    }
    while bench.turn() {
        bench.appended();
    }
    let (mut offered, mut messages) = (Vec::new(), 0);
    for output in bench.heard.drain(..) {
        let Output::Send { session, message } = output else { continue };
        messages += 1;
        if let wire::coordinator_message::Message::Offers(offers) = message {
            let attempts =
                offers.offers.iter().map(|offer| event::attempt_of(offer.attempt.as_ref().unwrap()).unwrap());
            offered.extend(attempts.map(|attempt| (session, attempt)));
        }
    }
    (offered, messages)
}

#[test]
fn ten_thousand_workers_get_each_task_once_and_none_more_than_it_has_slots() {
    let mut bench = Bench::new();
    bench.call(1, applied((0..TASKS).map(|at| task(&format!("t{at}"))).collect()));
    for at in 0..WORKERS {
        bench.attach(at as SessionId, worker(at), SLOTS, &[]);
    }
    rest(&mut bench);
    bench.call(2, start(crate::bench::RUN));

    let (mut done, mut numbers, mut messages) = (BTreeSet::new(), vec![0_u64; WORKERS], 0);
    loop {
        let (offered, sent) = rest(&mut bench);
        messages += sent;
        if offered.is_empty() {
            break;
        }
        let mut per_worker: BTreeMap<SessionId, Vec<AttemptRef>> = BTreeMap::new();
        for (session, attempt) in offered {
            per_worker.entry(session).or_default().push(attempt);
        }
        for (session, attempts) in per_worker {
            assert!(attempts.len() <= SLOTS as usize, "worker {session} was given {} at once", attempts.len());
            for attempt in attempts {
                assert!(done.insert(attempt.task), "task {} was given away twice", attempt.task);
                let number = &mut numbers[usize::try_from(session).unwrap()];
                *number += 2;
                let said = vec![report(*number - 1, attempt, started()), report(*number, attempt, succeeded())];
                bench.say(session, said);
            }
        }
    }
    assert_eq!(done.len(), TASKS);
    assert!(bench.engine.partition().runs.is_empty(), "the run ended");
    // An offer and an acknowledgement for each, at most.
    assert!(messages <= 2 * TASKS, "{messages} messages for {TASKS} tasks");
}

#[test]
fn a_new_owner_takes_all_of_them_up_without_giving_anything_away_again() {
    let mut bench = Bench::new();
    bench.call(1, applied((0..TASKS).map(|at| task(&format!("t{at}"))).collect()));
    for at in 0..WORKERS {
        bench.attach(at as SessionId, worker(at), SLOTS, &[]);
    }
    bench.call(2, start(crate::bench::RUN));
    let (offered, _) = rest(&mut bench);
    assert_eq!(offered.len(), WORKERS * SLOTS as usize);
    let mut in_hand: BTreeMap<SessionId, Vec<AttemptRef>> = BTreeMap::new();
    for (session, attempt) in offered {
        in_hand.entry(session).or_default().push(attempt);
    }

    let mut next = bench.crash(true);
    let before = next.log.len();
    for at in 0..WORKERS {
        let session = at as SessionId;
        next.attach(session, worker(at), SLOTS, &in_hand[&session]);
    }
    let (offered, messages) = rest(&mut next);
    assert_eq!(offered, [], "everything is in somebody's hand");
    assert_eq!(next.log.len(), before, "nothing is decided by it");
    assert_eq!(messages, WORKERS, "one welcome each");
    next.handle(Input::Tick);
    assert_eq!(rest(&mut next).1, 0, "and nothing is repeated");
}
