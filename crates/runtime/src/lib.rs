//! How a process of ours lives: allocator, clock, shutdown, log lines, gRPC plumbing, TLS between services, blobs, sealed bytes, rules of
//! time zones.
//!
//! Promises that real time, signals and sockets are touched here and nowhere else. Knows nothing about pipelines, logs or events.

pub mod allocator;
pub mod blob;
pub mod clock;
pub mod error;
pub mod grpc;
pub mod limits;
pub mod metrics;
pub mod otlp;
pub mod private_file;
pub mod retry;
pub mod sealed;
pub mod shutdown;
pub mod telemetry;
pub mod tls;
pub mod zones;
