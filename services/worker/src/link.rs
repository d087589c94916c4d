//! The connection to the coordinator: opens it, retries for ever, and carries messages both ways.
//!
//! It knows nothing of what the messages mean.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use downbeat_proto::{
    callers::COORDINATOR,
    worker::v1::{CoordinatorMessage, WorkerMessage, worker_service_client::WorkerServiceClient},
};
use downbeat_runtime::{error::Error, grpc::Target, tls::Trust};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_stream::wrappers::ReceiverStream;
use tracing::{debug, info, warn};

use crate::limits::{
    CONNECT_TIMEOUT, MESSAGE_BYTES_MAX, OUTBOUND_MESSAGES_MAX, RECONNECT_PAUSE_MAX, RECONNECT_PAUSE_MIN,
};

/// What the link tells the driver. Numbers of connections only grow.
#[derive(Debug)]
pub(crate) enum LinkEvent {
    Connected(u64, mpsc::Sender<WorkerMessage>),
    Message(u64, CoordinatorMessage),
    Disconnected(u64),
}

/// A task that keeps one connection open; aborted when dropped.
#[derive(Debug)]
pub(crate) struct Link(JoinHandle<()>);

impl Drop for Link {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Link {
    /// Begins to connect. `numbers` is shared by all links of a worker, so that no two connections have one number.
    pub(crate) fn open<E>(target: Target, numbers: Arc<AtomicU64>, events: mpsc::Sender<E>) -> Self
    where
        E: From<LinkEvent> + Send + 'static,
    {
        Self(tokio::spawn(async move {
            let mut pause = RECONNECT_PAUSE_MIN;
            while !events.is_closed() {
                let began = Instant::now();
                let connection = numbers.fetch_add(1, Ordering::Relaxed) + 1;
                if let Err(reason) = converse(&target, connection, &events).await {
                    warn!(coordinator = %target, %reason, "waiting for the coordinator; trying again for ever");
                }
                // A connection that held for a while says that the coordinator is fine again.
                if began.elapsed() > RECONNECT_PAUSE_MAX {
                    pause = RECONNECT_PAUSE_MIN;
                }
                sleep(pause).await;
                pause = (pause * 2).min(RECONNECT_PAUSE_MAX);
            }
        }))
    }
}

/// A coordinator, with time-outs that find a dead peer.
pub(crate) fn target(address: &str, trust: &Trust) -> Result<Target, Error> {
    Target::new(address, COORDINATOR, trust)?.with(|endpoint| {
        Ok(endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(10)))
    })
}

async fn converse<E>(target: &Target, connection: u64, events: &mpsc::Sender<E>) -> Result<(), String>
where
    E: From<LinkEvent>,
{
    let channel = target.connect().await.map_err(|error| describe(&error))?;
    let (outbound, messages) = mpsc::channel(OUTBOUND_MESSAGES_MAX);
    // The hello has to be on its way before the call is answered.
    tell(events, LinkEvent::Connected(connection, outbound)).await;
    let result = exchange(channel, messages, connection, events).await;
    tell(events, LinkEvent::Disconnected(connection)).await;
    result
}

async fn exchange<E>(
    channel: tonic::transport::Channel,
    messages: mpsc::Receiver<WorkerMessage>,
    connection: u64,
    events: &mpsc::Sender<E>,
) -> Result<(), String>
where
    E: From<LinkEvent>,
{
    let mut client = WorkerServiceClient::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let answer = client.attach(ReceiverStream::new(messages)).await.map_err(|status| status.message().to_owned())?;
    info!(connection, "attached to the coordinator");
    let mut inbound = answer.into_inner();
    loop {
        match inbound.message().await {
            Ok(Some(message)) => tell(events, LinkEvent::Message(connection, message)).await,
            Ok(None) => return Err("the coordinator closed the connection".to_owned()),
            Err(status) => return Err(status.message().to_owned()),
        }
    }
}

async fn tell<E: From<LinkEvent>>(events: &mpsc::Sender<E>, event: LinkEvent) {
    if events.send(E::from(event)).await.is_err() {
        debug!("the worker ends: nobody listens to the link any more");
    }
}

/// The whole chain of causes: the outermost of a transport error says nothing.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
