//! Connections over gRPC: sealed, changed in part, listed without values, given to the worker that uses them and to no other, tried.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use downbeat_coordinator::{Coordinator, connections::Vault, error::Error};
use downbeat_event_log::{EventLog, LogId, memory::MemoryLog};
use downbeat_proto::{
    control::v1::{
        self as control, connection_service_client::ConnectionServiceClient,
        control_service_client::ControlServiceClient,
    },
    worker::v1 as worker,
};
use downbeat_runtime::{blob::BlobStore, grpc, sealed::MasterKeys, shutdown::Shutdown};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming, transport::Channel};
use worker::{coordinator_message::Message, worker_message::Message as Said};

const SECRET: &str = "hunter2-hunter2";
const SOON: Duration = Duration::from_secs(20);
const FILE: &str = "version: v1
name: Loads
pipeline:
  load: {integration: POSTGRES, integration_job: POSTGRES_RUN_QUERY, connection: shop, parameters: {statement: s}}
";

struct Service {
    channel: Channel,
    log: MemoryLog,
    served: JoinHandle<Result<(), Error>>,
    shutdown: Shutdown,
}

impl Service {
    /// With this master key, or without any.
    async fn over(log: MemoryLog, blobs: &Path, key: Option<u8>) -> Self {
        let listener = grpc::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let keys = key.map(|key| MasterKeys::from_text(&STANDARD.encode([key; 32])).unwrap());
        let coordinator = Coordinator::take_over(Arc::new(log.clone()), "test", None).await.unwrap();
        let coordinator = coordinator.with_connections(Vault::new(keys, BlobStore::open(blobs).unwrap())).await;
        let shutdown = Shutdown::default();
        let served = tokio::spawn(coordinator.serve(listener, shutdown.signal()));
        let channel = grpc::Target::plain(&format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, log, served, shutdown }
    }

    async fn new(blobs: &Path) -> Self {
        Self::over(MemoryLog::new(LogId("memory-1".to_owned())), blobs, Some(1)).await
    }

    fn connections(&self) -> ConnectionServiceClient<Channel> {
        ConnectionServiceClient::new(self.channel.clone())
    }

    fn control(&self) -> ControlServiceClient<Channel> {
        ControlServiceClient::new(self.channel.clone())
    }

    async fn save(&self, fields: Value) -> Result<control::SaveConnectionResponse, tonic::Status> {
        self.connections().save_connection(shop(fields)).await.map(tonic::Response::into_inner)
    }

    /// A worker that offers the job, with what it says and hears.
    async fn attach(&self, id: u8, sealed_only: bool) -> (mpsc::Sender<worker::WorkerMessage>, Heard) {
        let (says, said) = mpsc::channel(64);
        let hello = worker::Hello {
            worker_id: bytes::Bytes::copy_from_slice(&[id; 16]),
            slots: 4,
            jobs: vec![worker::Job {
                integration: "POSTGRES".to_owned(),
                integration_job: "POSTGRES_RUN_QUERY".to_owned(),
                sealed_only,
                ..Default::default()
            }],
            checks: vec![worker::CheckKind {
                integration: "POSTGRES".to_owned(),
                sensor_type: "CONNECTION".to_owned(),
                sealed_only,
            }],
            ..Default::default()
        };
        say(&says, Said::Hello(hello)).await;
        let mut client = worker::worker_service_client::WorkerServiceClient::new(self.channel.clone());
        let heard = client.attach(ReceiverStream::new(said)).await.unwrap().into_inner();
        let mut heard = Heard(heard);
        assert!(matches!(heard.next().await, Message::Welcome(_)));
        (says, heard)
    }

    async fn apply_and_run(&self) {
        let apply =
            control::ApplyPipelineRequest { alias: "loads".to_owned(), source: FILE.to_owned(), ..Default::default() };
        self.control().apply_pipeline(apply).await.unwrap();
        self.start().await;
    }

    async fn start(&self) {
        let start = control::StartRunRequest { pipeline: "loads".to_owned(), ..Default::default() };
        self.control().start_run(start).await.unwrap();
    }

    async fn end(self) -> MemoryLog {
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
        self.log
    }
}

