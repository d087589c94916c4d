//! Alerts: who is asked to tell what and when, and what becomes of answers that are late, lost or bad.

use downbeat_coordinator::{
    engine::{Input, Output, SessionId},
    limits,
};
use downbeat_domain::{
    AlertId, Command, RunId, RunStatus, WorkerId,
    plan::{Plan, PlanAlert, PlanDestination},
};
use downbeat_proto::{events::v1::FailureClass, worker::v1 as wire};
use wire::{check_answer::Answer, coordinator_message::Message as Told};

use crate::bench::{ADA, BOB, Bench, applied_plan, start, task};

/// A run was cancelled, and somebody is to be told by this integration.
fn cancelled(integration: &str) -> Bench {
    let destination = PlanDestination { integration: integration.to_owned(), ..PlanDestination::default() };
    let alert = PlanAlert {
        name: "oops".to_owned(),
        statuses: vec![RunStatus::Cancelled],
        destinations: vec![destination],
        ..PlanAlert::default()
    };
    let mut bench = Bench::new();
    let plan = Plan { tasks: vec![task("a")], alerts: vec![alert], ..Plan::default() };
    bench.call(1, applied_plan(plan));
    bench.call(2, start(RunId([7; 16])));
    bench.settle();
    bench
}

fn cancel(bench: &mut Bench) {
    let run = *bench.engine.partition().runs.keys().next().unwrap();
    bench.call(3, Command::CancelRun { run, reason: String::new() });
    bench.settle();
}

fn attach(bench: &mut Bench, session: SessionId, worker: WorkerId) {
    let kind = wire::CheckKind { integration: "SLACK".to_owned(), sensor_type: "ALERT".to_owned(), sealed_only: false };
    let worker_id = bytes::Bytes::copy_from_slice(&worker.0);
    let hello = wire::Hello { worker_id, slots: 1, checks: vec![kind], ..wire::Hello::default() };
    bench.handle(Input::WorkerAttached { session, hello });
    bench.settle();
}

/// What was to be told over this connection since the last reading.
fn told(bench: &mut Bench, session: SessionId) -> Vec<wire::Check> {
    let checks = bench.heard.drain(..).filter_map(|output| match output {
        Output::Send { session: to, message: Told::Checks(checks) } if to == session => Some(checks.checks),
        _ => None,
    });
    checks.flatten().collect()
}

fn answer(bench: &mut Bench, session: SessionId, check: &wire::Check, answer: Answer) {
    let answer = wire::CheckAnswer { id: check.id.clone(), answer: Some(answer) };
    bench.handle(Input::WorkerChecked { session, answers: vec![answer] });
    bench.settle();
}

fn failed(class: FailureClass) -> Answer {
    Answer::Failed(wire::CheckFailed { failure_class: class as i32, message: "no answer".to_owned(), pause_seconds: 0 })
}

fn delivered() -> Answer {
    Answer::Passed(wire::CheckPassed { outputs: "{}".to_owned() })
}

/// Beats, so that no lease ends meanwhile.
fn wait(bench: &mut Bench, session: SessionId, seconds: u64) {
    for _ in 0..seconds {
        bench.pass(1);
        bench.handle(Input::WorkerHeartbeat { session });
        bench.settle();
    }
}

fn owed(bench: &Bench) -> Vec<AlertId> {
    bench.engine.partition().alerts.owed.keys().copied().collect()
}

#[test]
fn a_worker_is_asked_to_tell_it_once_the_end_is_in_the_log() {
    let mut bench = cancelled("SLACK");
    attach(&mut bench, 5, ADA);
    let before = bench.log.len();
    cancel(&mut bench);
    let [check] = &told(&mut bench, 5)[..] else { panic!("one alert") };
    assert_eq!((check.integration.as_str(), check.sensor_type.as_str()), ("SLACK", "ALERT"));
    assert!(check.parameters.contains("\"status\":\"CANCELLED\""), "{}", check.parameters);
    answer(&mut bench, 5, check, delivered());
    let kinds = bench.kinds_since(before);
    assert_eq!(kinds[kinds.len() - 3..], ["ALERTS_RAISED", "RUN_FINISHED", "ALERT_DELIVERED"]);
    assert_eq!(owed(&bench), []);
    // It is answered twice.
    answer(&mut bench, 5, check, delivered());
    assert_eq!(bench.kinds_since(before), kinds);
}

#[test]
fn a_bad_answer_is_followed_by_another_try_after_a_pause() {
    let mut bench = cancelled("SLACK");
    attach(&mut bench, 5, ADA);
    cancel(&mut bench);
    let first = told(&mut bench, 5);
    answer(&mut bench, 5, &first[0], failed(FailureClass::Transient));
    wait(&mut bench, 5, 4);
    assert_eq!(told(&mut bench, 5), []);
    wait(&mut bench, 5, 1);
    let again = told(&mut bench, 5);
    assert_eq!(again[0].parameters, first[0].parameters, "the same is told");
    answer(&mut bench, 5, &again[0], failed(FailureClass::Misconfigured));
    assert_eq!(owed(&bench), [], "what is wrong with the connection stays wrong");
    let dead = bench.engine.partition().alerts.dead[0].alert.id;
    bench.call(4, Command::RetryAlert { alert: dead });
    bench.settle();
    let retried = told(&mut bench, 5);
    answer(&mut bench, 5, &retried[0], delivered());
    assert!(bench.engine.partition().alerts.dead.is_empty());
}

#[test]
fn a_worker_that_does_not_answer_or_goes_is_not_waited_for() {
    let mut bench = cancelled("SLACK");
    attach(&mut bench, 5, ADA);
    cancel(&mut bench);
    assert_eq!(told(&mut bench, 5).len(), 1);
    let before = bench.log.len();
    wait(&mut bench, 5, (limits::ALERT_TIMEOUT + limits::CHECK_MARGIN).as_secs() + 5);
    assert_eq!(bench.kinds_since(before), ["ALERT_FAILED"]);
    assert_eq!(told(&mut bench, 5).len(), 1, "asked again");
    attach(&mut bench, 6, BOB);
    bench.handle(Input::WorkerDetached { session: 5 });
    bench.settle();
    let other = told(&mut bench, 6);
    assert_eq!(other.len(), 1, "the other one tells it");
    answer(&mut bench, 6, &other[0], delivered());
    assert_eq!(owed(&bench), []);
}

#[test]
fn an_alert_that_no_worker_can_tell_fails_and_says_so() {
    let mut bench = cancelled("PAGER_DUTY");
    attach(&mut bench, 5, ADA);
    let before = bench.log.len();
    cancel(&mut bench);
    assert_eq!(told(&mut bench, 5), []);
    assert!(bench.kinds_since(before).contains(&"ALERT_FAILED".to_owned()));
    assert_eq!(owed(&bench).len(), 1, "it is tried again");
}

#[test]
fn the_next_owner_tells_what_is_owed() {
    let mut bench = cancelled("SLACK");
    attach(&mut bench, 5, ADA);
    cancel(&mut bench);
    let before = told(&mut bench, 5);
    let mut bench = Bench::owned(2, bench.log, bench.now);
    attach(&mut bench, 6, BOB);
    wait(&mut bench, 6, 6);
    let again = told(&mut bench, 6);
    assert_eq!(again[0].parameters, before[0].parameters);
    // What the owner before asked counts for nothing here.
    answer(&mut bench, 6, &before[0], delivered());
    assert_eq!(owed(&bench).len(), 1);
    answer(&mut bench, 6, &again[0], delivered());
    assert_eq!(owed(&bench), []);
}
