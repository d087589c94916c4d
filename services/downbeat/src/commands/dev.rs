//! `downbeat dev`: every service in one process, over an embedded log. They talk gRPC over loopback as they do elsewhere.

use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};

use downbeat_coordinator::{Coordinator, connections::Vault, snapshots::Snapshots};
use downbeat_event_log::{Access, LogAddress, Nats};
use downbeat_gateway::{Gateway, GatewayConfig};
use downbeat_metadata_projector::{OutgoingConfig, ProjectorConfig, outgoing};
use downbeat_proto::callers::PROJECTOR;
use downbeat_runtime::{
    blob::BlobStore,
    clock::Clock,
    grpc, otlp,
    sealed::{MasterKeys, SETTING},
    shutdown::{self, Shutdown},
    telemetry,
};
use downbeat_scheduler::metrics::Metrics;
use downbeat_worker::WorkerConfig;
use tonic::service::RoutesBuilder;

use crate::{cli::Dev, error::Error};

/// Name of the key that is made at the first start.
const FIRST_KEY: &str = "dev";

pub(super) async fn run(dev: Dev) -> Result<ExitCode, Error> {
    telemetry::begin("dev", "warn").map_err(Error::Usage)?;
    let clock = Clock::start();
    let shutdown = Shutdown::on_signals().map_err(|source| io("cannot listen to signals", source))?;
    let listener = grpc::bind(dev.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(|source| io("cannot read the address", source))?;
    let server = format!("http://{address}");
    let config = GatewayConfig::of(dev.api, &server, &server);
    let config = GatewayConfig {
        git_webhook_secrets: dev.git_webhook_secrets.clone(),
        public_url: dev.public_url.clone(),
        ..config
    };
    let gateway = Gateway::bind(config).await.map_err(failed)?;
    let (api, console) = (format!("http://{}", gateway.address()), gateway.console());
    let worker = worker_config(&dev, &server);
    worker.validate().map_err(|error| Error::Usage(error.to_string()))?;
    std::fs::create_dir_all(&dev.data).map_err(|source| io(&format!("cannot make {}", dev.data.display()), source))?;
    let log_address = LogAddress::Embedded(dev.data.join("log"));
    let log = log_address.open(Access::Write, "downbeat-dev", &Nats::default()).await?;
    let blobs = BlobStore::open(&dev.data.join("blobs")).map_err(failed)?;

    let mut routes = RoutesBuilder::default();
    let snapshots = Snapshots::new(blobs.clone(), downbeat_coordinator::limits::RECORDS_PER_SNAPSHOT);
    let measures = downbeat_coordinator::metrics::Metrics::serve(None, shutdown.signal()).await.map_err(failed)?;
    let coordinator =
        Coordinator::take_over_measured(log.clone(), "dev", Some(snapshots), &measures).await.map_err(failed)?;
    let coordinator = coordinator.syncing_every(Duration::from_secs(dev.git_sync_seconds));
    let keys = master_keys(&dev.data).map_err(Error::Usage)?;
    let coordinator = coordinator.with_connections(Vault::new(Some(keys), blobs.clone())).await;
    let first_key = coordinator.first_key();
    let (driver, coordinator_services) = coordinator.into_parts(&mut routes);
    let projector =
        downbeat_metadata_projector::start(log.clone(), ProjectorConfig::in_folder(dev.data.join("metadata")), blobs)
            .await
            .map_err(failed)?;
    let told = OutgoingConfig {
        events_nats: dev.events_nats.clone(),
        openlineage: dev.openlineage.clone(),
        ..OutgoingConfig::in_folder(&dev.data.join("outgoing"))
    };
    let nats = dev.nats.of(PROJECTOR);
    let measures =
        downbeat_metadata_projector::metrics::Metrics::serve(None, shutdown.signal()).await.map_err(failed)?;
    let rows = measures.of(projector.published());
    let outgoing = outgoing::start(&log, (&log_address, &nats), rows, &told, &measures.outgoing, String::new()).await;
    let outgoing = outgoing.map_err(failed)?;
    let (projector, projector_services) = projector.into_parts(&mut routes);
    let services = [&coordinator_services[..], &projector_services[..]].concat();
    let served =
        tokio::spawn(grpc::serve(listener, routes, downbeat_proto::DESCRIPTORS, services.leak(), shutdown.signal()));

    let mut tasks = tokio::task::JoinSet::new();
    let coordinator = tasks.spawn(async move { ("coordinator", driver.run().await.map_err(failed)) });
    let signal = shutdown.signal();
    tasks.spawn(async move { ("metadata-projector", projector.run(signal).await.map_err(failed)) });
    let signal = shutdown.signal();
    tasks.spawn(async move { ("feeds for others", outgoing.run(signal).await.map_err(failed)) });
    // An embedded log has no NATS to take events from: `downbeat trigger publish` brings them to the coordinator.
    let (signal, target) = (shutdown.signal(), grpc::Target::plain(&server).map_err(failed)?);
    let metrics = Metrics::default();
    otlp::measures(Arc::new(metrics.registry()));
    tasks.spawn(
        async move { ("scheduler", downbeat_scheduler::run(log, &target, &metrics, signal).await.map_err(failed)) },
    );
    let signal = shutdown.signal();
    tasks.spawn(async move { ("gateway", gateway.run(signal).await.map_err(failed)) });
    let signal = shutdown.signal();
    tasks.spawn(async move { ("worker", downbeat_worker::run(worker, signal).await.map_err(failed)) });

    println!(
        "Downbeat is ready at {server} after {} ms; data in {}\nIts API is at {api}/api/engine/public\nConsole: {console}",
        clock.now().monotonic.as_millis(),
        dev.data.display()
    );
    if let Some(first_key) = first_key {
        let key = first_key.make(FIRST_KEY).await.map_err(failed)?;
        println!("Key `{FIRST_KEY}` may do everything. It is shown now and never again: {key}");
    }
    if let Some(file) = &dev.ready_file {
        announce(file, &format!("{server}\n{api}\n"))?;
    }
    let outcome = supervise(&mut tasks, &shutdown).await;
    // The worker reports what it stopped, the projector closes its store; the coordinator has nothing to close.
    shutdown.begin();
    // All others are waited for, also where the coordinator is what failed: a worker left in the middle leaves its scripts running.
    while tasks.len() > usize::from(!coordinator.is_finished()) {
        if matches!(tasks.join_next().await, Some(Ok(("worker", _)))) {
            served.abort();
        }
    }
    telemetry::end().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Waits for the signal, or for a part that ended by itself, which ends the rest.
async fn supervise(
    tasks: &mut tokio::task::JoinSet<(&'static str, Result<(), Error>)>,
    shutdown: &Shutdown,
) -> Result<(), Error> {
    let (mut signal, asked) = (shutdown.signal(), shutdown.signal());
    tokio::select! {
        // First the signal: with it, parts end because they were asked to.
        biased;
        () = shutdown::wait(&mut signal) => Ok(()),
        ended = tasks.join_next() => match ended {
            // It came after the signal was looked at, and the part has seen it sooner than we have.
            _ if *asked.borrow() => Ok(()),
            Some(Ok((_, Err(error)))) => Err(error),
            Some(Ok((part, Ok(())))) => Err(Error::Service(format!("the {part} ended unexpectedly"))),
            Some(Err(panicked)) => Err(Error::Service(format!("a service failed: {panicked}"))),
            None => Ok(()),
        },
    }
}

/// The master key of the environment, or that of the data folder, which is made at the first start.
fn master_keys(data: &Path) -> Result<MasterKeys, String> {
    let text = std::env::var(SETTING).unwrap_or_default();
    match MasterKeys::configured(Some(&text), None, None)? {
        Some(keys) => Ok(keys),
        None => MasterKeys::from_file_or_new(&data.join("master.key")),
    }
}

fn worker_config(dev: &Dev, server: &str) -> WorkerConfig {
    WorkerConfig {
        slots: dev.slots,
        labels: dev.labels.clone(),
        connections: dev.connections.clone(),
        connectors: dev.connectors.clone(),
        git_protocols: dev.git_protocols.clone(),
        git_hosts: dev.git_hosts.clone(),
        isolation: dev.isolation.clone(),
        environments: dev.environments.clone(),
        python_3_11: dev.python_3_11.clone(),
        python_3_12: dev.python_3_12.clone(),
        ..WorkerConfig::new(server, dev.data.join("worker"), dev.data.join("blobs"))
    }
}

/// Written whole or not at all: whoever waits for the file never reads half an address.
fn announce(file: &Path, addresses: &str) -> Result<(), Error> {
    let partial = file.with_extension("partial");
    std::fs::write(&partial, addresses)
        .and_then(|()| std::fs::rename(&partial, file))
        .map_err(|source| io(&format!("cannot write {}", file.display()), source))
}

fn io(what: &str, source: std::io::Error) -> Error {
    Error::Io { what: what.to_owned(), source }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Service(error.to_string())
}
