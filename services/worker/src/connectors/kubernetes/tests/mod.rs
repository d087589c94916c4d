//! Jobs in a cluster that misbehaves, with workers that die at any moment, through the runner, as real attempts.

mod cloud;
mod cluster;
mod kills;

use std::{sync::Arc, time::Duration};

use downbeat_proto::events::v1::FailureClass;
use downbeat_proto::worker::v1::{Offer, Resume};
use downbeat_runtime::blob::{BlobKey, BlobStore};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::attempt::{AttemptId, Ended, Ending, Job};
use crate::connectors::{Registry, Submit};
use crate::home::Home;
use crate::remote::Pace;
use crate::runner::Runner;
use crate::stop::{StopLevel, stop_channel};
use crate::testing::recorded::{Fault, On, Plan};
use cluster::{BEARER, Cluster, LINES, Whims};

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
const RUN: [u8; 16] = [7; 16];
const TASK_RUN: Uuid = Uuid::from_u128(5);
const MANIFEST: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: load}
spec: {template: {spec: {containers: [{name: main, image: busybox}]}}}
";

/// A worker beside a cluster.
struct Stage {
    cluster: Cluster,
    runner: Runner,
    cloud: Cloud,
    folder: tempfile::TempDir,
}

impl Stage {
    async fn set(plan: Plan) -> Self {
        let whims = Whims { bearer: BEARER.to_owned(), ..Whims::default() };
        Self::with(Cloud::Own, Cluster::serve(plan, whims, None).await, json!({ "token": BEARER }))
    }

    /// `fields`: of the connection, besides where an own cluster is.
    fn with(cloud: Cloud, cluster: Cluster, mut fields: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if cloud == Cloud::Own && fields.get("server").is_none() {
            fields["server"] = json!(format!("http://{}", cluster.address));
        }
        let file = json!({ "integration": cloud.job().0, "fields": fields }).to_string();
        std::fs::write(folder.path().join("c.json"), file).unwrap();
        let connections = Connections::new(Some(folder.path().to_owned()));
        let job = RunJob { cloud, connections, tokens: Arc::default() };
        let runner = Runner {
            home: Home::open(&folder.path().join("worker")).unwrap(),
            blobs: BlobStore::open(&folder.path().join("blobs")).unwrap(),
            registry: Registry::of(vec![Arc::new(Remote::paced(Arc::new(job), PACE))]),
        };
        Self { cluster, runner, cloud, folder }
    }

    fn offer(&self, number: u32, parameters: &Value, resume: Option<Job>) -> Offer {
        let resume = resume.map(|job| Resume {
            token_attempt: 1,
            handle: job.handle.into(),
            external_id: job.external_id,
            link: job.link,
        });
        Offer {
            attempt: Some(AttemptId { run: RUN, task: 0, number }.to_wire()),
            task_run_id: TASK_RUN.to_string(),
            integration: self.cloud.job().0.to_owned(),
            integration_job: self.cloud.job().1.to_owned(),
            connection: "c".to_owned(),
            parameters: parameters.to_string(),
            resume,
            ..Offer::default()
        }
    }

    /// One attempt to its end, with a wish that comes after a while; and the job that it reported.
    async fn attempt(
        &self,
        number: u32,
        resume: Option<Job>,
        wish: Option<(StopLevel, Duration)>,
    ) -> (Ended, Option<Job>) {
        self.live(self.offer(number, &json!({ "job_manifest": MANIFEST }), resume), wish).await
    }

    async fn live(&self, offer: Offer, wish: Option<(StopLevel, Duration)>) -> (Ended, Option<Job>) {
        let id = AttemptId::from_wire(offer.attempt.as_ref()).unwrap();
        let (ask, stop) = stop_channel();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let submit = Submit::new(move |job| {
            tell.send(job).unwrap();
            async {}
        });
        let asked = async {
            if let Some((level, after)) = wish {
                tokio::time::sleep(after).await;
                ask.ask(level);
            }
            std::future::pending::<()>().await;
        };
        let ended = tokio::select! {
            ended = self.runner.run(id, offer, stop, submit) => ended,
            () = asked => unreachable!("it waits for ever"),
        };
        (ended, told.recv().await)
    }

    async fn run(&self) -> Ended {
        self.attempt(1, None, None).await.0
    }

    async fn with_parameters(&self, parameters: Value) -> Ended {
        self.live(self.offer(1, &parameters, None), None).await.0
    }

    async fn log(&self, number: u32) -> String {
        let key = BlobKey::task_log(Uuid::from_bytes(RUN), TASK_RUN, number);
        let read = self.runner.blobs.read(&key, 0, 10_000_000).await.unwrap().unwrap().data;
        String::from_utf8(read.to_vec()).unwrap()
    }

