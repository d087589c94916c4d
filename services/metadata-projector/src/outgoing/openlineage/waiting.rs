//! What attempts have collected and what waits for their ends: a report comes in chunks, and only all of them say what an operation did.
//!
//! Promises: nothing of it is lost as long as the log is read again from [`Waiting::since`] on. What was told before that place is
//! not told again in part: whoever has not seen the first chunk of an attempt passes the others over.

use std::{collections::BTreeMap, sync::Arc};

use downbeat_domain::{AttemptRef, RunId, metadata::Collected};
use downbeat_event_log::Tail;

use crate::limits;

/// See the module. A clone is cheap: chunks are shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    attempts: BTreeMap<AttemptRef, Chunks>,
}

#[derive(Clone, Debug)]
struct Chunks {
    /// The place before the first of them.
    before: Tail,
    parts: Vec<Arc<Collected>>,
}

impl Waiting {
    /// A chunk of an attempt, out of the record behind this place. Returns the attempt that has to be told because too much waits.
    pub(super) fn take(
        &mut self,
        attempt: AttemptRef,
        chunk: u32,
        collected: &Arc<Collected>,
        before: Tail,
    ) -> Option<AttemptRef> {
        let parts = vec![Arc::clone(collected)];
        match self.attempts.get_mut(&attempt) {
            Some(known) => known.parts.extend(parts),
            None if chunk == 0 => {
                self.attempts.insert(attempt, Chunks { before, parts });
            }
            None => return None,
        }
        let waiting: usize = self.attempts.values().map(|waiting| waiting.parts.len()).sum();
        if waiting <= limits::OUTGOING_CHUNKS_MAX {
            return None;
        }
        let oldest = self.attempts.iter().min_by_key(|(_, waiting)| waiting.before.sequence);
        oldest.map(|(attempt, _)| *attempt)
    }

    /// Everything that waits of an attempt, which does not wait any more. `None`: nothing does.
    pub(super) fn give(&mut self, attempt: AttemptRef) -> Option<Collected> {
        let chunks = self.attempts.remove(&attempt)?;
        let mut whole = Collected::default();
        for part in chunks.parts {
            whole.operations.extend(part.operations.iter().cloned());
            whole.assets.extend(part.assets.iter().cloned());
            whole.edges.extend(part.edges.iter().cloned());
        }
        Some(whole)
    }

    /// Attempts of a run of which something waits.
    pub(super) fn of_run(&self, run: RunId) -> Vec<AttemptRef> {
        let first = AttemptRef { run, task: 0, number: 0 };
        self.attempts.range(first..).map(|(attempt, _)| *attempt).take_while(|attempt| attempt.run == run).collect()
    }

    /// The place before everything that waits.
    pub(super) fn since(&self) -> Option<Tail> {
        self.attempts.values().map(|waiting| waiting.before).min_by_key(|before| before.sequence)
    }
}

#[cfg(test)]
mod tests {
    use downbeat_domain::metadata::Operation;
    use downbeat_event_log::LogId;

    use super::*;

    fn place(sequence: u64) -> Tail {
        Tail { sequence, ..Tail::start(&LogId("log".to_owned())) }
    }

    fn attempt(task: u32) -> AttemptRef {
        AttemptRef { run: RunId([1; 16]), task, number: 1 }
    }

    fn chunk(name: &str) -> Arc<Collected> {
        let operation = Operation { name: name.to_owned(), ..Operation::default() };
        Arc::new(Collected { operations: vec![operation], ..Collected::default() })
    }

    fn names(collected: Option<Collected>) -> Option<Vec<String>> {
        collected.map(|collected| collected.operations.into_iter().map(|done| done.name).collect())
    }

    #[test]
    fn chunks_are_given_together_and_once() {
        let mut waiting = Waiting::default();
        for (task, number, name, at) in [(0, 0, "a", 4), (1, 0, "b", 5), (0, 1, "c", 6)] {
            assert_eq!(waiting.take(attempt(task), number, &chunk(name), place(at)), None);
        }
        assert_eq!(waiting.since(), Some(place(4)));
        assert_eq!(waiting.of_run(RunId([1; 16])), [attempt(0), attempt(1)]);
        assert_eq!(waiting.of_run(RunId([2; 16])), []);
        assert_eq!(names(waiting.give(attempt(0))), Some(vec!["a".to_owned(), "c".to_owned()]));
        assert_eq!(names(waiting.give(attempt(0))), None);
        assert_eq!(waiting.since(), Some(place(5)));
        assert_eq!(names(waiting.give(attempt(1))), Some(vec!["b".to_owned()]));
        assert_eq!(waiting.since(), None);
    }

    #[test]
    fn of_an_attempt_whose_first_chunk_was_told_before_nothing_waits() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.take(attempt(0), 1, &chunk("rest"), place(7)), None);
        assert_eq!((waiting.since(), names(waiting.give(attempt(0)))), (None, None));
    }

    #[test]
    fn of_too_much_the_oldest_is_to_be_told() {
        let mut waiting = Waiting::default();
        waiting.take(attempt(0), 0, &chunk("old"), place(1));
        for number in 0..limits::OUTGOING_CHUNKS_MAX as u32 - 1 {
            assert_eq!(waiting.take(attempt(1), number, &chunk("new"), place(2)), None, "{number}");
        }
        let one_more = waiting.take(attempt(2), 0, &chunk("more"), place(3));
        assert_eq!(one_more, Some(attempt(0)));
    }
}
