//! The coordinator as a process of its own.

use clap::Parser;
use downbeat_coordinator::{Coordinator, config::CoordinatorConfig, connections::Vault, snapshots::Snapshots};
use downbeat_event_log::{Access, LogAddress, NatsConfig};
use downbeat_proto::callers::{COORDINATOR, may_call};
use downbeat_runtime::{allocator::Allocator, blob::BlobStore, grpc, shutdown::Shutdown, telemetry, tls::Trust};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Owns the partition: takes commands, decides, records, dispatches to workers.
#[derive(Parser)]
#[command(name = "downbeat-coordinator", version)]
struct Arguments {
    /// Where the log is: nats://HOST:PORT, or embedded:FOLDER.
    #[arg(long, env = "DOWNBEAT_LOG")]
    log: LogAddress,
    #[command(flatten)]
    nats: NatsConfig,
    #[command(flatten)]
    coordinator: CoordinatorConfig,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    telemetry::init("info");
    telemetry::exit_code("coordinator", Box::pin(run(Arguments::parse())).await)
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = Shutdown::on_signals()?;
    downbeat_runtime::zones::reload_on_hangup()?;
    let trust = Trust::load(&arguments.coordinator.tls, Some(COORDINATOR))?;
    let listener = grpc::bind(arguments.coordinator.listen).await?.guarded(&trust, may_call);
    tracing::info!(address = %listener.local_addr()?, "coordinator listens");
    let nats = arguments.nats.of(COORDINATOR).writing(&arguments.coordinator.writing);
    let open = arguments.log.open_waiting(Access::Write, &arguments.coordinator.name, &nats);
    let Some(log) = shutdown.unless_ended(open).await.transpose()? else { return Ok(()) };
    let blobs = BlobStore::open(&arguments.coordinator.blobs)?;
    let vault = Vault::new(arguments.coordinator.master_keys()?, blobs.clone());
    let snapshots = Snapshots::new(blobs, arguments.coordinator.snapshot_records);
    let take_over = Coordinator::take_over(log, &arguments.coordinator.name, Some(snapshots));
    let Some(coordinator) = shutdown.unless_ended(take_over).await.transpose()? else { return Ok(()) };
    let coordinator = coordinator.configured(&arguments.coordinator).with_connections(vault).await;
    Ok(coordinator.serve(listener, shutdown.signal()).await?)
}
