//! What may be read at most (INV-12).

/// Longest text of SQL, bytes.
pub(crate) const SQL_BYTES_MAX: usize = 1 << 20;

/// Most statements of a text.
pub(crate) const SQL_STATEMENTS_MAX: usize = 1_000;

/// Most brackets within each other, of any kind; the parser has a limit of its own below it.
pub(crate) const SQL_NESTING_MAX: usize = 100;

/// How deep the parser may call itself. At this depth the stack of `sql::STACK_BYTES` is enough for it (`tests/sql_hostile.rs`).
pub(crate) const SQL_PARSER_DEPTH_MAX: usize = 50;

/// Most words and signs that may follow each other without a comma, counted through the brackets around them. Each may be a level of the tree,
/// and a tree is dropped level by level.
pub(crate) const SQL_RUN_TOKENS_MAX: usize = 4_000;

/// Most joins that wait for their ON at once, and most tables turned around within each other: the parser, or we, recurse for each.
pub(crate) const SQL_OPEN_JOINS_MAX: usize = 32;

/// Most tokens that are parsed, those of statements that fail and are looked at again included.
pub(crate) const SQL_TOKENS_PARSED_MAX: usize = 2_000_000;

/// Most steps of reading: an expression looked at, a column carried from a table to where it is used.
pub(crate) const SQL_STEPS_MAX: u32 = 2_000_000;

/// Most columns that a query may have.
pub(crate) const SQL_COLUMNS_MAX: usize = 5_000;

/// Most uses of columns that are said of one statement.
pub(crate) const SQL_EDGES_MAX: usize = 20_000;

/// Most rounds in which a recursive query is read again until nothing new comes.
pub(crate) const SQL_ROUNDS_MAX: usize = 8;

/// Longest message of a problem, bytes.
pub(crate) const SQL_MESSAGE_BYTES_MAX: usize = 300;

/// Most tables of which it is said that their columns should be known.
pub(crate) const SQL_UNKNOWN_MAX: usize = 100;

/// Longest event of OpenLineage, or batch of them, unpacked, bytes.
pub const EVENT_BYTES_MAX: usize = 16 << 20;

/// Most events of a batch.
pub const EVENTS_PER_BATCH_MAX: usize = 10_000;

/// Longest text that is kept of an event, characters; longer ones are cut.
pub(crate) const EVENT_TEXT_CHARS_MAX: usize = 2_000;

/// Most inputs, and outputs, that are kept of an event.
pub(crate) const DATASETS_PER_EVENT_MAX: usize = 5_000;

/// Most columns of a dataset.
pub(crate) const COLUMNS_PER_DATASET_MAX: usize = 5_000;

/// Most owners, tags, aliases and exposures of a dataset.
pub(crate) const TEXTS_PER_DATASET_MAX: usize = 50;

/// Most uses of columns that are kept of an output.
pub(crate) const COLUMN_EDGES_PER_OUTPUT_MAX: usize = 20_000;

/// Most edges that are kept of an event.
pub(crate) const EDGES_PER_EVENT_MAX: usize = 20_000;

/// Most results of tests that are kept of an event.
pub(crate) const ASSERTIONS_PER_EVENT_MAX: usize = 5_000;

/// Largest part of a report, bytes, about: a decision with it fits into a record of the log.
pub(crate) const PART_BYTES_MAX: usize = 200 * 1024;

/// Most events that are written of what an attempt collected: an even number, as each run has two.
pub const EVENTS_PER_REPORT_MAX: usize = 5_000;
