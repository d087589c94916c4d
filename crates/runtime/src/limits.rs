//! Limits of the plumbing (INV-12).

use std::time::Duration;

/// How long a client waits for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between HTTP/2 pings on a connection.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// Streams that one connection may have open.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 1_000;
/// First and longest pause between attempts to reach a service.
pub const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
