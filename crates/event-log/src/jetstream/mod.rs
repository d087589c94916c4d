//! A log in a NATS JetStream stream: one message per record, fenced by the expected last sequence of the stream.
//!
//! Rules that were learned from the server's real behaviour, each needed:
//!
//! - Every append carries `Nats-Expected-Last-Sequence`. `Nats-Expected-Last-Msg-Id` is never sent: a wrong value makes
//!   a replicated stream unusable for good.
//! - `Nats-Msg-Id` is the record id, an accelerator only: whether the server looks at it before the expectation depends
//!   on the number of replicas, so both answers are understood (`append.rs`).
//! - What settles an append is read through the stream's leader (`STREAM.MSG.GET`); direct gets may come from a stale
//!   replica, so the stream does not allow them.
//! - NATS syncs its files every two minutes unless `sync_interval: always` is set; `open` looks and warns, or refuses (`settings.rs`).

mod append;
mod follow;
mod monitor;
mod read;
mod settings;
mod stream;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event};
use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;

use crate::error::Error;
use crate::frame;
use crate::limits;
use crate::log::{EventLog, Room};
use crate::nats::{Nats, NatsError};
use crate::procedures::{check_begun_for, check_position};
use crate::restored::Restored;
use crate::types::{Entry, LogId, Record, Tail};

/// Where the stream is and how it is made.
#[derive(Clone, Debug)]
pub struct JetStreamOptions {
    /// Address of the server or of several, separated by commas: `nats://127.0.0.1:4222`.
    pub server_url: String,
    /// Name of the stream, such as `DOWNBEAT_LOG_0`.
    pub stream: String,
    /// The stream's only subject, such as `downbeat.log.0`.
    pub subject: String,
    /// Copies of the stream: 1 on one server, 3 in a cluster.
    pub replicas: usize,
    /// Whether to make the stream when it is not there.
    pub create: bool,
    /// Largest size of the stream in bytes; -1 for no limit. A full stream refuses appends, it never drops records.
    pub max_bytes: i64,
    /// Name under which the server lists this client.
    pub client_name: String,
    /// Who we are, for the server.
    pub nats: Nats,
    /// Address of the server's monitoring port (`http://127.0.0.1:8222`), to check that it syncs every write.
    pub monitor_url: Option<String>,
    /// How long one request may take before its outcome counts as unknown.
    pub request_timeout: Duration,
    /// Refuse a stream or a server with settings that make a loss likelier.
    pub strict: bool,
    /// The records that a stream which is made is to be given.
    pub restored: Option<Restored>,
}

impl Default for JetStreamOptions {
    fn default() -> Self {
        Self {
            server_url: "nats://127.0.0.1:4222".to_owned(),
            stream: "DOWNBEAT_LOG_0".to_owned(),
            subject: "downbeat.log.0".to_owned(),
            replicas: 1,
            create: false,
            max_bytes: -1,
            client_name: "downbeat".to_owned(),
            nats: Nats::default(),
            monitor_url: None,
            request_timeout: limits::REQUEST_TIMEOUT,
            strict: false,
            restored: None,
        }
    }
}

/// A log in a JetStream stream. Clones are handles over the same connection.
#[derive(Clone, Debug)]
pub struct JetStreamLog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    id: LogId,
    options: JetStreamOptions,
    client: Client,
    context: Context,
    /// Counts connections made: what was known of the server before the last one may no longer hold.
    connections: Arc<AtomicU64>,
    /// Wakes followers when the connection was lost and made again.
    reconnected: watch::Receiver<u64>,
    /// The tail as this handle last saw it, with the connection over which it did.
    known: Mutex<Option<(u64, Tail)>>,
}

