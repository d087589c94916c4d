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
mod turn;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use downbeat_event_log::{Entry, EventLog, LogAddress, LogId, Nats as Client, Tail, lease::TELLER};
use downbeat_runtime::shutdown::{self, ShutdownSignal};

use self::{
    checkpoint::Checkpoints,
    feed::Feed,
    turn::{Notes, Turn},
};
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

/// What a projector tells others while it is its turn; nothing where nobody is to be told.
pub struct Outgoing {
    log: Arc<dyn EventLog>,
    nats: Option<(Client, String)>,
    published: Arc<Published>,
    config: OutgoingConfig,
    metrics: Metrics,
    checkpoints: Option<Arc<Checkpoints>>,
    turn: Turn,
}

/// Opens the checkpoints of everybody who is to be told. `at` is where the log is, and who we are for NATS: the NATS server of a log is told by
/// default. `address` is where this projector is: of several, one tells at a time.
///
/// # Errors
/// `ForeignCheckpoint`, `Folder`, `Locked`, `Log`; `Setting` where nobody can be told at an address, or a key does not read.
pub async fn start(
    log: &Arc<dyn EventLog>,
    at: (&LogAddress, &Client),
    published: &Arc<Published>,
    config: &OutgoingConfig,
    metrics: &Metrics,
    address: String,
) -> Result<Outgoing, Error> {
    let nats = config.servers(at.0).map(|servers| (at.1.clone(), servers));
    let mut outgoing = Outgoing {
        log: Arc::clone(log),
        nats,
        published: Arc::clone(published),
        config: config.clone(),
        metrics: metrics.clone(),
        checkpoints: None,
        turn: Turn::new(None, String::new()),
    };
    // What is wrong with a setting is said at the start, whoever's turn it is.
    let voices = outgoing.voices()?;
    if !voices.is_empty() {
        let checkpoints = Arc::new(Checkpoints::open(&config.outgoing_data)?);
        for (name, ..) in voices {
            checkpoints.check(name, &**log).await?;
        }
        outgoing.checkpoints = Some(checkpoints);
        outgoing.turn = Turn::new(at.0.lease(TELLER, "downbeat-projector", at.1).await?, address);
    }
    Ok(outgoing)
}

impl Outgoing {
    /// Tells until the signal.
    ///
    /// # Errors
    /// `ForeignCheckpoint`; `Log` when the log fails for good, `Damaged` when the rows do not read, `Folder` when a checkpoint cannot be written.
    pub async fn run(mut self, mut signal: ShutdownSignal) -> Result<(), Error> {
        let Some(checkpoints) = self.checkpoints.take() else {
            // Nobody is to be told: that is no reason to end.
            shutdown::wait(&mut signal).await;
            return Ok(());
        };
        loop {
            // In this order: where it is its turn at once, the places it begins at are remembered even if it is asked to end as early as this.
            let held = tokio::select! {
                biased;
                held = self.turn.comes() => held,
                () = shutdown::wait(&mut signal) => return Ok(()),
            };
            let mut running = tokio::task::JoinSet::new();
            for feed in self.feeds(&checkpoints, &held.notes).await? {
                running.spawn(feed.run(signal.clone()));
            }
            let told = async {
                while let Some(ended) = running.join_next().await {
                    ended.unwrap_or_else(|error| Err(Error::Internal(format!("a feed failed: {error}"))))?;
                }
                Ok::<(), Error>(())
            };
            let told = tokio::select! {
                told = told => Some(told),
                () = held.keep() => None,
            };
            match told {
                Some(told) => {
                    held.give_back().await;
                    told?;
                    // The projections have ended, or somebody has asked for it.
                    shutdown::wait(&mut signal).await;
                    return Ok(());
                }
                None => {
                    tracing::warn!("another projector tells others what happens from now on");
                    self.turn.lost();
                }
            }
        }
    }

    async fn feeds(&self, checkpoints: &Arc<Checkpoints>, notes: &Notes) -> Result<Vec<Feed>, Error> {
        let mut feeds = Vec::new();
        for (name, voice, destination) in self.voices()? {
            let noted = notes.told(name, self.log.id());
            let (checkpoint, position) = checkpoints.of(name, &*self.log, self.config.outgoing_from, noted).await?;
            let (log, published) = (Arc::clone(&self.log), Arc::clone(&self.published));
            let (metrics, notes) = (self.metrics.of(name), notes.clone());
            notes.tell(name, log.id(), position);
            feeds.push(Feed { name, log, published, voice, destination, checkpoint, position, notes, metrics });
        }
        Ok(feeds)
    }

    fn voices(&self) -> Result<Vec<(&'static str, Voice, Destination)>, Error> {
        let mut voices = Vec::new();
        if let Some((client, servers)) = &self.nats {
            let nats = nats::Nats::new(client, servers.clone(), self.config.events_replicas)?;
            let destination = Destination::Nats(Box::new(nats));
            voices.push(("events", Voice::CloudEvents(about::Directory::default()), destination));
        }
        let OpenLineageConfig { openlineage_url, openlineage_api_key_file, openlineage_file } =
            &self.config.openlineage;
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
        Ok(voices)
    }
}
