//! Records outside of a log: what comes back is what was there, and whatever is not whole is refused.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use std::path::{Path, PathBuf};

use bytes::Bytes;
use downbeat_event_log::archive::{self, ArchiveError, Source, export_file, export_folder, import, range};
use downbeat_event_log::limits::RANGE_RECORDS;
use downbeat_event_log::memory::MemoryLog;
use downbeat_event_log::{
    Access, Entry, ErrorKind, EventLog, LogAddress, LogId, Nats, Record, RecordId, Restored, Tail, verify,
};
use proptest::prelude::*;

fn memory(id: &str) -> MemoryLog {
    MemoryLog::new(LogId(id.to_owned()))
}

fn record(number: u64) -> Record {
    let mut id = [7; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Record { id: RecordId(id), payload: Bytes::from(format!("payload {number} ").repeat(number as usize % 50)) }
}

async fn append(log: &dyn EventLog, records: u64) -> Tail {
    let mut tail = log.tail().await.unwrap();
    for _ in 0..records {
        tail = log.append(tail, &record(tail.sequence + 1)).await.unwrap();
    }
    tail
}

async fn entries(log: &dyn EventLog) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let more = log.read(all.len() as u64, 1_000).await.unwrap();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

fn source(paths: &[&Path]) -> Result<Source, ArchiveError> {
    Source::open(&paths.iter().map(|path| path.to_path_buf()).collect::<Vec<PathBuf>>())
}

/// Everything that reading it says.
fn verified(paths: &[&Path]) -> Result<archive::Summary, ArchiveError> {
    archive::verify(&mut source(paths)?, |_| ())
}

fn embedded(folder: &Path) -> LogAddress {
    LogAddress::Embedded(folder.to_path_buf())
}

/// What a restored log of that export is begun for.
fn restored(paths: &[&Path]) -> Restored {
    let summary = verified(paths).unwrap();
    Restored { origin: summary.log.origin(), up_to: summary.tail.sequence }
}

#[tokio::test]
async fn an_imported_log_has_the_same_records_at_the_same_places_with_the_same_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let log = memory("first@1");
    append(&log, 70).await;
    let (file, ranges) = (folder.path().join("log.downbeat"), folder.path().join("ranges"));
    export_folder(&log, 0, &ranges, |_| ()).await.unwrap();
    let tail = append(&log, 130).await;
    assert_eq!(export_file(&log, 0, &file, |_| ()).await.unwrap(), tail);
    assert_eq!(export_folder(&log, 0, &ranges, |_| ()).await.unwrap(), tail);

    for (from, to) in [(&file, "log"), (&ranges, "another")] {
        let summary = verified(&[from]).unwrap();
        assert_eq!((&summary.log, summary.first, summary.tail), (log.id(), 1, tail));
        let address = embedded(&folder.path().join(to));
        let made = address.open_to_restore(&restored(&[from]), "test", &Nats::default()).await.unwrap();
        let imported = import(&*made, &mut source(&[from]).unwrap(), |_| ()).await.unwrap();
        assert_eq!((imported.already, imported.tail), (0, tail));
        drop(made);

        // Opened as anybody opens a log, it is the same chain under another id, and goes on.
        let opened = address.open(Access::Write, "test", &Nats::default()).await.unwrap();
        assert_eq!(entries(&*opened).await, entries(&log).await);
        assert_eq!(verify(&*opened, |_| ()).await.unwrap(), tail);
        assert_ne!(opened.id(), log.id());
        assert_eq!(opened.id().restored_from().unwrap(), Restored { origin: log.id().clone(), up_to: tail.sequence });
        append(&*opened, 5).await;

        // And what is exported of it, and restored once more, still is.
        let again = folder.path().join(format!("{to}-again"));
        let last = export_file(&*opened, 0, &again, |_| ()).await.unwrap();
        let third = embedded(&folder.path().join(format!("{to}-third")));
        let third = third.open_to_restore(&restored(&[&again]), "test", &Nats::default()).await.unwrap();
        import(&*third, &mut source(&[&again]).unwrap(), |_| ()).await.unwrap();
        assert_eq!(verify(&*third, |_| ()).await.unwrap(), last);
        assert_eq!(third.id().origin(), *log.id());
    }
}

