//! A log that does not keep up, seen by callers over gRPC: what begins work is refused and may come again, what ends it is taken.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use downbeat_event_log::{Entry, Error, EventLog, LogId, Record, Room, Tail, memory::MemoryLog};
use downbeat_proto::control::v1 as control;
use futures::stream::BoxStream;
use support::{Service, memory};
use tonic::Code;

/// A log whose place has 100 bytes, and whose appends take so long.
#[derive(Clone)]
struct Pressed {
    log: MemoryLog,
    used: Arc<AtomicU64>,
    milliseconds: Arc<AtomicU64>,
}

#[async_trait]
impl EventLog for Pressed {
    fn id(&self) -> &LogId {
        self.log.id()
    }
    async fn tail(&self) -> Result<Tail, Error> {
        self.log.tail().await
    }
    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        tokio::time::sleep(Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))).await;
        self.log.append(after, record).await
    }
    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        self.log.read(after, max_entries).await
    }
    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error> {
        self.log.follow(position).await
    }
    async fn room(&self) -> Result<Option<Room>, Error> {
        let used = self.used.load(Ordering::Relaxed);
        Ok(Some(Room { used, limit: 100, what: "the shelf".to_owned() }))
    }
}

fn pressed() -> Pressed {
    Pressed { log: memory(), used: Arc::default(), milliseconds: Arc::default() }
}

fn start() -> control::StartRunRequest {
    control::StartRunRequest { pipeline: "demo".to_owned(), ..Default::default() }
}

async fn given(log: &Pressed) -> Service {
    let service = Service::over(Arc::new(log.clone())).await;
    let source =
        "version: v1\nname: Demo\npipeline:\n  a: {integration: DOWNBEAT, integration_job: NOOP, parameters: {}}\n";
    let request = control::ApplyPipelineRequest {
        alias: "demo".to_owned(),
        source: source.to_owned(),
        file_name: "demo.yml".to_owned(),
        ..Default::default()
    };
    service.control().apply_pipeline(request).await.unwrap();
    service
}

#[tokio::test]
async fn a_log_without_room_takes_no_new_work_and_ends_what_there_is() {
    let log = pressed();
    let service = given(&log).await;
    let mut client = service.control();
    let run = client.start_run(start()).await.unwrap().into_inner();
    log.used.store(81, Ordering::Relaxed);
    let refused = loop {
        match client.start_run(start()).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    for part in ["the shelf is full to 81 %", "docs/runbooks.md#new-work-is-refused"] {
        assert!(refused.message().contains(part), "{part}: {refused}");
    }
    let cancel = control::CancelRunRequest { run_id: run.run_id, reason: "enough".to_owned(), ..Default::default() };
    client.cancel_run(cancel).await.unwrap();
    log.used.store(75, Ordering::Relaxed);
    while let Err(refused) = client.start_run(start()).await {
        assert_eq!(refused.code(), Code::ResourceExhausted);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.end().await;
}

#[tokio::test]
async fn a_slow_log_takes_no_new_work() {
    let log = pressed();
    let service = given(&log).await;
    let mut client = service.control();
    let run = client.start_run(start()).await.unwrap().into_inner();
    log.milliseconds.store(1_010, Ordering::Relaxed);
    let mut taken = 0;
    let refused = loop {
        match client.start_run(start()).await {
            Ok(_) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert!(taken >= 5, "{taken}: a few slow appends are no rule");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("appends take longer than 1s"), "{refused}");
    log.milliseconds.store(0, Ordering::Relaxed);
    let cancel = control::CancelRunRequest { run_id: run.run_id, reason: "enough".to_owned(), ..Default::default() };
    client.cancel_run(cancel).await.unwrap();
    service.end().await;
}
