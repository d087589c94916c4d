//! The metadata projector as a process of its own.

use clap::Parser;
use downbeat_event_log::{Access, LogAddress, NatsConfig};
use downbeat_metadata_projector::{OutgoingConfig, ProjectorConfig, metrics::Metrics, outgoing, start};
use downbeat_proto::callers::{PROJECTOR, may_call};
use downbeat_runtime::{allocator::Allocator, blob::BlobStore, grpc, shutdown::Shutdown, telemetry, tls::Trust};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Follows the log and answers questions about pipelines, runs, assets and lineage.
#[derive(Parser)]
#[command(name = "downbeat-metadata-projector", version)]
struct Arguments {
    /// Where the log is: nats://HOST:PORT, or embedded:FOLDER.
    #[arg(long, env = "DOWNBEAT_LOG")]
    log: LogAddress,
    /// Folder of the blob store, from which task logs are read. The workers write to the same one.
    #[arg(long, env = "DOWNBEAT_BLOBS", default_value = ".downbeat/blobs")]
    blobs: std::path::PathBuf,
    #[command(flatten)]
    nats: NatsConfig,
    #[command(flatten)]
    projector: ProjectorConfig,
    #[command(flatten)]
    outgoing: OutgoingConfig,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    telemetry::carry_out("metadata-projector", "info", Box::pin(run(Arguments::parse()))).await
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = Shutdown::on_signals()?;
    let trust = Trust::load(&arguments.projector.tls, Some(PROJECTOR))?;
    let listener = grpc::bind(arguments.projector.listen).await?.guarded(&trust, may_call);
    let here = grpc::reachable_at(listener.local_addr()?);
    tracing::info!(address = here, "metadata projector listens");
    let metrics = Metrics::serve(arguments.projector.metrics, shutdown.signal()).await?;
    let (at, nats, told) = (arguments.log, arguments.nats.of(PROJECTOR), arguments.outgoing);
    let open = at.open_waiting(Access::Read, "downbeat-projector", &nats);
    let Some(log) = shutdown.unless_ended(open).await.transpose()? else { return Ok(()) };
    let started = start(log.clone(), arguments.projector, BlobStore::open(&arguments.blobs)?);
    let Some(projector) = shutdown.unless_ended(started).await.transpose()? else { return Ok(()) };
    let told = outgoing::start(&log, (&at, &nats), metrics.of(projector.published()), &told, &metrics.outgoing, here);
    let Some(told) = shutdown.unless_ended(Box::pin(told)).await.transpose()? else { return Ok(()) };
    Ok(projector.serve_and_tell(listener, told, &shutdown).await?)
}
