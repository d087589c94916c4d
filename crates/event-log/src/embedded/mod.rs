//! A log in a folder of this machine: preallocated segment files, one writer thread, one fdatasync per group.
//!
//! It promises the whole contract of [`EventLog`] without any server. Layout of the folder:
//!
//! | file | what |
//! |---|---|
//! | `IDENTITY` | the log id, durable before the first record |
//! | `LOCK` | locked by the one process that writes; names its process id |
//! | `<first sequence>.segment` | records, see `segment.rs` |
//! | `next.prepared` | the next segment, already written with zeros |
//! | `DURABLE` | the last durable sequence, a hint for readers in other processes |
//!
//! After a crash the unfinished end of the last segment is cut off with a warning. Damage anywhere else is
//! [`Error::Corrupt`]. A failed fdatasync is final: the system may have dropped the bytes, so every later call is
//! [`Error::Fatal`] until the log is opened again. Records that were damaged at the very end of the log look like an
//! unfinished append; readers notice by their positions ([`Error::AheadOfLog`]).

pub mod disk;

mod cursor;
mod folder;
mod read_only;
mod recovery;
mod segment;
mod shared;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use self::disk::{Disk, SystemDisk};
use self::folder::{Mark, io_error};
use self::read_only::ReadOnly;
use self::shared::Shared;
use self::writer::{Append, Writer};
use crate::error::Error;
use crate::follow::{self, Growth};
use crate::frame;
use crate::limits;
use crate::log::EventLog;
use crate::procedures::{check_begun_for, check_position};
use crate::restored::Restored;
use crate::types::{Entry, LogId, Record, Tail};

/// How to open an embedded log.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Open without the lock and never change a file; works while another process writes. Appends are refused.
    pub read_only: bool,
    /// Size of new segment files in bytes, at least [`limits::SEGMENT_BYTES_MIN`].
    pub segment_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { read_only: false, segment_bytes: limits::SEGMENT_BYTES }
    }
}

/// A log in a folder. Clones are handles of the same log; the writer stops and the lock is freed with the last one
/// (streams of [`EventLog::follow`] hold one each).
#[derive(Clone, Debug)]
pub struct EmbeddedLog {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    Writing { queue: mpsc::Sender<Append>, thread: Mutex<Option<JoinHandle<()>>>, _lock: File },
    ReadOnly(Arc<ReadOnly>),
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Mode::Writing { queue, thread, .. } = &mut self.mode {
            // Closing the queue ends the thread after its last commit; the lock must outlive that.
            *queue = mpsc::channel(1).0;
            let thread = thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(Err(_)) = thread.map(JoinHandle::join) {
                tracing::error!(folder = %self.shared.folder.display(), "the writer thread of the log panicked");
            }
        }
    }
}

impl EmbeddedLog {
    /// Opens the log in `folder`, which is made if it is not there. Blocking work runs beside the async runtime.
    ///
    /// # Errors
    /// `Locked`, `Corrupt`, `Fatal`; `Unavailable` when there is nothing to open read-only.
    pub async fn open(folder: impl AsRef<Path>, options: OpenOptions) -> Result<Self, Error> {
        Self::open_on(Arc::new(SystemDisk), folder, options).await
    }

    /// As [`Self::open`], with another way to change the disk.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_on(disk: Arc<dyn Disk>, folder: impl AsRef<Path>, options: OpenOptions) -> Result<Self, Error> {
        let folder = folder.as_ref().to_path_buf();
        let work = move || match options.read_only {
            true => open_read_only(folder),
            false => open_writing(disk, folder, options.segment_bytes.max(limits::SEGMENT_BYTES_MIN), None),
        };
        let inner = blocking(work).await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens the log in `folder` to be given the records that `from` names; one that is not there is made.
    ///
    /// # Errors
    /// As [`Self::open`]; `Fatal` where a log stands that was not begun for this.
    pub async fn open_to_restore(folder: impl AsRef<Path>, from: &Restored) -> Result<Self, Error> {
        let (path, wanted) = (folder.as_ref().to_path_buf(), from.clone());
        let work = move || open_writing(Arc::new(SystemDisk), path, limits::SEGMENT_BYTES, Some(&wanted));
        let log = Self { inner: Arc::new(blocking(work).await?) };
        check_begun_for(log.id(), from)?;
        Ok(log)
    }

    /// Last durable entry, for a reading of other processes after looking at the files again.
    async fn current_tail(&self) -> Result<Tail, Error> {
        let shared = &self.inner.shared;
        if let Mode::ReadOnly(state) = &self.inner.mode {
            let (state, shared) = (Arc::clone(state), Arc::clone(shared));
            return blocking(move || state.refresh(&shared)).await;
        }
        shared.check_poison()?;
        Ok(*shared.tail.borrow())
    }
}

/// Runs file work beside the async runtime, whose threads must never wait for a disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::fatal("embedded log", format!("file work died: {error}"))),
    }
}

