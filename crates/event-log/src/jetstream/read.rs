//! Reading single messages through the stream's leader.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::response::Response;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::{JetStreamLog, stream as log_stream};
use crate::error::Error;
use crate::frame;
use crate::limits::{READ_BYTES_MAX, READS_IN_FLIGHT};
use crate::types::{Entry, Hash, Tail};

impl JetStreamLog {
    pub(super) async fn read_tail(&self) -> Result<Tail, Error> {
        let inner = &self.inner;
        let state = log_stream::current(&inner.context, &inner.options, &inner.id).await?;
        if state.last == 0 {
            return Ok(Tail::start(&inner.id));
        }
        let missing = || Error::corrupt(&inner.id, state.last, "the stream does not hold its last message");
        Ok(self.entry(state.last).await?.ok_or_else(missing)?.tail())
    }

    /// The entry at `sequence`, verified; `None` when the leader has no message there.
    pub(super) async fn entry(&self, sequence: u64) -> Result<Option<Entry>, Error> {
        let subject = format!("STREAM.MSG.GET.{}", self.inner.options.stream);
        let answer = self.inner.context.request::<_, _, Response<Value>>(subject, &json!({ "seq": sequence })).await;
        let answer = match answer {
            Ok(Response::Ok(answer)) => answer,
            Ok(Response::Err { error }) if error.error_code() == ErrorCode::NO_MESSAGE_FOUND => return Ok(None),
            Ok(Response::Err { error }) => {
                return Err(self.unavailable(format!("reading sequence {sequence}: {error}")));
            }
            Err(error) => return Err(self.unavailable(format!("reading sequence {sequence}: {error}"))),
        };
        let text = answer["message"]["data"].as_str().unwrap_or_default();
        let damage = |reason: String| Error::corrupt(&self.inner.id, sequence, reason);
        let data = base64(text).ok_or_else(|| damage("the server's answer is not base64".to_owned()))?;
        frame::decode(sequence, &Bytes::from(data)).map(Some).map_err(damage)
    }

    pub(super) async fn read_entries(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let mut bytes = 0;
        let in_flight = READS_IN_FLIGHT.min(max_entries.max(1));
        // Lazily asked for, so few requests are wasted behind the tail.
        let mut answers = stream::iter(after + 1..).map(|sequence| self.entry(sequence)).buffered(in_flight);
        while entries.len() < max_entries && bytes < READ_BYTES_MAX {
            let Some(answer) = answers.next().await else { break };
            let Some(entry) = answer? else { break };
            bytes += entry.payload.len();
            entries.push(entry);
        }
        if entries.is_empty() && max_entries > 0 {
            let end = log_stream::current(&self.inner.context, &self.inner.options, &self.inner.id).await?.last;
            if after > end {
                return Err(Error::AheadOfLog { log: self.inner.id.clone(), position: after, tail: end });
            }
        }
        frame::check_chain(self.place(), &Hash::genesis(&self.inner.id), &entries)?;
        Ok(entries)
    }
}

/// Decodes standard base64 with padding, in which the server wraps a message's bytes.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for at in 0..4 {
            let digit = match group.get(at).copied() {
                None => 0,
                Some(letter @ b'A'..=b'Z') => letter - b'A',
                Some(letter @ b'a'..=b'z') => letter - b'a' + 26,
                Some(letter @ b'0'..=b'9') => letter - b'0' + 52,
                Some(b'+') => 62,
                Some(b'/') => 63,
                Some(_) => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let [_, first, second, third] = bits.to_be_bytes();
        let whole = [first, second, third];
        bytes.extend_from_slice(whole.get(..group.len().checked_sub(1)?)?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_decoded_as_rfc_4648_says() {
        let cases = [
            ("", Some("")),
            ("Zg==", Some("f")),
            ("Zm8=", Some("fo")),
            ("Zm9v", Some("foo")),
            ("Zm9vYg==", Some("foob")),
        ];
        for (text, expected) in cases {
            assert_eq!(base64(text), expected.map(|text| text.as_bytes().to_vec()), "{text:?}");
        }
        assert_eq!(base64("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
        assert_eq!(base64("a*bc"), None);
    }
}
