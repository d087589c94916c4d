//! `kill -9` in the middle of the fold, and of a rebuild beside the store that answers: what is left is whole, and goes on to what a fresh
//! rebuild gives.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use downbeat_event_log::{
    EventLog,
    embedded::{EmbeddedLog, OpenOptions},
};
use downbeat_metadata_projector::{
    ProjectorConfig,
    engine::{
        self,
        projection::{ALL, Registered},
    },
    start_with, store,
};
use downbeat_runtime::{blob::BlobStore, shutdown::Shutdown};
use support::{others::*, *};

const FOLDER: &str = "DOWNBEAT_TEST_KILL_FOLDER";
/// Commits that the child of each round makes before it is killed.
const COMMITS_BEFORE_KILL: [usize; 4] = [1, 4, 2, 3];

async fn open_log(folder: &Path) -> Arc<EmbeddedLog> {
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    Arc::new(EmbeddedLog::open(folder.join("log"), options).await.unwrap())
}

/// Folds everything into the folder and says on standard output when it is under way.
async fn fold_all(projections: &'static [Registered], folder: &Path, name: &str, says: bool) {
    let log = open_log(folder).await;
    let end = log.tail().await.unwrap();
    let config = ProjectorConfig::in_folder(folder.join(name));
    let projector = start_with(projections, log.clone(), config, BlobStore::open(folder).unwrap()).await.unwrap();
    let mut progress = projector.published().progress();
    let rebuild = projector.published().rebuild();
    let (driver, _) = projector.into_parts(&mut tonic::service::RoutesBuilder::default());
    let shutdown = Shutdown::default();
    let driven = tokio::spawn(driver.run(shutdown.signal()));
    if let Some(rebuild) = rebuild.filter(|_| says) {
        let mut folded = rebuild.folded();
        while *folded.borrow_and_update() < end.sequence {
            println!("folded {}", *folded.borrow());
            folded.changed().await.unwrap();
        }
    }
    while progress.borrow_and_update().sequence < end.sequence {
        if says {
            println!("folded {}", progress.borrow().sequence);
        }
        progress.changed().await.unwrap();
    }
    if says {
        println!("it answers");
        return std::future::pending().await;
    }
    shutdown.begin();
    driven.await.unwrap().unwrap();
}

/// This very test, as a process of its own.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills it once it has said this so often; says how often it did.
fn kill_after(mut child: Child, said: &str, times: usize) -> usize {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let heard = lines.filter(|line| line.contains(said)).take(times).count();
    child.kill().unwrap();
    child.wait().unwrap();
    heard
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
        return fold_all(ALL, Path::new(&folder), "killed", true).await;
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
        let child = child("a_killed_fold_goes_on_to_what_a_rebuild_gives", folder.path());
        let folded = kill_after(child, "folded", commits);
        assert_eq!(folded, commits, "the child was killed before its end");
        let log = open_log(folder.path()).await;
        let left = store::open(&folder.path().join("killed"), 1 << 20, log.id()).unwrap();
        assert_eq!(left.rebuilt, None, "a killed store is sound");
        assert!(engine::sequence_of(&left.head) >= reached, "what was there stays there");
        reached = engine::sequence_of(&left.head);
    }
    assert!(reached > 0);
    fold_all(ALL, folder.path(), "killed", false).await;
    fold_all(ALL, folder.path(), "fresh", false).await;
    let (killed, fresh) = (rows(folder.path(), "killed").await, rows(folder.path(), "fresh").await);
    assert!(fresh.len() > 40_000);
    assert!(killed == fresh, "{} and {} rows", killed.len(), fresh.len());
}

/// While it is filled, and just after it took the place of the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rebuild_leaves_the_old_store_and_goes_on() {
    const TEST: &str = "a_killed_rebuild_leaves_the_old_store_and_goes_on";
    if let Ok(folder) = std::env::var(FOLDER) {
        return fold_all(ALL, Path::new(&folder), "killed", true).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<_> = runs(4_000).chunks(16).map(<[_]>::concat).collect();
    let (early, late) = records.split_at(100);
    for (records, projections) in [(early, Some(other_versions_of(&["operations", "runs"]))), (late, None)] {
        let log = EmbeddedLog::open(folder.path().join("log"), OpenOptions::default()).await.unwrap();
        for events in records {
            append(&log, events.clone()).await;
        }
        drop(log);
        if let Some(projections) = projections {
            fold_all(projections, folder.path(), "killed", false).await;
        }
    }
    let log = open_log(folder.path()).await;
    let open = || store::open(&folder.path().join("killed"), 1 << 20, log.id()).unwrap();
    let mut reached = 0;
    for commits in [2, 12, 6] {
        assert_eq!(kill_after(child(TEST, folder.path()), "folded", commits), commits, "it was killed before its end");
        let left = open();
        assert!(!left.store.is_ours(&left.head) && left.rebuilt.is_none(), "the old store answers");
        assert_eq!(engine::sequence_of(&left.head), 100);
        let (_half, head) = left.store.beside().unwrap();
        assert!(engine::sequence_of(&head) >= reached, "what was there stays there");
        reached = engine::sequence_of(&head);
    }
    assert!(reached > 0);
    assert_eq!(kill_after(child(TEST, folder.path()), "it answers", 1), 1);
    let left = open();
    assert!(left.store.is_ours(&left.head) && left.rebuilt.is_none(), "the new store answers");
    assert_eq!(engine::sequence_of(&left.head), records.len() as u64);
    drop(left);
    fold_all(ALL, folder.path(), "fresh", false).await;
    let (killed, fresh) = (rows(folder.path(), "killed").await, rows(folder.path(), "fresh").await);
    assert!(killed == fresh, "{} and {} rows", killed.len(), fresh.len());
}
