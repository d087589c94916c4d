//! What is sealed, in memory and in the blob store.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use downbeat_domain::{
    ConnectionId, limits as domain_limits,
    state::{Connection, Connections},
};
use downbeat_runtime::{
    blob::{self, BlobKey, BlobStore},
    sealed::{self, MasterKeys, Sealer},
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{endpoint_secrets::EndpointSecrets, limits::OTHERS_MAY_WRITE};

/// What names the blob of a version.
type Seal = [u8; 16];
/// The largest envelope, bytes.
const ENVELOPE_BYTES_MAX: u64 = (domain_limits::SEALED_BYTES_MAX + sealed::OVERHEAD) as u64;

/// What is sealed, by what names its blob.
type Envelopes = BTreeMap<Seal, Arc<[u8]>>;

/// Why something cannot be sealed or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    /// There is no master key.
    #[error(
        "this coordinator has no master key, so it keeps no connections: start it with DOWNBEAT_MASTER_KEY (openssl rand -base64 32) or \
         --master-key-file, or put connections into files of the workers (docs/connections.md)"
    )]
    NoKey,
    /// It does not open.
    #[error("its sealed values cannot be opened: {0}")]
    Sealed(#[from] sealed::Error),
    /// The blob is not there.
    #[error("its sealed values are not in the blob store; save the connection again with all its fields")]
    Gone,
    /// The blob store fails.
    #[error("its sealed values cannot be kept: {0}")]
    Blobs(#[from] blob::Error),
    /// It fails where they are read, which may pass.
    #[error("its sealed values cannot be read: {0}; they are read again when they are used next")]
    Unread(blob::Error),
}

/// Sealed connections: those that count now, and what seals further ones.
#[derive(Debug, Default)]
pub struct Vault {
    sealer: Option<Arc<Sealer>>,
    blobs: Option<BlobStore>,
    /// Sealed, as in the blob store, so that nothing is read while messages leave.
    envelopes: RwLock<BTreeMap<ConnectionId, Envelopes>>,
    /// Counts changes that workers may have to hear of.
    changes: AtomicU64,
}

impl Vault {
    /// A vault over a blob store; without keys it keeps nothing.
    pub fn new(keys: Option<MasterKeys>, blobs: BlobStore) -> Self {
        Self { sealer: keys.map(|keys| Arc::new(Sealer::new(keys))), blobs: Some(blobs), ..Self::default() }
    }

    /// The same keys and blobs for another term, with nothing read yet.
    pub(crate) fn anew(&self) -> Self {
        Self { sealer: self.sealer.clone(), blobs: self.blobs.clone(), ..Self::default() }
    }

    /// Reads what counts, and removes what is left of versions that do not. What cannot be read is told when it is used.
    pub(crate) async fn load(&self, connections: &Connections) {
        let Some(blobs) = &self.blobs else { return };
        if self.sealer.is_none() && !connections.all.is_empty() {
            tracing::warn!(
                connections = connections.all.len(),
                "sealed connections cannot be opened: {}",
                VaultError::NoKey
            );
        }
        for (id, state) in &connections.all {
            match blobs.get(&key(*id, state.seal), ENVELOPE_BYTES_MAX).await {
                Ok(Some(envelope)) => {
                    self.keep(*id, state.seal, envelope.into());
                    if let Err(error) =
                        blobs.keep_only(Uuid::from_bytes(id.0), Some(Uuid::from_bytes(state.seal)), OTHERS_MAY_WRITE)
                    {
                        tracing::debug!(%error, "older versions of a sealed connection stay for now");
                    }
                }
                Ok(None) => tracing::error!(connection = state.name, "{}", VaultError::Gone),
                Err(error) => tracing::error!(connection = state.name, %error, "a sealed connection cannot be read"),
            }
        }
    }

    /// The secrets of endpoints, which lie in the same store and are sealed with the same keys.
    pub(crate) fn endpoint_secrets(&self) -> EndpointSecrets {
        EndpointSecrets::new(self.blobs.clone(), self.sealer.clone())
    }

    /// Is there a master key?
    pub(crate) fn can_seal(&self) -> bool {
        self.sealer.is_some() && self.blobs.is_some()
    }

    /// Seals a version and keeps it. How many bytes it takes, and what names it. It counts once the log says so.
    pub(crate) async fn put(
        &self,
        id: ConnectionId,
        name: &str,
        version: u32,
        fields: &str,
    ) -> Result<(Seal, usize), VaultError> {
        let (Some(sealer), Some(blobs)) = (&self.sealer, &self.blobs) else { return Err(VaultError::NoKey) };
        let seal = *Uuid::new_v4().as_bytes();
        let envelope = sealer.seal(about(id, name, version, seal).as_bytes(), fields.as_bytes())?;
        let bytes = envelope.len();
        blobs.put(&key(id, seal), envelope.clone()).await?;
        self.keep(id, seal, envelope.into());
        Ok((seal, bytes))
    }

    /// This version counts, and no other: older ones go.
    pub(crate) fn settle(&self, id: ConnectionId, seal: Option<Seal>) {
        let mut all = self.envelopes.write().unwrap_or_else(PoisonError::into_inner);
        match seal {
            Some(seal) => all.entry(id).or_default().retain(|known, _| *known == seal),
            None => drop(all.remove(&id)),
        }
        drop(all);
        self.changes.fetch_add(1, Ordering::Release);
        let Some(blobs) = &self.blobs else { return };
        if let Err(error) = blobs.keep_only(Uuid::from_bytes(id.0), seal.map(Uuid::from_bytes), Duration::ZERO) {
            tracing::debug!(%error, "older versions of a sealed connection stay for now");
        }
    }

    /// This version was not taken.
    pub(crate) fn discard(&self, id: ConnectionId, seal: Seal) {
        let mut all = self.envelopes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(versions) = all.get_mut(&id) {
            versions.remove(&seal);
        }
        drop(all);
        if let Some(Err(error)) = self.blobs.as_ref().map(|blobs| blobs.remove(&key(id, seal))) {
            tracing::debug!(%error, "a version that was not taken stays for now");
        }
    }

    /// The fields of a connection, as JSON.
    pub(crate) fn open(&self, id: ConnectionId, state: &Connection) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let sealer = self.sealer.as_ref().ok_or(VaultError::NoKey)?;
        let envelope = self.envelope(id, state.seal)?;
        let about = about(id, &state.name, state.version, state.seal);
        Ok(sealer.open(about.as_bytes(), &envelope)?)
    }

    /// Wraps the keys of all of them with the master key that seals now. How many that were, and the id of that key. Either each is
    /// wrapped anew or an error says of which one it could not be; those before it are.
    pub(crate) async fn reseal(&self, connections: &Connections) -> Result<(u32, String), (String, VaultError)> {
        let (Some(sealer), Some(blobs)) = (&self.sealer, &self.blobs) else {
            return Err((String::new(), VaultError::NoKey));
        };
        let mut resealed = 0;
        for (id, state) in &connections.all {
            let failed = |error: VaultError| (state.name.clone(), error);
            let envelope = self.envelope(*id, state.seal).map_err(failed)?;
            let about = about(*id, &state.name, state.version, state.seal);
            let again = sealer.reseal(about.as_bytes(), &envelope).map_err(|error| failed(error.into()))?;
            if let Some(again) = again {
                blobs.put(&key(*id, state.seal), again.clone()).await.map_err(|error| failed(error.into()))?;
                self.keep(*id, state.seal, again.into());
                resealed += 1;
            }
        }
        Ok((resealed, sealer.key_id()))
    }

    /// Grows with every change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// What is not in memory could not be read at the start: it is read now, on this thread. A worker's message cannot wait, one small file is
    /// soon read, and whoever asks next has it in memory; a task that tries again beside would leave connections unusable until its next turn.
    fn envelope(&self, id: ConnectionId, seal: Seal) -> Result<Arc<[u8]>, VaultError> {
        if let Some(known) = self.remembered(id, seal) {
            return Ok(known);
        }
        let blobs = self.blobs.as_ref().ok_or(VaultError::Gone)?;
        let read = blobs.get_now(&key(id, seal), ENVELOPE_BYTES_MAX).map_err(VaultError::Unread)?;
        let read: Arc<[u8]> = read.ok_or(VaultError::Gone)?.into();
        let mut all = self.envelopes.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have sealed it anew meanwhile: that counts.
        Ok(Arc::clone(all.entry(id).or_default().entry(seal).or_insert(read)))
    }

    fn remembered(&self, id: ConnectionId, seal: Seal) -> Option<Arc<[u8]>> {
        let all = self.envelopes.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&id)?.get(&seal).cloned()
    }

    fn keep(&self, id: ConnectionId, seal: Seal, envelope: Arc<[u8]>) {
        let mut all = self.envelopes.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(id).or_default().insert(seal, envelope);
    }
}

