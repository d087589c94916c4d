//! Pipelines in repositories over gRPC, with a worker that has repositories in its head: imported, synced, read, run at a branch or a commit.
#![allow(clippy::unwrap_used, missing_docs)]

mod keeping_up;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use downbeat_coordinator::{Coordinator, error::Error};
use downbeat_event_log::{EventLog, LogId, memory::MemoryLog};
use downbeat_proto::{
    control::v1::{
        self as control, control_service_client::ControlServiceClient, pipeline_service_client::PipelineServiceClient,
    },
    events::v1 as events,
    worker::v1 as worker,
};
use downbeat_runtime::{grpc, shutdown::Shutdown};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinHandle};
use tonic::{Code, Status, transport::Channel};
use worker::{
    check_answer::Answer, coordinator_message::Message as Told, worker_message::Message as Says,
    worker_service_client::WorkerServiceClient,
};

/// Long enough that nothing is looked at by itself.
const NEVER: Duration = Duration::from_secs(100_000);

/// A repository of which files are read, and of which no question for a branch is ever answered.
const HANGS: &str = "acme/hangs";

struct Service {
    channel: Channel,
    served: JoinHandle<Result<(), Error>>,
    shutdown: Shutdown,
}

impl Service {
    async fn open(every: Duration) -> Self {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(LogId("repositories".to_owned())));
        let listener = grpc::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let coordinator = Coordinator::take_over(log, "test", None).await.unwrap().syncing_every(every);
        let shutdown = Shutdown::default();
        let served = tokio::spawn(coordinator.serve(listener, shutdown.signal()));
        let channel = grpc::Target::plain(&format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, served, shutdown }
    }

    fn pipelines(&self) -> PipelineServiceClient<Channel> {
        PipelineServiceClient::new(self.channel.clone())
    }

    fn control(&self) -> ControlServiceClient<Channel> {
        ControlServiceClient::new(self.channel.clone())
    }

    async fn import(&self, request: control::ImportPipelineRequest) -> Result<control::ImportPipelineResponse, Status> {
        self.pipelines().import_pipeline(request).await.map(tonic::Response::into_inner)
    }

    async fn sync(&self) -> Result<control::SyncPipelineResponse, Status> {
        let request = control::SyncPipelineRequest { pipeline: "orders".to_owned(), ..Default::default() };
        self.pipelines().sync_pipeline(request).await.map(tonic::Response::into_inner)
    }

    async fn state(&self) -> control::GetPipelineSyncResponse {
        let request = control::GetPipelineSyncRequest { pipeline: "orders".to_owned() };
        self.pipelines().get_pipeline_sync(request).await.unwrap().into_inner()
    }

    async fn end(self) {
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
    }
}

/// By branch: a commit, and the text of its file.
type Branches = BTreeMap<String, (String, Option<String>)>;

/// Branches of `acme/etl`.
#[derive(Clone, Default)]
struct Repository(Arc<Mutex<Branches>>);

impl Repository {
    fn push(&self, branch: &str, digit: &str, text: Option<&str>) {
        self.0.lock().unwrap().insert(branch.to_owned(), (digit.repeat(40), text.map(ToOwned::to_owned)));
    }

    /// As a worker answers.
    fn answer(&self, asked: &Value) -> Answer {
        let text = |name: &str| asked[name].as_str().unwrap().to_owned();
        let branches = self.0.lock().unwrap();
        let (branch, commit) = (text("branch"), text("commit"));
        let branch = if branch.is_empty() && commit.is_empty() { "main".to_owned() } else { branch };
        let found =
            branches.iter().find(|(name, (at, _))| if commit.is_empty() { **name == branch } else { *at == commit });
        let failed = |message: &str| {
            let class = events::FailureClass::Misconfigured as i32;
            let message = message.to_owned();
            Answer::Failed(worker::CheckFailed { failure_class: class, message, pause_seconds: 0 })
        };
        let Some((name, (at, file))) = found else { return failed("there is no such branch") };
        // Of a commit the branch is only known where it is its head.
        let branch = if *name == branch { branch } else { String::new() };
        let commit = at;
        let head = json!({ "commit": commit, "branch": branch });
        let outputs = match file {
            _ if text("path").is_empty() => head,
            None => return failed("there is no such file"),
            Some(file) => json!({ "commit": commit, "branch": branch, "text": file }),
        };
        Answer::Passed(worker::CheckPassed { outputs: outputs.to_string() })
    }
}

