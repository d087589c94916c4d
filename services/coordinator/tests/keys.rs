//! Keys over gRPC: made and shown once, watched, used, revoked; and who really asked, where a gateway passes a call on.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{sync::Arc, time::Duration};

use downbeat_coordinator::{Coordinator, error::Error, limits};
use downbeat_event_log::{EventLog, LogId, memory::MemoryLog};
use downbeat_proto::{
    asked::Asked,
    control::v1::{
        self as control, access_service_client::AccessServiceClient, control_service_client::ControlServiceClient,
    },
    record,
};
use downbeat_runtime::{grpc, shutdown::Shutdown};
use tokio::task::JoinHandle;
use tonic::{Code, Request, Streaming, transport::Channel};

const SOON: Duration = Duration::from_secs(20);

struct Service {
    channel: Channel,
    log: MemoryLog,
    served: JoinHandle<Result<(), Error>>,
    shutdown: Shutdown,
}

impl Service {
    async fn over(log: MemoryLog) -> Self {
        let listener = grpc::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let coordinator = Coordinator::take_over(Arc::new(log.clone()), "test", None).await.unwrap();
        let shutdown = Shutdown::default();
        let served = tokio::spawn(coordinator.serve(listener, shutdown.signal()));
        let channel = grpc::Target::plain(&format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, log, served, shutdown }
    }

    async fn new() -> Self {
        Self::over(MemoryLog::new(LogId("memory-1".to_owned()))).await
    }

    fn access(&self) -> AccessServiceClient<Channel> {
        AccessServiceClient::new(self.channel.clone())
    }

    fn control(&self) -> ControlServiceClient<Channel> {
        ControlServiceClient::new(self.channel.clone())
    }

    async fn watch(&self) -> Streaming<control::Access> {
        self.access().watch_access(control::WatchAccessRequest {}).await.unwrap().into_inner()
    }

    /// Everything that stands in the log.
    async fn recorded(&self) -> Vec<u8> {
        self.log.read(0, 10_000).await.unwrap().iter().flat_map(|entry| entry.payload.to_vec()).collect()
    }

    async fn end(self) {
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
    }
}

fn grant(role: &str, labels: &[&str]) -> control::Grant {
    control::Grant { role: role.to_owned(), labels: labels.iter().map(|label| (*label).to_owned()).collect() }
}

fn key(name: &str) -> control::CreateKeyRequest {
    control::CreateKeyRequest {
        name: name.to_owned(),
        grants: vec![grant("EDITOR", &["eu"])],
        actor: "ada".to_owned(),
        ..Default::default()
    }
}

async fn next(watched: &mut Streaming<control::Access>) -> control::Access {
    tokio::time::timeout(SOON, watched.message()).await.expect("it is told soon").unwrap().expect("it goes on")
}

fn pipeline(alias: &str, meta: &str) -> control::ApplyPipelineRequest {
    let tasks = "pipeline:\n  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n";
    let source = format!("version: v1\nname: Demo\n{meta}{tasks}");
    control::ApplyPipelineRequest { alias: alias.to_owned(), source, ..Default::default() }
}

#[tokio::test]
async fn a_key_is_shown_once_and_only_its_hash_is_kept() {
    let service = Service::new().await;
    let made = service.access().create_key(key("ci")).await.unwrap().into_inner();
    let shown = made.key.unwrap();
    assert_eq!((shown.name.as_str(), shown.created_by.as_str(), shown.last_used_at), ("ci", "user:ada", 0));
    assert_eq!(shown.expires_at - shown.created_at, 90 * 24 * 60 * 60 * 1_000_000);
    assert_eq!(made.secret.len(), "downbeat_".len() + 8 + 1 + 43);
    assert!(made.secret.starts_with(&format!("downbeat_{}_", &shown.id[..8])), "it says which one it is");
    let listed = service.access().list_keys(control::ListKeysRequest {}).await.unwrap().into_inner().keys;
    assert_eq!(listed, [shown]);
    let recorded = service.recorded().await;
    let digits = &made.secret.as_bytes()[18..];
    assert!(!recorded.windows(digits.len()).any(|part| part == digits), "it does not stand in the log");
    let table = next(&mut service.watch().await).await;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, made.secret.as_bytes());
    assert_eq!(table.keys[0].hash, hash.as_ref(), "but its hash is known");
    service.end().await;
}

