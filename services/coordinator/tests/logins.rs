//! Logins over gRPC: codes and tokens are shown once and kept as hashes, gateways are told what opens something, what comes twice ends a login.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use bytes::Bytes;
use downbeat_coordinator::{Coordinator, error::Error};
use downbeat_event_log::{EventLog, LogId, memory::MemoryLog};
use downbeat_proto::{
    asked::Asked,
    control::v1::{self as control, access_service_client::AccessServiceClient},
};
use downbeat_runtime::{grpc, shutdown::Shutdown};
use tokio::task::JoinHandle;
use tonic::{Code, Request, Streaming, transport::Channel};

const SOON: Duration = Duration::from_secs(20);

struct Service {
    access: AccessServiceClient<Channel>,
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
        Self { access: AccessServiceClient::new(channel), log, served, shutdown }
    }

    async fn new() -> Self {
        Self::over(MemoryLog::new(LogId("memory-1".to_owned()))).await
    }

    async fn end(self) -> MemoryLog {
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
        self.log
    }

    /// The code of a login of a key, or of a person.
    async fn begins(&mut self, request: control::BeginLoginRequest, actor: &str) -> String {
        let mut request = Request::new(request);
        Asked { actor: Some(actor.to_owned()), ..Asked::default() }.put(request.metadata_mut());
        self.access.begin_login(request).await.unwrap().into_inner().code
    }

    async fn completes(&mut self, code: &str) -> Result<control::LoginTokensResponse, tonic::Status> {
        self.access.complete_login(complete(code)).await.map(tonic::Response::into_inner)
    }

    async fn refreshes(&mut self, token: &str) -> Result<control::LoginTokensResponse, tonic::Status> {
        let request = control::RefreshLoginRequest { refresh_token: token.to_owned(), client_hash: hash("client") };
        self.access.refresh_login(request).await.map(tonic::Response::into_inner)
    }

    async fn watch(&mut self) -> Streaming<control::Access> {
        self.access.watch_access(control::WatchAccessRequest {}).await.unwrap().into_inner()
    }

    /// What gateways are told of logins now.
    async fn told(&mut self) -> Vec<control::AccessLogin> {
        let mut watched = self.watch().await;
        tokio::time::timeout(SOON, watched.message()).await.unwrap().unwrap().unwrap().logins
    }
}

fn hash(text: &str) -> Bytes {
    Bytes::copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn person() -> control::BeginLoginRequest {
    control::BeginLoginRequest {
        user: "ada".to_owned(),
        grants: vec![control::Grant { role: "EDITOR".to_owned(), labels: vec!["eu".to_owned()] }],
        client: "cli".to_owned(),
        client_hash: hash("client"),
        redirect_hash: hash("redirect"),
        challenge: hash("verifier"),
        ..Default::default()
    }
}

fn complete(code: &str) -> control::CompleteLoginRequest {
    control::CompleteLoginRequest {
        code: hash(code),
        client_hash: hash("client"),
        redirect_hash: hash("redirect"),
        verifier: hash("verifier"),
    }
}

#[tokio::test]
async fn tokens_are_shown_once_and_gateways_are_told_their_hashes() {
    let mut service = Service::new().await;
    let code = service.begins(person(), "user:ada").await;
    assert!(service.told().await.is_empty(), "a code opens nothing");
    let tokens = service.completes(&code).await.unwrap();
    let [told] = service.told().await.try_into().unwrap();
    assert_eq!(told.hash, hash(&tokens.access_token));
    assert_eq!((told.subject.as_str(), told.key_id.as_str(), told.read_only), ("user:ada", "", false));
    assert_eq!((told.grants, told.expires_at), (person().grants, tokens.access_expires_at));
    let listed = service.access.list_logins(control::ListLoginsRequest {}).await.unwrap().into_inner().logins;
    assert_eq!((listed[0].subject.as_str(), listed[0].client.as_str(), &listed[0].id), ("user:ada", "cli", &told.id));
    assert!(listed[0].refreshed_at > 0 && listed[0].expires_at > tokens.access_expires_at);
    assert_eq!((listed[0].key_id.as_str(), listed[0].read_only), ("", false));

    // Whoever owns the log next knows them, too.
    let mut service = Service::over(service.end().await).await;
    let next = service.refreshes(&tokens.refresh_token).await.unwrap();
    let [told] = service.told().await.try_into().unwrap();
    assert_eq!(told.hash, hash(&next.access_token));
    let entries = service.log.read(0, 10_000).await.unwrap();
    let recorded: Vec<u8> = entries.iter().flat_map(|entry| entry.payload.to_vec()).collect();
    for secret in [&code, &tokens.access_token, &tokens.refresh_token, &next.access_token, &next.refresh_token] {
        let digits = &secret.as_bytes()[secret.len() - 43..];
        assert!(!recorded.windows(digits.len()).any(|part| part == digits), "it stands in the log");
    }
    service.end().await;
}

#[tokio::test]
async fn what_comes_a_second_time_ends_the_login() {
    let mut service = Service::new().await;
    let code = service.begins(person(), "user:ada").await;
    service.completes(&code).await.unwrap();
    let refused = service.completes(&code).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().contains("the login has ended"), "{refused}");
    assert!(service.told().await.is_empty());

    let code = service.begins(person(), "user:ada").await;
    let first = service.completes(&code).await.unwrap();
    let second = service.refreshes(&first.refresh_token).await.unwrap();
    let third = service.refreshes(&second.refresh_token).await.unwrap();
    let refused = service.refreshes(&first.refresh_token).await.unwrap_err();
    assert!(refused.message().contains("the login has ended"), "{refused}");
    assert_eq!(service.refreshes(&third.refresh_token).await.unwrap_err().code(), Code::PermissionDenied);
    assert!(service.told().await.is_empty());
    service.end().await;
}

