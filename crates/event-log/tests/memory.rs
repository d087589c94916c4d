//! The log in memory against the contract, and its faults.

#![allow(clippy::unwrap_used)] // helpers of tests, which the clippy setting for #[test] functions does not reach

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use downbeat_event_log::conformance::{self, Harness};
use downbeat_event_log::faults::Faults;
use downbeat_event_log::memory::MemoryLog;
use downbeat_event_log::{Error, EventLog, LogId, Record, RecordId, Tail, append_settled};

struct Memory {
    log: MemoryLog,
    saved: Vec<Bytes>,
}

#[async_trait]
impl Harness for Memory {
    async fn open(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        Ok(Arc::new(self.log.reopen()))
    }
    async fn second_writer(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        Ok(Arc::new(self.log.clone()))
    }
    async fn other_log(&mut self) -> Result<Arc<dyn EventLog>, Error> {
        Ok(Arc::new(MemoryLog::new(LogId("other@1".to_owned()))))
    }
    /// The memory of the simulation is its disk: a crash takes the handles only.
    async fn kill(&mut self) {}
    fn handles_survive(&self) -> Result<(), &'static str> {
        Ok(())
    }
    async fn save(&mut self) {
        self.saved = self.log.stored_frames();
    }
    async fn roll_back(&mut self) {
        self.log.restore_frames(self.saved.clone());
    }
    async fn append_unchecked(&mut self, frames: &[Bytes]) {
        self.log.restore_frames([&self.log.stored_frames(), frames].concat());
    }
    async fn durability(&mut self) -> Result<(), String> {
        // In the simulation "durable" means: in the shared memory before the acknowledgement.
        if self.log.stored_frames().len() == 2 { Ok(()) } else { Err("not stored".to_owned()) }
    }
}

#[tokio::test]
async fn the_memory_log_keeps_the_contract() {
    conformance::run(|| Memory { log: MemoryLog::new(LogId("test@1".to_owned())), saved: Vec::new() }).await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let run = async |seed| {
        let faults = Faults { seed, lost_ack: 0.2, lost_send: 0.2, late_landing: 0.2, unavailable: 0.1 };
        let log = MemoryLog::with_faults(LogId("test@1".to_owned()), faults);
        let mut after = Tail::start(log.id());
        let mut story = Vec::new();
        for number in 0..50_u8 {
            let record = Record { id: RecordId([number; 16]), payload: Bytes::from_static(b"x") };
            let retry = |error: &Error, attempt| {
                story.push((number, error.kind(), attempt));
                Some(std::time::Duration::ZERO)
            };
            after = append_settled(&log, after, &record, retry).await.unwrap();
        }
        (story, after)
    };
    let (first, again, other) = (run(1).await, run(1).await, run(2).await);
    assert_eq!(first, again);
    assert_ne!(first.0, other.0);
    assert_eq!(first.1, other.1, "faults must not change what the log holds");
}
