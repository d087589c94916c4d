//! The folder of an embedded log: its identity, its lock, and the mark of what is durable.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::disk::Disk;
use crate::error::Error;
use crate::restored::{Restored, plain_name};
use crate::types::LogId;

const IDENTITY: &str = "IDENTITY";
const IDENTITY_NEW: &str = "IDENTITY.new";
const LOCK: &str = "LOCK";
const MARK: &str = "DURABLE";
const MARK_BYTES: usize = 12;

pub(super) fn io_error(path: &Path, action: &str) -> impl FnOnce(io::Error) -> Error {
    let place = path.display().to_string();
    let action = action.to_owned();
    move |error| Error::fatal(place, format!("{action} failed: {error}"))
}

/// Takes the lock that makes this process the only writer; it is free again when the file is dropped or the process dies.
pub(super) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK);
    let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(io_error(&path, "opening the lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let known = file.read_to_string(&mut pid).is_ok_and(|bytes| bytes > 0);
            let holder = if known { format!("process {}", pid.trim()) } else { "another process".to_owned() };
            return Err(Error::Locked { path: path.display().to_string(), holder });
        }
        Err(TryLockError::Error(error)) => return Err(io_error(&path, "locking")(error)),
    }
    // Only for the message of the next one who tries; the lock itself needs no content.
    let noted = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    noted.map_err(io_error(&path, "noting the process id"))?;
    Ok(file)
}

/// The identity of the log in `folder`, or `None` in a folder that holds no log yet.
pub(super) fn identity(folder: &Path) -> Result<Option<LogId>, Error> {
    let path = folder.join(IDENTITY);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(&path, "reading")(error)),
    };
    let mut lines = text.lines();
    let (id, crc) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if id.is_empty() || crc != checksum(id) {
        return Err(Error::corrupt(path.display(), 0, "the identity of the log does not fit its checksum"));
    }
    Ok(Some(LogId(id.to_owned())))
}

fn checksum(id: &str) -> String {
    format!("{:08x}", crc32fast::hash(id.as_bytes()))
}

/// Gives the log in `folder` its identity, durably: the folder's name and random bits, and what it is to be restored from.
pub(super) fn create_identity(disk: &dyn Disk, folder: &Path, from: Option<&Restored>) -> Result<LogId, Error> {
    let full = folder.canonicalize().map_err(io_error(folder, "resolving"))?;
    let name = full.file_name().map_or_else(|| "log".into(), |name| name.to_string_lossy().into_owned());
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let own = format!("{}@{}", plain_name(&name), uuid::Uuid::new_v4().simple());
    let id = from.map_or_else(|| LogId(own.clone()), |from| LogId::restored(&own, from));
    let (new, path) = (folder.join(IDENTITY_NEW), folder.join(IDENTITY));
    let write = || {
        let file = File::options().write(true).create(true).truncate(true).open(&new)?;
        disk.write_at(&file, &new, 0, format!("{id}\n{}\n", checksum(&id.0)).as_bytes())?;
        disk.sync_data(&file, &new)?;
        disk.rename(&new, &path)?;
        disk.sync_folder(folder)
    };
    write().map_err(io_error(&path, "writing the identity"))?;
    Ok(id)
}

/// The mark tells readers in other processes which sequence is durable. It is a hint that only ever lags: it is written
/// after each sync and not synced itself.
#[derive(Debug)]
pub(super) struct Mark(File);

impl Mark {
    pub(super) fn create(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(MARK);
        let open = File::options().write(true).create(true).truncate(false).open(&path);
        open.map(Self).map_err(io_error(&path, "opening"))
    }

    pub(super) fn set(&self, sequence: u64) -> io::Result<()> {
        let mut bytes = [0; MARK_BYTES];
        bytes[..8].copy_from_slice(&sequence.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..8]);
        bytes[8..].copy_from_slice(&crc.to_le_bytes());
        self.0.write_all_at(&bytes, 0)
    }

    /// The marked sequence; 0 when there is none, or when it was read in the middle of a change.
    pub(super) fn get(folder: &Path) -> u64 {
        let mut bytes = [0; MARK_BYTES];
        let read = File::open(folder.join(MARK)).and_then(|file| file.read_exact_at(&mut bytes, 0));
        let (mut sequence, mut crc) = ([0; 8], [0; 4]);
        sequence.copy_from_slice(&bytes[..8]);
        crc.copy_from_slice(&bytes[8..]);
        let fits = read.is_ok() && crc32fast::hash(&sequence) == u32::from_le_bytes(crc);
        if fits { u64::from_le_bytes(sequence) } else { 0 }
    }
}