#[tokio::test]
async fn a_login_of_a_key_names_it_and_is_gone_with_it() {
    let mut service = Service::new().await;
    let key = control::CreateKeyRequest { name: "ci".to_owned(), grants: person().grants, ..Default::default() };
    let key = service.access.create_key(key).await.unwrap().into_inner().key.unwrap().id;
    let of_key = control::BeginLoginRequest { key_id: key.clone(), read_only: true, user: String::new(), ..person() };
    let code = service.begins(of_key, "key:ci").await;
    let tokens = service.completes(&code).await.unwrap();
    let [told] = service.told().await.try_into().unwrap();
    assert_eq!((told.subject.as_str(), &told.key_id, told.read_only), ("key:ci", &key, true));
    assert!(told.grants.is_empty(), "those of the key count");
    let revoked = control::RevokeKeyRequest { key: "ci".to_owned(), ..Default::default() };
    service.access.revoke_key(revoked).await.unwrap();
    assert!(service.told().await.is_empty());
    assert_eq!(service.refreshes(&tokens.refresh_token).await.unwrap_err().code(), Code::PermissionDenied);
    service.end().await;
}

#[tokio::test]
async fn somebody_ends_a_login_by_its_id_and_a_program_by_a_token() {
    let mut service = Service::new().await;
    for by_id in [true, false] {
        let code = service.begins(person(), "user:ada").await;
        let tokens = service.completes(&code).await.unwrap();
        let [told] = service.told().await.try_into().unwrap();
        let request = match by_id {
            true => control::EndLoginRequest { login_id: told.id, ..Default::default() },
            false => control::EndLoginRequest { token: tokens.refresh_token, ..Default::default() },
        };
        assert!(service.access.end_login(request).await.unwrap().into_inner().changed);
        assert!(service.told().await.is_empty());
    }
    let strange = control::EndLoginRequest { token: "nothing".to_owned(), ..Default::default() };
    assert!(!service.access.end_login(strange).await.unwrap().into_inner().changed);
    service.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words() {
    let mut service = Service::new().await;
    let short = Bytes::from_static(b"short");
    for (request, code, words) in [
        (
            control::BeginLoginRequest { client_hash: short.clone(), ..person() },
            Code::InvalidArgument,
            "client_hash: a hash has 32 bytes",
        ),
        (control::BeginLoginRequest { challenge: Bytes::new(), ..person() }, Code::InvalidArgument, "challenge:"),
        (control::BeginLoginRequest { user: String::new(), ..person() }, Code::InvalidArgument, "1 to 100 characters"),
        (
            control::BeginLoginRequest { client: "a\nb".to_owned(), ..person() },
            Code::InvalidArgument,
            "1 to 100 characters",
        ),
        (control::BeginLoginRequest { grants: Vec::new(), ..person() }, Code::InvalidArgument, "1 to 20 grants"),
        (control::BeginLoginRequest { key_id: "x".to_owned(), ..person() }, Code::InvalidArgument, "key_id:"),
        (
            control::BeginLoginRequest { key_id: "7d0e4b6a-0000-4000-8000-000000000000".to_owned(), ..person() },
            Code::NotFound,
            "there is no key",
        ),
    ] {
        let refused = service.access.begin_login(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().contains(words), "{refused}");
    }
    let refused = service.access.complete_login(control::CompleteLoginRequest { code: short, ..complete("x") }).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    for (refused, code) in [
        (service.completes("x").await.unwrap_err(), Code::PermissionDenied),
        (service.refreshes("downbeat_refresh_x").await.unwrap_err(), Code::PermissionDenied),
    ] {
        assert_eq!(refused.code(), code, "{refused}");
    }
    for (id, code) in [("x", Code::InvalidArgument), ("7d0e4b6a-0000-4000-8000-000000000000", Code::NotFound)] {
        let request = control::EndLoginRequest { login_id: id.to_owned(), ..Default::default() };
        assert_eq!(service.access.end_login(request).await.unwrap_err().code(), code, "{id}");
    }
    service.end().await;
}
