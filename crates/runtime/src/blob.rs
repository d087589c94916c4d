//! The blob store: large bytes that do not belong into the log (task logs now), kept under typed keys in a folder.
//!
//! Promises: a key maps to one path below the root and nowhere else; appended bytes that were flushed are seen by every
//! later `read`, in this process or another; `read` never returns more than it was asked for. It knows nothing of tasks
//! beyond the shape of the key's path, and gives no fsync: a log line is worth less than the disk's time.

pub mod artifacts;
mod endpoints;
mod logs;

use std::{
    io::{self, SeekFrom},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
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

    /// An output of an attempt that is too large for an event. Names are free text: their hash names the file.
    pub fn task_output(run_id: Uuid, task_run_id: Uuid, attempt: u32, name: &str) -> Self {
        let name = blake3::hash(name.as_bytes()).to_hex();
        Self(format!("task-outputs/{run_id}/{task_run_id}/{attempt}/{}.json", &name[..32]))
    }

    /// A file that an attempt left. Names are free text: their hash names the file.
    pub fn task_artifact(run_id: Uuid, task_run_id: Uuid, attempt: u32, name: &str) -> Self {
        let name = blake3::hash(name.as_bytes()).to_hex();
        Self(format!("{}/{}.file", Self::task_artifacts(run_id, task_run_id, attempt), &name[..32]))
    }

    /// Which files an attempt left: see [`artifacts`].
    pub fn task_artifact_index(run_id: Uuid, task_run_id: Uuid, attempt: u32) -> Self {
        Self(format!("{}/index.json", Self::task_artifacts(run_id, task_run_id, attempt)))
    }

    /// The folder of what an attempt left.
    fn task_artifacts(run_id: Uuid, task_run_id: Uuid, attempt: u32) -> String {
        format!("task-artifacts/{run_id}/{task_run_id}/{attempt}")
    }

    /// What a job elsewhere posted about itself. `id`: of the attempt that began it.
    pub fn callback(id: Uuid) -> Self {
        Self(format!("{CALLBACKS}/{id}.jsonl"))
    }

    /// A sealed secret of an endpoint. `number`: from 1.
    pub fn endpoint_secret(endpoint: Uuid, number: u32) -> Self {
        Self(format!("{ENDPOINTS}/{endpoint}/{number}.sealed"))
    }

    /// A version of a sealed connection. `seal` is drawn anew for each, so that no two writers ever write one blob.
    pub fn connection(connection: Uuid, seal: Uuid) -> Self {
        Self(format!("{}/{seal}.sealed", Self::connections(connection)))
    }

    /// The folder of the versions of a connection.
    fn connections(connection: Uuid) -> String {
        format!("connections/{connection}")
    }

    /// What dbt built, for one scope. Scopes are free text: their hash names the file.
    pub fn dbt_state(scope: &str) -> Self {
        let scope = blake3::hash(scope.as_bytes()).to_hex();
        Self(format!("dbt-state/{}.jsonl", &scope[..32]))
    }

    /// The state of a partition of a log after record `sequence`. Keys of one log and partition sort by sequence.
    pub fn snapshot(log: &str, partition: u32, sequence: u64) -> Self {
        Self(format!("{}/{sequence:020}.snapshot", Self::snapshots(log, partition)))
    }

    /// The folder of the snapshots of a partition. Ids of logs are free text: their hash names the folder.
    fn snapshots(log: &str, partition: u32) -> String {
        let id = blake3::hash(log.as_bytes()).to_hex();
        format!("snapshots/{}/{partition}", &id[..32])
    }

    /// The path below the store's root, with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The folder of sealed secrets of endpoints.
const ENDPOINTS: &str = "endpoints";
/// The folder of callbacks.
const CALLBACKS: &str = "callbacks";

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

    /// Writes a whole blob: it is there as a whole, on disk, or not at all, whatever dies meanwhile.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], for example when the disk is full; what was there before stays then.
    pub async fn put(&self, key: &BlobKey, data: Vec<u8>) -> Result<(), Error> {
        let path = self.root.join(key.as_str());
        let folder = path.parent().map_or_else(|| self.root.clone(), Path::to_path_buf);
        let write = move || -> Result<(), Error> {
            std::fs::create_dir_all(&folder).map_err(Error::io("cannot create", &folder))?;
            let mut file =
                tempfile::NamedTempFile::new_in(&folder).map_err(Error::io("cannot create a file in", &folder))?;
            io::Write::write_all(&mut file, &data).map_err(Error::io("cannot write", &path))?;
            file.as_file().sync_all().map_err(Error::io("cannot write", &path))?;
            file.persist(&path).map_err(|error| Error::io("cannot write", &path)(error.error))?;
            let folder_file = std::fs::File::open(&folder).map_err(Error::io("cannot open", &folder))?;
            folder_file.sync_all().map_err(Error::io("cannot write", &folder))
        };
        run_blocking(write).await
    }

    /// Reads a whole blob. `None`: there is no such blob.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file is there and cannot be read, or is larger than `max` bytes.
    pub async fn get(&self, key: &BlobKey, max: u64) -> Result<Option<Vec<u8>>, Error> {
        let (store, key) = (self.clone(), key.clone());
        run_blocking(move || store.get_now(&key, max)).await
    }

    /// As [`Self::get`], on the thread that asks: for small blobs, where nothing can be waited for.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub fn get_now(&self, key: &BlobKey, max: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = self.root.join(key.as_str());
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("cannot open", &path)(error)),
        };
        let size = file.metadata().map_err(Error::io("cannot read", &path))?.len();
        if size > max {
            let error = io::Error::other(format!("it has {size} bytes; at most {max} are read"));
            return Err(Error::io("cannot read", &path)(error));
        }
        let mut data = Vec::with_capacity(size as usize);
        io::Read::read_to_end(&mut io::Read::take(file, max), &mut data).map_err(Error::io("cannot read", &path))?;
        Ok(Some(data))
    }

    /// The sequences of all snapshots of a partition, oldest first.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when their folder is there and cannot be read.
    pub fn snapshots(&self, log: &str, partition: u32) -> Result<Vec<u64>, Error> {
        let folder = self.root.join(BlobKey::snapshots(log, partition));
        let files = match std::fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("cannot read", &folder)(error)),
        };
        let mut sequences: Vec<u64> = files
            .filter_map(|file| {
                let name = file.ok()?.file_name();
                name.to_str()?.strip_suffix(".snapshot")?.parse().ok()
            })
            .collect();
        sequences.sort_unstable();
        Ok(sequences)
    }

    /// Removes all versions of a sealed connection but this one, and everything if there is none. What cannot be removed stays.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when their folder is there and cannot be read.
    pub fn keep_only(&self, connection: Uuid, seal: Option<Uuid>, older_than: Duration) -> Result<(), Error> {
        let folder = self.root.join(BlobKey::connections(connection));
        let kept = seal.map(|seal| self.root.join(BlobKey::connection(connection, seal).as_str()));
        let files = match std::fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io("cannot read", &folder)(error)),
        };
        for path in files.filter_map(|file| Some(file.ok()?.path())) {
            let is_sealed = path.extension().is_some_and(|ending| ending == "sealed");
            if Some(&path) != kept.as_ref() && is_sealed && is_older(&path, older_than) {
                // It may be gone already; of one that stays, the next call has another look.
                let _ = std::fs::remove_file(&path);
            }
        }
        // Only an empty folder goes.
        let _ = std::fs::remove_dir(&folder);
        Ok(())
    }

    /// Removes a blob; one that is not there is removed already.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn remove(&self, key: &BlobKey) -> Result<(), Error> {
        let path = self.root.join(key.as_str());
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("cannot remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Removes every callback to which nothing was added since `before`. How many there were.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when their folder is there and cannot be read, or one cannot be removed; those before it are gone.
    pub fn remove_callbacks(&self, before: SystemTime) -> Result<u64, Error> {
        let folder = self.root.join(CALLBACKS);
        let files = match std::fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(Error::io("cannot read", &folder)(error)),
        };
        let mut removed = 0;
        for file in files {
            let file = file.map_err(Error::io("cannot read", &folder))?;
            // Another worker may remove them, too.
            let Ok(written) = file.metadata().and_then(|about| about.modified()) else { continue };
            let path = file.path();
            if written < before && path.extension().is_some_and(|ending| ending == "jsonl") {
                match std::fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(Error::io("cannot remove", &path)(error));
                    }
                    gone => removed += u64::from(gone.is_ok()),
                }
            }
        }
        Ok(removed)
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

