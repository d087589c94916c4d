//! What the worker can do for a task: one connector per integration job, and the registry of all of them.
//!
//! A connector of this version runs on the worker's machine, so what it started ends with the worker and there is no handle
//! that another worker could carry on with. Its contract, checked by the conformance suite for every connector:
//! - bad parameters give MISCONFIGURED and name the parameter; nothing was started;
//! - a stop that was asked before or while it runs gives `Ending::Stopped`, and nothing of it is left when `run` returns;
//! - `Task::token` is the same whenever the same attempt is run: it goes to a remote side that takes an idempotency key;
//! - a failure says what, where and what to do; nothing outside makes it panic (and if it does, the runner answers FAILED).

#[cfg(test)]
mod conformance;
pub(crate) mod dbt;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod noop;
pub(crate) mod parameters;
pub(crate) mod python;
pub(crate) mod source;
pub(crate) mod sql;
pub(crate) mod ssh;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use downbeat_proto::worker::v1::{Job, Offer};
use serde_json::{Map, Value};

use crate::attempt::{Ended, Ending, Failure};
use crate::connections::Connections;
use crate::process::{book::Page, log::TaskLog};
use crate::script_events::ScriptEvents;
use crate::stop::StopSignal;
use crate::toolchain::Toolchain;

/// An attempt as a connector sees it.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) offer: Offer,
    /// The offer's parameters, read.
    pub(crate) parameters: Map<String, Value>,
    /// Stable per attempt, different for any two attempts.
    pub(crate) token: String,
    /// A folder of this attempt alone, removed afterwards.
    pub(crate) folder: PathBuf,
    pub(crate) log: TaskLog,
    pub(crate) stop: StopSignal,
    pub(crate) page: Page,
}

/// A step of a connector: its value, or how the attempt ends instead of it.
pub(crate) type Step<T> = Result<T, Ending>;

impl From<Failure> for Ending {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Something that carries out tasks. See the module's documentation for the contract.
#[async_trait]
pub(crate) trait Connector: std::fmt::Debug + Send + Sync {
    /// Integration and job that it serves.
    fn job(&self) -> (&'static str, &'static str);

    /// Whether it can do nothing without a connection.
    fn needs_connection(&self) -> bool {
        false
    }

    /// Carries out one attempt to its end.
    async fn run(&self, task: &Task) -> Ended;
}

/// All connectors of this worker.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    all: Vec<Arc<dyn Connector>>,
    /// Whether there can be any connection.
    connections: bool,
}

impl Registry {
    pub(crate) fn new(toolchain: Arc<Toolchain>, events: Arc<ScriptEvents>, connections: &Connections) -> Self {
        let mut all: Vec<Arc<dyn Connector>> = vec![
            Arc::new(python::Python::new(Arc::clone(&toolchain), events)),
            Arc::new(dbt::Dbt::new(toolchain)),
            Arc::new(http::HttpRequest { connections: connections.clone() }),
        ];
        all.extend(sql::all(connections));
        all.extend(files::all(connections));
        all.extend(ssh::all(connections));
        Self { all, connections: connections.has_folder() }
    }

    /// What the worker tells the coordinator it can do: the connectors, and the no-op job that the engine answers itself. Without
    /// a folder of connections only what needs none, so that a worker that has one is asked.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        let offered = self.all.iter().filter(|connector| self.connections || !connector.needs_connection());
        let jobs = offered.map(|connector| connector.job()).chain([noop::JOB]);
        jobs.map(|(integration, job)| Job { integration: integration.to_owned(), integration_job: job.to_owned() })
            .collect()
    }

    pub(crate) fn find(&self, integration: &str, job: &str) -> Result<Arc<dyn Connector>, Failure> {
        let found = self.all.iter().find(|connector| connector.job() == (integration, job));
        found.cloned().ok_or_else(|| {
            let known: Vec<_> =
                self.jobs().into_iter().map(|job| format!("{}/{}", job.integration, job.integration_job)).collect();
            Failure::misconfigured(format!("this worker cannot run {integration}/{job}; it runs {}", known.join(", ")))
        })
    }
}

/// Waits for `work` unless the attempt shall end first. For work that leaves nothing behind when it is dropped.
pub(crate) async fn unless_stopped<T>(stop: &StopSignal, work: impl Future<Output = T>) -> Step<T> {
    let mut stop = stop.clone();
    tokio::select! {
        biased;
        () = stop.wait_for(crate::stop::StopLevel::Gentle) => Err(Ending::Stopped),
        value = work => Ok(value),
    }
}
