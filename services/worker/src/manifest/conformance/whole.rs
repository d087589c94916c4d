//! Manifests in the hands of `remote/life.rs` and the runner, as in a worker: killed when the job has just been begun, with and without
//! its report having arrived, and carried on with by another attempt.

use std::{sync::Arc, time::Duration};

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::{Offer, Resume};
use downbeat_runtime::blob::BlobStore;
use uuid::Uuid;

use super::{MANIFESTS, Stage, each, same};
use crate::attempt::{AttemptId, Ending};
use crate::connectors::{Registry, Submit};
use crate::home::Home;
use crate::remote::{Job, Pace, Reattach, Remote, RemoteJob as _};
use crate::runner::Runner;
use crate::stop::{StopLevel, StopSignal, stop_channel};
use crate::testing::recorded::{Plan, Shape};

const PACE: Pace = Pace {
    again: (Duration::from_millis(1), Duration::from_millis(5)),
    polls: Some((Duration::from_millis(1), Duration::from_millis(5))),
    start_wait: Duration::from_secs(60),
    asked_most: Duration::from_millis(5),
    looks: 3,
    look_again: Duration::from_millis(1),
    silence: Duration::from_secs(60),
    cancel_wait: Duration::from_secs(60),
    collects: 3,
};

/// One attempt, killed with the job just begun or not at all; how it ended, and the job that it reported.
async fn attempt(
    runner: &Runner,
    name: &(String, String),
    number: u32,
    resume: Option<Job>,
    kill: bool,
) -> (Ending, Option<Job>) {
    let (ask, stop) = stop_channel();
    let ask = Arc::new(ask);
    let at_submit = Arc::clone(&ask);
    let ended = live(runner, offer(name, number, resume), stop, move || {
        if kill {
            at_submit.ask(StopLevel::Kill);
        }
    });
    let ended = ended.await;
    drop(ask);
    ended
}

/// The same with a wish that comes after a while.
pub(super) async fn attempt_with(
    runner: &Runner,
    name: &(String, String),
    number: u32,
    resume: Option<Job>,
    wish: Option<(StopLevel, Duration)>,
) -> (Ending, Option<Job>) {
    let (ask, stop) = stop_channel();
    let asked = async {
        if let Some((level, after)) = wish {
            tokio::time::sleep(after).await;
            ask.ask(level);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = live(runner, offer(name, number, resume), stop, || ()) => ended,
        () = asked => unreachable!("it waits for ever"),
    }
}

fn offer(name: &(String, String), number: u32, resume: Option<Job>) -> Offer {
    let id = AttemptId { run: [7; 16], task: 0, number };
    let resume = resume.map(|job| Resume {
        token_attempt: 1,
        handle: job.handle.into(),
        external_id: job.external_id,
        link: job.link,
    });
    Offer {
        attempt: Some(id.to_wire()),
        task_id: "load".to_owned(),
        task_run_id: Uuid::from_u128(5).to_string(),
        pipeline_alias: "daily_load".to_owned(),
        integration: name.0.clone(),
        integration_job: name.1.clone(),
        connection: "c".to_owned(),
        parameters: serde_json::to_string(&Shape::of(&name.0, &name.1).unwrap().parameters).unwrap(),
        resume,
        ..Offer::default()
    }
}

async fn live(
    runner: &Runner,
    offer: Offer,
    stop: StopSignal,
    taken: impl Fn() + Send + Sync + 'static,
) -> (Ending, Option<Job>) {
    let id = AttemptId::from_wire(offer.attempt.as_ref()).unwrap();
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let submit = Submit::new(move |job| {
        taken();
        tell.send(job).unwrap();
        // Whoever waits for the kill is woken first.
        tokio::task::yield_now()
    });
    let ended = runner.run(id, offer, stop, submit).await;
    (ended.ending, told.recv().await)
}

pub(super) fn runner(stage: &Stage) -> Runner {
    let folder = stage.folder.path();
    let remote = Remote::paced(Arc::clone(&stage.job) as _, PACE);
    Runner {
        home: Home::open(&folder.join("worker")).unwrap(),
        blobs: BlobStore::open(&folder.join("blobs")).unwrap(),
        registry: Registry::of(vec![Arc::new(remote)]),
    }
}

#[tokio::test]
async fn a_worker_that_dies_with_a_job_begun_leaves_it_to_the_next() {
    assert!(!MANIFESTS.is_empty());
    each(|name| async move {
        for reported in [true, false] {
            let stage = Stage::set(&name, Plan::default(), same).await;
            let runner = runner(&stage);
            let (first, job) = attempt(&runner, &name, 1, None, true).await;
            assert_eq!(first, Ending::Abandoned, "{name:?}");
            let known = if reported { job.unwrap() } else { Job::default() };
            let (second, _) = attempt(&runner, &name, 2, Some(known), false).await;
            let submitted: Vec<u32> = stage.server.submitted().into_values().collect();
            match (&second, stage.job.reattach()) {
                (Ending::Succeeded { .. }, Reattach::Token | Reattach::LookUp) => {
                    assert_eq!(submitted, [1], "{name:?}")
                }
                (Ending::Succeeded { .. }, Reattach::Never) if reported => assert_eq!(submitted, [1], "{name:?}"),
                (Ending::Succeeded { .. }, Reattach::Repeat) => {}
                (Ending::Failed(failure), Reattach::Never) if !reported => {
                    assert_eq!(failure.class, FailureClass::UnknownOutcome, "{name:?}: {failure:?}");
                    assert_eq!(submitted, [1], "{name:?}");
                }
                other => panic!("{name:?} reported {reported}: {other:?}"),
            }
        }
    })
    .await;
}
