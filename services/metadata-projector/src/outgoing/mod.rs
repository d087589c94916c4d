//! What is told to others: everything that happens, read from the log a second time and sent where an operator says.
//!
//! Promises: each destination is told everything from its checkpoint on, in the order of the log, at least once; a checkpoint moves only
//! over what was taken, is checked against the log before it is used, and does not live with the projections, so that rebuilding them tells
//! nobody anything again. A destination that is slow or away holds up its own feed and nothing else. Knows nothing about how decisions are
//! taken; names come from the rows of the projections, which a feed never overtakes.

mod about;
mod checkpoint;
mod cloud_events;
pub mod config;
mod feed;
pub mod kinds;
pub mod metrics;
mod nats;
mod subject;

use std::sync::Arc;

use bytes::Bytes;
use downbeat_event_log::{Entry, EventLog, LogAddress, LogId};
use downbeat_runtime::shutdown::{self, ShutdownSignal};

use self::{checkpoint::Checkpoints, feed::Feed};
pub use self::{config::OutgoingConfig, metrics::Metrics};
use crate::{error::Error, published::Published, served::Served};

/// The account of this version.
const ACCOUNT: &str = "default";

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    /// Derived from the place in the log, so that it is the same however often it is told.
    id: String,
    /// NATS subject.
    subject: String,
    /// Attributes of CloudEvents by name.
    attributes: Vec<(&'static str, String)>,
    /// JSON.
    body: Bytes,
}

/// In which words a feed tells.
enum Voice {
    CloudEvents(about::Directory),
}

impl Voice {
    /// What a record gives to tell, in its order. Blocks for as long as the store reads.
    ///
    /// # Errors
    /// `Damaged`; `Rebuilding` where another version wrote the rows that have the names.
    fn tell(&mut self, store: &Served, log: &LogId, entry: &Entry) -> Result<Vec<Message>, Error> {
        match self {
            Self::CloudEvents(directory) => cloud_events::tell(directory, store, log, entry),
        }
    }
}

/// Whom a feed tells.
enum Destination {
    Nats(nats::Nats),
}

impl Destination {
    /// Gives all of it, in this order; after an error the same is given again.
    async fn deliver(&mut self, messages: &[Message]) -> Result<(), Error> {
        match self {
            Self::Nats(nats) => nats.deliver(messages).await,
        }
    }
}

/// The feeds of a projector, none where nobody is to be told.
pub struct Outgoing {
    feeds: Vec<Feed>,
}

/// Opens the checkpoints of everybody who is to be told and checks them against the log. `at` is where the log is: the NATS server of a log is
/// told by default.
///
/// # Errors
/// `ForeignCheckpoint`, `Folder`, `Locked`, `Log`.
pub async fn start(
    log: &Arc<dyn EventLog>,
    at: &LogAddress,
    published: &Arc<Published>,
    config: &OutgoingConfig,
    metrics: &Metrics,
) -> Result<Outgoing, Error> {
    let mut voices = Vec::new();
    if let Some(servers) = config.servers(at) {
        let nats = nats::Nats::new(servers, config.events_replicas);
        voices.push(("events", Voice::CloudEvents(about::Directory::default()), Destination::Nats(nats)));
    }
    let mut feeds = Vec::new();
    if !voices.is_empty() {
        let checkpoints = Arc::new(Checkpoints::open(&config.outgoing_data)?);
        for (name, voice, destination) in voices {
            let (checkpoint, position) = checkpoints.of(name, &**log, config.outgoing_from).await?;
            let (log, published) = (Arc::clone(log), Arc::clone(published));
            let metrics = metrics.of(name);
            feeds.push(Feed { name, log, published, voice, destination, checkpoint, position, metrics });
        }
    }
    Ok(Outgoing { feeds })
}

impl Outgoing {
    /// Tells until the signal.
    ///
    /// # Errors
    /// `Log` when the log fails for good, `Damaged` when the rows do not read, `Folder` when a checkpoint cannot be written.
    pub async fn run(self, mut signal: ShutdownSignal) -> Result<(), Error> {
        let mut running = tokio::task::JoinSet::new();
        for feed in self.feeds {
            running.spawn(feed.run(signal.clone()));
        }
        while let Some(ended) = running.join_next().await {
            ended.unwrap_or_else(|error| Err(Error::Internal(format!("a feed failed: {error}"))))?;
        }
        // Nobody is to be told: that is no reason to end.
        shutdown::wait(&mut signal).await;
        Ok(())
    }
}
