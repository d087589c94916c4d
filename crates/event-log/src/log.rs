//! The contract of a log.

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::error::Error;
use crate::types::{Entry, LogId, Record, Tail};

/// How full the place is where the records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that are taken.
    pub used: u64,
    /// Bytes that may be taken; more than 0.
    pub limit: u64,
    /// What has this limit, for people.
    pub what: String,
}

impl Room {
    /// The part that is taken, 0.0 to 1.0 and a little more.
    pub fn part(&self) -> f64 {
        self.used as f64 / self.limit.max(1) as f64
    }

    /// By the part that is taken.
    pub fn compare(&self, other: &Self) -> std::cmp::Ordering {
        self.part().total_cmp(&other.part())
    }
}

/// An append-only log with one writer at a time.
///
/// The contract, checked for every implementation by the `conformance` suite:
///
/// 1. **Order.** Entries have the sequences 1, 2, 3, ... without gaps; what was read once is read again, unchanged.
/// 2. **Chain.** Each entry names the hash of the one before it; the first names [`crate::Hash::genesis`] of the log.
/// 3. **Fencing.** `append(after, ..)` writes only if the log ends exactly at `after`. Of two writers at one position
///    one wins; the other gets [`Error::Conflict`] and must fold the log again.
/// 4. **Durability.** When `append` returns `Ok`, the record survives the death of the process and of the machine.
/// 5. **Unknown outcome.** [`Error::OutcomeUnknown`]: the record may be there, may not, or may land later. Reading does
///    not settle it. Only sending the *same* record at the *same* position does ([`crate::append_settled`]).
/// 6. **Idempotent re-send.** If exactly this record already stands after `after`, `append` returns `Ok` with the tail
///    that it made then, even when others appended since (a later append of this writer will then conflict).
/// 7. **Tail loss.** If the log ends *below* `after`, `append` gives [`Error::TailLost`]: records are gone, stop.
/// 8. **Size.** A payload above [`crate::limits::RECORD_BYTES_MAX`] gives [`Error::TooLarge`]; nothing is written.
/// 9. **Positions.** A position beyond the end gives [`Error::AheadOfLog`]; one whose hash is not that of the record at
///    its sequence gives [`Error::ForeignLog`] ([`crate::check_position`], [`EventLog::follow`]).
/// 10. **Damage.** `read` verifies each entry's hash and the links between the entries it returns; `follow` and
///     [`crate::verify`] verify every link from their position on. Damage gives [`Error::Corrupt`], never other data.
/// 11. **Visibility.** Readers see only durable entries.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Identity of this log. Store it beside every position.
    fn id(&self) -> &LogId;

    /// The end of the log: its last entry, or sequence 0 with the genesis hash.
    ///
    /// # Errors
    /// `Unavailable`, `ForeignLog` (the log was replaced), `Corrupt`, `Fatal`.
    async fn tail(&self) -> Result<Tail, Error>;

    /// Appends `record` after `after` and returns the new tail once it is durable.
    ///
    /// # Errors
    /// Nothing was written: `Conflict`, `TailLost`, `TooLarge`, `Unavailable`, `ForeignLog`, `Corrupt`.
    /// Open: `OutcomeUnknown`; `Fatal` (open the log again to see).
    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error>;

    /// Up to `max_entries` entries after sequence `after`, fewer when [`crate::limits::READ_BYTES_MAX`] is reached.
    /// Empty at the tail.
    ///
    /// # Errors
    /// `AheadOfLog` beyond the tail, `Corrupt`, `Unavailable`, `Fatal`.
    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error>;

    /// All entries after `position`, then each new one as it becomes durable. The position is checked first.
    /// The stream ends after its first error; a lost connection is not an error, the stream waits for its return.
    ///
    /// # Errors
    /// `AheadOfLog`, `ForeignLog`, `Corrupt`, `Unavailable`, `Fatal`.
    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error>;

    /// The fullest of the places where records are kept; `None` where no limit is known.
    ///
    /// # Errors
    /// As [`EventLog::tail`].
    async fn room(&self) -> Result<Option<Room>, Error> {
        Ok(None)
    }
}
