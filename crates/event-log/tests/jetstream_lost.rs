//! What may happen to a stream behind the back of its log: lost, rolled back, purged, damaged, full. Each is found, and says what to do.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use downbeat_event_log::archive::{self, Source, export_file, import};
use downbeat_event_log::jetstream::{JetStreamLog, JetStreamOptions};
use downbeat_event_log::testing::nats_cluster::NatsCluster;
use downbeat_event_log::testing::nats_server::{self, NatsServer};
use downbeat_event_log::{
    Access, Error, ErrorKind, EventLog, LogAddress, Nats, NatsConfig, Record, RecordId, Restored, Tail, WritingConfig,
    append_settled, check_position, verify,
};
use serde_json::{Value, json};

fn options(server: &NatsServer) -> JetStreamOptions {
    JetStreamOptions {
        server_url: server.url(),
        monitor_url: Some(server.monitor_url()),
        create: true,
        request_timeout: Duration::from_secs(5),
        ..JetStreamOptions::default()
    }
}

fn record(number: u64) -> Record {
    let mut id = [3; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Record { id: RecordId(id), payload: Bytes::from(format!("payload {number} ").repeat(20)) }
}

/// Where it ends, once the server answers.
async fn end(log: &dyn EventLog) -> Tail {
    for _ in 0..1_200 {
        match log.tail().await {
            Err(error) if error.kind() == ErrorKind::Unavailable => tokio::time::sleep(Duration::from_millis(50)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the server does not come back");
}

/// What opening says once the servers answer.
async fn opened(options: JetStreamOptions) -> Result<JetStreamLog, Error> {
    for _ in 0..100 {
        match JetStreamLog::open(options.clone()).await {
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                tokio::time::sleep(Duration::from_millis(100)).await
            }
            other => return other,
        }
    }
    panic!("the servers do not come back");
}

async fn append(log: &dyn EventLog, records: u64) -> Tail {
    let mut tail = end(log).await;
    for _ in 0..records {
        let wait = |_: &Error, attempt: u32| (attempt < 1_200).then_some(Duration::from_millis(50));
        tail = append_settled(log, tail, &record(tail.sequence + 1), wait).await.unwrap();
    }
    tail
}

async fn ask(server: &NatsServer, subject: &str, body: Value) -> Value {
    let client = async_nats::connect(server.url()).await.unwrap();
    let answer = client.request(subject.to_owned(), body.to_string().into()).await.unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

fn copy_all(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_all(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Files of that ending below a folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(files(&entry, ending));
        } else if entry.extension().is_some_and(|extension| extension == ending) {
            found.push(entry);
        }
    }
    found
}

fn says(error: &Error, parts: &[&str]) {
    for part in parts {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[tokio::test]
async fn a_stream_that_is_gone_is_noticed_by_whoever_has_it_open() {
    let Some(program) = nats_server::find_program() else { return };
    let root = tempfile::tempdir().unwrap();
    let mut server = NatsServer::start(&program, root.path()).unwrap();
    let log = JetStreamLog::open(options(&server)).await.unwrap();
    let tail = append(&log, 5).await;
    server.kill9().unwrap();
    std::fs::remove_dir_all(server.store()).unwrap();
    server.restart().unwrap();
    let refused = loop {
        match log.tail().await {
            Err(error) if error.kind() == ErrorKind::Unavailable => tokio::time::sleep(Duration::from_millis(20)).await,
            other => break other.unwrap_err(),
        }
    };
    assert_eq!(refused.kind(), ErrorKind::ForeignLog);
    says(&refused, &["no longer exists", "docs/runbooks.md#the-log-is-another-one"]);
    // Made again by somebody, it is another log: nothing is appended to it from here.
    let again = JetStreamLog::open(options(&server)).await.unwrap();
    assert_ne!(again.id(), log.id());
    assert_eq!(log.append(tail, &record(6)).await.unwrap_err().kind(), ErrorKind::ForeignLog);
    assert_eq!(check_position(&again, tail).await.unwrap_err().kind(), ErrorKind::AheadOfLog);
}

#[tokio::test]
async fn a_stream_from_an_older_backup_is_noticed_by_positions_and_by_whoever_writes() {
    let Some(program) = nats_server::find_program() else { return };
    let root = tempfile::tempdir().unwrap();
    let mut server = NatsServer::start(&program, root.path()).unwrap();
    let log = JetStreamLog::open(options(&server)).await.unwrap();
    append(&log, 3).await;
    server.stop().unwrap();
    copy_all(&server.store(), &root.path().join("saved"));
    server.restart().unwrap();
    let tail = append(&log, 4).await;
    server.kill9().unwrap();
    std::fs::remove_dir_all(server.store()).unwrap();
    copy_all(&root.path().join("saved"), &server.store());
    server.restart().unwrap();
    let opened = JetStreamLog::open(options(&server)).await.unwrap();
    assert_eq!(opened.id(), log.id(), "its creation was in the backup, too");
    let ahead = check_position(&opened, tail).await.unwrap_err();
    assert_eq!(ahead.kind(), ErrorKind::AheadOfLog);
    says(&ahead, &["position 7 lies beyond its end at 3", "docs/runbooks.md#the-log-lost-its-end"]);
    let lost = opened.append(tail, &record(8)).await.unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::TailLost);
    says(&lost, &["sequence 7 was acknowledged", "docs/runbooks.md#the-log-lost-its-end"]);
    // Whoever goes on with it makes another history, and a position in the old one says so.
    append(&opened, 1).await;
    let mut after = opened.tail().await.unwrap();
    for number in 100..103 {
        after = opened.append(after, &record(number)).await.unwrap();
    }
    assert_eq!(check_position(&opened, tail).await.unwrap_err().kind(), ErrorKind::ForeignLog);
}

#[tokio::test]
async fn a_stream_whose_beginning_was_purged_is_no_log_any_more() {
    let Some(program) = nats_server::find_program() else { return };
    let root = tempfile::tempdir().unwrap();
    let server = NatsServer::start(&program, root.path()).unwrap();
    let log = JetStreamLog::open(options(&server)).await.unwrap();
    let tail = append(&log, 9).await;
    let deleted = ask(&server, "$JS.API.STREAM.MSG.DELETE.DOWNBEAT_LOG_0", json!({"seq": 4})).await;
    assert!(deleted["error"].is_object(), "single records cannot be deleted: {deleted}");
    let purged = ask(&server, "$JS.API.STREAM.PURGE.DOWNBEAT_LOG_0", json!({"seq": 5})).await;
    assert_eq!(purged["purged"], 4, "{purged}");
    let refused = log.tail().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Corrupt);
    says(&refused, &["its beginning was purged", "up to 4", "docs/runbooks.md#the-log-is-damaged"]);
    assert_eq!(JetStreamLog::open(options(&server)).await.unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(verify(&log, |_| ()).await.is_err());
    // A writer that asks the stream for nothing is not the one to find it; the fence still holds.
    assert_eq!(log.append(tail, &record(10)).await.unwrap().sequence, 10);
}

/// One byte, with the server's index in place and without.
#[tokio::test]
async fn a_byte_that_changed_on_the_servers_disk_is_found() {
    let Some(program) = nats_server::find_program() else { return };
    for without_index in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let mut server = NatsServer::start(&program, root.path()).unwrap();
        let log = JetStreamLog::open(options(&server)).await.unwrap();
        let tail = append(&log, 60).await;
        drop(log);
        server.stop().unwrap();
        let blocks: Vec<PathBuf> =
            files(&server.store(), "blk").into_iter().filter(|path| path.metadata().unwrap().len() > 1_000).collect();
        let [block] = blocks.as_slice() else { panic!("{blocks:?}") };
        let mut bytes = std::fs::read(block).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(block, bytes).unwrap();
        if without_index {
            files(&server.store(), "db").iter().for_each(|index| std::fs::remove_file(index).unwrap());
        }
        server.restart().unwrap();
        // Either it does not open, or it does not verify, or it lost its end and a position beyond that says so.
        let found = match JetStreamLog::open(options(&server)).await {
            Err(error) => error,
            Ok(log) => match verify(&log, |_| ()).await {
                Err(error) => error,
                Ok(_) => check_position(&log, tail).await.unwrap_err(),
            },
        };
        let kinds = [ErrorKind::Corrupt, ErrorKind::AheadOfLog, ErrorKind::Unavailable];
        assert!(kinds.contains(&found.kind()), "index removed: {without_index}: {found}");
        assert_ne!(found.kind(), ErrorKind::Unavailable, "index removed: {without_index}: {found}");
    }
}

#[tokio::test]
async fn a_full_stream_says_how_full_it_is_and_goes_on_with_the_same_record_once_there_is_room() {
    let Some(program) = nats_server::find_program() else { return };
    let root = tempfile::tempdir().unwrap();
    let server = NatsServer::start(&program, root.path()).unwrap();
    let log = JetStreamLog::open(JetStreamOptions { max_bytes: 16 * 1024, ..options(&server) }).await.unwrap();
    let mut tail = Tail::start(log.id());
    let refused = loop {
        match log.append(tail, &record(tail.sequence + 1)).await {
            Ok(next) => tail = next,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    let room = log.room().await.unwrap().unwrap();
    assert!(room.part() > 0.9 && room.limit == 16 * 1024, "{room:?}");
    assert_eq!(verify(&log, |_| ()).await.unwrap(), tail, "nothing that was acknowledged is gone");
    let waiting = tokio::spawn({
        let log = log.clone();
        async move { append(&log, 1).await }
    });
    let info = ask(&server, "$JS.API.STREAM.INFO.DOWNBEAT_LOG_0", json!({})).await;
    let mut config = info["config"].clone();
    config["max_bytes"] = json!(1024 * 1024);
    let updated = ask(&server, "$JS.API.STREAM.UPDATE.DOWNBEAT_LOG_0", config).await;
    assert!(updated["error"].is_null(), "{updated}");
    assert_eq!(waiting.await.unwrap(), tail.next(&record(tail.sequence + 1)));
    assert!(log.room().await.unwrap().unwrap().part() < 0.1);
}

#[tokio::test]
async fn strict_refuses_what_is_only_warned_of_otherwise() {
    let Some(program) = nats_server::find_program() else { return };
    let root = tempfile::tempdir().unwrap();
    let config = root.path().join("lazy.conf");
    std::fs::write(&config, "jetstream { sync_interval: \"2m\" }\n").unwrap();
    let lazy_folder = root.path().join("lazy");
    std::fs::create_dir(&lazy_folder).unwrap();
    let lazy = NatsServer::start_configured(&program, &lazy_folder, &config, &[]).unwrap();
    let safe_folder = root.path().join("safe");
    std::fs::create_dir(&safe_folder).unwrap();
    let safe = NatsServer::start(&program, &safe_folder).unwrap();
    let nats = |server: Option<&NatsServer>, strict| {
        let nats_monitor = server.map(NatsServer::monitor_url);
        let writing = WritingConfig { strict, ..WritingConfig::default() };
        NatsConfig { nats_monitor, ..NatsConfig::default() }.of("coordinator").writing(&writing)
    };
    for (server, monitored, refused) in
        [(&lazy, true, "DOES NOT SYNC"), (&safe, true, ""), (&safe, false, "say its monitoring address")]
    {
        let address = LogAddress::Nats(server.url());
        let monitored = monitored.then_some(server);
        address.open_waiting(Access::Write, "test", &nats(monitored, false)).await.unwrap();
        let strict = address.open_waiting(Access::Write, "test", &nats(monitored, true)).await;
        match strict {
            Ok(_) => assert_eq!(refused, ""),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Fatal);
                assert!(!refused.is_empty());
                says(&error, &[refused, "--strict", "docs/runbooks.md#the-log-is-not-safe"]);
            }
        }
        // Who only reads has nothing to lose.
        address.open_waiting(Access::Read, "test", &nats(monitored, true)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_copies_survive_the_loss_of_a_server_and_one_copy_in_a_cluster_is_said() {
    let Some(program) = nats_server::find_program() else { return };
    let root = tempfile::tempdir().unwrap();
    let mut cluster = NatsCluster::start(&program, root.path(), 3).unwrap();
    let monitor = cluster.monitor_urls()[0].clone();
    let nats = |log_replicas| {
        let writing = WritingConfig { strict: true, log_replicas, ..WritingConfig::default() };
        NatsConfig { nats_monitor: Some(monitor.clone()), ..NatsConfig::default() }.of("coordinator").writing(&writing)
    };
    let address = LogAddress::Nats(cluster.url());
    let log = address.open_waiting(Access::Write, "test", &nats(3)).await.unwrap();
    append(&*log, 20).await;
    for number in 0..3 {
        cluster.kill9(number).unwrap();
        append(&*log, 5).await;
        cluster.restart(number).unwrap();
    }
    let tail = append(&*log, 1).await;
    assert_eq!(tail.sequence, 36);
    let file = root.path().join("file");
    export_file(&*log, 0, &file, |_| ()).await.unwrap();

    // One copy, in the same cluster: the stream of a log that is restored from the first.
    let options = JetStreamOptions {
        server_url: cluster.url(),
        stream: "DOWNBEAT_LOG_1".to_owned(),
        subject: "downbeat.log.1".to_owned(),
        create: true,
        restored: Some(Restored { origin: log.id().origin(), up_to: 36 }),
        ..JetStreamOptions::default()
    };
    let single = opened(options.clone()).await.unwrap();
    import(&single, &mut Source::open(std::slice::from_ref(&file)).unwrap(), |_| ()).await.unwrap();
    assert_eq!(verify(&single, |_| ()).await.unwrap(), tail);
    let refused = opened(JetStreamOptions { strict: true, monitor_url: Some(monitor), ..options }).await;
    says(&refused.unwrap_err(), &["the stream has 1 copies on a cluster of 3 servers"]);
}

#[tokio::test]
async fn a_log_is_restored_into_an_empty_server_as_the_same_chain() {
    let Some(program) = nats_server::find_program() else { return };
    let root = tempfile::tempdir().unwrap();
    let mut server = NatsServer::start(&program, root.path()).unwrap();
    let address = LogAddress::Nats(server.url());
    let log = address.open(Access::Write, "test", &Nats::default()).await.unwrap();
    let tail = append(&*log, 40).await;
    let file = root.path().join("file");
    export_file(&*log, 0, &file, |_| ()).await.unwrap();
    let summary = archive::verify(&mut Source::open(std::slice::from_ref(&file)).unwrap(), |_| ()).unwrap();
    let from = Restored { origin: summary.log.origin(), up_to: summary.tail.sequence };
    // Not over the log that is there.
    let refused = address.open_to_restore(&from, "test", &Nats::default()).await.err().unwrap();
    says(&refused, &["there is a log already"]);
    server.kill9().unwrap();
    std::fs::remove_dir_all(server.store()).unwrap();
    server.restart().unwrap();

    let made = address.open_to_restore(&from, "test", &Nats::default()).await.unwrap();
    append(&*made, 0).await;
    let waits = address.open(Access::Read, "test", &Nats::default()).await.err().unwrap();
    assert_eq!(waits.kind(), ErrorKind::Unavailable, "{waits}");
    import(&*made, &mut Source::open(&[file]).unwrap(), |_| ()).await.unwrap();
    let restored = address.open(Access::Write, "test", &Nats::default()).await.unwrap();
    assert_eq!(verify(&*restored, |_| ()).await.unwrap(), tail);
    assert_eq!((restored.id().origin(), restored.id() != log.id()), (log.id().clone(), true));
    check_position(&*restored, tail).await.unwrap();
    append(&*restored, 3).await;
    verify(&*restored, |_| ()).await.unwrap();
}
