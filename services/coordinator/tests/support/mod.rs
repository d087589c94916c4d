//! A coordinator to ask: gRPC on a free port over a log in memory.

use std::sync::Arc;

use downbeat_coordinator::{Coordinator, error::Error};
use downbeat_event_log::{EventLog, LogId, memory::MemoryLog};
use downbeat_proto::control::v1::control_service_client::ControlServiceClient;
use downbeat_runtime::{grpc, shutdown::Shutdown};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

pub fn memory() -> MemoryLog {
    MemoryLog::new(LogId("memory-1".to_owned()))
}

/// A coordinator over a log, on a free port.
pub struct Service {
    pub channel: Channel,
    /// How it ended.
    pub served: JoinHandle<Result<(), Error>>,
    shutdown: Shutdown,
}

impl Service {
    pub async fn over(log: Arc<dyn EventLog>) -> Self {
        let listener = grpc::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let coordinator = Coordinator::take_over(log, "test", None).await.unwrap();
        let shutdown = Shutdown::default();
        let served = tokio::spawn(coordinator.serve(listener, shutdown.signal()));
        let channel = grpc::Target::plain(&format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, served, shutdown }
    }

    pub fn control(&self) -> ControlServiceClient<Channel> {
        ControlServiceClient::new(self.channel.clone())
    }

    pub async fn end(self) {
        self.shutdown.begin();
        self.served.await.unwrap().unwrap();
    }
}
