//! Questions to workers that nothing is decided on: each is answered, whatever becomes of the worker, and none is recorded.

use std::time::Duration;

use downbeat_coordinator::{
    engine::{Input, Inquiry, Output, Said, SessionId},
    limits,
};
use downbeat_domain::WorkerId;
use downbeat_proto::{events::v1::FailureClass, worker::v1 as wire};
use serde_json::{Map, json};
use wire::{check_answer::Answer, coordinator_message::Message as Told};

use crate::bench::{ADA, BOB, Bench};

const TIMEOUT: Duration = Duration::from_secs(20);

fn attach(bench: &mut Bench, session: SessionId, worker: WorkerId) {
    let kind =
        wire::CheckKind { integration: "GIT".to_owned(), sensor_type: "READ_FILE".to_owned(), ..Default::default() };
    let worker_id = bytes::Bytes::copy_from_slice(&worker.0);
    let hello = wire::Hello { worker_id, slots: 1, checks: vec![kind], ..wire::Hello::default() };
    bench.handle(Input::WorkerAttached { session, hello });
    bench.settle();
    bench.heard.clear();
}

fn ask(bench: &mut Bench, inquiry: u64) {
    let parameters = Map::from_iter([("path".to_owned(), json!("p.yml"))]);
    let what = Inquiry { integration: "GIT", kind: "READ_FILE", parameters, timeout: TIMEOUT };
    bench.handle(Input::Inquire { inquiry, what });
    bench.settle();
}

/// What a worker was asked over this connection, and what askers were told, since the last reading.
fn heard(bench: &mut Bench, session: SessionId) -> (Vec<wire::Check>, Vec<(u64, Said)>) {
    let (mut checks, mut told) = (Vec::new(), Vec::new());
    for output in bench.heard.drain(..) {
        match output {
            Output::Send { session: to, message: Told::Checks(more) } if to == session => checks.extend(more.checks),
            Output::Told { inquiry, said } => told.push((inquiry, said)),
            _ => {}
        }
    }
    (checks, told)
}

fn answer(bench: &mut Bench, session: SessionId, id: &bytes::Bytes, answer: Answer) {
    let answer = wire::CheckAnswer { id: id.clone(), answer: Some(answer) };
    bench.handle(Input::WorkerChecked { session, answers: vec![answer] });
    bench.settle();
}

fn passed(outputs: &str) -> Answer {
    Answer::Passed(wire::CheckPassed { outputs: outputs.to_owned() })
}

fn failed(class: FailureClass) -> Answer {
    Answer::Failed(wire::CheckFailed { failure_class: class as i32, message: "no".to_owned(), pause_seconds: 0 })
}

#[test]
fn what_a_worker_says_is_told_once_and_nothing_is_recorded() {
    let mut bench = Bench::new();
    attach(&mut bench, 5, ADA);
    let before = bench.log.len();
    let failed_with = |hopeless| Said::Failed { message: "no".to_owned(), hopeless };
    let unreadable = || Said::Lost("the worker's answer cannot be read by this version".to_owned());
    for (number, said, expected) in [
        (1, passed("{\"text\": \"x\"}"), Said::Answer(Map::from_iter([("text".to_owned(), json!("x"))]))),
        (2, passed("[]"), unreadable()),
        (3, failed(FailureClass::Misconfigured), failed_with(true)),
        (4, failed(FailureClass::Transient), failed_with(false)),
    ] {
        ask(&mut bench, number);
        let (checks, told) = heard(&mut bench, 5);
        let [check] = &checks[..] else { panic!("one question") };
        assert_eq!((check.parameters.as_str(), check.timeout_seconds, told.len()), (r#"{"path":"p.yml"}"#, 20, 0));
        answer(&mut bench, 6, &check.id, said.clone());
        assert_eq!(heard(&mut bench, 5).1, [], "another connection has nothing to say to it");
        answer(&mut bench, 5, &check.id, said.clone());
        answer(&mut bench, 5, &check.id, said);
        assert_eq!(heard(&mut bench, 5).1, [(number, expected)]);
    }
    assert_eq!(bench.log.len(), before);
}

#[test]
fn who_cannot_be_asked_or_does_not_answer_leaves_nobody_waiting() {
    let mut bench = Bench::new();
    let nobody = |bench: &mut Bench, session, number: u64, why: &str| {
        let told = heard(bench, session).1;
        let [(inquiry, Said::Nobody(said))] = &told[..] else { panic!("{told:?}") };
        assert!(*inquiry == number && said.contains(why), "{told:?}");
    };
    // Somebody may have done it.
    let lost = |bench: &mut Bench, session, number: u64, why: &str| {
        let told = heard(bench, session).1;
        let [(inquiry, Said::Lost(said))] = &told[..] else { panic!("{told:?}") };
        assert!(*inquiry == number && said.contains(why), "{told:?}");
    };
    ask(&mut bench, 1);
    nobody(&mut bench, 5, 1, "no worker that can read repositories is attached");

    attach(&mut bench, 5, ADA);
    ask(&mut bench, 2);
    let late = heard(&mut bench, 5).0[0].id.clone();
    for _ in 0..(TIMEOUT + limits::CHECK_MARGIN).as_secs() + 1 {
        bench.pass(1);
        bench.handle(Input::WorkerHeartbeat { session: 5 });
        bench.settle();
    }
    lost(&mut bench, 5, 2, "did not answer in time");
    answer(&mut bench, 5, &late, passed("{}"));
    assert_eq!(heard(&mut bench, 5).1, [], "too late");

    ask(&mut bench, 3);
    bench.heard.clear();
    attach(&mut bench, 6, BOB);
    bench.handle(Input::WorkerDetached { session: 5 });
    bench.settle();
    lost(&mut bench, 6, 3, "is gone");

    // As many as one worker takes, and no more.
    for number in 0..limits::CHECKS_PER_WORKER_MAX as u64 {
        ask(&mut bench, 100 + number);
    }
    assert_eq!(heard(&mut bench, 6).0.len(), limits::CHECKS_PER_WORKER_MAX);
    ask(&mut bench, 9);
    nobody(&mut bench, 6, 9, "");
}
