//! A worker comes back: what it holds in hand against what the state says that it holds.

use downbeat_coordinator::engine::Output;
use downbeat_domain::{AttemptRef, Command, TaskStatus};
use downbeat_proto::worker::v1::coordinator_message::Message;
use serde_json::{Value, json};

use crate::bench::{ADA, BOB, Bench, RUN, attempt, report, started, stopped, succeeded, task};

/// Task 0 leased to Ada, in the phase that the case wants.
fn held(phase: &str) -> Bench {
    let mut bench = Bench::running(vec![task("a")]);
    bench.attach(5, ADA, 1, &[]);
    bench.settle();
    if phase != "leased" {
        bench.say(5, vec![report(1, attempt(0, 1), started())]);
    }
    if phase == "stopping" {
        bench.call(9, Command::CancelRun { run: RUN, reason: String::new() });
    }
    bench.settle();
    bench.heard.clear();
    bench
}

/// Phase, what is in hand, what the worker hears, what is recorded.
type Case<'a> = (&'a str, &'a [AttemptRef], &'a [&'a str], &'a [&'a str]);

#[test]
fn every_phase_is_reconciled_with_what_is_in_hand() {
    let own: &[AttemptRef] = &[attempt(0, 1)];
    let cases: [Case<'_>; 6] = [
        ("leased", own, &["6 welcome"], &[]),
        ("leased", &[], &["6 welcome", "6 offer 0#1"], &[]),
        ("running", own, &["6 welcome"], &[]),
        ("running", &[], &["6 welcome", "6 offer 0#2"], &["ATTEMPT_LOST", "TASK_READY", "ATTEMPT_LEASED"]),
        ("stopping", own, &["6 welcome", "6 stop 0#1"], &[]),
        ("stopping", &[], &["6 welcome"], &["ATTEMPT_STOPPED", "RUN_FINISHED"]),
    ];
    for (phase, in_hand, read, recorded) in cases {
        let mut bench = held(phase);
        let before = bench.log.len();
        bench.handle(downbeat_coordinator::engine::Input::WorkerDetached { session: 5 });
        bench.attach(6, ADA, 1, in_hand);
        bench.settle();
        assert_eq!(bench.read(), read, "{phase} {in_hand:?}");
        assert_eq!(bench.kinds_since(before), recorded, "{phase} {in_hand:?}");
    }
}

#[test]
fn the_same_holds_for_the_owner_that_took_over() {
    for (phase, in_hand, read) in [
        ("leased", vec![], vec!["6 welcome", "6 offer 0#1"]),
        ("running", vec![attempt(0, 1)], vec!["6 welcome"]),
        ("stopping", vec![attempt(0, 1)], vec!["6 welcome", "6 stop 0#1"]),
    ] {
        let mut bench = held(phase).crash(false);
        bench.attach(6, ADA, 1, &in_hand);
        bench.settle();
        assert_eq!(bench.read(), read, "{phase}");
    }
}

/// A run may go on in a later record than the one that let it: a crash between them must not leave it standing.
#[test]
fn what_the_log_leaves_open_is_settled_by_the_owner_that_takes_over() {
    let mut bench = held("running");
    bench.say(5, vec![report(2, attempt(0, 1), succeeded())]);
    bench.settle();
    for (last, follows) in [("RUN_CREATED", "TASK_READY"), ("ATTEMPT_SUCCEEDED", "RUN_FINISHED")] {
        let cut = 1 + bench.kinds_since(0).iter().position(|kind| kind == last).unwrap();
        let mut next = Bench::over(bench.log[..cut].to_vec(), bench.now);
        next.settle();
        assert_eq!(next.kinds_since(cut), [follows], "behind {last}");
    }
}

#[test]
fn an_attempt_in_hand_that_was_given_to_others_must_stop() {
    let mut bench = held("running");
    bench.pass(35);
    bench.settle();
    bench.attach(7, BOB, 1, &[]);
    bench.settle();
    assert_eq!(bench.read(), ["close 5", "7 welcome", "7 offer 0#2"]);
    bench.attach(8, ADA, 1, &[attempt(0, 1)]);
    bench.settle();
    assert_eq!(bench.read(), ["8 welcome", "8 stop 0#1"]);
    let before = bench.log.len();
    bench.say(8, vec![report(2, attempt(0, 1), succeeded())]);
    bench.settle();
    assert_eq!(bench.read(), ["8 ack 2"], "a late report is acknowledged");
    assert_eq!(bench.kinds_since(before), Vec::<String>::new(), "and recorded nowhere");
}

#[test]
fn a_report_of_somebody_who_does_not_hold_the_attempt_is_recorded_nowhere() {
    let mut bench = held("running");
    bench.attach(7, BOB, 1, &[]);
    bench.settle();
    let before = bench.log.len();
    bench.say(7, vec![report(1, attempt(0, 1), succeeded())]);
    bench.say(99, vec![report(1, attempt(0, 1), succeeded())]);
    bench.settle();
    assert_eq!(bench.kinds_since(before), Vec::<String>::new());
    assert_eq!(bench.read(), ["7 welcome", "7 ack 1"]);
}

#[test]
fn reports_said_again_after_a_reconnection_are_acknowledged_and_recorded_once() {
    let mut bench = held("leased");
    let collected =
        downbeat_proto::worker::v1::report::Report::Collected(downbeat_proto::worker::v1::Collected::default());
    let said = vec![report(1, attempt(0, 1), started()), report(2, attempt(0, 1), collected)];
    bench.say(5, said.clone());
    bench.say(5, said.clone());
    bench.settle();
    let before = bench.log.len();
    bench.heard.clear();
    bench.attach(6, ADA, 1, &[attempt(0, 1)]);
    bench.say(6, said);
    bench.say(6, vec![report(3, attempt(0, 1), succeeded())]);
    bench.say(6, vec![report(3, attempt(0, 1), succeeded())]);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["ATTEMPT_SUCCEEDED", "RUN_FINISHED"]);
    // Nothing was owed to the log when the old connection was closed and the first acknowledgement was due.
    assert_eq!(bench.read(), ["close 5", "6 welcome", "6 ack 3"]);
}

#[test]
fn a_report_number_that_was_taken_is_not_looked_at_again() {
    let mut bench = held("running");
    let before = bench.log.len();
    bench.say(5, vec![report(1, attempt(0, 1), succeeded())]);
    bench.settle();
    assert_eq!(bench.read(), ["5 ack 1"]);
    assert_eq!(bench.kinds_since(before), Vec::<String>::new(), "number 1 was the start");
}

#[test]
fn an_outcome_that_cannot_be_read_fails_the_attempt() {
    let mut bench = held("running");
    let said =
        downbeat_proto::worker::v1::Succeeded { outputs: "no json".to_owned(), outcome: 1, ..Default::default() };
    let before = bench.log.len();
    bench.say(5, vec![report(2, attempt(0, 1), downbeat_proto::worker::v1::report::Report::Succeeded(said))]);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["ATTEMPT_FAILED", "RUN_FINISHED"]);
}

