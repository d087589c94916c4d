//! The engine's promises as given/when/then.

mod checks;
mod remote;

use std::time::Duration;

use bytes::Bytes;
use downbeat_proto::events::v1::StopReason;
use downbeat_proto::worker::v1::{
    Acknowledged, CoordinatorMessage, HeartbeatAnswer, Job, Offer, Offers, Report, Stop, Stops, Welcome, WorkerMessage,
    coordinator_message::Message as FromCoordinator, report::Report as ReportKind,
    worker_message::Message as ToCoordinator,
};

use super::{Engine, Identity, Input, Now, Output};
use crate::attempt::{AttemptId, Collection, Ended, Ending, Failure};

struct Scene {
    engine: Engine,
    now: Duration,
    connection: u64,
}

fn attempt(task: u32) -> AttemptId {
    AttemptId { run: [1; 16], task, number: 1 }
}

fn offer(task: u32, job: &str) -> Offer {
    Offer {
        attempt: Some(attempt(task).to_wire()),
        integration: if job == "NOOP" { "DOWNBEAT" } else { "PYTHON" }.to_owned(),
        integration_job: job.to_owned(),
        ..Offer::default()
    }
}

fn offers(offers: Vec<Offer>) -> FromCoordinator {
    FromCoordinator::Offers(Offers { offers })
}

fn python(task: u32) -> FromCoordinator {
    offers(vec![offer(task, "PYTHON_EXECUTE_SCRIPT")])
}

fn stop(task: u32) -> FromCoordinator {
    let reason = StopReason::StopCancelled.into();
    FromCoordinator::Stops(Stops {
        stops: vec![Stop { attempt: Some(attempt(task).to_wire()), reason, ..Stop::default() }],
    })
}

fn acknowledged(up_to: u64) -> FromCoordinator {
    FromCoordinator::Acknowledged(Acknowledged { up_to })
}

fn success() -> Ending {
    Ending::Succeeded { warning: false, outputs: String::new(), message: String::new() }
}

impl Scene {
    fn new() -> Self {
        let identity = Identity {
            worker_id: Bytes::from_static(&[9; 16]),
            name: "w".to_owned(),
            slots: 4,
            jobs: vec![Job {
                integration: "PYTHON".to_owned(),
                integration_job: "REMOTE".to_owned(),
                remote: true,
                sealed_only: false,
            }],
            checks: vec![],
            labels: [("zone".to_owned(), "eu".to_owned())].into(),
        };
        Self { engine: Engine::new(identity), now: Duration::ZERO, connection: 0 }
    }

    /// Attached with a lease of 30 s, at time 0.
    fn attached() -> Self {
        let mut scene = Self::new();
        scene.connect();
        scene
    }

    fn step(&mut self, inputs: Vec<Input>) -> Vec<Output> {
        self.engine.handle(Now { monotonic: self.now, wall_micros: 1_000 }, inputs)
    }

    /// Returns the attempts that the hello names, and what follows the welcome.
    fn connect(&mut self) -> (Vec<AttemptId>, Vec<Output>) {
        self.connection += 1;
        let outputs = self.step(vec![Input::Connected(self.connection)]);
        let [Output::Send(WorkerMessage { message: Some(ToCoordinator::Hello(hello)) })] = outputs.as_slice() else {
            panic!("only a hello may follow a connection: {outputs:?}");
        };
        assert_eq!(hello.labels["zone"], "eu", "the labels are said with every hello");
        let in_hand = hello.in_hand.iter().map(|wire| AttemptId::from_wire(Some(wire)).unwrap()).collect();
        let welcome = Welcome { lease_milliseconds: 30_000, coordinator: "c".to_owned(), connections: None };
        (in_hand, self.hear(FromCoordinator::Welcome(welcome)))
    }

    fn hear(&mut self, message: FromCoordinator) -> Vec<Output> {
        let message = CoordinatorMessage { message: Some(message) };
        self.step(vec![Input::Message(self.connection, message)])
    }

    fn disconnect(&mut self) -> Vec<Output> {
        self.step(vec![Input::Disconnected(self.connection)])
    }

    fn finish(&mut self, task: u32, ending: Ending) -> Vec<Output> {
        self.step(vec![Input::Finished(attempt(task), Box::new(ending.into()))])
    }

    fn wait(&mut self, seconds: u64) -> Vec<Output> {
        self.now += Duration::from_secs(seconds);
        self.step(vec![])
    }
}

fn kind(report: &Report) -> &'static str {
    match report.report.as_ref().unwrap() {
        ReportKind::Started(_) => "started",
        ReportKind::Succeeded(_) => "succeeded",
        ReportKind::Failed(_) => "failed",
        ReportKind::Stopped(_) => "stopped",
        ReportKind::Collected(_) => "collected",
        ReportKind::Abandoned(_) => "abandoned",
    }
}

