//! Every limit of this crate, with its unit. A limit that is reached is reported as a diagnostic or an error, never as a cut.

/// Bytes of a pipeline document.
pub const SOURCE_BYTES: usize = 4 * 1024 * 1024;
/// Levels of YAML nesting.
pub const DEPTH: usize = 64;
/// YAML nodes, those repeated through aliases counted each time.
pub const NODES: usize = 200_000;
/// Aliases (`*name`) in a document.
pub const ALIASES: usize = 100;
/// Bytes of all scalars together, those repeated through aliases counted each time.
pub const SCALAR_BYTES: usize = 8 * 1024 * 1024;
/// Labels of a pipeline, or of a grant.
pub const LABELS_MAX: usize = 20;
/// Characters of such a label.
pub const LABEL_CHARS_MAX: usize = 63;
/// Characters of a key as it is written, with its quotes: YAML takes no more on one line before the colon.
pub const KEY_CHARACTERS: usize = 1_000;
/// How old a missed instant may be to be caught up, milliseconds: 366 days.
pub const CATCHUP_WINDOW_MS: u64 = 366 * DAY_MS;
/// Jitter of a schedule, milliseconds: a day.
pub const SCHEDULE_JITTER_MS: u64 = DAY_MS;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Diagnostics reported for one document; one more says how many are left out.
pub const DIAGNOSTICS: usize = 200;
/// Diagnostics kept while a document is checked; what comes later is only counted.
pub const DIAGNOSTICS_KEPT: usize = 10_000;
/// Similar names that are looked for in one document.
pub const SUGGESTIONS: usize = 500;
/// Levels of nesting of an expression, as the language defines it.
pub const EXPRESSION_NESTING: usize = 10;
/// Levels of a parsed expression. More than the language takes where it looks, which is not everywhere; our stack is the reason.
pub const EXPRESSION_DEPTH: usize = 32;
/// Levels of parentheses, brackets and calls in an expression. They are free in the count above, but not on our stack.
pub const EXPRESSION_BRACKETS: usize = 32;
/// Bytes of one expression.
pub const EXPRESSION_BYTES: usize = 64 * 1024;
/// Bytes of all expressions of one document.
pub const EXPRESSION_BYTES_PER_DOCUMENT: usize = 1024 * 1024;
/// Templates in one text.
pub const TEMPLATES: usize = 1_000;
/// Bytes of a value that an expression or a template yields.
pub const OUTPUT_BYTES: usize = 1024 * 1024;
/// Bytes of all values that one evaluation reads or builds on its way.
pub const EVALUATION_BYTES: usize = 64 * 1024 * 1024;
/// Characters of an operand or a name shown in an error of an evaluation.
pub const SHOWN_OPERAND_CHARACTERS: usize = 80;
/// Bytes of a cron expression.
pub const CRON_BYTES: usize = 1024;
/// Steps along dependencies in the search for expressions that do not wait for what they read.
pub const UPSTREAM_STEPS: usize = 2_000_000;
/// Known names among which one like a mistyped name is looked for.
pub const SUGGESTION_CANDIDATES: usize = 2_000;
/// Characters of two words whose likeness is still measured.
pub const SUGGESTION_CHARACTERS: usize = 100;
/// Columns of a source line shown under a diagnostic, unless a terminal says how many it has.
pub const SHOWN_LINE_COLUMNS: usize = 160;
/// Lines shown under a diagnostic; of more, the first and the last are.
pub const SHOWN_LINES: usize = 3;
/// Characters of a message or a help shown in a terminal.
pub const SHOWN_MESSAGE_CHARACTERS: usize = 500;
/// Lines of a text whose changed lines are still looked for in a difference.
pub const DIFF_LINES: usize = 5_000;
/// Characters of a value shown on one line of a difference.
pub const SHOWN_VALUE_CHARACTERS: usize = 120;
/// Milliseconds that an event of `all_of` may wait for the others: 31 days.
pub const WITHIN_MS: u64 = 31 * 24 * 60 * 60 * 1_000;
/// Milliseconds that an asset trigger may wait for its assets to be quiet: a day.
pub const DEBOUNCE_MS: u64 = 24 * 60 * 60 * 1_000;
/// Milliseconds that the age of an asset, or the time before a deadline, may have: 366 days.
pub const PROMISE_MS: u64 = 366 * 24 * 60 * 60 * 1_000;
/// Characters of the key of an asset.
pub const ASSET_KEY_CHARACTERS: usize = 500;
/// Bytes of what the `reads` and `writes` of one task become when it ends well: an edge from each asset that is read to each that is
/// written. They stand in one event, beside the outputs of the task.
pub const DECLARED_BYTES: usize = 64 * 1024;
/// Bytes of an edge, an operation or an asset besides the keys in it, at most.
pub const DECLARED_ITEM_BYTES: usize = 150;
