//! Bytes that were written once must be read for ever: `golden/v1` holds the bytes of every kind of event and of a record, beside
//! each the text of what it means, and `golden/MANIFEST` the hash of each file, so that no old file can change.
//!
//! A new sample is written with `DOWNBEAT_WRITE_GOLDEN=1 cargo test -p downbeat-proto --test golden`; existing files are never touched.
#![allow(clippy::unwrap_used, missing_docs)]

mod added;
mod alerted;
mod audited;
mod backfilled;
mod costed;
mod declared;
mod described;
mod endpoints;
mod environments;
mod followed;
mod foreign;
mod inventory;
mod keyed;
mod levelled;
mod priced;
mod promised;
mod samples;
mod scheduled;
mod sealed;
mod sensed;
mod settled;
mod triggered;
mod versioned;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use downbeat_domain::{CommandId, Event};
use downbeat_proto::{
    event::{self, ALL_KINDS, Decoded},
    events::v1 as wire,
    record::{self, Decision},
};
use jiff::Timestamp;
use prost::Message;

const RECORD: &str = "RECORD";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn writing() -> bool {
    std::env::var_os("DOWNBEAT_WRITE_GOLDEN").is_some_and(|value| value == "1")
}

/// Fields that came later, as they are shown where an event of before says nothing of them.
const ADDED_DEFAULTS: [&str; 57] = [
    "concurrency: None,",
    "pipeline_triggers: [],",
    "timeout_ms: None,",
    "matrix: None,",
    "paused: false,",
    "pool: None,",
    "priority: 0,",
    "worker_labels: {},",
    "detached: false,",
    "approval_expires_ms: None,",
    "environment_name: \"\",",
    "gated: false,",
    "deadline: None,",
    "selection: None,",
    "seen_as: None,",
    "triggers: [],",
    "sensors: [],",
    "webhook: None,",
    "asset_triggers: [],",
    "freshness: [],",
    "deadlines: [],",
    "alerts: [],",
    "anomalies: [],",
    "unix: false,",
    "dst: Vixie,",
    "catchup: None,",
    "max_catchup: 100,",
    "catchup_window_ms: 86400000,",
    "jitter_ms: 0,",
    "start: None,",
    "end: None,",
    "coalesced: [],",
    "coalesced_count: 0,",
    "remote: false,",
    "link: \"\",",
    "unconfirmed: \"\",",
    "bytes: None,",
    "cost_basis: [],",
    "operations: None,",
    "operation: \"\",",
    "severity: \"\",",
    "expected: \"\",",
    "actual: \"\",",
    "columns: [],",
    "owners: [],",
    "tags: [],",
    "aliases: [],",
    "loaded_at: None,",
    "kind: Derives,",
    "owner: \"\",",
    "budget: None,",
    "declared: None,",
    "operation_metadata: {},",
    "labels: [],",
    "origin: None,",
    "storage: None,",
    "environment: \"\",",
];

/// The text of an event. Texts of old events stay as they were: what was added later is shown only where it says something, and a
/// pause in whole seconds as it was shown before there was more to say about it.
fn text_of(event: &impl std::fmt::Debug) -> String {
    let text = format!("{event:#?}\n");
    let mut shown = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if ADDED_DEFAULTS.contains(&line.trim_start()) {
            continue;
        }
        if line.trim_start() != "backoff: Backoff {" {
            shown.push(line.to_owned());
            continue;
        }
        let inside: Vec<&str> = lines.by_ref().take(5).collect();
        let field = |place: usize| inside[place].trim().rsplit_once(": ").unwrap().1.trim_end_matches(',');
        let milliseconds: u64 = field(0).parse().unwrap();
        if (field(1), field(2), field(3)) == ("false", "0", "0") && milliseconds.is_multiple_of(1_000) {
            let indent = &line[..line.len() - line.trim_start().len()];
            shown.push(format!("{indent}retry_delay_seconds: {},", milliseconds / 1_000));
        } else {
            shown.push(line.to_owned());
            shown.extend(inside.into_iter().map(ToOwned::to_owned));
        }
    }
    shown.join("\n") + "\n"
}