fn open_writing(
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    segment_bytes: u64,
    from: Option<&Restored>,
) -> Result<Inner, Error> {
    std::fs::create_dir_all(&folder).map_err(io_error(&folder, "making the folder"))?;
    // The folder's own name must be durable, or the whole log could vanish with it.
    let parent = folder.canonicalize().ok().and_then(|full| full.parent().map(Path::to_path_buf));
    if let Some(parent) = parent {
        disk.sync_folder(&parent).map_err(io_error(&parent, "syncing the folder"))?;
    }
    let lock = folder::lock(&folder)?;
    let id = match folder::identity(&folder)? {
        Some(id) => id,
        None if segment::list(&folder).map_err(io_error(&folder, "listing"))?.is_empty() => {
            folder::create_identity(disk.as_ref(), &folder, from)?
        }
        None => return Err(Error::corrupt(folder.display(), 0, "segment files without an IDENTITY file")),
    };
    let mut segments = recovery::open_segments(&folder, &id, true)?;
    if segments.is_empty() {
        let first = writer::first_segment(disk.as_ref(), &folder, Tail::start(&id), segment_bytes)?;
        segments.push(Arc::new(first));
    }
    let Some(segment) = segments.last().cloned() else {
        return Err(Error::fatal(folder.display(), "no segment"));
    };
    let end = recovery::find_end(&segment)?;
    recovery::cut(disk.as_ref(), &segment, &end)?;
    disk.sync_folder(&folder).map_err(io_error(&folder, "syncing the folder"))?;
    let mark = Mark::create(&folder)?;
    mark.set(end.tail.sequence).map_err(io_error(&folder, "writing the durable mark"))?;

    let tail = watch::Sender::new(end.tail);
    let shared = Arc::new(Shared { folder, id, segments: RwLock::new(segments), tail, poison: OnceLock::new() });
    let (queue, waiting) = mpsc::channel(limits::APPENDS_QUEUED_MAX);
    let (offset, tail) = (end.offset, end.tail);
    let writer =
        Writer { shared: Arc::clone(&shared), disk, mark, segment, offset, tail, segment_bytes, preparing: None };
    let thread = std::thread::Builder::new().name("log-writer".to_owned()).spawn(move || writer.run(waiting));
    let thread = thread.map_err(io_error(&shared.folder, "starting the writer thread"))?;
    Ok(Inner { shared, mode: Mode::Writing { queue, thread: Mutex::new(Some(thread)), _lock: lock } })
}

fn open_read_only(folder: PathBuf) -> Result<Inner, Error> {
    let Some(id) = folder::identity(&folder)? else {
        let log = folder.display().to_string();
        return Err(Error::Unavailable { log, reason: "there is no log in this folder yet".to_owned() });
    };
    let segments = recovery::open_segments(&folder, &id, false)?;
    let tail = watch::Sender::new(Tail::start(&id));
    let shared = Arc::new(Shared { folder, id, segments: RwLock::new(segments), tail, poison: OnceLock::new() });
    let state = ReadOnly::at_last_segment(&shared);
    state.refresh(&shared)?;
    Ok(Inner { shared, mode: Mode::ReadOnly(Arc::new(state)) })
}

#[async_trait]
impl EventLog for EmbeddedLog {
    fn id(&self) -> &LogId {
        &self.inner.shared.id
    }

    async fn tail(&self) -> Result<Tail, Error> {
        self.current_tail().await
    }

    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        frame::check_size(record)?;
        let place = self.inner.shared.folder.display();
        let Mode::Writing { queue, .. } = &self.inner.mode else {
            return Err(Error::fatal(place, "the log was opened read-only, it cannot be appended to"));
        };
        let (answer, answered) = oneshot::channel();
        let append = Append { after, record: record.clone(), answer };
        let gone = || Error::fatal(&place, "the writer thread is gone");
        // Straight away while there is room: a waiting send may yield, and predicted appends would overtake each other.
        match queue.try_send(append) {
            Ok(()) => {}
            Err(TrySendError::Full(append)) => queue.send(append).await.map_err(|_| gone())?,
            Err(TrySendError::Closed(_)) => return Err(gone()),
        }
        answered.await.map_err(|_| gone())?
    }

    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        let end = self.current_tail().await?.sequence;
        if after > end {
            return Err(Error::AheadOfLog { log: self.id().clone(), position: after, tail: end });
        }
        if after == end {
            return Ok(Vec::new());
        }
        let shared = Arc::clone(&self.inner.shared);
        blocking(move || shared.read(after, max_entries, end)).await
    }

    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error> {
        check_position(self, position).await?;
        let growth = match &self.inner.mode {
            Mode::Writing { .. } => Growth::Told(self.inner.shared.tail.subscribe()),
            Mode::ReadOnly(_) => Growth::Polled(limits::READ_ONLY_POLL),
        };
        Ok(follow::by_reading(self.clone(), position, growth))
    }
}

/// Writes `frames` behind the last record of a closed log, unchecked: for tests of damage.
///
/// # Errors
/// As [`EmbeddedLog::open`].
#[cfg(feature = "testing")]
pub fn append_unchecked(folder: &Path, frames: &[bytes::Bytes]) -> Result<(), Error> {
    let _lock = folder::lock(folder)?;
    let Some(id) = folder::identity(folder)? else { return Err(Error::fatal(folder.display(), "no log")) };
    let segments = recovery::open_segments(folder, &id, true)?;
    let Some(segment) = segments.last() else { return Err(Error::fatal(folder.display(), "no segment")) };
    let end = recovery::find_end(segment)?;
    let mut buffer = Vec::new();
    for (sequence, frame) in (end.tail.sequence + 1..).zip(frames) {
        segment::push_record(&mut buffer, sequence, sequence - 1, frame);
    }
    let write = SystemDisk.write_at(&segment.file, &segment.path, end.offset, &buffer);
    write.map_err(io_error(&segment.path, "writing"))
}
