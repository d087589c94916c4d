//! The scheduler as a process of its own.

use clap::Parser;
use downbeat_event_log::{Access, LogAddress, NatsConfig};
use downbeat_proto::callers::{COORDINATOR, SCHEDULER};
use downbeat_runtime::{allocator::Allocator, grpc::Target, shutdown::Shutdown, telemetry, tls::Trust};
use downbeat_scheduler::{config::SchedulerConfig, metrics::Metrics};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Follows the log for schedules and asks the coordinator for runs when they are due; takes events from NATS for triggers.
#[derive(Parser)]
#[command(name = "downbeat-scheduler", version)]
struct Arguments {
    /// Where the log is: nats://HOST:PORT, or embedded:FOLDER.
    #[arg(long, env = "DOWNBEAT_LOG")]
    log: LogAddress,
    #[command(flatten)]
    nats: NatsConfig,
    #[command(flatten)]
    scheduler: SchedulerConfig,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    telemetry::carry_out("scheduler", "info", Box::pin(run(Arguments::parse()))).await
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = Shutdown::on_signals()?;
    downbeat_runtime::zones::reload_on_hangup()?;
    let (scheduler, nats) = (arguments.scheduler, arguments.nats.of(SCHEDULER));
    let coordinator = Target::new(&scheduler.coordinator, COORDINATOR, &Trust::load(&scheduler.tls, Some(SCHEDULER))?)?;
    let open = arguments.log.open_waiting(Access::Read, "downbeat-scheduler", &nats);
    let Some(log) = shutdown.unless_ended(open).await.transpose()? else { return Ok(()) };
    let metrics = Metrics::default();
    downbeat_runtime::metrics::serve_if(scheduler.metrics, metrics.registry(), shutdown.signal())
        .await
        .map_err(|error| format!("DOWNBEAT_SCHEDULER_METRICS: cannot listen there: {error}"))?;
    let schedules = downbeat_scheduler::run(log, &coordinator, &metrics, shutdown.signal());
    let (at, signal) = ((&arguments.log, &nats), shutdown.signal());
    let triggers = downbeat_scheduler::triggers::run(at, &coordinator, &scheduler, &metrics, signal);
    tokio::try_join!(schedules, triggers)?;
    Ok(())
}
