//! The log in a folder against the contract, and what only files can suffer.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use downbeat_event_log::conformance::{self, Harness};
use downbeat_event_log::embedded::{self, EmbeddedLog, OpenOptions};
use downbeat_event_log::testing::power_loss::PowerLossDisk;
use downbeat_event_log::{Error, ErrorKind, EventLog, Hash, Record, RecordId, Tail, frame, verify};
use futures::StreamExt;

const CHILD_FOLDER: &str = "DOWNBEAT_TEST_LOG_FOLDER";
const SMALL: OpenOptions = OpenOptions { read_only: false, segment_bytes: 4096 };
const READ_ONLY: OpenOptions = OpenOptions { read_only: true, segment_bytes: 4096 };

fn record(number: u64) -> Record {
    let mut id = [1; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Record { id: RecordId(id), payload: Bytes::from(format!("payload {number} {}", "y".repeat(200))) }
}

async fn fill(log: &EmbeddedLog, numbers: std::ops::Range<u64>) -> Vec<Tail> {
    let mut after = log.tail().await.unwrap();
    let mut tails = Vec::new();
    for number in numbers {
        after = log.append(after, &record(number)).await.unwrap();
        tails.push(after);
    }
    tails
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "segment")).collect();
    segments.sort();
    segments
}

fn copy_folder(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

struct Embedded {
    root: tempfile::TempDir,
    disk: Arc<PowerLossDisk>,
    open: Option<EmbeddedLog>,
    segment_bytes: u64,
}

impl Embedded {
    fn new(segment_bytes: u64) -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { root, disk: Arc::default(), open: None, segment_bytes }
    }
    fn folder(&self) -> PathBuf {
        self.root.path().join("log")
    }
}

