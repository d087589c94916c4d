//! What is worth a look when somebody asks what could be saved: an index by rule and size, the largest first.
//!
//! Rows are only ever written: a place in the index says that its subject was once of that size. Whoever reads it looks at the row of the
//! subject, which says what is so now. A subject has at most one place per power of two.

use super::{batch::Batch, keys::savings as keys};
use crate::error::Error;

/// By which rule something is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// An asset costs something; by currency. Written by `spending`.
    Asset = b'a',
    /// A task grows slower. Written by `durations`, as the next three.
    Slowing = b'g',
    /// A task takes long.
    Slow = b'l',
    /// Attempts of a task fail.
    Wasted = b'w',
    /// A task, or a pipeline, waits longer than it runs.
    Waits = b'q',
    /// Runs of a schedule change nothing. Written by `schedules`.
    Unchanged = b'u',
    /// Several tasks build the same asset. Written by `twice`, as the next two.
    WrittenTwice = b't',
    /// Several tasks do the same job.
    SameJob = b'j',
    /// Several tasks copy the same source.
    SameSource = b's',
}

/// Notes that something of this size is worth a look; nothing of size 0 is. `group` keeps apart what cannot be compared: a currency, or
/// nothing.
pub(super) fn note(
    (kind, group): (Kind, &str),
    amount: u64,
    subject: &[u8],
    batch: &mut Batch<'_>,
) -> Result<(), Error> {
    if amount == 0 {
        return Ok(());
    }
    let key = keys::candidate(kind as u8, group, amount.ilog2() as u8, subject);
    // Mostly it is there already: a read from memory instead of a write to the store.
    if batch.bytes(&key)?.is_none() {
        batch.put_bytes(key, Vec::new());
    }
    Ok(())
}
