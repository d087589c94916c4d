//! Opening the store, or moving it aside and beginning with an empty one.

use std::{
    fs::{self, File},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use downbeat_event_log::LogId;

use super::{
    Store, aside, damaged,
    mark::{Lock, Mark},
};
use crate::{
    engine::{
        self, keys,
        rows::{self, Head},
    },
    error::Error,
    limits,
};

/// Name of the tree's folder inside the projector's.
pub(super) const TREE: &str = "store";
/// Rows that are read at once to see whether the tree reads at all.
const PROBED_ROWS: usize = 1_000;

/// A store and where it stands.
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Position, counts, versions.
    pub head: Head,
    /// Why the store that was there before was moved aside, if it was.
    pub rebuilt: Option<String>,
}

/// Opens the store in `folder`. One that cannot be trusted, or that other versions of the projections wrote, is moved aside
/// and an empty one is made, to be filled from the log. Blocks.
///
/// # Errors
/// `Locked`, `Folder`; `Damaged` when even an empty store does not open.
pub fn open(folder: &Path, cache_bytes: u64, log: &LogId) -> Result<Opened, Error> {
    fs::create_dir_all(folder).map_err(Error::folder("create", folder))?;
    let lock = Lock::take(folder)?;
    let exists = folder.join(TREE).exists();
    let doubt = if exists { Mark::read(folder).doubt() } else { None };
    Mark::open_now().write(folder)?;
    let reason = match doubt {
        Some(reason) => reason,
        None => match open_tree(folder, cache_bytes, log, exists) {
            Ok((tree, file, head)) => {
                let store = Store { tree, file, folder: folder.to_path_buf(), _lock: lock };
                return Ok(Opened { store, head, rebuilt: None });
            }
            Err(error) if exists => error.to_string(),
            Err(error) => return Err(error),
        },
    };
    let moved_to = aside::move_aside(folder, TREE)?;
    tracing::warn!(reason, moved_to = %moved_to.display(), "the store of the projections is rebuilt from the log");
    let (tree, file, head) = open_tree(folder, cache_bytes, log, false)?;
    let store = Store { tree, file, folder: folder.to_path_buf(), _lock: lock };
    Ok(Opened { store, head, rebuilt: Some(reason) })
}

type OpenTree = (sled::Db, File, Head);

/// sled panics on some kinds of damage, already while it opens.
fn open_tree(folder: &Path, cache_bytes: u64, log: &LogId, exists: bool) -> Result<OpenTree, Error> {
    let opened = catch_unwind(AssertUnwindSafe(|| try_open_tree(&folder.join(TREE), cache_bytes, log, exists)));
    opened.unwrap_or_else(|panic| Err(Error::Damaged(engine::panic_message(&*panic))))
}

fn try_open_tree(path: &Path, cache_bytes: u64, log: &LogId, exists: bool) -> Result<OpenTree, Error> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(cache_bytes.max(limits::CACHE_BYTES_MIN))
        // The writer thread flushes: several flushers at once can hang sled.
        .flush_every_ms(None);
    let tree = config.open().map_err(damaged)?;
    for row in tree.iter().take(PROBED_ROWS) {
        row.map_err(damaged)?;
    }
    let db = path.join("db");
    let file = File::open(&db).map_err(Error::folder("open", &db))?;
    let head = match tree.get(keys::HEAD).map_err(damaged)? {
        Some(bytes) => rows::read::<Head>(keys::HEAD, &bytes)?,
        None if !exists && tree.is_empty() => {
            // From here on the store says of which log it is. Durable at once: sled opens some damaged files as empty
            // trees without a word, and only the missing head gives them away.
            let head = engine::start_of(log);
            tree.insert(keys::HEAD, prost::Message::encode_to_vec(&head)).map_err(damaged)?;
            tree.flush().map_err(damaged)?;
            file.sync_all().map_err(Error::folder("sync", &db))?;
            head
        }
        None => return Err(Error::Damaged("it has lost its position".to_owned())),
    };
    if head.position.is_none() {
        return Err(Error::Damaged("its position is empty".to_owned()));
    }
    if head.projections != engine::versions() {
        return Err(Error::Damaged("other versions of the projections wrote it".to_owned()));
    }
    Ok((tree, file, head))
}
