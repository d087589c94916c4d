//! The services behind the gateway, and how far what was written through it reaches.

use std::sync::{Mutex, PoisonError};

use downbeat_proto::{
    callers::{COORDINATOR, GATEWAY, PROJECTOR},
    control::v1::{
        connection_service_client::ConnectionServiceClient, control_service_client::ControlServiceClient,
        environment_service_client::EnvironmentServiceClient, inventory_service_client::InventoryServiceClient,
        pipeline_service_client::PipelineServiceClient, tool_state_service_client::ToolStateServiceClient,
    },
    limits::MESSAGE_BYTES_MAX,
    metadata::v1::{
        Position, asset_service_client::AssetServiceClient, metadata_service_client::MetadataServiceClient,
        tool_state_query_service_client::ToolStateQueryServiceClient,
    },
};
use downbeat_runtime::{grpc::Target, tls::Trust};
use tonic::transport::Channel;

use crate::{config::GatewayConfig, error::Error};

/// See the module. Connections are made when they are needed and again when they are lost.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) coordinator: Channel,
    pub(crate) projector: Channel,
    /// The furthest position that an answer to a command named.
    written: Mutex<Option<Position>>,
}

impl Upstream {
    pub(crate) fn of(config: &GatewayConfig) -> Result<Self, Error> {
        let wrong =
            |setting| move |error: downbeat_runtime::error::Error| Error::Config { setting, reason: error.to_string() };
        let trust = Trust::load(&config.tls, Some(GATEWAY)).map_err(wrong("DOWNBEAT_TLS_CERT"))?;
        let channel = |setting, address: &str, service| {
            let target = Target::new(address, service, &trust).map_err(wrong(setting))?;
            Ok::<_, Error>(target.connect_lazy())
        };
        Ok(Self {
            coordinator: channel("DOWNBEAT_COORDINATOR", &config.coordinator, COORDINATOR)?,
            projector: channel("DOWNBEAT_METADATA", &config.metadata, PROJECTOR)?,
            written: Mutex::default(),
        })
    }

    /// Takes note of what a command has written: whoever asks next finds it.
    pub(crate) fn wrote(&self, position: Option<Position>) {
        let Some(position) = position else { return };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let further =
            written.as_ref().is_none_or(|known| known.log_id != position.log_id || known.sequence < position.sequence);
        if further {
            *written = Some(position);
        }
    }

    /// What an answer has to reflect at least.
    pub(crate) fn at_least(&self) -> Option<Position> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn control(&self) -> ControlServiceClient<Channel> {
        ControlServiceClient::new(self.coordinator.clone())
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn connections(&self) -> ConnectionServiceClient<Channel> {
        ConnectionServiceClient::new(self.coordinator.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn environments(&self) -> EnvironmentServiceClient<Channel> {
        EnvironmentServiceClient::new(self.coordinator.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn inventory(&self) -> InventoryServiceClient<Channel> {
        InventoryServiceClient::new(self.coordinator.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn pipelines(&self) -> PipelineServiceClient<Channel> {
        PipelineServiceClient::new(self.coordinator.clone())
    }

    pub(crate) fn tool_state(&self) -> ToolStateServiceClient<Channel> {
        ToolStateServiceClient::new(self.coordinator.clone()).max_encoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn kept_tool_state(&self) -> ToolStateQueryServiceClient<Channel> {
        ToolStateQueryServiceClient::new(self.projector.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn metadata(&self) -> MetadataServiceClient<Channel> {
        MetadataServiceClient::new(self.projector.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    pub(crate) fn assets(&self) -> AssetServiceClient<Channel> {
        AssetServiceClient::new(self.projector.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}
