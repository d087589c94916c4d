//! Limits of the plumbing (INV-12).

use std::time::Duration;

/// How long a client waits for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one of several addresses of a service may take to answer, before the next is tried.
pub const CONNECT_ONE_TIMEOUT: Duration = Duration::from_secs(3);
/// Pause between pings on a connection to one of several addresses, and how long its answer may take: there is another one to go to.
pub const KEEPALIVE_OF_SEVERAL: Duration = Duration::from_secs(3);
/// Addresses of one service.
pub const ADDRESSES_MAX: usize = 100;
/// How long a call waits for somebody to take the services over that it is for.
pub const CALL_HELD: Duration = Duration::from_secs(6);
/// Calls that wait so at once; further ones are refused at once.
pub const CALLS_HELD_MAX: usize = 10_000;
/// How long what was handed on to a server may take to be answered there once another one has the services.
pub const MOVED_GRACE: Duration = Duration::from_secs(2);
/// Times that a call is handed on.
pub const HOPS_MAX: u8 = 3;
/// Pause between HTTP/2 pings on a connection.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// Streams that one connection may have open.
pub const STREAMS_PER_CONNECTION_MAX: u32 = 1_000;
/// The same of a connection to a server that hands calls on, over which another one of its kind hands on all of its own: a stream for each worker.
pub const STREAMS_HANDED_ON_MAX: u32 = 20_000;
/// First and longest pause between attempts to reach a service.
pub const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// One file of certificates, or of a key, bytes.
pub const TLS_FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Pause between two looks at files of certificates, for new ones.
pub const TLS_LOOK: Duration = Duration::from_secs(5);
/// How long both sides of a connection may take to show each other their certificates.
pub const TLS_HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes that a server is in the middle of at once; who comes then waits.
pub const TLS_HANDSHAKES_AT_ONCE: usize = 256;
/// The same of one address; what comes beside them is closed at once, so that one address takes no room from all others.
pub const TLS_HANDSHAKES_PER_ADDRESS: usize = 64;
/// How long a client waits for the first word of a server that has not refused it yet. Servers of ours speak first, at once.
pub const TLS_FIRST_WORD: Duration = Duration::from_secs(2);
/// Lines a second about connections that were refused; what is more is counted.
pub const TLS_REFUSALS_TOLD: u32 = 10;
/// How long a receiver of OTLP may take for an answer, unless somebody says otherwise.
pub const OTLP_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between two accounts of what is measured, unless somebody says otherwise.
pub const OTLP_METRICS_EVERY: Duration = Duration::from_secs(60);
/// Spans, and beside them lines, that wait to be told; what is more is dropped and counted.
pub const OTLP_QUEUE: usize = 8_192;
/// Spans or lines in one message.
pub const OTLP_BATCH: usize = 512;
/// How long what comes alone waits for company.
pub const OTLP_COMPANY: Duration = Duration::from_millis(500);
/// Times that a batch is given to a receiver that does not answer.
pub const OTLP_TRIES: u32 = 5;
/// How long a process that ends goes on telling.
pub const OTLP_FLUSH: Duration = Duration::from_secs(3);
/// One name or value, bytes.
pub const OTLP_VALUE_BYTES_MAX: usize = 1_024;
/// One line, bytes.
pub const OTLP_LINE_BYTES_MAX: usize = 4 * 1_024;
/// Attributes of one span or line.
pub const OTLP_ATTRIBUTES_MAX: usize = 32;
/// Links of one span.
pub const OTLP_LINKS_MAX: usize = 32;
/// Headers, and attributes of a resource, that somebody may ask for.
pub const OTLP_PAIRS_MAX: usize = 64;
