//! A disk that is full while the new store is filled: the old one goes on answering, and nothing of the new one is left.
#![allow(clippy::unwrap_used, reason = "helpers of tests too")]

mod support;

use std::{path::Path, process::Command, sync::Arc};

use downbeat_event_log::{
    EventLog,
    embedded::{EmbeddedLog, OpenOptions},
};
use downbeat_metadata_projector::{
    Driver, ProjectorConfig, engine,
    engine::projection::{ALL, Registered},
    published::Published,
    query::runs,
    start_with, store,
};
use downbeat_runtime::{blob::BlobStore, shutdown::Shutdown};
use support::{others::*, *};

const FOLDER: &str = "DOWNBEAT_TEST_FULL_DISK_FOLDER";
/// Runs that the old store knows.
const OLD_RUNS: u32 = 20;

async fn projector(projections: &'static [Registered], folder: &Path) -> (Arc<Published>, Driver, u64) {
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    let log = Arc::new(EmbeddedLog::open(folder.join("log"), options).await.unwrap());
    let end = log.tail().await.unwrap().sequence;
    let config = ProjectorConfig::in_folder(folder.join("projections"));
    let projector = start_with(projections, log, config, BlobStore::open(folder).unwrap()).await.unwrap();
    let published = Arc::clone(projector.published());
    (published, projector.into_parts(&mut tonic::service::RoutesBuilder::default()).0, end)
}

async fn fold_all(projections: &'static [Registered], folder: &Path) {
    let (published, driver, end) = projector(projections, folder).await;
    let shutdown = Shutdown::default();
    let driven = tokio::spawn(driver.run(shutdown.signal()));
    published.progress().wait_for(|progress| progress.sequence == end).await.unwrap();
    shutdown.begin();
    driven.await.unwrap().unwrap();
}

/// Under the limit: the rebuild fails.
async fn fail(folder: &Path) {
    let (published, driver, _) = projector(ALL, folder).await;
    let shutdown = Shutdown::default();
    let driven = tokio::spawn(driver.run(shutdown.signal()));
    let mut folded = published.rebuild().unwrap().folded();
    folded.wait_for(|folded| *folded > 0).await.unwrap();
    // It was abandoned, and what it took is free again.
    folded.wait_for(|folded| *folded == 0).await.unwrap();
    let listed = published.view(|view| runs::list(view, &Default::default()).unwrap().rows.len());
    assert_eq!(listed, OLD_RUNS as usize);
    shutdown.begin();
    driven.await.unwrap().unwrap();
    assert!(!folder.join("projections/store-1").exists());
    println!("the old store answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_the_old_store_as_it_was() {
    // This very test is also the process whose files must not grow.
    if let Ok(folder) = std::env::var(FOLDER) {
        return fail(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let records: Vec<_> = runs(3_000).chunks(16).map(<[_]>::concat).collect();
    // A run has 20 events, a record 32.
    let (early, late) = records.split_at(12);
    for (records, first) in [(early, true), (late, false)] {
        let log = EmbeddedLog::open(folder.join("log"), OpenOptions::default()).await.unwrap();
        for events in records {
            append(&log, events.clone()).await;
        }
        drop(log);
        if first {
            fold_all(other_versions_of(&["operations"]), folder).await;
        }
    }
    // No file beyond 4 MiB; like a full disk, that is an error of the write and not a signal.
    let output = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "a_full_disk_leaves_the_old_store_as_it_was", "--nocapture"])
        .env(FOLDER, folder)
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("the old store answers"), "{told}");

    fold_all(ALL, folder).await;
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    let log = EmbeddedLog::open(folder.join("log"), options).await.unwrap();
    let opened = store::open(&folder.join("projections"), 1 << 20, log.id()).unwrap();
    assert_eq!((opened.store.is_ours(&opened.head), opened.rebuilt), (true, None));
    assert_eq!(engine::sequence_of(&opened.head), records.len() as u64);
}