/// Number, task and kind of every report, one list per message.
fn reports(outputs: &[Output]) -> Vec<Vec<(u64, u32, &'static str)>> {
    let messages = outputs.iter().filter_map(|output| match output {
        Output::Send(WorkerMessage { message: Some(ToCoordinator::Reports(reports)) }) => Some(&reports.reports),
        _ => None,
    });
    messages
        .map(|reports| reports.iter().map(|r| (r.number, r.attempt.as_ref().unwrap().task, kind(r))).collect())
        .collect()
}

fn heartbeats(outputs: &[Output]) -> usize {
    let is_beat =
        |output: &&Output| matches!(output, Output::Send(WorkerMessage { message: Some(ToCoordinator::Heartbeat(_)) }));
    outputs.iter().filter(is_beat).count()
}

#[test]
fn no_op_tasks_of_one_message_are_answered_in_one_message() {
    let mut scene = Scene::attached();
    let outputs = scene.hear(offers(vec![offer(1, "NOOP"), offer(2, "NOOP")]));
    let expected = [(1, 1, "started"), (2, 1, "succeeded"), (3, 2, "started"), (4, 2, "succeeded")];
    assert_eq!(reports(&outputs), [expected]);
    assert_eq!(scene.engine.running(), 0);
}

#[test]
fn an_attempt_in_hand_is_run_once_however_often_it_is_offered() {
    let mut scene = Scene::attached();
    let outputs = scene.hear(offers(vec![offer(1, "X"), offer(1, "X")]));
    assert_eq!(outputs.iter().filter(|output| matches!(output, Output::Run(..))).count(), 1);
    assert_eq!(reports(&outputs), [[(1, 1, "started")]]);
    assert!(scene.hear(python(1)).is_empty());
    // Its outcome is not acknowledged yet: still in hand.
    assert_eq!(reports(&scene.finish(1, success())), [[(2, 1, "succeeded")]]);
    assert!(scene.hear(python(1)).is_empty());
}

#[test]
fn after_a_reconnect_everything_unacknowledged_is_in_hand_and_said_again_under_its_number() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    scene.hear(python(2));
    scene.finish(1, success());
    scene.hear(acknowledged(1));
    scene.disconnect();
    // Ended while nobody listened.
    assert!(scene.finish(2, success()).is_empty());

    let (in_hand, outputs) = scene.connect();
    assert_eq!(in_hand, [attempt(1), attempt(2)]);
    assert_eq!(reports(&outputs), [[(2, 2, "started"), (3, 1, "succeeded"), (4, 2, "succeeded")]]);

    scene.hear(acknowledged(4));
    scene.disconnect();
    let (in_hand, outputs) = scene.connect();
    assert!(in_hand.is_empty() && outputs.is_empty());
}

#[test]
fn messages_of_an_earlier_connection_are_not_heard() {
    let mut scene = Scene::attached();
    scene.connect();
    let stale = CoordinatorMessage { message: Some(python(1)) };
    assert!(scene.step(vec![Input::Message(1, stale), Input::Disconnected(1)]).is_empty());
    assert_eq!(scene.hear(python(1)).len(), 2, "the newest connection still works");
}

#[test]
fn collected_metadata_stands_between_start_and_outcome() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    let collection = Collection { assets: vec![Default::default()], ..Collection::default() };
    let ended = Ended { ending: Failure::job("no").into(), collection };
    let outputs = scene.step(vec![Input::Finished(attempt(1), Box::new(ended))]);
    assert_eq!(reports(&outputs), [[(2, 1, "collected"), (3, 1, "failed")]]);
}

#[test]
fn a_stop_is_carried_out_once_and_answered_when_the_attempt_is_gone() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    assert_eq!(scene.hear(stop(1)), [Output::Stop(attempt(1))]);
    assert!(scene.hear(stop(1)).is_empty(), "a repeated stop must not begin the grace anew");
    assert_eq!(reports(&scene.finish(1, Ending::Stopped)), [[(2, 1, "stopped")]]);
}

#[test]
fn an_outcome_that_was_there_before_the_stop_stands() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    scene.hear(stop(1));
    assert_eq!(reports(&scene.finish(1, success())), [[(2, 1, "succeeded")]]);
    assert!(scene.hear(stop(1)).is_empty());
}

#[test]
fn a_stop_for_something_unknown_is_answered() {
    let mut scene = Scene::attached();
    assert_eq!(reports(&scene.hear(stop(7))), [[(1, 7, "stopped")]]);
    assert!(scene.hear(stop(7)).is_empty(), "said already, and not acknowledged yet");
    scene.hear(acknowledged(1));
    assert_eq!(reports(&scene.hear(stop(7))), [[(2, 7, "stopped")]]);
}

