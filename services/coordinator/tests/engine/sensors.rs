//! Polls of open windows: who is asked what and when, and what becomes of answers that are late, lost or not to be read.

use downbeat_coordinator::{
    engine::{Input, Output, SessionId},
    limits,
};
use downbeat_domain::{
    Command, FireSchedule, WorkerId,
    plan::{Plan, PlanCheck, PlanSchedule, PlanSensor},
};
use downbeat_proto::worker::v1 as wire;
use wire::{check_answer::Answer, coordinator_message::Message as Told};

use crate::bench::{ADA, BOB, Bench, PIPELINE, applied_plan, task};

/// Sensors `s0`, `s1`, ..., each with so many checks; polls every 60 seconds, for an hour.
fn sensing(sensors: usize, checks: usize) -> Bench {
    let check = |place: usize| PlanCheck {
        id: format!("c{place}"),
        integration: "I".to_owned(),
        sensor_type: format!("K{place}"),
        ..PlanCheck::default()
    };
    let sensor = |place: usize| PlanSensor {
        id: format!("s{place}"),
        schedule: PlanSchedule { name: PlanSensor::schedule_name(&format!("s{place}")), ..PlanSchedule::default() },
        timeout_ms: 3_600_000,
        frequency_ms: 60_000,
        checks: (0..checks).map(check).collect(),
        ..PlanSensor::default()
    };
    let mut bench = Bench::new();
    let plan = Plan { tasks: vec![task("a")], sensors: (0..sensors).map(sensor).collect(), ..Plan::default() };
    bench.call(1, applied_plan(plan));
    bench.settle();
    bench.heard.clear();
    bench
}

fn open(bench: &mut Bench, sensor: &str) {
    let instant = bench.now.wall;
    let schedule = PlanSensor::schedule_name(sensor);
    let after = bench.engine.partition().pipelines[&PIPELINE].watermarks.get(&schedule).copied();
    let fire =
        FireSchedule { version: 0, pipeline: PIPELINE, schedule, instant, after, passed: Vec::new(), fires: true };
    bench.call(9, Command::FireSchedule(fire));
    bench.settle();
    bench.heard.retain(|output| !matches!(output, Output::Reply { .. }));
}

fn attach(bench: &mut Bench, session: SessionId, worker: WorkerId, kinds: &[&str]) {
    let kind = |kind: &&str| wire::CheckKind {
        integration: "I".to_owned(),
        sensor_type: (*kind).to_owned(),
        sealed_only: false,
    };
    let hello = wire::Hello {
        worker_id: bytes::Bytes::copy_from_slice(&worker.0),
        slots: 1,
        checks: kinds.iter().map(kind).collect(),
        ..wire::Hello::default()
    };
    bench.handle(Input::WorkerAttached { session, hello });
    bench.settle();
    let welcome = |output: &Output| matches!(output, Output::Send { message: Told::Welcome(_), .. });
    assert!(bench.heard.iter().any(welcome), "{session}");
    bench.heard.retain(|output| !welcome(output));
}

/// Ids of the checks that were sent to this connection since the last reading.
fn asked(bench: &mut Bench, session: SessionId) -> Vec<bytes::Bytes> {
    let ids = bench.heard.drain(..).filter_map(|output| match output {
        Output::Send { session: to, message: Told::Checks(checks) } if to == session => {
            Some(checks.checks.into_iter().map(|check| check.id).collect::<Vec<_>>())
        }
        _ => None,
    });
    ids.flatten().collect()
}

fn answer(bench: &mut Bench, session: SessionId, ids: &[bytes::Bytes], answer: &Answer) {
    let answers = ids.iter().map(|id| wire::CheckAnswer { id: id.clone(), answer: Some(answer.clone()) });
    bench.handle(Input::WorkerChecked { session, answers: answers.collect() });
    bench.settle();
}

fn passed() -> Answer {
    Answer::Passed(wire::CheckPassed { outputs: String::new() })
}

fn pending(message: &str) -> Answer {
    Answer::Pending(wire::CheckPending { message: message.to_owned() })
}

/// Beats, so that no lease ends meanwhile.
fn wait(bench: &mut Bench, sessions: &[SessionId], seconds: u64) {
    for _ in 0..seconds {
        bench.pass(1);
        sessions.iter().for_each(|session| bench.handle(Input::WorkerHeartbeat { session: *session }));
        bench.settle();
    }
}

/// What the window of a sensor shows of its checks.
fn found(bench: &Bench, sensor: &str) -> Vec<String> {
    let windows = &bench.engine.partition().pipelines[&PIPELINE].windows;
    windows[sensor].findings.iter().map(|found| format!("{} {}", found.state, found.message)).collect()
}

#[test]
fn all_checks_of_a_window_are_asked_at_once_and_decided_on_together() {
    let mut bench = sensing(1, 2);
    attach(&mut bench, 5, ADA, &["K0"]);
    attach(&mut bench, 6, BOB, &["K1"]);
    let before = bench.log.len();
    open(&mut bench, "s0");
    assert_eq!(bench.read(), ["5 check K0", "6 check K1"]);
    wait(&mut bench, &[5, 6], 60);
    assert_eq!(asked(&mut bench, 5).len(), 0, "nobody has answered, and nobody is asked twice meanwhile");
    assert_eq!(bench.kinds_since(before), ["SENSOR_OPENED"]);
}

