//! Projections of other versions, and a log of which no more is read than a test lets through.

use downbeat_domain::Event;
use downbeat_event_log::{Entry, Error, EventLog, LogId, Record, Tail, memory::MemoryLog};
use downbeat_metadata_projector::{
    Error as ProjectorError,
    engine::{
        batch::Batch,
        keys,
        plans::Plans,
        projection::{ALL, Fact, Registered},
    },
};
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::watch;

/// Ours, but these have another version; that of `operations` writes what no version of ours reads.
pub fn other_versions_of(names: &[&str]) -> &'static [Registered] {
    let other = |one: &Registered| match names.contains(&one.name) {
        true if one.name == "operations" => Registered { version: one.version + 1, fold: garbled, ..*one },
        true => Registered { version: one.version + 1, ..*one },
        false => *one,
    };
    ALL.iter().map(other).collect::<Vec<_>>().leak()
}

/// Ours, but not this one.
pub fn without(name: &str) -> &'static [Registered] {
    ALL.iter().filter(|one| one.name != name).copied().collect::<Vec<_>>().leak()
}

fn garbled(fact: &Fact<'_>, _: &mut Plans, batch: &mut Batch<'_>) -> Result<(), ProjectorError> {
    if let Event::OperationsCollected { attempt, .. } = fact.event {
        batch.put_bytes(keys::operation(attempt.run, attempt.task, attempt.number, 0, 0), vec![0xff; 9]);
    }
    Ok(())
}

/// Whoever follows it gets records up to the one that is let through, and waits for the next.
pub struct Gated {
    log: MemoryLog,
    open: watch::Sender<u64>,
}

impl Gated {
    pub fn up_to(log: &MemoryLog, sequence: u64) -> Self {
        Self { log: log.clone(), open: watch::Sender::new(sequence) }
    }

    pub fn open(&self) {
        self.open.send_replace(u64::MAX);
    }
}

#[tonic::async_trait]
impl EventLog for Gated {
    fn id(&self) -> &LogId {
        self.log.id()
    }

    async fn tail(&self) -> Result<Tail, Error> {
        self.log.tail().await
    }

    async fn append(&self, after: Tail, record: &Record) -> Result<Tail, Error> {
        self.log.append(after, record).await
    }

    async fn read(&self, after: u64, max_entries: usize) -> Result<Vec<Entry>, Error> {
        self.log.read(after, max_entries).await
    }

    async fn follow(&self, position: Tail) -> Result<BoxStream<'static, Result<Entry, Error>>, Error> {
        let open = self.open.subscribe();
        let gate = move |entry: Result<Entry, Error>| {
            let mut open = open.clone();
            async move {
                if let Ok(entry) = &entry {
                    // An error means that the test is over.
                    let _ = open.wait_for(|open| *open >= entry.sequence).await;
                }
                entry
            }
        };
        Ok(self.log.follow(position).await?.then(gate).boxed())
    }
}