#[tokio::test]
async fn a_long_log_is_several_ranges_in_one_file_and_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let log = memory("first@1");
    let tail = append(&log, 2 * RANGE_RECORDS as u64 + 300).await;
    let (file, ranges) = (folder.path().join("file"), folder.path().join("ranges"));
    for told in [&mut Vec::new(), &mut Vec::new()] {
        let to_file = !file.exists();
        let progress = |sequence| told.push(sequence);
        let end = match to_file {
            true => export_file(&log, 0, &file, progress).await.unwrap(),
            false => export_folder(&log, 0, &ranges, progress).await.unwrap(),
        };
        assert_eq!((end, told.as_slice()), (tail, &[4_096, 8_192, 8_492][..]));
    }
    for path in [&file, &ranges] {
        let mut told = Vec::new();
        let mut ranges = source(&[path]).unwrap();
        assert_eq!(archive::verify(&mut ranges, |sequence| told.push(sequence)).unwrap().tail, tail);
        assert_eq!(told, [4_096, 8_192, 8_492]);
    }
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_and_nobody_uses_the_log_before_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = memory("first@1");
    let tail = append(&log, 50).await;
    let file = folder.path().join("file");
    export_file(&log, 0, &file, |_| ()).await.unwrap();
    let from = restored(&[&file]);
    let address = embedded(&folder.path().join("log"));
    // Given one that ended after 20 records.
    let begun = address.open_to_restore(&from, "test", &Nats::default()).await.unwrap();
    for entry in &entries(&log).await[..20] {
        let at = begun.tail().await.unwrap();
        begun.append(at, &Record { id: entry.id, payload: entry.payload.clone() }).await.unwrap();
    }
    drop(begun);
    for access in [Access::Write, Access::Read] {
        let refused = address.open(access, "test", &Nats::default()).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "services wait for it");
        assert!(refused.to_string().contains("downbeat log import"), "{refused}");
    }
    // When it is run again, then only the rest is written.
    for already in [20, 50] {
        let made = address.open_to_restore(&from, "test", &Nats::default()).await.unwrap();
        let imported = import(&*made, &mut source(&[&file]).unwrap(), |_| ()).await.unwrap();
        assert_eq!((imported.already, imported.tail), (already, tail));
    }
    // Once it is in use, nothing is brought into it.
    let used = address.open(Access::Write, "test", &Nats::default()).await.unwrap();
    append(&*used, 1).await;
    drop(used);
    let made = address.open_to_restore(&from, "test", &Nats::default()).await.unwrap();
    let refused = import(&*made, &mut source(&[&file]).unwrap(), |_| ()).await.unwrap_err();
    assert!(refused.to_string().contains("is not empty: its record 51"), "{refused}");
}

#[tokio::test]
async fn a_log_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let log = memory("first@1");
    append(&log, 3).await;
    export_file(&log, 0, &file, |_| ()).await.unwrap();
    let from = restored(&[&file]);
    let address = embedded(&folder.path().join("log"));
    drop(address.open(Access::Write, "test", &Nats::default()).await.unwrap());
    let refused = address.open_to_restore(&from, "test", &Nats::default()).await.err().unwrap();
    assert!(refused.to_string().contains("also no empty one"), "{refused}");

    let other = embedded(&folder.path().join("other"));
    drop(other.open_to_restore(&from, "test", &Nats::default()).await.unwrap());
    let longer = Restored { up_to: 4, ..from };
    let refused = other.open_to_restore(&longer, "test", &Nats::default()).await.err().unwrap();
    assert!(refused.to_string().contains("was begun to be restored from first@1 up to 3"), "{refused}");
}

