//! Connections to a running Downbeat.

use downbeat_proto::{
    asked as beside,
    callers::{COORDINATOR, PROJECTOR},
    control::v1::{
        access_service_client::AccessServiceClient, connection_service_client::ConnectionServiceClient,
        control_service_client::ControlServiceClient, environment_service_client::EnvironmentServiceClient,
        inventory_service_client::InventoryServiceClient, pipeline_service_client::PipelineServiceClient,
        webhook_service_client::WebhookServiceClient,
    },
    limits::MESSAGE_BYTES_MAX,
    metadata::v1::{
        GetPositionRequest, answer_service_client::AnswerServiceClient, asset_service_client::AssetServiceClient,
        cost_service_client::CostServiceClient, lineage_service_client::LineageServiceClient,
        metadata_service_client::MetadataServiceClient, trend_service_client::TrendServiceClient,
    },
};
use downbeat_runtime::{grpc::Target, tls::Trust};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport};

use crate::{
    cli::{By, Servers},
    error::Error,
    session::Bearer,
};

/// A connection that shows who asks, where somebody wants to know.
pub type Channel = InterceptedService<transport::Channel, Bearer>;

/// What the audit calls this program.
pub const CLIENT: &str = concat!("downbeat/", env!("CARGO_PKG_VERSION"));

/// A request that says why it is made.
pub fn asked<T>(request: T, by: &By) -> tonic::Request<T> {
    let mut request = tonic::Request::new(request);
    if let Some(reason) = &by.because {
        beside::put_reason(request.metadata_mut(), reason);
    }
    request
}

/// The coordinator.
pub async fn control(servers: &Servers) -> Result<ControlServiceClient<Channel>, Error> {
    let channel = coordinator(servers).await?;
    Ok(ControlServiceClient::new(channel).max_encoding_message_size(MESSAGE_BYTES_MAX))
}

/// The coordinator, about keys.
pub async fn access(servers: &Servers) -> Result<AccessServiceClient<Channel>, Error> {
    let channel = coordinator(servers).await?;
    Ok(AccessServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The coordinator, about addresses that start pipelines.
pub async fn webhooks(servers: &Servers) -> Result<WebhookServiceClient<Channel>, Error> {
    Ok(WebhookServiceClient::new(coordinator(servers).await?))
}

/// The coordinator, about connections.
pub async fn connections(servers: &Servers) -> Result<ConnectionServiceClient<Channel>, Error> {
    let client = ConnectionServiceClient::new(coordinator(servers).await?);
    Ok(client.max_encoding_message_size(MESSAGE_BYTES_MAX).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The coordinator, about environments.
pub async fn environments(servers: &Servers) -> Result<EnvironmentServiceClient<Channel>, Error> {
    let client = EnvironmentServiceClient::new(coordinator(servers).await?);
    Ok(client.max_encoding_message_size(MESSAGE_BYTES_MAX).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The coordinator, about what people declare of assets.
pub async fn inventory(servers: &Servers) -> Result<InventoryServiceClient<Channel>, Error> {
    let client = InventoryServiceClient::new(coordinator(servers).await?);
    Ok(client.max_encoding_message_size(MESSAGE_BYTES_MAX).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The metadata projector.
pub async fn metadata(servers: &Servers) -> Result<MetadataServiceClient<Channel>, Error> {
    Ok(MetadataServiceClient::new(projector(servers).await?).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The coordinator, about pipelines in repositories.
pub async fn pipelines(servers: &Servers) -> Result<PipelineServiceClient<Channel>, Error> {
    Ok(PipelineServiceClient::new(coordinator(servers).await?))
}

/// The metadata projector, about single assets.
pub async fn assets(servers: &Servers) -> Result<AssetServiceClient<Channel>, Error> {
    Ok(AssetServiceClient::new(projector(servers).await?).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The metadata projector, about what came of what.
pub async fn lineage(servers: &Servers) -> Result<LineageServiceClient<Channel>, Error> {
    Ok(LineageServiceClient::new(projector(servers).await?).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The metadata projector, about what is happening and what is broken.
pub async fn answers(servers: &Servers) -> Result<AnswerServiceClient<Channel>, Error> {
    Ok(AnswerServiceClient::new(projector(servers).await?).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

async fn projector(servers: &Servers) -> Result<Channel, Error> {
    let channel = connect(servers, servers.metadata.as_ref().unwrap_or(&servers.server), PROJECTOR).await?;
    tell_of_rebuild(channel.clone()).await;
    Ok(channel)
}

/// Whoever sees the past, or nothing, must know why. Whatever else is wrong with the server, the question itself will say.
async fn tell_of_rebuild(channel: Channel) {
    let asked = MetadataServiceClient::new(channel).get_position(GetPositionRequest {}).await;
    let Ok(answer) = asked.map(tonic::Response::into_inner) else { return };
    let (Some(rebuild), position) = (answer.rebuild, answer.position.unwrap_or_default()) else { return };
    eprintln!(
        "note: the projections are being rebuilt ({} of {} records); until then answers are as of record {}",
        rebuild.folded, rebuild.goal, position.sequence
    );
}

/// The metadata projector, about durations, schedules and integrations.
pub async fn trends(servers: &Servers) -> Result<TrendServiceClient<Channel>, Error> {
    Ok(TrendServiceClient::new(projector(servers).await?).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

/// The metadata projector, about costs.
pub async fn costs(servers: &Servers) -> Result<CostServiceClient<Channel>, Error> {
    Ok(CostServiceClient::new(projector(servers).await?).max_decoding_message_size(MESSAGE_BYTES_MAX))
}

async fn coordinator(servers: &Servers) -> Result<Channel, Error> {
    connect(servers, &servers.server, COORDINATOR).await
}

async fn connect(servers: &Servers, address: &str, service: &'static str) -> Result<Channel, Error> {
    let wrong = |error: downbeat_runtime::error::Error| Error::Usage(error.to_string());
    let gateway = servers.url.as_deref().filter(|url| !url.is_empty());
    let (address, target, bearer) = match gateway {
        Some(url) => {
            let bearer = Bearer::of(url, servers.key_file.as_deref()).await?;
            (url, Target::public(url).map_err(wrong)?, bearer)
        }
        None => {
            // Whoever has a certificate may type: what it is good for, the services say.
            let trust = Trust::load(&servers.tls, None).map_err(wrong)?;
            (address, Target::new(address, service, &trust).map_err(wrong)?, Bearer::default())
        }
    };
    let target =
        target.with(|endpoint| endpoint.user_agent(CLIENT)).map_err(|error| Error::Usage(error.to_string()))?;
    let connected = target.connect().await;
    let connected =
        connected.map_err(|error| Error::Unreachable { address: address.to_owned(), reason: innermost(&error) })?;
    Ok(InterceptedService::new(connected, bearer))
}

/// The server's words for a refusal; a server that went away is said so.
pub fn refused(status: Status) -> Error {
    match status.code() {
        Code::Unavailable => Error::Refused(format!("not available now: {}", status.message())),
        _ => Error::Refused(status.message().to_owned()),
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
