//! What dbt built and from what, kept between runs in the shape of the public state API (`{"state": {key: {last_updated, checksum, sources}}}`).
//!
//! Promises: what is read was written whole. Anything may be lost (a torn line, two workers that tidy up at once): a lost entry costs a
//! build that was not needed, never one that was, so nothing here is synced to the disk. Knows nothing of dbt.

use std::collections::BTreeMap;

use downbeat_runtime::blob::{BlobKey, BlobStore};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::{DBT_STATE_BYTES_MAX, DBT_STATE_TIDY_BYTES};

/// One node that was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When its build ended.
    pub(super) last_updated: Timestamp,
    /// Of its own code, as dbt's manifest has it.
    pub(super) checksum: String,
    /// What it read, as it was before the build: of a source the newest data, of a node its `last_updated`; by unique id.
    pub(super) sources: BTreeMap<String, Timestamp>,
    /// Of all else that makes its code: configuration, macros, ephemeral models, variables. Our addition: entries of others have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<String>,
}

impl Entry {
    /// A build of which nobody knows from what it was made: whatever reads it is newer than that, and it is built again itself.
    pub(super) fn unknown(at: Timestamp) -> Self {
        Self { last_updated: at, checksum: String::new(), sources: BTreeMap::new(), context: None }
    }
}

/// Entries by their key: scope and relation.
pub(super) type Entries = BTreeMap<String, Entry>;

/// One line of the journal, and the body of the state API.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    state: Entries,
}

/// The entries of one scope: what shares a connection, or else a task.
#[derive(Debug)]
pub(super) struct Kept {
    blobs: BlobStore,
    key: BlobKey,
    scope: String,
}

impl Kept {
    pub(super) fn of(blobs: &BlobStore, scope: &str) -> Self {
        Self { blobs: blobs.clone(), key: BlobKey::dbt_state(scope), scope: scope.to_owned() }
    }

    /// The key of a relation.
    pub(super) fn key(&self, relation: &str) -> String {
        format!("{}.{relation}", self.scope)
    }

    /// Everything that is known. Of lines that hold the same key the last one counts.
    ///
    /// # Errors
    /// The journal is there and cannot be read, for the log.
    pub(super) async fn load(&self) -> Result<Entries, String> {
        let bytes = self.blobs.get(&self.key, DBT_STATE_BYTES_MAX).await.map_err(|error| error.to_string())?;
        let Some(bytes) = bytes else { return Ok(Entries::new()) };
        let mut all = Entries::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            // Torn, or written by two at once.
            let Ok(body) = serde_json::from_slice::<Body>(line) else { continue };
            all.extend(body.state);
        }
        if bytes.len() > DBT_STATE_TIDY_BYTES {
            let whole = line(&all)?;
            if whole.len() * 2 < bytes.len() {
                self.blobs.put(&self.key, whole).await.map_err(|error| error.to_string())?;
            }
        }
        Ok(all)
    }

    /// Adds to what is known.
    ///
    /// # Errors
    /// It cannot be written, for the log.
    pub(super) async fn add(&self, changed: &Entries) -> Result<(), String> {
        let line = line(changed)?;
        let write = async {
            let mut journal = self.blobs.append(&self.key).await?;
            journal.write(&line).await?;
            journal.flush().await
        };
        write.await.map_err(|error| error.to_string())
    }
}

/// It begins with an end of line, too, so that a torn line before it stays alone.
fn line(entries: &Entries) -> Result<Vec<u8>, String> {
    let body = serde_json::to_string(&Body { state: entries.clone() }).map_err(|error| error.to_string())?;
    Ok(format!("\n{body}\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(second: i64) -> Entry {
        let at = Timestamp::from_second(second).unwrap();
        let sources = BTreeMap::from([("source.p.s.t".to_owned(), at)]);
        Entry { last_updated: at, checksum: "c".to_owned(), sources, context: Some("x".to_owned()) }
    }

    fn entries(of: &[(&str, i64)]) -> Entries {
        of.iter().map(|(key, second)| ((*key).to_owned(), entry(*second))).collect()
    }

    #[tokio::test]
    async fn the_last_word_on_a_key_counts_and_scopes_stay_apart() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::open(folder.path()).unwrap();
        let kept = Kept::of(&blobs, "warehouse/../x");
        assert_eq!(kept.load().await.unwrap(), Entries::new());
        kept.add(&entries(&[("a", 1), ("b", 1)])).await.unwrap();
        kept.add(&entries(&[("a", 2)])).await.unwrap();
        assert_eq!(kept.load().await.unwrap(), entries(&[("a", 2), ("b", 1)]));
        assert_eq!(Kept::of(&blobs, "other").load().await.unwrap(), Entries::new());
    }

    #[tokio::test]
    async fn torn_lines_and_entries_of_others_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::open(folder.path()).unwrap();
        let kept = Kept::of(&blobs, "s");
        let mut journal = blobs.append(&BlobKey::dbt_state("s")).await.unwrap();
        let foreign =
            r#"{"state": {"f": {"last_updated": "2026-01-01T00:00:00+00:00", "checksum": "k", "sources": {}}}}"#;
        journal.write(format!("{foreign}\n{{\"state\": {{\"torn\": ").as_bytes()).await.unwrap();
        journal.flush().await.unwrap();
        kept.add(&entries(&[("a", 1)])).await.unwrap();
        let all = kept.load().await.unwrap();
        assert_eq!(all.keys().collect::<Vec<_>>(), ["a", "f"]);
        assert_eq!(all["f"].context, None);
    }

    #[tokio::test]
    async fn a_journal_that_has_grown_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = BlobStore::open(folder.path()).unwrap();
        let kept = Kept::of(&blobs, "s");
        let many = (0..2_000).map(|number| (format!("relation number {number}"), entry(1))).collect::<Entries>();
        while blobs.get(&BlobKey::dbt_state("s"), u64::MAX).await.unwrap().unwrap_or_default().len()
            <= DBT_STATE_TIDY_BYTES
        {
            kept.add(&many).await.unwrap();
        }
        assert_eq!(kept.load().await.unwrap(), many);
        assert!(blobs.get(&BlobKey::dbt_state("s"), u64::MAX).await.unwrap().unwrap().len() < DBT_STATE_TIDY_BYTES);
        assert_eq!(kept.load().await.unwrap(), many);
    }
}
