//! What every gRPC server of ours offers: health and reflection.

use downbeat_integration_tests::cluster::Dev;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

const SERVICES: [&str; 8] = [
    "downbeat.control.v1.AccessService",
    "downbeat.control.v1.ControlService",
    "downbeat.control.v1.EnvironmentService",
    "downbeat.control.v1.InventoryService",
    "downbeat.control.v1.PipelineService",
    "downbeat.control.v1.ToolStateService",
    "downbeat.worker.v1.WorkerService",
    "downbeat.metadata.v1.MetadataService",
];

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_know_every_service() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(folder.path(), 1);
    let channel = downbeat_runtime::grpc::Target::plain(&dev.addresses.server).expect("an address").connect().await;
    let channel = channel.expect("it listens");

    let mut health = HealthClient::new(channel.clone());
    for service in SERVICES {
        let answer = health.check(HealthCheckRequest { service: service.to_owned() }).await.expect(service);
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service}");
    }

    let request = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut answers = ServerReflectionClient::new(channel)
        .server_reflection_info(futures::stream::iter([request]))
        .await
        .expect("reflection answers")
        .into_inner();
    let answer = answers.message().await.expect("an answer").expect("one answer");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else { panic!("{answer:?}") };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for service in SERVICES {
        assert!(names.iter().any(|name| name == service), "{service} in {names:?}");
    }
}
