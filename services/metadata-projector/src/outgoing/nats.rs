//! CloudEvents on NATS, in binary mode: attributes in `ce-` headers, the data as the payload. Into a stream, which is made where it is
//! missing, with limits, and left alone where an operator made it.
//!
//! Promises: in the order given, also when the connection breaks in between. Messages of one portion go without waiting for each other, and
//! each says at which place of the stream it has to come, so that none overtakes one that was lost. After an interruption, and where
//! somebody else publishes to the stream, they go one by one; what the stream has already, it drops by its id.

use std::fmt::Write;

use async_nats::{
    ConnectOptions, HeaderMap, HeaderName, HeaderValue,
    jetstream::{
        self, Context,
        stream::{Config, DiscardPolicy, RetentionPolicy, StorageType},
    },
};

use downbeat_event_log::Nats as Client;

use super::{Message, subject::EVENTS_PREFIX};
use crate::{error::Error, limits};

/// Stream of the events.
pub const EVENTS_STREAM: &str = "DOWNBEAT_EVENTS";

/// A NATS server or cluster.
pub(super) struct Nats {
    client: Client,
    servers: String,
    replicas: usize,
    opened: Option<Opened>,
}

struct Opened {
    context: Context,
    /// Sequence of the last message of the stream, of which we know that it is the last one given. `None`: what follows may be there or not.
    last: Option<u64>,
}

impl Nats {
    /// `servers`: one or several addresses, separated by commas.
    ///
    /// # Errors
    /// `Setting` where nothing could ever be told there.
    pub(super) fn new(client: &Client, servers: String, replicas: usize) -> Result<Self, Error> {
        client.check(&servers).map_err(|why| Error::Setting(why.to_string()))?;
        Ok(Self { client: client.clone(), servers, replicas, opened: None })
    }

    /// Publishes in this order; returns when the stream has all of them.
    ///
    /// # Errors
    /// `Outgoing`. What the stream has by then is dropped by it when it is given again, as far as it remembers its id.
    pub(super) async fn deliver(&mut self, messages: &[Message]) -> Result<(), Error> {
        let mut opened = match self.opened.take() {
            Some(opened) => opened,
            None => open(&self.client, &self.servers, self.replicas).await?,
        };
        for some in messages.chunks(limits::OUTGOING_IN_FLIGHT_MAX) {
            match opened.last {
                Some(last) => opened.together(last, some).await?,
                None => opened.one_by_one(some).await?,
            }
        }
        // After an error the connection is gone with everything that still was on its way in it.
        self.opened = Some(opened);
        Ok(())
    }
}

impl Opened {
    async fn one_by_one(&mut self, messages: &[Message]) -> Result<(), Error> {
        for message in messages {
            self.last = None;
            let sent =
                self.context.publish_with_headers(message.subject.clone(), headers(message), message.body.clone());
            let stored = sent.await.map_err(|error| failed(&error))?.await.map_err(|error| failed(&error))?;
            // What follows something that the stream had already, it may have too.
            self.last = (!stored.duplicate).then_some(stored.sequence);
        }
        Ok(())
    }

    async fn together(&mut self, last: u64, messages: &[Message]) -> Result<(), Error> {
        self.last = None;
        let mut acknowledged = Vec::with_capacity(messages.len());
        for (expected, message) in (last..).zip(messages) {
            let mut headers = headers(message);
            insert(&mut headers, "Nats-Expected-Last-Sequence", &expected.to_string());
            let sent = self.context.publish_with_headers(message.subject.clone(), headers, message.body.clone());
            acknowledged.push(sent.await.map_err(|error| failed(&error))?);
        }
        let mut reached = last;
        for answer in acknowledged {
            reached = answer.await.map_err(|error| failed(&error))?.sequence;
        }
        self.last = Some(reached);
        Ok(())
    }
}

async fn open(client: &Client, servers: &str, replicas: usize) -> Result<Opened, Error> {
    let options = ConnectOptions::new()
        .name("downbeat-events")
        .connection_timeout(limits::NATS_TIMEOUT)
        .request_timeout(Some(limits::NATS_TIMEOUT));
    let client = client.connect(servers, options, limits::NATS_TIMEOUT).await.map_err(|error| failed(&error))?;
    let (takes, needs) =
        (client.server_info().max_payload, limits::OUTGOING_DATA_BYTES_MAX + limits::OUTGOING_HEADER_BYTES_MAX);
    if takes < needs {
        return Err(failed(&format!("the server takes {takes} bytes a message; set max_payload to at least {needs}")));
    }
    let mut context = jetstream::new(client);
    context.set_timeout(limits::NATS_TIMEOUT);
    let stream = context.get_or_create_stream(config(replicas)).await;
    stream.map_err(|error| failed(&format!("making the stream {EVENTS_STREAM}: {error}")))?;
    tracing::info!("tells what happens below {EVENTS_PREFIX}");
    Ok(Opened { context, last: None })
}

/// Whoever does not read for long misses the oldest: nobody who reads holds up others.
fn config(replicas: usize) -> Config {
    Config {
        name: EVENTS_STREAM.to_owned(),
        subjects: vec![format!("{EVENTS_PREFIX}>")],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_bytes: limits::EVENTS_STREAM_BYTES,
        max_age: limits::EVENTS_KEPT,
        duplicate_window: limits::EVENTS_DUPLICATE_WINDOW,
        num_replicas: replicas,
        ..Config::default()
    }
}

fn headers(message: &Message) -> HeaderMap {
    let mut headers = HeaderMap::new();
    insert(&mut headers, "Nats-Msg-Id", &message.id);
    for (name, value) in &message.attributes {
        insert(&mut headers, &format!("ce-{name}"), &encoded(value));
        if *name == "traceparent" {
            // As whoever traces messages of NATS looks for it.
            insert(&mut headers, name, value);
        }
    }
    headers
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
        headers.insert(name, value);
    }
}

/// As the binding says: everything but printable ASCII, spaces, quotation marks and `%` as its bytes in hex.
fn encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'%') {
            encoded.push(char::from(byte));
        } else {
            // Writing into memory has no way to fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Outgoing { to: "NATS", reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_in_headers_as_the_binding_encodes_them() {
        for (value, expected) in [
            ("/downbeat/default/daily", "/downbeat/default/daily"),
            ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
            ("100% \"sure\"\r\n", "100%25%20%22sure%22%0D%0A"),
        ] {
            assert_eq!(encoded(value), expected, "{value:?}");
        }
    }
}
