//! What the worker can do for a task: one connector per integration job, and the registry of all of them.
//!
//! What a connector starts ends with the worker, unless it is remote: those are made of `remote/`. Its contract, checked by the conformance suite for every connector:
//! - bad parameters give MISCONFIGURED and name the parameter; nothing was started;
//! - a stop that was asked before or while it runs gives `Ending::Stopped`, and nothing of it is left when `run` returns;
//! - `Task::token` is the same whenever the same job is meant: it goes to a remote side that takes an idempotency key;
//! - a failure says what, where and what to do; nothing outside makes it panic (and if it does, the runner answers FAILED).

pub(crate) mod adls;
#[cfg(test)]
mod conformance;
pub(crate) mod dbt;
pub(crate) mod duckdb;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod http_async;
mod kafka;
pub(crate) mod kubernetes;
pub(crate) mod mongodb;
pub(crate) mod noop;
pub(crate) mod parameters;
pub(crate) mod python;
pub(crate) mod reconcile;
pub(crate) mod source;
pub(crate) mod sql;
pub(crate) mod ssh;

use std::{path::PathBuf, pin::Pin, sync::Arc};

use async_trait::async_trait;
use downbeat_proto::worker::v1::{self as wire, Offer};
use downbeat_runtime::blob::BlobStore;
use serde_json::{Map, Value};

use crate::about::About;
use crate::attempt::{Ended, Ending, Failure, Job};
use crate::callbacks::Callbacks;
use crate::connections::{Connection, Connections, Fields};
use crate::git::Git;
use crate::lineage::Located;
use crate::process::{book::Page, log::TaskLog};
use crate::remote::{Remote, RemoteJob};
use crate::script_events::ScriptEvents;
use crate::stop::StopSignal;
use crate::toolchain::Toolchain;

/// An attempt as a connector sees it.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) offer: Offer,
    /// The offer's parameters, read.
    pub(crate) parameters: Map<String, Value>,
    /// Of the attempt that may have begun a job in another system, or of this one; different for any two such jobs.
    pub(crate) token: String,
    /// An attempt before was lost and may have begun the job; without a handle nobody knows whether it did. For remote connectors.
    pub(crate) resume: Option<Job>,
    /// Who hears that the other system took the job.
    pub(crate) submit: Submit,
    /// A folder of this attempt alone, removed afterwards.
    pub(crate) folder: PathBuf,
    pub(crate) log: TaskLog,
    pub(crate) stop: StopSignal,
    pub(crate) page: Page,
}

impl Task {
    /// The connection of the task, or the integration's default one. Its credentials are in nothing that is said from now on.
    pub(crate) async fn open(
        &self,
        connections: &Connections,
        integration: &'static str,
        fields: Fields,
    ) -> Result<Option<Connection>, Failure> {
        let connection = connections.open(&self.offer.connection, integration, fields).await?;
        if let Some(connection) = &connection {
            self.log.learn(connection.secrets()).await;
        }
        Ok(connection)
    }

    /// The other system took the job. For remote connectors: as soon as it is known, and once.
    pub(crate) async fn submitted(&self, job: Job) {
        let hidden = self.log.with_mask(|mask| job.without_credentials(mask));
        (self.submit.0)(hidden.await).await;
    }
}

/// Tells the engine of a job that another system took.
pub(crate) struct Submit(Box<dyn Fn(Job) -> Told + Send + Sync>);

type Told = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Submit {
    pub(crate) fn new<F: Future<Output = ()> + Send + 'static>(
        tell: impl Fn(Job) -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(move |job| Box::pin(tell(job))))
    }

    /// Tells nobody.
    pub(crate) fn nobody() -> Self {
        Self::new(|_| async {})
    }
}

impl std::fmt::Debug for Submit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Submit")
    }
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
    fn job(&self) -> (&str, &str);

    /// What people should know of it before they use it.
    fn about(&self) -> About;

    /// Whether what it begins may outlive this worker. Then it says so with [`Task::submitted`], carries on with [`Task::resume`], and
    /// lets go when it is killed ([`Ending::Abandoned`]).
    fn remote(&self) -> bool {
        false
    }

    /// Whether it can do nothing without a connection.
    fn needs_connection(&self) -> bool {
        false
    }

    /// Files that it leaves in the attempt's folder and that people may want to see, as paths inside of it.
    fn files(&self) -> &'static [&'static str] {
        &[]
    }

    /// Where the tables lie that its statements speak of, by a connection of its integration; without a name by the default one. `None`: it
    /// speaks of no tables, or nobody can say.
    ///
    /// # Errors
    /// There is no such connection, or it cannot be read.
    async fn place(&self, _task: &Task, _connection: &str) -> Result<Option<Located>, Failure> {
        Ok(None)
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
    /// Jobs of other systems that a reconciliation asks.
    elsewhere: reconcile::Elsewhere,
}