fn key(id: ConnectionId, seal: Seal) -> BlobKey {
    BlobKey::connection(Uuid::from_bytes(id.0), Uuid::from_bytes(seal))
}

/// What an envelope is bound to: one cannot stand in for another, nor for an older version.
fn about(id: ConnectionId, name: &str, version: u32, seal: Seal) -> String {
    format!("connection {id} {name} {version} {}", Uuid::from_bytes(seal))
}

#[cfg(test)]
mod tests {
    use downbeat_runtime::sealed::MasterKey;
    use jiff::Timestamp;

    use super::*;

    const SHOP: ConnectionId = ConnectionId([1; 16]);

    fn vault(folder: &std::path::Path, keys: &[u8]) -> Vault {
        let keys = keys.iter().map(|byte| MasterKey::from_bytes([*byte; 32])).collect();
        Vault::new(MasterKeys::of(keys), BlobStore::open(folder).unwrap())
    }

    fn state(version: u32, seal: Seal) -> Connection {
        Connection {
            integration: "POSTGRES".to_owned(),
            name: "shop".to_owned(),
            version,
            seal,
            fields: Vec::new(),
            is_default: false,
            tested: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn all(state: &Connection) -> Connections {
        Connections { all: BTreeMap::from([(SHOP, state.clone())]) }
    }

    #[tokio::test]
    async fn what_was_kept_is_there_after_a_restart_and_what_was_not_taken_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let before = vault(folder.path(), &[1]);
        let (first, bytes) = before.put(SHOP, "shop", 1, "{\"password\":\"hunter2\"}").await.unwrap();
        assert!(bytes > 22);
        let (second, _) = before.put(SHOP, "shop", 2, "{\"password\":\"hunter3\"}").await.unwrap();
        // The process dies before the second one is in the log. Just written, it may be of a coordinator that came after this one.
        let after = vault(folder.path(), &[1]);
        after.load(&all(&state(1, first))).await;
        let of_shop = || std::fs::read_dir(folder.path().join("connections").join(SHOP.to_string())).unwrap();
        assert_eq!(of_shop().count(), 2);
        for file in of_shop() {
            let file = std::fs::File::options().write(true).open(file.unwrap().path()).unwrap();
            file.set_modified(std::time::SystemTime::now() - Duration::from_secs(3_600)).unwrap();
        }
        after.load(&all(&state(1, first))).await;
        assert_eq!(after.open(SHOP, &state(1, first)).unwrap().as_slice(), b"{\"password\":\"hunter2\"}");
        assert!(matches!(after.open(SHOP, &state(2, second)), Err(VaultError::Gone)));
        assert_eq!(of_shop().count(), 1, "what is left of the second one was removed");
        // Of another version, or of another name, it does not open.
        assert!(matches!(after.open(SHOP, &state(2, first)), Err(VaultError::Sealed(_))));
        let renamed = Connection { name: "other".to_owned(), ..state(1, first) };
        assert!(matches!(after.open(SHOP, &renamed), Err(VaultError::Sealed(_))));
        after.settle(SHOP, None);
        assert!(matches!(after.open(SHOP, &state(1, first)), Err(VaultError::Gone)));
        assert!(!folder.path().join("connections").join(SHOP.to_string()).exists());
    }

    #[tokio::test]
    async fn what_the_blob_store_could_not_give_at_the_start_is_read_when_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let (seal, _) = vault(folder.path(), &[1]).put(SHOP, "shop", 1, "{}").await.unwrap();
        let shop = state(1, seal);
        let (file, aside) = (folder.path().join(key(SHOP, seal).as_str()), folder.path().join("aside"));
        std::fs::rename(&file, &aside).unwrap();
        // A folder where the file should be can be opened, and not be read.
        std::fs::create_dir(&file).unwrap();
        let after = vault(folder.path(), &[2, 1]);
        after.load(&all(&shop)).await;
        assert!(matches!(after.open(SHOP, &shop), Err(VaultError::Unread(_))));
        assert!(matches!(after.reseal(&all(&shop)).await, Err((_, VaultError::Unread(_)))));
        std::fs::remove_dir(&file).unwrap();
        assert!(matches!(after.open(SHOP, &shop), Err(VaultError::Gone)), "now it is not there at all");
        std::fs::rename(&aside, &file).unwrap();
        assert_eq!(after.open(SHOP, &shop).unwrap().as_slice(), b"{}");
        assert_eq!(after.reseal(&all(&shop)).await.unwrap().0, 1);
        // It is in memory now, and the one that was sealed anew is.
        std::fs::remove_file(&file).unwrap();
        assert_eq!(after.open(SHOP, &shop).unwrap().as_slice(), b"{}");
    }

