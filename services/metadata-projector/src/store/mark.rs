//! The lock of the folder, and the mark that says how a store in it was left.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::Path,
};

use crate::error::Error;

const LOCK_FILE: &str = "LOCK";
/// One value per boot of the machine, on Linux.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The exclusive lock of a projector's folder; freed when dropped, or with its process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock or says who has it.
    ///
    /// # Errors
    /// `Locked`, `Folder`.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(LOCK_FILE);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(Error::folder("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(Error::folder("lock", &path)(error)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Only for the message: the other process may just be writing its name.
                let known =
                    Read::by_ref(&mut file).take(64).read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
                let holder = if known { format!("process {}", holder.trim()) } else { "another process".to_owned() };
                return Err(Error::Locked { folder: folder.to_path_buf(), holder });
            }
        }
        file.set_len(0)
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()))
            .map_err(Error::folder("write", &path))?;
        Ok(Self { _file: file })
    }
}

/// How a store was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Closed; everything durable.
    Clean,
    /// Open, in this boot of the machine. Found at a start: it was killed.
    Open(String),
    /// Not to be trusted, for this reason.
    Suspect(String),
}

impl Mark {
    /// The mark of a store that is open now.
    pub fn open_now() -> Self {
        // Without a boot id no unclean stop is known to be harmless, so that every one means a rebuild.
        let boot = fs::read_to_string(BOOT_ID).unwrap_or_default();
        Self::Open(boot.trim().to_owned())
    }

    /// Reads the mark in this file; what does not read is suspect.
    pub fn read(file: &Path) -> Self {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return Self::Suspect(format!("its mark does not read: {error}")),
        };
        match text.trim_end().split_once(' ') {
            None if text.trim_end() == "clean" => Self::Clean,
            Some(("open", boot)) => Self::Open(boot.to_owned()),
            Some(("suspect", reason)) => Self::Suspect(reason.to_owned()),
            _ => Self::Suspect("its mark is not one of ours".to_owned()),
        }
    }

    /// Writes the mark durably, whole or not at all.
    ///
    /// # Errors
    /// `Folder`.
    pub fn write(&self, file: &Path) -> Result<(), Error> {
        let text = match self {
            Self::Clean => "clean\n".to_owned(),
            Self::Open(boot) => format!("open {boot}\n"),
            Self::Suspect(reason) => format!("suspect {}\n", reason.replace('\n', " ")),
        };
        write_whole(file, &text)
    }

    /// Why a store that was left like this cannot be trusted now.
    pub fn doubt(&self) -> Option<String> {
        match self {
            Self::Clean => None,
            Self::Suspect(reason) => Some(reason.clone()),
            Self::Open(boot) if !boot.is_empty() && *self == Self::open_now() => None,
            Self::Open(_) => Some("the machine stopped while it was open".to_owned()),
        }
    }
}

/// Replaces a small file durably, whole or not at all.
///
/// # Errors
/// `Folder`.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), Error> {
    let fresh = path.with_extension("new");
    let written = File::create(&fresh).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    });
    written.map_err(Error::folder("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("STATE");
        let marks = [Mark::Clean, Mark::open_now(), Mark::Open("b".into()), Mark::Suspect("two\nlines".into())];
        for mark in marks {
            mark.write(&file).unwrap();
            let read = Mark::read(&file);
            match mark {
                Mark::Suspect(_) => assert_eq!(read, Mark::Suspect("two lines".into())),
                other => assert_eq!(read, other),
            }
        }
    }

    #[test]
    fn only_a_clean_or_killed_store_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("STATE");
        assert!(Mark::read(&file).doubt().is_some(), "no mark at all");
        fs::write(&file, "garbage").unwrap();
        assert!(Mark::read(&file).doubt().is_some());
        for (mark, trusted) in [
            (Mark::Clean, true),
            (Mark::open_now(), true),
            (Mark::Open("another boot".into()), false),
            (Mark::Open(String::new()), false),
            (Mark::Suspect("fsync failed".into()), false),
        ] {
            assert_eq!(mark.doubt().is_none(), trusted, "{mark:?}");
        }
    }

    #[test]
    fn a_second_lock_names_the_holder_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let error = Lock::take(folder.path()).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        Lock::take(folder.path()).unwrap();
    }
}