struct Heard(Streaming<worker::CoordinatorMessage>);

impl Heard {
    async fn next(&mut self) -> Message {
        loop {
            let heard = timeout(SOON, self.0.message()).await.expect("it hears something").unwrap().unwrap();
            match heard.message.unwrap() {
                Message::Heartbeat(_) | Message::Acknowledged(_) => {}
                message => return message,
            }
        }
    }

    async fn given(&mut self) -> worker::Connections {
        match self.next().await {
            Message::Connections(told) => told,
            other => panic!("it hears {other:?}"),
        }
    }
}

async fn say(says: &mpsc::Sender<worker::WorkerMessage>, message: Said) {
    says.send(worker::WorkerMessage { message: Some(message) }).await.unwrap();
}

fn shop(fields: Value) -> control::SaveConnectionRequest {
    control::SaveConnectionRequest {
        connection: "shop".to_owned(),
        integration: "POSTGRES".to_owned(),
        fields: fields.to_string(),
        ..Default::default()
    }
}

fn all() -> Value {
    json!({ "host": "db.example.com", "port": 5432, "password": SECRET, "token": "vault:secret/shop#token" })
}

#[tokio::test]
async fn a_connection_is_changed_in_part_and_shown_without_values() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new(folder.path()).await;
    let made = service.save(all()).await.unwrap();
    let shown = made.connection.unwrap();
    assert!(made.changed && made.position.is_some());
    assert_eq!((shown.version, shown.auth_status.as_str(), shown.is_default), (1, "INITIATED", false));
    let fields: Vec<_> = shown.fields.iter().map(|field| (field.name.as_str(), field.store.as_str())).collect();
    assert_eq!(fields, [("host", ""), ("password", ""), ("port", ""), ("token", "vault")]);
    // The same again is no version, and what is not named stays.
    assert!(!service.save(all()).await.unwrap().changed);
    assert!(!service.save(json!({ "port": 5432 })).await.unwrap().changed);
    let changed = service.save(json!({ "host": "other", "port": null })).await.unwrap();
    let names: Vec<_> = changed.connection.unwrap().fields.into_iter().map(|field| field.name).collect();
    assert_eq!(names, ["host", "password", "token"]);
    let default = control::SaveConnectionRequest { is_default: Some(true), ..shop(json!({})) };
    let default = service.connections().save_connection(default).await.unwrap().into_inner();
    assert!(default.changed && default.connection.unwrap().is_default);

    let listed = service.connections().list_connections(control::ListConnectionsRequest::default()).await.unwrap();
    let got =
        service.connections().get_connection(control::GetConnectionRequest { connection: "shop".to_owned() }).await;
    let printed = format!("{listed:?} {got:?}");
    assert!(printed.contains("shop") && !printed.contains(SECRET) && !printed.contains("db.example.com"), "{printed}");
    let log = service.end().await;
    let entries = log.read(0, 1_000).await.unwrap();
    for entry in &entries {
        assert!(!entry.payload.windows(SECRET.len()).any(|at| at == SECRET.as_bytes()), "record {}", entry.sequence);
    }
}