#[tokio::test]
async fn a_folder_is_continued_and_a_file_begins_where_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let log = memory("first@1");
    let (ranges, first, second) = (folder.path().join("r"), folder.path().join("1"), folder.path().join("2"));
    append(&log, 10).await;
    export_folder(&log, 0, &ranges, |_| ()).await.unwrap();
    export_file(&log, 0, &first, |_| ()).await.unwrap();
    let tail = append(&log, 5).await;
    export_folder(&log, 0, &ranges, |_| ()).await.unwrap();
    export_folder(&log, 0, &ranges, |_| ()).await.unwrap();
    export_file(&log, 10, &second, |_| ()).await.unwrap();
    let spans: Vec<_> = archive::spans(&ranges).unwrap().iter().map(|span| (span.first, span.last)).collect();
    assert_eq!(spans, [(1, 10), (11, 15)]);
    for paths in [&[ranges.as_path()][..], &[&first, &second]] {
        assert_eq!(verified(paths).unwrap().tail, tail);
    }
    assert_eq!(verified(&[&second]).unwrap().first, 11);

    let refused = export_file(&log, 0, &first, |_| ()).await.unwrap_err();
    assert!(refused.to_string().contains("is there already"), "{refused}");
    let refused = export_folder(&log, 3, &ranges, |_| ()).await.unwrap_err();
    assert!(refused.to_string().contains("begins with record 1"), "{refused}");
    let refused = export_file(&log, 16, &folder.path().join("3"), |_| ()).await.unwrap_err();
    assert!(refused.to_string().contains("beyond its end"), "{refused}");
    // A folder is of one log.
    let other = memory("other@1");
    append(&other, 20).await;
    let refused = export_folder(&other, 0, &ranges, |_| ()).await.unwrap_err();
    assert!(refused.to_string().contains("is of log first@1"), "{refused}");
    // And of one history of it.
    let frames = log.stored_frames();
    log.restore_frames(frames[..12].to_vec());
    let at = log.tail().await.unwrap();
    log.append(at, &record(99)).await.unwrap();
    assert!(export_folder(&log, 0, &ranges, |_| ()).await.is_err());
}

#[tokio::test]
async fn what_is_missing_or_does_not_belong_together_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (log, other) = (memory("first@1"), memory("other@1"));
    for log in [&log, &other] {
        append(log, 30).await;
    }
    // A history of the same log that went another way after record 10.
    let twin = memory("first@1");
    append(&twin, 10).await;
    let mut tail = twin.tail().await.unwrap();
    for number in 900..920 {
        tail = twin.append(tail, &record(number)).await.unwrap();
    }
    for (log, after, name) in [
        (&log, 0, "all"),
        (&log, 20, "from 21"),
        (&other, 0, "other"),
        (&twin, 20, "twin from 21"),
        (&log, 10, "from 11"),
    ] {
        export_file(log, after, &at(name), |_| ()).await.unwrap();
    }
    log.restore_frames(log.stored_frames()[..10].to_vec());
    export_file(&log, 0, &at("first ten"), |_| ()).await.unwrap();
    std::fs::create_dir(at("empty")).unwrap();
    std::fs::write(at("text"), "version: v1\nname: a pipeline and no log\n").unwrap();

    for (paths, said) in [
        (vec!["first ten", "from 11"], ""),
        (vec!["first ten", "all"], ""),
        (vec!["first ten", "from 21"], "record 11 is missing"),
        (vec!["from 11", "first ten"], "do not follow record 30"),
        (vec!["first ten", "other"], "it is of log other@1, not of log first@1"),
        (vec!["all", "twin from 21"], "do not follow record 30"),
        (vec!["empty"], "holds no records of a log"),
        (vec!["text"], "does not begin with DOWNBEAT-LOG"),
        (vec!["nowhere"], "cannot open"),
    ] {
        let paths: Vec<PathBuf> = paths.iter().map(|name| at(name)).collect();
        let found = Source::open(&paths).and_then(|mut source| archive::verify(&mut source, |_| ()));
        match found {
            Ok(summary) => assert_eq!((said, summary.tail.sequence), ("", 30), "{paths:?}"),
            Err(error) => assert!(!said.is_empty() && error.to_string().contains(said), "{paths:?}: {error}"),
        }
    }
    // A range of a folder that is gone.
    let ranges = at("ranges");
    let long = memory("first@1");
    for _ in 0..3 {
        append(&long, 4).await;
        export_folder(&long, 0, &ranges, |_| ()).await.unwrap();
    }
    std::fs::remove_file(ranges.join(archive::name(archive::Span { first: 5, last: 8 }))).unwrap();
    let refused = verified(&[&ranges]).unwrap_err().to_string();
    assert!(refused.contains("record 5 is missing"), "{refused}");
    let refused = export_folder(&long, 0, &ranges, |_| ()).await.unwrap_err().to_string();
    assert!(refused.contains("record 5 is missing"), "{refused}");
}

