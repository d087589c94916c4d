//! Every limit of this crate, with its unit.

use std::time::Duration;

/// Largest payload of one record, in bytes.
pub const RECORD_BYTES_MAX: usize = 512 * 1024;

/// Largest sequence that is believed of an archive or an export. No log comes near it: at a million records a second it takes 292,000 years.
pub const SEQUENCE_MAX: u64 = i64::MAX as u64;

/// Bytes of payloads after which one `read` stops, even when more entries were asked for (at least one is returned).
pub const READ_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Entries that `follow` and `verify` ask for at once.
pub const READ_ENTRIES: usize = 1024;

/// Default size of a segment file of the embedded log, in bytes. Written out in full when the segment is made.
pub const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// Smallest segment size that is honoured, in bytes; a record that does not fit gets a larger segment.
pub const SEGMENT_BYTES_MIN: u64 = 4 * 1024;

/// Bytes of frames in one group commit of the embedded log.
pub const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Appends that may wait for the embedded writer thread; further callers wait for a place.
pub const APPENDS_QUEUED_MAX: usize = 1024;

/// Distance between two entries of a segment's index, in bytes of file.
pub const INDEX_STRIDE_BYTES: u64 = 64 * 1024;

/// How often a follower of a read-only log looks for new records: another process writes them and cannot wake us.
pub const READ_ONLY_POLL: Duration = Duration::from_millis(50);

/// How long one request to JetStream may take before its outcome counts as unknown.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long `open` waits for the first connection to NATS.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Interval of NATS pings: a dead connection is noticed after two of them.
pub const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Longest pause between two attempts to reconnect to NATS.
pub const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);

/// Window in which the server remembers record ids. Only an accelerator; kept short because it costs memory per id.
pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(10);

/// Silence after which a JetStream follower takes its consumer for lost is twice this.
pub const IDLE_HEARTBEAT: Duration = Duration::from_secs(5);

/// Pause of a JetStream follower before it tries again to read from a server that does not answer.
pub const FOLLOW_RETRY: Duration = Duration::from_millis(100);

/// Requests for single messages that one JetStream `read` has in flight.
pub const READS_IN_FLIGHT: usize = 64;

/// Bytes of the headers and the frame around a payload in a JetStream message.
pub const MESSAGE_OVERHEAD_BYTES: usize = 1024;

/// Answer of the NATS monitoring port that is read at most, in bytes.
pub const MONITOR_BYTES_MAX: usize = 1024 * 1024;

/// How long the NATS monitoring port may take to answer.
pub const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);

/// Pause between attempts to open a log that is not there yet.
pub const OPEN_PAUSE: Duration = Duration::from_millis(500);
/// Every how many such attempts it is said again.
pub const OPEN_NOTICE_EVERY: u32 = 20;

/// How long one question about a lease may take.
pub const LEASE_REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// What the holder of a lease says of itself, in bytes.
pub const LEASE_BYTES_MAX: i32 = 4 * 1024;

/// The holder of the lease writes to it this often.
pub const LEASE_RENEWAL: Duration = Duration::from_millis(800);

/// A holder that has not written for so long is taken for gone. What it holds the lease for must keep two apart if it is not.
pub const LEASE_SILENCE: Duration = Duration::from_secs(3);

/// A holder that has not written for so long is doubted: two renewals should have been seen.
pub const LEASE_DOUBT: Duration = Duration::from_millis(1_700);

/// A holder that could not write for so long takes no calls until it can: somebody else may hold it by then. Longer than the servers of a
/// cluster need to agree on a new leader.
pub const LEASE_UNWRITTEN: Duration = Duration::from_secs(12);

/// Those who wait look at the lease this often.
pub const LEASE_LOOK: Duration = Duration::from_millis(250);

/// Records of one range of an archive.
pub const RANGE_RECORDS: usize = 4096;
/// Bytes of records after which a range takes no more.
pub const RANGE_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of records of a range that is read. One record more than [`RANGE_BYTES`] always fits.
pub const RANGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The same packed: what cannot be packed grows a little.
pub const RANGE_PACKED_BYTES_MAX: usize = RANGE_BYTES_MAX + 1024 * 1024;
/// Header of a range, bytes.
pub const RANGE_HEADER_BYTES_MAX: usize = 16 * 1024;
/// Times that a log which does not answer is asked again while records are brought into it.
pub const IMPORT_TRIES_MAX: u32 = 60;
/// Pause between two of them.
pub const IMPORT_PAUSE: Duration = Duration::from_millis(500);
