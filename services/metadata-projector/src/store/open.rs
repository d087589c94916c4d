//! Opening the store that answers, moving it aside where it cannot be trusted, and the one that is filled beside it.

use std::{
    fs::{self, File},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use downbeat_event_log::LogId;

use super::{
    Store, damaged,
    home::Home,
    mark::{Lock, Mark},
};
use crate::{
    engine::{
        self, keys,
        projection::{ALL, Registered},
        rows::{self, Head},
    },
    error::Error,
    limits,
};

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

/// Opens the store in `folder` for the projections of this version; see [`open_for`].
///
/// # Errors
/// As [`open_for`].
pub fn open(folder: &Path, cache_bytes: u64, log: &LogId) -> Result<Opened, Error> {
    open_for(folder, cache_bytes, log, ALL)
}

/// Opens the store in `folder` that answers. One that other versions of the projections wrote is opened too: its head says so,
/// and [`Store::beside`] gives the one that is to follow it. One that cannot be trusted is moved aside; in its place comes the
/// one that was filled beside it, or an empty one, to be filled from the log. Blocks.
///
/// # Errors
/// `Locked`, `Folder`; `Damaged` when even an empty store does not open.
pub fn open_for(
    folder: &Path,
    cache_bytes: u64,
    log: &LogId,
    projections: &'static [Registered],
) -> Result<Opened, Error> {
    fs::create_dir_all(folder).map_err(Error::folder("create", folder))?;
    let lock = Lock::take(folder)?;
    let home = Home { folder: folder.to_path_buf(), cache_bytes, log: log.clone(), projections, _lock: lock };
    let home = Arc::new(home);
    let (number, reason) = match home.current() {
        Ok(number) if home.tree(number).exists() => match open_existing(&home, number) {
            Ok((store, head)) => {
                if store.is_ours(&head) {
                    clean_up(&store)?;
                }
                return Ok(Opened { store, head, rebuilt: None });
            }
            Err(error) => (number, Some(error.to_string())),
        },
        Ok(number) => (number, None),
        // Nobody knows which one answered: none of them is trusted.
        Err(reason) => {
            for number in home.numbers()? {
                set_aside(&home, number, &reason)?;
            }
            home.point_at(0)?;
            (0, Some(reason))
        }
    };
    if let Some(reason) = &reason {
        set_aside(&home, number, reason)?;
    }
    let (store, head) = match half_built(&home, number)? {
        Some((store, head)) => {
            home.point_at(store.number)?;
            (store, head)
        }
        None => create(&home, number)?,
    };
    clean_up(&store)?;
    Ok(Opened { store, head, rebuilt: reason })
}

/// Moves aside everything in `folder`, for this reason, and begins with an empty store. Blocks.
///
/// # Errors
/// As [`open_for`].
pub fn open_anew(
    folder: &Path,
    cache_bytes: u64,
    log: &LogId,
    projections: &'static [Registered],
    reason: &str,
) -> Result<Opened, Error> {
    let lock = Lock::take(folder)?;
    let home = Home { folder: folder.to_path_buf(), cache_bytes, log: log.clone(), projections, _lock: lock };
    let home = Arc::new(home);
    for number in home.numbers()? {
        set_aside(&home, number, reason)?;
    }
    home.point_at(0)?;
    let (store, head) = create(&home, 0)?;
    Ok(Opened { store, head, rebuilt: Some(reason.to_owned()) })
}

fn set_aside(home: &Home, number: u32, reason: &str) -> Result<(), Error> {
    if home.tree(number).exists() {
        let moved_to = home.move_aside(number)?;
        tracing::warn!(reason, moved_to = %moved_to.display(), "the store of the projections is rebuilt from the log");
    }
    Ok(())
}

/// Removes what is left of other stores than this one, which answers.
fn clean_up(store: &Store) -> Result<(), Error> {
    for number in store.home.numbers()? {
        if number != store.number {
            drop_store(&store.home, number);
        }
    }
    Ok(())
}

/// Nobody needs it any more, so that whatever is left of it waits for the next start.
fn drop_store(home: &Home, number: u32) {
    if let Err(error) = home.remove(number) {
        tracing::warn!(%error, number, "cannot remove a store of the projections that nobody needs any more");
    }
}

/// The store that was begun beside store number `answers`, if it is whole, of this log and of these versions. Every other is removed.
fn half_built(home: &Arc<Home>, answers: u32) -> Result<Option<(Store, Head)>, Error> {
    let mut found = None;
    for number in home.numbers()? {
        if number == answers {
            continue;
        }
        let reason = match open_existing(home, number) {
            Ok((store, head)) if found.is_none() && store.is_ours(&head) && is_of_log(home, &head) => {
                found = Some((store, head));
                continue;
            }
            Ok(_) => "it is of another log, or for other versions of the projections".to_owned(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(reason, number, "a store of the projections that was begun is dropped");
        drop_store(home, number);
    }
    Ok(found)
}

fn is_of_log(home: &Home, head: &Head) -> bool {
    head.position.as_ref().is_some_and(|position| position.log_id == home.log.0)
}

/// The store that is to follow `answering`: the one that was begun, or an empty one.
pub(super) fn beside(answering: &Store) -> Result<(Store, Head), Error> {
    let home = &answering.home;
    if let Some(found) = half_built(home, answering.number)? {
        return Ok(found);
    }
    let last = home.numbers()?.last().copied().unwrap_or(0).max(answering.number);
    let number =
        last.checked_add(1).ok_or_else(|| Error::Internal("there are no more numbers for stores".to_owned()))?;
    create(home, number)
}

fn open_existing(home: &Arc<Home>, number: u32) -> Result<(Store, Head), Error> {
    let mark = home.mark(number);
    if let Some(reason) = Mark::read(&mark).doubt() {
        return Err(Error::Damaged(reason));
    }
    Mark::open_now().write(&mark)?;
    open_tree(home, number, true)
}

fn create(home: &Arc<Home>, number: u32) -> Result<(Store, Head), Error> {
    Mark::open_now().write(&home.mark(number))?;
    open_tree(home, number, false)
}

/// sled panics on some kinds of damage, already while it opens.
fn open_tree(home: &Arc<Home>, number: u32, exists: bool) -> Result<(Store, Head), Error> {
    let opened = catch_unwind(AssertUnwindSafe(|| try_open_tree(home, number, exists)));
    let (tree, file, head) = opened.unwrap_or_else(|panic| Err(Error::Damaged(engine::panic_message(&*panic))))?;
    Ok((Store { tree, file, home: Arc::clone(home), number }, head))
}

fn try_open_tree(home: &Home, number: u32, exists: bool) -> Result<(sled::Db, File, Head), Error> {
    let path = home.tree(number);
    let config = sled::Config::new()
        .path(&path)
        .cache_capacity(home.cache_bytes.max(limits::CACHE_BYTES_MIN))
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
            let head = engine::start_with(home.projections, &home.log);
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
    Ok((tree, file, head))
}
