//! Limits of the projector (INV-12).

use std::time::Duration;

/// Events after which a batch goes to the store although more are waiting.
pub const EVENTS_PER_BATCH_MAX: usize = 4_000;
/// Age of a batch's first event after which it goes to the store although more are waiting.
pub const BATCH_AGE_MAX: Duration = Duration::from_millis(200);
/// After a batch, for each of its events, nothing goes to the store for so long, but never longer than [`BATCH_AGE_MAX`]: whatever
/// follows an event shortly after it under load is written with it, and few events hold up nobody.
pub const PAUSE_PER_EVENT: Duration = Duration::from_micros(100);
/// Rows written or read lately that the fold holds in memory, bytes.
pub const RECENT_ROWS_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Entries of the log that are handed to the fold at once.
pub const ENTRIES_PER_HANDOVER: usize = 32;
/// Entries of the log that may wait for the fold; each has at most 512 KiB.
pub const ENTRIES_QUEUED_MAX: usize = 64;
/// Applied batches become durable this long after the oldest of them at the latest, plus the length of one batch.
/// The rows can be folded again, so this bounds repeated work after a power loss, not loss.
pub const SYNC_INTERVAL: Duration = Duration::from_millis(200);
/// Times that an event is tried before it goes into quarantine.
pub const TRIES_PER_EVENT: u32 = 3;
/// Stores that were moved aside and are kept as evidence.
pub const DAMAGED_KEPT_MAX: usize = 2;
/// Default of the store's page cache, bytes.
pub const CACHE_BYTES_DEFAULT: u64 = 32 * 1024 * 1024;
/// Smallest page cache that is honoured, bytes.
pub const CACHE_BYTES_MIN: u64 = 1024 * 1024;
/// Tasks of all plans that are held unpacked in memory together; above it the plans are read again.
pub const CACHED_PLAN_TASKS_MAX: usize = 100_000;
/// Plans that are held unpacked in memory.
pub const CACHED_PLANS_MAX: usize = 64;
/// One unpacked plan, bytes.
pub const PLAN_BYTES_MAX: usize = downbeat_proto::limits::UNPACKED_BYTES_MAX;
/// Ended attempts that a task run lists; the oldest are dropped.
pub const ENDED_ATTEMPTS_MAX: usize = 100;
/// Runs that a run lists as started by its tasks; further ones are dropped.
pub const CHILD_RUNS_LISTED_MAX: usize = 1_000;
/// Tests that an asset lists; further ones are dropped.
pub const TESTS_PER_ASSET_MAX: usize = 1_000;
/// How long a query waits for "at least" its position.
pub const AT_LEAST_WAIT: Duration = Duration::from_secs(10);
/// Entries of a page when the caller does not say.
pub const PAGE_SIZE_DEFAULT: u32 = 100;
/// Entries of a page.
pub const PAGE_SIZE_MAX: u32 = 1_000;
/// Encoded entries of a page, bytes; a page ends early when it is reached.
pub const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A page token, characters.
pub const PAGE_TOKEN_CHARS_MAX: usize = 16 * 1024;
/// Encoded task runs of one answer that is not paged, bytes; a client of ours takes 8 MiB.
pub const ANSWER_BYTES_MAX: usize = downbeat_proto::limits::MESSAGE_BYTES_MAX - 256 * 1024;
/// Encoded task runs of one message of WatchRun, bytes; what is larger comes in several.
pub const WATCH_BYTES_MAX: usize = 1024 * 1024;
/// Digits that a beginning of a run id must have.
pub const RUN_PREFIX_DIGITS_MIN: usize = 6;
/// Messages of one stream that may wait for its client.
pub const STREAM_QUEUE: usize = 4;
/// Commits that a watcher may lag behind before it reads its whole run again.
pub const CHANGES_QUEUE: usize = 256;
/// Bytes of one message of ReadTaskLog.
pub const LOG_CHUNK_BYTES: usize = 64 * 1024;
/// How often a followed task log is looked at: it is a file that another process writes.
pub const LOG_POLL: Duration = Duration::from_millis(100);
/// Records of the log between the first and the last of a run whose history is read.
pub const HISTORY_RECORDS_MAX: u64 = 1_000_000;
/// Records that are read at once for a history.
pub const ENTRIES_PER_HISTORY_READ: usize = 64;
/// Histories that are read at the same time; further ones wait.
pub const HISTORIES_AT_ONCE: usize = 2;
/// Explanations of one answer.
pub const EXPLANATIONS_MAX: usize = 20_000;
/// Assets, and edges, of one lineage answer.
pub const LINEAGE_ENTRIES_MAX: usize = 100_000;
/// Keys that mean the same asset.
pub const ALIASES_PER_ASSET_MAX: usize = 100;
/// Assets that one asset is made of, as one report says; further ones are left out.
pub const INPUTS_PER_REPORT_MAX: usize = 10_000;
/// Tasks that say the same edge; the one that said it longest ago is dropped.
pub const SOURCES_PER_EDGE_MAX: usize = 50;
/// Times that an edge came and went, as one task says; the oldest is dropped.
pub const INTERVALS_PER_SOURCE_MAX: usize = 50;
/// Columns of one edge; further ones are left out.
pub const COLUMNS_PER_EDGE_MAX: usize = 5_000;
/// A key of an asset, or an end of one, as somebody asks for it, bytes.
pub const ASSET_NAME_BYTES_MAX: usize = 4 * 1024;
/// Edges that a question about lineage follows when it does not say.
pub const LINEAGE_DEPTH_DEFAULT: u32 = 5;
/// Edges that a question about lineage may follow.
pub const LINEAGE_DEPTH_MAX: u32 = 100;
/// Edges that a question about what breaks follows.
pub const IMPACT_DEPTH_MAX: u32 = 1_000;
/// Assets of one answer about lineage over all runs.
pub const LINEAGE_NODES_MAX: usize = 5_000;
/// Edges of one answer about lineage over all runs.
pub const LINEAGE_EDGES_MAX: usize = 20_000;
/// Assets among which a way is looked for.
pub const PATH_NODES_MAX: usize = 50_000;
/// Days of which the uses of an asset are counted one by one.
pub const DAYS_OF_USE: u32 = 90;
/// Sums of days that one question about costs reads.
pub const COST_ROWS_MAX: usize = 2_000_000;
/// Sums of one answer about costs.
pub const COST_SUMS_MAX: usize = 10_000;
/// Units without a price that are shown.
pub const UNPRICED_SHOWN_MAX: usize = 1_000;
/// Entries that are added up to verify the ledger.
pub const VERIFIED_ENTRIES_MAX: usize = 20_000_000;
/// Consumers that an asset lists.
pub const CONSUMERS_MAX: usize = 10_000;
/// A text that the audit is filtered by, bytes.
pub const AUDIT_FILTER_BYTES_MAX: usize = 1024;
/// Entries of the audit that one page looks at, whether they fit or not; the page ends early after them.
pub const AUDIT_LOOKED_AT_MAX: usize = 10_000;
/// Entries of one message of an export, as they are stored, bytes.
pub const EXPORT_PART_BYTES: usize = 256 * 1024;
/// A line of an export that is read, bytes.
pub const EXPORT_LINE_BYTES_MAX: usize = 1024 * 1024;
/// Faults of an export that are told.
pub const FAULTS_TOLD_MAX: usize = 20;
/// Task runs of a run among which the one is looked for that another system names as its parent.
pub const PLACES_LOOKED_AT_MAX: u32 = 100_000;
/// Runs of other systems that wait below one of which nobody knows the place; those beyond stay without a task.
pub const CHILDREN_WAITING_MAX: usize = 1_000;
/// Operations of a run of another system that wait for its place; those beyond stay without a task.
pub const PLACELESS_OPERATIONS_MAX: usize = 5_000;
/// Runs of other systems that get their place by one event.
pub const RUNS_SETTLED_MAX: usize = 10_000;
