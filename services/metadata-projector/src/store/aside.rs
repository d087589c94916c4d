//! Moving a damaged store aside. It is evidence, so it is kept, but not for ever.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{error::Error, limits};

/// Renames `folder/tree` to `folder/name.damaged-<microseconds>` and removes the oldest of such folders beyond the limit.
///
/// # Errors
/// `Folder`.
pub fn move_aside(folder: &Path, tree: &Path, name: &str) -> Result<PathBuf, Error> {
    let mut at = downbeat_runtime::clock::wall_now().as_microsecond();
    let to = loop {
        let to = folder.join(format!("{name}.damaged-{at:016}"));
        if !to.exists() {
            break to;
        }
        at += 1;
    };
    fs::rename(tree, &to).map_err(Error::folder("move aside", tree))?;
    let kept = kept(folder, name)?;
    for old in &kept[..kept.len().saturating_sub(limits::DAMAGED_KEPT_MAX)] {
        fs::remove_dir_all(old).map_err(Error::folder("remove", old))?;
    }
    Ok(to)
}

/// The stores that were moved aside, oldest first.
///
/// # Errors
/// `Folder`.
pub fn kept(folder: &Path, name: &str) -> Result<Vec<PathBuf>, Error> {
    let prefix = format!("{name}.damaged-");
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::folder("read", folder))? {
        let entry = entry.map_err(Error::folder("read", folder))?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            kept.push(entry.path());
        }
    }
    kept.sort();
    Ok(kept)
}
