//! Signed tokens of an identity provider, verified. Pure: keys and the time come in.
//!
//! Promises: only RS256 and ES256 are taken, each with a key of its own kind that the provider says is for signatures; a token that says how
//! it would like to be verified otherwise is refused. Nothing of a token is believed before that.

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{limits, login::secret::are_equal};

/// A public key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    id: Option<String>,
    public: Public,
}

#[derive(Clone, Debug)]
enum Public {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256(Vec<u8>),
}

/// As RFC 7517 writes it.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Parts of it that a reader must understand: we understand none.
    #[serde(default)]
    crit: Option<Value>,
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// Seconds since the epoch.
    pub(super) now: i64,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unverified {
    /// No key that is known fits: there may be newer ones.
    UnknownKey,
    /// What is wrong.
    Wrong(&'static str),
}

/// The keys of a set (RFC 7517) that can be used here; others are left out.
pub(super) fn keys(set: &Value) -> Vec<Key> {
    let all = set.get("keys").and_then(Value::as_array).into_iter().flatten();
    all.take(limits::PROVIDER_KEYS_MAX).filter_map(|key| key_of(key.clone())).collect()
}

fn key_of(key: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let number = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let public = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => {
            let positive = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            Public::Rsa { modulus: positive(number(&jwk.n)?), exponent: positive(number(&jwk.e)?) }
        }
        ("EC", Some("P-256")) => {
            let (x, y) = (number(&jwk.x)?, number(&jwk.y)?);
            if x.len() != 32 || y.len() != 32 {
                return None;
            }
            // An uncompressed point.
            Public::P256([&[4][..], &x, &y].concat())
        }
        _ => return None,
    };
    Some(Key { id: jwk.kid, public })
}

impl Key {
    fn signs(&self, algorithm: &str) -> bool {
        matches!((&self.public, algorithm), (Public::Rsa { .. }, "RS256") | (Public::P256(_), "ES256"))
    }

    fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Rsa { modulus, exponent } => {
                let key = PublicKeyComponents { n: modulus, e: exponent };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, text, signature).is_ok()
            }
            Public::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(text, signature).is_ok()
            }
        }
    }
}

/// What a token says, once it is clear who says so, to whom, when, and about which sign-in.
pub(super) fn verified(token: &str, keys: &[Key], expected: &Expected<'_>) -> Result<Map<String, Value>, Unverified> {
    let wrong = |what: &'static str| Unverified::Wrong(what);
    let parts: Vec<&str> = token.split('.').collect();
    let [head, body, signature] = parts.as_slice() else { return Err(wrong("it is no signed token")) };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| wrong("it is no signed token"));
    let header: Header = serde_json::from_slice(&decode(head)?).map_err(|_| wrong("it is no signed token"))?;
    if !matches!(header.alg.as_str(), "RS256" | "ES256") {
        return Err(wrong("it is not signed with RS256 or ES256"));
    }
    if header.crit.is_some() {
        return Err(wrong("it asks for something that is not known here"));
    }
    let fits = |key: &&Key| key.signs(&header.alg) && (header.kid.is_none() || key.id == header.kid);
    let fitting: Vec<&Key> = keys.iter().filter(fits).collect();
    // Without a name it is clear only where there is one.
    let [key] = fitting.as_slice() else { return Err(Unverified::UnknownKey) };
    let signed = &token.as_bytes()[..head.len() + 1 + body.len()];
    if !key.verifies(signed, &decode(signature)?) {
        return Err(wrong("its signature is wrong"));
    }
    let Ok(Value::Object(claims)) = serde_json::from_slice(&decode(body)?) else {
        return Err(wrong("it says nothing that can be read"));
    };
    check(&claims, expected).map_err(wrong)?;
    Ok(claims)
}

/// OpenID Connect Core, 3.1.3.7.
fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err("another issuer says so");
    }
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audiences.contains(&expected.client_id) {
        return Err("it is meant for somebody else");
    }
    let party = text("azp");
    if party.is_some_and(|party| party != expected.client_id) || (audiences.len() > 1 && party.is_none()) {
        return Err("it was given to somebody else");
    }
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64);
    let (now, leeway) = (expected.now as f64, limits::PROVIDER_CLOCK_SECONDS as f64);
    let Some(expires) = seconds("exp") else { return Err("it does not say until when it holds") };
    if expires <= now - leeway {
        return Err("it has expired");
    }
    let Some(issued) = seconds("iat") else { return Err("it does not say since when it holds") };
    if issued > now + leeway || seconds("nbf").is_some_and(|begins| begins > now + leeway) {
        return Err("it is of a time to come: the clocks differ");
    }
    if !text("nonce").is_some_and(|nonce| are_equal(nonce, expected.nonce)) {
        return Err("it is about another sign-in");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