#[tokio::test]
async fn what_cannot_be_saved_is_refused_without_any_value() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new(folder.path()).await;
    service.save(all()).await.unwrap();
    let named = |name: &str, request: control::SaveConnectionRequest| control::SaveConnectionRequest {
        connection: name.to_owned(),
        ..request
    };
    let of = |integration: &str, request: control::SaveConnectionRequest| control::SaveConnectionRequest {
        integration: integration.to_owned(),
        ..request
    };
    let text = |fields: &str| control::SaveConnectionRequest { fields: fields.to_owned(), ..shop(json!({})) };
    let large = json!({ "a": SECRET.repeat(5_000) });
    let huge = json!({ "a": SECRET.repeat(20_000) });
    let many: serde_json::Map<String, Value> = (0..65).map(|at| (format!("f{at}"), json!(SECRET))).collect();
    for (request, code) in [
        (text(SECRET), Code::InvalidArgument),
        (shop(json!({ "a": [SECRET] })), Code::InvalidArgument),
        (shop(json!({ "pass word": SECRET })), Code::InvalidArgument),
        (shop(large), Code::InvalidArgument),
        (shop(huge), Code::InvalidArgument),
        (shop(Value::Object(many)), Code::InvalidArgument),
        (named("a b", shop(all())), Code::InvalidArgument),
        (named("other", of("post gres", shop(all()))), Code::InvalidArgument),
        (named("other", of("", shop(all()))), Code::InvalidArgument),
        (of("MYSQL", shop(all())), Code::InvalidArgument),
        (control::SaveConnectionRequest { create: true, ..shop(all()) }, Code::AlreadyExists),
        (control::SaveConnectionRequest { idempotency_key: "k".repeat(256), ..shop(all()) }, Code::InvalidArgument),
        (control::SaveConnectionRequest { actor: "a\nb".to_owned(), ..shop(all()) }, Code::InvalidArgument),
    ] {
        let refused = service.connections().save_connection(request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{request:?}: {refused}");
        assert!(!refused.message().contains(SECRET), "{refused}");
    }
    let nobody = control::GetConnectionRequest { connection: "nobody".to_owned() };
    assert_eq!(service.connections().get_connection(nobody).await.unwrap_err().code(), Code::NotFound);
    let nobody = control::RemoveConnectionRequest { connection: "nobody".to_owned(), ..Default::default() };
    assert_eq!(service.connections().remove_connection(nobody).await.unwrap_err().code(), Code::NotFound);
    let blobs = folder.path().join("connections");
    let kept: usize =
        std::fs::read_dir(&blobs).unwrap().flatten().map(|it| std::fs::read_dir(it.path()).unwrap().count()).sum();
    assert_eq!(kept, 1, "nothing is left of what was refused");
}

#[tokio::test]
async fn a_call_that_is_repeated_is_carried_out_once() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new(folder.path()).await;
    let keyed = |host: &str| control::SaveConnectionRequest {
        idempotency_key: "once".to_owned(),
        ..shop(json!({ "host": host }))
    };
    assert!(service.connections().save_connection(keyed("a")).await.unwrap().into_inner().changed);
    service.save(json!({ "host": "b" })).await.unwrap();
    let again = service.connections().save_connection(keyed("a")).await.unwrap().into_inner();
    assert_eq!((again.changed, again.connection.unwrap().version), (false, 2));
}

#[tokio::test]
async fn without_a_master_key_nothing_is_kept_and_the_answer_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::over(MemoryLog::new(LogId("memory-1".to_owned())), folder.path(), None).await;
    let refused = service.save(all()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("openssl rand -base64 32") && !refused.message().contains(SECRET), "{refused}");
    let listed = service.connections().list_connections(control::ListConnectionsRequest::default()).await.unwrap();
    assert!(!listed.into_inner().can_seal);
    let reseal = service.connections().reseal_connections(control::ResealConnectionsRequest::default()).await;
    assert_eq!(reseal.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn who_is_given_a_task_is_given_its_connection_first_and_hears_of_changes() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new(folder.path()).await;
    service.save(all()).await.unwrap();
    let (_says, mut heard) = service.attach(1, true).await;
    service.apply_and_run().await;
    let told = heard.given().await;
    let given = &told.connections[0];
    assert_eq!((given.name.as_str(), given.version, given.error.as_str()), ("shop", 1, ""));
    let fields: Value = serde_json::from_str(&given.fields).unwrap();
    assert_eq!(fields, all());
    assert!(matches!(heard.next().await, Message::Offers(_)));
    // It has it: the next offer comes alone.
    service.start().await;
    assert!(matches!(heard.next().await, Message::Offers(_)));
    service.save(json!({ "password": "another" })).await.unwrap();
    // Whoever asks next moves the loop.
    service.start().await;
    assert_eq!(heard.given().await.connections[0].version, 2);
    assert!(matches!(heard.next().await, Message::Offers(_)));
    let remove = control::RemoveConnectionRequest { connection: "shop".to_owned(), ..Default::default() };
    let refused = service.connections().remove_connection(remove.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    let forced = control::RemoveConnectionRequest { force: true, ..remove };
    service.connections().remove_connection(forced).await.unwrap();
    service.start().await;
    assert_eq!(heard.given().await.gone, ["shop"]);

    // A worker without files is not asked any more: nobody could give it the connection.
    let (_other_says, mut other) = service.attach(2, false).await;
    assert!(matches!(other.next().await, Message::Offers(_)), "one with files is");
}

#[tokio::test]
async fn what_was_sealed_is_there_after_a_take_over_and_a_worker_that_comes_back_has_it_with_its_welcome() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new(folder.path()).await;
    service.save(all()).await.unwrap();
    let (_says, mut heard) = service.attach(1, true).await;
    service.apply_and_run().await;
    heard.given().await;
    let Message::Offers(offers) = heard.next().await else { panic!("no offer") };
    let attempt = offers.offers[0].attempt.clone();
    let log = service.end().await;

    let service = Service::over(log, folder.path(), Some(1)).await;
    let (says, said) = mpsc::channel(64);
    let hello = worker::Hello {
        worker_id: bytes::Bytes::copy_from_slice(&[1; 16]),
        slots: 4,
        in_hand: attempt.into_iter().collect(),
        ..Default::default()
    };
    say(&says, Said::Hello(hello)).await;
    let mut client = worker::worker_service_client::WorkerServiceClient::new(service.channel.clone());
    let mut heard = Heard(client.attach(ReceiverStream::new(said)).await.unwrap().into_inner());
    let Message::Welcome(welcome) = heard.next().await else { panic!("no welcome") };
    let told = welcome.connections.expect("it holds something that uses one");
    assert!(told.connections[0].fields.contains(SECRET));
}

