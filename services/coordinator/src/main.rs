//! The coordinator as a process of its own.

use clap::Parser;
use downbeat_coordinator::{config::CoordinatorConfig, metrics::Metrics, replica::Replica};
use downbeat_event_log::{Access, LogAddress, NatsConfig, lease::PARTITION};
use downbeat_proto::callers::{COORDINATOR, may_call};
use downbeat_runtime::{allocator::Allocator, grpc, shutdown::Shutdown, telemetry, tls::Trust};

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
    telemetry::carry_out("coordinator", "info", Box::pin(run(Arguments::parse()))).await
}

async fn run(
    Arguments { log: address, nats, coordinator: config }: Arguments,
) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = Shutdown::on_signals()?;
    downbeat_runtime::zones::reload_on_hangup()?;
    let trust = Trust::load(&config.tls, Some(COORDINATOR))?;
    let listener = grpc::bind(config.listen).await?.guarded(&trust, may_call);
    let listening = listener.local_addr()?;
    tracing::info!(address = %listening, "coordinator listens");
    let metrics = Metrics::serve(config.metrics, shutdown.signal()).await?;
    let nats = nats.of(COORDINATOR).writing(&config.writing);
    let open = address.open_waiting(Access::Write, &config.name, &nats);
    let Some(log) = shutdown.unless_ended(open).await.transpose()? else { return Ok(()) };
    let parts = config.parts(log, trust, listening, metrics)?;
    match address.lease(PARTITION, &config.name, &nats).await? {
        Some(lease) => Replica::new(parts, lease).serve(listener, shutdown.signal()).await?,
        // Nobody else can write to it: its folder is locked.
        None => parts.alone(listener, &shutdown).await?,
    }
    Ok(())
}
