//! Answers for people: what is happening, and what is broken and what to do about it.
//!
//! Promises: rules over rows and one instant, by the process's rules of time zones, and nothing else, so that the same question about the same
//! rows has the same answer; every sentence names what it rests on; no answer without a limit, and what is left out is counted. Knows nothing
//! about clocks.

mod broken;
mod causes;
mod changes;
mod commands;
mod firings;
mod known;
mod now;
mod others;
mod reach;
mod waiting;

use downbeat_proto::metadata::v1 as wire;

pub use self::{broken::broken, now::now};

/// A fact that a sentence rests on.
fn evidence(kind: &str, id: impl Into<String>, sequence: u64, at: i64) -> wire::Evidence {
    wire::Evidence { kind: kind.to_owned(), id: id.into(), sequence, at }
}

/// A sentence.
fn say(rule: &str, text: impl Into<String>, evidence: Vec<wire::Evidence>) -> wire::Statement {
    wire::Statement { rule: rule.to_owned(), text: text.into(), evidence }
}

/// An instant in a sentence.
fn instant(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| "an unknown time".to_owned(), |at| at.to_string())
}

/// How many are left out.
fn left_out(all: usize, shown: usize) -> u32 {
    u32::try_from(all.saturating_sub(shown)).unwrap_or(u32::MAX)
}

/// `1 run`, `3 runs`.
fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
