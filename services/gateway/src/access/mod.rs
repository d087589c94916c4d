//! Who asks, and what they may. One layer for everything that comes in.
//!
//! Promises: default deny. A token that is unknown, revoked or expired opens nothing, on reads either; what somebody may is decided by the
//! table of the coordinator, which is never older than [`crate::limits::ACCESS_STALE_MAX`]. Knows nothing about routes.

mod principal;
mod shown;
pub(crate) mod signature;
mod table;
mod uses;
mod watch;

pub(crate) use principal::Principal;
pub(crate) use shown::{bearer, who};
pub(crate) use table::{Endpoint, Table};
pub(crate) use uses::Uses;
pub(crate) use watch::{Doors, follow};
