//! Limits of what is accepted from the wire (INV-12).

/// A compressed definition may unpack to at most this many bytes.
pub const UNPACKED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The state in a snapshot may unpack to at most this many bytes.
pub const SNAPSHOT_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// One gRPC message, bytes.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
