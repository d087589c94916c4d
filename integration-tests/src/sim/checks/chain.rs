//! INV-10: entries have the sequences 1, 2, 3, ... and each names the hash of the one before.

use downbeat_event_log::Hash;

use super::{Check, Record, Violation};

/// The rule.
#[derive(Debug, Default)]
pub struct Chain {
    last: Option<(u64, Hash)>,
}

impl Check for Chain {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        let fits = match self.last {
            None => record.sequence == 1,
            Some((sequence, hash)) => record.sequence == sequence + 1 && record.previous == hash,
        };
        if !fits {
            let what = format!("it names {} after {:?}", record.previous, self.last);
            found.push(Violation { invariant: "INV-10", sequence: record.sequence, what });
        }
        self.last = Some((record.sequence, record.hash));
    }
}
