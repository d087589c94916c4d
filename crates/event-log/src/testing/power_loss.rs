//! A disk that forgets, when the power is cut, everything that was not synced.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::embedded::disk::{Disk, SystemDisk};

/// How one change is taken back.
#[derive(Debug)]
enum Undo {
    Bytes { path: PathBuf, offset: u64, old: Vec<u8> },
    Name { from: PathBuf, to: PathBuf },
}

#[derive(Debug, Default)]
struct Book {
    undo: Vec<Undo>,
    failing: bool,
}

/// The system's disk with a book of all changes that are not yet durable. It is the harshest power cut: nothing that
/// was not synced survives.
#[derive(Debug, Default)]
pub struct PowerLossDisk {
    book: Mutex<Book>,
}

impl PowerLossDisk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes back every change that was not synced. The log must be closed before.
    ///
    /// # Errors
    /// Those of the system.
    pub fn cut_power(&self) -> io::Result<()> {
        let undo = std::mem::take(&mut self.book().undo);
        for change in undo.into_iter().rev() {
            match change {
                Undo::Bytes { path, offset, old } => {
                    File::options().write(true).open(path)?.write_all_at(&old, offset)?;
                }
                Undo::Name { from, to } => std::fs::rename(to, from)?,
            }
        }
        Ok(())
    }

    /// From now on every sync of a file fails (or works again).
    pub fn fail_syncs(&self, failing: bool) {
        self.book().failing = failing;
    }
}

impl Disk for PowerLossDisk {
    fn write_at(&self, file: &File, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        // What lay beyond the end of the file counts as zeros: a shorter file is not modelled.
        let mut old = vec![0; bytes.len()];
        let reader = File::open(path)?;
        let mut filled = 0;
        while filled < old.len() {
            match reader.read_at(&mut old[filled..], offset + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        self.book().undo.push(Undo::Bytes { path: path.to_path_buf(), offset, old });
        SystemDisk.write_at(file, path, offset, bytes)
    }

    fn sync_data(&self, file: &File, path: &Path) -> io::Result<()> {
        let mut book = self.book();
        if book.failing {
            return Err(io::Error::other("injected: the disk refuses to sync"));
        }
        book.undo.retain(|change| !matches!(change, Undo::Bytes { path: changed, .. } if changed == path));
        drop(book);
        // Not needed to survive the model, but the model must not hide an error of the real call.
        SystemDisk.sync_data(file, path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.rename(from, to)?;
        let change = Undo::Name { from: from.to_path_buf(), to: to.to_path_buf() };
        let mut book = self.book();
        for earlier in &mut book.undo {
            if let Undo::Bytes { path, .. } = earlier
                && path == from
            {
                *path = to.to_path_buf();
            }
        }
        book.undo.push(change);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let in_folder = |path: &Path| path.parent() == Some(folder);
        self.book().undo.retain(|change| !matches!(change, Undo::Name { to, .. } if in_folder(to)));
        SystemDisk.sync_folder(folder)
    }
}
