//! A projector that tells others, and a subscriber of NATS who is told.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, pull},
};
use downbeat_event_log::{EventLog, LogAddress, Nats};
use downbeat_metadata_projector::{
    Error, OutgoingConfig, ProjectorConfig,
    outgoing::{self, Metrics, config::From},
    published::Published,
    start,
};
use downbeat_runtime::{blob::BlobStore, shutdown::Shutdown};
use futures::StreamExt;
use serde_json::Value;
use tokio::task::JoinHandle;
use tonic::service::RoutesBuilder;

/// How long a subscriber waits for what must come.
const COMES_WITHIN: Duration = Duration::from_secs(180);

/// Projections and feeds over a log.
pub struct Teller {
    pub published: Arc<Published>,
    pub metrics: Metrics,
    shutdown: Shutdown,
    parts: Vec<JoinHandle<Result<(), Error>>>,
}

impl Teller {
    /// Projections in `folder/projections`, checkpoints in `folder/outgoing`.
    pub async fn start(log: Arc<dyn EventLog>, folder: &Path, config: OutgoingConfig) -> Result<Self, Error> {
        let blobs = BlobStore::open(&folder.join("blobs")).unwrap();
        let projector = start(log.clone(), ProjectorConfig::in_folder(folder.join("projections")), blobs).await?;
        let (published, metrics) = (Arc::clone(projector.published()), Metrics::default());
        let at = LogAddress::Embedded("unused".into());
        let feeds =
            outgoing::start(&log, (&at, &Nats::default()), &published, &config, &metrics, String::new()).await?;
        let (driver, _) = projector.into_parts(&mut RoutesBuilder::default());
        let shutdown = Shutdown::default();
        let parts = vec![tokio::spawn(driver.run(shutdown.signal())), tokio::spawn(feeds.run(shutdown.signal()))];
        Ok(Self { published, metrics, shutdown, parts })
    }

    pub async fn stop(self) {
        drop(self.published);
        self.shutdown.begin();
        for part in self.parts {
            part.await.unwrap().unwrap();
        }
    }

    /// Waits until the projections have folded the whole log.
    pub async fn folded(&self, log: &dyn EventLog) {
        let end = log.tail().await.unwrap().sequence;
        let mut progress = self.published.progress();
        progress.wait_for(|progress| progress.sequence >= end).await.unwrap();
    }

    /// The measures as Prometheus reads them.
    pub fn measured(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.metrics.registry()).unwrap();
        text
    }
}

/// Tells this NATS everything from the first record on.
pub fn from_the_start(folder: &Path, nats: &str) -> OutgoingConfig {
    OutgoingConfig {
        events_nats: Some(nats.to_owned()),
        outgoing_from: From::Start,
        ..OutgoingConfig::in_folder(&folder.join("outgoing"))
    }
}

/// What a subscriber got.
#[derive(Clone, Debug)]
pub struct Heard {
    pub subject: String,
    pub id: String,
    pub kind: String,
    pub attributes: Vec<(String, String)>,
    pub data: Value,
}

impl Heard {
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// Reads the stream of events from its beginning.
pub struct Subscriber {
    messages: pull::Stream,
}

impl Subscriber {
    /// Of the subjects that fit. The stream must be there.
    pub async fn of(nats: &str, subject: &str) -> Self {
        let context = jetstream::new(async_nats::connect(nats).await.unwrap());
        let stream = loop {
            match context.get_stream("DOWNBEAT_EVENTS").await {
                Ok(stream) => break stream,
                // The projector makes it when it begins.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        let config =
            pull::Config { filter_subject: subject.to_owned(), ack_policy: AckPolicy::None, ..pull::Config::default() };
        Self { messages: stream.create_consumer(config).await.unwrap().messages().await.unwrap() }
    }

    pub async fn next(&mut self) -> Heard {
        let message = tokio::time::timeout(COMES_WITHIN, self.messages.next()).await.expect("an event in time");
        let message = message.unwrap().unwrap();
        let headers = message.headers.clone().unwrap_or_default();
        let attributes: Vec<(String, String)> = headers
            .iter()
            .map(|(name, values)| (name.to_string().to_lowercase(), values[0].as_str().to_owned()))
            .filter_map(|(name, value)| Some((name.strip_prefix("ce-")?.to_owned(), value)))
            .collect();
        let data: Value = serde_json::from_slice(&message.payload).unwrap();
        let mut heard =
            Heard { subject: message.subject.to_string(), id: String::new(), kind: String::new(), attributes, data };
        heard.id = heard.attribute("id").to_owned();
        heard.kind = heard.data["kind"].as_str().unwrap().to_owned();
        heard
    }

    pub async fn take(&mut self, count: usize) -> Vec<Heard> {
        let mut heard: Vec<Heard> = Vec::with_capacity(count);
        while heard.len() < count {
            heard.push(self.next().await);
        }
        heard
    }
}

/// Kinds in the order in which they were heard.
pub fn kinds(heard: &[Heard]) -> Vec<&str> {
    heard.iter().map(|heard| heard.kind.as_str()).collect()
}

/// In the order of the log, and each once.
pub fn in_order_and_once(heard: &[Heard]) {
    for pair in heard.windows(2) {
        let (before, after) = (pair[0].attribute("sequence"), pair[1].attribute("sequence"));
        assert!(before < after, "{before} and then {after}");
    }
}

/// Waits until it holds. `what` names it where it does not come.
pub async fn once(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < COMES_WITHIN, "it has not come: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