#[async_trait]
impl Harness for Embedded {
    async fn open(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        self.open = None;
        let options = OpenOptions { read_only: false, segment_bytes: self.segment_bytes };
        let log = EmbeddedLog::open_on(self.disk.clone(), self.folder(), options).await?;
        self.open = Some(log.clone());
        Ok(Arc::new(log))
    }
    /// Two processes cannot write (the lock); two handles in one process are two writers.
    async fn second_writer(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        Ok(Arc::new(self.open.clone().unwrap()))
    }
    async fn other_log(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        Ok(Arc::new(EmbeddedLog::open(self.root.path().join("other"), SMALL).await?))
    }
    /// Harsher than the death of the process: the power goes, and all that was not synced with it.
    async fn kill(&mut self) {
        self.open = None;
        self.disk.cut_power().unwrap();
    }
    fn handles_survive(&self) -> Result<(), &'static str> {
        Err("the log lives in the process that was killed")
    }
    async fn save(&mut self) {
        self.open = None;
        copy_folder(&self.folder(), &self.root.path().join("saved"));
    }
    async fn roll_back(&mut self) {
        self.open = None;
        copy_folder(&self.root.path().join("saved"), &self.folder());
    }
    async fn append_unchecked(&mut self, frames: &[Bytes]) {
        self.open = None;
        embedded::append_unchecked(&self.folder(), frames).unwrap();
    }
    async fn durability(&mut self) -> Result<(), String> {
        self.kill().await;
        let log = self.open().await.map_err(|error| error.to_string())?;
        let tail = log.tail().await.map_err(|error| error.to_string())?;
        if tail.sequence == 2 { Ok(()) } else { Err(format!("after the power cut the log ends at {}", tail.sequence)) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_log_keeps_the_contract_with_many_segments() {
    conformance::run(|| Embedded::new(4096)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_log_keeps_the_contract_in_one_segment() {
    conformance::run(|| Embedded::new(1 << 20)).await;
}

/// Not a test by itself: the process that `killed_processes_lose_nothing` kills. Without its folder it does nothing.
#[tokio::test]
async fn child_that_appends_until_killed() {
    let Some(folder) = std::env::var_os(CHILD_FOLDER) else { return };
    let log =
        EmbeddedLog::open(PathBuf::from(folder), OpenOptions { segment_bytes: 16 * 1024, ..SMALL }).await.unwrap();
    let mut after = log.tail().await.unwrap();
    loop {
        after = log.append(after, &record(after.sequence + 1)).await.unwrap();
        println!("\nacknowledged {}", after.sequence);
    }
}

#[tokio::test]
async fn killed_processes_lose_nothing() {
    let root = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 1..=10_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_appends_until_killed", "--nocapture"])
            .env(CHILD_FOLDER, root.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let numbers = lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok());
        let mut killed = false;
        // What the child managed to print after the signal counts too.
        for (count, sequence) in numbers.enumerate() {
            acknowledged = sequence;
            if !killed && count as u64 > 20 + round * 7 {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "the child ended by itself");
        let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
        let tail = verify(&log, |_| ()).await.unwrap();
        assert!(tail.sequence >= acknowledged, "round {round}: {acknowledged} acknowledged, {} there", tail.sequence);
        assert!(tail.sequence <= acknowledged + 1, "round {round}: more than the one append under way");
    }
}

#[tokio::test]
async fn a_second_process_is_told_who_holds_the_lock() {
    let root = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    let error = EmbeddedLog::open(root.path(), SMALL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    let text = error.to_string();
    assert!(text.contains(&format!("process {}", std::process::id())) && text.contains("LOCK"), "{text}");
    drop(log);
    EmbeddedLog::open(root.path(), SMALL).await.unwrap();
}

#[tokio::test]
async fn a_failed_sync_is_final() {
    let root = tempfile::tempdir().unwrap();
    let disk = Arc::new(PowerLossDisk::default());
    let log = EmbeddedLog::open_on(disk.clone(), root.path(), SMALL).await.unwrap();
    let tails = fill(&log, 1..3).await;
    disk.fail_syncs(true);
    assert_eq!(log.append(tails[1], &record(3)).await.unwrap_err().kind(), ErrorKind::Fatal);
    disk.fail_syncs(false);
    // The disk works again, but what it dropped nobody knows.
    assert_eq!(log.append(tails[1], &record(3)).await.unwrap_err().kind(), ErrorKind::Fatal);
    assert_eq!(log.tail().await.unwrap_err().kind(), ErrorKind::Fatal);
    assert_eq!(log.read(0, 1).await.unwrap_err().kind(), ErrorKind::Fatal);
    drop(log);
    disk.cut_power().unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    assert_eq!(log.tail().await.unwrap(), tails[1]);
}

/// Offsets of the records in a segment, and the end of the last one.
fn offsets(bytes: &[u8]) -> Vec<usize> {
    let mut offsets = vec![64];
    loop {
        let at = *offsets.last().unwrap();
        let length = bytes.get(at..at + 4).map_or(0, |part| u32::from_le_bytes(part.try_into().unwrap()) as usize);
        if length == 0 {
            return offsets;
        }
        offsets.push(at + 24 + length);
    }
}

#[tokio::test]
async fn an_unfinished_end_is_cut_and_damage_before_it_is_refused() {
    // given a log of one segment with five records
    let root = tempfile::tempdir().unwrap();
    let (pristine, folder) = (root.path().join("pristine"), root.path().join("log"));
    let options = OpenOptions { segment_bytes: 8192, ..SMALL };
    let log = EmbeddedLog::open(&pristine, options.clone()).await.unwrap();
    let tails = fill(&log, 1..6).await;
    drop(log);
    let offsets = offsets(&std::fs::read(&segments(&pristine)[0]).unwrap());
    assert_eq!(offsets.len(), 6);
    for (which, at) in offsets[..5].iter().enumerate() {
        for (what, offset) in [("length", 0), ("checksum", 4), ("sequence", 8), ("synced", 16), ("frame", 60)] {
            for zeroed in [false, true] {
                copy_folder(&pristine, &folder);
                let file = std::fs::File::options().read(true).write(true).open(&segments(&folder)[0]).unwrap();
                // when one byte of a record is flipped, or the whole record is zeroed
                let mut byte = [0];
                file.read_exact_at(&mut byte, (at + offset) as u64).unwrap();
                file.write_all_at(&[byte[0] ^ 0x15], (at + offset) as u64).unwrap();
                if zeroed {
                    file.write_all_at(&vec![0; offsets[which + 1] - at], *at as u64).unwrap();
                }
                // then only the last record may be taken for an unfinished append
                let place = format!("record {} {what} zeroed {zeroed}", which + 1);
                match EmbeddedLog::open(&folder, options.clone()).await {
                    Ok(log) if which == 4 => {
                        assert_eq!(log.tail().await.unwrap(), tails[3], "{place}");
                        let bytes = std::fs::read(&segments(&folder)[0]).unwrap();
                        assert!(
                            bytes[*at..].iter().all(|byte| *byte == 0),
                            "{place}: the unfinished end is still there"
                        );
                        assert_eq!(fill(&log, 5..6).await[0], tails[4], "{place}");
                    }
                    Err(error) if which < 4 => {
                        assert_eq!(error.kind(), ErrorKind::Corrupt, "{place}: {error}");
                        let text = error.to_string();
                        let named =
                            text.contains(&format!("byte {at}")) && text.contains(&format!("sequence {}", which + 1));
                        assert!(named && text.contains(".segment"), "{place}: {text}");
                    }
                    Ok(_) => panic!("{place}: opened"),
                    Err(error) => panic!("{place}: {error}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn damage_in_an_earlier_segment_is_found_when_read() {
    let root = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    fill(&log, 1..60).await;
    drop(log);
    let files = segments(root.path());
    assert!(files.len() > 3, "{files:?}");
    let file = std::fs::File::options().write(true).open(&files[1]).unwrap();
    file.write_all_at(b"?", 64 + 24 + 70).unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    assert_eq!(verify(&log, |_| ()).await.unwrap_err().kind(), ErrorKind::Corrupt);
    drop(log);
    std::fs::remove_file(&files[1]).unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    assert_eq!(verify(&log, |_| ()).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

/// Every checksum fits, so only the chain gives it away; the start reads the last segment only.
#[tokio::test]
async fn a_forged_record_in_an_earlier_segment_is_found_when_read() {
    let root = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    let tails = fill(&log, 1..60).await;
    drop(log);
    let file = &segments(root.path())[1];
    let mut bytes = std::fs::read(file).unwrap();
    let at = offsets(&bytes)[1];
    let number = u64::from_le_bytes(bytes[at + 8..at + 16].try_into().unwrap());
    let honest = record(number);
    let forged = Record { payload: vec![b'?'; honest.payload.len()].into(), ..honest };
    let (frame, _) = frame::encode(&tails[number as usize - 2].hash, &forged);
    let end = at + 24 + frame.len();
    bytes[at + 24..end].copy_from_slice(&frame);
    let checksum = crc32fast::hash(&bytes[at + 8..end]);
    bytes[at + 4..at + 8].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(file, bytes).unwrap();

    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    assert_eq!(log.read(number - 1, 1).await.unwrap()[0].payload, forged.payload, "by itself it looks sound");
    assert_eq!(log.read(0, 100).await.unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(verify(&log, |_| ()).await.unwrap_err().kind(), ErrorKind::Corrupt);
}

/// Else the next append would be chained to the forgery.
#[tokio::test]
async fn a_log_that_ends_with_a_record_of_another_chain_is_not_opened() {
    let root = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    fill(&log, 1..3).await;
    drop(log);
    embedded::append_unchecked(root.path(), &[frame::encode(&Hash([9; 32]), &record(3)).0]).unwrap();
    for options in [SMALL, READ_ONLY] {
        assert_eq!(EmbeddedLog::open(root.path(), options).await.unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[tokio::test]
async fn predicted_appends_share_one_group_and_keep_their_order() {
    let root = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    let mut after = Tail::start(log.id());
    let mut work = Vec::new();
    for number in 1..=200 {
        let (log, record, at) = (log.clone(), record(number), after);
        after = after.next(&record);
        work.push(async move { log.append(at, &record).await });
    }
    // join_all polls in order, so the writer receives them in order.
    let answers = futures::future::join_all(work).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(verify(&log, |_| ()).await.unwrap(), after);
}

#[tokio::test]
async fn a_read_only_log_follows_a_live_writer_and_writes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let missing = EmbeddedLog::open(root.path(), READ_ONLY).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Unavailable);
    let writer = EmbeddedLog::open(root.path(), SMALL).await.unwrap();
    let mut tails = fill(&writer, 1..4).await;
    let reader = EmbeddedLog::open(root.path(), READ_ONLY).await.unwrap();
    assert_eq!((reader.id(), reader.tail().await.unwrap()), (writer.id(), tails[2]));
    let mut stream = reader.follow(tails[0]).await.unwrap();
    // enough for several new segments
    tails.extend(fill(&writer, 4..80).await);
    for tail in &tails[1..] {
        assert_eq!(stream.next().await.unwrap().unwrap().tail(), *tail);
    }
    assert_eq!(reader.append(tails[78], &record(80)).await.unwrap_err().kind(), ErrorKind::Fatal);
    assert_eq!(verify(&reader, |_| ()).await.unwrap(), tails[78]);
    // an unfinished end stays as it is for the writer to cut
    drop((writer, stream));
    let last = segments(root.path()).pop().unwrap();
    let bytes = std::fs::read(&last).unwrap();
    let end = *offsets(&bytes).last().unwrap();
    std::fs::File::options().write(true).open(&last).unwrap().write_all_at(b"torn", end as u64).unwrap();
    let before = std::fs::read(&last).unwrap();
    let reader = EmbeddedLog::open(root.path(), READ_ONLY).await.unwrap();
    assert_eq!(reader.tail().await.unwrap(), tails[78]);
    assert_eq!(std::fs::read(&last).unwrap(), before);
}

#[tokio::test]
async fn two_logs_with_one_name_are_two_logs() {
    let root = tempfile::tempdir().unwrap();
    let first = EmbeddedLog::open(root.path().join("a/log"), SMALL).await.unwrap();
    let second = EmbeddedLog::open(root.path().join("b/log"), SMALL).await.unwrap();
    assert!(first.id().0.starts_with("log@"));
    assert_ne!(first.id(), second.id());
}
