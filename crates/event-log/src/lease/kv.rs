//! A lease as one key of a bucket of a NATS server: `nats kv get DOWNBEAT_OWNERS partition.0` shows it.
//!
//! A bucket is a stream by a convention of names, and a key a subject of it. It is spoken to as a stream here, so that a service needs the
//! rights for four subjects and no more, and so that what is read comes from the stream's leader: a copy that is behind would show a holder
//! who is gone.

use async_nats::{
    HeaderMap, Request,
    jetstream::{
        self, Context, ErrorCode,
        response::Response,
        stream::{Config, DiscardPolicy, StorageType},
    },
};
use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Held, Lease, LeaseError};
use crate::limits;

/// The bucket.
pub const BUCKET: &str = "DOWNBEAT_OWNERS";
/// "wrong last sequence", of one server and of several.
const WRONG_LAST_SEQUENCE: [u64; 2] = [10_071, 10_164];

/// See the module.
#[derive(Clone, Debug)]
pub struct KvLease {
    client: async_nats::Client,
    context: Context,
    stream: String,
    subject: String,
    /// Copies of the bucket, where this one makes it.
    makes: Option<usize>,
}

impl KvLease {
    /// The lease at this key of the bucket. `makes`: copies that are kept of the bucket where it has to be made; `None` = somebody else makes it.
    pub fn new(client: async_nats::Client, key: &str, makes: Option<usize>) -> Self {
        let mut context = jetstream::new(client.clone());
        context.set_timeout(limits::LEASE_REQUEST_TIMEOUT);
        let subject = format!("$KV.{BUCKET}.{key}");
        Self { client, context, stream: format!("KV_{BUCKET}"), subject, makes }
    }

    async fn make(&self) -> Result<(), LeaseError> {
        let Some(replicas) = self.makes else {
            return Err(LeaseError::Away(format!("the bucket {BUCKET} does not exist yet: a coordinator makes it")));
        };
        let made = self.context.create_stream(Config {
            name: self.stream.clone(),
            subjects: vec![format!("$KV.{BUCKET}.>")],
            storage: StorageType::File,
            discard: DiscardPolicy::New,
            max_messages_per_subject: 1,
            max_message_size: limits::LEASE_BYTES_MAX,
            // With it, whoever may write one key could remove all others.
            allow_rollup: false,
            deny_delete: true,
            num_replicas: replicas,
            ..Config::default()
        });
        match made.await {
            Ok(_) => Ok(()),
            // Another one made it at the same time, with other settings.
            Err(error) if is_taken(&error) => Ok(()),
            Err(error) => Err(LeaseError::Away(format!("making the bucket {BUCKET}: {error}"))),
        }
    }
}

fn is_taken(error: &jetstream::context::CreateStreamError) -> bool {
    matches!(
        error.kind(),
        jetstream::context::CreateStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NAME_EXIST
    )
}

#[async_trait]
impl Lease for KvLease {
    async fn look(&self) -> Result<Held, LeaseError> {
        let ask = format!("STREAM.MSG.GET.{}", self.stream);
        let wanted = json!({ "last_by_subj": self.subject });
        match self.context.request::<_, _, Response<Value>>(ask, &wanted).await {
            Ok(Response::Ok(answer)) => read(&answer["message"]),
            Ok(Response::Err { error }) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                self.make().await?;
                Ok(Held::default())
            }
            Ok(Response::Err { error }) if error.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(Held::default()),
            Ok(Response::Err { error }) => Err(LeaseError::Away(error.to_string())),
            Err(error) => Err(LeaseError::Away(error.to_string())),
        }
    }

    async fn write(&self, revision: u64, holder: Bytes) -> Result<u64, LeaseError> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Expected-Last-Subject-Sequence", revision.to_string().as_str());
        let request = Request::new().headers(headers).payload(holder).timeout(Some(limits::LEASE_REQUEST_TIMEOUT));
        let answer = self.client.send_request(self.subject.clone(), request).await;
        let answer = answer.map_err(|error| LeaseError::Away(error.to_string()))?;
        let answer: Value = serde_json::from_slice(&answer.payload)
            .map_err(|error| LeaseError::Away(format!("the answer is no JSON: {error}")))?;
        match (answer["seq"].as_u64(), answer["error"]["err_code"].as_u64()) {
            (Some(revision), None) => Ok(revision),
            (_, Some(code)) if WRONG_LAST_SEQUENCE.contains(&code) => Err(LeaseError::Taken),
            _ => Err(LeaseError::Away(format!("the server answers {answer}"))),
        }
    }
}

/// A message as the server tells it.
fn read(message: &Value) -> Result<Held, LeaseError> {
    let unfit = || LeaseError::Unfit(format!("the bucket {BUCKET} holds what is no lease: {message}"));
    let revision = message["seq"].as_u64().ok_or_else(unfit)?;
    // A key that was deleted with other tools has headers and no data.
    let data = message["data"].as_str().unwrap_or_default();
    let holder = STANDARD.decode(data).map_err(|_| unfit())?;
    Ok(Held { revision, holder: holder.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_tells_is_read_and_what_is_no_lease_is_said() {
        for (message, held) in [
            (json!({"seq": 7, "data": "YQ=="}), Some((7, "a"))),
            (json!({"seq": 8}), Some((8, ""))),
            (json!({"seq": 8, "data": "?"}), None),
            (json!({"data": "YQ=="}), None),
        ] {
            let read = read(&message).ok().map(|held| (held.revision, held.holder));
            assert_eq!(read, held.map(|(revision, holder)| (revision, Bytes::from(holder))), "{message}");
        }
    }
}
