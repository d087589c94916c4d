//! The few ways in which the embedded log changes the disk, behind one trait, so that a test can cut the power.
//!
//! It knows nothing of segments. Reads do not pass here: they cannot lose anything.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Changes to files. `path` names the file for messages and for disks that keep books.
pub trait Disk: Send + Sync + std::fmt::Debug + 'static {
    /// Writes all of `bytes` at `offset`; durable only after [`Disk::sync_data`].
    ///
    /// # Errors
    /// Those of the system.
    fn write_at(&self, file: &File, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes the file's bytes and its size durable.
    ///
    /// # Errors
    /// Those of the system. Never call it again for the same bytes after an error: the system may have dropped them.
    fn sync_data(&self, file: &File, path: &Path) -> io::Result<()>;

    /// Renames within one folder; durable only after [`Disk::sync_folder`].
    ///
    /// # Errors
    /// Those of the system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// Those of the system.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn write_at(&self, file: &File, _path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync_data(&self, file: &File, _path: &Path) -> io::Result<()> {
        file.sync_data()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}
