//! How far a destination was told: a position in a small file of its own, one per feed.
//!
//! Promises: a checkpoint is there whole or not at all, and one that is no place of the log is never continued from. It lies outside of the
//! projections' folder, because that is rebuilt from the log and this is not.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use downbeat_event_log::{ErrorKind as LogErrorKind, EventLog, Hash, LogId, Tail, check_position};
use downbeat_runtime::retry;
use serde_json::{Value, json};

use super::config::From;
use crate::{engine::PARTITION, error::Error, position, store::mark::Lock};

/// The folder of all checkpoints, locked as long as this lives.
pub(super) struct Checkpoints {
    folder: PathBuf,
    _lock: Lock,
}

/// The checkpoint of one feed.
pub(super) struct Checkpoint {
    file: PathBuf,
    log: LogId,
    // Keeps the folder locked.
    _all: Arc<Checkpoints>,
}

/// What a checkpoint says.
enum Stands {
    /// Others were told up to here.
    At(Tail),
    /// They were told of everything that the log was restored with, up to this sequence, and of records that were lost.
    Behind(u64),
}

impl Checkpoints {
    /// # Errors
    /// `Folder`, `Locked`.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(Error::folder("create", folder))?;
        Ok(Self { folder: folder.to_owned(), _lock: Lock::take(folder)? })
    }

    /// Whether the checkpoint of a feed, if there is one, is a place of this log. Nothing is made: whoever waits for its turn has told nobody.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) async fn check(self: &Arc<Self>, feed: &str, log: &dyn EventLog) -> Result<(), Error> {
        if !self.folder.join(format!("{feed}.json")).exists() {
            return Ok(());
        }
        self.of(feed, log, From::End, None).await.map(drop)
    }

    /// The checkpoint of a feed, and where it stands: where the projector that told last came to, else a place of this log. One that is not there
    /// yet is made. Waits while the log cannot be reached.
    ///
    /// # Errors
    /// `ForeignCheckpoint`, `Folder`, `Log`.
    pub(super) async fn of(
        self: &Arc<Self>,
        feed: &str,
        log: &dyn EventLog,
        from: From,
        noted: Option<Tail>,
    ) -> Result<(Checkpoint, Tail), Error> {
        let file = self.folder.join(format!("{feed}.json"));
        let checkpoint = Checkpoint { file, log: log.id().clone(), _all: Arc::clone(self) };
        let position = match fs::read_to_string(&checkpoint.file) {
            Ok(text) => match checkpoint.read(&text)? {
                // What this one told before it lost its turn, the next one may have been told again: better twice than never.
                Stands::At(position) => noted.unwrap_or(position),
                Stands::Behind(sequence) => {
                    let entries = waiting(|| log.read(sequence.saturating_sub(1), 1)).await?;
                    let lost = || checkpoint.foreign("the log does not hold what it was restored with");
                    let position = entries.first().ok_or_else(lost)?.tail();
                    tracing::warn!(
                        feed,
                        sequence,
                        "others were told of records that were lost when the log was restored"
                    );
                    checkpoint.write(position)?;
                    position
                }
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let position = match (noted, from) {
                    (Some(noted), _) => noted,
                    (None, From::Start) => Tail::start(log.id()),
                    (None, From::End) => waiting(|| log.tail()).await?,
                };
                tracing::info!(feed, sequence = position.sequence, "nobody was told before; it begins here");
                checkpoint.write(position)?;
                return Ok((checkpoint, position));
            }
            Err(error) => return Err(Error::folder("read", &checkpoint.file)(error)),
        };
        match waiting(|| check_position(log, position)).await {
            Ok(()) => Ok((checkpoint, position)),
            Err(Error::Log(error)) if matches!(error.kind(), LogErrorKind::AheadOfLog | LogErrorKind::ForeignLog) => {
                Err(checkpoint.foreign(&error.to_string()))
            }
            Err(error) => Err(error),
        }
    }
}

impl Checkpoint {
    fn read(&self, text: &str) -> Result<Stands, Error> {
        let written: Value = serde_json::from_str(text).map_err(|error| self.foreign(&error.to_string()))?;
        let named = |name: &str| written.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| written.get(name).and_then(Value::as_u64);
        match position::restored(&self.log, named("log_id")) {
            _ if named("log_id") == self.log.0 => {}
            None => return Err(self.foreign(&format!("it belongs to the log `{}`", named("log_id").escape_debug()))),
            Some(from) if number("sequence").is_some_and(|sequence| sequence > from.up_to) => {
                return Ok(Stands::Behind(from.up_to));
            }
            Some(_) => {}
        }
        let hash = blake3::Hash::from_hex(named("hash")).ok();
        match (number("partition"), number("sequence"), hash) {
            (Some(partition), Some(sequence), Some(hash)) if partition == u64::from(PARTITION) => {
                Ok(Stands::At(Tail { sequence, hash: Hash(*hash.as_bytes()) }))
            }
            _ => Err(self.foreign("it says no position")),
        }
    }

    /// Writes it durably, whole or not at all. Blocks.
    ///
    /// # Errors
    /// `Folder`.
    pub(super) fn write(&self, position: Tail) -> Result<(), Error> {
        let (sequence, hash) = (position.sequence, position.hash.to_string());
        let text =
            json!({"log_id": self.log.0, "partition": PARTITION, "sequence": sequence, "hash": hash}).to_string();
        let fresh = self.file.with_extension("new");
        let written = File::create(&fresh).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &self.file)?;
            self.file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        });
        written.map_err(Error::folder("write", &self.file))
    }

    fn foreign(&self, reason: &str) -> Error {
        Error::ForeignCheckpoint { file: self.file.clone(), log: self.log.to_string(), reason: reason.to_owned() }
    }
}

/// Asks the log until it can be reached.
async fn waiting<T, F>(ask: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, downbeat_event_log::Error>>,
{
    let mut attempt = 1;
    loop {
        match ask().await {
            Err(error) if error.kind() == LogErrorKind::Unavailable => {
                tracing::warn!(%error, "waiting for the log");
                tokio::time::sleep(retry::pause(attempt)).await;
                attempt += 1;
            }
            answer => return Ok(answer?),
        }
    }
}
