//! A server with the recorded shape of another system's API: one program, driven by data (`connectors/**/*.shape.yaml`).
//!
//! Promises: it keeps a table of jobs by token, takes each through its states one look at a time, checks who asks, misbehaves as its
//! [`Plan`] says, and counts what was submitted and cancelled. The same plan and the same requests give the same answers. It knows the
//! shape of an API and nothing of what the API is for: it is evidence for the shape and not for the system.

mod faults;
mod paged;
mod proof;
mod shape;
mod table;
pub(crate) mod wire;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinHandle};

pub use faults::{Fault, On, Plan};
pub(crate) use proof::test_key;
pub use shape::Shape;
use table::Table;

/// How long a slow answer takes.
const SLOW: Duration = Duration::from_millis(30);

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Recorded {
    url: String,
    table: Arc<Mutex<Table>>,
    serving: JoinHandle<()>,
}

impl Recorded {
    /// Serves a shape on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn serve(shape: Shape, plan: Plan) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let table = Arc::new(Mutex::new(Table::new(shape, plan)));
        let serving = tokio::spawn(serve(listener, Arc::clone(&table)));
        Ok(Self { url, table, serving })
    }

    /// Where it is: what the field `endpoint` of a connection holds.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many jobs were submitted for each token (or for each start, where the API takes no token).
    pub fn submitted(&self) -> BTreeMap<String, u32> {
        self.with(|table| table.submitted.clone())
    }

    /// How many requests came, of any kind.
    pub fn requests(&self) -> u64 {
        self.with(|table| table.requests)
    }

    /// How many jobs were asked to end.
    pub fn cancels(&self) -> usize {
        self.with(|table| table.cancelled())
    }

    /// How many requests did not show who asks.
    pub fn strangers(&self) -> usize {
        self.with(|table| table.strangers)
    }

    /// Requests that no route of the shape takes.
    pub fn unknown(&self) -> Vec<String> {
        self.with(|table| table.unknown.clone())
    }

    /// How many pages of lists were asked for beyond the first ones.
    pub fn later_pages(&self) -> usize {
        self.with(|table| table.later_pages)
    }

    fn with<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        look(&self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, table: Arc<Mutex<Table>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let table = Arc::clone(&table);
        tokio::spawn(async move {
            let Some(asked) = wire::read(&mut stream).await else { return };
            let (answer, fault) = {
                let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
                table.handle(&asked)
            };
            if fault == Fault::Slow {
                tokio::time::sleep(SLOW).await;
            }
            if let Some(answer) = answer {
                wire::write(&mut stream, &answer).await;
            }
        });
    }
}