#[test]
fn a_window_is_asked_again_after_its_pause_and_starts_its_run_when_all_have_passed() {
    let mut bench = sensing(1, 2);
    attach(&mut bench, 5, ADA, &["K0", "K1"]);
    open(&mut bench, "s0");
    let before = bench.log.len();
    let ids = asked(&mut bench, 5);
    answer(&mut bench, 5, &ids[..1], &passed());
    assert_eq!(bench.kinds_since(before), Vec::<String>::new(), "the other check is under way");
    answer(&mut bench, 5, &ids[1..], &pending("no file"));
    assert_eq!(bench.kinds_since(before), ["SENSOR_CHECKED"]);
    assert_eq!(found(&bench, "s0"), ["PASSED ", "PENDING no file"]);
    wait(&mut bench, &[5], 59);
    assert_eq!(asked(&mut bench, 5).len(), 0);
    wait(&mut bench, &[5], 1);
    let again = asked(&mut bench, 5);
    assert_eq!(again.len(), 2);
    // An answer to the poll before is void.
    answer(&mut bench, 5, &ids, &passed());
    assert_eq!(bench.kinds_since(before), ["SENSOR_CHECKED"]);
    answer(&mut bench, 5, &again, &passed());
    assert_eq!(bench.kinds_since(before), ["SENSOR_CHECKED", "RUN_CREATED", "TASK_READY"]);
    wait(&mut bench, &[5], 120);
    assert_eq!(asked(&mut bench, 5).len(), 0, "the window is closed");
}

#[test]
fn what_no_worker_can_find_out_is_said_and_asked_again() {
    let mut bench = sensing(1, 1);
    open(&mut bench, "s0");
    assert_eq!(found(&bench, "s0"), ["PENDING no worker that can make I/K0 is attached"]);
    attach(&mut bench, 5, ADA, &["K0"]);
    wait(&mut bench, &[5], 60);
    assert_eq!(asked(&mut bench, 5).len(), 1);
}

#[test]
fn a_worker_that_does_not_answer_is_given_up_and_one_that_goes_is_replaced_at_once() {
    let mut bench = sensing(1, 1);
    attach(&mut bench, 5, ADA, &["K0"]);
    attach(&mut bench, 6, BOB, &["K0"]);
    open(&mut bench, "s0");
    assert_eq!(asked(&mut bench, 5).len(), 1);
    bench.handle(Input::WorkerDetached { session: 5 });
    bench.settle();
    assert_eq!(asked(&mut bench, 6).len(), 1);
    wait(&mut bench, &[6], 60 + limits::CHECK_MARGIN.as_secs());
    assert_eq!(found(&bench, "s0"), ["FAILED the worker did not answer within 70 seconds"]);
    assert_eq!(asked(&mut bench, 6).len(), 1, "and asked again, as its pause is over");
}

#[test]
fn a_new_owner_asks_at_once() {
    let mut bench = sensing(1, 1);
    attach(&mut bench, 5, ADA, &["K0"]);
    open(&mut bench, "s0");
    let ids = asked(&mut bench, 5);
    let (log, now) = (bench.log, bench.now);
    let mut bench = Bench::owned(2, log, now);
    attach(&mut bench, 5, ADA, &["K0"]);
    let again = asked(&mut bench, 5);
    assert_eq!(again.len(), 1);
    // An answer to the owner before is void.
    answer(&mut bench, 5, &ids, &passed());
    assert!(bench.engine.partition().runs.is_empty());
    answer(&mut bench, 5, &again, &passed());
    assert_eq!(bench.engine.partition().runs.len(), 1);
}

#[test]
fn a_worker_has_no_more_checks_in_hand_than_it_takes_and_the_rest_waits() {
    let mut bench = sensing(limits::CHECKS_PER_WORKER_MAX + 1, 1);
    attach(&mut bench, 5, ADA, &["K0"]);
    (0..=limits::CHECKS_PER_WORKER_MAX).for_each(|place| open(&mut bench, &format!("s{place}")));
    let ids = asked(&mut bench, 5);
    assert_eq!(ids.len(), limits::CHECKS_PER_WORKER_MAX);
    wait(&mut bench, &[5], 5);
    assert_eq!(asked(&mut bench, 5).len(), 0);
    answer(&mut bench, 5, &ids[..1], &pending(""));
    wait(&mut bench, &[5], 1);
    assert_eq!(asked(&mut bench, 5).len(), 1);
}

#[test]
fn answers_that_cannot_be_read_are_checks_that_could_not_be_made() {
    let large = format!("{{\"x\": \"{}\"}}", "y".repeat(limits::CHECK_OUTPUT_BYTES_MAX));
    for (outputs, words) in [("[1]".to_owned(), "no JSON object"), (large, "more than 65536 bytes")] {
        let mut bench = sensing(1, 1);
        attach(&mut bench, 5, ADA, &["K0"]);
        open(&mut bench, "s0");
        let ids = asked(&mut bench, 5);
        // Of nobody's poll.
        answer(&mut bench, 5, &[bytes::Bytes::from_static(b"x"), bytes::Bytes::from(vec![9; 12])], &passed());
        answer(&mut bench, 7, &ids, &passed());
        answer(&mut bench, 5, &ids, &Answer::Passed(wire::CheckPassed { outputs }));
        assert!(found(&bench, "s0")[0].contains(words), "{:?}", found(&bench, "s0"));
    }
}

#[test]
fn a_window_closes_in_time_whatever_its_checks_do() {
    let mut bench = sensing(1, 1);
    attach(&mut bench, 5, ADA, &["K0"]);
    open(&mut bench, "s0");
    let before = bench.log.len();
    bench.jump(3_600);
    bench.handle(Input::Tick);
    bench.settle();
    assert_eq!(bench.kinds_since(before), ["SENSOR_CLOSED"]);
    let ids = asked(&mut bench, 5);
    answer(&mut bench, 5, &ids, &passed());
    assert_eq!(bench.kinds_since(before), ["SENSOR_CLOSED"]);
}
