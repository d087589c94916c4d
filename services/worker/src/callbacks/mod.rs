//! What jobs elsewhere say of themselves: an endpoint that takes it, and a journal per attempt from which any worker reads it.
//!
//! Promises: who posts shows a key that is made for that one attempt (or that of the workers); what was acknowledged is in the blob store, so it
//! does not matter which of the workers took it or which of them looks after the attempt; what one attempt may leave, and how fast, is
//! limited, and it is removed when nothing was added for long. It knows nothing of how jobs are begun.

mod api;
mod rate;

use std::{net::SocketAddr, sync::Arc, time::SystemTime};

use downbeat_runtime::blob::{BlobKey, BlobStore};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Semaphore},
    task::JoinHandle,
};
use uuid::Uuid;

use crate::attempt::Failure;
use crate::config::WorkerConfig;
use crate::connections::Secret;
use crate::error::Error;
use crate::limits::{
    CALLBACK_KEY_BYTES_MIN, CALLBACK_READ_BYTES, CALLBACKS_AT_ONCE, CALLBACKS_KEPT, CALLBACKS_LOOK_AGAIN,
};
use crate::script_events::{ScriptState, api as events};
use crate::web;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Callbacks {
    store: BlobStore,
    key: Secret,
    /// Where jobs reach one of the workers.
    pub(crate) url: String,
    /// One line is written at a time.
    writes: Arc<Mutex<()>>,
    rates: Arc<Mutex<rate::Rates>>,
    /// For requests that are taken at once.
    places: Arc<Semaphore>,
}

/// The endpoint; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
    forgetting: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.serving.abort();
        self.forgetting.abort();
    }
}

impl Callbacks {
    pub(crate) fn new(store: BlobStore, key: Secret, url: String) -> Self {
        let places = Arc::new(Semaphore::new(CALLBACKS_AT_ONCE));
        Self { store, key, url, writes: Arc::default(), rates: Arc::default(), places }
    }

    /// For lists of jobs: nobody is called.
    pub(crate) fn nobody(store: BlobStore) -> Self {
        Self::new(store, Secret::new(Uuid::new_v4().to_string()), "http://127.0.0.1/".to_owned())
    }

    /// As the worker's settings say; `None`: it cannot be called.
    ///
    /// # Errors
    /// A setting that is missing or wrong.
    pub(crate) fn of(config: &WorkerConfig, store: &BlobStore) -> Result<Option<Self>, Error> {
        if config.callbacks.is_none() {
            return Ok(None);
        }
        let wrong = |setting, reason: &str| Error::Config { setting, reason: reason.to_owned() };
        let url = config.callbacks_url.as_deref().and_then(web::absolute).ok_or_else(|| {
            wrong(
                "DOWNBEAT_WORKER_CALLBACKS_URL",
                "must be the URL at which jobs elsewhere reach this worker, like https://downbeat.example.com/",
            )
        })?;
        let setting = "DOWNBEAT_WORKER_CALLBACKS_KEY_FILE";
        let file = config.callbacks_key_file.as_deref().ok_or_else(|| wrong(setting, "must name a file with a key"))?;
        let key = std::fs::read_to_string(file)
            .map_err(|error| wrong(setting, &format!("{} cannot be read: {error}", file.display())))?;
        let key = key.trim();
        if key.len() < CALLBACK_KEY_BYTES_MIN {
            return Err(wrong(
                setting,
                &format!("{} holds a key of less than {CALLBACK_KEY_BYTES_MIN} characters", file.display()),
            ));
        }
        Ok(Some(Self::new(store.clone(), Secret::new(key), url.to_string())))
    }

    /// Listens there.
    ///
    /// # Errors
    /// The port cannot be had.
    pub(crate) async fn serve(&self, address: SocketAddr) -> Result<Listening, Error> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(Error::io(format!("cannot listen on {address} for callbacks")))?;
        let address = listener.local_addr().map_err(Error::io("cannot read the port for callbacks"))?;
        let router = api::router(self.clone());
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the endpoint for callbacks ended");
            }
        });
        let forgetting = tokio::spawn(forget(self.store.clone()));
        Ok(Listening { address, serving, forgetting })
    }

    /// The key with which the job of that attempt posts.
    pub(crate) fn key_of(&self, id: Uuid) -> Secret {
        let key = blake3::derive_key("downbeat 2026 key of callbacks", self.key.reveal().as_bytes());
        Secret::new(blake3::keyed_hash(&key, id.as_bytes()).to_hex().to_string())
    }

    /// Whether this key may post for that attempt. Comparison of hashes takes constant time.
    fn admits(&self, shown: &str, id: Uuid) -> bool {
        let shown = blake3::hash(shown.as_bytes());
        shown == blake3::hash(self.key_of(id).reveal().as_bytes())
            || shown == blake3::hash(self.key.reveal().as_bytes())
    }

    /// A reader of what was posted for that attempt.
    pub(crate) fn journal(&self, id: Uuid, set_outputs: bool) -> Journal {
        Journal { store: self.store.clone(), key: BlobKey::callback(id), set_outputs, read: Mutex::default() }
    }
}

/// Removes what was posted long ago, now and then, for as long as it is let.
async fn forget(store: BlobStore) {
    loop {
        let store = store.clone();
        let before = SystemTime::now().checked_sub(CALLBACKS_KEPT).unwrap_or(SystemTime::UNIX_EPOCH);
        match tokio::task::spawn_blocking(move || store.remove_callbacks(before)).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(removed)) => tracing::info!(removed, "removed what jobs had posted long ago"),
            Ok(Err(error)) => tracing::warn!(%error, "what jobs posted long ago cannot be removed"),
        }
        tokio::time::sleep(CALLBACKS_LOOK_AGAIN).await;
    }
}

/// What was posted for one attempt.
#[derive(Debug)]
pub(crate) struct Journal {
    store: BlobStore,
    key: BlobKey,
    set_outputs: bool,
    read: Mutex<Read>,
}

/// How far it was read, and what that came to.
#[derive(Debug, Default)]
struct Read {
    offset: u64,
    /// Of a line whose end was not there yet.
    rest: Vec<u8>,
    said: ScriptState,
}

impl Journal {
    /// What was said so far.
    ///
    /// # Errors
    /// TRANSIENT: the blob store cannot be read.
    pub(crate) async fn look<T>(&self, look: impl FnOnce(&ScriptState) -> T) -> Result<T, Failure> {
        let mut read = self.read.lock().await;
        loop {
            let chunk = self.store.read(&self.key, read.offset, CALLBACK_READ_BYTES).await;
            let chunk = chunk.map_err(|error| Failure::transient(error.to_string()))?;
            let Some(chunk) = chunk.filter(|chunk| !chunk.data.is_empty()) else { return Ok(look(&read.said)) };
            read.offset += chunk.data.len() as u64;
            let read = &mut *read;
            read.rest.extend_from_slice(&chunk.data);
            while let Some(end) = read.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = read.rest.drain(..=end).collect();
                // Only what could be read was written; what is too much was refused, or is left out here.
                if let Ok(events::Addressed { event, .. }) = serde_json::from_slice(&line) {
                    events::take(&mut read.said, event, self.set_outputs).ok();
                }
            }
        }
    }
}