#[test]
fn a_hello_without_an_id_is_closed() {
    let mut bench = Bench::new();
    let hello = downbeat_proto::worker::v1::Hello::default();
    bench.handle(downbeat_coordinator::engine::Input::WorkerAttached { session: 5, hello });
    bench.turn();
    assert_eq!(bench.read(), ["close 5"]);
}

#[test]
fn tasks_go_to_workers_that_offer_their_job_and_have_a_free_slot() {
    let mut other = task("b");
    other.integration_job = "Z".to_owned();
    let mut bench = Bench::running(vec![task("a"), task("a2"), other]);
    bench.attach_for(5, ADA, 1, &[], "Y");
    bench.attach_for(6, BOB, 3, &[], "Z");
    bench.settle();
    assert_eq!(bench.read(), ["5 welcome", "6 welcome", "5 offer 0#1", "6 offer 2#1"]);
    assert_eq!(bench.status_of(1), TaskStatus::Queued);
    bench.say(5, vec![report(1, attempt(0, 1), succeeded())]);
    bench.settle();
    assert_eq!(bench.read(), ["5 ack 1", "5 offer 1#1"]);
    bench.say(6, vec![report(1, attempt(2, 1), stopped())]);
    bench.settle();
    assert_eq!(bench.read(), ["6 ack 1", "6 offer 2#2"]);
}

/// Where the operations of a task land is told with the offer; what does not evaluate stays as it is written, and fails nothing.
#[test]
fn an_offer_says_where_the_operations_of_its_task_land() {
    let mut load = task("load");
    let written = json!({
        "warehouse": {"integration": "SNOWFLAKE", "connection": "${{ ORCHESTRA.PIPELINE_RUN_ID }}"},
        "nowhere": {"integration": "POSTGRES", "connection": "${{ ENV.NOBODY }}"},
    });
    load.operation_metadata = written.as_object().cloned().unwrap();
    let mut bench = Bench::running(vec![load, task("plain")]);
    bench.attach(5, ADA, 2, &[]);
    bench.settle();
    let mut told = Vec::new();
    for output in bench.heard.drain(..) {
        if let Output::Send { message: Message::Offers(offers), .. } = output {
            told.extend(offers.offers.into_iter().map(|offer| (offer.task_id, offer.operation_metadata)));
        }
    }
    told.sort();
    let [(_, said), (plain, nothing)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((plain.as_str(), nothing.as_str()), ("plain", ""));
    let said: Value = serde_json::from_str(said).unwrap();
    assert_eq!(said["warehouse"]["connection"], RUN.to_string());
    assert_eq!(said["nowhere"], written["nowhere"], "as it is written");
}
