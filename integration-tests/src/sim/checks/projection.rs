//! INV-07: the rows of a projector are the fold of the log up to its position, and that position is in the log. INV-13 and INV-14: its ledger
//! and its audit say what the records say.

use std::collections::BTreeMap;

use downbeat_event_log::{Entry, LogId};
use downbeat_metadata_projector::engine::{Fold, start_of};

use super::{Record, Violation, audit, ledger};

/// Rows by key.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Compares the rows of a projector at `position` with a fold of the whole log from its beginning.
pub fn check(log: &LogId, entries: &[Entry], position: u64, rows: &Rows) -> Vec<Violation> {
    let violation = |what: String| vec![Violation { invariant: "INV-07", sequence: position, what }];
    if position > entries.len() as u64 {
        return violation(format!("it lies beyond the end at {}", entries.len()));
    }
    let (mut fold, mut expected) = (Fold::new(start_of(log)), Rows::new());
    for entry in entries.iter().take(position as usize) {
        if let Err(error) = fold.record(&expected, log, entry) {
            return violation(format!("the log does not fold: {error}"));
        }
        expected.extend(fold.take().writes);
    }
    // An empty store is written with the first batch only.
    if position == 0 || expected == *rows {
        let records: Result<Vec<Record>, Violation> =
            entries.iter().take(position as usize).map(Record::read).collect();
        return match records {
            Ok(records) => [ledger::check_rows(records.iter(), rows), audit::check_rows(records.iter(), rows)].concat(),
            Err(unreadable) => vec![unreadable],
        };
    }
    let differs = |key: &&Vec<u8>| expected.get(*key) != rows.get(*key);
    let keys: Vec<String> = expected
        .keys()
        .chain(rows.keys())
        .filter(differs)
        .take(3)
        .map(|key| String::from_utf8_lossy(key).into_owned())
        .collect();
    violation(format!("rows differ from the fold of the log at {keys:?}"))
}
