//! What is kept of logs: their records in ranges, and how far each was known to reach.
//!
//! Promises: everything of one log lies in one folder, `log/<hash of its id>/`; what is there of ranges is told from the names of the files.
//! Knows nothing of what is in them.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{BlobKey, BlobStore, Error};

const LOGS: &str = "log";
const MARK: &str = "mark.json";

impl BlobKey {
    /// A range of records, by the name that it has among others.
    pub fn log_range(log: &str, name: &str) -> Self {
        // Names of ranges are made of numbers; whatever else comes stays in the folder.
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
        Self(format!("{}/{}", Self::log(log), name.trim_start_matches('.')))
    }

    /// How far the log was known to reach.
    pub fn log_mark(log: &str) -> Self {
        Self(format!("{}/{MARK}", Self::log(log)))
    }

    /// The folder of a log. Ids of logs are free text: their hash names the folder.
    fn log(log: &str) -> String {
        let id = blake3::hash(log.as_bytes()).to_hex();
        format!("{LOGS}/{}", &id[..32])
    }
}

impl BlobStore {
    /// The folder where the ranges of a log are, whether it is there or not.
    pub fn log_folder(&self, log: &str) -> PathBuf {
        self.root.join(BlobKey::log(log))
    }

    /// The folders of all logs that anything is kept of, sorted by name.
    ///
    /// # Errors
    /// [`super::ErrorKind::Io`] when their folder is there and cannot be read.
    pub fn log_folders(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.root.join(LOGS);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("cannot read", &folder)(error)),
        };
        let mut folders: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
        folders.sort();
        Ok(folders)
    }

    /// The mark in one of [`Self::log_folders`]; `None` where there is none.
    ///
    /// # Errors
    /// [`super::ErrorKind::Io`] when it is there and cannot be read, or has more than `max` bytes.
    pub fn mark_in(&self, folder: &Path, max: u64) -> Result<Option<Vec<u8>>, Error> {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.get_now(&BlobKey(format!("{LOGS}/{name}/{MARK}")), max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_of_a_log_lies_in_its_folder_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        assert_eq!(store.log_folders().unwrap(), Vec::<PathBuf>::new());
        let log = "log @ 1/../..";
        store.put(&BlobKey::log_range(log, "../../1-2.range"), b"records".to_vec()).await.unwrap();
        assert_eq!(store.log_folders().unwrap(), [store.log_folder(log)]);
        assert!(store.log_folder(log).join("1-2.range").is_file());
        assert_eq!(store.mark_in(&store.log_folder(log), 10).unwrap(), None);
        store.put(&BlobKey::log_mark(log), b"mark".to_vec()).await.unwrap();
        assert_eq!(store.mark_in(&store.log_folder(log), 10).unwrap().unwrap(), b"mark");
        assert!(store.mark_in(&store.log_folder(log), 3).is_err());
    }
}
