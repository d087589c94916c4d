//! Reading a log that another process may be writing: only what that process has made durable is shown.

use std::sync::{Arc, Mutex, PoisonError};

use super::folder::Mark;
use super::recovery;
use super::segment::{self, HEADER_BYTES, Segment};
use super::shared::Shared;
use crate::error::Error;
use crate::types::Tail;

/// How far this process has seen the log.
#[derive(Debug)]
pub(super) struct ReadOnly {
    seen: Mutex<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    segment: Option<Arc<Segment>>,
    tail: Tail,
    offset: u64,
}

impl ReadOnly {
    pub(super) fn at_last_segment(shared: &Shared) -> Self {
        let segment = shared.last_segment();
        let tail = segment.as_ref().map_or(Tail::start(&shared.id), |segment| segment.before);
        Self { seen: Mutex::new(Seen { segment, tail, offset: HEADER_BYTES as u64 }) }
    }

    /// Looks at the files again and returns the last durable entry.
    pub(super) fn refresh(&self, shared: &Shared) -> Result<Tail, Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(segment) = seen.segment.clone() {
                advance(&mut seen, &segment, shared)?;
            }
            let next = seen.tail.sequence + 1;
            let current = seen.segment.as_ref().map_or(0, |segment| segment.first());
            if next == current || !segment::path_of(&shared.folder, next).exists() {
                break;
            }
            let segment = recovery::open_segment(&shared.folder, next, false)?;
            if segment.before != seen.tail {
                let reason = "its header names another hash before it than the last entry has";
                return Err(Error::corrupt(segment.path.display(), next, reason));
            }
            shared.add_segment(Arc::clone(&segment));
            seen.segment = Some(segment);
            seen.offset = HEADER_BYTES as u64;
        }
        shared.tail.send_replace(seen.tail);
        Ok(seen.tail)
    }
}

/// Moves over the durable records of one segment.
fn advance(seen: &mut Seen, segment: &Arc<Segment>, shared: &Shared) -> Result<(), Error> {
    // Read before the records: whatever it says is durable is already there.
    let mark = Mark::get(&shared.folder);
    let end = recovery::scan(segment, seen.tail, seen.offset, u64::MAX)?;
    let missing = end.tail.sequence + 1;
    if let Some(reason) = end.garbage.as_ref().filter(|_| mark >= missing) {
        return Err(Error::corrupt(segment.place(end.offset), missing, reason));
    }
    // A record that is not yet synced may still vanish. The mark is gone or old after a power loss, so the records'
    // own word about those before them counts too.
    let durable = mark.max(end.synced).max(seen.tail.sequence);
    let end = match end.tail.sequence > durable {
        true => recovery::scan(segment, seen.tail, seen.offset, durable)?,
        false => end,
    };
    seen.tail = end.tail;
    seen.offset = end.offset;
    Ok(())
}