impl JetStreamLog {
    /// Connects and opens the stream, making it when the options say so. Afterwards the connection is restored for ever.
    ///
    /// # Errors
    /// `Unavailable` when the server does not answer; `Fatal` when the stream is missing or unfit as a log; `Corrupt`.
    pub async fn open(options: JetStreamOptions) -> Result<Self, Error> {
        let connections = Arc::new(AtomicU64::new(0));
        let (changed, reconnected) = watch::channel(0);
        let client = connect(&options, Arc::clone(&connections), changed).await?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(options.request_timeout);
        let (id, info) = stream::open(&context, &options).await?;
        if let Some(from) = &options.restored {
            check_begun_for(&id, from)?;
        }
        settings::judge(&info, &monitor::look(&options).await, &options)?;
        let inner = Inner { id, options, client, context, connections, reconnected, known: Mutex::new(None) };
        let log = Self { inner: Arc::new(inner) };
        log.tail().await?;
        Ok(log)
    }

    fn place(&self) -> &str {
        &self.inner.id.0
    }

    fn unavailable(&self, reason: impl std::fmt::Display) -> Error {
        Error::Unavailable {
            log: format!("{} at {}", self.place(), self.inner.options.server_url),
            reason: reason.to_string(),
        }
    }

    /// Number of the connection, if there is one now.
    fn connection(&self) -> Result<u64, Error> {
        match self.inner.client.connection_state() {
            State::Connected => Ok(self.inner.connections.load(Ordering::Acquire)),
            _ => Err(self.unavailable("not connected to NATS (reconnecting)")),
        }
    }

    fn known_tail(&self, connection: u64) -> Option<Tail> {
        let known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.filter(|(seen_over, _)| *seen_over == connection).map(|(_, tail)| tail)
    }

    fn remember(&self, connection: u64, tail: Tail) {
        let mut known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((connection, tail));
    }
}

async fn connect(
    options: &JetStreamOptions,
    connections: Arc<AtomicU64>,
    changed: watch::Sender<u64>,
) -> Result<Client, Error> {
    let url = &options.server_url;
    let unavailable = |reason: String| Error::Unavailable { log: format!("{} at {url}", options.stream), reason };
    let connect = ConnectOptions::new()
        .name(&options.client_name)
        .connection_timeout(limits::CONNECT_TIMEOUT)
        .request_timeout(Some(options.request_timeout))
        .ping_interval(limits::PING_INTERVAL)
        .max_reconnects(None)
        .reconnect_delay_callback(|attempt| {
            let exponent = u32::try_from(attempt).unwrap_or(u32::MAX).min(6);
            Duration::from_millis(10 * 2_u64.pow(exponent)).min(limits::RECONNECT_DELAY_MAX)
        })
        .event_callback(move |event| {
            if matches!(event, Event::Connected) {
                changed.send_replace(connections.fetch_add(1, Ordering::AcqRel) + 1);
            }
            tracing::info!(%event, "NATS connection of the event log");
            async {}
        });
    match options.nats.connect(url, connect, limits::CONNECT_TIMEOUT).await {
        Ok(client) => Ok(client),
        Err(NatsError::Setting(why)) => Err(Error::fatal("the NATS server of the log", why)),
        Err(error @ NatsError::Away(_)) => Err(unavailable(error.to_string())),
    }
}

#[async_trait]
impl EventLog for JetStreamLog {
    fn id(&self) -> &LogId {
        &self.inner.id
    }

    async fn tail(&self) -> Result<Tail, Error> {
        let connection = self.connection()?;
        let tail = self.read_tail().await?;
        self.remember(connection, tail);
        Ok(tail)
    }

    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        frame::check_size(record)?;
        self.append_fenced(after, record).await
    }

    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        self.connection()?;
        self.read_entries(after, max_entries).await
    }

    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error> {
        check_position(self, position).await?;
        Ok(follow::entries(self.clone(), position))
    }

    async fn room(&self) -> Result<Option<Room>, Error> {
        self.connection()?;
        let inner = &self.inner;
        let stream = stream::current(&inner.context, &inner.options, &inner.id).await?.room;
        let server = monitor::storage(&inner.options).await;
        Ok(stream.into_iter().chain(server).max_by(Room::compare))
    }
}
