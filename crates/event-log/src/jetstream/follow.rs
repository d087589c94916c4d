//! Following a stream with a push consumer that needs no acknowledgements.
//!
//! The consumer may vanish, skip or repeat: the position decides. Whatever does not continue it exactly leads to a new
//! consumer, after the position was checked against the log again.

use std::time::Duration;

use async_nats::jetstream::consumer::push::{Config, Messages};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use super::JetStreamLog;
use crate::error::{Error, ErrorKind};
use crate::frame;
use crate::limits;
use crate::procedures::check_position;
use crate::types::{Entry, Tail};

/// How long the server keeps a consumer that nobody listens to.
const INACTIVE: Duration = Duration::from_secs(30);

struct Follower {
    log: JetStreamLog,
    position: Tail,
    messages: Option<Messages>,
    reconnected: watch::Receiver<u64>,
}

/// The entries after `position`, which the caller has checked.
pub(super) fn entries(log: JetStreamLog, position: Tail) -> BoxStream<'static, Result<Entry, Error>> {
    let reconnected = log.inner.reconnected.clone();
    let follower = Follower { log, position, messages: None, reconnected };
    stream::unfold(Some(follower), |state| async {
        let mut follower = state?;
        match follower.next().await {
            Ok(entry) => Some((Ok(entry), Some(follower))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl Follower {
    async fn next(&mut self) -> Result<Entry, Error> {
        loop {
            let Some(messages) = &mut self.messages else {
                match self.consume().await {
                    Ok(messages) => self.messages = Some(messages),
                    Err(error) if error.kind() == ErrorKind::Unavailable => {
                        tracing::debug!(%error, "follower waits for the log");
                        tokio::time::sleep(limits::FOLLOW_RETRY).await;
                    }
                    Err(error) => return Err(error),
                }
                continue;
            };
            let message = tokio::select! {
                message = messages.next() => message,
                // The consumer lived in the server's memory: after a restart it is gone without a word.
                Ok(()) = self.reconnected.changed() => None,
            };
            let Some(Ok(message)) = message else {
                self.messages = None;
                continue;
            };
            match message.info().map(|info| info.stream_sequence) {
                Ok(sequence) if sequence <= self.position.sequence => {}
                Ok(sequence) if sequence == self.position.sequence + 1 => {
                    let place = self.log.place();
                    let damage = |reason| Error::corrupt(place, sequence, reason);
                    let entry = frame::decode(sequence, &message.message.payload).map_err(damage)?;
                    frame::check_link(place, self.position.sequence, &self.position.hash, &entry)?;
                    self.position = entry.tail();
                    return Ok(entry);
                }
                Ok(sequence) => {
                    self.check_gap(sequence).await?;
                    self.messages = None;
                }
                Err(error) => {
                    tracing::warn!(%error, "a message of the log's consumer carries no position; reading again");
                    self.messages = None;
                }
            }
        }
    }

    /// A gap in what was delivered: harmless when the log holds the missing entry, damage when it does not.
    async fn check_gap(&self, delivered: u64) -> Result<(), Error> {
        let missing = self.position.sequence + 1;
        match self.log.entry(missing).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                let reason = format!("it is missing although sequence {delivered} is there");
                Err(Error::corrupt(self.log.place(), missing, reason))
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn consume(&mut self) -> Result<Messages, Error> {
        self.reconnected.mark_unchanged();
        check_position(&self.log, self.position).await?;
        let inner = &self.log.inner;
        let config = Config {
            deliver_subject: inner.client.new_inbox(),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.position.sequence + 1 },
            ack_policy: AckPolicy::None,
            max_deliver: 1,
            memory_storage: true,
            num_replicas: 1,
            flow_control: true,
            idle_heartbeat: limits::IDLE_HEARTBEAT,
            inactive_threshold: INACTIVE,
            ..Config::default()
        };
        let made = inner.context.create_consumer_on_stream(config, inner.options.stream.clone()).await;
        let consumer = made.map_err(|error| self.log.unavailable(format!("making a consumer: {error}")))?;
        let messages = consumer.messages().await;
        messages.map_err(|error| self.log.unavailable(format!("listening to a consumer: {error}")))
    }
}