/// What a worker was asked: kind and parameters.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// Attaches a worker that reads this repository; with `silent` it never answers.
async fn attach(service: &Service, repository: Repository, silent: bool) -> (Asked, JoinHandle<()>) {
    let answers = if silent { 0 } else { Semaphore::MAX_PERMITS };
    attach_behind(service, repository, Arc::new(Semaphore::new(answers))).await
}

/// The same, of which an answer leaves for each permit, with what it read before.
async fn attach_behind(service: &Service, repository: Repository, door: Arc<Semaphore>) -> (Asked, JoinHandle<()>) {
    let (says, stream) = tokio::sync::mpsc::channel(8);
    let kind = |kind: &str| worker::CheckKind {
        integration: "GIT".to_owned(),
        sensor_type: kind.to_owned(),
        ..Default::default()
    };
    let hello = worker::Hello {
        worker_id: Bytes::from_static(b"worker-012345678"),
        slots: 1,
        checks: vec![kind("READ_FILE"), kind("COMMIT_STATUS")],
        ..worker::Hello::default()
    };
    let say = |message| worker::WorkerMessage { message: Some(message) };
    says.send(say(Says::Hello(hello))).await.unwrap();
    let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
    let mut told = WorkerServiceClient::new(service.channel.clone()).attach(stream).await.unwrap().into_inner();
    let Some(Told::Welcome(_)) = told.message().await.unwrap().unwrap().message else { panic!("no welcome") };
    let asked = Asked::default();
    let keep = Arc::clone(&asked);
    let working = tokio::spawn(async move {
        while let Ok(Some(message)) = told.message().await {
            let Some(Told::Checks(checks)) = message.message else { continue };
            for check in checks.checks {
                let parameters: Value = serde_json::from_str(&check.parameters).unwrap();
                let answer = match check.sensor_type.as_str() {
                    "READ_FILE" => repository.answer(&parameters),
                    _ => Answer::Passed(worker::CheckPassed { outputs: "{\"said\": true}".to_owned() }),
                };
                let hangs = parameters["repository"] == HANGS && parameters["path"] == "";
                keep.lock().unwrap().push((check.sensor_type.clone(), parameters));
                if hangs {
                    continue;
                }
                door.acquire().await.unwrap().forget();
                let answers = vec![worker::CheckAnswer { id: check.id, answer: Some(answer) }];
                let message = Says::CheckAnswers(worker::CheckAnswers { answers });
                if says.send(worker::WorkerMessage { message: Some(message) }).await.is_err() {
                    return;
                }
            }
        }
    });
    (asked, working)
}

fn text(task: &str) -> String {
    format!(
        "version: v1\nname: Orders\npipeline:\n  {task}: {{integration: DOWNBEAT, integration_job: NOOP, parameters: {{}}}}\n"
    )
}

fn storage() -> events::PipelineStorage {
    events::PipelineStorage {
        provider: "GITHUB".to_owned(),
        repository: "acme/etl".to_owned(),
        default_branch: "main".to_owned(),
        working_branch: String::new(),
        yaml_path: "pipelines/orders.yml".to_owned(),
    }
}

fn import(storage: events::PipelineStorage) -> control::ImportPipelineRequest {
    control::ImportPipelineRequest { storage: Some(storage), ..Default::default() }
}

async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl Fn() -> F) -> T {
    for _ in 0..500 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what} did not happen");
}

#[tokio::test]
async fn without_a_worker_nothing_is_read_and_it_is_said_so() {
    let service = Service::open(NEVER).await;
    let refused = service.import(import(storage())).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("no worker that can read repositories is attached"), "{refused}");
    service.end().await;
}

#[tokio::test]
async fn a_worker_that_is_lost_while_it_reads_does_not_leave_anybody_waiting() {
    let service = Service::open(NEVER).await;
    let (asked, working) = attach(&service, Repository::default(), true).await;
    let mut pipelines = service.pipelines();
    let importing = tokio::spawn(async move { pipelines.import_pipeline(import(storage())).await });
    eventually("the worker is asked", || async { (!asked.lock().unwrap().is_empty()).then_some(()) }).await;
    working.abort();
    let refused = importing.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("is gone"), "{refused}");
    service.end().await;
}

