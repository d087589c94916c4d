//! Signatures of web hooks, as Standard Webhooks 1.0 has them (standardwebhooks.com): HMAC-SHA256 over id, instant and body. Pure: the
//! instant comes in.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Bytes of a key.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The key of a secret as it is written: base64, with or without `whsec_` before it. `None`: it is none.
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    let secret = secret.trim();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok()?;
    KEY_BYTES.contains(&key.len()).then_some(key)
}

/// The value of the header `webhook-signature`. `seconds`: since the epoch.
pub(super) fn sign(key: &[u8], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("v1,{}", STANDARD.encode(signature))
}
