//! The loopback endpoint to which running scripts report: status, outputs and log files, in the published format.
//!
//! Promises: a script reaches its own attempt only (by a key that is random per attempt); repeated events change nothing; what
//! an attempt may leave here is limited. It knows nothing about processes or the coordinator.

pub(crate) mod api;
mod state;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;

use crate::error::Error;
pub(crate) use state::{ScriptState, ScriptStatus};

type Attempts = Arc<Mutex<BTreeMap<String, Arc<Entry>>>>;

#[derive(Debug)]
struct Entry {
    key_hash: blake3::Hash,
    set_outputs: bool,
    state: Mutex<ScriptState>,
}

/// The endpoint; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct ScriptEvents {
    address: SocketAddr,
    attempts: Attempts,
    server: JoinHandle<()>,
}

impl Drop for ScriptEvents {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl ScriptEvents {
    /// Opens the endpoint on a free port of the loopback interface.
    ///
    /// # Errors
    /// No port could be opened.
    pub(crate) async fn serve() -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(Error::io("cannot open a port on 127.0.0.1 for the events of scripts"))?;
        let address = listener.local_addr().map_err(Error::io("cannot read the port for the events of scripts"))?;
        let attempts = Attempts::default();
        let router = api::router(Arc::clone(&attempts));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the endpoint for the events of scripts ended");
            }
        });
        Ok(Self { address, attempts, server })
    }

    /// Opens the door for one attempt.
    pub(crate) fn admit(&self, task_run_id: &str, set_outputs: bool) -> Admission {
        let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let entry = Arc::new(Entry { key_hash: blake3::hash(key.as_bytes()), set_outputs, state: Mutex::default() });
        locked(&self.attempts).insert(task_run_id.to_owned(), Arc::clone(&entry));
        Admission {
            url: format!("http://{}/", self.address),
            key,
            task_run_id: task_run_id.to_owned(),
            entry,
            attempts: Arc::clone(&self.attempts),
        }
    }
}

/// The open door of one attempt; closed when this is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) url: String,
    pub(crate) key: String,
    task_run_id: String,
    entry: Arc<Entry>,
    attempts: Attempts,
}

impl Admission {
    /// Closes the door and hands over what the script said.
    pub(crate) fn close(self) -> ScriptState {
        let entry = Arc::clone(&self.entry);
        drop(self);
        std::mem::take(&mut *locked(&entry.state))
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut attempts = locked(&self.attempts);
        // A later attempt of the same task run may have a door of its own by now.
        if attempts.get(&self.task_run_id).is_some_and(|entry| Arc::ptr_eq(entry, &self.entry)) {
            attempts.remove(&self.task_run_id);
        }
    }
}

/// A panic while the lock was held leaves whole values behind: each change here is a single assignment.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