#[test]
fn heartbeats_come_at_a_third_of_the_lease_and_answers_renew_it_from_when_they_were_asked() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    assert_eq!(scene.engine.next_deadline(), Some(Duration::from_secs(10)));
    for _ in 0..10 {
        assert_eq!(heartbeats(&scene.wait(10)), 1);
        scene.now += Duration::from_secs(1);
        assert!(scene.hear(FromCoordinator::Heartbeat(HeartbeatAnswer {})).is_empty());
        scene.now -= Duration::from_secs(1);
    }
    assert_eq!(scene.engine.running(), 1);
}

#[test]
fn without_answers_everything_is_killed_before_the_lease_ends_and_in_hand_until_it_is_gone() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    scene.hear(python(2));
    scene.finish(2, success());
    scene.wait(10);
    // Other messages do not renew it: the coordinator counts heartbeats.
    scene.now += Duration::from_secs(14);
    scene.hear(acknowledged(0));
    let outputs = scene.wait(1);
    assert!(outputs.contains(&Output::Kill(attempt(1))), "{outputs:?}");
    assert!(outputs.contains(&Output::LeaseLost { killed: 1, forgotten: 3 }), "{outputs:?}");
    assert!(outputs.iter().any(|output| matches!(output, Output::Disconnect(_))));

    let (in_hand, outputs) = scene.connect();
    assert_eq!(in_hand, [attempt(1)], "what is dying must not be given to somebody else yet");
    assert!(outputs.is_empty(), "nothing is said of what was forgotten");
    assert!(scene.hear(python(1)).is_empty(), "and is not begun beside itself");
    assert_eq!(reports(&scene.finish(1, success())), [[(4, 1, "stopped")]], "its outcome is nobody's any more");
    assert_eq!(scene.engine.running(), 0);
    assert_eq!(reports(&scene.hear(offers(vec![offer(3, "NOOP")])))[0][0].0, 5, "numbers are never used again");
}

#[test]
fn an_offer_that_is_read_after_the_lease_ran_out_is_not_begun() {
    let mut scene = Scene::attached();
    scene.now += Duration::from_secs(25);
    let outputs = scene.hear(offers(vec![offer(1, "PYTHON_EXECUTE_SCRIPT"), offer(2, "NOOP")]));
    assert!(matches!(outputs.as_slice(), [Output::Disconnect(_)]), "{outputs:?}");
    assert!(scene.connect().0.is_empty(), "the coordinator sees that it has to offer it again");
}

#[test]
fn a_lost_connection_does_not_stop_the_lease_from_running_out() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    scene.disconnect();
    assert_eq!(scene.engine.next_deadline(), Some(Duration::from_secs(25)));
    assert!(scene.wait(24).is_empty());
    assert_eq!(scene.wait(1), [Output::Kill(attempt(1)), Output::LeaseLost { killed: 1, forgotten: 1 }]);
}

#[test]
fn a_coordinator_that_never_answers_the_hello_is_left() {
    let mut scene = Scene::new();
    scene.step(vec![Input::Connected(1)]);
    assert_eq!(scene.engine.next_deadline(), Some(Duration::from_secs(10)));
    assert!(matches!(scene.wait(10).as_slice(), [Output::Disconnect(_)]));
}

#[test]
fn a_shutdown_stops_what_runs_takes_nothing_new_and_ends_when_all_is_acknowledged() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    assert_eq!(scene.step(vec![Input::ShutDown]), [Output::Stop(attempt(1))]);
    assert!(scene.hear(python(2)).is_empty());
    // Said as it is: the coordinator asked for no stop and gives the attempt to somebody else.
    assert_eq!(reports(&scene.finish(1, Ending::Stopped)), [[(2, 1, "stopped")]]);
    assert_eq!(scene.hear(acknowledged(2)), [Output::Exit]);
    assert!(scene.wait(1).is_empty());
}

#[test]
fn a_shutdown_waits_no_longer_than_its_grace() {
    let mut scene = Scene::attached();
    scene.hear(python(1));
    scene.step(vec![Input::ShutDown]);
    assert!(scene.wait(13).contains(&Output::Exit));
    assert_eq!(Scene::new().step(vec![Input::ShutDown]), [Output::Exit], "nothing in hand, nobody to tell");
}

#[test]
fn nonsense_is_left_aside() {
    let mut scene = Scene::attached();
    for message in [
        offers(vec![Offer::default()]),
        FromCoordinator::Stops(Stops { stops: vec![Stop::default()] }),
        FromCoordinator::Welcome(Welcome::default()),
    ] {
        assert!(matches!(scene.hear(message).as_slice(), [Output::Ignored(_)]));
    }
    assert!(scene.hear(acknowledged(u64::MAX)).is_empty());
    assert!(scene.hear(FromCoordinator::Heartbeat(HeartbeatAnswer {})).is_empty());
}
