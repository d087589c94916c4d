//! Files with secrets: read only where others may not read them too.
//!
//! Promises: nothing of what stands in such a file is ever in an error.

use std::{io, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path};

use zeroize::Zeroizing;

/// Who may read such a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner.
    Owner,
    /// Its group, too: a cluster gives a process that is not root its secrets that way.
    Group,
}

/// What stands in the file; `what` is its name in errors: `the file of the master key`.
///
/// # Errors
/// In words that name the file: it cannot be read, is no file, is larger than `bytes_max`, or others may read it.
pub fn read(what: &str, path: &Path, readers: Readers, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, String> {
    let cannot = |error: io::Error| format!("{what} {} cannot be read: {error}", path.display());
    let file = std::fs::File::open(path).map_err(cannot)?;
    let about = file.metadata().map_err(cannot)?;
    if !about.is_file() {
        return Err(format!("{what} {} is no file", path.display()));
    }
    let (others, so, mode) = match readers {
        Readers::Owner => ("others than its owner", 0o077, "600"),
        Readers::Group => ("others than its owner and group", 0o027, "600"),
    };
    if about.permissions().mode() & so != 0 {
        return Err(format!("{others} may read {what} {0}: chmod {mode} {0}", path.display()));
    }
    if about.len() > bytes_max {
        return Err(format!("{what} {} is larger than {bytes_max} bytes", path.display()));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(bytes_max).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}
