//! Signed tokens (JWT, RS256) with which a key pair proves who it is: to Google, to Snowflake. Pure: the instant comes in.
//!
//! A key is never printed and no error repeats a part of it.

use std::time::Duration;

use aws_lc_rs::{
    digest,
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::{KeyPair, PublicKey},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};

/// How long a token is good for; Google and Snowflake both take an hour at most.
const LIFE: Duration = Duration::from_secs(3_000);

/// An RSA key pair.
pub(crate) struct Key(KeyPair);

impl Key {
    /// Reads PEM: PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow "the private key".
    pub(crate) fn from_pem(text: &str) -> Result<Self, String> {
        if text.contains("ENCRYPTED") {
            return Err(
                "is encrypted: decrypt it (openssl pkcs8 -in key.p8 -out plain.p8) and keep the file from others"
                    .to_owned(),
            );
        }
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| "is no PEM text that begins with -----BEGIN PRIVATE KEY-----".to_owned())?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err("is no RSA key".to_owned()),
        };
        pair.map(Self).map_err(|_| "is no RSA key of 2048 bits or more".to_owned())
    }

    fn sign(&self, header: &Value, claims: &Value) -> Result<String, String> {
        let text =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .map_err(|_| "the private key cannot sign".to_owned())?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn public(&self) -> &PublicKey {
        self.0.public_key()
    }

    /// SHA-256 of the public key (SubjectPublicKeyInfo), Base64.
    fn fingerprint(&self) -> Result<String, String> {
        let der = self.public().as_der().map_err(|_| "the public key cannot be made of the private one".to_owned())?;
        Ok(STANDARD.encode(digest::digest(&digest::SHA256, der.as_ref())))
    }
}

/// What a service account of Google's shows to get an access token.
pub(crate) fn google(
    key: &Key,
    key_id: Option<&str>,
    email: &str,
    scope: &str,
    audience: &str,
    now: Duration,
) -> Result<String, String> {
    let mut header = json!({ "alg": "RS256", "typ": "JWT" });
    if let Some(id) = key_id {
        header["kid"] = json!(id);
    }
    let now = now.as_secs();
    let claims = json!({ "iss": email, "scope": scope, "aud": audience, "iat": now, "exp": now + LIFE.as_secs() });
    key.sign(&header, &claims)
}

/// Snowflake's key-pair token. An account's locator loses its region, and dots of an organisation's account become hyphens.
pub(crate) fn snowflake(key: &Key, account: &str, user: &str, now: Duration) -> Result<String, String> {
    let account = if account.to_ascii_lowercase().ends_with(".global") {
        account.split('-').next().unwrap_or_default()
    } else {
        account.split('.').next().unwrap_or_default()
    };
    let subject = format!("{}.{}", account.to_uppercase(), user.to_uppercase());
    let issuer = format!("{subject}.SHA256:{}", key.fingerprint()?);
    let now = now.as_secs();
    let claims = json!({ "iss": issuer, "sub": subject, "iat": now, "exp": now + LIFE.as_secs() });
    key.sign(&json!({ "alg": "RS256", "typ": "JWT" }), &claims)
}

/// The claims of a token, if the public half of `key` proves its signature: the other side's view, for tests.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn verified(key: &Key, token: &str) -> Option<Value> {
    let (text, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let public = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
        key.public().as_ref(),
    );
    public.verify(text.as_bytes(), &signature).ok()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::recorded::test_key;

    const NOW: Duration = Duration::from_secs(1_772_359_200);

    #[test]
    fn tokens_say_who_signs_and_the_public_key_proves_it() {
        let key = Key::from_pem(test_key()).unwrap();
        let token = google(&key, Some("k1"), "d@acme.iam.gserviceaccount.com", "s", "https://t/token", NOW).unwrap();
        let claims = verified(&key, &token).unwrap();
        assert_eq!(claims["iss"], "d@acme.iam.gserviceaccount.com");
        assert_eq!((claims["aud"].as_str(), claims["scope"].as_str()), (Some("https://t/token"), Some("s")));
        assert_eq!((claims["iat"].as_u64(), claims["exp"].as_u64()), (Some(1_772_359_200), Some(1_772_362_200)));
        let mut forged = token.clone();
        forged.replace_range(30..31, if &token[30..31] == "A" { "B" } else { "A" });
        assert!(verified(&key, &forged).is_none());
    }

    #[test]
    fn accounts_of_snowflake_are_named_as_it_wants_them() {
        let key = Key::from_pem(test_key()).unwrap();
        let cases = [
            ("acme-main", "ACME-MAIN.DOWNBEAT"),
            ("xy12345.eu-central-1", "XY12345.DOWNBEAT"),
            ("acme-x.global", "ACME.DOWNBEAT"),
        ];
        for (account, subject) in cases {
            let claims = verified(&key, &snowflake(&key, account, "downbeat", NOW).unwrap()).unwrap();
            assert_eq!(claims["sub"], subject, "{account}");
            let issuer = claims["iss"].as_str().unwrap();
            assert!(issuer.starts_with(&format!("{subject}.SHA256:")) && issuer.ends_with('='), "{issuer}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let cases = [
            ("", "is no PEM text"),
            ("secret", "is no PEM text"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----", "decrypt it"),
            ("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----", "is no RSA key"),
        ];
        for (text, says) in cases {
            let error = Key::from_pem(text).err().unwrap();
            assert!(error.contains(says) && !error.contains("c2Vj"), "{error}");
        }
    }
}
