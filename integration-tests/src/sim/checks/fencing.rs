//! Fencing: every record carries the epoch of the last PartitionOwned record before it, so no record of an owner stands behind
//! the record by which the next one fenced it.

use downbeat_domain::Event;

use super::{Check, Record, Violation};

/// The rule.
#[derive(Debug, Default)]
pub struct Fencing {
    epoch: u64,
}

impl Check for Fencing {
    fn record(&mut self, record: &Record, found: &mut Vec<Violation>) {
        if record.events().any(|event| matches!(event, Event::PartitionOwned { .. })) {
            self.epoch = record.sequence;
        } else if record.epoch != self.epoch {
            let what = format!("a record of epoch {} while epoch {} owns the partition", record.epoch, self.epoch);
            found.push(Violation { invariant: "fencing", sequence: record.sequence, what });
        }
    }
}
