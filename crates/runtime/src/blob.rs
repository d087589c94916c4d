//! The blob store: large bytes that do not belong into the log (task logs now), kept under typed keys in a folder.
//!
//! Promises: a key maps to one path below the root and nowhere else; appended bytes that were flushed are seen by every
//! later `read`, in this process or another; `read` never returns more than it was asked for. It knows nothing of tasks
//! beyond the shape of the key's path, and gives no fsync: a log line is worth less than the disk's time.

use std::{
    io::{self, SeekFrom},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt},
};
use uuid::Uuid;

/// The most that one [`BlobStore::read`] returns, in bytes, whatever the caller asks for.
pub const READ_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What kind of failure it was, for callers that choose what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The folder cannot be created, or is no folder.
    Root,
    /// Reading or writing a blob failed.
    Io,
}

/// A failure of the blob store; the message names the path.
#[derive(Debug, thiserror::Error)]
#[error("{what} {}: {source}", path.display())]
pub struct Error {
    kind: ErrorKind,
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Error {
    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self { kind: ErrorKind::Io, what, path, source }
    }
}

/// The name of one blob. Built from ids only, so that no key can leave the store's folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlobKey(String);

impl BlobKey {
    /// The log of one attempt of a task run. `attempt` counts from 1.
    pub fn task_log(run_id: Uuid, task_run_id: Uuid, attempt: u32) -> Self {
        Self(format!("task-logs/{run_id}/{task_run_id}/{attempt}.log"))
    }

    /// The path below the store's root, with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A part of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobChunk {
    /// The bytes from `offset` on; empty at (or after) the end of the blob.
    pub data: Bytes,
    /// Position of the first byte of `data`, in bytes from the blob's start.
    pub offset: u64,
    /// Size of the whole blob, in bytes, when it was read; it may still grow.
    pub total: u64,
}

/// Blobs in a folder. Cheap to clone; several processes may use one folder at once.
#[derive(Debug, Clone)]
pub struct BlobStore {
    root: PathBuf,
}

impl BlobStore {
    /// Opens the store in `root`, which is created when it is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Root`] when the folder cannot be created.
    pub fn open(root: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(root).map_err(|source| Error {
            kind: ErrorKind::Root,
            what: "cannot create the blob store's folder",
            path: root.to_path_buf(),
            source,
        })?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// Opens a blob for appending; creates it when it is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file cannot be opened.
    pub async fn append(&self, key: &BlobKey) -> Result<BlobWriter, Error> {
        let path = self.root.join(key.as_str());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).await.map_err(Error::io("cannot create", folder))?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).await;
        Ok(BlobWriter { file: file.map_err(Error::io("cannot open", &path))?, path })
    }

    /// Reads at most `max` bytes (and never more than [`READ_BYTES_MAX`]) from `offset` on. `None`: there is no such blob.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file is there and cannot be read.
    pub async fn read(&self, key: &BlobKey, offset: u64, max: usize) -> Result<Option<BlobChunk>, Error> {
        let path = self.root.join(key.as_str());
        let mut file = match File::open(&path).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("cannot open", &path)(error)),
        };
        let total = file.metadata().await.map_err(Error::io("cannot read", &path))?.len();
        let length = total.saturating_sub(offset).min(max.min(READ_BYTES_MAX) as u64);
        let mut data = Vec::with_capacity(length as usize);
        if length > 0 {
            file.seek(SeekFrom::Start(offset)).await.map_err(Error::io("cannot read", &path))?;
            file.take(length).read_to_end(&mut data).await.map_err(Error::io("cannot read", &path))?;
        }
        Ok(Some(BlobChunk { data: data.into(), offset, total }))
    }
}

/// Appends to one blob.
#[derive(Debug)]
pub struct BlobWriter {
    file: File,
    path: PathBuf,
}

impl BlobWriter {
    /// Appends `data`. Readers are sure to see it after [`BlobWriter::flush`] only.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], for example when the disk is full.
    pub async fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        self.file.write_all(data).await.map_err(Error::io("cannot write", &self.path))
    }

    /// Hands everything written so far to the operating system, so that readers see it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]: the failure of this or of an earlier write.
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.file.flush().await.map_err(Error::io("cannot write", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(attempt: u32) -> BlobKey {
        BlobKey::task_log(Uuid::from_u128(1), Uuid::from_u128(2), attempt)
    }

    #[tokio::test]
    async fn flushed_bytes_are_read_back_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let mut writer = store.append(&key(1)).await.unwrap();
        writer.write(b"hello ").await.unwrap();
        writer.write(b"world").await.unwrap();
        writer.flush().await.unwrap();

        for (offset, max, expected) in
            [(0, 100, "hello world"), (0, 5, "hello"), (6, 100, "world"), (11, 10, ""), (99, 10, "")]
        {
            let chunk = store.read(&key(1), offset, max).await.unwrap().unwrap();
            assert_eq!((chunk.data.as_ref(), chunk.offset, chunk.total), (expected.as_bytes(), offset, 11));
        }
    }

    #[tokio::test]
    async fn a_second_writer_continues_and_other_keys_stay_absent() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        for part in ["a", "b"] {
            let mut writer = store.append(&key(1)).await.unwrap();
            writer.write(part.as_bytes()).await.unwrap();
            writer.flush().await.unwrap();
        }
        assert_eq!(store.read(&key(1), 0, 10).await.unwrap().unwrap().data, "ab");
        assert_eq!(store.read(&key(2), 0, 10).await.unwrap(), None);
    }

    #[test]
    fn a_root_that_is_a_file_is_named_in_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = BlobStore::open(file.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Root);
        assert!(error.to_string().contains(&file.path().display().to_string()));
    }
}
