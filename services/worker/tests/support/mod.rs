//! A coordinator for tests: speaks the real protocol over a real socket, acknowledges every report, and keeps what it heard.

pub mod airflow;
pub mod azurite;
pub mod clickhouse;
pub mod ferretdb;
pub mod kafka;
pub mod mariadb;
pub mod openssh;
pub mod prefect;
pub mod servers;
pub mod tds;
mod tds_tls;
pub mod wire;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, time::Duration};

use bytes::Bytes;
use downbeat_proto::events::v1::{Attempt, FailureClass, Operation, Outcome, StopReason};
use downbeat_proto::worker::v1::{
    Acknowledged, Check, CheckAnswer, Checks, CoordinatorMessage, HeartbeatAnswer, Hello, Offer, Offers, Report, Stop,
    Stops, Welcome, WorkerMessage,
    check_answer::Answer,
    coordinator_message::Message as FromCoordinator,
    report::Report as ReportKind,
    worker_message::Message as ToCoordinator,
    worker_service_server::{WorkerService, WorkerServiceServer},
};
use downbeat_runtime::blob::{BlobKey, BlobStore};
use downbeat_worker::WorkerConfig;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(240);

type ToWorker = mpsc::Sender<Result<CoordinatorMessage, Status>>;

struct Service {
    attached: mpsc::Sender<(ToWorker, Streaming<WorkerMessage>)>,
}

#[tonic::async_trait]
impl WorkerService for Service {
    type AttachStream = ReceiverStream<Result<CoordinatorMessage, Status>>;