#[tokio::test]
async fn a_worker_tries_a_connection_and_what_it_finds_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::new(folder.path()).await;
    service.save(all()).await.unwrap();
    let test = || control::TestConnectionRequest { connection: "shop".to_owned(), ..Default::default() };
    let nobody = service.connections().test_connection(test()).await.unwrap_err();
    assert_eq!(nobody.code(), Code::FailedPrecondition);
    assert!(nobody.message().contains("no attached worker can try connections of POSTGRES"), "{nobody}");
    let unknown = control::TestConnectionRequest { connection: "nobody".to_owned(), ..Default::default() };
    assert_eq!(service.connections().test_connection(unknown).await.unwrap_err().code(), Code::NotFound);

    let (says, mut heard) = service.attach(1, true).await;
    let passed = worker::check_answer::Answer::Passed(worker::CheckPassed {
        outputs: "{\"message\": \"signed in\"}".to_owned(),
    });
    let failed = worker::check_answer::Answer::Failed(worker::CheckFailed {
        message: "no such host".to_owned(),
        ..Default::default()
    });
    for (answer, status, message) in [(passed, "SUCCEEDED", "signed in"), (failed, "FAILED", "no such host")] {
        let mut client = service.connections();
        let asked = tokio::spawn(async move { client.test_connection(test()).await });
        let mut next = heard.next().await;
        if let Message::Connections(told) = &next {
            assert!(told.connections[0].fields.contains(SECRET));
            next = heard.next().await;
        }
        let Message::Checks(checks) = next else { panic!("no check: {next:?}") };
        let check = &checks.checks[0];
        assert_eq!((check.sensor_type.as_str(), check.connection.as_str()), ("CONNECTION", "shop"));
        let answer = worker::CheckAnswer { id: check.id.clone(), answer: Some(answer) };
        say(&says, Said::CheckAnswers(worker::CheckAnswers { answers: vec![answer] })).await;
        let tested = asked.await.unwrap().unwrap().into_inner().connection.unwrap();
        assert_eq!((tested.auth_status.as_str(), tested.message.as_str()), (status, message));
    }
    // A worker that goes in the middle leaves nobody waiting.
    let mut client = service.connections();
    let asked = tokio::spawn(async move { client.test_connection(test()).await });
    assert!(matches!(heard.next().await, Message::Checks(_)));
    drop((says, heard));
    let tested = timeout(SOON, asked).await.unwrap().unwrap().unwrap().into_inner().connection.unwrap();
    assert!(tested.auth_status == "FAILED" && tested.message.contains("is gone"), "{tested:?}");
}
