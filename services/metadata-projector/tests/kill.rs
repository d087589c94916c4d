//! `kill -9` in the middle of the fold: what is left is whole, and goes on to what a fresh rebuild gives.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use downbeat_event_log::{
    EventLog,
    embedded::{EmbeddedLog, OpenOptions},
};
use downbeat_metadata_projector::{ProjectorConfig, engine, start, store};
use downbeat_runtime::{blob::BlobStore, shutdown::Shutdown};
use support::*;

const FOLDER: &str = "DOWNBEAT_TEST_KILL_FOLDER";
/// Commits that the child of each round makes before it is killed.
const COMMITS_BEFORE_KILL: [usize; 4] = [1, 4, 2, 3];

async fn open_log(folder: &Path) -> Arc<EmbeddedLog> {
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    Arc::new(EmbeddedLog::open(folder.join("log"), options).await.unwrap())
}

/// Folds everything into the folder and says on standard output when it is under way.
async fn fold_all(folder: &Path, name: &str, says: bool) {
    let log = open_log(folder).await;
    let end = log.tail().await.unwrap();
    let config = ProjectorConfig::in_folder(folder.join(name));
    let projector = start(log.clone(), config, BlobStore::open(folder).unwrap()).await.unwrap();
    let mut progress = projector.published().progress();
    let (driver, _) = projector.into_parts(&mut tonic::service::RoutesBuilder::default());
    let shutdown = Shutdown::default();
    let driven = tokio::spawn(driver.run(shutdown.signal()));
    while progress.borrow_and_update().sequence < end.sequence {
        if says {
            println!("folded {}", progress.borrow().sequence);
        }
        progress.changed().await.unwrap();
    }
    shutdown.begin();
    driven.await.unwrap().unwrap();
}

async fn rows(folder: &Path, name: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let log = open_log(folder).await;
    let opened = store::open(&folder.join(name), 1 << 20, log.id()).unwrap();
    assert_eq!(opened.rebuilt, None);
    let rows = opened.store.scan(b"", None).map(|row| row.map(|(key, row)| (key.to_vec(), row.to_vec())).unwrap());
    let rows = rows.collect();
    opened.store.close().unwrap();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_fold_goes_on_to_what_a_rebuild_gives() {
    // This very test is also the child that it kills.
    if let Ok(folder) = std::env::var(FOLDER) {
        return fold_all(Path::new(&folder), "killed", true).await;
    }
    let folder = tempfile::tempdir().unwrap();
    {
        let log = EmbeddedLog::open(folder.path().join("log"), OpenOptions::default()).await.unwrap();
        for events in runs(9_000).chunks(16) {
            append(&log, events.concat()).await;
        }
    }
    let mut reached = 0;
    for commits in COMMITS_BEFORE_KILL {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_killed_fold_goes_on_to_what_a_rebuild_gives", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let folded = lines.filter(|line| line.contains("folded")).take(commits).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(folded, commits, "the child was killed before its end");
        let log = open_log(folder.path()).await;
        let left = store::open(&folder.path().join("killed"), 1 << 20, log.id()).unwrap();
        assert_eq!(left.rebuilt, None, "a killed store is sound");
        assert!(engine::sequence_of(&left.head) >= reached, "what was there stays there");
        reached = engine::sequence_of(&left.head);
    }
    assert!(reached > 0);
    fold_all(folder.path(), "killed", false).await;
    fold_all(folder.path(), "fresh", false).await;
    let (killed, fresh) = (rows(folder.path(), "killed").await, rows(folder.path(), "fresh").await);
    assert!(fresh.len() > 40_000);
    assert!(killed == fresh, "{} and {} rows", killed.len(), fresh.len());
}
