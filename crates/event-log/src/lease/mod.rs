//! Who may own a log: one place with a name in it, which is changed only by whoever knows what stands there.
//!
//! It promises that of two who write after the same revision one wins, and the other is told. It is a hint for liveness and never for safety:
//! who holds it writes, but what keeps two writers apart is the log itself ([`crate::EventLog::append`]). It knows no clock: how long somebody
//! has not been heard of is measured by whoever looks.
//!
//! | implementation | where | used by |
//! |---|---|---|
//! | [`KvLease`] | bucket `DOWNBEAT_OWNERS` of the NATS server that has the log | distributed installations |
//! | [`MemoryLease`] | memory | tests |

mod election;
mod hold;
mod kv;
mod memory;

use async_trait::async_trait;
use bytes::Bytes;

pub use election::{Election, Member, Step};
pub use hold::Hold;
pub use kv::KvLease;
pub use memory::MemoryLease;

/// Key of the lease of the log's only partition.
pub const PARTITION: &str = "partition.0";
/// Key of the lease of whoever tells others what happens.
pub const TELLER: &str = "teller";

/// What stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Grows with every write; 0 = nobody ever wrote.
    pub revision: u64,
    /// What the holder wrote; empty = nobody holds it.
    pub holder: Bytes,
}

/// Why a lease could not be looked at or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Somebody wrote since that revision.
    #[error("somebody else has written to the lease")]
    Taken,
    /// Nobody answers for now. A write may have been made all the same: look.
    #[error("the lease cannot be reached: {0}")]
    Away(String),
    /// It cannot be used as it is there.
    #[error("{0}")]
    Unfit(String),
}

/// See the module. The contract is checked for every implementation by `tests/lease.rs`.
#[async_trait]
pub trait Lease: Send + Sync + 'static {
    /// What stands there now.
    ///
    /// # Errors
    /// `Away`.
    async fn look(&self) -> Result<Held, LeaseError>;

    /// Writes the holder (nothing = it is given back), if nobody wrote after `revision`. Returns the new revision.
    ///
    /// # Errors
    /// `Taken`: somebody wrote. `Away`: it may have been written, may not, or may land later.
    async fn write(&self, revision: u64, holder: Bytes) -> Result<u64, LeaseError>;
}