fn sample_record(events: Vec<(&'static str, Event)>) -> Bytes {
    let at = Timestamp::from_microsecond(1_763_800_000_000_000).unwrap();
    let events = events.into_iter().map(|(_, event)| event);
    let decisions = [Some(CommandId(*b"command-01234567")), None].map(|command| Decision {
        command,
        actor: "user".to_owned(),
        decided_at: at,
        // Compressed payloads have a golden file of their own; here they would only make the bytes depend on zstd.
        events: events.clone().filter(|event| !matches!(event, Event::PipelineApplied(_))).collect(),
        ..Decision::default()
    });
    record::encode(7, at, decisions.iter().map(record::encode_decision).collect())
}

fn record_text(bytes: &[u8]) -> String {
    let record = record::decode(bytes).unwrap();
    let events: Vec<Decoded> = record::events(&record).collect::<Result<_, _>>().unwrap();
    let events = text_of(&events);
    let told: Vec<(&Bytes, &str, i64, usize)> = record
        .decisions
        .iter()
        .map(|decision| (&decision.command_id, decision.actor.as_str(), decision.decided_at, decision.events.len()))
        .collect();
    format!(
        "epoch {} at {} for reader {}\n{told:#?}\n{}{events}",
        record.epoch,
        record.written_at,
        record.minimum_reader,
        audited::text_of(&record)
    )
}

/// Name and bytes and text of everything that this version writes.
fn written_now() -> Vec<(String, Bytes, String)> {
    let events: Vec<(&'static str, Event)> = samples::events()
        .into_iter()
        .chain(added::events())
        .chain(scheduled::events())
        .chain(followed::events())
        .chain(sensed::events())
        .chain(settled::events())
        .chain(promised::events())
        .chain(triggered::events())
        .chain(backfilled::events())
        .chain(alerted::events())
        .chain(costed::events())
        .chain(described::events())
        .chain(foreign::events())
        .chain(environments::events())
        .chain(audited::events())
        .chain(priced::events())
        .chain(declared::events())
        .chain(keyed::events())
        .chain(endpoints::events())
        .chain(inventory::events())
        .chain(sealed::events())
        .chain(versioned::events())
        .chain(levelled::events())
        .collect();
    events.iter().for_each(|(_, fact)| levelled::check(fact));
    let mut files: Vec<(String, Bytes, String)> =
        events.iter().map(|(name, fact)| ((*name).to_owned(), event::encode(fact).payload, text_of(fact))).collect();
    for (name, events) in [
        (RECORD.to_owned(), samples::events()),
        (format!("{RECORD}.2"), added::events()),
        (format!("{RECORD}.events"), triggered::events()),
    ] {
        let record = sample_record(events);
        let text = record_text(&record);
        files.push((name, record, text));
    }
    let asked = audited::record();
    let text = record_text(&asked);
    files.push((format!("{RECORD}.asked"), asked, text));
    files
}

fn kind_of(file_name: &str) -> wire::EventKind {
    let kind = file_name.split('.').next().unwrap_or_default();
    wire::EventKind::from_str_name(kind).unwrap_or_else(|| panic!("golden file of an unknown kind: {file_name}"))
}

fn files() -> BTreeMap<String, Vec<u8>> {
    static WRITTEN: std::sync::Once = std::sync::Once::new();
    if writing() {
        WRITTEN.call_once(write_missing);
    }
    let entries = fs::read_dir(folder().join("v1")).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())).collect()
}

fn manifest() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("MANIFEST")).unwrap_or_default();
    let lines = text.lines().map(|line| line.split_once("  ").expect("hash, two spaces, file name"));
    lines.map(|(hash, name)| (name.to_owned(), hash.to_owned())).collect()
}

/// Adds what is missing; what exists stays as it is.
fn write_missing() {
    fs::create_dir_all(folder().join("v1")).unwrap();
    let mut hashes = manifest();
    for (name, bytes, text) in written_now() {
        for (file, content) in [(format!("{name}.bin"), bytes.to_vec()), (format!("{name}.txt"), text.into_bytes())] {
            let path = folder().join("v1").join(&file);
            if !path.exists() {
                hashes.insert(file, blake3::hash(&content).to_string());
                fs::write(path, content).unwrap();
            }
        }
    }
    let lines: String = hashes.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
    fs::write(folder().join("MANIFEST"), lines).unwrap();
}

#[test]
fn every_golden_file_is_read_as_its_text_says_and_written_back_the_same() {
    let files = files();
    let text_beside = |name: &str| String::from_utf8(files[&format!("{name}.txt")].clone()).unwrap();
    for (file, bytes) in files.iter().filter(|(file, _)| file.ends_with(".bin")) {
        let name = file.trim_end_matches(".bin");
        if name.split('.').next() == Some(RECORD) {
            assert_eq!(record_text(bytes), text_beside(name), "{name}");
            let decoded = record::decode(bytes).unwrap();
            assert_eq!(decoded.encode_to_vec(), *bytes, "{name}");
            continue;
        }
        let kind = kind_of(name);
        let stored = wire::Event { kind: kind as i32, payload: Bytes::copy_from_slice(bytes) };
        let Decoded::Known(fact) = event::decode(&stored).unwrap() else { panic!("{name} is of an unknown kind") };
        assert_eq!(text_of(&fact), text_beside(name), "{name}");
        let again = event::encode(&fact);
        assert_eq!(again.kind, stored.kind, "{name}");
        if kind == wire::EventKind::PipelineApplied {
            // Another zstd may compress otherwise: what it unpacks to must be the same.
            assert_eq!(event::decode(&again).unwrap(), Decoded::Known(fact), "{name}");
        } else {
            assert_eq!(again.payload, stored.payload, "{name}: bytes");
        }
    }
}

#[test]
fn every_kind_and_every_sample_has_its_golden_files() {
    let files = files();
    for kind in ALL_KINDS {
        let name = format!("{}.bin", kind.as_str_name());
        assert!(files.contains_key(&name), "golden/v1/{name} is missing: write it with DOWNBEAT_WRITE_GOLDEN=1");
    }
    for (name, bytes, text) in written_now() {
        assert_eq!(files.get(&format!("{name}.txt")), Some(&text.into_bytes()), "{name}");
        if !name.starts_with("PIPELINE_APPLIED") {
            assert_eq!(files.get(&format!("{name}.bin")), Some(&bytes.to_vec()), "{name}");
        }
    }
}

#[test]
fn no_golden_file_ever_changes_or_goes() {
    let hashes: BTreeMap<String, String> =
        files().into_iter().map(|(name, bytes)| (name, blake3::hash(&bytes).to_string())).collect();
    assert_eq!(hashes, manifest());
}
