//! Checks of sensors, as given/when/then.

use std::time::Duration;

use bytes::Bytes;
use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::{
    Check, Checks, WorkerMessage, check_answer::Answer, coordinator_message::Message as FromCoordinator,
    worker_message::Message as ToCoordinator,
};

use super::{Scene, python};
use crate::engine::{CheckTicket, Input, Output};
use crate::verdict::Verdict;

fn asked(ids: impl IntoIterator<Item = u16>) -> FromCoordinator {
    let checks = ids.into_iter().map(|id| Check { id: name(id), timeout_seconds: 20, ..Check::default() });
    FromCoordinator::Checks(Checks { checks: checks.collect() })
}

fn name(id: u16) -> Bytes {
    Bytes::copy_from_slice(&id.to_be_bytes())
}

fn passed() -> Verdict {
    Verdict::Passed { outputs: "{}".to_owned() }
}

fn begun(outputs: &[Output]) -> Vec<CheckTicket> {
    let tickets = outputs.iter().filter_map(|output| match output {
        Output::Check(ticket, _) => Some(*ticket),
        _ => None,
    });
    tickets.collect()
}

fn abandoned(outputs: &[Output]) -> Vec<CheckTicket> {
    let tickets = outputs.iter().filter_map(|output| match output {
        Output::AbandonCheck(ticket) => Some(*ticket),
        _ => None,
    });
    tickets.collect()
}

/// Id and kind of every answer, one list per message.
fn answers(outputs: &[Output]) -> Vec<Vec<(Bytes, String)>> {
    let messages = outputs.iter().filter_map(|output| match output {
        Output::Send(WorkerMessage { message: Some(ToCoordinator::CheckAnswers(answers)) }) => Some(&answers.answers),
        _ => None,
    });
    let kind = |answer: &Answer| match answer {
        Answer::Passed(_) => "passed".to_owned(),
        Answer::Pending(_) => "pending".to_owned(),
        Answer::Failed(failed) => format!("{:?}", failed.failure_class()),
    };
    messages.map(|list| list.iter().map(|one| (one.id.clone(), kind(one.answer.as_ref().unwrap()))).collect()).collect()
}

#[test]
fn answers_of_one_step_share_a_message_and_are_said_once() {
    let mut scene = Scene::attached();
    assert_eq!(begun(&scene.hear(asked([1, 2]))), [1, 2]);
    let pending = Verdict::Pending { message: "no".to_owned() };
    let outputs = scene.step(vec![Input::Checked(1, passed()), Input::Checked(2, pending)]);
    assert_eq!(answers(&outputs), [[(name(1), "passed".to_owned()), (name(2), "pending".to_owned())]]);
    assert!(scene.step(vec![Input::Checked(1, passed())]).is_empty());
    assert_eq!(begun(&scene.hear(asked([1]))), [3], "whoever asks again has it made again");
}

#[test]
fn what_is_asked_twice_is_made_once() {
    let mut scene = Scene::attached();
    assert_eq!(begun(&scene.hear(asked([1, 1]))), [1]);
    assert!(begun(&scene.hear(asked([1]))).is_empty());
}

#[test]
fn beyond_those_that_are_made_others_wait_in_order_and_beyond_these_the_worker_is_busy() {
    let mut scene = Scene::attached();
    let outputs = scene.hear(asked(0..32 + 256 + 2));
    assert_eq!(begun(&outputs).len(), 32);
    assert_eq!(answers(&outputs), [[(name(288), "Transient".to_owned()), (name(289), "Transient".to_owned())]]);
    let outputs = scene.step(vec![Input::Checked(1, passed())]);
    let [Output::Check(33, check), Output::Send(_)] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!(check.id, name(32), "the first that waited");
}

#[test]
fn checks_take_no_slot_and_attempts_take_no_check() {
    let mut scene = Scene::attached();
    scene.hear(asked(0..32));
    assert!(scene.hear(python(1)).iter().any(|output| matches!(output, Output::Run(..))));
    assert_eq!(scene.engine.running(), 1);
}

#[test]
fn time_counts_from_when_it_was_asked_also_for_those_that_wait() {
    let mut scene = Scene::attached();
    scene.hear(asked(0..33));
    scene.now = Duration::from_secs(12);
    scene.hear(FromCoordinator::Heartbeat(Default::default()));
    scene.hear(asked([100]));
    scene.wait(0);
    // The heartbeat comes first.
    let outputs = scene.wait(8);
    assert_eq!(abandoned(&outputs).len(), 32);
    let timed_out = answers(&outputs).concat();
    assert_eq!(timed_out.len(), 33);
    assert!(timed_out.iter().all(|(_, kind)| *kind == format!("{:?}", FailureClass::TimedOut)));
    assert_eq!(begun(&outputs), [33], "the one whose time is not over is made now");
    assert_eq!(scene.engine.next_deadline(), Some(Duration::from_secs(22)), "its lease ends later");
    assert!(scene.step(vec![Input::Checked(1, passed())]).is_empty(), "an answer that comes too late is nobody's");
}

#[test]
fn nothing_outlives_its_connection() {
    type End = fn(&mut Scene) -> Vec<Output>;
    let ends: [(&str, End); 4] = [
        ("it was lost", Scene::disconnect),
        ("a new one is there", |scene| {
            scene.connection += 1;
            let connection = scene.connection;
            scene.step(vec![Input::Connected(connection)])
        }),
        ("the lease ran out", |scene| scene.wait(25)),
        ("the worker ends", |scene| scene.step(vec![Input::ShutDown])),
    ];
    for (why, end) in ends {
        let mut scene = Scene::attached();
        let mut long = asked(0..40);
        if let FromCoordinator::Checks(checks) = &mut long {
            checks.checks.iter_mut().for_each(|check| check.timeout_seconds = 600);
        }
        scene.hear(long);
        let outputs = end(&mut scene);
        assert_eq!(abandoned(&outputs).len(), 32, "{why}");
        assert!(begun(&outputs).is_empty() && answers(&outputs).is_empty(), "{why}");
        assert!(scene.step(vec![Input::Checked(1, passed())]).is_empty(), "{why}");
    }
}

#[test]
fn a_worker_that_ends_begins_no_check() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    scene.step(vec![Input::ShutDown]);
    assert!(scene.hear(asked([1])).is_empty());
}

#[test]
fn ids_are_bounded_and_times_too() {
    let mut scene = Scene::attached();
    for id in [Bytes::new(), Bytes::from_static(&[1; 65])] {
        let checks = vec![Check { id, ..Check::default() }];
        let outputs = scene.hear(FromCoordinator::Checks(Checks { checks }));
        assert!(matches!(outputs.as_slice(), [Output::Ignored(_)]), "{outputs:?}");
    }
    scene.hear(FromCoordinator::Checks(Checks { checks: vec![Check { id: name(1), ..Check::default() }] }));
    assert_eq!(scene.engine.next_deadline(), Some(Duration::from_secs(1)));
}

#[test]
fn large_answers_are_said_in_several_messages() {
    let mut scene = Scene::attached();
    scene.hear(asked(0..32));
    let large = Verdict::Passed { outputs: "x".repeat(60_000) };
    let outputs = scene.step((1..=32).map(|ticket| Input::Checked(ticket, large.clone())).collect());
    let messages = answers(&outputs);
    assert_eq!((messages.len(), messages.concat().len()), (2, 32));
}
