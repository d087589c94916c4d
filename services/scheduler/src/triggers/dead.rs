//! Dead letters: messages that no delivery would change, each with its reason, until somebody publishes them again.

use std::collections::BTreeMap;

use async_nats::{
    HeaderMap, HeaderName, HeaderValue,
    jetstream::{Context, message::StreamMessage, stream::RawMessageErrorKind, stream::Stream},
};
use bytes::Bytes;
use downbeat_event_log::Nats;
use jiff::Timestamp;

use super::{
    DEAD_PREFIX, TRIGGER_PREFIX,
    message::{ID_HEADER, Message, SOURCE_HEADER},
    nats,
};
use crate::{error::Error, limits};

const REASON: &str = "downbeat-reason";
const SUBJECT: &str = "downbeat-subject";
const TIME: &str = "downbeat-time";
const DELIVERIES: &str = "downbeat-deliveries";
/// What a dead letter says beside its message.
const ABOUT: [&str; 4] = [REASON, SUBJECT, TIME, DELIVERIES];

/// A dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its place among the dead letters.
    pub id: u64,
    /// The subject that it was published to.
    pub subject: String,
    /// Why no trigger took it.
    pub reason: String,
    /// When it was published.
    pub published: String,
    /// How often it was delivered.
    pub deliveries: String,
    /// When it was set aside.
    pub since: Timestamp,
    /// Headers of the message, by lower-case name, and which event it is.
    pub headers: BTreeMap<String, String>,
    /// What was sent.
    pub payload: Bytes,
}

/// The dead letters of a NATS server.
pub struct DeadLetters {
    context: Context,
    stream: Stream,
}

impl DeadLetters {
    /// Connects, as this client; the stream is made where it is missing.
    ///
    /// # Errors
    /// `Nats`.
    pub async fn open(client: &Nats, servers: &str) -> Result<Self, Error> {
        let context = nats::context(nats::connect(client, servers, "downbeat").await?);
        let stream = nats::dead_stream(&context, 1).await?;
        Ok(Self { context, stream })
    }

    /// The oldest, at most so many.
    ///
    /// # Errors
    /// `Nats`.
    pub async fn list(&self, at_most: usize) -> Result<Vec<DeadLetter>, Error> {
        let (mut found, mut next) = (Vec::new(), 1);
        while found.len() < at_most
            && let Some(letter) = self.next(next).await?
        {
            next = letter.id + 1;
            found.push(letter);
        }
        Ok(found)
    }

    /// The dead letter of this id.
    ///
    /// # Errors
    /// `Nats`.
    pub async fn get(&self, id: u64) -> Result<Option<DeadLetter>, Error> {
        Ok(self.next(id).await?.filter(|letter| letter.id == id))
    }

    /// The first one from this id on.
    async fn next(&self, from: u64) -> Result<Option<DeadLetter>, Error> {
        let subject = format!("{DEAD_PREFIX}>");
        let found = self.stream.raw_message_builder().sequence(from.max(1)).next_by_subject(subject).send().await;
        match found {
            Ok(message) => Ok(Some(letter_of(&message))),
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Error::nats("reading dead letters", error)),
        }
    }

    /// Publishes the message again, as the same event, and removes the dead letter. A crash in between leaves it: replaying it once more
    /// is harmless, an event counts once.
    ///
    /// # Errors
    /// `Nats`.
    pub async fn replay(&self, letter: &DeadLetter) -> Result<(), Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in &letter.headers {
            insert(&mut headers, name, value);
        }
        publish(&self.context, letter.subject.clone(), headers, letter.payload.clone()).await?;
        let removed = self.stream.delete_message(letter.id).await;
        removed.map(drop).map_err(|error| Error::nats("removing a dead letter", error))
    }
}

fn letter_of(message: &StreamMessage) -> DeadLetter {
    let headers = nats::headers_of(Some(&message.headers));
    let told = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let address = message.subject.strip_prefix(DEAD_PREFIX).unwrap_or(&message.subject);
    DeadLetter {
        id: message.sequence,
        subject: format!("{TRIGGER_PREFIX}{address}"),
        reason: told(REASON),
        published: told(TIME),
        deliveries: told(DELIVERIES),
        since: nats::instant(message.time.unix_timestamp_nanos()),
        // Those of NATS itself belong to one publication.
        headers: headers
            .iter()
            .filter(|(name, _)| !name.starts_with("nats-") && !ABOUT.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        payload: message.payload.clone(),
    }
}

/// Sets a message aside. It says what event it is, also where that follows from its place in the stream.
pub(super) async fn bury(
    context: &Context,
    message: &Message,
    reason: &str,
    published: Timestamp,
    deliveries: u64,
) -> Result<(), Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in message.headers.iter().filter(|(name, _)| !name.starts_with("nats-")) {
        insert(&mut headers, name, value);
    }
    if !message.headers.contains_key(ID_HEADER) {
        let (source, id) = match message.headers.get("nats-msg-id").filter(|id| !id.is_empty()) {
            Some(id) => ("nats-msg-id", id.clone()),
            None => (message.stream.as_str(), message.sequence.to_string()),
        };
        insert(&mut headers, SOURCE_HEADER, source);
        insert(&mut headers, ID_HEADER, &id);
    }
    insert(&mut headers, REASON, &one_line(reason));
    insert(&mut headers, SUBJECT, &format!("{TRIGGER_PREFIX}{}", message.address));
    insert(&mut headers, TIME, &published.to_string());
    insert(&mut headers, DELIVERIES, &deliveries.to_string());
    // Set aside again after a crash in between: NATS drops the second one.
    insert(&mut headers, "Nats-Msg-Id", &format!("{}/{}", message.stream, message.sequence));
    let subject = format!("{DEAD_PREFIX}{}", message.address);
    publish(context, subject, headers, Bytes::copy_from_slice(&message.payload)).await
}

/// Publishes and waits until the stream has it.
async fn publish(context: &Context, subject: String, headers: HeaderMap, payload: Bytes) -> Result<(), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::nats("publishing", error);
    let sent = context.publish_with_headers(subject, headers, payload).await.map_err(|error| failed(&error))?;
    sent.await.map(drop).map_err(|error| failed(&error))
}

/// What cannot stand in a header is left out: it came through one, or is ours.
fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
        headers.insert(name, value);
    }
}

/// A reason as a header takes it: one line, of limited length.
fn one_line(reason: &str) -> String {
    let most = limits::DEAD_REASON_BYTES_MAX;
    let end = (0..=most.min(reason.len())).rev().find(|at| reason.is_char_boundary(*at)).unwrap_or(0);
    reason[..end].chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
