//! The gateway as a process of its own.

use clap::Parser;
use downbeat_gateway::GatewayConfig;
use downbeat_runtime::{allocator::Allocator, shutdown::Shutdown, telemetry};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// The edge: the public REST API, webhooks, and who may do what.
#[derive(Parser)]
#[command(name = "downbeat-gateway", version)]
struct Arguments {
    #[command(flatten)]
    gateway: GatewayConfig,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    telemetry::carry_out("gateway", "info", Box::pin(run(Arguments::parse()))).await
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let shutdown = Shutdown::on_signals()?;
    let gateway = downbeat_gateway::Gateway::bind(arguments.gateway).await?;
    tracing::info!(address = %gateway.address(), console = gateway.console(), "gateway listens");
    gateway.run(shutdown.signal()).await?;
    Ok(())
}
