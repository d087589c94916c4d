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
mod file;
mod http;
pub mod kinds;
pub mod metrics;
mod nats;
mod openlineage;
mod otlp;
mod subject;
mod traces;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use downbeat_event_log::{Entry, EventLog, LogAddress, LogId, Nats as Client, Tail};
use downbeat_runtime::shutdown::{self, ShutdownSignal};

use self::{checkpoint::Checkpoints, feed::Feed};
pub use self::{
    config::{OpenLineageConfig, OutgoingConfig},
    metrics::Metrics,
};
use crate::{error::Error, published::Published};

/// The account of this version.
const ACCOUNT: &str = "default";

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    /// The same however often it is told, and of nothing else.
    id: String,
    /// NATS subject; empty = it is not for NATS.
    subject: String,
    /// Attributes of CloudEvents by name.
    attributes: Vec<(&'static str, String)>,
    /// JSON.
    body: Bytes,
}

/// In which words a feed tells.
enum Voice {
    CloudEvents(about::Directory),
    OpenLineage(openlineage::Teller),
    Traces(traces::Teller),
}

impl Voice {
    /// What records give to tell, in their order; `before` is the place before the first of them. Blocks for as long as the store reads. After an
    /// error the same may be asked again.
    ///
    /// # Errors
    /// `Damaged`; `Rebuilding` where another version wrote the rows that have the names.
    fn tell(
        &mut self,
        published: &Published,
        log: &LogId,
        before: Tail,
        entries: &[Entry],
    ) -> Result<Vec<Message>, Error> {
        match self {
            Self::CloudEvents(directory) => {
                let mut messages = Vec::new();
                for entry in entries {
                    let told = published.view(|view| cloud_events::tell(directory, view.store, log, entry));
                    messages.extend(told?);
                }
                Ok(messages)
            }
            Self::OpenLineage(teller) => teller.tell(published, before, entries),
            Self::Traces(teller) => teller.tell(published, entries),
        }
    }

    /// From where on the log has to be read again after a restart, where that is before the last record that was told.
    fn held_back(&self) -> Option<Tail> {
        match self {
            Self::CloudEvents(_) | Self::Traces(_) => None,
            Self::OpenLineage(teller) => teller.held_back(),
        }
    }
}

/// Whom a feed tells.
enum Destination {
    Nats(Box<nats::Nats>),
    Http(http::Http),
    File(file::LinesFile),
    Otlp,
}

/// What has become of messages, the first ones first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done {
    /// They were taken.
    taken: usize,
    /// They were refused for good, and are passed over.
    refused: usize,
}

/// Not everything was taken; what is left is to be given again.
#[derive(Debug)]
struct Undelivered {
    why: String,
    /// The destination wants to be left alone for so long.
    pause: Option<Duration>,
}

impl From<Error> for Undelivered {
    fn from(error: Error) -> Self {
        Self { why: error.to_string(), pause: None }
    }
}

impl Destination {
    /// Gives all of it, in this order, and says in `done` how far it came, also where it fails: what is left is given again.
    async fn deliver(&mut self, messages: &[Message], done: &mut Done) -> Result<(), Undelivered> {
        match self {
            Self::Nats(nats) => {
                nats.deliver(messages).await?;
                done.taken = messages.len();
                Ok(())
            }
            Self::Http(http) => http.deliver(messages, done).await,
            Self::Otlp => otlp::deliver(messages, done).await,
            Self::File(file) => {
                tokio::task::block_in_place(|| file.append(messages))?;
                done.taken = messages.len();
                Ok(())
            }
        }
    }
}

/// The feeds of a projector, none where nobody is to be told.
pub struct Outgoing {
    feeds: Vec<Feed>,
}

/// Opens the checkpoints of everybody who is to be told and checks them against the log. `at` is where the log is, and who we are
/// for NATS: the NATS server of a log is told by default.
///
/// # Errors
/// `ForeignCheckpoint`, `Folder`, `Locked`, `Log`; `Setting` where nobody can be told at an address, or a key does not read.
pub async fn start(
    log: &Arc<dyn EventLog>,
    at: (&LogAddress, &Client),
    published: &Arc<Published>,
    config: &OutgoingConfig,
    metrics: &Metrics,
) -> Result<Outgoing, Error> {
    let mut voices = Vec::new();
    if let Some(servers) = config.servers(at.0) {
        let nats = nats::Nats::new(at.1, servers, config.events_replicas)?;
        voices.push(("events", Voice::CloudEvents(about::Directory::default()), Destination::Nats(Box::new(nats))));
    }
    let OpenLineageConfig { openlineage_url, openlineage_api_key_file, openlineage_file } = &config.openlineage;
    if let Some(url) = openlineage_url {
        let http = http::Http::new(url, openlineage_api_key_file.as_deref())?;
        let teller = openlineage::Teller::default();
        voices.push(("openlineage", Voice::OpenLineage(teller), Destination::Http(http)));
    }
    if let Some(file) = openlineage_file {
        let teller = openlineage::Teller::default();
        let file = file::LinesFile::new(file);
        voices.push(("openlineage-file", Voice::OpenLineage(teller), Destination::File(file)));
    }
    if downbeat_runtime::otlp::traces() {
        voices.push(("traces", Voice::Traces(traces::Teller::default()), Destination::Otlp));
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
