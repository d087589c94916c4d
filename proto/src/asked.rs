//! What stands beside a call as gRPC metadata: why, and who really asked where a gateway passes the call on.
//!
//! Promises: what one side puts there the other side reads, whatever letters it holds. Knows nothing about who may say so: a coordinator
//! believes it, so nobody but gateways may reach one.

use tonic::metadata::{BinaryMetadataKey, MetadataMap, MetadataValue};

/// Who asked, as the log has it: `user:ada`, `key:ci`. UTF-8.
pub const ACTOR: &str = "downbeat-actor-bin";
/// Address of the caller. UTF-8.
pub const ORIGIN: &str = "downbeat-origin-bin";
/// The caller's own `user-agent`. UTF-8.
pub const CLIENT: &str = "downbeat-client-bin";
/// Why, in the caller's words. UTF-8.
pub const REASON: &str = "downbeat-reason-bin";
/// The same, in ASCII, for callers that have no other way; [`REASON`] goes before it.
pub const REASON_TEXT: &str = "downbeat-reason";

/// Who really asked; `None` = nothing is said of it, so that what is seen of the call itself counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// See [`ACTOR`].
    pub actor: Option<String>,
    /// See [`ORIGIN`].
    pub origin: Option<String>,
    /// See [`CLIENT`].
    pub client: Option<String>,
}

impl Asked {
    /// Says so beside a call; what somebody else said of it there is gone.
    pub fn put(&self, metadata: &mut MetadataMap) {
        for (key, value) in [(ACTOR, &self.actor), (ORIGIN, &self.origin), (CLIENT, &self.client)] {
            metadata.remove_bin(key);
            if let Some(value) = value {
                put(metadata, key, value);
            }
        }
    }

    /// What is said of it beside a call. Bytes that are no UTF-8 are shown as such.
    pub fn of(metadata: &MetadataMap) -> Self {
        Self { actor: get(metadata, ACTOR), origin: get(metadata, ORIGIN), client: get(metadata, CLIENT) }
    }
}

/// Says beside a call why it is made.
pub fn put_reason(metadata: &mut MetadataMap, reason: &str) {
    put(metadata, REASON, reason);
}

/// Why a call is made; empty = nobody says.
pub fn reason_of(metadata: &MetadataMap) -> String {
    let plain = || metadata.get(REASON_TEXT).and_then(|reason| reason.to_str().ok()).map(ToOwned::to_owned);
    get(metadata, REASON).or_else(plain).unwrap_or_default()
}

fn put(metadata: &mut MetadataMap, key: &'static str, value: &str) {
    metadata.insert_bin(BinaryMetadataKey::from_static(key), MetadataValue::from_bytes(value.as_bytes()));
}

fn get(metadata: &MetadataMap, key: &str) -> Option<String> {
    let bytes = metadata.get_bin(key)?.to_bytes().ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read_whatever_letters_it_holds() {
        let asked = Asked {
            actor: Some("user:Zoë ✓".to_owned()),
            origin: Some("[2001:db8::1]:443".to_owned()),
            client: Some(String::new()),
        };
        let mut metadata = MetadataMap::new();
        assert_eq!(Asked::of(&metadata), Asked::default());
        // What a caller of the gateway puts there does not get through.
        Asked { actor: Some("user:eve".to_owned()), origin: Some("x".to_owned()), client: None }.put(&mut metadata);
        asked.put(&mut metadata);
        assert_eq!(Asked::of(&metadata), asked);
        assert_eq!(metadata.get_all_bin(ACTOR).iter().count(), 1);
        Asked::default().put(&mut metadata);
        assert_eq!(Asked::of(&metadata), Asked::default());
    }

    #[test]
    fn bytes_that_are_no_text_are_no_silence() {
        let mut metadata = MetadataMap::new();
        metadata.insert_bin(ACTOR, MetadataValue::from_bytes(b"user:\xff"));
        assert_eq!(Asked::of(&metadata).actor.as_deref(), Some("user:\u{fffd}"));
    }

    #[test]
    fn a_reason_may_be_plain_and_the_other_goes_before_it() {
        let mut metadata = MetadataMap::new();
        assert_eq!(reason_of(&metadata), "");
        metadata.insert(REASON_TEXT, "plain".parse().unwrap());
        assert_eq!(reason_of(&metadata), "plain");
        put_reason(&mut metadata, "wegen Übergröße");
        assert_eq!(reason_of(&metadata), "wegen Übergröße");
    }
}
