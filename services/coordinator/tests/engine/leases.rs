//! Leases by the monotonic clock; timeouts, delays and waits by the wall clock.

use downbeat_coordinator::{engine::Input, limits};
use downbeat_domain::TaskStatus;

use crate::bench::{ADA, BOB, Bench, attempt, report, started, stopped, succeeded, task};

const PATIENCE: u64 = (limits::LEASE.as_secs()) + limits::LEASE_MARGIN.as_secs();

fn running() -> Bench {
    let mut bench = Bench::running(vec![task("a")]);
    bench.attach(5, ADA, 1, &[]);
    bench.settle();
    bench.say(5, vec![report(1, attempt(0, 1), started())]);
    bench.settle();
    bench.heard.clear();
    bench
}

#[test]
fn a_silent_worker_loses_its_attempts_after_its_lease_and_its_margin_and_not_earlier() {
    let mut bench = running();
    let before = bench.log.len();
    bench.pass(PATIENCE - 1);
    bench.settle();
    assert_eq!(bench.kinds_since(before), Vec::<String>::new());
    assert_eq!(bench.engine.next_monotonic_deadline(), Some(bench.now.monotonic + std::time::Duration::from_secs(1)));
    bench.pass(1);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["ATTEMPT_LOST", "TASK_READY"]);
    assert_eq!(bench.read(), ["close 5"], "or it would take itself for attached");
    assert_eq!(bench.status_of(0), TaskStatus::Queued);
}

#[test]
fn a_beat_or_a_report_renews_the_lease() {
    for input in [Input::WorkerHeartbeat { session: 5 }, Input::WorkerReports { session: 5, reports: vec![] }] {
        let mut bench = running();
        let before = bench.log.len();
        bench.pass(PATIENCE - 1);
        bench.handle(input);
        bench.pass(PATIENCE - 1);
        bench.settle();
        assert_eq!(bench.kinds_since(before), Vec::<String>::new());
    }
}

#[test]
fn a_wall_clock_that_jumps_an_hour_changes_no_lease() {
    for hours in [-1, 1] {
        let mut bench = running();
        let before = bench.log.len();
        bench.jump(hours * 3_600);
        bench.pass(PATIENCE - 1);
        bench.settle();
        assert_eq!(bench.kinds_since(before), Vec::<String>::new(), "{hours}");
        bench.pass(1);
        bench.settle();
        assert_eq!(bench.kinds_since(before)[0], "ATTEMPT_LOST", "{hours}");
    }
}

#[test]
fn a_lost_connection_is_no_lost_lease() {
    let mut bench = running();
    let before = bench.log.len();
    bench.pass(20);
    bench.handle(Input::WorkerDetached { session: 5 });
    bench.pass(PATIENCE - 1);
    bench.settle();
    assert_eq!(bench.kinds_since(before), Vec::<String>::new());
    bench.pass(1);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["ATTEMPT_LOST", "TASK_READY"]);
}

#[test]
fn nothing_is_given_to_a_worker_that_has_been_silent_for_too_long() {
    let mut bench = Bench::new();
    bench.attach(5, ADA, 4, &[]);
    bench.settle();
    bench.pass(PATIENCE);
    bench.call(1, crate::bench::applied(vec![task("a")]));
    bench.call(2, crate::bench::start(crate::bench::RUN));
    bench.settle();
    assert_eq!(bench.read(), ["5 welcome", "reply 1 1", "reply 2 2", "close 5"]);
    bench.attach(6, BOB, 1, &[]);
    bench.settle();
    assert_eq!(bench.read(), ["6 welcome", "6 offer 0#1"], "the first attempt was not wasted");
}

#[test]
fn after_a_take_over_a_worker_has_as_long_to_come_back_as_the_owner_before_may_have_believed_in_itself() {
    let silent = PATIENCE + limits::OWNER_TRUST.as_secs();
    let mut bench = running().crash(false);
    let before = bench.log.len();
    bench.pass(silent - 1);
    bench.settle();
    assert_eq!(bench.kinds_since(before), Vec::<String>::new());
    bench.pass(1);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["ATTEMPT_LOST", "TASK_READY"]);

    let mut bench = running().crash(false);
    let before = bench.log.len();
    bench.pass(silent - 1);
    bench.attach(6, ADA, 1, &[attempt(0, 1)]);
    bench.pass(PATIENCE - 1);
    bench.say(6, vec![report(1, attempt(0, 1), succeeded())]);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["ATTEMPT_SUCCEEDED", "RUN_FINISHED"]);
}

#[test]
fn a_worker_that_came_after_a_take_over_has_one_lease_like_any_other() {
    let mut bench = running().crash(false);
    let before = bench.log.len();
    bench.attach(6, ADA, 1, &[attempt(0, 1)]);
    bench.pass(PATIENCE);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["ATTEMPT_LOST", "TASK_READY"]);
}

#[test]
fn timeouts_and_delays_are_served_at_their_instants() {
    let mut slow = task("a");
    (slow.timeout_seconds, slow.retries, slow.backoff.delay_ms) = (Some(10), 1, 60_000);
    let mut bench = Bench::running(vec![slow]);
    bench.attach(5, ADA, 1, &[]);
    bench.settle();
    bench.say(5, vec![report(1, attempt(0, 1), started())]);
    bench.settle();
    bench.heard.clear();
    let due = bench.engine.next_wall_deadline().unwrap();
    assert_eq!(due.duration_since(bench.now.wall).as_secs(), 10);
    bench.pass(10);
    bench.settle();
    assert_eq!(bench.read(), ["5 stop 0#1"]);
    bench.say(5, vec![report(2, attempt(0, 1), stopped())]);
    bench.settle();
    assert_eq!(bench.read(), ["5 ack 2"]);
    assert_eq!(bench.engine.next_wall_deadline().unwrap().duration_since(bench.now.wall).as_secs(), 60);
    for _ in 0..2 {
        bench.handle(Input::WorkerHeartbeat { session: 5 });
        bench.pass(30);
        bench.settle();
    }
    assert_eq!(bench.read(), ["5 offer 0#2"]);
    assert_eq!(bench.engine.next_wall_deadline(), None);
}
