//! Sealed connections outside of the engine: kept in the blob store, opened for workers that use them.
//!
//! Promises: a value is in memory as it is only while a message for a worker is made of it; what is kept is sealed, and bound to its
//! connection and version; no error holds a value. Knows nothing of what fields mean.

mod given;
mod vault;

pub(crate) use given::Given;
pub use vault::Vault;
pub(crate) use vault::VaultError;
