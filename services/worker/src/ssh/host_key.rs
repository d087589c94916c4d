//! Whether an SSH server is the one that the connection means.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use russh::{
    Error,
    client::Handler,
    keys::{Algorithm, HashAlg, PublicKey, PublicKeyOrCertificate, parse_public_key_base64},
};

use crate::attempt::Failure;
use crate::connections::Connection;

/// Whom the connection means.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trusted {
    /// One of these.
    Keys { keys: Vec<PublicKey>, fingerprints: Vec<String> },
    /// Whoever answers: somebody wrote `insecure_accept_any_host_key`.
    Anybody,
}

impl Trusted {
    pub(super) fn read(connection: &Connection) -> Result<Self, Failure> {
        let insecure = connection.flag("insecure_accept_any_host_key")?;
        match connection.text("host_key")? {
            Some(text) => parse(text).ok_or_else(|| {
                connection.wrong(
                    "host_key",
                    "must be a line of known_hosts, a public key (ssh-ed25519 AAAA...) or a fingerprint (SHA256:...)",
                )
            }),
            None if insecure => Ok(Self::Anybody),
            // Nobody is trusted; the failure says whom to trust.
            None => Ok(Self::Keys { keys: Vec::new(), fingerprints: Vec::new() }),
        }
    }

    /// Whether nobody was named.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Keys { keys, fingerprints } if keys.is_empty() && fingerprints.is_empty())
    }

    /// Kinds of keys to ask the server for, when that is known: it may have others, which are as good and not known here.
    pub(super) fn algorithms(&self) -> Option<Cow<'static, [Algorithm]>> {
        let Self::Keys { keys, fingerprints } = self else { return None };
        if keys.is_empty() || !fingerprints.is_empty() {
            return None;
        }
        let kinds = keys.iter().flat_map(|key| match key.algorithm() {
            Algorithm::Rsa { .. } => {
                vec![Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, Algorithm::Rsa { hash: Some(HashAlg::Sha256) }]
            }
            other => vec![other],
        });
        Some(kinds.collect())
    }

    fn accepts(&self, key: &PublicKey, fingerprint: &str) -> bool {
        match self {
            Self::Anybody => true,
            Self::Keys { keys, fingerprints } => {
                keys.iter().any(|known| known.key_data() == key.key_data())
                    || fingerprints.iter().any(|known| known == fingerprint)
            }
        }
    }
}

fn parse(text: &str) -> Option<Trusted> {
    let (mut keys, mut fingerprints) = (Vec::new(), Vec::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with("SHA256:") {
            fingerprints.push(line.trim_end_matches('=').to_owned());
            continue;
        }
        // Host names may stand before the kind of key; markers (@revoked, @cert-authority) mean something else.
        let mut words = line.split_whitespace().skip_while(|word| !is_kind(word));
        if line.starts_with('@') {
            return None;
        }
        let (_, key) = (words.next()?, words.next()?);
        keys.push(parse_public_key_base64(key).ok()?);
    }
    (!keys.is_empty() || !fingerprints.is_empty()).then_some(Trusted::Keys { keys, fingerprints })
}

fn is_kind(word: &str) -> bool {
    word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-")
}

/// Looks at the key that the server shows, and remembers it for the failure.
#[derive(Debug, Clone)]
pub(crate) struct Doorman {
    trusted: Trusted,
    shown: Arc<Mutex<Option<String>>>,
}

impl Doorman {
    pub(super) fn new(trusted: Trusted) -> Self {
        Self { trusted, shown: Arc::default() }
    }

    /// The fingerprint of a key that was shown and not accepted.
    pub(super) fn refused(&self) -> Option<String> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Handler for Doorman {
    type Error = Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let accepted = self.trusted.accepts(key, &fingerprint);
        if !accepted {
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(fingerprint);
        }
        Ok(accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

    #[test]
    fn host_keys_are_read_in_every_form() {
        let key = parse_public_key_base64(KEY).unwrap();
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        for text in [
            format!("ssh-ed25519 {KEY}"),
            format!("ssh-ed25519 {KEY} somebody@somewhere"),
            format!("[files.example.com]:2222,10.0.0.1 ssh-ed25519 {KEY}"),
            format!("# comment\n|1|abc=|def= ssh-ed25519 {KEY}\n"),
            fingerprint.clone(),
            format!("SHA256:other\n{fingerprint}="),
        ] {
            let trusted = parse(&text).unwrap();
            assert!(trusted.accepts(&key, &fingerprint), "{text}");
        }
        for text in ["", "MD5:aa", "ssh-ed25519", "ssh-ed25519 AAAA", KEY, "@revoked * ssh-ed25519 AAAA"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(!parse("SHA256:other").unwrap().accepts(&key, &fingerprint));
    }
}