#[tokio::test]
async fn a_file_is_imported_with_where_it_stands_and_the_working_branch_wins() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    repository.push("work", "b", Some(&text("two")));
    let _worker = attach(&service, repository, false).await;

    let working = events::PipelineStorage { working_branch: "work".to_owned(), ..storage() };
    let imported = service.import(import(working)).await.unwrap();
    assert_eq!((imported.alias.as_str(), imported.version, imported.name.as_str()), ("orders", 1, "Orders"));
    let origin = events::GitOrigin { branch: "work".to_owned(), commit: "b".repeat(40) };
    assert_eq!(imported.origin, Some(origin.clone()));
    let state = service.state().await;
    assert_eq!((state.commit, state.branch, state.failure), (origin.commit, origin.branch, String::new()));
    assert!(state.looked_at > 0);

    // Without a branch it is the repository's own one, which is kept.
    let unsaid = events::PipelineStorage { default_branch: String::new(), ..storage() };
    let other = control::ImportPipelineRequest { alias: "other".to_owned(), ..import(unsaid) };
    assert_eq!(service.import(other).await.unwrap().origin.unwrap().branch, "main");
    let read = control::ReadPipelineFileRequest { pipeline: "other".to_owned(), ..Default::default() };
    assert_eq!(service.pipelines().read_pipeline_file(read).await.unwrap().into_inner().source, text("one"));

    let again = service.import(import(storage())).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists, "{again}");
    service.end().await;
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_with_its_place() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one").replace("integration_job", "integration_jobb")));
    repository.push("empty", "b", None);
    let (asked, _working) = attach(&service, repository, false).await;
    let kept = |change: fn(&mut events::PipelineStorage)| {
        let mut storage = storage();
        change(&mut storage);
        import(storage)
    };
    for (request, code, why) in [
        (kept(|_| {}), Code::InvalidArgument, "acme/etl, branch main, commit aaaaaaaa"),
        (kept(|_| {}), Code::InvalidArgument, "pipelines/orders.yml:4:"),
        (kept(|it| it.default_branch = "empty".to_owned()), Code::FailedPrecondition, "there is no such file"),
        (kept(|it| it.default_branch = "nope".to_owned()), Code::FailedPrecondition, "there is no such branch"),
    ] {
        let refused = service.import(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(why), "{why}: {refused}");
    }
    let before = asked.lock().unwrap().len();
    for (request, why) in [
        (control::ImportPipelineRequest::default(), "in which repository"),
        (
            import(events::PipelineStorage { provider: "ORCHESTRA".to_owned(), ..Default::default() }),
            "in which repository",
        ),
        (kept(|it| it.provider = "SVN".to_owned()), "storage.provider"),
        (kept(|it| it.repository = "../etc".to_owned()), "storage.repository"),
        (kept(|it| it.repository = "https://me:pw@host/x".to_owned()), "storage.repository"),
        (kept(|it| it.default_branch = "--upload-pack=x".to_owned()), "git allows no branch"),
        (kept(|it| it.working_branch = "a..b".to_owned()), "git allows no branch"),
        (kept(|it| it.yaml_path = "../x.yml".to_owned()), "storage.yaml_path"),
        (kept(|it| it.yaml_path = "ü.yml".to_owned()), "alias"),
        (control::ImportPipelineRequest { alias: "a-b".to_owned(), ..import(storage()) }, "alias"),
    ] {
        let refused = service.import(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().contains(why), "{why}: {refused}");
    }
    assert_eq!(asked.lock().unwrap().len(), before, "no worker was asked for any of these");
    service.end().await;
}

#[tokio::test]
async fn a_sync_makes_a_version_keeps_out_what_is_none_and_tells_the_host() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    let (asked, _working) = attach(&service, repository.clone(), false).await;
    service.import(import(storage())).await.unwrap();

    let same = service.sync().await.unwrap();
    assert_eq!((same.version, same.changed), (1, false));
    repository.push("main", "b", Some(&text("two")));
    let next = service.sync().await.unwrap();
    assert_eq!((next.version, next.changed, next.origin.unwrap().commit), (2, true, "b".repeat(40)));

    repository.push("main", "c", Some("version: v1\nname: Orders\n"));
    let refused = service.sync().await.unwrap_err();
    assert!(refused.message().contains("commit cccccccc"), "{refused}");
    let state = service.state().await;
    assert_eq!((state.commit.as_str(), state.failures), ("c".repeat(40).as_str(), 1));
    assert!(state.failure.contains("pipelines/orders.yml:1:1"), "{}", state.failure);

    repository.push("main", "d", Some(&text("two")));
    let mended = service.sync().await.unwrap();
    assert_eq!((mended.version, mended.changed), (2, false));
    assert_eq!(service.state().await.failure, "");

    let told = || -> Vec<(String, String, String)> {
        let asked = asked.lock().unwrap();
        let told = asked.iter().filter(|(kind, _)| kind == "COMMIT_STATUS").map(|(_, told)| told);
        let text = |told: &Value, name: &str| told[name].as_str().unwrap().to_owned();
        told.map(|told| (text(told, "commit"), text(told, "state"), text(told, "description"))).collect()
    };
    let told = eventually("the host is told", || async { Some(told()).filter(|told| told.len() == 3) }).await;
    let of = |digit: &str| told.iter().find(|it| it.0 == digit.repeat(40)).unwrap();
    assert_eq!((of("b").1.as_str(), of("d").1.as_str(), of("c").1.as_str()), ("success", "success", "failure"));
    assert!(of("c").2.contains("pipelines/orders.yml:1:1"), "{:?}", of("c"));
    service.end().await;
}

