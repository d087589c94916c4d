//! The streams and the consumer of event triggers: made where they are missing, with limits; left alone where an operator made them.

use async_nats::{
    Client, ConnectOptions, HeaderMap,
    jetstream::{
        self, Context,
        consumer::{AckPolicy, PullConsumer, pull},
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
    },
};
use downbeat_event_log::Nats;
use jiff::Timestamp;
use std::collections::BTreeMap;

use super::{DEAD_PREFIX, TRIGGER_PREFIX};
use crate::{error::Error, limits};

/// Stream of the messages that no scheduler has settled yet.
pub const TRIGGER_STREAM: &str = "DOWNBEAT_TRIGGER";
/// Stream of the dead letters.
pub const DEAD_STREAM: &str = "DOWNBEAT_DEAD";
/// The consumer that all schedulers share.
const CONSUMER: &str = "downbeat-scheduler";

/// What a scheduler works with.
pub(super) struct Streams {
    pub(super) context: Context,
    pub(super) consumer: PullConsumer,
    pub(super) stream: Stream,
    /// Name and birth of the trigger stream: one that is made anew counts from 1 again.
    pub(super) id: String,
}

/// Connects, as this client, to a server or several, separated by commas; afterwards the connection is restored for ever.
///
/// # Errors
/// `Nats` when none answers.
pub async fn connect(client: &Nats, servers: &str, name: &str) -> Result<Client, Error> {
    let options = ConnectOptions::new()
        .name(name)
        .connection_timeout(limits::NATS_TIMEOUT)
        .request_timeout(Some(limits::NATS_TIMEOUT))
        .max_reconnects(None);
    let connected = client.connect(servers, options, limits::NATS_TIMEOUT).await;
    connected.map_err(|error| Error::nats("connecting", error))
}

/// A context for requests to JetStream.
pub(super) fn context(client: Client) -> Context {
    let mut context = jetstream::new(client);
    context.set_timeout(limits::NATS_TIMEOUT);
    context
}

/// Opens both streams and the consumer.
pub(super) async fn open(client: Client, replicas: usize) -> Result<Streams, Error> {
    let context = context(client);
    // First where dead letters go: without it none could be set aside.
    dead_stream(&context, replicas).await?;
    let stream = context.get_or_create_stream(trigger_config(replicas)).await;
    let stream = stream.map_err(|error| Error::nats("making the stream DOWNBEAT_TRIGGER", error))?;
    let info = stream.cached_info();
    let id = format!("{}@{}", info.config.name, info.created.unix_timestamp_nanos());
    let consumer = stream.get_or_create_consumer(CONSUMER, consumer_config()).await;
    let consumer = consumer.map_err(|error| Error::nats("making the consumer downbeat-scheduler", error))?;
    Ok(Streams { context, consumer, stream, id })
}

/// The stream of dead letters.
pub(super) async fn dead_stream(context: &Context, replicas: usize) -> Result<Stream, Error> {
    let stream = context.get_or_create_stream(dead_config(replicas)).await;
    stream.map_err(|error| Error::nats("making the stream DOWNBEAT_DEAD", error))
}

/// Messages stay until they are settled. A full stream refuses publishers: nothing that NATS took is dropped.
fn trigger_config(replicas: usize) -> Config {
    Config {
        name: TRIGGER_STREAM.to_owned(),
        subjects: vec![format!("{TRIGGER_PREFIX}>")],
        storage: StorageType::File,
        retention: RetentionPolicy::WorkQueue,
        discard: DiscardPolicy::New,
        max_bytes: limits::TRIGGER_STREAM_BYTES,
        max_message_size: limits::TRIGGER_MESSAGE_BYTES_MAX,
        duplicate_window: limits::DUPLICATE_WINDOW,
        num_replicas: replicas,
        ..Config::default()
    }
}

/// Dead letters must always find room: the oldest go.
fn dead_config(replicas: usize) -> Config {
    Config {
        name: DEAD_STREAM.to_owned(),
        subjects: vec![format!("{DEAD_PREFIX}>")],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_bytes: limits::DEAD_STREAM_BYTES,
        max_age: limits::DEAD_KEPT,
        duplicate_window: limits::DUPLICATE_WINDOW,
        num_replicas: replicas,
        ..Config::default()
    }
}

fn consumer_config() -> pull::Config {
    pull::Config {
        durable_name: Some(CONSUMER.to_owned()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: limits::ACK_WAIT,
        // What no delivery changes is set aside by the scheduler, with its reason.
        max_deliver: -1,
        max_ack_pending: limits::ACK_PENDING_MAX,
        ..pull::Config::default()
    }
}

/// Headers by lower-case name; of one that is given several times, the last.
pub(super) fn headers_of(headers: Option<&HeaderMap>) -> BTreeMap<String, String> {
    let headers = headers.into_iter().flat_map(HeaderMap::iter);
    let last = |(name, values): (&async_nats::HeaderName, &Vec<async_nats::HeaderValue>)| {
        values.last().map(|value| (name.to_string().to_ascii_lowercase(), value.as_str().to_owned()))
    };
    headers.filter_map(last).collect()
}

/// An instant as NATS tells it.
pub(super) fn instant(nanoseconds: i128) -> Timestamp {
    Timestamp::from_nanosecond(nanoseconds).unwrap_or_default()
}
