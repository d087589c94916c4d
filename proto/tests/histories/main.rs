//! Histories that were recorded once lead to the same state for ever: `golden/histories` holds, per feature, the records of a log and
//! beside them the state that folding them gives, as text. What the core *decides* may change; how it *folds* what stands in a log may
//! not.
//!
//! A new history is recorded with `DOWNBEAT_WRITE_GOLDEN=1 cargo test -p downbeat-proto --test histories`; existing files are never
//! touched.
#![allow(clippy::unwrap_used, missing_docs)]

mod access;
mod alerts;
mod assets;
mod connections;
mod costs;
mod describe;
mod endpoints;
mod environments;
mod foreign;
mod inventory;
mod recorder;
mod remote;
mod scenarios;
mod sensors;
mod versions;

use std::{collections::BTreeSet, fs, path::PathBuf};

use downbeat_domain::{Partition, evolve, invariants};
use downbeat_proto::{
    event::{self, ALL_KINDS, Decoded},
    record,
};

fn file(name: &str, ending: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/histories").join(format!("{name}.{ending}"))
}

/// Records, each behind its length as 4 bytes, little end first.
fn read(name: &str) -> Vec<Vec<u8>> {
    let bytes = fs::read(file(name, "records")).unwrap_or_else(|error| {
        panic!(
            "{name} has no recorded history ({error}): run this test with DOWNBEAT_WRITE_GOLDEN=1 and commit the files"
        )
    });
    let (mut records, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (record, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        records.push(record.to_vec());
        rest = behind;
    }
    assert!(rest.is_empty(), "{name} ends in the middle of a length");
    records
}

fn write(name: &str, records: &[Vec<u8>]) {
    let bytes: Vec<u8> =
        records.iter().flat_map(|record| [&(record.len() as u32).to_le_bytes()[..], record].concat()).collect();
    fs::write(file(name, "records"), bytes).unwrap();
}

fn fold(records: &[Vec<u8>], kinds: &mut BTreeSet<i32>) -> Partition {
    let mut partition = Partition::default();
    for bytes in records {
        let record = record::decode(bytes).unwrap();
        for decision in &record.decisions {
            for raw in &decision.events {
                kinds.insert(raw.kind);
                let Decoded::Known(event) = event::decode(raw).unwrap() else { panic!("kind {} is unknown", raw.kind) };
                evolve(&mut partition, &event);
            }
        }
    }
    partition
}

#[test]
fn every_recorded_history_leads_to_the_state_that_it_led_to() {
    let writing = std::env::var_os("DOWNBEAT_WRITE_GOLDEN").is_some_and(|value| value == "1");
    let mut kinds = BTreeSet::new();
    for (name, scenario) in scenarios::ALL {
        if writing && !file(name, "records").exists() {
            let records = scenario();
            write(name, &records);
            fs::write(file(name, "txt"), describe::partition(&fold(&records, &mut BTreeSet::new()))).unwrap();
        }
        let partition = fold(&read(name), &mut kinds);
        assert_eq!(invariants::violations(&partition), Vec::<String>::new(), "{name}");
        let expected = fs::read_to_string(file(name, "txt")).unwrap();
        let found = describe::partition(&partition);
        assert!(
            found == expected,
            "the history `{name}` leads to another state now.\nbefore:\n{expected}\nnow:\n{found}"
        );
    }
    let missing: Vec<&str> =
        ALL_KINDS.iter().filter(|kind| !kinds.contains(&(**kind as i32))).map(|kind| kind.as_str_name()).collect();
    assert_eq!(
        missing,
        ["PARTITION_OWNED"],
        "kinds that stand in no history (the owner's own record changes no state)"
    );
}
