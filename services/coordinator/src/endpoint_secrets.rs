//! Secrets of endpoints: what senders chose or what was drawn, sealed in the blob store, and the keys that come of them.
//!
//! Promises: a secret stands nowhere but sealed, and opens for its own endpoint and number only; a number is laid down once. Knows nothing
//! of who calls, or of how a call is signed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use downbeat_domain::{EndpointId, endpoint::SignatureScheme, state::Endpoints};
use downbeat_runtime::{
    blob::{BlobKey, BlobStore},
    sealed::{OVERHEAD, Sealer},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    limits::{self, OTHERS_MAY_WRITE},
    secret,
};

/// A secret as its sender knows it, with the key that it stands for.
pub(crate) struct Secret {
    /// As it is shown, once.
    pub(crate) text: Zeroizing<String>,
    /// Key of the HMAC.
    pub(crate) key: Zeroizing<Vec<u8>>,
}

/// Why there is no secret, in words for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SecretError {
    /// There is no master key.
    #[error(
        "a signed endpoint has a secret, which is kept sealed, and this coordinator has no master key: set DOWNBEAT_MASTER_KEY or --master-key-file, or open the endpoint with the scheme NONE"
    )]
    NoMasterKey,
    /// What was given is none.
    #[error("secret: {0}")]
    Unfit(&'static str),
    /// It cannot be kept, or read.
    #[error("{0}")]
    Store(String),
}

/// Keys of secrets that were opened.
type Opened = BTreeMap<(EndpointId, u32), Arc<Zeroizing<Vec<u8>>>>;

/// The sealed secrets.
#[derive(Debug)]
pub(crate) struct EndpointSecrets {
    /// `None` = there is no master key, or nowhere to keep anything.
    store: Option<(BlobStore, Arc<Sealer>)>,
    /// Those that were opened before, so that the table of gateways costs no files.
    opened: Mutex<Opened>,
}

impl EndpointSecrets {
    pub(crate) fn new(blobs: Option<BlobStore>, sealer: Option<Arc<Sealer>>) -> Self {
        Self { store: blobs.zip(sealer), opened: Mutex::default() }
    }

    fn store(&self) -> Result<&(BlobStore, Arc<Sealer>), SecretError> {
        self.store.as_ref().ok_or(SecretError::NoMasterKey)
    }

    /// Keeps the secret of this number.
    ///
    /// # Errors
    /// `NoMasterKey`, `Store`.
    pub(crate) async fn keep(&self, endpoint: EndpointId, number: u32, secret: &Secret) -> Result<(), SecretError> {
        let (blobs, sealer) = self.store()?;
        let store = |error: &dyn std::fmt::Display| SecretError::Store(format!("the secret cannot be kept: {error}"));
        let sealed = sealer.seal(&about(endpoint, number), &secret.key).map_err(|error| store(&error))?;
        blobs.put(&blob(endpoint, number), sealed).await.map_err(|error| store(&error))
    }

    /// The key of the secret of this number.
    ///
    /// # Errors
    /// `NoMasterKey`, `Store`.
    pub(crate) async fn key(&self, endpoint: EndpointId, number: u32) -> Result<Arc<Zeroizing<Vec<u8>>>, SecretError> {
        if let Some(known) = self.opened().get(&(endpoint, number)) {
            return Ok(Arc::clone(known));
        }
        let (blobs, sealer) = self.store()?;
        let store = |what: String| SecretError::Store(format!("secret {number} of endpoint {endpoint}: {what}"));
        let most = (limits::ENDPOINT_KEY_BYTES_MAX + OVERHEAD) as u64;
        let sealed = blobs.get(&blob(endpoint, number), most).await.map_err(|error| store(error.to_string()))?;
        let sealed = sealed.ok_or_else(|| store("there is no such blob".to_owned()))?;
        let opened = sealer.open(&about(endpoint, number), &sealed).map_err(|error| store(error.to_string()))?;
        let key = Arc::new(opened);
        let mut all = self.opened();
        // Those of endpoints that were closed long ago go with all others; they are read again when they are needed.
        if all.len() >= limits::ENDPOINT_KEYS_REMEMBERED {
            all.clear();
        }
        all.insert((endpoint, number), Arc::clone(&key));
        Ok(key)
    }

