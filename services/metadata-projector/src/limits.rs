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
/// A store that is filled beside the one that answers takes its place once it lacks at most so many records of the log.
pub const RECORDS_BEHIND_MAX: u64 = 1_000;
/// Times that such a store is given the end of the log as its goal; after the last it takes the place although the log has run on.
pub const GOALS_MAX: u32 = 8;
/// How often the log lines say how far a rebuild is.
pub const REBUILD_TOLD_EVERY: Duration = Duration::from_secs(10);
/// The pause after a rebuild that failed, as with a full disk, before the next one: the first, and the longest. Each is twice as
/// long as the one before.
pub const REBUILD_PAUSE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3_600));
/// Default of the store's page cache, bytes: with a million task runs and the lineage of 100,000 assets, what questions touch fits, and
/// they are answered from memory. The process takes up to three times as much (1.6 GiB in `benches/scale.rs`), since the store counts
/// pages as they lie on the disk. While a store is filled beside the one that answers, each has a cache of its own.
pub const CACHE_BYTES_DEFAULT: u64 = 512 * 1024 * 1024;
/// The same inside of a process that does everything, which shares a laptop with others.
pub const CACHE_BYTES_EMBEDDED: u64 = 32 * 1024 * 1024;
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
/// Values of one filter of a list.
pub const FILTER_VALUES_MAX: usize = 100;
/// One value of a filter of a list, bytes.
pub const FILTER_BYTES_MAX: usize = 1024;
/// Rows that a page by token looks at, whether they fit or not; it ends early after them.
pub const LOOKED_AT_PER_PAGE_MAX: usize = 20_000;
/// Rows that a question looks at for a total, a page by its number, or an order that is not that of the rows.
pub const LOOKED_AT_PER_COUNT_MAX: usize = 250_000;
/// Shapes of runs, and plans, that one answer keeps in memory for its entries.
pub const SHAPES_PER_ANSWER_MAX: usize = 64;
/// Task runs among which one is looked for to which nothing has happened yet.
pub const UNTOLD_LOOKED_AT_MAX: u32 = 20_000;
/// A page by its number.
pub const PAGE_NUMBER_MAX: u32 = 1_000_000;
/// Rows of one index that a list steps over before it looks for the place instead, which is a little slower than these steps.
pub const STEPS_BEFORE_SEEK: usize = 8;
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
/// Bytes of one message of ReadTaskLog and of ReadTaskArtifact.
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
/// Outputs that the tasks of one pipeline declare, iterations counted each, whose edges end with their declaration; further ones end as any
/// other edge does.
pub const DECLARED_PER_PIPELINE_MAX: usize = 1_000;
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
/// The longest span of time that is summed, microseconds: 366 days. What seems longer is a clock that was wrong.
pub const SPAN_MICROS_MAX: u64 = 366 * 24 * 60 * 60 * 1_000_000;
/// Days whose sums are kept in a row.
pub const DAYS_KEPT: usize = 45;
/// Days that a question about savings looks back, and sums of durations.
pub const PERIOD_DAYS: i32 = 30;
/// Durations that are kept of a task, a pipeline, an integration.
pub const DURATIONS_KEPT: usize = 40;
/// Durations below which nothing is said of where they move.
pub const TREND_DURATIONS_MIN: usize = 10;
/// A change of durations that counts, microseconds.
pub const TREND_DIFFERENCE_MICROS_MIN: u64 = 1_000_000;
/// Failed attempts of a task that are named.
pub const FAILED_ATTEMPTS_TOLD_MAX: usize = 5;
/// Median of a task from which on it is looked at as slow, microseconds.
pub const SLOW_MICROS_MIN: u64 = 10 * 60 * 1_000_000;
/// Waiting from which on it is looked at, microseconds in all.
pub const WAITED_MICROS_MIN: u64 = 60 * 1_000_000;
/// Runs of a schedule that are kept.
pub const FIRINGS_KEPT: usize = 50;
/// Runs of a schedule without a change, one after the other, from which on it is said to run too often.
pub const UNCHANGED_RUNS_MIN: usize = 5;
/// Hours of an integration that are kept.
pub const HOURS_KEPT: usize = 72;
/// Outcomes by which an integration is judged.
pub const OUTCOMES_KEPT: usize = 20;
/// Age above which an outcome says nothing any more, days.
pub const OUTCOMES_MAX_AGE_DAYS: i32 = 7;
/// Failures one after the other that make an integration FAILING.
pub const FAILING_IN_A_ROW: usize = 3;
/// Outcomes below which an integration is not DEGRADED.
pub const DEGRADED_OUTCOMES_MIN: usize = 5;
/// One failure in so many makes an integration DEGRADED.
pub const DEGRADED_ONE_IN: usize = 5;
/// Message of the last failure of an integration, characters.
pub const FAILURE_CHARS_MAX: usize = 500;
/// Currencies and days of one attempt whose costs can become wasted; what is beyond counts as spent only.
pub const ATTEMPT_SPENDING_KEPT: usize = 50;
/// Those who do the same of which is known.
pub const SAME_KEPT: usize = 20;
/// Tasks of a plan that are compared with those of others.
pub const TASKS_COMPARED_MAX: usize = 1_000;
/// Candidates of a rule that one question about savings looks at, the largest first.
pub const CANDIDATES_LOOKED_AT_MAX: usize = 1_000;
/// The same of rules for which many rows must be read per candidate.
pub const COSTLY_CANDIDATES_LOOKED_AT_MAX: usize = 200;
/// Attempts of a task that failed in the period, from which on they are said to be wasted.
pub const WASTED_ATTEMPTS_MIN: u64 = 3;
/// Sums of tasks and currencies that are read of one pipeline.
pub const SPENDING_ROWS_MAX: usize = 5_000;
/// Rules that a question about savings may name.
pub const RULES_ASKED_MAX: usize = 50;
/// Findings of one answer about savings.
pub const SAVINGS_MAX: usize = 500;
/// Things that a finding names as its evidence.
pub const EVIDENCE_MAX: usize = 10;
/// Consumers that an asset lists.
pub const CONSUMERS_MAX: usize = 10_000;
/// Tags, and owners of tasks, that the row of a pipeline has of each; further ones are left out.
pub const WORDS_PER_PIPELINE_MAX: usize = 100;
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
/// Entries of one of the 256 rows in which what comes and goes is kept; further ones are left out.
pub const KEPT_PER_ROW_MAX: usize = 1_000;
/// Failing tasks of a run, and of a pipeline in one environment; further ones are left out.
pub const FAILED_TASKS_PER_RUN_MAX: usize = 50;
/// Environments of a pipeline whose standing is kept; the one that came first is dropped.
pub const LANES_PER_PIPELINE_MAX: usize = 50;
/// Assets that a task was seen to write, and to read; further ones are left out.
pub const TOUCHED_ASSETS_MAX: usize = 1_000;
/// Of these, those by which causes of its failure are looked for.
pub const FAILING_ASSETS_MAX: usize = 64;
/// Pipelines that follow one.
pub const FOLLOWERS_KEPT_MAX: usize = 1_000;
/// What was said of a failure, characters.
pub const FAILURE_MESSAGE_CHARS_MAX: usize = 500;
/// Task runs of a failed run that are looked at to find what was skipped.
pub const SKIPPED_LOOKED_AT_MAX: usize = 1_000;
/// Names of skipped tasks that are kept.
pub const SKIPPED_NAMED_MAX: usize = 10;
/// Open windows of the sensors of a pipeline.
pub const WINDOWS_PER_PIPELINE_MAX: usize = 100;
/// Entries of each list of GetNow when the caller does not say.
pub const NOW_DEFAULT: u32 = 10;
/// Entries of each list of GetNow.
pub const NOW_MAX: u32 = 100;
/// Task runs of one run that GetNow counts.
pub const COUNTED_PER_RUN_MAX: u32 = 2_000;
/// Task runs that one answer of GetNow counts.
pub const COUNTED_TASK_RUNS_MAX: u32 = 20_000;
/// Pipelines whose schedules GetNow looks at.
pub const SCHEDULED_LOOKED_AT_MAX: usize = 2_000;
/// Backfills that GetNow looks at, newest first.
pub const BACKFILLS_LOOKED_AT_MAX: usize = 1_000;
/// How far GetNow looks ahead, and back, hours.
pub const NOW_HOURS: i64 = 24;
/// Groups of GetBroken when the caller does not say.
pub const BROKEN_DEFAULT: u32 = 20;
/// Groups of GetBroken.
pub const BROKEN_MAX: u32 = 200;
/// Groups whose reach is worked out before they are put in order.
pub const REACH_GROUPS_MAX: usize = 25;
/// Assets and edges that one answer of GetBroken reads to find what is below those that fail.
pub const REACH_ROWS_MAX: usize = 1_500;
/// The same, of one group.
pub const REACH_ROWS_PER_GROUP_MAX: usize = 400;
/// Names in a list of what a failure takes along.
pub const REACH_NAMED_MAX: usize = 10;
/// Failures that a group lists as explained.
pub const EXPLAINED_MAX: usize = 10;
/// Commands that a group names.
pub const COMMANDS_MAX: usize = 5;
/// Variables of an environment that one entry of the audit names on either side.
pub const AUDITED_VARIABLES_MAX: usize = 50;
/// The value of such a variable, characters of JSON; longer ones are cut.
pub const AUDITED_VARIABLE_CHARS_MAX: usize = 200;
/// Changes that a group lists.
pub const CHANGES_MAX: usize = 10;
/// Unhealthy assets, dead alerts, pipelines with breaches, crossed budgets, quarantined events: of each so many are looked at.
pub const BROKEN_LOOKED_AT_MAX: usize = 200;
/// Runs of one batch that its span is linked to.
pub const NOTED_RUNS_MAX: usize = 32;
/// Records of the log whose events are told to others together.
pub const OUTGOING_RECORDS_MAX: usize = 64;
/// Bytes of records after which no further one goes with them.
pub const OUTGOING_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Portions of records that gave nothing to tell, after which the checkpoint moves all the same.
pub const SILENT_PORTIONS_MAX: u32 = 1_000;
/// Of failures of a destination that follow each other, every how-manieth is logged after the first.
pub const OUTGOING_NOTICE_EVERY: u32 = 30;
/// Runs whose shape a feed remembers.
pub const OUTGOING_SHAPES_MAX: usize = 16;
/// Attempts whose beginning is remembered until they end and are told as spans.
pub const OUTGOING_ATTEMPTS_MAX: usize = 100_000;
/// Runs whose names and parents a feed of OpenLineage remembers.
pub const OUTGOING_RUNS_MAX: usize = 1_000;
/// Runs above a run among which the outermost one is looked for.
pub const OUTGOING_ANCESTORS_MAX: usize = 100;
/// Chunks of what attempts collected that wait for the ends of these attempts; each has 64 KiB, or is one thing that is larger by itself.
pub const OUTGOING_CHUNKS_MAX: usize = 512;
/// Longest pause that a destination may ask for.
pub const OUTGOING_PAUSE_MAX: Duration = Duration::from_secs(5 * 60);
/// One event of OpenLineage, bytes; a larger one is told shortened. What servers mostly take.
pub const OPENLINEAGE_EVENT_BYTES_MAX: usize = 1024 * 1024;
/// How long a server of OpenLineage may take to answer, in all.
pub const OPENLINEAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// What is read of its answer, bytes.
pub const OPENLINEAGE_ANSWER_BYTES_MAX: usize = 16 * 1024;
/// What is shown of it, characters.
pub const OPENLINEAGE_ANSWER_CHARS_SHOWN: usize = 300;
/// The file of a key, bytes.
pub const OPENLINEAGE_KEY_BYTES_MAX: u64 = 16 * 1024;
/// Data of one event that is told, bytes; a larger one is told without the fields of the event, and says so.
pub const OUTGOING_DATA_BYTES_MAX: usize = 512 * 1024;
/// Keys of assets that one event that is told lists as materialised.
pub const OUTGOING_ASSETS_MAX: usize = 1_000;
/// Headers of one event that is told, bytes, about.
pub const OUTGOING_HEADER_BYTES_MAX: usize = 16 * 1024;
/// A text in an attribute of CloudEvents, bytes.
pub const OUTGOING_ATTRIBUTE_BYTES_MAX: usize = 1024;
/// Events that are on their way to NATS at once.
pub const OUTGOING_IN_FLIGHT_MAX: usize = 256;
/// How long NATS may take to answer one request.
pub const NATS_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of events that NATS keeps; the oldest go first.
pub const EVENTS_STREAM_BYTES: i64 = 1024 * 1024 * 1024;
/// How long NATS keeps events.
pub const EVENTS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Within this time NATS itself drops an event that it has seen.
pub const EVENTS_DUPLICATE_WINDOW: Duration = Duration::from_secs(10 * 60);
/// Runs of other systems that wait below one of which nobody knows the place; those beyond stay without a task.
pub const CHILDREN_WAITING_MAX: usize = 1_000;
/// Operations of a run of another system that wait for its place; those beyond stay without a task.
pub const PLACELESS_OPERATIONS_MAX: usize = 5_000;
/// Runs of other systems that get their place by one event.
pub const RUNS_SETTLED_MAX: usize = 10_000;
