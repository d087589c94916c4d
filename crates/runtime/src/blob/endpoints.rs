//! What is left of endpoints that are gone.
//!
//! Promises: only files that have the name of a sealed secret are removed, and only those that the caller does not know. Knows nothing of
//! what is sealed.

use std::{io, time::Duration};

use uuid::Uuid;

use super::{BlobStore, ENDPOINTS, Error, is_older};

/// The most entries that one call looks at; the next call goes on with what is left.
const LISTED_MAX: usize = 100_000;

impl BlobStore {
    /// Removes every sealed secret of an endpoint that is not known, by the endpoint's id and the secret's number, and says how many it
    /// removed. What cannot be removed stays.
    ///
    /// # Errors
    /// [`super::ErrorKind::Io`] when the folder of endpoints is there and cannot be read.
    pub fn keep_endpoint_secrets(
        &self,
        is_known: impl Fn(Uuid, u32) -> bool,
        older_than: Duration,
    ) -> Result<u64, Error> {
        let folder = self.root.join(ENDPOINTS);
        let endpoints = match std::fs::read_dir(&folder) {
            Ok(endpoints) => endpoints,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(Error::io("cannot read", &folder)(error)),
        };
        let (mut looked, mut removed) = (0, 0);
        for endpoint in endpoints.filter_map(Result::ok) {
            looked += 1;
            let id = endpoint.file_name().to_str().and_then(|name| Uuid::try_parse(name).ok());
            let (Some(id), Ok(secrets)) = (id, std::fs::read_dir(endpoint.path())) else { continue };
            for secret in secrets.filter_map(Result::ok) {
                looked += 1;
                if looked > LISTED_MAX {
                    return Ok(removed);
                }
                let name = secret.file_name();
                let number = name.to_str().and_then(|name| name.strip_suffix(".sealed")?.parse::<u32>().ok());
                if number.is_some_and(|number| !is_known(id, number)) && is_older(&secret.path(), older_than) {
                    removed += u64::from(std::fs::remove_file(secret.path()).is_ok());
                }
            }
            // Only an empty folder goes.
            let _ = std::fs::remove_dir(endpoint.path());
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::BlobKey;

    #[tokio::test]
    async fn of_endpoints_only_secrets_that_are_known_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        assert_eq!(store.keep_endpoint_secrets(|_, _| false, Duration::ZERO).unwrap(), 0, "there never was one");
        let (open, closed) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for (endpoint, number) in [(open, 1), (open, 2), (open, 3), (closed, 1), (closed, 2)] {
            store.put(&BlobKey::endpoint_secret(endpoint, number), vec![1]).await.unwrap();
        }
        let connection = BlobKey::connection(closed, open);
        store.put(&connection, vec![1]).await.unwrap();
        let notes = folder.path().join("endpoints/notes.txt");
        std::fs::write(&notes, "").unwrap();
        std::fs::create_dir(folder.path().join("endpoints/others")).unwrap();
        std::fs::write(folder.path().join("endpoints/others/1.sealed"), "").unwrap();

        let is_known = |endpoint: Uuid, number: u32| endpoint == open && number >= 2;
        assert_eq!(
            store.keep_endpoint_secrets(is_known, Duration::from_secs(600)).unwrap(),
            0,
            "they may be somebody else's"
        );
        assert_eq!(store.keep_endpoint_secrets(is_known, Duration::ZERO).unwrap(), 3);
        assert_eq!(store.keep_endpoint_secrets(is_known, Duration::ZERO).unwrap(), 0);
        for (endpoint, number, expected) in [(open, 1, false), (open, 2, true), (open, 3, true), (closed, 1, false)] {
            let found = store.get(&BlobKey::endpoint_secret(endpoint, number), 9).await.unwrap();
            assert_eq!(found.is_some(), expected, "{endpoint} {number}");
        }
        assert!(!folder.path().join("endpoints").join(closed.to_string()).exists(), "an empty folder goes");
        assert!(notes.exists() && folder.path().join("endpoints/others/1.sealed").exists(), "what is no secret stays");
        assert!(store.get(&connection, 9).await.unwrap().is_some(), "connections are left alone");
    }
}
