//! INV-14: the audit has one row for each decision that somebody asked for and one for each refusal that is recorded, and no others; each says
//! who, and the hash of the record that it comes of. What the core goes on to do by itself, and what workers report, has none.

use std::collections::BTreeMap;

use downbeat_domain::Event;
use downbeat_metadata_projector::engine::{keys::audit as keys, rows as messages};
use downbeat_proto::metadata::v1::AuditEntry;

use super::{Record, Violation, projection::Rows, record::Decision};

/// What is told of a decision: who asked, and whether it was done; and, for people, what it began with.
type Told = (String, &'static str, String);

/// Compares the rows of a projector with the records that they are folded from.
pub fn check_rows<'a>(records: impl Iterator<Item = &'a Record>, rows: &Rows) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut expected: BTreeMap<(u64, u32), Told> = BTreeMap::new();
    let mut hashes = BTreeMap::new();
    for record in records {
        hashes.insert(record.sequence, record.hash);
        for (ordinal, decision) in (0_u32..).zip(&record.decisions) {
            expected.extend(told(decision).map(|told| ((record.sequence, ordinal), told)));
        }
    }
    let mut wrong = |sequence: u64, what: String| found.push(Violation { invariant: "INV-14", sequence, what });
    for (key, bytes) in rows.range(keys::ENTRIES.to_vec()..).take_while(|(key, _)| key.starts_with(keys::ENTRIES)) {
        let row: AuditEntry = match messages::read(key, bytes) {
            Ok(row) => row,
            Err(error) => {
                wrong(0, error.to_string());
                continue;
            }
        };
        let place = (row.sequence, row.ordinal);
        if hashes.get(&row.sequence).is_none_or(|hash| hash.0 != *row.record_hash) {
            wrong(row.sequence, format!("the audit says {row:?}, and the record is another one"));
        }
        match expected.remove(&place) {
            Some((actor, outcome, _)) if (actor.as_str(), outcome) == (row.actor.as_str(), row.outcome.as_str()) => {}
            other => wrong(row.sequence, format!("the audit says {row:?}, the log {other:?}")),
        }
    }
    for ((sequence, ordinal), told) in expected {
        wrong(sequence, format!("decision {ordinal}, {told:?}, is missing in the audit"));
    }
    found
}

fn told(decision: &Decision) -> Option<Told> {
    let refusal = decision.events.iter().find_map(|event| match event {
        Event::CommandRejected(rejected) => Some(rejected.actor.clone()),
        _ => None,
    });
    if let Some(actor) = refusal {
        return Some((actor, "REJECTED", String::new()));
    }
    let own = |name: &str| decision.actor == name || decision.actor.starts_with(&format!("{name}:"));
    let inner = decision.actor.is_empty() || own("coordinator") || own("worker");
    let first = decision.events.first().filter(|_| !inner)?;
    Some((decision.actor.clone(), "ACCEPTED", format!("{first:?}").chars().take(120).collect()))
}
