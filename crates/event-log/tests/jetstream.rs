//! The log in a real JetStream against the contract, and what only a server can do.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use downbeat_event_log::conformance::{self, Harness};
use downbeat_event_log::jetstream::{JetStreamLog, JetStreamOptions};
use downbeat_event_log::testing::{
    nats_server::{self, NatsServer},
    ports,
};
use downbeat_event_log::{Error, ErrorKind, EventLog, Record, RecordId, Tail, append_settled, frame, verify};
use futures::StreamExt;

fn options(server: &NatsServer) -> JetStreamOptions {
    JetStreamOptions {
        server_url: server.url(),
        monitor_url: Some(server.monitor_url()),
        create: true,
        request_timeout: Duration::from_secs(2),
        ..JetStreamOptions::default()
    }
}

fn record(number: u64) -> Record {
    let mut id = [3; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Record { id: RecordId(id), payload: Bytes::from(format!("payload {number}")) }
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

struct JetStream {
    root: tempfile::TempDir,
    server: NatsServer,
}

impl JetStream {
    fn new(program: &Path) -> Self {
        let root = tempfile::tempdir().unwrap();
        let server = NatsServer::start(program, root.path()).unwrap();
        Self { root, server }
    }
    fn saved(&self) -> PathBuf {
        self.root.path().join("saved")
    }
}

#[async_trait]
impl Harness for JetStream {
    async fn open(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        self.server.restart().unwrap();
        Ok(Arc::new(JetStreamLog::open(options(&self.server)).await?))
    }
    async fn second_writer(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        self.open().await
    }
    async fn other_log(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        let other = JetStreamOptions {
            stream: "DOWNBEAT_LOG_1".to_owned(),
            subject: "downbeat.log.1".to_owned(),
            ..options(&self.server)
        };
        Ok(Arc::new(JetStreamLog::open(other).await?))
    }
    async fn kill(&mut self) {
        self.server.kill9().unwrap();
    }
    fn handles_survive(&self) -> Result<(), &'static str> {
        Ok(())
    }
    async fn save(&mut self) {
        self.server.stop().unwrap();
        copy_all(&self.server.store(), &self.saved());
    }
    async fn roll_back(&mut self) {
        self.server.kill9().unwrap();
        std::fs::remove_dir_all(self.server.store()).unwrap();
        copy_all(&self.saved(), &self.server.store());
    }
    async fn append_unchecked(&mut self, frames: &[Bytes]) {
        let client = async_nats::connect(self.server.url()).await.unwrap();
        for frame in frames {
            let answer = client.request("downbeat.log.0", frame.clone()).await.unwrap();
            let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
            assert!(answer["error"].is_null(), "{answer}");
        }
    }
    /// The power of a server cannot be cut from here: its settings are read from outside instead.
    async fn durability(&mut self) -> Result<(), String> {
        // A server that has just begun says nothing of JetStream yet.
        let told = async {
            loop {
                let varz = self.server.varz().map_err(|error| error.to_string())?;
                match &varz["jetstream"]["config"] {
                    serde_json::Value::Null => tokio::time::sleep(Duration::from_millis(50)).await,
                    config => return Ok::<_, String>(config.clone()),
                }
            }
        };
        let config = tokio::time::timeout(Duration::from_secs(20), told).await;
        let config = config.map_err(|_| "the server never says how it keeps what it is given".to_owned())??;
        if config["sync_always"] != true {
            return Err(format!("the server does not sync every write: {config}"));
        }
        let client = async_nats::connect(self.server.url()).await.map_err(|error| error.to_string())?;
        let answer = client.request("$JS.API.STREAM.INFO.DOWNBEAT_LOG_0", "".into()).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let info: serde_json::Value = serde_json::from_slice(&answer.payload).map_err(|error| error.to_string())?;
        let config = &info["config"];
        let wanted = [
            ("storage", serde_json::json!("file")),
            ("retention", serde_json::json!("limits")),
            ("discard", serde_json::json!("new")),
            ("max_age", serde_json::json!(0)),
            ("deny_delete", serde_json::json!(true)),
            ("deny_purge", serde_json::json!(false)),
            ("allow_direct", serde_json::json!(false)),
        ];
        for (key, value) in wanted {
            if config[key] != value && !(config[key].is_null() && value == false) {
                return Err(format!("{key} is {}, must be {value}", config[key]));
            }
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_jetstream_log_keeps_the_contract() {
    let Some(program) = nats_server::find_program() else { return };
    conformance::run(|| JetStream::new(&program)).await;
}

#[tokio::test]
async fn without_a_server_open_says_so() {
    let port = ports::free_port().unwrap();
    let options = JetStreamOptions { server_url: format!("nats://127.0.0.1:{port}"), ..JetStreamOptions::default() };
    let error = JetStreamLog::open(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_settle_while_the_server_is_killed_under_them() {
    let Some(program) = nats_server::find_program() else { return };
    let mut harness = JetStream::new(&program);
    let log = harness.open().await.unwrap();
    let start = Tail::start(log.id());
    let mut stream = log.follow(start).await.unwrap();
    let (progress, mut seen) = tokio::sync::watch::channel(0_u64);
    let appending = tokio::spawn({
        let log = Arc::clone(&log);
        async move {
            let mut after = start;
            for number in 1..=600 {
                let wait = |_: &Error, _: u32| Some(Duration::from_millis(5));
                after = append_settled(log.as_ref(), after, &record(number), wait).await.unwrap();
                progress.send_replace(after.sequence);
            }
            after
        }
    });
    for at in [100, 250, 400] {
        seen.wait_for(|sequence| *sequence >= at).await.unwrap();
        harness.server.kill9().unwrap();
        harness.server.restart().unwrap();
    }
    let tail = appending.await.unwrap();
    assert_eq!(tail.sequence, 600);
    assert_eq!(verify(log.as_ref(), |_| ()).await.unwrap(), tail);
    for number in 1..=600 {
        assert_eq!(stream.next().await.unwrap().unwrap().id, record(number).id);
    }
}

#[tokio::test]
async fn a_stream_that_was_made_again_is_another_log() {
    let Some(program) = nats_server::find_program() else { return };
    let mut harness = JetStream::new(&program);
    let log = harness.open().await.unwrap();
    let client = async_nats::connect(harness.server.url()).await.unwrap();
    client.request("$JS.API.STREAM.DELETE.DOWNBEAT_LOG_0", "".into()).await.unwrap();
    let again = harness.open().await.unwrap();
    assert_ne!(again.id(), log.id());
    assert_eq!(log.tail().await.unwrap_err().kind(), ErrorKind::ForeignLog);
    let append = log.append(Tail::start(log.id()), &record(1)).await;
    assert_eq!(append.unwrap_err().kind(), ErrorKind::ForeignLog);
}

#[tokio::test]
async fn an_unfit_stream_is_refused() {
    let Some(program) = nats_server::find_program() else { return };
    let harness = JetStream::new(&program);
    let client = async_nats::connect(harness.server.url()).await.unwrap();
    let config = r#"{"name":"DOWNBEAT_LOG_0","subjects":["downbeat.log.0"],"storage":"memory","retention":"limits","max_age":1000000000}"#;
    client.request("$JS.API.STREAM.CREATE.DOWNBEAT_LOG_0", config.into()).await.unwrap();
    let error = JetStreamLog::open(options(&harness.server)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Fatal);
    for word in ["storage", "max_age", "discard", "deny_delete"] {
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
}

#[tokio::test]
async fn a_full_stream_refuses_and_keeps_what_it_has() {
    let Some(program) = nats_server::find_program() else { return };
    let harness = JetStream::new(&program);
    let log = JetStreamLog::open(JetStreamOptions { max_bytes: 4096, ..options(&harness.server) }).await.unwrap();
    let mut after = Tail::start(log.id());
    let error = loop {
        match log.append(after, &record(after.sequence + 1)).await {
            Ok(tail) => after = tail,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(after.sequence > 5);
    assert_eq!(verify(&log, |_| ()).await.unwrap(), after);
}

#[tokio::test]
async fn a_fence_that_refuses_is_settled_by_the_record_right_behind_it() {
    let Some(program) = nats_server::find_program() else { return };
    let mut harness = JetStream::new(&program);
    // given a writer whose second record landed without its knowledge, and another writer's third behind it
    let log = harness.open().await.unwrap();
    let first = log.append(Tail::start(log.id()), &record(1)).await.unwrap();
    let second = first.next(&record(2));
    let frames = [frame::encode(&first.hash, &record(2)).0, frame::encode(&second.hash, &record(3)).0];
    harness.append_unchecked(&frames).await;
    // when it sends its second record again, then it hears that it is there; a different record loses
    assert_eq!(log.append(first, &record(2)).await.unwrap(), second);
    let log = harness.open().await.unwrap();
    let third = log.tail().await.unwrap();
    assert_eq!(third, second.next(&record(3)));
    harness.append_unchecked(&[frame::encode(&third.hash, &record(4)).0]).await;
    assert_eq!(log.append(third, &record(5)).await.unwrap_err().kind(), ErrorKind::Conflict);
}
