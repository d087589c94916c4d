//! The worker: takes attempts from the coordinator, runs them on this machine, and reports what became of them; looks at what
//! sensors wait for, and sends alerts, when the coordinator asks.
//!
//! Promises: an attempt is run once however often it is offered; whatever it started is gone when its end is reported, when its
//! lease cannot be renewed, and when the worker ends (or, after a kill -9, when it starts again); a report is repeated until it
//! is acknowledged. It knows nothing about pipelines, dependencies, retries or deadlines: those are the coordinator's.

pub mod about;
mod adls;
mod alerts;
mod artifacts;
pub mod attempt;
mod base_url;
mod callbacks;
mod checks;
mod config;
mod connections;
mod connectors;
mod dial;
mod driver;
mod egress;
pub mod engine;
mod error;
mod git;
mod guarded;
mod home;
mod isolation;
mod kafka;
mod kubernetes;
mod labels;
mod landing;
mod limits;
mod lineage;
mod link;
pub mod mail;
mod manifest;
pub mod metrics;
mod mongo;
mod outputs;
mod parents;
mod process;
mod remote;
mod repositories;
mod runner;
mod s3;
mod scram;
mod script_events;
mod sql;
mod ssh;
mod stop;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod texts;
mod toolchain;
mod traces;
pub mod verdict;
mod web;

use std::sync::Arc;

use bytes::Bytes;
use downbeat_proto::callers::WORKER;
use downbeat_runtime::{blob::BlobStore, tls::Trust};
use tokio::sync::watch;
use tracing::info;

pub use config::WorkerConfig;
pub use error::{Error, ErrorKind};
pub use isolation::Isolation;
pub use process::confine::{amount, launch};

/// Runs a worker until `shutdown` becomes true (or its sender is dropped), then stops what runs, reports it, and returns
/// within 20 seconds. The coordinator need not be there yet: the worker waits for it.
///
/// # Errors
/// When it cannot start: a wrong setting, a data folder that cannot be written or that another worker uses.
pub async fn run(config: WorkerConfig, shutdown: watch::Receiver<bool>) -> Result<(), Error> {
    config.validate()?;
    let wrong = |reason| Error::Config { setting: egress::SETTING, reason };
    egress::set(config.isolation.egress()?).map_err(wrong)?;
    let manifests = manifest::load::load(config.connectors.as_deref()).map_err(|faults| Error::Config {
        setting: manifest::load::SETTING,
        reason: format!("there are manifests that cannot be used:\n{faults}"),
    })?;
    let home = home::Home::open(&config.data)?.confining(process::confine::Confinement::of(&config.isolation)?);
    process::book::clean_orphans(&home.processes(), &home.attempts(), home.confinement())
        .await
        .map_err(Error::io(format!("cannot clean the worker's data folder {}", config.data.display())))?;
    let blobs = BlobStore::open(&config.blobs)?;
    let events = Arc::new(script_events::ScriptEvents::serve().await?);
    let environments = config.environments.clone().unwrap_or_else(|| home.environments());
    let environments = std::path::absolute(&environments)
        .and_then(|folder| std::fs::create_dir_all(&folder).map(|()| folder))
        .map_err(Error::io(format!("cannot make the folder for environments {}", environments.display())))?;
    let toolchain = Arc::new(toolchain::Toolchain::new(&config, environments, home.tools()));
    let connections = connections::Connections::new(config.connections.clone());
    let callbacks = callbacks::Callbacks::of(&config, &blobs)?;
    let listening = match (&callbacks, config.callbacks) {
        (Some(callbacks), Some(address)) => Some(callbacks.serve(address).await?),
        _ => None,
    };
    if let Some(listening) = &listening {
        info!(address = %listening.address, "listens for callbacks");
    }
    let git = git::Git::new(&config.git_protocols);
    let hosts = git::Hosts::read(&config.git_hosts, &config.git_protocols);
    let hosts = hosts.map_err(|reason| Error::Config { setting: "DOWNBEAT_WORKER_GIT_HOSTS", reason })?;
    let repositories = repositories::Repositories::new(git.clone(), hosts, git::Camp::of(&home), connections.clone());
    let registry = connectors::Registry::new(toolchain, events, &connections, git, &blobs)
        .with_callbacks(callbacks, &connections)
        .and(manifest::jobs(&manifests, &connections))
        .map_err(|reason| Error::Config { setting: manifest::load::SETTING, reason })?;
    let checks = Arc::new(checks::Checks::new(connections.clone()).with_repositories(repositories));
    let identity = engine::Identity {
        worker_id: Bytes::copy_from_slice(home.worker_id().as_bytes()),
        name: config.shown_name(),
        slots: config.slots,
        jobs: registry.jobs(),
        checks: checks.kinds(),
        labels: labels::read(&config.labels)?,
    };
    let metrics = metrics::Metrics::of(&identity);
    metrics.serve(config.metrics, shutdown.clone()).await?;
    let wrong =
        |setting| move |error: downbeat_runtime::error::Error| Error::Config { setting, reason: error.to_string() };
    let trust = Trust::load(&config.tls, Some(WORKER)).map_err(wrong("DOWNBEAT_TLS_CERT"))?;
    let target = link::target(&config.coordinator, &trust).map_err(wrong("DOWNBEAT_COORDINATOR"))?;
    info!(worker = %home.worker_id(), name = identity.name, slots = identity.slots, coordinator = config.coordinator, "worker started");
    if config.connections.is_none() {
        info!(
            "no folder of connections is set ({}): jobs and checks of sensors that need one are taken where the coordinator has a sealed one",
            connections::SETTING
        );
    }
    let runner = Arc::new(runner::Runner { home, blobs, registry });
    let driver = driver::Driver::new(engine::Engine::new(identity), runner, checks, connections, target, metrics);
    driver.run(shutdown).await;
    drop(listening);
    info!("worker ended");
    Ok(())
}
