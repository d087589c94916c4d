//! An append-only log of records with one writer at a time: order, fencing, durability and a hash chain.
//!
//! It promises that a record acknowledged by [`EventLog::append`] stands at its place for ever, and that damage, loss and
//! rivals are reported, never papered over. It knows nothing about what the bytes of a record mean.
//!
//! | implementation | where the records are | used by |
//! |---|---|---|
//! | [`embedded`] | segment files in a folder, one fdatasync per group | `downbeat dev`, one machine |
//! | [`jetstream`] | a NATS JetStream stream | distributed installations |
//! | [`memory`] | a vector, with faults by seed | simulation, unit tests |
//!
//! The contract stands at [`EventLog`]; the suite that all three pass is `conformance` (feature `conformance`).

mod address;
pub mod archive;
pub mod embedded;
pub mod faults;
pub mod frame;
pub mod jetstream;
pub mod lease;
pub mod limits;
pub mod memory;
mod nats;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "testing")]
pub mod testing;

mod error;
mod follow;
mod log;
mod procedures;
mod restored;
mod settling;
mod types;
mod writing;

pub use address::{Access, InvalidAddress, LogAddress};
pub use error::{Error, ErrorKind};
pub use lease::{Election, Held, Hold, KvLease, Lease, LeaseError, Member, MemoryLease, Step};
pub use log::{EventLog, Room};
pub use nats::{Nats, NatsConfig, NatsError};
pub use procedures::{append_settled, check_position, verify};
pub use restored::Restored;
pub use settling::{Settled, Settling};
pub use types::{Entry, Hash, LogId, Record, RecordId, Tail};
pub use writing::WritingConfig;