    async fn attach(&self, request: Request<Streaming<WorkerMessage>>) -> Result<Response<Self::AttachStream>, Status> {
        let (sender, receiver) = mpsc::channel(64);
        self.attached
            .send((sender, request.into_inner()))
            .await
            .map_err(|_| Status::unavailable("the test is over"))?;
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

/// A worker with its coordinator, in folders of their own.
pub struct Stage {
    pub folder: tempfile::TempDir,
    pub hello: Hello,
    attached: mpsc::Receiver<(ToWorker, Streaming<WorkerMessage>)>,
    to_worker: ToWorker,
    from_worker: Streaming<WorkerMessage>,
    shutdown: watch::Sender<bool>,
    worker: JoinHandle<Result<(), downbeat_worker::Error>>,
    server: JoinHandle<()>,
    heard: BTreeMap<u32, Vec<ReportKind>>,
    answers: Vec<CheckAnswer>,
}

pub fn attempt(task: u32) -> Attempt {
    Attempt { run_id: Bytes::copy_from_slice(Uuid::from_u128(1).as_bytes()), task, number: 1 }
}

pub fn task_run_id(task: u32) -> Uuid {
    Uuid::from_u128(1000 + u128::from(task))
}

/// A check of everything that is newer than the beginning of time.
pub fn check(integration: &str, kind: &str, parameters: serde_json::Value) -> Check {
    Check {
        id: Bytes::copy_from_slice(Uuid::new_v4().as_bytes()),
        integration: integration.to_owned(),
        sensor_type: kind.to_owned(),
        parameters: parameters.to_string(),
        timeout_seconds: 60,
        ..Check::default()
    }
}

/// What a check said: its word, and its outputs or message.
pub fn said(answer: &Answer) -> (&'static str, String) {
    match answer {
        Answer::Passed(passed) => ("passed", passed.outputs.clone()),
        Answer::Pending(pending) => ("pending", pending.message.clone()),
        Answer::Failed(failed) => {
            let class = match failed.failure_class() {
                FailureClass::Misconfigured => "misconfigured",
                FailureClass::Transient => "transient",
                FailureClass::TimedOut => "timed out",
                FailureClass::JobFailed => "failed",
                FailureClass::UnknownOutcome => "unknown",
                FailureClass::Unspecified => "unspecified",
            };
            (class, failed.message.clone())
        }
    }
}

pub fn offer(task: u32, integration: &str, job: &str, parameters: serde_json::Value) -> Offer {
    Offer {
        attempt: Some(attempt(task)),
        task_id: format!("task{task}"),
        task_run_id: task_run_id(task).to_string(),
        pipeline_name: "test".to_owned(),
        integration: integration.to_owned(),
        integration_job: job.to_owned(),
        parameters: parameters.to_string(),
        ..Offer::default()
    }
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut WorkerConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let (sender, mut attached) = mpsc::channel(4);
        let service = WorkerServiceServer::new(Service { attached: sender }).max_decoding_message_size(16 << 20);
        let server = tokio::spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming).await.unwrap();
        });
        let mut config =
            WorkerConfig::new(format!("http://{address}"), folder.path().join("worker"), folder.path().join("blobs"));
        change(&mut config);
        let (shutdown, asked) = watch::channel(false);
        let worker = tokio::spawn(downbeat_worker::run(config, asked));
        let (to_worker, from_worker, hello) = greet(&mut attached).await;
        let (heard, answers) = (BTreeMap::new(), Vec::new());
        Self { folder, hello, attached, to_worker, from_worker, shutdown, worker, server, heard, answers }
    }

    /// Drops the connection and waits for the worker to come back.
    pub async fn reconnect(&mut self) {
        let (closed, _) = mpsc::channel(1);
        self.to_worker = closed;
        (self.to_worker, self.from_worker, self.hello) = greet(&mut self.attached).await;
    }

    pub async fn say(&self, message: FromCoordinator) {
        self.to_worker.send(Ok(CoordinatorMessage { message: Some(message) })).await.unwrap();
    }

    pub async fn offer(&self, offers: Vec<Offer>) {
        self.say(FromCoordinator::Offers(Offers { offers })).await;
    }

    pub async fn stop(&self, task: u32) {
        let stop = Stop { attempt: Some(attempt(task)), reason: StopReason::StopCancelled.into(), ..Stop::default() };
        self.say(FromCoordinator::Stops(Stops { stops: vec![stop] })).await;
    }

    /// The next message of substance; heartbeats are answered and passed over.
    async fn next(&mut self) -> ToCoordinator {
        loop {
            let message = timeout(PATIENCE, self.from_worker.message()).await.expect("the worker says nothing");
            match message.unwrap().expect("the worker hung up").message.unwrap() {
                ToCoordinator::Heartbeat(_) => self.say(FromCoordinator::Heartbeat(HeartbeatAnswer {})).await,
                ToCoordinator::Hello(_) => panic!("a second hello"),
                other => return other,
            }
        }
    }

    /// The next message's reports; answers of checks are kept.
    pub async fn reports(&mut self) -> Vec<Report> {
        loop {
            match self.next().await {
                ToCoordinator::Reports(reports) => return reports.reports,
                ToCoordinator::CheckAnswers(answers) => self.answers.extend(answers.answers),
                other => panic!("{other:?}"),
            }
        }
    }

    pub async fn ask(&self, checks: Vec<Check>) {
        self.say(FromCoordinator::Checks(Checks { checks })).await;
    }

    /// The next so many answers of checks, in the order in which they came.
    pub async fn answers(&mut self, number: usize) -> Vec<CheckAnswer> {
        while self.answers.len() < number {
            let ToCoordinator::CheckAnswers(answers) = self.next().await else { panic!("no answers of checks") };
            self.answers.extend(answers.answers);
        }
        self.answers.drain(..number).collect()
    }

    /// Asks for one check and waits for its answer.
    pub async fn check(&mut self, check: Check) -> Answer {
        let id = check.id.clone();
        self.ask(vec![check]).await;
        let answer = self.answers(1).await.remove(0);
        assert_eq!(answer.id, id);
        answer.answer.unwrap()
    }

    /// Everything that was reported of a task, once its outcome is there. All reports are acknowledged.
    pub async fn outcome(&mut self, task: u32) -> Vec<ReportKind> {
        loop {
            if let Some(heard) = self.heard.get(&task)
                && !matches!(heard.last(), None | Some(ReportKind::Started(_) | ReportKind::Collected(_)))
            {
                return heard.clone();
            }
            let reports = self.reports().await;
            let up_to = reports.last().unwrap().number;
            for report in reports {
                self.heard.entry(report.attempt.unwrap().task).or_default().push(report.report.unwrap());
            }
            self.say(FromCoordinator::Acknowledged(Acknowledged { up_to })).await;
        }
    }

    /// How a task ended: its word, its outputs or message, and its first operation. No credential of a test is in them.
    pub async fn told(&mut self, task: u32) -> (&'static str, String, Option<Operation>) {
        let heard = self.outcome(task).await;
        let operation = heard.iter().find_map(|report| match report {
            ReportKind::Collected(collected) => collected.operations.first().cloned(),
            _ => None,
        });
        let (word, text) = match heard.last().unwrap() {
            ReportKind::Succeeded(done) if done.outputs.is_empty() || done.outputs == "{}" => {
                (if done.outcome() == Outcome::Warning { "warning" } else { "succeeded" }, done.message.clone())
            }
            ReportKind::Succeeded(done) => ("succeeded", done.outputs.clone()),
            ReportKind::Failed(failed) => (
                match failed.failure_class() {
                    FailureClass::Misconfigured => "misconfigured",
                    FailureClass::Transient => "transient",
                    FailureClass::TimedOut => "timed out",
                    FailureClass::UnknownOutcome => "unknown",
                    _ => "failed",
                },
                failed.message.clone(),
            ),
            ReportKind::Stopped(_) => ("stopped", String::new()),
            other => panic!("{other:?}"),
        };
        assert!(!text.contains("s3cret"), "{text}");
        (word, text, operation)
    }

    /// Offers one task and waits for its outcome, which is the last of what was reported.
    pub async fn run(&mut self, offer: Offer) -> ReportKind {
        let task = offer.attempt.as_ref().unwrap().task;
        self.offer(vec![offer]).await;
        self.outcome(task).await.pop().unwrap()
    }

    /// The task's log as it is now.
    pub async fn log(&self, task: u32) -> String {
        let store = BlobStore::open(&self.folder.path().join("blobs")).unwrap();
        let key = BlobKey::task_log(Uuid::from_u128(1), task_run_id(task), 1);
        let chunk = store.read(&key, 0, 1 << 20).await.unwrap();
        chunk.map(|chunk| String::from_utf8_lossy(&chunk.data).into_owned()).unwrap_or_default()
    }

    /// Waits until the task's log holds a text. The log is what a follower polls, too.
    pub async fn log_with(&self, task: u32, text: &str) -> String {
        let found = async {
            loop {
                let log = self.log(task).await;
                if log.contains(text) {
                    return log;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, found).await.expect("the text never came")
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("worker")
    }

    /// Ends the worker as a signal would.
    pub async fn shut_down(mut self) {
        self.shutdown.send(true).unwrap();
        let acknowledge = async {
            while let Ok(Some(message)) = self.from_worker.message().await {
                if let Some(ToCoordinator::Reports(reports)) = message.message {
                    let up_to = reports.reports.last().unwrap().number;
                    let acknowledged = FromCoordinator::Acknowledged(Acknowledged { up_to });
                    self.to_worker.send(Ok(CoordinatorMessage { message: Some(acknowledged) })).await.ok();
                }
            }
        };
        tokio::select! { () = acknowledge => {}, () = tokio::time::sleep(PATIENCE) => panic!("the worker does not end") }
        timeout(PATIENCE, self.worker).await.unwrap().unwrap().unwrap();
        self.server.abort();
    }
}

async fn greet(
    attached: &mut mpsc::Receiver<(ToWorker, Streaming<WorkerMessage>)>,
) -> (ToWorker, Streaming<WorkerMessage>, Hello) {
    let (to_worker, mut from_worker) = timeout(PATIENCE, attached.recv()).await.expect("no worker came").unwrap();
    let first = timeout(PATIENCE, from_worker.message()).await.unwrap().unwrap().unwrap();
    let Some(ToCoordinator::Hello(hello)) = first.message else { panic!("the first message is no hello") };
    let welcome = Welcome { lease_milliseconds: 30_000, coordinator: "test".to_owned(), connections: None };
    to_worker.send(Ok(CoordinatorMessage { message: Some(FromCoordinator::Welcome(welcome)) })).await.unwrap();
    (to_worker, from_worker, hello)
}

/// Whether a process with this text in its command line is alive.
pub fn is_running(text: &str) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else { return false };
    entries.flatten().any(|entry| {
        let line = std::fs::read(Path::new(&entry.path()).join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(text) && entry.file_name() != *std::process::id().to_string()
    })
}