    /// They are not needed any more. What cannot be removed stays, sealed.
    pub(crate) fn forget(&self, endpoint: EndpointId, numbers: impl IntoIterator<Item = u32>) {
        let Some((blobs, _)) = &self.store else { return };
        for number in numbers {
            self.opened().remove(&(endpoint, number));
            if let Err(error) = blobs.remove(&blob(endpoint, number)) {
                tracing::warn!(%error, %endpoint, number, "a secret that is not needed any more stays behind");
            }
        }
    }

    /// Removes all secrets but those of these endpoints: what is left where a process died between a secret and its decision, or between
    /// a decision and what it made needless. What cannot be removed stays, sealed.
    pub(crate) fn keep_only(&self, endpoints: &Endpoints) {
        let Some((blobs, _)) = &self.store else { return };
        let is_known = |endpoint: Uuid, number: u32| {
            let state = endpoints.open.get(&EndpointId(*endpoint.as_bytes()));
            state.is_some_and(|state| state.secrets().any(|known| known == number))
        };
        match blobs.keep_endpoint_secrets(is_known, OTHERS_MAY_WRITE) {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "secrets of endpoints that are not needed any more are removed"),
            Err(error) => tracing::warn!(%error, "secrets of endpoints that are not needed any more stay behind"),
        }
    }

    /// Wraps the keys of these secrets with the master key that seals now. How many were not.
    ///
    /// # Errors
    /// `NoMasterKey`, `Store`: those before it are resealed.
    pub(crate) async fn reseal(&self, all: &[(EndpointId, u32)]) -> Result<u32, SecretError> {
        let (blobs, sealer) = self.store()?;
        let mut resealed = 0;
        for (endpoint, number) in all {
            let store = |what: String| SecretError::Store(format!("secret {number} of endpoint {endpoint}: {what}"));
            let key = blob(*endpoint, *number);
            let most = (limits::ENDPOINT_KEY_BYTES_MAX + OVERHEAD) as u64;
            let Some(sealed) = blobs.get(&key, most).await.map_err(|error| store(error.to_string()))? else {
                continue;
            };
            let anew = sealer.reseal(&about(*endpoint, *number), &sealed).map_err(|error| store(error.to_string()))?;
            if let Some(anew) = anew {
                blobs.put(&key, anew).await.map_err(|error| store(error.to_string()))?;
                resealed += 1;
            }
        }
        Ok(resealed)
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an envelope opens for.
fn about(endpoint: EndpointId, number: u32) -> Vec<u8> {
    [b"downbeat endpoint v1".as_slice(), &endpoint.0, &number.to_le_bytes()].concat()
}

fn blob(endpoint: EndpointId, number: u32) -> BlobKey {
    BlobKey::endpoint_secret(Uuid::from_bytes(endpoint.0), number)
}

/// The secret that somebody gives; a drawn one where they give none. `None` = calls of the scheme are not signed.
///
/// # Errors
/// `Unfit`: what they give is none of the scheme.
pub(crate) fn secret(scheme: SignatureScheme, given: &str) -> Result<Option<Secret>, SecretError> {
    const NO_CHANCE: SecretError = SecretError::Unfit("the operating system has no randomness to draw one");
    let (text, key) = match (scheme, given) {
        (SignatureScheme::None, "") => return Ok(None),
        (SignatureScheme::None, _) => {
            return Err(SecretError::Unfit("calls of the scheme NONE are not signed; leave it out, or choose another"));
        }
        (SignatureScheme::StandardWebhooks, "") => {
            let key = Zeroizing::new(secret::draw_bytes().ok_or(NO_CHANCE)?.to_vec());
            (format!("whsec_{}", STANDARD.encode(key.as_slice())), key)
        }
        (SignatureScheme::GitHub, "") => {
            let text = secret::base62(secret::draw_bytes().ok_or(NO_CHANCE)?);
            let key = Zeroizing::new(text.clone().into_bytes());
            (text, key)
        }
        (SignatureScheme::StandardWebhooks, given) => {
            let unfit = SecretError::Unfit("expected base64 of 24 to 64 bytes, with or without `whsec_` before it");
            let Ok(key) = STANDARD.decode(given.strip_prefix("whsec_").unwrap_or(given)) else { return Err(unfit) };
            if !(24..=64).contains(&key.len()) {
                return Err(unfit);
            }
            (given.to_owned(), Zeroizing::new(key))
        }
        (SignatureScheme::GitHub, given) => {
            if !(16..=256).contains(&given.len()) || !given.bytes().all(|letter| letter.is_ascii_graphic()) {
                return Err(SecretError::Unfit("expected 16 to 256 visible ASCII characters"));
            }
            (given.to_owned(), Zeroizing::new(given.as_bytes().to_vec()))
        }
    };
    Ok(Some(Secret { text: Zeroizing::new(text), key }))
}

#[cfg(test)]
mod tests {
    use downbeat_runtime::sealed::{MasterKey, MasterKeys};

    use super::*;

    const ENDPOINT: EndpointId = EndpointId([1; 16]);

    fn secrets(folder: &tempfile::TempDir, master: &[u8]) -> EndpointSecrets {
        let keys = MasterKeys::of(master.iter().map(|byte| MasterKey::from_bytes([*byte; 32])).collect());
        EndpointSecrets::new(BlobStore::open(folder.path()).ok(), keys.map(|keys| Arc::new(Sealer::new(keys))))
    }

    fn standard(given: &str) -> Secret {
        secret(SignatureScheme::StandardWebhooks, given).unwrap().unwrap()
    }

    #[test]
    fn secrets_are_drawn_or_taken_as_senders_write_them() {
        let drawn = standard("");
        assert!(drawn.text.starts_with("whsec_") && drawn.key.len() == 32);
        assert_eq!(standard(&drawn.text).key, drawn.key, "what is shown is what is meant");
        let bare = STANDARD.encode([7; 24]);
        assert_eq!(standard(&bare).key.as_slice(), [7; 24]);
        let github = secret(SignatureScheme::GitHub, "").unwrap().unwrap();
        assert_eq!((github.text.len(), github.key.as_slice()), (43, github.text.as_bytes()));
        assert!(secret(SignatureScheme::None, "").unwrap().is_none());
        let (short, long) = (STANDARD.encode([7; 23]), STANDARD.encode([7; 65]));
        for (scheme, unfit) in [
            (SignatureScheme::StandardWebhooks, short.as_str()),
            (SignatureScheme::StandardWebhooks, long.as_str()),
            (SignatureScheme::StandardWebhooks, "not base64!"),
            (SignatureScheme::GitHub, "too short"),
            (SignatureScheme::GitHub, "sixteen with blanks"),
            (SignatureScheme::None, "something"),
        ] {
            assert!(matches!(secret(scheme, unfit), Err(SecretError::Unfit(_))), "{scheme:?} {unfit}");
        }
    }

    #[tokio::test]
    async fn what_was_kept_is_found_sealed_and_only_as_what_it_was_kept_as() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, some) = (secrets(&folder, &[1]), standard(""));
        kept.keep(ENDPOINT, 1, &some).await.unwrap();
        // Another process, which has opened nothing yet.
        let other = secrets(&folder, &[2, 1]);
        assert_eq!(other.key(ENDPOINT, 1).await.unwrap().as_slice(), some.key.as_slice());
        assert!(other.key(ENDPOINT, 2).await.unwrap_err().to_string().contains("no such blob"));
        let from = folder.path().join(blob(ENDPOINT, 1).as_str());
        let bytes = std::fs::read(&from).unwrap();
        assert!(!bytes.windows(some.key.len()).any(|part| part == some.key.as_slice()), "it stands there in the clear");
        std::fs::copy(&from, folder.path().join(blob(ENDPOINT, 2).as_str())).unwrap();
        assert!(other.key(ENDPOINT, 2).await.unwrap_err().to_string().contains("sealed for something else"));
        kept.forget(ENDPOINT, [1, 2, 3]);
        assert!(kept.key(ENDPOINT, 1).await.is_err());
    }

    #[tokio::test]
    async fn a_master_key_that_was_replaced_can_be_taken_away_after_resealing() {
        let folder = tempfile::tempdir().unwrap();
        let some = standard("");
        secrets(&folder, &[1]).keep(ENDPOINT, 1, &some).await.unwrap();
        assert!(secrets(&folder, &[2]).key(ENDPOINT, 1).await.is_err());
        let both = secrets(&folder, &[2, 1]);
        let all = [(ENDPOINT, 1), (ENDPOINT, 9)];
        assert_eq!((both.reseal(&all).await, both.reseal(&all).await), (Ok(1), Ok(0)));
        assert_eq!(secrets(&folder, &[2]).key(ENDPOINT, 1).await.unwrap().as_slice(), some.key.as_slice());
    }

    #[tokio::test]
    async fn without_a_master_key_nothing_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let none = secrets(&folder, &[]);
        assert_eq!(none.keep(ENDPOINT, 1, &standard("")).await, Err(SecretError::NoMasterKey));
    }
}
