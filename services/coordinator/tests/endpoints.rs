//! Secrets of endpoints over gRPC: those that are not needed any more go from the blob store, and those that cannot be read are said to be so
//! until they can.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{path::Path, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use downbeat_coordinator::{Coordinator, connections::Vault, error::Error};
use downbeat_event_log::{LogId, memory::MemoryLog};
use downbeat_proto::control::v1::{
    self as control, access_service_client::AccessServiceClient, control_service_client::ControlServiceClient,
    webhook_service_client::WebhookServiceClient,
};
use downbeat_runtime::{blob::BlobStore, grpc, sealed::MasterKeys, shutdown::Shutdown};
use tokio::task::JoinHandle;
use tonic::{Streaming, transport::Channel};

const SOON: Duration = Duration::from_secs(30);
const FILE: &str = "version: v1
name: Orders
webhook: {enabled: true}
pipeline:
  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}
";

struct Service {
    channel: Channel,
    served: JoinHandle<Result<(), Error>>,
    shutdown: Shutdown,
}

impl Service {
    async fn over(log: &MemoryLog, blobs: &Path) -> Self {
        let listener = grpc::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let keys = Some(MasterKeys::from_text(&STANDARD.encode([1; 32])).unwrap());
        let coordinator = Coordinator::take_over(Arc::new(log.clone()), "test", None).await.unwrap();
        let coordinator = coordinator.with_connections(Vault::new(keys, BlobStore::open(blobs).unwrap())).await;
        let shutdown = Shutdown::default();
        let served = tokio::spawn(coordinator.serve(listener, shutdown.signal()));
        let channel = grpc::Target::plain(&format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, served, shutdown }
    }

    fn control(&self) -> ControlServiceClient<Channel> {
        ControlServiceClient::new(self.channel.clone())
    }

    fn webhooks(&self) -> WebhookServiceClient<Channel> {
        WebhookServiceClient::new(self.channel.clone())
    }

    async fn apply(&self) {
        let request =
            control::ApplyPipelineRequest { alias: "orders".to_owned(), source: FILE.to_owned(), ..Default::default() };
        self.control().apply_pipeline(request).await.unwrap();
    }

    /// Opens an endpoint. Its id.
    async fn open(&self, name: &str) -> String {
        let request =
            control::OpenEndpointRequest { pipeline: "orders".to_owned(), name: name.to_owned(), ..Default::default() };
        self.webhooks().open_endpoint(request).await.unwrap().into_inner().endpoint.unwrap().id
    }

    async fn rotate(&self, endpoint: &str, overlap_seconds: u32) {
        let request = control::RotateEndpointRequest {
            endpoint: endpoint.to_owned(),
            overlap_seconds: Some(overlap_seconds),
            ..Default::default()
        };
        self.webhooks().rotate_endpoint(request).await.unwrap();
    }

    async fn watch(&self) -> Streaming<control::Access> {
        let mut access = AccessServiceClient::new(self.channel.clone());
        access.watch_access(control::WatchAccessRequest {}).await.unwrap().into_inner()
    }

    async fn end(self) {
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
    }
}

fn memory() -> MemoryLog {
    MemoryLog::new(LogId("memory-1".to_owned()))
}

/// Whether the only endpoint has a secret that cannot be read, and how many that can.
async fn told(watched: &mut Streaming<control::Access>) -> (bool, usize) {
    let told = tokio::time::timeout(SOON, watched.message()).await.expect("it is told soon").unwrap().unwrap();
    (told.endpoints[0].unreadable, told.endpoints[0].secrets.len())
}

/// Files of sealed secrets of an endpoint, in order.
fn sealed(blobs: &Path, endpoint: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(blobs.join("endpoints").join(endpoint)) else { return Vec::new() };
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn secrets_go_when_they_are_not_valid_any_more_and_with_their_pipeline() {
    let blobs = tempfile::tempdir().unwrap();
    let service = Service::over(&memory(), blobs.path()).await;
    service.apply().await;
    let (shop, other) = (service.open("shop").await, service.open("other").await);
    assert_eq!(sealed(blobs.path(), &shop), ["1.sealed"]);
    service.rotate(&shop, 3_600).await;
    assert_eq!(sealed(blobs.path(), &shop), ["1.sealed", "2.sealed"], "both are valid");
    service.rotate(&shop, 0).await;
    assert_eq!(sealed(blobs.path(), &shop), ["3.sealed"]);
    assert_eq!(sealed(blobs.path(), &other), ["1.sealed"], "others are left alone");
    let delete = control::DeletePipelineRequest { pipeline: "orders".to_owned(), ..Default::default() };
    service.control().delete_pipeline(delete).await.unwrap();
    for endpoint in [&shop, &other] {
        assert!(sealed(blobs.path(), endpoint).is_empty());
    }
    service.end().await;
}

#[tokio::test]
async fn what_the_state_does_not_have_goes_at_the_start() {
    let (blobs, log) = (tempfile::tempdir().unwrap(), memory());
    let service = Service::over(&log, blobs.path()).await;
    service.apply().await;
    let shop = service.open("shop").await;
    service.rotate(&shop, 3_600).await;
    service.end().await;
    // A process died between a blob and its decision, and one between a decision and its blobs.
    let nobody = "00000000-0000-0000-0000-000000000001";
    let folder = blobs.path().join("endpoints");
    std::fs::create_dir(folder.join(nobody)).unwrap();
    let left = [folder.join(nobody).join("1.sealed"), folder.join(&shop).join("3.sealed")];
    for left in &left {
        std::fs::copy(folder.join(&shop).join("1.sealed"), left).unwrap();
    }
    // Just written, it may be of a coordinator that came after this one.
    Service::over(&log, blobs.path()).await.end().await;
    assert_eq!(sealed(blobs.path(), nobody), ["1.sealed"]);
    for left in &left {
        let file = std::fs::File::options().write(true).open(left).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(3_600)).unwrap();
    }
    // A coordinator over a log in which there never was a pipeline takes nothing away.
    Service::over(&memory(), blobs.path()).await.end().await;
    assert_eq!(sealed(blobs.path(), nobody), ["1.sealed"]);
    Service::over(&log, blobs.path()).await.end().await;
    assert!(sealed(blobs.path(), nobody).is_empty());
    assert_eq!(sealed(blobs.path(), &shop), ["1.sealed", "2.sealed"]);
}

#[tokio::test]
async fn gateways_are_told_that_a_secret_cannot_be_read_and_again_once_it_can() {
    let (blobs, log) = (tempfile::tempdir().unwrap(), memory());
    let service = Service::over(&log, blobs.path()).await;
    service.apply().await;
    let shop = service.open("shop").await;
    assert_eq!(told(&mut service.watch().await).await, (false, 1));
    service.end().await;

    let (file, aside) = (blobs.path().join("endpoints").join(&shop).join("1.sealed"), blobs.path().join("aside"));
    std::fs::rename(&file, &aside).unwrap();
    let service = Service::over(&log, blobs.path()).await;
    let mut watched = service.watch().await;
    assert_eq!(told(&mut watched).await, (true, 0));
    // The folder was empty, and went at the start.
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    assert_eq!(told(&mut watched).await, (false, 1));
    drop(watched);
    service.end().await;
}