impl Registry {
    pub(crate) fn new(
        toolchain: Arc<Toolchain>,
        events: Arc<ScriptEvents>,
        connections: &Connections,
        git: Git,
        blobs: &BlobStore,
    ) -> Self {
        let duckdb = duckdb::all(&toolchain, connections);
        let sources = source::Sources::new(connections.clone(), git);
        let mut all: Vec<Arc<dyn Connector>> = vec![
            Arc::new(python::Python::new(Arc::clone(&toolchain), events, sources.clone())),
            Arc::new(dbt::Dbt::new(toolchain, sources, blobs.clone())),
            Arc::new(http::HttpRequest { connections: connections.clone() }),
        ];
        all.push(Arc::new(adls::AdlsSensor { connections: connections.clone(), tokens: Arc::default() }));
        all.extend(sql::all(connections));
        all.extend(mongodb::all(connections));
        all.push(Arc::new(kafka::CheckTopic { connections: connections.clone() }));
        all.extend(files::all(connections));
        all.extend(ssh::all(connections));
        all.extend(kubernetes::all(connections));
        all.extend(duckdb);
        let elsewhere = reconcile::Elsewhere::default();
        all.extend(reconcile::all(connections, &elsewhere));
        Self { all, connections: connections.has_folder(), elsewhere }
    }

    /// And what waits for callbacks, where this worker can be called.
    pub(crate) fn with_callbacks(mut self, callbacks: Option<Callbacks>, connections: &Connections) -> Self {
        if let Some(callbacks) = callbacks {
            let job = http_async::HttpRequestAsync { callbacks, connections: connections.clone() };
            self.all.push(Arc::new(Remote::new(Arc::new(job))));
        }
        self
    }

    /// And these, whose jobs run in other systems.
    ///
    /// # Errors
    /// A job that there is a connector for already.
    pub(crate) fn and(mut self, jobs: impl IntoIterator<Item = Arc<dyn RemoteJob>>) -> Result<Self, String> {
        for job in jobs {
            let (integration, name) = job.job();
            if self.find(integration, name).is_ok() || (integration, name) == noop::JOB {
                return Err(format!(
                    "{integration}/{name} is built in; a manifest replaces nothing: give the job another name"
                ));
            }
            let job: Arc<dyn Connector> = Arc::new(Remote::new(job));
            self.elsewhere.learn(&job);
            self.all.push(job);
        }
        Ok(self)
    }

    /// These and no others.
    #[cfg(test)]
    pub(crate) fn of(all: Vec<Arc<dyn Connector>>) -> Self {
        Self { all, connections: true, elsewhere: reconcile::Elsewhere::default() }
    }

    /// Every job with what people should know of it, whether a folder of connections is there or not.
    pub(crate) fn about(&self) -> Vec<(String, String, About)> {
        let own = self.all.iter().map(|connector| (connector.job(), connector.about()));
        let own = own.chain([(noop::JOB, noop::about())]);
        own.map(|((integration, job), about)| (integration.to_owned(), job.to_owned(), about)).collect()
    }

    /// What the worker tells the coordinator it can do: the connectors, and the no-op job that the engine answers itself. Without
    /// a folder of connections what needs one only where a sealed one is given, so that otherwise a worker that has one is asked.
    pub(crate) fn jobs(&self) -> Vec<wire::Job> {
        let own = self.all.iter().map(|connector| {
            let sealed_only = !self.connections && connector.needs_connection();
            (connector.job(), connector.remote(), sealed_only)
        });
        let jobs = own.chain([(noop::JOB, false, false)]);
        jobs.map(|((integration, job), remote, sealed_only)| wire::Job {
            integration: integration.to_owned(),
            integration_job: job.to_owned(),
            remote,
            sealed_only,
        })
        .collect()
    }

    /// Where the tables of an integration's connection lie, as the jobs of that integration name them.
    ///
    /// # Errors
    /// As [`Connector::place`].
    pub(crate) async fn place(
        &self,
        task: &Task,
        integration: &str,
        connection: &str,
    ) -> Result<Option<Located>, Failure> {
        for connector in self.all.iter().filter(|connector| connector.job().0 == integration) {
            if let Some(place) = connector.place(task, connection).await? {
                return Ok(Some(place));
            }
        }
        Ok(None)
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

/// Lets go of `work` when the attempt is killed. For remote connectors: whoever comes next carries on.
pub(crate) async fn unless_killed(stop: &StopSignal, work: impl Future<Output = Ended>) -> Ended {
    let mut stop = stop.clone();
    tokio::select! {
        biased;
        () = stop.wait_for(crate::stop::StopLevel::Kill) => Ending::Abandoned.into(),
        ended = work => ended,
    }
}