#[tokio::test]
async fn the_host_is_told_of_the_repository_as_it_is_written() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    let (asked, _working) = attach(&service, repository.clone(), false).await;
    let written = "https://elsewhere.test/acme/prod";
    let elsewhere = events::PipelineStorage { repository: written.to_owned(), ..storage() };
    service.import(import(elsewhere)).await.unwrap();
    repository.push("main", "b", Some(&text("two")));
    service.sync().await.unwrap();
    let told = eventually("the host is told", || async {
        let asked = asked.lock().unwrap();
        asked.iter().find(|(kind, _)| kind == "COMMIT_STATUS").map(|(_, told)| told["repository"].clone())
    })
    .await;
    // Its name alone would be that of another repository, at the provider's own host.
    assert_eq!(told, json!(written));
    service.end().await;
}

#[tokio::test]
async fn a_run_at_a_branch_or_a_commit_is_of_a_draft_and_the_same_key_is_the_same_run() {
    let service = Service::open(NEVER).await;
    let repository = Repository::default();
    repository.push("main", "a", Some(&text("one")));
    repository.push("topic", "b", Some(&text("two")));
    let (asked, _working) = attach(&service, repository.clone(), false).await;
    service.import(import(storage())).await.unwrap();
    let start = |branch: &str, commit: &str, key: &str| control::StartRunRequest {
        pipeline: "orders".to_owned(),
        branch: branch.to_owned(),
        commit: commit.to_owned(),
        idempotency_key: key.to_owned(),
        ..Default::default()
    };
    let run = async |request| service.control().start_run(request).await.map(tonic::Response::into_inner);

    let first = run(start("topic", "", "k")).await.unwrap();
    assert!(!first.existed);
    repository.push("topic", "c", Some(&text("three")));
    let before = asked.lock().unwrap().len();
    let again = run(start("topic", "", "k")).await.unwrap();
    assert!(again.existed && again.run_id == first.run_id);
    assert_eq!(asked.lock().unwrap().len(), before, "a run that is there is not read for again");
    run(start("topic", &"c".repeat(40), "")).await.unwrap();
    run(start("", &"C".repeat(40), "")).await.unwrap();

    // The same text at another commit is a draft of that one.
    repository.push("topic", "e", Some(&text("three")));
    run(start("topic", "", "")).await.unwrap();

    // A branch that nobody found the commit on is not shown with it.
    for (branch, shown) in [("topic", "topic"), ("main", ""), ("", "")] {
        let (pipeline, branch) = ("orders".to_owned(), branch.to_owned());
        let read = control::ReadPipelineFileRequest { pipeline, branch, commit: "e".repeat(40) };
        let read = service.pipelines().read_pipeline_file(read).await.unwrap().into_inner();
        assert_eq!(read.origin.unwrap().branch, shown);
    }

    // The current version stayed what it was: what is stored now is the fifth, behind three drafts.
    assert_eq!(service.sync().await.unwrap().version, 1);
    repository.push("main", "d", Some(&text("four")));
    assert_eq!(service.sync().await.unwrap().version, 5);

    for (request, why) in [
        (start("nope", "", ""), "there is no such branch"),
        (start("--x", "", ""), "branch: git allows no branch"),
        (start("", "abc", ""), "commit: the full id"),
        (control::StartRunRequest { version: 1, ..start("topic", "", "") }, "version: leave it out"),
    ] {
        let refused = run(request).await.unwrap_err();
        assert!(refused.message().contains(why), "{why}: {refused}");
    }
    let ours = control::ApplyPipelineRequest { alias: "ours".to_owned(), source: text("one"), ..Default::default() };
    service.control().apply_pipeline(ours).await.unwrap();
    let ours = control::StartRunRequest { pipeline: "ours".to_owned(), ..start("main", "", "") };
    assert!(run(ours).await.unwrap_err().message().contains("kept here and in no repository"));
    service.end().await;
}
