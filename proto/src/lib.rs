//! The wire: generated messages and stubs, and the only conversions between them and the domain.
//!
//! Promises: every event that was ever written decodes (golden bytes of every kind stand in `golden/`); a kind that this
//! version does not know decodes to [`event::Decoded::Unknown`] and never panics. Knows nothing about logs, files or sockets.

/// Generated from `downbeat/events/v1`.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub mod events {
    #[allow(missing_docs)]
    pub mod v1 {
        tonic::include_proto!("downbeat.events.v1");
    }
}
/// Generated from `downbeat/worker/v1`.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub mod worker {
    #[allow(missing_docs)]
    pub mod v1 {
        tonic::include_proto!("downbeat.worker.v1");
    }
}
/// Generated from `downbeat/control/v1`.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub mod control {
    #[allow(missing_docs)]
    pub mod v1 {
        tonic::include_proto!("downbeat.control.v1");
    }
}
/// Generated from `downbeat/metadata/v1`.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub mod metadata {
    #[allow(missing_docs)]
    pub mod v1 {
        tonic::include_proto!("downbeat.metadata.v1");
    }
}
/// Generated from `downbeat/snapshot/v1`.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub(crate) mod snapshots {
    #[allow(missing_docs)]
    pub(crate) mod v1 {
        tonic::include_proto!("downbeat.snapshot.v1");
    }
}

/// Descriptors of every package, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub mod asked;
pub mod callers;
pub mod convert;
pub mod event;
pub mod limits;
pub mod record;
pub mod snapshot;
#[cfg(feature = "testing")]
pub mod testing;
pub mod traces;
mod unprinted;