/// A small file with its log, for damage.
fn small() -> (Vec<u8>, Tail) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let log = memory("first@1");
        let tail = append(&log, 12).await;
        let file = folder.path().join("file");
        export_file(&log, 0, &file, |_| ()).await.unwrap();
        (std::fs::read(file).unwrap(), tail)
    })
}

fn reads(bytes: &[u8]) -> Result<archive::Summary, ArchiveError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    verified(&[file.path()])
}

#[test]
fn a_file_that_was_cut_off_anywhere_is_refused() {
    let (whole, tail) = small();
    assert_eq!(reads(&whole).unwrap().tail, tail);
    for length in 0..whole.len() {
        assert!(reads(&whole[..length]).is_err(), "cut after {length} of {}", whole.len());
    }
    assert!(reads(&[&whole[..], b"x"].concat()).is_err(), "with more behind its end");
    assert!(reads(&[&whole[..], &whole[..]].concat()).is_err(), "twice");
}

#[test]
fn a_file_with_any_changed_byte_is_refused() {
    let (whole, _) = small();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        assert!(reads(&bytes).is_err(), "byte {at}");
    }
}

/// Whoever changes records can write checksums as well.
#[test]
fn nonsense_with_a_fitting_checksum_is_refused() {
    let block = |header: serde_json::Value, body: &[u8]| {
        let header = header.to_string();
        let mut bytes =
            [b"DOWNBEAT-LOG\x01", &(header.len() as u32).to_le_bytes()[..], header.as_bytes(), body].concat();
        let hash = blake3::hash(&bytes);
        bytes.extend_from_slice(hash.as_bytes());
        bytes
    };
    let start = Tail::start(&LogId("first@1".to_owned())).hash.to_string();
    let (log, packed) = ("first@1", zstd::bulk::compress(&[200, 0, 0, 0, 1, 2, 3], 1).unwrap());
    let header = |bytes: u64, first: u64, before: &str| {
        serde_json::json!({"log": log, "first": first, "last": first, "before": before, "after": start, "compression": "zstd",
            "bytes": bytes, "packed_bytes": packed.len()})
    };
    for (name, bytes) in [
        ("a length beyond what is there", block(header(7, 1, &start), &packed)),
        ("other lengths than told", block(header(8, 1, &start), &packed)),
        ("a huge length", block(header(u64::MAX, 1, &start), &packed)),
        ("sequence 0", block(header(7, 0, &start), &packed)),
        ("another beginning", block(header(7, 1, &"0".repeat(64)), &packed)),
        ("no hash", block(header(7, 1, "x"), &packed)),
        ("no header to speak of", block(serde_json::json!([]), &[])),
        ("huge", block(serde_json::json!({"packed_bytes": u64::MAX}), &[])),
    ] {
        let read = range::read_block(&mut bytes.as_slice(), "it");
        assert!(matches!(read, Err(ArchiveError::Damaged { .. })), "{name}: {read:?}");
    }
    assert!(matches!(range::read_block(&mut &b""[..], "it"), Ok(None)));
}

proptest! {
    #[test]
    fn reading_anything_ends_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), real: bool) {
        let bytes = if real { [b"DOWNBEAT-LOG\x01".to_vec(), bytes].concat() } else { bytes };
        let _ = range::read_block(&mut bytes.as_slice(), "it");
    }
}
