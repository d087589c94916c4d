//! Files that an attempt left for people: which there are, and what a file may be called.
//!
//! Promises: a name that stands in an index is one part of a path and nothing that a terminal or a header would take for anything else; an index is
//! there as a whole or not at all, so what is listed was stored before. Knows nothing of what writes files, nor of who may read them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BlobKey, BlobStore, Error, ErrorKind};

/// Bytes of a name.
pub const NAME_BYTES_MAX: usize = 255;
/// Bytes of an index.
const INDEX_BYTES_MAX: u64 = 1024 * 1024;

/// A file that an attempt left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// See [`is_name`].
    pub name: String,
    /// How many bytes were stored.
    pub bytes: u64,
}

/// Whether a file may be called so: 1 to [`NAME_BYTES_MAX`] bytes without separators and what cannot be seen, and neither `.` nor `..`.
pub fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && !matches!(name, "." | "..")
        && !name.contains(|letter: char| matches!(letter, '/' | '\\') || is_unseen(letter))
}

/// Control characters, and those that turn the direction of a text round.
fn is_unseen(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl BlobStore {
    /// Says which files an attempt left, once they are all stored. What was said before is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub async fn list_artifacts_as(
        &self,
        (run_id, task_run_id, attempt): (Uuid, Uuid, u32),
        artifacts: &[Artifact],
    ) -> Result<(), Error> {
        let key = BlobKey::task_artifact_index(run_id, task_run_id, attempt);
        let data = serde_json::to_vec(artifacts).map_err(|error| self.index_error("cannot write", &key, error))?;
        self.put(&key, data).await
    }

    /// Which files an attempt left. An attempt that stored none has none.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the index is there and cannot be read.
    pub async fn artifacts(&self, (run_id, task_run_id, attempt): (Uuid, Uuid, u32)) -> Result<Vec<Artifact>, Error> {
        let key = BlobKey::task_artifact_index(run_id, task_run_id, attempt);
        let Some(data) = self.get(&key, INDEX_BYTES_MAX).await? else { return Ok(Vec::new()) };
        let mut found: Vec<Artifact> =
            serde_json::from_slice(&data).map_err(|error| self.index_error("cannot read", &key, error))?;
        // Whoever can write into the folder could have written anything.
        found.retain(|artifact| is_name(&artifact.name));
        Ok(found)
    }

    fn index_error(&self, what: &'static str, key: &BlobKey, error: serde_json::Error) -> Error {
        Error { kind: ErrorKind::Io, what, path: self.root.join(key.as_str()), source: error.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_part_of_a_path_that_can_be_seen() {
        let (longest, longer) = ("x".repeat(255), "ä".repeat(128));
        for (name, expected) in [
            ("manifest.json", true),
            ("Bericht für März.csv", true),
            (".hidden", true),
            ("...", true),
            ("a\"b;c", true),
            (longest.as_str(), true),
            (longer.as_str(), false),
            ("", false),
            (".", false),
            ("..", false),
            ("a/b", false),
            ("../a", false),
            ("a\\b", false),
            ("a\0", false),
            ("a\nb", false),
            ("a\u{1b}[31m", false),
            ("gpj.\u{202e}exe", false),
        ] {
            assert_eq!(is_name(name), expected, "{name:?}");
        }
    }

    #[tokio::test]
    async fn what_is_listed_is_what_was_said_last() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let owner = (Uuid::from_u128(1), Uuid::from_u128(2), 1);
        assert_eq!(store.artifacts(owner).await.unwrap(), [], "nothing was stored");
        let artifact = |name: &str, bytes| Artifact { name: name.to_owned(), bytes };
        for files in [vec![artifact("old", 1)], vec![artifact("a.json", 3), artifact("b", 0)]] {
            store.list_artifacts_as(owner, &files).await.unwrap();
            assert_eq!(store.artifacts(owner).await.unwrap(), files);
        }
        assert_eq!(store.artifacts((owner.0, owner.1, 2)).await.unwrap(), [], "another attempt");
        // Somebody wrote into the folder.
        let index = folder.path().join(BlobKey::task_artifact_index(owner.0, owner.1, owner.2).as_str());
        std::fs::write(&index, r#"[{"name": "../../x", "bytes": 1}, {"name": "b", "bytes": 2}]"#).unwrap();
        assert_eq!(store.artifacts(owner).await.unwrap(), [artifact("b", 2)]);
        std::fs::write(&index, "{").unwrap();
        assert!(store.artifacts(owner).await.unwrap_err().to_string().contains("index.json"));
    }
}