    #[tokio::test]
    async fn a_master_key_is_replaced_in_three_steps() {
        let folder = tempfile::tempdir().unwrap();
        let old = vault(folder.path(), &[1]);
        let (seal, _) = old.put(SHOP, "shop", 1, "{}").await.unwrap();
        old.settle(SHOP, Some(seal));
        let shop = state(1, seal);
        // The new one seals, and the old one still opens.
        let both = vault(folder.path(), &[2, 1]);
        both.load(&all(&shop)).await;
        assert_eq!(both.open(SHOP, &shop).unwrap().as_slice(), b"{}");
        let (resealed, id) = both.reseal(&all(&shop)).await.unwrap();
        assert_eq!((resealed, id.len()), (1, 16));
        assert_eq!(both.reseal(&all(&shop)).await.unwrap(), (0, id));
        // The old one is taken away.
        let new = vault(folder.path(), &[2]);
        new.load(&all(&shop)).await;
        assert_eq!(new.open(SHOP, &shop).unwrap().as_slice(), b"{}");
        // Without any, or with the old one alone, nothing opens.
        let none = vault(folder.path(), &[]);
        none.load(&all(&shop)).await;
        assert!(matches!(none.open(SHOP, &shop), Err(VaultError::NoKey)));
        assert!(matches!(none.put(SHOP, "shop", 2, "{}").await, Err(VaultError::NoKey)));
        let wrong = vault(folder.path(), &[1]);
        wrong.load(&all(&shop)).await;
        assert!(wrong.open(SHOP, &shop).unwrap_err().to_string().contains("not among those"));
        assert_eq!(wrong.reseal(&all(&shop)).await.unwrap_err().0, "shop");
    }
}
