//! Attempts whose jobs may outlive the worker.

use downbeat_proto::events::v1::StopReason;
use downbeat_proto::worker::v1::{
    Report, Stop, Stops, WorkerMessage, coordinator_message::Message as FromCoordinator, report::Report as ReportKind,
    worker_message::Message as ToCoordinator,
};

use super::{Scene, attempt, offer, offers, reports, stop, success};
use crate::attempt::{Ending, Job};
use crate::engine::{Input, Output};

fn remote(task: u32) -> FromCoordinator {
    offers(vec![offer(task, "REMOTE")])
}

fn asked(task: u32, abandon: bool, remote: bool) -> FromCoordinator {
    let reason = StopReason::StopCancelled.into();
    FromCoordinator::Stops(Stops {
        stops: vec![Stop { attempt: Some(attempt(task).to_wire()), reason, abandon, remote }],
    })
}

fn job() -> Job {
    Job { handle: vec![1, 7], external_id: "job-7".to_owned(), link: "https://jobs/7".to_owned() }
}

fn started(outputs: &[Output]) -> Vec<Job> {
    let messages = outputs.iter().filter_map(|output| match output {
        Output::Send(WorkerMessage { message: Some(ToCoordinator::Reports(reports)) }) => Some(&reports.reports),
        _ => None,
    });
    let said = |report: &Report| match report.report.clone() {
        Some(ReportKind::Started(it)) => {
            Some(Job { handle: it.handle.to_vec(), external_id: it.external_id, link: it.link })
        }
        _ => None,
    };
    messages.flatten().filter_map(said).collect()
}

#[test]
fn it_has_started_once_the_other_system_took_the_job() {
    let mut scene = Scene::attached();
    let outputs = scene.hear(remote(1));
    assert!(matches!(outputs.as_slice(), [Output::Run(..)]), "{outputs:?}");
    let outputs = scene.step(vec![Input::Submitted(attempt(1), job())]);
    assert_eq!(started(&outputs), [job()]);
    // And is said again as it was.
    scene.disconnect();
    let (in_hand, outputs) = scene.connect();
    assert_eq!((in_hand, started(&outputs)), (vec![attempt(1)], vec![job()]));
}

#[test]
fn a_worker_that_ends_lets_go_of_it_at_once_and_does_not_call_it_stopped() {
    for stopping in [false, true] {
        let mut scene = Scene::attached();
        scene.hear(remote(1));
        scene.step(vec![Input::Submitted(attempt(1), job())]);
        if stopping {
            assert_eq!(scene.hear(stop(1)), [Output::Stop(attempt(1))]);
        }
        assert_eq!(scene.step(vec![Input::ShutDown]), [Output::Kill(attempt(1))]);
        assert_eq!(reports(&scene.finish(1, Ending::Abandoned)), [[(2, 1, "abandoned")]]);
    }
}

#[test]
fn it_is_let_go_of_when_the_lease_is_lost_and_when_it_is_somebody_elses() {
    let mut scene = Scene::attached();
    scene.hear(remote(1));
    assert!(scene.wait(31).contains(&Output::Kill(attempt(1))));
    scene.finish(1, Ending::Abandoned);
    let (in_hand, outputs) = scene.connect();
    assert_eq!((in_hand, reports(&outputs)), (vec![attempt(1)], vec![vec![(1, 1, "abandoned")]]));

    let mut scene = Scene::attached();
    scene.hear(remote(1));
    assert_eq!(scene.hear(asked(1, true, false)), [Output::Kill(attempt(1))]);
    // The other system may take the job while it is let go of: nobody wants to know any more.
    assert!(scene.step(vec![Input::Submitted(attempt(1), job())]).is_empty());
    assert_eq!(reports(&scene.finish(1, success())), [[(1, 1, "abandoned")]]);
}

#[test]
fn of_something_that_runs_here_a_stop_is_a_stop_whosever_it_is() {
    let mut scene = Scene::attached();
    scene.hear(super::python(1));
    assert_eq!(scene.hear(asked(1, true, false)), [Output::Stop(attempt(1))]);
}

#[test]
fn what_was_never_taken_cannot_be_called_stopped_if_it_may_be_elsewhere() {
    let mut scene = Scene::attached();
    assert!(matches!(scene.hear(asked(1, false, true)).as_slice(), [Output::Ignored(_)]));
    assert_eq!(reports(&scene.hear(stop(1))), [[(1, 1, "stopped")]]);
}

#[test]
fn a_stop_that_the_other_system_did_not_confirm_says_why() {
    let mut scene = Scene::attached();
    scene.hear(remote(1));
    scene.step(vec![Input::Submitted(attempt(1), job())]);
    scene.hear(asked(1, false, true));
    let outputs = scene.finish(1, Ending::Unconfirmed("it answers 500".to_owned()));
    let [Output::Send(WorkerMessage { message: Some(ToCoordinator::Reports(said)) })] = outputs.as_slice() else {
        panic!("{outputs:?}");
    };
    let Some(ReportKind::Stopped(stopped)) = &said.reports[0].report else { panic!("{said:?}") };
    assert_eq!(stopped.unconfirmed, "it answers 500");
}