    fn created(&self) -> Vec<u32> {
        self.cluster.state().created.values().copied().collect()
    }
}

fn failed(ended: Ended) -> (FailureClass, String) {
    match ended.ending {
        Ending::Failed(failure) => (failure.class, failure.message),
        other => panic!("{other:?}"),
    }
}

/// Every line stands once, in order, without the credential.
fn whole(log: &str) {
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with("line ")).collect();
    let expected: Vec<String> = (0..LINES).map(|number| format!("line {number} of ***")).collect();
    assert_eq!(lines, expected, "{log}");
}

#[tokio::test]
async fn a_job_is_created_looked_after_and_told_of() {
    let stage = Stage::set(Plan::default()).await;
    let (ended, job) = stage.attempt(1, None, None).await;
    let Ending::Succeeded { message, .. } = &ended.ending else { panic!("{ended:?}") };
    assert_eq!(message, "42 rows");
    let job = job.unwrap();
    assert!(job.external_id.starts_with("default/load-") && job.handle[0] == 1, "{job:?}");
    assert_eq!(stage.created(), [1]);
    let log = stage.log(1).await;
    whole(&log);
    for said in [
        "submitted as job default/load-",
        "is Pending (ContainerCreating)",
        "is Running",
        "is Complete",
        "log of container main of pod load-",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    let [operation] = ended.collection.operations.as_slice() else { panic!("{ended:?}") };
    assert_eq!(
        (operation.status.as_str(), operation.message.as_str()),
        ("SUCCEEDED", "exited with 0 (Completed): 42 rows")
    );
    assert_eq!(operation.completed_at - operation.started_at, 12_000_000);
}

#[tokio::test]
async fn a_job_that_failed_says_how_and_what_it_printed_last() {
    for at_once in [true, false] {
        let stage = Stage::set(Plan { fails: true, at_once, ..Plan::default() }).await;
        let ended = stage.run().await;
        let operation = ended.collection.operations[0].clone();
        let (class, message) = failed(ended);
        assert_eq!(class, FailureClass::JobFailed);
        for said in ["BackoffLimitExceeded: too often", "exited with 3 (Error): no such table", "line 39 of ***"] {
            assert!(message.contains(said), "{message}");
        }
        assert_eq!(operation.status, "FAILED");
        whole(&stage.log(1).await);
    }
}

#[tokio::test]
async fn whatever_goes_wrong_on_the_way_one_job_is_created_and_its_log_is_whole() {
    let faults = [
        Fault::ErrorBefore,
        Fault::ErrorAfter,
        Fault::SilentBefore,
        Fault::SilentAfter,
        Fault::Limited,
        Fault::Malformed,
        Fault::Twice,
    ];
    for on in [On::Start, On::Poll, On::Other] {
        for fault in faults {
            let first = vec![(on, fault), (on, fault)];
            let stage = Stage::set(Plan { first, ..Plan::default() }).await;
            let ended = stage.run().await;
            assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{on:?} {fault:?}: {ended:?}");
            assert_eq!(stage.created(), [1], "{on:?} {fault:?}");
            let log = stage.log(1).await;
            assert!(!log.contains(BEARER), "{log}");
            whole(&log);
        }
    }
}

#[tokio::test]
async fn a_cancelled_job_is_stopped_when_it_and_its_pods_are_gone() {
    for fault in
        [Fault::None, Fault::ErrorBefore, Fault::ErrorAfter, Fault::SilentAfter, Fault::Limited, Fault::Malformed]
    {
        let first = vec![(On::Cancel, fault)];
        let stage = Stage::set(Plan { first, cancel_looks: 3, ..Plan::default() }).await;
        // It would go on for ever.
        let slow = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                stage.cluster.state().hold_back(4);
            }
        };
        let wish = Some((StopLevel::Gentle, Duration::from_millis(40)));
        let (ended, _) = tokio::select! { ended = stage.attempt(1, None, wish) => ended, () = slow => unreachable!() };
        assert_eq!(ended.ending, Ending::Stopped, "{fault:?}: {}", stage.log(1).await);
        assert_eq!((stage.cluster.left(), stage.cluster.state().deleted), (0, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_job_that_has_ended_is_not_deleted() {
    let stage = Stage::set(Plan { at_once: true, ..Plan::default() }).await;
    let (ended, job) = stage.attempt(1, None, Some((StopLevel::Kill, Duration::ZERO))).await;
    assert_eq!((ended.ending, job), (Ending::Abandoned, None));
    let (_, job) = stage.attempt(2, None, None).await;
    let wish = Some((StopLevel::Gentle, Duration::ZERO));
    let (ended, _) = stage.attempt(3, job, wish).await;
    assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{ended:?}");
    assert_eq!(stage.cluster.state().deleted, 0);
}

#[tokio::test]
async fn what_a_cluster_refuses_is_said_without_a_credential() {
    let cases: [(&str, &str, FailureClass); 3] = [
        ("  namespace: missing", "namespaces \\\"missing\\\" not found", FailureClass::Misconfigured),
        (
            "  name: load\nspec: {backoffLimit: -1, template: {spec: {containers: [{name: m}]}}}",
            "must be greater than or equal to 0",
            FailureClass::Misconfigured,
        ),
        ("  namespace: a b", "is no name", FailureClass::Misconfigured),
    ];
    for (rest, says, class) in cases {
        let stage = Stage::set(Plan::default()).await;
        let spec = if rest.contains("spec") { "" } else { "\nspec: {template: {spec: {containers: [{name: m}]}}}" };
        let manifest = format!("apiVersion: batch/v1\nkind: Job\nmetadata:\n{rest}{spec}");
        let (seen, message) = failed(stage.with_parameters(json!({ "job_manifest": manifest })).await);
        assert_eq!(seen, class, "{message}");
        assert!(message.contains(says), "{message}");
        assert!(stage.created().is_empty());
    }
    let whims = Whims { bearer: "another".to_owned(), ..Whims::default() };
    let stage = Stage::with(Cloud::Own, Cluster::serve(Plan::default(), whims, None).await, json!({ "token": BEARER }));
    let (class, message) = failed(stage.run().await);
    assert_eq!(class, FailureClass::Misconfigured);
    assert!(message.contains("KUBERNETES: POST http://127.0.0.1:") && message.contains("answered 401"), "{message}");
    assert!(!message.contains(BEARER) && message.contains("who is Bearer ***?"), "{message}");
}

#[tokio::test]
async fn a_credential_that_was_renewed_is_taken_from_its_file() {
    let stage = Stage::set(Plan::default()).await;
    let (_, job) = stage.attempt(1, None, Some((StopLevel::Kill, Duration::from_millis(30)))).await;
    stage.cluster.state().whims.bearer = "renewed-s3cret".to_owned();
    let fields = json!({ "server": format!("http://{}", stage.cluster.address), "token": "renewed-s3cret" });
    // Between two looks of the next attempt.
    let file = stage.folder.path().join("c.json");
    let renew = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        std::fs::write(&file, json!({ "integration": "KUBERNETES", "fields": fields }).to_string()).unwrap();
        std::future::pending::<()>().await;
    };
    let resumed = stage.attempt(2, Some(job.unwrap_or_default()), None);
    let (ended, _) = tokio::select! { ended = resumed => ended, () = renew => unreachable!() };
    let ended = match ended.ending {
        // It was asked before the file was renewed.
        Ending::Failed(failure) if failure.class == FailureClass::UnknownOutcome => {
            stage.attempt(3, Some(Job::default()), None).await.0
        }
        _ => ended,
    };
    assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{ended:?}");
    assert_eq!(stage.created(), [1]);
}

#[tokio::test]
async fn somebody_elses_job_is_never_taken_for_ours() {
    // Under its name, with another label.
    let stage = Stage::set(Plan::default()).await;
    stage.run().await;
    stage.cluster.meddle(|body| body["metadata"]["labels"][crate::kubernetes::job::LABEL] = json!("another"));
    let (class, message) = failed(stage.attempt(2, Some(Job::default()), None).await.0);
    assert_eq!(class, FailureClass::UnknownOutcome);
    assert!(message.contains("that is not of this task"), "{message}");

    // In its place, after it was deleted there.
    for meddle in [true, false] {
        let stage = Stage::set(Plan::default()).await;
        let (_, job) = stage.attempt(1, None, Some((StopLevel::Kill, Duration::from_millis(15)))).await;
        let job = match job {
            Some(job) => job,
            None => stage.attempt(2, Some(Job::default()), None).await.1.unwrap(),
        };
        match meddle {
            true => stage.cluster.meddle(|body| body["metadata"]["uid"] = json!("another")),
            false => stage.cluster.remove_all(),
        }
        let (class, message) = failed(stage.attempt(3, Some(job), None).await.0);
        assert_eq!(class, FailureClass::UnknownOutcome, "{message}");
        assert!(message.contains("vanished"), "{message}");
    }
}

#[tokio::test]
async fn who_may_not_see_pods_sees_the_job_all_the_same() {
    let stage = Stage::set(Plan::default()).await;
    stage.cluster.state().whims.no_pods = true;
    let ended = stage.run().await;
    assert!(matches!(ended.ending, Ending::Succeeded { .. }), "{ended:?}");
    let log = stage.log(1).await;
    assert_eq!(log.matches("pods and their logs cannot be seen").count(), 1, "{log}");
}