#[tokio::test]
async fn a_repeated_call_is_refused_and_makes_no_second_key() {
    let service = Service::new().await;
    let asked = || control::CreateKeyRequest { idempotency_key: "once".to_owned(), ..key("ci") };
    service.access().create_key(asked()).await.unwrap();
    let refused = service.access().create_key(asked()).await.unwrap_err();
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert!(refused.message().contains("shown once only"), "{refused}");
    let other = control::CreateKeyRequest { name: "other".to_owned(), ..asked() };
    assert_eq!(service.access().create_key(other).await.unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(service.access().list_keys(control::ListKeysRequest {}).await.unwrap().into_inner().keys.len(), 1);
    service.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words() {
    let service = Service::new().await;
    service.access().create_key(key("taken")).await.unwrap();
    let grants = |grants: Vec<control::Grant>| control::CreateKeyRequest { grants, ..key("x") };
    let until = |expires_at: i64| control::CreateKeyRequest { expires_at, ..key("x") };
    let long = control::CreateKeyRequest { idempotency_key: "k".repeat(256), ..key("x") };
    let roles = "`ROOT` is no role; there are VIEWER, OPERATOR, EDITOR, ADMIN";
    for (request, code, words) in [
        (key("taken"), Code::AlreadyExists, "there is a key `taken` already"),
        (key(""), Code::InvalidArgument, "a key's name takes 1 to 100 characters"),
        (grants(vec![grant("ROOT", &[])]), Code::InvalidArgument, roles),
        (grants(vec![]), Code::InvalidArgument, "1 to 20 grants"),
        (grants(vec![grant("ADMIN", &[]); 21]), Code::InvalidArgument, "at most 20 are allowed"),
        (grants(vec![grant("ADMIN", &["a b"])]), Code::InvalidArgument, "`a b` is no label"),
        (until(1), Code::InvalidArgument, "would open nothing"),
        (until(i64::MAX), Code::InvalidArgument, "no instant"),
        (control::CreateKeyRequest { actor: "a\nb".to_owned(), ..key("x") }, Code::InvalidArgument, "actor:"),
        (long, Code::InvalidArgument, "idempotency_key"),
    ] {
        let refused = service.access().create_key(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(words), "{refused}");
    }
    let nobody = control::RevokeKeyRequest { key: "nobody".to_owned(), ..Default::default() };
    assert_eq!(service.access().revoke_key(nobody).await.unwrap_err().code(), Code::NotFound);
    let noted = control::NoteKeyUsesRequest { keys: vec!["ci".to_owned()] };
    assert_eq!(service.access().note_key_uses(noted).await.unwrap_err().code(), Code::InvalidArgument);
    service.end().await;
}

#[tokio::test]
async fn whoever_watches_is_told_everything_now_and_after_every_change() {
    let service = Service::new().await;
    let mut watched = service.watch().await;
    let first = next(&mut watched).await;
    assert_eq!((first.account_name.as_str(), first.keys.len(), first.pipelines.len()), ("default", 0, 0));
    assert_eq!(&first.account_id[14..15], "4", "clients take UUIDs of version 4 only");

    let made = service.access().create_key(key("ci")).await.unwrap().into_inner();
    let id = made.key.unwrap().id;
    let told = next(&mut watched).await;
    assert_eq!(told.keys[0].key.as_ref().unwrap().grants, [grant("EDITOR", &["eu"])]);

    // Labels are told once they change, and nothing is told for what has none.
    service.control().apply_pipeline(pipeline("plain", "")).await.unwrap();
    let labelled = "meta: {downbeat: {labels: [eu, finance]}}\n";
    let applied = service.control().apply_pipeline(pipeline("orders", labelled)).await.unwrap().into_inner();
    let told = next(&mut watched).await;
    assert_eq!(told.pipelines.len(), 1);
    assert_eq!(told.pipelines[&applied.pipeline_id].labels, ["eu", "finance"]);

    let uses = || control::NoteKeyUsesRequest { keys: vec![id.clone()] };
    service.access().note_key_uses(uses()).await.unwrap();
    let told = next(&mut watched).await;
    assert!(told.keys[0].key.as_ref().unwrap().last_used_at > 0);
    // Within the hour that is no news; where the hour ends just now, it is told.
    service.access().note_key_uses(uses()).await.unwrap();

    let deleted = control::DeletePipelineRequest { pipeline: "orders".to_owned(), ..Default::default() };
    service.control().delete_pipeline(deleted).await.unwrap();
    while !next(&mut watched).await.pipelines.is_empty() {}
    let revoke = || control::RevokeKeyRequest { key: "ci".to_owned(), ..Default::default() };
    assert!(service.access().revoke_key(revoke()).await.unwrap().into_inner().changed);
    assert_eq!(next(&mut watched).await.keys.len(), 0);
    assert!(!service.access().revoke_key(revoke()).await.unwrap().into_inner().changed, "it was revoked before");

    // Who comes later sees the newest alone.
    assert_eq!(next(&mut service.watch().await).await.keys.len(), 0);
    service.end().await;
}

#[tokio::test]
async fn keys_and_labels_are_there_after_a_take_over() {
    let service = Service::new().await;
    service.access().create_key(key("ci")).await.unwrap();
    service.control().apply_pipeline(pipeline("orders", "meta: {downbeat: {labels: [eu]}}\n")).await.unwrap();
    let before = next(&mut service.watch().await).await;
    assert_eq!((before.keys.len(), before.pipelines.len()), (1, 1));
    let log = service.log.clone();
    service.end().await;
    let service = Service::over(log.clone()).await;
    assert_eq!(next(&mut service.watch().await).await, before);
    let revoked = control::RevokeKeyRequest { key: "ci".to_owned(), ..Default::default() };
    service.access().revoke_key(revoked).await.unwrap();
    service.end().await;
    let coordinator = Coordinator::take_over(Arc::new(log), "test", None).await.unwrap();
    assert!(coordinator.first_key().is_none(), "the first key was made, whatever became of it");
}

#[tokio::test]
async fn only_so_many_may_watch() {
    let service = Service::new().await;
    let mut watched = Vec::new();
    for _ in 0..limits::ACCESS_WATCHERS_MAX {
        watched.push(service.watch().await);
    }
    let refused = service.access().watch_access(control::WatchAccessRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    drop(watched);
    let again = async {
        while service.access().watch_access(control::WatchAccessRequest {}).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("who goes away makes room");
    service.end().await;
}

#[tokio::test]
async fn what_a_gateway_says_of_the_caller_is_what_is_recorded() {
    let service = Service::new().await;
    service.control().apply_pipeline(pipeline("orders", "")).await.unwrap();
    let really = Asked {
        actor: Some("key:ci".to_owned()),
        origin: Some("192.0.2.7:4711".to_owned()),
        client: Some("curl/8".to_owned()),
    };
    let start = control::StartRunRequest { pipeline: "orders".into(), actor: "ada".into(), ..Default::default() };
    let mut started = Request::new(start);
    really.put(started.metadata_mut());
    service.control().start_run(started).await.unwrap();
    let mut refused = Request::new(control::PausePipelineRequest { pipeline: "nowhere".into(), ..Default::default() });
    really.put(refused.metadata_mut());
    service.control().pause_pipeline(refused).await.unwrap_err();
    let mut made = Request::new(key("mine"));
    really.put(made.metadata_mut());
    let made = service.access().create_key(made).await.unwrap().into_inner();
    assert_eq!(made.key.unwrap().created_by, "key:ci");

    let mut seen = 0;
    for entry in service.log.read(0, 10_000).await.unwrap() {
        for decision in record::decode(&entry.payload).unwrap().decisions {
            let Some(origin) = decision.origin.filter(|origin| origin.client == "curl/8") else { continue };
            assert_eq!((decision.actor.as_str(), origin.address.as_str()), ("key:ci", "192.0.2.7:4711"));
            seen += 1;
        }
    }
    assert_eq!(seen, 3, "the run, the refusal and the key");
    service.end().await;
}