async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
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

/// Was it written longer ago than this? What cannot be asked is not removed.
fn is_older(path: &Path, than: Duration) -> bool {
    let written = std::fs::metadata(path).and_then(|known| known.modified());
    written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age >= than) || than.is_zero())
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

    #[tokio::test]
    async fn whole_blobs_replace_each_other_and_snapshots_are_listed_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let key = |sequence| BlobKey::snapshot("log @ 1/../..", 0, sequence);
        assert_eq!(store.snapshots("log @ 1/../..", 0).unwrap(), Vec::<u64>::new());
        for (sequence, data) in [(100, "old"), (9, "x"), (100, "new")] {
            store.put(&key(sequence), data.as_bytes().to_vec()).await.unwrap();
        }
        assert_eq!(store.snapshots("log @ 1/../..", 0).unwrap(), [9, 100]);
        assert_eq!(store.get(&key(100), 10).await.unwrap().unwrap(), b"new");
        assert!(store.get(&key(100), 2).await.unwrap_err().to_string().contains("at most 2"));
        assert_eq!(store.get(&key(7), 10).await.unwrap(), None);
        store.remove(&key(100)).unwrap();
        store.remove(&key(100)).unwrap();
        assert_eq!(store.snapshots("log @ 1/../..", 0).unwrap(), [9]);
    }

    #[tokio::test]
    async fn callbacks_are_removed_by_the_age_of_what_was_written_last() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        assert_eq!(store.remove_callbacks(SystemTime::now()).unwrap(), 0, "nobody ever called");
        let now = SystemTime::now();
        for (number, age) in [(1, 10), (2, 100), (3, 1_000)] {
            let id = BlobKey::callback(Uuid::from_u128(number));
            drop(store.append(&id).await.unwrap());
            let file = std::fs::File::options().append(true).open(folder.path().join(id.as_str())).unwrap();
            file.set_modified(now - Duration::from_secs(age)).unwrap();
        }
        std::fs::write(folder.path().join("callbacks/notes.txt"), "").unwrap();
        drop(store.append(&key(1)).await.unwrap());
        assert_eq!(store.remove_callbacks(now - Duration::from_secs(50)).unwrap(), 2);
        assert_eq!(store.remove_callbacks(now - Duration::from_secs(50)).unwrap(), 0);
        let left = |number| folder.path().join(BlobKey::callback(Uuid::from_u128(number)).as_str()).exists();
        assert_eq!([left(1), left(2), left(3)], [true, false, false]);
        assert!(folder.path().join("callbacks/notes.txt").exists());
        assert!(store.read(&key(1), 0, 1).await.unwrap().is_some(), "what is no callback stays");
    }

    #[tokio::test]
    async fn of_a_sealed_connection_one_version_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = BlobStore::open(folder.path()).unwrap();
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let key = |of, seal| BlobKey::connection(of, Uuid::from_u128(seal));
        for (of, seal) in [(id, 1), (id, 2), (other, 1)] {
            store.put(&key(of, seal), vec![seal as u8]).await.unwrap();
        }
        store.keep_only(id, Some(Uuid::from_u128(2)), Duration::from_secs(600)).unwrap();
        assert!(
            store.get(&BlobKey::connection(id, Uuid::from_u128(1)), 100).await.unwrap().is_some(),
            "it may be somebody else's"
        );
        store.keep_only(id, Some(Uuid::from_u128(2)), Duration::ZERO).unwrap();
        assert_eq!(store.get(&key(id, 1), 9).await.unwrap(), None);
        assert_eq!(store.get(&key(id, 2), 9).await.unwrap(), Some(vec![2]));
        store.keep_only(id, None, Duration::ZERO).unwrap();
        store.keep_only(id, None, Duration::ZERO).unwrap();
        assert_eq!(store.get(&key(id, 2), 9).await.unwrap(), None);
        assert_eq!(store.get(&key(other, 1), 9).await.unwrap(), Some(vec![1]), "others are left alone");
    }

    #[test]
    fn a_root_that_is_a_file_is_named_in_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = BlobStore::open(file.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Root);
        assert!(error.to_string().contains(&file.path().display().to_string()));
    }
}
